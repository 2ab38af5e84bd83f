"""The first program inside a sandbox: takes its orders, gives up its rights and becomes the person's Jupyter server.

Bound into the sandbox as a single file and run by `python -I -S`, so it imports the standard library only until the
rights are gone, and nothing of the person's home ever runs in it (SPW-12). Orders and secrets come through a pipe,
never in the arguments or the starting environment (SBX-08, TOK-04); the hub's token stays in this process and is not
handed to kernels. It serves on a socket that was opened outside, so that nobody inside can put another in its place
(SBX-06). It trusts its orders: they come from `sandbox.py`.
"""

import ctypes
import json
import os
import resource
import site
import socket
import sys
from pathlib import Path
from typing import Any

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_LAST_CAPABILITY = 63


def main(orders_fd: int, socket_fd: int) -> None:
    """Called by bubblewrap's command line with the numbers of two inherited descriptors."""
    with os.fdopen(orders_fd, "rb") as pipe:
        text = pipe.read()
    if not text:
        raise SystemExit("there are no orders: the start was given up, or its hub is gone")
    orders = json.loads(text)
    apply_limits(orders["limits"], orders["nice"], orders["oom_score_adjustment"])
    drop_rights(orders["uid"])
    os.umask(0o077)
    os.chdir(orders["environment"]["HOME"])  # only the person's own uid may enter it
    os.environ.clear()
    os.environ.update(orders["environment"])
    serve(socket_fd, orders["token"], orders["arguments"])


def apply_limits(limits: dict[str, int], nice: int, oom_score_adjustment: int) -> None:
    """Lower this process's limits for good; never raises one above what the machine allows."""
    for name, wanted in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
    os.nice(nice)
    Path("/proc/self/oom_score_adj").write_text(str(oom_score_adjustment), encoding="ascii")


def drop_rights(uid: int | None) -> None:
    """Become the person's host uid (where started by root) with no way back, and hide this process's memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    if uid is not None:
        for capability in range(_LAST_CAPABILITY + 1):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails without CAP_SETPCAP; no new privileges covers it
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or os.getuid() == 0 or os.geteuid() == 0:
        raise SystemExit("the sandbox could not give up its rights")
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def serve(socket_fd: int, token: str, arguments: list[str]) -> None:
    """Run the single-user server on the inherited socket; returns when it ends.

    The arguments here stay inside this process: they are not what `/proc/*/cmdline` shows.
    """
    site.main()
    # an optional check of `iri` formats builds a grammar for a second when imported
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    from jupyter_server.serverapp import ServerApp
    from jupyterhub.singleuser.extension import JupyterHubSingleUser

    listening = socket.socket(fileno=socket_fd)
    listening.setblocking(False)
    listening.set_inheritable(False)

    def bind(app: Any) -> None:
        app.http_server.add_socket(listening)

    def no_port(_app: Any) -> None:
        """The socket is open already."""

    ServerApp._find_http_port = no_port  # type: ignore[assignment, method-assign]
    ServerApp._bind_http_server = bind  # type: ignore[assignment, method-assign]
    JupyterHubSingleUser.launch_instance([f"--HubAuth.api_token={token}", *arguments])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

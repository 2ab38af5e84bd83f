"""The institute's own address of one start: which port it listens on, and by which URL browsers find it (S78)."""

import socket
from typing import TypedDict
from urllib.parse import urlsplit

from hub_config.bootstrap import StateProblem
from hub_config.network_settings import NetworkSettings


class DoorAddress(TypedDict, total=False):
    """What stands of the door in `Running`; nothing where there is none."""

    institute_url: str
    institute_bind: str
    institute_api: str
    institute_networks: tuple[str, ...]
    institute_balancers: int


def institute_door(
    network: NetworkSettings | None, bind: str, port: int, wished: int | None, own: bool = False
) -> DoorAddress:
    """Return the addresses of the institute's proxy, with a free port for its REST API.

    `own`: hub, desk and workspaces have addresses of their own, which are the same inside (SES-07).
    """
    if network is None:
        return {}
    chosen = wished or (port + 1 if port < 65535 and is_free(bind, port + 1) else _free(bind))
    bound = f"http://{bind if ':' not in bind else f'[{bind}]'}:{chosen}"
    return {
        "institute_url": "" if own else network.institute_url or bound,
        "institute_bind": bound,
        "institute_api": f"http://127.0.0.1:{_free('127.0.0.1')}",
        "institute_networks": network.institute,
        "institute_balancers": network.balancers,
    }


def port_problem(network: NetworkSettings | None, bind: str, port: int, wished: int | None) -> str | None:
    """Say in a line why the port cannot be the institute's, or None."""
    if wished is None:
        return None
    if network is None:
        return "there is no table [network] in sluis.toml, so nobody is inside; leave --institute-port out, or write it"
    if wished == port:
        return f"port {port} is the public address's; choose another with --institute-port"
    named = urlsplit(network.institute_url)
    if named.scheme == "http" and (named.port or 80) != wished:
        return f"network.institute_url is on port {named.port or 80}; start with `--institute-port {named.port or 80}`"
    if not is_free(bind, wished):
        return f"port {wished} of {bind} cannot be used; choose another with --institute-port"
    return None


def is_free(bind: str, port: int) -> bool:
    """Say whether nothing listens on a port of an address, and it may be used."""
    with socket.socket(_family(bind)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except (OSError, OverflowError):
            return False
    return True


def check_port(network: NetworkSettings | None, bind: str, port: int, wished: int | None) -> None:
    """Raise StateProblem for a port that cannot be the institute's."""
    if problem := port_problem(network, bind, port, wished):
        raise StateProblem(problem)


def _free(bind: str) -> int:
    with socket.socket(_family(bind)) as probe:
        probe.bind((bind, 0))
        return int(probe.getsockname()[1])


def _family(bind: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in bind else socket.AF_INET

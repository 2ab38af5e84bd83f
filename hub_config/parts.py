"""The parts of a running Sluis as child processes: `python -m hub_config.parts NAME STATE` runs one of our own."""

import logging
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from hub_config.doors import INSTITUTE, PUBLIC, Door
from hub_config.places import Places
from hub_config.proxy import proxy_command
from hub_config.running import Running

IDLE = 650_000
"""Milliseconds that a proxy leaves an idle connection open: longer than a load balancer before it (Google's: 600 s),
which would send a request into one that is being closed, and tell a 502 for it."""

_NAMES = {PUBLIC: "proxy", INSTITUTE: "institute-proxy"}


class Part(msgspec.Struct, frozen=True):
    """How to start a part, and the URL that answers without an error once it is ready."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    ready: str
    headers: dict[str, str] = {}


def parts_of(places: Places, running: Running) -> list[Part]:
    """Return the parts in the order in which they are started; a demo has its login provider first."""
    authorised = {"Authorization": f"token {running.proxy_token}"}
    doors = [
        Part(_NAMES[door.name], _proxy(running, door), _told(running, door), f"{door.api}/api/routes", authorised)
        for door in running.doors
    ]
    hub = Part("hub", hub_command(), {"SLUIS_STATE": str(places.state)}, f"{running.hub}/hub/api/")
    desk, warden = _own("desk", places, ""), _own("warden", places, f"{running.warden}/readyz")
    # through the proxy: the hub gives the desk its route only once it has seen it
    at_the_desk = {"Host": urlsplit(running.web.desk).netloc}
    desk = msgspec.structs.replace(desk, ready=f"{_bound(running)}/services/desk/reasons", headers=at_the_desk)
    provider = _own("provider", places, f"{running.issuer}/.well-known/openid-configuration")
    return [*([provider] if running.demo else []), *doors, hub, desk, warden]


def hub_command() -> tuple[str, ...]:
    """Return how JupyterHub is started, with `SLUIS_STATE` set and `<state>/hub` as the working folder."""
    return sys.executable, "-P", "-m", "jupyterhub", "-f", str(Path(__file__).with_name("jupyterhub_config.py"))


def _own(name: str, places: Places, ready: str) -> Part:
    return Part(name, (sys.executable, "-P", "-m", "hub_config.parts", name, str(places.state)), {}, ready)


def _bound(running: Running) -> str:
    """Return the address that the proxy listens on; browsers may come by another, through what ends TLS for them."""
    return running.bind or running.url


def _told(running: Running, door: Door) -> dict[str, str]:
    """Return what a proxy is told: its secret, the hosts that are the hub's, and its name (SES-14, NET-03).

    The institute's is told as well who gets to workspaces by it (NET-04).
    """
    hosts = msgspec.structs.replace(running.web, hub=door.url).hosts
    return {
        "CONFIGPROXY_AUTH_TOKEN": running.proxy_token, "SLUIS_HUB_HOSTS": " ".join(hosts), "SLUIS_DOOR": door.name,
        **(_inside(running) if door.name == INSTITUTE else {}),
    }  # fmt: skip


def _inside(running: Running) -> dict[str, str]:
    networks = " ".join(running.institute_networks)
    return {"SLUIS_INSTITUTE_NETWORKS": networks, "SLUIS_BALANCERS": str(running.institute_balancers)}


def _proxy(running: Running, door: Door) -> tuple[str, ...]:
    bound = running.institute_bind if door.name == INSTITUTE else _bound(running)
    public, api = urlsplit(bound), urlsplit(door.api)
    by_host = ["--host-routing"] if running.web.own else []
    return (
        *proxy_command(),
        "--ip", str(public.hostname), "--port", str(public.port),
        "--api-ip", str(api.hostname), "--api-port", str(api.port),
        "--default-target", running.hub, "--error-target", f"{running.hub}/hub/error", "--no-x-forward",
        "--keep-alive-timeout", str(IDLE),
        *by_host,
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Run one of our own parts until it is ended."""
    name, state = arguments
    places = Places(Path(state))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.umask(0o077)
    if name == "desk":
        from hub_config.desk.app import serve as serve_desk

        serve_desk(places)
    elif name == "warden":
        from hub_config.warden_part import serve as serve_warden

        serve_warden(places)
    elif name == "provider":
        from hub_config.demo.provider import main as serve_provider

        serve_provider(places)


if __name__ == "__main__":
    main(sys.argv[1:])

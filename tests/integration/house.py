"""A demo in a network namespace of its own, and browsers in others."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import websocket

from hub_config.doors import INSTITUTE, PEER_HEADER, WORD_HEADER
from hub_config.places import Places
from hub_config.proxy import proxy_command
from hub_config.running import Running, load_running
from tests.integration.demos import Change, own_demo, with_key
from tests.integration.sandbox_hub import free_ports
from tests.integration.whole import Kernel, RunningSluis, Visitor, until
from tests.networks import Networks, Space

RECHECK = 12
"""Seconds for which a look counts: few, but more than a busy machine needs from a look to what stands on it."""
CUT = 1.0
"""Seconds in which a socket ends whose route is removed (NET-05)."""
LOST = 5.0
"""Seconds in which a route is removed once a browser is seen to be elsewhere."""
INSIDE_ONLY = '\n[[profiles]]\nname = "ward"\nlabel = "Ward: at the institute"\nzone = "institute"\n'


class Housed(RunningSluis):
    """A demo that runs in the house."""

    def __init__(self, state: Path, house: Space) -> None:
        super().__init__(state)
        self._house = house

    def start(self) -> None:
        """Start it there."""
        with self._house.entered():
            super().start()


def running(seeded: Path, hosts: Networks, *changes: Change) -> contextlib.AbstractContextManager[RunningSluis]:
    """Run a demo in the house, which knows the institute's network."""
    network = (with_key("recheck_seconds", RECHECK), with_key("institute", f'["{hosts.network}"]'))
    changes = (*network, *changes, lambda text, _: text + INSIDE_ONLY)
    return own_demo(seeded, *changes, kind=lambda state: Housed(state, hosts.house))


class Sitting(Visitor):
    """A browser in one of the networks."""

    def __init__(self, demo: RunningSluis, login: str, space: Space, url: str = "") -> None:
        super().__init__(demo, login, url or demo.institute_url)
        self.space = space
        self.http.close()
        self.http = client(space, self.url)

    def moved(self, space: Space, url: str = "") -> "Sitting":
        """Return the same browser, cookies and all, in another network."""
        found = Sitting(self.demo, str(self.me["login"]), space, url or self.url)
        found.http.cookies.update(self.http.cookies)
        return found

    def open_socket(self, path: str) -> websocket.WebSocket:
        """Open a WebSocket from here."""
        with self.space.entered():
            return super().open_socket(path)

    def page_token(self, request: str) -> str:
        """Return the hub's token that JupyterLab's page has."""
        page = self.http.get(f"{self.workspace_path(request)}/lab").text
        token = page.partition('"token": "')[2].partition('"')[0]
        assert token
        return token

    def starts(self, request: str, profile: str) -> list[httpx.Response]:
        """Try to start a profile: by the form, by a link, and by the hub's API (NET-06)."""
        path = f"{self.person.lower()}/{request.lower()}"
        api = f"/hub/api/users/{path.replace('/', '/servers/')}"
        return [
            self.spawn(request, profile=profile),
            self.http.get(f"/hub/spawn/{path}?profile={profile}"),
            self.http.post(api, json={"profile": profile}, headers={"X-XSRFToken": self._cookie("_xsrf", "/hub/")}),
        ]


def client(space: Space, url: str, **options: Any) -> httpx.Client:
    """Return an HTTP client in a network."""
    return httpx.Client(base_url=url, transport=space.transport(), follow_redirects=True, timeout=30, **options)


def seen(visitor: Visitor) -> None:
    """Let a browser be seen where it is."""
    answer = visitor.http.get("/hub/place")
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"


def opened(visitor: Visitor, request: str) -> bool:
    """Say whether the workspace answers a browser that was just seen."""
    seen(visitor)
    return visitor.reaches(request)


def forged(hosts: Networks) -> dict[str, str]:
    """Return what somebody outside writes who knows how all is made, but for the word of this start."""
    told = {"X-Forwarded-For": hosts.inside.address, "X-Real-IP": hosts.inside.address}
    told |= {"Forwarded": f"for={hosts.inside.address}", "X-Forwarded-Host": "127.0.0.1"}
    return told | {WORD_HEADER: INSTITUTE, PEER_HEADER: hosts.inside.address}


def zones(demo: RunningSluis, kind: str, person: str) -> list[str]:
    """Return where somebody's sessions began or moved to."""
    return [str(one["zone"]) for one in demo.facts(kind) if one["person"] == person]


def routes(demo: RunningSluis, hosts: Networks) -> list[str]:
    """Return the routes to workspaces at the institute's door."""
    parts = load_running(Places(demo.state))
    with proxy_api(parts, hosts) as api:
        return [route for route in api.get("/api/routes").json() if route.startswith("/user/")]


def proxy_api(parts: Running, hosts: Networks) -> httpx.Client:
    """Return a client for the institute's proxy's API, in the house."""
    return client(hosts.house, parts.institute_api, headers={"Authorization": f"token {parts.proxy_token}"})


def is_cut(demo: RunningSluis, hosts: Networks, kernel: Kernel) -> bool:
    """Wait until the route is gone; say whether its socket ends within a second of when it last was seen to stand."""
    stood: list[float] = []

    def gone() -> bool:
        stood.append(time.monotonic())
        return routes(demo, hosts) == []

    until(gone, LOST)
    return kernel.ended(CUT) and time.monotonic() - stood[-2:][0] < CUT


@contextlib.contextmanager
def frozen(demo: RunningSluis, port: int) -> Iterator[None]:
    """Stop the process of the proxy that listens on a port, so that it answers nobody and closes nothing."""
    pids = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    (pid,) = [int(one) for one in pids if f"\0--port\0{port}\0" in Path(f"/proc/{one}/cmdline").read_text()]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def by_the_front(text: str, demo: RunningSluis) -> str:
    """Change the settings so that browsers inside come in by a proxy of the operator's, see `front`."""
    return with_key("institute_url", f'"http://127.0.0.2:{demo.institute_port}"')(text, demo)


@contextlib.contextmanager
def front(demo: RunningSluis, hosts: Networks) -> Iterator[None]:
    """Run such a proxy: another one of the kind, which adds to `X-Forwarded-For` as they all do."""
    ports = [str(port) for port in (demo.institute_port, *free_ports(1))]
    command = [*proxy_command(), "--ip", "127.0.0.2", "--port", ports[0], "--api-port", ports[1]]
    with hosts.house.entered():
        process = subprocess.Popen(
            [*command, "--default-target", f"http://127.0.0.1:{ports[0]}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        with client(hosts.inside, f"http://127.0.0.2:{ports[0]}") as probe:
            until(lambda: _answers(probe))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(probe: httpx.Client) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return probe.get("/hub/login").status_code == 200
    return False

"""A real hub, proxy and login provider on a small state of their own.

In the desk's place something answers, since the hub waits for it; no warden runs, so what closes a route here is the
hub. Every part is ended by its own process id, however far the start came.
"""

import contextlib
import os
import secrets
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from access_policy.actor import Actor
from access_policy.events import Event
from access_policy.model.ids import PersonId
from hub_config.parts import Part, parts_of
from hub_config.places import Places
from hub_config.running import Running, save_running
from tests.integration.login_state import ISSUER, READY, LoginState, do
from tests.integration.sandbox_hub import free_ports

ROOT = Path(__file__).parents[2]
BOUND = 60.0
PARTS = ("provider", "proxy", "hub")
T = TypeVar("T")


def until(probe: Callable[[], T], bound: float = BOUND) -> T:
    """Ask again until the answer is true, at most `bound` seconds."""
    pause, deadline = threading.Event(), time.monotonic() + bound
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"still not so after {bound} s"
        pause.wait(0.05)


class _DeskStub(BaseHTTPRequestHandler):
    """Answers in the desk's place."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextlib.contextmanager
def _desk(url: str) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", int(url.rpartition(":")[2])), _DeskStub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(BOUND)
        server.server_close()


class LoginHub:
    """The parts, the state, and what tests ask of them; `steps` are the steps of codes that logins gave already."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.state = LoginState(self.places)
        self.secrets, self.people = self.state.secrets, self.state.people
        self.steps: dict[str, int] = {}
        self.closing, self.browsers = contextlib.ExitStack(), contextlib.ExitStack()
        self.running = _running()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._fresh = iter(READY)

    @property
    def url(self) -> str:
        """Where browsers come in."""
        return self.running.url

    def start(self) -> None:
        """Make the state, and start the parts until each answers."""
        self.policy = self.state.make()
        self.closing.callback(self.policy.store.close)
        save_running(self.places, self.running)
        self.closing.enter_context(_desk(self.running.desk))
        for part in parts_of(self.places, self.running):
            if part.name in PARTS:
                self._start(part.name)

    def tell(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one part."""
        self._children[name].send_signal(number)

    def restart(self, name: str, how: signal.Signals) -> None:
        """End one part and start it again."""
        self._children[name].send_signal(how)
        self._children[name].wait(BOUND)
        self._start(name)

    def stop(self) -> None:
        """End the parts, last first, then what this process holds itself; one that fails stops none of the others."""
        self.closing.callback(self.browsers.close)
        self.closing.close()

    def _end(self, name: str) -> None:
        child = self._children[name]
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(20)
        child.kill()
        child.wait(BOUND)

    def log(self, name: str) -> str:
        """Return what a part has printed."""
        return (self.places.parts / f"{name}.log").read_text(errors="replace")

    def fresh_login(self) -> str:
        """Return a login that no test used before: verified, trained, with a confirmed factor."""
        return next(self._fresh)

    def do(self, name: str, actor: Actor, /, **arguments: Any) -> None:
        """Give a command that has to succeed."""
        do(self.policy, name, actor, **arguments)

    def observations(self, kind: type[Event]) -> list[Any]:
        """Return all observations of a type, oldest first."""
        return [one.event for one in self.policy.store.observations_since(0) if isinstance(one.event, kind)]

    def user_row(self, who: PersonId) -> bool:
        """Say whether the hub's database has a user of this person."""
        return bool(self._count("users where name = ?", who))

    def tokens(self, who: PersonId) -> int:
        """Return how many tokens the hub's database has of this person."""
        return self._count("api_tokens join users on users.id = user_id where name = ?", who)

    def _count(self, what: str, who: PersonId) -> int:
        with contextlib.closing(sqlite3.connect(f"file:{self.places.hub}/jupyterhub.sqlite?mode=ro", uri=True)) as base:
            return int(base.execute(f"select count(*) from {what}", (who.lower(),)).fetchone()[0])

    def routes(self) -> list[str]:
        """Return the workspaces' routes in the proxy."""
        headers = {"Authorization": f"token {self.running.proxy_token}"}
        answer = httpx.get(f"{self.running.proxy_api}/api/routes", headers=headers, trust_env=False)
        return [path for path in answer.json() if path.startswith("/user/")]

    def command_of(self, part: Part) -> tuple[str, ...]:
        """Return how a part is started."""
        return part.command

    def _start(self, name: str) -> None:
        part = next(one for one in parts_of(self.places, self.running) if one.name == name)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | part.environment
        with (self.places.parts / f"{name}.log").open("ab") as log:
            command = self.command_of(part)
            child = subprocess.Popen(command, cwd=self.places.hub, env=environment, stdout=log, stderr=log)
        if name not in self._children:
            self.closing.callback(self._end, name)
        self._children[name] = child

        def answers() -> bool:
            assert child.poll() is None, self.log(name)[-3000:]
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(part.ready, headers=part.headers, timeout=2, trust_env=False).status_code < 500
            return False

        until(answers)


def at_localhost(running: Running) -> Running:
    """Return the same where browsers come in by a host's name: they make no passkeys for an IP address (MFA-15)."""
    return msgspec.structs.replace(running, url=running.url.replace("127.0.0.1", "localhost"))


def _running() -> Running:
    public, hub, api, desk, warden, provider = (f"http://127.0.0.1:{port}" for port in free_ports(6))
    return Running(
        url=public, demo=True, hub=hub, proxy_api=api, desk=desk, warden=warden, issuer=provider,
        identity_issuer=ISSUER, client_id="sluis", client_secret=secrets.token_hex(32),
        proxy_token=secrets.token_hex(32), desk_token=secrets.token_hex(32), warden_token=secrets.token_hex(32),
        supervisor_pid=os.getpid(),
    )  # fmt: skip


@contextlib.contextmanager
def running_hub(folder: Path, *, by_name: bool = False) -> Iterator[LoginHub]:
    """Run one, `by_name` at `localhost`; everything of it is ended afterwards."""
    hub = LoginHub(folder)
    if by_name:
        hub.running = at_localhost(hub.running)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()

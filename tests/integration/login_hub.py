"""A real hub, proxy and login provider on a small state of their own, and a browser as far as HTTP goes.

The state is made by `begin()` and by commands. In the desk's place something answers, since the hub waits for it; no
warden runs, so what closes a route here is the hub. Every part is ended by its own process id.
"""

import contextlib
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pyotp

from access_policy.actor import Actor, component, person
from access_policy.commands.base import Refusal, parse_command
from access_policy.commands.people import EnrolFactor
from access_policy.events import Event
from access_policy.log.keys import create_keys
from access_policy.model.enums import Component, FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Beginning, FirstAdmin, Policy
from hub_config.bootstrap import begin_log, identity_of, open_policy
from hub_config.parts import parts_of
from hub_config.places import Places
from hub_config.running import Running, save_running

ROOT = Path(__file__).parents[2]
ISSUER = "https://idp.centre.example"
BOUND = 60.0
HUB = component(Component.HUB)
ANNA, BRAM = PersonId("P-1"), PersonId("P-2")
STAFF = ("trainer", "assessor", "board-member", "representative", "data-steward", "signatory")
READY = tuple(f"ready{number}" for number in range(1, 41))
NEWCOMERS = tuple(f"newcomer{number}" for number in range(1, 6))
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


def _serve_desk(url: str, closing: contextlib.ExitStack) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(url.rpartition(":")[2])), _DeskStub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    closing.callback(server.server_close)
    closing.callback(thread.join)
    closing.callback(server.shutdown)


class LoginHub:
    """The parts, the state, and what tests ask of them."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.secrets: dict[str, str] = {}
        self.people: dict[str, PersonId] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._fresh = iter(READY)
        self.closing, self.browsers = contextlib.ExitStack(), contextlib.ExitStack()
        self.running = _running()

    @property
    def url(self) -> str:
        """Where browsers come in."""
        return self.running.url

    def start(self) -> None:
        """Make the state, and start the parts until each answers."""
        self.policy = _State(self).make()
        save_running(self.places, self.running)
        _serve_desk(self.running.desk, self.closing)
        for part in parts_of(self.places, self.running):
            if part.name in PARTS:
                self._start(part.name)

    def restart(self, name: str, how: signal.Signals) -> None:
        """End one part and start it again."""
        self._children[name].send_signal(how)
        self._children[name].wait(BOUND)
        self._start(name)

    def stop(self) -> None:
        """End every part by its process id."""
        self.browsers.close()
        for name in reversed(PARTS):
            if (child := self._children.get(name)) is not None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(20)
                child.kill()
                child.wait(BOUND)
        self.policy.store.close()

    def log(self, name: str) -> str:
        """Return what a part has printed."""
        return (self.places.parts / f"{name}.log").read_text(errors="replace")

    def fresh_login(self) -> str:
        """Return a login that no test used before: verified, trained, with a confirmed factor."""
        return next(self._fresh)

    def do(self, name: str, actor: Actor, /, **arguments: Any) -> None:
        """Give a command that has to succeed."""
        outcome = self.policy.handle(parse_command(name, arguments), actor)
        assert not isinstance(outcome, Refusal), f"{name}: {outcome}"

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

    def _start(self, name: str) -> None:
        part = next(one for one in parts_of(self.places, self.running) if one.name == name)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | part.environment
        with (self.places.parts / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(part.command, cwd=self.places.hub, env=environment, stdout=log, stderr=log)
        self._children[name] = child

        def answers() -> bool:
            assert child.poll() is None, self.log(name)[-3000:]
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(part.ready, headers=part.headers, timeout=2, trust_env=False).status_code < 500
            return False

        until(answers)


class _State:
    """Writes the state: an institution, its staff, people who are ready, one new, one request of each ready one."""

    def __init__(self, hub: LoginHub) -> None:
        self.hub = hub
        self.places = hub.places

    def make(self) -> Policy:
        for folder in (self.places.state, self.places.hub, self.places.parts, self.places.run, self.places.homes):
            folder.mkdir(mode=0o711, exist_ok=True)
        data = self.places.datasets("datasets") / "trial"
        data.mkdir(parents=True)
        (data / "a.csv").write_text("a\n1\n")
        create_keys(self.places.keys, secrets.token_bytes)
        self.places.settings.write_text("[contact]\nname = 'the desk of the test'\nemail = 'ask@centre.example'\n")
        first, second = (self._admin(name) for name in ("anna", "bram"))
        begin_log(self.places, Beginning("an-installation", False, (first, second)))
        self.hub.policy = open_policy(self.places)
        self._centre()
        self._demo_file()
        return self.hub.policy

    def _admin(self, name: str) -> FirstAdmin:
        return FirstAdmin(name.title(), f"{name}@centre.example", identity_of(self.places, ISSUER, name), ISSUER, name)

    def _centre(self) -> None:
        do, anna = self.hub.do, person(ANNA)
        for name in ("centre", "hospital"):
            do("register-institution", anna, institution=name, name=name.title(), country="NL",
               domains=f"{name}.example", centre=name == "centre")  # fmt: skip
        now = self.hub.policy.now()
        do("record-agreement", anna, institution="hospital", begins=now.isoformat(), ends=_days(now, 600))
        for name in STAFF:
            self._register(name, "hospital" if name == "signatory" else "centre")
        for name in (*READY, *NEWCOMERS):
            self._register(name, "hospital")
        for role in STAFF:
            self._appoint(role)
        do("register-course", anna, course="privacy", title="Privacy", validity_days=365)
        do("publish-licence", anna, licence="eea-1", title="EEA licence", digest="0" * 64)
        do("register-dataset", self._as("data-steward"), dataset="trial", title="Trial", source="made up",
           kind="clinical", version="1", location="trial", manifest="0" * 64, region="local", zone="anywhere",
           consent="informed-consent", attested=True)  # fmt: skip
        for number, name in enumerate(READY, 1):
            self._make_ready(name, f"DR-{number}")

    def _register(self, name: str, institution: str) -> None:
        email = f"{name}@{institution}.example"
        self.hub.do("register-person", person(ANNA), name=name, email=email, institution=institution)
        with self.hub.policy.reading() as state:
            who = self.hub.people[name] = state.emails[email]
        identity = identity_of(self.places, ISSUER, name)
        self.hub.do("link-identity", person(ANNA), person=who, identity=identity, issuer=ISSUER, subject=name)

    def _appoint(self, role: str) -> None:
        scope = {"scope": "hospital"} if role == "signatory" else {}
        ends = _days(self.hub.policy.now(), 300)
        self.hub.do("appoint-role", person(ANNA), person=self.hub.people[role], role=role, until=ends, **scope)
        with self.hub.policy.reading() as state:
            proposal = state.last_proposal
        self.hub.do("confirm-proposal", person(BRAM), proposal=proposal)

    def _make_ready(self, name: str, request: str) -> None:
        do, who, mine = self.hub.do, self.hub.people[name], self._as(name)
        now = self.hub.policy.now()
        do("verify-person", person(ANNA), person=who, method="video-call", until=_days(now, 300))
        do("certify-person", self._as("trainer"), person=who, course="privacy")
        self._enrol(name, who)
        do("open-request", mine, title="Survival", purpose="which treatment helps")
        do("request-dataset", mine, request=request, dataset="trial", necessity="the outcome")
        do("name-contact", mine, request=request, person=who, email=f"{name}@hospital.example")
        do("submit-request", mine, request=request)
        do("assess-request", self._as("assessor"), request=request, assessment="sound")
        do("approve-request", self._as("board-member"), request=request, improves_treatment=True, public_interest=True,
           reason="good", licence="eea-1", begins=now.isoformat(), ends=_days(now, 200))  # fmt: skip
        for party, signer in (("researcher", name), ("licensee", "signatory"), ("representative", "representative")):
            do("sign-licence", self._as(signer), request=request, party=party)
        do("make-available", self._as("data-steward"), request=request)

    def _enrol(self, name: str, who: PersonId) -> None:
        factor, policy = FactorId(f"f-{name}"), self.hub.policy
        secret = self.hub.secrets[name] = pyotp.random_base32()
        policy.records.save_pending_factor(factor, who, FactorKind.TOTP, secret, policy.now())
        command = EnrolFactor(person=who, factor=factor, kind=FactorKind.TOTP)
        assert not isinstance(policy.handle(command, HUB, lambda records: _activate(records, factor)), Refusal)
        self.hub.do("confirm-factor", person(ANNA), person=who, factor=factor)

    def _as(self, name: str) -> Actor:
        return person(self.hub.people[name])

    def _demo_file(self) -> None:
        rows: list[dict[str, object]] = [
            {"person": who, "login": name, "name": name, "email": f"{name}@centre.example", "roles": [],
             "institution": "centre", "totp_secret": self.hub.secrets.get(name)}
            for name, who in self.hub.people.items()
        ]  # fmt: skip
        self.places.demo.write_bytes(msgspec.json.encode(rows))


class Browser:
    """One browser: cookies of its own; redirects are followed only where a test says so."""

    _steps: dict[str, int] = {}  # noqa: RUF012 - shared: a code counts once, whoever gives it

    def __init__(self, hub: LoginHub, login: str = "") -> None:
        self.hub = hub
        self.login = login
        self.http = hub.browsers.enter_context(httpx.Client(base_url=hub.url, timeout=30, trust_env=False))

    @property
    def person(self) -> PersonId:
        """Who uses it."""
        return self.hub.people[self.login]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Fetch a page of the hub."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, xsrf: str = "", headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Submit a form to the hub."""
        return self.http.post(path, data={"_xsrf": xsrf, **fields}, headers=headers)

    def callback(self, path: str = "/hub/oauth_login") -> str:
        """Go to the provider and log in there; return the address that it sends the browser back to."""
        provider = self.get(path)
        assert provider.status_code == 302, provider.text
        back = self.http.post(provider.headers["location"], data={"sub": self.login})
        assert back.status_code == 302, back.text
        return str(back.headers["location"])

    def first_factor(self, path: str = "/hub/oauth_login") -> httpx.Response:
        """Log in at the provider and come back; the answer to the callback."""
        return self.get(self.callback(path))

    def second_factor(self, code: str | None = None, page: str | None = None) -> httpx.Response:
        """Fetch the page that asks for the code, and give it."""
        page = page or "/hub/second-factor"
        xsrf = field(self.get(page).text, "_xsrf")
        return self.post(page, xsrf, code=self.code() if code is None else code)

    def log_in(self) -> httpx.Response:
        """Log in with both factors; the answer to the code."""
        page = self.first_factor().headers["location"]
        answer = self.second_factor(page=page)
        assert answer.status_code == 303, answer.text
        return answer

    def code(self) -> str:
        """Return a code that was not given yet; waits for the next one after the third within half a minute."""
        step = self._steps[self.login] = max(self._steps.get(self.login, 0) + 1, int(time.time()) // 30 - 1)
        until(lambda: step <= int(time.time()) // 30 + 1)
        return pyotp.TOTP(self.hub.secrets[self.login]).generate_otp(step)

    def wrong_code(self) -> str:
        """Return six digits that are no code of now."""
        now = int(time.time()) // 30
        right = {pyotp.TOTP(self.hub.secrets[self.login]).generate_otp(now + near) for near in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(100000)) if code not in right)

    def copy(self) -> "Browser":
        """Return another browser that was given all cookies of this one."""
        thief = Browser(self.hub, self.login)
        for cookie in self.http.cookies.jar:
            thief.http.cookies.jar.set_cookie(cookie)
        return thief

    def is_in(self) -> bool:
        """Say whether the hub knows this browser's user."""
        return self.api("GET", "/hub/api/user").status_code == 200

    def api(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Call the hub's API as a script in a page of the hub does."""
        token = self.http.cookies.get("_xsrf", path="/hub/") or ""
        content = None if body is None else msgspec.json.encode(body)
        return self.http.request(method, path, content=content, headers={"X-XSRFToken": token, **headers})


def field(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html[:1500]
    return unescape(found[1])


def reason(answer: httpx.Response) -> str:
    """Return the text of the problem that a page shows."""
    found = re.search(r'role="alert"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, answer.text[:1500]
    return unescape(found[1]).strip()


def _days(at: datetime, count: int) -> str:
    return (at + timedelta(days=count)).isoformat()


def _activate(records: Any, factor: FactorId) -> None:
    assert records.activate_factor(factor)


def _running() -> Running:
    from hub_config.startup import _free_ports

    public, hub, api, desk, warden, provider = (f"http://127.0.0.1:{port}" for port in _free_ports(6))
    return Running(
        url=public, demo=True, hub=hub, proxy_api=api, desk=desk, warden=warden, issuer=provider,
        identity_issuer=ISSUER, client_id="sluis", client_secret=secrets.token_hex(32),
        proxy_token=secrets.token_hex(32), desk_token=secrets.token_hex(32), warden_token=secrets.token_hex(32),
        supervisor_pid=os.getpid(),
    )  # fmt: skip


@contextlib.contextmanager
def running_hub(folder: Path) -> Iterator[LoginHub]:
    """Run one; everything of it is ended afterwards."""
    hub = LoginHub(folder)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()

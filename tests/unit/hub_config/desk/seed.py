"""A small world for the desk's tests: a real log on disk, filled through the same commands that people use."""

import secrets
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request

from access_policy.actor import component
from access_policy.actor import person as acting
from access_policy.commands.base import Refusal, parse_command
from access_policy.commands.factors import EnrolFactor
from access_policy.commands.workspaces import RecordEnding, StartWorkspace
from access_policy.log.keys import Keys
from access_policy.log.records import Session, StepUp
from access_policy.log.store import LogStore
from access_policy.model.enums import Component, FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.use_cases import Beginning, Done, FirstAdmin, Policy, begin
from hub_config import step_ups
from hub_config.desk.application import create_app
from hub_config.desk.desk import Desk, Login
from hub_config.desk.security import Seals
from hub_config.sessions import live_session
from hub_config.settings import Settings
from hub_config.texts import keep_text

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says that it will want another HTTP client one day
    from fastapi.testclient import TestClient

URL = "http://127.0.0.1:8000"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DESK = "/services/desk"
KEYS = Keys(b"m" * 32, b"l" * 32, Ed25519PrivateKey.from_private_bytes(b"c" * 32))
XSS = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"

BINDING = ("code-of-conduct", "no-reidentification", "licence-eea", "licence-non-eea")
ROLES = {
    "trainer": ("P-3", "trainer", None),
    "board": ("P-4", "board-member", None),
    "assessor": ("P-5", "assessor", None),
    "representative": ("P-6", "representative", None),
    "steward": ("P-7", "data-steward", None),
    "signatory": ("P-10", "signatory", "hospital"),
    "heart-trainer": ("P-12", "trainer", "heart"),
    "office": ("P-13", "data-access-office", None),
    "auditor": ("P-14", "auditor", None),
}
PEOPLE = {
    "admin": "P-1", "second-admin": "P-2", "researcher": "P-8", "colleague": "P-9", "stranger": "P-11",
    **{name: row[0] for name, row in ROLES.items()},
}  # fmt: skip


@dataclass
class SetClock:
    """A clock that stands where a test sets it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def go(self, **passed: float) -> None:
        self.at += timedelta(**passed)


@dataclass
class World:
    """The log, the desk on it, and who is logged in in which client."""

    policy: Policy
    clock: SetClock
    texts: Path
    logins: dict[str, Login] = field(default_factory=dict)
    served: FastAPI | None = None

    def do(self, name: str, by: str, /, **arguments: Any) -> Done:
        """Give a command; it must be carried out."""
        outcome = self.policy.handle(parse_command(name, arguments), acting(PersonId(PEOPLE.get(by, by)), "a-proof"))
        assert not isinstance(outcome, Refusal), f"{name}: {outcome}"
        return outcome

    def app(self) -> FastAPI:
        """Return the desk's one application; a client's header `X-Test-Login` stands in for the hub's OAuth."""
        if self.served is None:
            self.served = self._made()
        return self.served

    def _made(self) -> FastAPI:
        desk = Desk(
            policy=self.policy, settings=Settings(), url=URL, seals=Seals(b"s" * 32), identify=self.identify,
            identity=lambda issuer, subject: f"hmac:{issuer}:{subject}", issuer="https://login.example",
            documents=self.texts,
        )  # fmt: skip
        return create_app(desk)

    def identify(self, request: Request) -> Login | None:
        return self.logins.get(request.headers.get("x-test-login", ""))

    def log_in(self, who: str) -> Login:
        """Give somebody a full session and a login at the desk."""
        person = PersonId(PEOPLE.get(who, who))
        begun = self.policy.now()
        session = Session(
            session=secrets.token_hex(32), person=person, begun=begun, factor_kind=FactorKind.TOTP, factor_at=begun,
            zone=Zone.ANYWHERE, ends=begun + timedelta(hours=12), proof=f"proof of {who}",
        )  # fmt: skip
        self.policy.records.begin_session(session)
        login = Login(person, session.session, f"key of {who}")
        self.logins[who] = login
        return login

    def client(self, who: str | None = None) -> "Client":
        """Return a browser of somebody; logged in where a person is named."""
        if who is not None and who not in self.logins:
            self.log_in(who)
        return Client(self, who)

    def step_up(self, who: str, token: str) -> None:
        """Write down, as the hub does, that somebody gave their second factor for what waits."""
        login, at = self.logins[who], self.policy.now()
        one = step_ups.waiting(self.policy, token, login.person, login.session)
        assert one is not None
        asked = msgspec.structs.asdict(one.asked)
        self.policy.records.create_step_up(
            StepUp(**asked, proof=f"fresh of {who}", factor=FactorId("f"), created=at, expires=at + step_ups.HOLDS)
        )

    def token(self, who: str) -> str:
        """Return the token that this person's forms carry."""
        return Seals(b"s" * 32).csrf(self.logins[who].key)

    def until(self, days: int) -> str:
        return format_instant(self.clock.at + timedelta(days=days))

    def describe(self, request: str, by: str) -> None:
        """Fill in the form beyond title, purpose and datasets."""
        self.do("describe-request", by, request=request, purpose_kind="research", field_of_work="leukaemia",
                tests_treatment=False, controller="the hospital", processor="the centre")  # fmt: skip

    def find(self, request: str) -> None:
        """Record that a request meets the four guiding principles."""
        for criterion in ("social", "ethical", "legal", "contractual"):
            self.do("record-finding", "assessor", request=request, criterion=criterion, met=True, reason="it does")

    def intake(self, email: str) -> None:
        """Let somebody ask to apply, as the desk passes it on."""
        command = parse_command("submit-intake", {"name": "New", "surname": "Comer", "email": email})
        assert not isinstance(self.policy.handle(command, component(Component.DESK)), Refusal)

    def digest(self, request: str) -> str:
        """Return the hash of a signed form."""
        with self.policy.reading() as state:
            return state.requests[RequestId(request)].digest or ""

    def enrol(self, person: str, factor: str) -> None:
        command = EnrolFactor(person=PersonId(person), factor=factor, kind=FactorKind.TOTP)
        self.policy.handle(command, component(Component.HUB))

    def start_workspace(self, who: str, request: str) -> None:
        person = PersonId(PEOPLE[who])
        session = live_session(self.policy, person)
        command = StartWorkspace(
            person=person, request=RequestId(request), profile="small", max_run_seconds=3600, session=session
        )
        outcome = self.policy.handle(command, component(Component.HUB))
        assert not isinstance(outcome, Refusal), outcome

    def end_workspace(self, who: str, request: str, why: str) -> None:
        with self.policy.reading() as state:
            started = state.workspaces[PersonId(PEOPLE[who]), RequestId(request)].seq
        command = RecordEnding(person=PersonId(PEOPLE[who]), request=RequestId(request), started=started, seen=why)
        self.policy.handle(command, component(Component.WARDEN))


class Client:
    """A browser at the desk: sends what a browser sends, follows nothing by itself."""

    def __init__(self, world: World, who: str | None) -> None:
        headers = {"x-test-login": who} if who is not None else {}
        self.http = TestClient(
            world.app(), base_url=URL, headers=headers, follow_redirects=False, raise_server_exceptions=False
        )
        self.token = world.token(who) if who is not None else ""
        self.world, self.who = world, who

    def get(self, path: str, **options: Any) -> Any:
        return self.http.get(DESK + path, **options)

    def post(self, path: str, fields: dict[str, str] | None = None, **options: Any) -> Any:
        """Post a form with this login's token, unless `fields` has one; give the second factor that it takes."""
        answer = self.send(path, fields, **options)
        asked = asked_by(answer)
        return answer if asked is None else self.step_up(asked)

    def send(self, path: str, fields: dict[str, str] | None = None, **options: Any) -> Any:
        """Post such a form, and nothing else."""
        return self.http.post(DESK + path, data={"_csrf": self.token, **(fields or {})}, **options)

    def step_up(self, token: str) -> Any:
        """Come back from the hub with a second factor that was given for what waits under this token."""
        self.world.step_up(self.who or "", token)
        return self.get(f"/step-up?ask={token}")


def asked_by(answer: Any) -> str | None:
    """Return the token with which a browser is sent to give its second factor at the hub, if it is."""
    location = answer.headers.get("location", "")
    return str(location.partition("?ask=")[2]) if location.startswith(f"{URL}/hub/step-up?") else None


def empty_world(folder: Path, *, demo: bool = False) -> World:
    """Return an installation as `sluis init` leaves it: two admins and nothing else."""
    clock = SetClock()
    store = LogStore.create(folder / "log.sqlite", KEYS, clock, secrets.token_bytes)
    first, second = (FirstAdmin(f"Admin {n}", f"admin{n}@centre.example", f"hmac:{n}", "iss", f"sub{n}") for n in "12")
    begin(store, Beginning(installation="test", demo=demo, admins=(first, second)))
    return World(Policy(store, clock), clock, folder / "documents")


def full_world(folder: Path) -> World:
    """Return an installation with people in each role and requests in several states; DR-1 is active."""
    world = empty_world(folder)
    _institutions(world)
    _people(world)
    _things(world)
    _active_request(world)
    world.do("open-request", "researcher", title="A draft", purpose="To be written")
    world.do("open-request", "colleague", title="For the board", purpose="Better care")
    world.describe("DR-3", "colleague")
    world.do("request-dataset", "colleague", request="DR-3", dataset="clinical", necessity="survival")
    world.do("name-contact", "colleague", request="DR-3", person="P-9", email="colleague@hospital.example")
    world.do("submit-request", "colleague", request="DR-3")
    world.clock.go(hours=1)
    return world


def _institutions(world: World) -> None:
    world.do("register-institution", "admin", institution="centre", name="Centre", country="NL",
             domains=["centre.example"], centre=True)  # fmt: skip
    world.do("register-institution", "admin", institution="hospital", name="Hospital", country="NL",
             domains=["hospital.example"])  # fmt: skip
    world.do("record-agreement", "admin", institution="hospital", begins=world.until(-10), ends=world.until(700))


def _people(world: World) -> None:
    names = {number: name for name, number in PEOPLE.items()}
    for number in range(3, len(PEOPLE) + 1):
        name = names[f"P-{number}"]
        place = "hospital" if name in ("researcher", "colleague", "signatory", "stranger") else "centre"
        email = f"{name}@{place}.example"
        world.do("register-person", "admin", name=f"The {name}", email=email, institution=place)
    for name in ("researcher", "colleague", "stranger", "signatory", "representative"):
        _verified(world, name)


def _verified(world: World, name: str) -> None:
    """Let a person hold what hangs on a person, but for the course and the texts."""
    person = PEOPLE[name]
    world.do("verify-person", "admin", person=person, method="video-call", evidence="seen", until=world.until(365))
    world.enrol(person, f"factor-{person}")
    world.do("confirm-factor", "admin", person=person, factor=f"factor-{person}")


def _things(world: World) -> None:
    world.do("register-course", "admin", course="privacy", title="Privacy of patients", validity_days=365)
    world.do("register-course", "admin", course="heart", title="Heart data", validity_days=365, required=False)
    for person, role, scope in ROLES.values():
        if role == "signatory":
            continue
        given = {} if scope is None else {"scope": scope}
        world.do("appoint-role", "admin", person=person, role=role, until=world.until(365), **given)
    with world.policy.reading() as state:
        waiting = list(state.proposals)
    for proposal in waiting:
        world.do("confirm-proposal", "second-admin", proposal=proposal)
    world.do("appoint-signatory", "representative", person=PEOPLE["signatory"], until=world.until(365))
    world.do("register-dataset", "steward", dataset="clinical", title="Breast cancer", source="GBSG2", kind="clinical",
             version="1", location="clinical", manifest="a" * 64, region="local", consent="published-open-data",
             attested=True)  # fmt: skip
    for document in BINDING:
        world.do("publish-document", "admin", document=document, version="1", language="en", title=document.title(),
                 digest=keep_text(world.texts, document.encode()))  # fmt: skip
    world.do("certify-person", "trainer", person="P-8", course="privacy")
    for name in ("researcher", "colleague"):
        for document in BINDING[:2]:
            world.do("accept-document", name, person=PEOPLE[name], document=document, version="1")


def _active_request(world: World) -> None:
    world.do("open-request", "researcher", title="Survival after surgery", purpose="Better treatment")
    world.describe("DR-1", "researcher")
    world.do("request-dataset", "researcher", request="DR-1", dataset="clinical", necessity="survival times")
    for person, name in (("P-8", "researcher"), ("P-9", "colleague")):
        world.do("name-contact", "researcher", request="DR-1", person=person, email=f"{name}@hospital.example")
    world.do("submit-request", "researcher", request="DR-1")
    world.do("assess-request", "assessor", request="DR-1", assessment="sound")
    world.find("DR-1")
    world.do("approve-request", "board", request="DR-1", improves_treatment=True, public_interest=True, reason="good",
             digest=world.digest("DR-1"), begins=world.until(0), ends=world.until(300))  # fmt: skip
    for name, party in (("researcher", "researcher"), ("signatory", "licensee"), ("representative", "representative")):
        world.do("sign-licence", name, request="DR-1", party=party)
    world.do("make-available", "steward", request="DR-1")

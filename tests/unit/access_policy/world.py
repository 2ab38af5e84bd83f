"""A small Sluis in memory: a clock, and a State that only commands change, through `handle` and `fold`.

`everything_holds()` is a world in which the researcher may open `DR-1` (two datasets, from anywhere) and, from the
institute's network, `DR-2`. A test flips one fact of it. Each command takes a minute, so no two facts share an instant.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import msgspec

from access_policy import events as e
from access_policy.actor import Actor, component, operator, person
from access_policy.commands.base import Outcome, Refusal, parse_command
from access_policy.commands.conditions import account_missing
from access_policy.commands.roles import OF_THE_CENTRE
from access_policy.commands.workspaces import RecordEnding, StartWorkspace
from access_policy.decision import Decision, decide
from access_policy.events import Event, Fact, FactEvent
from access_policy.fold import fold
from access_policy.handle import handle
from access_policy.log.store import LogStore
from access_policy.model.enums import Action, Component, DocumentKind, FactorKind, RequestStatus, Role, Zone
from access_policy.model.ids import CENTRE, PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.rules import Query, Session
from access_policy.state import State
from access_policy.use_cases import Beginning, FirstAdmin, begin

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
DIGEST = "0" * 64

ADMIN = PersonId("P-1")
SECOND_ADMIN = PersonId("P-2")
RESEARCHER = PersonId("P-3")
COLLEAGUE = PersonId("P-4")
TRAINER = PersonId("P-5")
ASSESSOR = PersonId("P-6")
BOARD_MEMBER = PersonId("P-7")
REPRESENTATIVE = PersonId("P-8")
STEWARD = PersonId("P-9")
SIGNATORY = PersonId("P-10")
STRANGER = PersonId("P-11")
THIRD_ADMIN = PersonId("P-12")
NOBODY = PersonId("P-999")

OPEN = RequestId("DR-1")
RESTRICTED = RequestId("DR-2")
NO_REQUEST = RequestId("DR-999")

INSTALLATION = component(Component.INSTALLATION)
HUB = component(Component.HUB)
DESK = component(Component.DESK)
WARDEN = component(Component.WARDEN)

RUN = timedelta(hours=8)
AGREEMENT_DAYS = 900
VERIFIED_DAYS = 700
CERTIFIED_DAYS = 365
TERM_DAYS = 300


class World:
    """State, the facts that made it, and a clock. `do` carries a command out; `attempt` may be refused."""

    def __init__(self, at: datetime = NOON) -> None:
        self.state = State()
        self.facts: list[Fact] = []
        self.at = at

    def copy(self) -> "World":
        """Return a world of its own, folded from the same facts."""
        return World.of(self.facts, self.at)

    @staticmethod
    def of(facts: list[Fact], at: datetime) -> "World":
        """Return the world that these facts make, at `at`."""
        world = World(at)
        for fact in facts:
            world._take(fact)
        return world

    def become(self, other: "World") -> None:
        """Be another world from now on."""
        self.state, self.facts, self.at = other.state, other.facts, other.at

    def wait(self, duration: timedelta) -> "World":
        """Let time pass, and nothing else."""
        self.at += duration
        return self

    def attempt(self, name: str, actor: PersonId | Actor, /, **arguments: Any) -> Outcome:
        """Give a command as the desk and the command line do, from text, and fold what it answers."""
        texts = {key: _text(value) for key, value in arguments.items()}
        return self._carry_out(lambda by: handle(self.state, parse_command(name, texts), by, self.at), actor)

    def do(self, name: str, actor: PersonId | Actor, /, **arguments: Any) -> tuple[FactEvent, ...]:
        """Give a command that has to succeed."""
        outcome = self.attempt(name, actor, **arguments)
        assert not isinstance(outcome, Refusal), f"{name}: {outcome}"
        return outcome

    def refusal(self, name: str, actor: PersonId | Actor, /, **arguments: Any) -> str:
        """Give a command that has to be refused, check that nothing changed, and return the code."""
        seq = self.state.seq
        outcome = self.attempt(name, actor, **arguments)
        assert isinstance(outcome, Refusal), f"{name} was carried out"
        assert self.state.seq == seq
        assert outcome.text
        assert "\n" not in outcome.text
        return str(outcome.code)

    def agree(self, name: str, by: PersonId = ADMIN, /, **arguments: Any) -> tuple[FactEvent, ...]:
        """Give a command that two people have to want: an admin proposes, or who is named, another admin confirms."""
        self.do(name, by, **arguments)
        return self.do("confirm-proposal", SECOND_ADMIN, proposal=self.state.last_proposal)

    def register(self, name: str, institution: str = "hospital") -> PersonId:
        """Register a person at `centre` or `hospital` and return who they are."""
        email = f"{name}@{institution}.example"
        self.do("register-person", ADMIN, name=name.title(), email=email, institution=institution)
        return self.state.emails[email]

    def make_ready(self, who: PersonId) -> None:
        """Let a person hold all that hangs on a person: verified, trained, with a confirmed second factor."""
        self.do(
            "verify-person",
            ADMIN,
            person=who,
            method="video-call",
            evidence="seen",
            until=self.at + VERIFIED_DAYS * DAY,
        )
        self.do("certify-person", TRAINER, person=who, course="privacy")
        self.give_factor(who)
        for document in ("code-of-conduct", "no-reidentification"):
            self.do("accept-document", who, person=who, document=document, version="1")

    def give_factor(self, who: PersonId) -> None:
        """Let somebody who is verified have a second factor that counts."""
        self.do("enrol-factor", HUB, person=who, factor="first", kind="totp")
        self.do("confirm-factor", ADMIN, person=who, factor="first")

    def let_sign(self, who: PersonId) -> None:
        """Let somebody be verified and have a second factor that counts, as whoever signs has to."""
        self.do(
            "verify-person",
            ADMIN,
            person=who,
            method="video-call",
            evidence="seen",
            until=self.at + VERIFIED_DAYS * DAY,
        )
        self.give_factor(who)

    def invite_signatory(self, request: RequestId, institution: str, by: PersonId = RESEARCHER) -> None:
        """Let the applicant name, in the form, who signs for an organisation."""
        named = {"capacity": "signatory", "institution": institution, "email": f"signs@{institution}.example"}
        self.do("invite-party", by, request=request, **named)

    def ask(
        self, status: RequestStatus, datasets: tuple[str, ...] = ("tumours",), contact: PersonId = RESEARCHER
    ) -> RequestId:
        """Open a request of the researcher's and bring it as far as `status`."""
        request = RequestId(f"DR-{len(self.state.requests) + 1}")
        self.do("open-request", RESEARCHER, title="Survival", purpose="Which treatment helps")
        self.do("describe-request", RESEARCHER, request=request, **description())
        for dataset in datasets:
            self.do("request-dataset", RESEARCHER, request=request, dataset=dataset, necessity="the outcome")
        email = self.state.people[contact].email
        self.do("name-contact", RESEARCHER, request=request, person=contact, email=email)
        self.bring(request, status)
        return request

    def bring(self, request: RequestId, status: RequestStatus) -> None:
        """Take every step that is left until the request has `status`."""
        way = _WAY_TO.get(status, _WAY)
        for reached, step in way[way.index_of(self.state.requests[request].status) :]:
            step(self, request)
            if reached is status:
                return

    def login(self, who: PersonId = RESEARCHER, zone: Zone = Zone.ANYWHERE) -> Session:
        """Return the session that a full login gives now."""
        ends = self.at + timedelta(hours=self.state.settings.session_hours)
        return Session("a-session", who, self.at, ends, FactorKind.TOTP, zone)

    def start(self, request: RequestId = OPEN, zone: Zone = Zone.ANYWHERE) -> None:
        """Start the researcher's workspace for a request."""
        session = self.login(zone=zone)
        seconds = int(RUN.total_seconds())
        command = StartWorkspace(
            person=RESEARCHER, request=request, profile="small", max_run_seconds=seconds, session=session
        )
        outcome = self._carry_out(lambda by: handle(self.state, command, by, self.at), HUB)
        assert not isinstance(outcome, Refusal), outcome

    def end(self, request: RequestId = OPEN) -> None:
        """Let the warden record that the researcher's workspace is gone."""
        started = self.state.workspaces[RESEARCHER, request].seq
        command = RecordEnding(person=RESEARCHER, request=request, started=started, seen="gone")
        outcome = self._carry_out(lambda by: handle(self.state, command, by, self.at), WARDEN)
        assert not isinstance(outcome, Refusal), outcome

    def query(
        self, action: Action = Action.OPEN_WORKSPACE, request: RequestId = OPEN, zone: Zone = Zone.ANYWHERE
    ) -> Query:
        """Return the researcher's question now, coming with a fresh session unless the question needs none."""
        session = None if action is Action.KEEP_WORKSPACE else self.login(zone=zone)
        return Query(RESEARCHER, request, action, self.at, session)

    def decide(self, query: Query | None = None) -> Decision:
        """Answer a query; without one, whether the researcher may open `DR-1` now."""
        return decide(self.state, query or self.query())

    def _carry_out(self, answer: Callable[[Actor], Outcome], actor: PersonId | Actor) -> Outcome:
        by = actor if isinstance(actor, Actor) else self.acting(actor)
        outcome = answer(by)
        if not isinstance(outcome, Refusal):
            self.append([(by, event) for event in outcome])
        return outcome

    def acting(self, who: PersonId) -> Actor:
        """Return a person as the actor of a command: with a step-up in a log whose format knows of it."""
        return person(who) if self.state.format == 1 else stepped_up(person(who))

    def append(self, events: list[tuple[Actor, FactEvent]]) -> None:
        """Fold events as one append; time moves on by a minute."""
        for actor, event in events:
            self._take(Fact(self.state.seq + 1, self.at, actor, event))
        self.at += MINUTE

    def _take(self, fact: Fact) -> None:
        fold(self.state, fact)
        self.facts.append(fact)


class _FirstAppend:
    """Stands where a new log stands, and takes the one append that begins it into a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def append(
        self, expected: int, build: Callable[[datetime], list[tuple[Actor, FactEvent]]], log_format: int
    ) -> None:
        assert expected == self._world.state.seq
        assert log_format == 1
        self._world.append(build(self._world.at))


def begun(demo: bool = False, at: datetime = NOON) -> World:
    """Return a world with its first facts only: the installation and two admins."""
    admins = (
        FirstAdmin("Anna", "anna@centre.example", "id-1", "https://idp.centre.example", "anna"),
        FirstAdmin("Bram", "bram@centre.example", "id-2", "https://idp.centre.example", "bram"),
    )
    world = World(at)
    begin(cast(LogStore, _FirstAppend(world)), Beginning("an-installation", demo, admins, format=1))
    return world


def stepped_up(actor: Actor) -> Actor:
    """Return an actor with the id of a second factor, where it is a person who acts for themselves."""
    alone = actor.person is not None and actor.operator is None
    return msgspec.structs.replace(actor, step_up="a-proof") if alone else actor


def of_format_2(world: World) -> World:
    """Return the same world in a log that began with format 2, everything done with a step-up."""
    facts = [msgspec.structs.replace(fact, actor=stepped_up(fact.actor)) for fact in world.facts]
    first = facts[0].event
    assert isinstance(first, e.InstallationBegun)
    facts[0] = msgspec.structs.replace(facts[0], event=msgspec.structs.replace(first, format=2))
    return World.of(facts, world.at)


def everything_holds(demo: bool = False, at: datetime = NOON) -> World:
    """Return the good world, whose requests `DR-1` and `DR-2` are active; it began at `at`."""
    return World.of(list(_good_facts(demo, at)), _good_facts(demo, at)[-1].at + MINUTE)


@cache
def _good_facts(demo: bool, at: datetime) -> tuple[Fact, ...]:
    world = begun(demo, at)
    world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096)
    _institutions(world)
    _people(world)
    _things(world)
    world.make_ready(RESEARCHER)
    assert world.ask(RequestStatus.ACTIVE, ("tumours", "expressions")) == OPEN
    assert world.ask(RequestStatus.ACTIVE, ("scans",)) == RESTRICTED
    return tuple(world.facts)


def _institutions(world: World) -> None:
    for name in ("centre", "hospital"):
        world.do(
            "register-institution", ADMIN, institution=name, name=name.title(), country="NL",
            domains=f"{name}.example", centre=name == "centre",
        )  # fmt: skip
    ends = world.at + AGREEMENT_DAYS * DAY
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=ends)


def _people(world: World) -> None:
    world.register("rosa")
    world.register("cas")
    for name in ("tess", "alex", "bo", "rik", "dora"):
        world.register(name, "centre")
    world.register("sara")
    world.register("vera")
    world.register("aart", "centre")
    for who, role, scope in (
        (TRAINER, "trainer", None),
        (ASSESSOR, "assessor", None),
        (BOARD_MEMBER, "board-member", None),
        (REPRESENTATIVE, "representative", None),
        (STEWARD, "data-steward", None),
        (SIGNATORY, "signatory", "hospital"),
        (THIRD_ADMIN, "admin", None),
    ):
        appoint(world, who, role, scope)
    for who in (SIGNATORY, REPRESENTATIVE):
        world.let_sign(who)


def appoint(world: World, who: PersonId, role: str, scope: str | None = None) -> None:
    """Give a person a role for a thousand days: one admin proposes, the other confirms. Signatories are recorded.

    A role of the centre's stands in an old log for somebody else: no command gives it to them any more.
    """
    until = world.at + 1000 * DAY
    if Role(role) in OF_THE_CENTRE and world.state.people[who].institution != CENTRE:
        appointed = e.RoleAppointed(person=who, role=Role(role), scope=None, until=until)
        world.append([(person(ADMIN), appointed)])
        return
    if role == "signatory":
        assert scope == world.state.people[who].institution
        world.do("appoint-signatory", REPRESENTATIVE, person=who, until=until)
        return
    arguments = {} if scope is None else {"scope": scope}
    world.agree("appoint-role", person=who, role=role, until=until, **arguments)


def _things(world: World) -> None:
    world.do("register-course", ADMIN, course="privacy", title="Privacy", validity_days=CERTIFIED_DAYS)
    for document in ("code-of-conduct", "no-reidentification", "licence-eea", "licence-non-eea"):
        publish(world, document, "1")
    for name, zone in (("tumours", "anywhere"), ("expressions", "anywhere"), ("scans", "institute")):
        register_dataset(world, name, zone)


def register_dataset(world: World, name: str, zone: str = "anywhere") -> None:
    """Register a dataset as its steward does."""
    world.do("register-dataset", STEWARD, **dataset_arguments(name, zone))


def study(world: World, name: str = "relapse") -> str:
    """Register a study, whose central investigator is nobody with another part, and return its name."""
    who = world.register(f"ivo-{name}", "centre")
    world.do("register-study", ADMIN, study=name, title=name.title(), purpose="why it comes back")
    name_investigator(world, name, who)
    return name


def name_investigator(
    world: World, study: str, who: PersonId, hospital: str | None = None, **changed: Any
) -> tuple[FactEvent, ...]:
    """Name an investigator for a thousand days, the central one or that of a hospital; another admin confirms."""
    arguments = {"study": study, "person": who, "until": world.at + 1000 * DAY} | changed
    return world.agree("name-investigator", **arguments | ({} if hospital is None else {"hospital": hospital}))


def dataset_arguments(name: str, zone: str = "anywhere") -> dict[str, Any]:
    """Return what registering a dataset asks for."""
    return {
        "dataset": name, "title": name.title(), "source": "a PyPI package", "kind": "clinical", "version": "1",
        "location": name, "manifest": DIGEST, "region": "local", "zone": zone, "consent": "informed-consent",
        "attested": True,
    }  # fmt: skip


def publish(world: World, document: str, version: str, **changed: Any) -> None:
    """Publish a version of a text in English; a later one that binds is wanted by two admins."""
    arguments = {"version": version, "language": "en", "title": document.title(), "digest": DIGEST} | changed
    known = world.state.documents.get(DocumentKind(document))
    if known is None or known.current.version == version or not arguments.pop("binding", True):
        world.do("publish-document", ADMIN, document=document, **arguments, binding=known is None)
        return
    world.agree("bind-document", document=document, **arguments)


def description(**changed: Any) -> dict[str, Any]:
    """Return what the form asks for beyond title and purpose."""
    return {
        "purpose_kind": "research", "field_of_work": "childhood leukaemia", "tests_treatment": False,
        "controller": "the hospital", "processor": "the centre",
    } | changed  # fmt: skip


def approval(world: World, request: RequestId = OPEN, **changed: Any) -> dict[str, Any]:
    """Return what an approval of a request asks for, with a term that begins now."""
    arguments = {
        "improves_treatment": True, "public_interest": True, "reason": "good",
        "digest": world.state.requests[request].digest or DIGEST,
        "begins": world.at, "ends": world.at + TERM_DAYS * DAY,
    }  # fmt: skip
    return arguments | changed


def find(world: World, request: RequestId, *criteria: str) -> None:
    """Record that a request meets the four guiding principles, and further criteria."""
    for criterion in ("social", "ethical", "legal", "contractual", *criteria):
        world.do("record-finding", ASSESSOR, request=request, criterion=criterion, met=True, reason="it does")


def on_behalf_of(who: PersonId) -> Actor:
    """Return an operator of the machine who acts for a person."""
    return operator("root", who)


def _submit(world: World, request: RequestId) -> None:
    world.do("submit-request", RESEARCHER, request=request)


def _assess(world: World, request: RequestId) -> None:
    world.do("assess-request", ASSESSOR, request=request, assessment="sound")


def _approve(world: World, request: RequestId) -> None:
    if not world.state.requests[request].findings:
        find(world, request)
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request))


def sign(world: World, request: RequestId, *parties: str) -> None:
    """Let parties sign, each by the one who stands for it."""
    for party in parties:
        who = {"researcher": RESEARCHER, "licensee": SIGNATORY, "representative": REPRESENTATIVE}[party]
        world.do("sign-licence", who, request=request, party=party)


def _sign(world: World, request: RequestId) -> None:
    sign(world, request, "researcher", "licensee", "representative")


def _make_available(world: World, request: RequestId) -> None:
    """Where its only contact lacks something, an old log has it that it was made available to them all the same."""
    found = world.state.requests[request]
    if any(account_missing(world.state, found, one, world.at) for one in found.contacts):
        world.append([(person(STEWARD), e.RequestMadeAvailable(request=request))])
    else:
        world.do("make-available", STEWARD, request=request)


def _refuse(world: World, request: RequestId) -> None:
    world.do("refuse-request", BOARD_MEMBER, request=request, reason="no")


def _withdraw(world: World, request: RequestId) -> None:
    world.do("withdraw-request", RESEARCHER, request=request)


def _end(world: World, request: RequestId) -> None:
    world.do("end-request", ADMIN, request=request, reason="misuse")


class _Way(tuple[tuple[RequestStatus, Callable[[World, RequestId], None]], ...]):
    """Steps of a request, each with the status that it leads to."""

    __slots__ = ()

    def index_of(self, status: RequestStatus) -> int:
        return [RequestStatus.DRAFT, *(reached for reached, _ in self)].index(status)


_Q = RequestStatus
_WAY = _Way(
    (
        (_Q.SUBMITTED, _submit),
        (_Q.ASSESSED, _assess),
        (_Q.APPROVED, _approve),
        (_Q.LICENSED, _sign),
        (_Q.ACTIVE, _make_available),
        (_Q.ENDED, _end),
    )
)
_WAY_TO = {
    _Q.DRAFT: _Way(()),
    _Q.REFUSED: _Way((*_WAY[:2], (_Q.REFUSED, _refuse))),
    _Q.WITHDRAWN: _Way((*_WAY[:4], (_Q.WITHDRAWN, _withdraw))),
}


def _text(value: Any) -> Any:
    return format_instant(value) if isinstance(value, datetime) else value


def kinds(events: tuple[FactEvent, ...]) -> list[type[Event]]:
    """Return the types of events, which is what most tests compare."""
    return [type(event) for event in events]

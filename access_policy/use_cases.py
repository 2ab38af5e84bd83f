"""The only door to the log: refresh, handle, append, decide, observe.

`Policy` owns the folded State of one process. It reads the newest facts before every answer, and an append names the
fact that it was decided on: where another came first, it decides again. Nothing is cached beyond the fold.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor, component
from access_policy.commands.base import Command, Refusal, name_of
from access_policy.decision import Decision, decide, supposed_session
from access_policy.fold import fold
from access_policy.handle import handle
from access_policy.log.errors import LogUnavailable, StaleState, UnreadableLog
from access_policy.log.records import Records
from access_policy.log.store import LogStore
from access_policy.model.enums import Action, Component, Role, Zone
from access_policy.model.ids import CENTRE, PersonId, RequestId
from access_policy.model.instants import days
from access_policy.rules import Query, Session
from access_policy.state import State

_TRIES = 20
_FIRST_ROLE_DAYS = 1827


class Done(msgspec.Struct, frozen=True):
    """A command was carried out: the facts that it left in the log (none where nothing had to change)."""

    facts: tuple[e.Fact, ...]


Beside = Callable[[Records], None]


class Policy:
    """What one process knows of the log, and its way to ask and to change. Safe for threads."""

    def __init__(self, store: LogStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._state = State()
        self._lock = threading.RLock()

    @property
    def records(self) -> Records:
        """Return the mutable records beside the log: factors, sessions, pending logins."""
        return self._store.records

    @property
    def store(self) -> LogStore:
        """Return the log itself, for what shows, verifies or checkpoints it."""
        return self._store

    def now(self) -> datetime:
        """Return the present instant, never before the newest fact, so that a clock set back widens nothing."""
        present = self._clock()
        return max(present, self._state.at) if self._state.at is not None else present

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Give the newest state, to read only, and keep it from moving meanwhile. Raises LogError (fail closed)."""
        with self._lock:
            self._refresh()
            yield self._state

    def decide(self, person: PersonId, request: RequestId, action: Action, session: Session | None = None) -> Decision:
        """Decide on the newest facts, now. Raises LogError where they cannot be read: then nothing is allowed."""
        with self.reading() as state:
            return decide(state, Query(person, request, action, self.now(), session))

    def suppose(self, person: PersonId, request: RequestId, action: Action, zone: Zone = Zone.ANYWHERE) -> Decision:
        """Decide now as if the person had just logged in with both factors, from `zone`."""
        with self.reading() as state:
            at = self.now()
            return decide(state, Query(person, request, action, at, supposed_session(state, person, at, zone)))

    def state_at(self, at: datetime) -> State:
        """Return a state of its own, folded from the facts up to and with `at`: what was known then."""
        past = State()
        for fact in self._store.facts_since(0):
            if fact.at > at:
                break
            _take(past, fact)
        return past

    def handle(self, command: Command, actor: Actor, beside: Beside | None = None) -> Done | Refusal:
        """Carry a command out, or say why not; a refusal is observed. `beside` changes records in the same append."""
        with self._lock:
            outcome = self._append(command, actor, beside)
        if isinstance(outcome, Refusal):
            self._store.observe(actor, e.CommandRefused(command=name_of(type(command)), code=outcome.code))
        return outcome

    def _append(self, command: Command, actor: Actor, beside: Beside | None) -> Done | Refusal:
        for _ in range(_TRIES):
            self._refresh()
            try:
                return self._append_once(command, actor, beside)
            except StaleState:
                continue
        raise LogUnavailable("the log moved on faster than this command could be decided; try again")

    def _append_once(self, command: Command, actor: Actor, beside: Beside | None) -> Done | Refusal:
        def build(at: datetime) -> list[tuple[Actor, e.FactEvent]]:
            outcome = handle(self._state, command, actor, at)
            if isinstance(outcome, Refusal):
                raise _Refused(outcome)
            return [(actor, event) for event in outcome]

        try:
            facts = self._store.append(self._state.seq, build, beside)
        except _Refused as refused:
            return refused.refusal
        for fact in facts:
            fold(self._state, fact)
        return Done(tuple(facts))

    def observe(self, actor: Actor, event: e.ObservationEvent) -> None:
        """Record an observation."""
        self._store.observe(actor, event)

    def _refresh(self) -> None:
        for fact in self._store.facts_since(self._state.seq):
            _take(self._state, fact)


def _take(state: State, fact: e.Fact) -> None:
    try:
        fold(state, fact)
    except (LookupError, ValueError, TypeError) as error:
        raise UnreadableLog(
            f"fact `{fact.seq}` does not fit what came before: {error}; run `sluis log verify`"
        ) from None


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


class FirstAdmin(msgspec.Struct, frozen=True):
    """One of the two admins that a new installation begins with."""

    name: str
    email: str
    identity: str
    issuer: str
    subject: str


class Beginning(msgspec.Struct, frozen=True):
    """What a new log begins with: which installation, a demo or not, its centre's name, and the first two admins."""

    installation: str
    demo: bool
    admins: tuple[FirstAdmin, FirstAdmin]


def begin(store: LogStore, beginning: Beginning) -> None:
    """Write the first facts of a new log, in one append. Raises StaleState where the log has begun already."""
    actor = component(Component.INSTALLATION)

    def build(at: datetime) -> list[tuple[Actor, e.FactEvent]]:
        first = e.InstallationBegun(installation=beginning.installation, demo=beginning.demo)
        facts: list[e.FactEvent] = [first]
        for number, admin in enumerate(beginning.admins, 1):
            facts += _first_admin(PersonId(f"P-{number}"), admin, at)
        return [(actor, fact) for fact in facts]

    store.append(0, build)


def _first_admin(person: PersonId, admin: FirstAdmin, at: datetime) -> list[e.FactEvent]:
    until = at + days(_FIRST_ROLE_DAYS)
    return [
        e.PersonRegistered(person=person, name=admin.name, email=admin.email, institution=CENTRE),
        e.IdentityLinked(person=person, identity=admin.identity, issuer=admin.issuer, subject=admin.subject),
        e.RoleAppointed(person=person, role=Role.ADMIN, scope=None, until=until),
    ]

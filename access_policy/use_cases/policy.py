"""The only door to the log: refresh, handle, append, decide, observe.

`Policy` owns the folded State of one process. It reads the newest facts before every answer, and an append names the
fact that it was decided on: where another came first, it decides again. Nothing is cached beyond the fold.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Outcome, Refusal, RefusalCode, name_of
from access_policy.commands.losses import AcceptLoss, facts_before_acceptance, leads_out
from access_policy.decision import Decision, decide, supposed_session
from access_policy.fold import fold
from access_policy.handle import handle
from access_policy.log.checkpoints import Checkpoint, log_origin
from access_policy.log.clock import ClockTrouble, ClockWatch
from access_policy.log.erased import entries
from access_policy.log.errors import LogBehind, LogError, LogUnavailable, StaleState, UntrustedCheckpoint
from access_policy.log.records import Records
from access_policy.log.store import LogStore
from access_policy.log.witness import Gap, Named, Trouble, Witness
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Query, Session
from access_policy.state import State, retired_keys
from access_policy.use_cases.following import Listener, nobody, take
from access_policy.use_cases.formats import unknown_kind
from access_policy.use_cases.refusals import Refusals
from access_policy.withdrawals import MAY_TAKE, TAKING

_LOGGER = logging.getLogger("sluis.log")
_TRIES = 20


class Done(msgspec.Struct, frozen=True):
    """A command was carried out: the facts that it left in the log (none where nothing had to change)."""

    facts: tuple[e.Fact, ...]


Beside = Callable[[Records], None]


class Policy:
    """What one process knows of the log, and its way to ask and to change. Safe for threads."""

    def __init__(
        self,
        store: LogStore,
        clock: Callable[[], datetime] | None = None,
        watch: ClockWatch | None = None,
        witness: Witness | None = None,
    ) -> None:
        """Take a log; the time is the log's own, unless a clock is given. `watch` says where that cannot be right.

        `witness` says whether the log is the one that was signed; without one nobody asks (AUD-02).
        """
        self._store = store
        self._witness = witness
        self._whole = witness is None
        self._clock = clock or store.now
        self._watch = watch
        self._state = State()
        self._observed: datetime | None = None
        self._listener: Listener = nobody
        self._refusals = Refusals()
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
        """Return the present instant, never before what the log knows of, so that a clock set back widens nothing."""
        present, known = self._clock(), self._known()
        return present if known is None else max(present, known)

    def _known(self) -> datetime | None:
        """Return the latest instant that the log tells of: its newest fact, the newest observation at the opening."""
        return max((at for at in (self._state.at, self._observed) if at is not None), default=None)

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Give the newest state, to read only, and keep it from moving meanwhile. Raises LogError (fail closed)."""
        with self._lock:
            self._refresh()
            self._be_whole()
            yield self._state

    @contextmanager
    def reading_behind(self) -> Iterator[State]:
        """Give the newest state even where the log is behind its newest checkpoint. Decide no access with it.

        For the login of admins, for the acceptance of the loss, and for those who say why nothing else goes on.
        """
        with self._lock:
            self._refresh()
            yield self._state

    def trouble(self) -> Trouble | None:
        """Say why nothing is decided, or None: the log is not the one that was signed (AUD-02). Raises LogError."""
        with self._lock:
            self._refresh()
            return self._look()

    @property
    def is_whole(self) -> bool:
        """Say whether the log was found to be the one that was signed; asks nothing."""
        return self._whole

    def _look(self) -> Trouble | None:
        """Compare with the newest checkpoint until it fits; afterwards the log only grows under our eyes."""
        if self._whole or self._witness is None:
            return None
        found = self._witness.trouble(self._named())
        self._whole = found is None
        return found

    def _be_whole(self) -> None:
        found = self._look()
        if found is not None:
            raise LogBehind(found.text)

    def _named(self) -> Named:
        state, losses = self._state, tuple(self._state.losses)
        origin, before, retired = log_origin(state.installation), facts_before_acceptance(state), retired_keys(state)
        return Named(origin, losses, entries(state.erased, losses), before, state.seq, retired, state.cut)

    def sign(self) -> str | None:
        """Sign the log's heads and write them out; say in a line why that cannot be done now, or None (AUD-02)."""
        try:
            found = self.trouble()
            if found is not None or self._witness is None:
                return None if found is None else found.text
            return self._witness.export(self._named())
        except UntrustedCheckpoint as error:
            self._whole = False
            return str(error)
        except LogError as error:
            return str(error)

    def where_to_cut(self, after: int, near: int, last: int) -> Checkpoint | None:
        """Return the checkpoint up to which observations are cut; as `Witness.where_to_cut`."""
        with self._lock:
            return None if self._witness is None else self._witness.where_to_cut(self._named(), after, near, last)

    def _sign_withdrawal(self, done: Done) -> None:
        """AUD-02: no later loss of the newest facts hides a withdrawal. It stands, whether or not that works."""
        kinds = {type(fact.event) for fact in done.facts}
        if self._witness is None or not kinds & (TAKING | MAY_TAKE) or not (self._whole or e.LossAccepted in kinds):
            return
        for fact in done.facts:
            if isinstance(fact.event, e.LossAccepted):
                self._witness.accepted(fact.event.epoch)
        problem = self.sign()
        if problem is not None:
            _LOGGER.error("the head after `%d` was not signed, the schedule tries again: %s", self._state.seq, problem)

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
        with self.reading():
            pass
        past = State()
        for fact in self._store.facts_since(0):
            if fact.at > at:
                break
            take(past, fact)
        return past

    def handle(self, command: Command, actor: Actor, beside: Beside | None = None) -> Done | Refusal:
        """Carry a command out, or say why not; a refusal is observed. `beside` changes records in the same append."""
        with self._lock:
            outcome = self._append(command, actor, beside)
        if isinstance(outcome, Refusal):
            self.refused(actor, name_of(type(command)), outcome.code)
        else:
            self._sign_withdrawal(outcome)
        return outcome

    def _other_loss(self, command: Command, outcome: Outcome) -> Refusal | None:
        """Refuse to accept a loss that is none, or not the one that the checkpoints show; the handler knows neither."""
        if self._witness is None or isinstance(outcome, Refusal):
            return None
        wanted = [one for one in (command, *outcome) if isinstance(one, AcceptLoss | e.LossAccepted)]
        found = self._look() if wanted else None
        if all(found is not None and found.gap == _gap(one) for one in wanted):
            return None
        text = "the log holds all that was signed" if found is None else f"this is not the loss: {found.text}"
        return Refusal(RefusalCode.WRONG_STATE, text)

    def clock_trouble(self) -> ClockTrouble | None:
        """Return what is wrong with the time, if anything; then only what takes access away goes through (FLT-12)."""
        return None if self._watch is None else self._watch.trouble(self._known())

    def _untimely(self, outcome: Outcome) -> Refusal | None:
        """Refuse what may widen access while the time cannot be told; withdrawals go through (FLT-12, MFA-14)."""
        if isinstance(outcome, Refusal) or all(type(event) in TAKING for event in outcome):
            return None
        trouble = self.clock_trouble()
        return None if trouble is None else Refusal(RefusalCode.CLOCK_JUMPED, trouble.text)

    def _append(self, command: Command, actor: Actor, beside: Beside | None) -> Done | Refusal:
        for _ in range(_TRIES):
            self._refresh()
            if not self._whole and not leads_out(self._state, command):
                self._be_whole()
            try:
                return self._append_once(command, actor, beside)
            except StaleState:
                continue
        raise LogUnavailable("the log moved on faster than this command could be decided; try again")

    def _append_once(self, command: Command, actor: Actor, beside: Beside | None) -> Done | Refusal:
        def build(at: datetime) -> list[tuple[Actor, e.FactEvent]]:
            outcome = handle(self._state, command, actor, at)
            outcome = unknown_kind(outcome, self._state.format) or self._untimely(outcome) or outcome
            outcome = self._other_loss(command, outcome) or outcome
            if isinstance(outcome, Refusal):
                raise _Refused(outcome)
            return [(actor, event) for event in outcome]

        try:
            facts = self._store.append(self._state.seq, build, beside, self._state.format)
        except _Refused as refused:
            return refused.refusal
        for fact in facts:
            fold(self._state, fact)
            self._listener(self._state, fact)
        return Done(tuple(facts))

    def refused(self, actor: Actor, command: str, code: str) -> None:
        """Record that a command was refused, unless the actor left too many such rows already."""
        more = self._refusals.counted(str(actor), command, self.now())
        if more is not None:
            self.observe(actor, e.CommandRefused(command=command, code=code, more=more))

    def observe(self, actor: Actor, event: e.ObservationEvent, beside: Beside | None = None) -> None:
        """Record an observation, in the form that the log has. `beside` changes records in the same append."""
        self._store.observe(actor, event, self._format(), beside)

    def _format(self) -> int:
        """Return the log's format as far as it is known: an older form can be read in a later log, too."""
        if self._state.seq == 0:
            with self._lock:
                self._refresh()
        return self._state.format

    def _refresh(self) -> None:
        if self._state.seq == 0:
            self._observed = self._store.observation_head().at
        for fact in self._store.facts_since(self._state.seq):
            take(self._state, fact)
            self._listener(self._state, fact)
        if self._state.holds_erased:
            self._state = self._folded()

    def follow(self, listener: Listener) -> None:
        """Let somebody look at every fact as it is taken in, also where the log is behind what was signed."""
        with self._lock:
            self._listener, self._state = listener, State()

    def _folded(self) -> State:
        """Return the state folded anew, now that texts were erased which this one still holds (E50)."""
        state = State()
        for fact in self._store.facts_since(0):
            take(state, fact)
        return state


def _gap(one: AcceptLoss | e.LossAccepted) -> Gap:
    return Gap(one.kept, one.lost, one.epoch, one.observations)


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

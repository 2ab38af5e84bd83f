"""A person's second factor at the hub: which step waits, a new secret at enrolment, and a code's answer (S17, S76).

The rules about a code stand in `second_factor.py`, and secrets and counts in the records; a factor counts only where a
fact names it. Knows nothing of HTTP.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from access_policy.commands.base import Refusal
from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Factor, PendingKind, PendingLogin, Records
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Policy
from hub_config.login.second_factor import LONGEST_RUN, Throttle, matching_step, read_code
from hub_config.login.sessions import HUB

PENDING_TIME = timedelta(minutes=5)
"""How long a half-finished login waits for its second factor."""


class Answer(StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"
    SHUT = "shut"
    GONE = "gone"


class SecondFactors:
    """All second factors of one installation; one for the process. `new_secret` gives a random base-32 secret."""

    def __init__(self, policy: Policy, throttle: Throttle, new_secret: Callable[[], str]) -> None:
        self._policy = policy
        self._throttle = throttle
        self._new_secret = new_secret

    def asked(self, pending: PendingLogin) -> FactorId | None:
        """Return which factor a half-finished login asks for; None where there is none to ask for."""
        factor = self._asked_for(pending)
        return None if factor is None else factor.factor

    def next_step(self, person: PersonId) -> PendingKind:
        """Return what a person's login waits for: a code, or the proof of a first factor."""
        with self._policy.reading_behind() as state:
            return PendingKind.LOGIN if state.people[person].factors else PendingKind.ENROL

    def offer(self, pending: PendingLogin) -> str | None:
        """Make a new secret for an enrolment, in place of the one shown before (MFA-13); None: there is a factor."""
        if pending.kind is not PendingKind.ENROL or self.next_step(pending.person) is not PendingKind.ENROL:
            return None
        secret, records = self._new_secret(), self._policy.records
        self._forget_unnamed(pending)
        records.delete_factor(_offered(pending))
        records.save_pending_factor(_offered(pending), pending.person, FactorKind.TOTP, secret, self._policy.now())
        return secret

    def prove(self, pending: PendingLogin, typed: str) -> Answer:
        """Answer a typed code. A wrong one counts for the person, whatever browser it came from (MFA-05)."""
        factor = self._asked_for(pending)
        if factor is None:
            return Answer.GONE if pending.kind is PendingKind.ENROL else Answer.SHUT
        if factor.failures >= LONGEST_RUN:
            return Answer.SHUT
        at = self._policy.now()
        if self._throttle.closed_until(pending.person, at) is not None:
            return Answer.WAIT
        code = read_code(typed)
        if code is None:
            return Answer.WRONG
        secret = self._policy.records.factor_secret(factor.factor)
        step = None if secret is None else matching_step(secret, code, at)
        if step is None:
            return self._wrong(factor)
        return self._accept(pending, factor, step)

    def _accept(self, pending: PendingLogin, factor: Factor, step: int) -> Answer:
        if pending.kind is PendingKind.ENROL:
            answer = self._enrol(factor, step)
        else:
            answer = Answer.RIGHT if self._policy.records.accept_step(factor.factor, step) else self._wrong(factor)
        if answer is Answer.RIGHT:
            self._throttle.right(pending.person)
        return answer

    def _enrol(self, factor: Factor, step: int) -> Answer:
        """The fact, the activation and the used step in one append, or nothing of it."""

        def activate(records: Records) -> None:
            if not (records.activate_factor(factor.factor) and records.accept_step(factor.factor, step)):
                raise _GoneError

        command = EnrolFactor(person=factor.person, factor=factor.factor, kind=factor.kind)
        try:
            outcome = self._policy.handle(command, HUB, activate)
        except _GoneError:
            return Answer.GONE
        return Answer.GONE if isinstance(outcome, Refusal) else Answer.RIGHT

    def _wrong(self, factor: Factor) -> Answer:
        self._throttle.wrong(factor.person, self._policy.now())
        run = self._policy.records.count_failure(factor.factor)
        return Answer.SHUT if run >= LONGEST_RUN else Answer.WRONG

    def _asked_for(self, pending: PendingLogin) -> Factor | None:
        with self._policy.reading_behind() as state:
            named = set(state.people[pending.person].factors)
        all_of_them = self._policy.records.factors_of(pending.person)
        factors = [one for one in all_of_them if one.kind is FactorKind.TOTP]
        if pending.kind is PendingKind.ENROL:
            mine = (one for one in factors if one.pending and one.factor == _offered(pending) and not named)
        else:
            mine = (one for one in factors if not one.pending and one.factor in named)
        return next(mine, None)

    def _forget_unnamed(self, pending: PendingLogin) -> None:
        """Delete what resets, and enrolments that were never finished, left behind."""
        for factor in self._policy.records.factors_of(pending.person):
            if not factor.pending or factor.enrolled_at + PENDING_TIME <= self._policy.now():
                self._policy.records.delete_factor(factor.factor)


class _GoneError(Exception):
    """The offered factor was replaced or used meanwhile."""


def _offered(pending: PendingLogin) -> FactorId:
    """The id of the factor that this one half-finished login was offered: no other browser can prove it (MFA-13)."""
    return FactorId(f"totp-{pending.nonce[:32]}")

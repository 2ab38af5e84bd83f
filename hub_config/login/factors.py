"""A person's second factors at the hub: which step waits, a new secret at enrolment, and a code's answer (S17, S76).

The rules about a code stand in `second_factor.py`, and secrets and counts in the records; a factor counts only where a
fact names it. Passkeys are answered in `passkeys.py`. Knows nothing of HTTP.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum

import msgspec

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.confirmation import RedeemConfirmationCode
from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Factor, PendingKind, PendingLogin, Records
from access_policy.model.codes import digest_of, normal_code
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Policy
from hub_config.login.second_factor import Throttle, longest_run, matching_step, read_code
from hub_config.login.sessions import HUB

PENDING_TIME = timedelta(minutes=5)
"""How long a half-finished login waits for its second factor."""

CODES = frozenset({FactorKind.TOTP, FactorKind.RECOVERY})
"""The kinds that are typed."""


class Answer(StrEnum):
    """What became of a code, or of a passkey (`PASSKEY`: it was not right)."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"
    SHUT = "shut"
    GONE = "gone"
    PASSKEY = "passkey"


class Result(msgspec.Struct, frozen=True):
    """What became of a code or a passkey, and which factor was given where it was right; `why` is for the evidence."""

    answer: Answer
    factor: FactorId = FactorId("")
    kind: FactorKind = FactorKind.TOTP
    why: str = ""

    @property
    def told(self) -> str:
        """What the evidence of a refused login says of it."""
        return f"{self.answer}_{self.why}" if self.why else self.answer.value


class SecondFactors:
    """All second factors of one installation; one for the process. `new_secret` gives a random base-32 secret."""

    def __init__(self, policy: Policy, throttle: Throttle, new_secret: Callable[[], str]) -> None:
        self._policy = policy
        self._throttle = throttle
        self.new_secret = new_secret

    def next_step(self, person: PersonId) -> PendingKind:
        """Return what a person's login waits for: a factor of theirs, or the proof of a first one."""
        with self._policy.reading_behind() as state:
            return PendingKind.LOGIN if state.people[person].factors else PendingKind.ENROL

    def standing(self, person: PersonId) -> list[Factor]:
        """Return the factors of a person that facts name and that were proved, oldest first."""
        with self._policy.reading_behind() as state:
            named = set(state.people[person].factors)
        return [one for one in self._policy.records.factors_of(person) if not one.pending and one.factor in named]

    def offer(self, pending: PendingLogin) -> str | None:
        """Make a new secret for an enrolment, in place of the one shown before (MFA-13); None: there is a factor."""
        if pending.kind is not PendingKind.ENROL or self.next_step(pending.person) is not PendingKind.ENROL:
            return None
        self._forget_unnamed(pending.person)
        return self.offer_as(offered(pending.nonce), pending.person)

    def offer_as(self, factor: FactorId, person: PersonId) -> str:
        """Make a new secret under an id of the caller's, in place of the one shown before."""
        secret, records = self.new_secret(), self._policy.records
        records.delete_factor(factor)
        records.save_pending_factor(factor, person, FactorKind.TOTP, secret, self._policy.now())
        return secret

    def forget_unfinished(self, person: PersonId) -> None:
        """Delete the enrolments of a person that were begun and never finished."""
        for factor in self._policy.records.factors_of(person):
            if factor.pending and factor.enrolled_at + PENDING_TIME <= self._policy.now():
                self._policy.records.delete_factor(factor.factor)

    def prove(self, pending: PendingLogin, typed: str) -> Result:
        """Answer a typed code. A wrong one counts for the person, whatever browser it came from (MFA-05)."""
        if pending.kind is PendingKind.ENROL:
            if self.next_step(pending.person) is not PendingKind.ENROL:
                return Result(Answer.GONE)
            command = EnrolFactor(person=pending.person, factor=offered(pending.nonce), kind=FactorKind.TOTP)
            return self.prove_new(command, typed, lambda _: True)
        return self.prove_any(pending.person, typed, self.standing(pending.person))

    def prove_any(self, person: PersonId, typed: str, among: Iterable[Factor]) -> Result:
        """Answer a code that may be of any of these factors of a person; a right one counts once (MFA-01, MFA-12)."""
        factors = [one for one in among if one.kind in CODES]
        most = longest_run(sum(one.kind is FactorKind.TOTP for one in factors))
        open_ones = [one for one in factors if one.failures < most]
        if not open_ones:
            return Result(Answer.SHUT)
        if self._throttle.closed_until(person, self._policy.now()) is not None:
            return Result(Answer.WAIT)
        kind = _kind_of(typed)
        meant = [one for one in open_ones if one.kind is kind]
        if not meant and any(one.kind is kind for one in factors):
            return Result(Answer.SHUT)
        for factor in meant:
            if self._is_right(factor, typed):
                self._throttle.right(person)
                for other in meant:  # what was typed wrong counted against each that it could have been of
                    self._policy.records.forget_failures(other.factor)
                return Result(Answer.RIGHT, factor.factor, factor.kind)
        return self._wrong(person, meant, most)

    def prove_new(self, command: EnrolFactor, typed: str, beside: Callable[[Records], bool]) -> Result:
        """Answer the first code of an offered factor: the fact, the activation and the used step, or nothing of it.

        `beside` does what else belongs to it, and says whether that was possible.
        """
        person, at = command.person, self._policy.now()
        mine = (one for one in self._policy.records.factors_of(person) if one.factor == command.factor and one.pending)
        factor = next(mine, None)
        if factor is None:
            return Result(Answer.GONE)
        if self._throttle.closed_until(person, at) is not None:
            return Result(Answer.WAIT)
        code, secret = read_code(typed), self._policy.records.factor_secret(factor.factor)
        step = matching_step(secret, code, at) if secret is not None and code is not None else None
        if step is None:
            return self._wrong(person, [factor] if code is not None else [], longest_run(1))

        def activate(records: Records) -> bool:
            return records.accept_step(factor.factor, step, at) and beside(records)

        if not self.enrol(command, activate):
            return Result(Answer.GONE)
        self._throttle.right(person)
        return Result(Answer.RIGHT, factor.factor, factor.kind)

    def enrol(self, command: EnrolFactor, beside: Callable[[Records], bool]) -> bool:
        """Leave the fact of a factor whose proof was right; say whether it, and all that belongs to it, was possible.

        A set of recovery codes that stands is replaced by itself.
        """

        def activate(records: Records) -> None:
            new = records.activate_factor(FactorId(command.factor)) or command.kind is FactorKind.RECOVERY
            if not (new and beside(records)):
                raise _GoneError

        try:
            return not isinstance(self._policy.handle(command, HUB, activate), Refusal)
        except _GoneError:
            return False

    def redeem(self, command: RedeemConfirmationCode, actor: Actor) -> Result:
        """Answer a code that a verifier handed over; a wrong one slows its person down as any other does (MFA-05).

        What is over, was used, or never was a code gets one answer.
        """
        person, at = PersonId(command.person), self._policy.now()
        if self._throttle.closed_until(person, at) is not None:
            return Result(Answer.WAIT)
        if len(command.code) > _LONGEST_TYPED or normal_code(command.code) is None:
            return Result(Answer.WRONG)
        outcome = self._policy.handle(command, actor)
        if not isinstance(outcome, Refusal):
            self._throttle.right(person)
            return Result(Answer.RIGHT, FactorId(command.factor))
        if outcome.code != RefusalCode.NOT_ALLOWED_VALUE:
            return Result(Answer.GONE, why=outcome.text)
        self._throttle.wrong(person, at)
        return Result(Answer.WRONG)

    def _is_right(self, factor: Factor, typed: str) -> bool:
        records, at = self._policy.records, self._policy.now()
        if factor.kind is FactorKind.RECOVERY:
            return records.accept_recovery_code(factor.factor, digest_of(normal_code(typed) or ""), at)
        secret = records.factor_secret(factor.factor)
        step = None if secret is None else matching_step(secret, read_code(typed) or "", at)
        return step is not None and records.accept_step(factor.factor, step, at)

    def _wrong(self, person: PersonId, meant: list[Factor], most: int) -> Result:
        """A code counts against each factor that it could have been of; what has no code's form counts for nothing."""
        at = self._policy.now()
        if not meant:
            return Result(Answer.WRONG)
        self._throttle.wrong(person, at)
        runs = [self._policy.records.count_failure(factor.factor, at) for factor in meant]
        return Result(Answer.SHUT if min(runs) >= most else Answer.WRONG)

    def _forget_unnamed(self, person: PersonId) -> None:
        """Delete what resets, and enrolments that were never finished, left behind."""
        for factor in self._policy.records.factors_of(person):
            if not factor.pending or factor.enrolled_at + PENDING_TIME <= self._policy.now():
                self._policy.records.delete_factor(factor.factor)


class _GoneError(Exception):
    """The offered factor was replaced or used meanwhile."""


def offered(digest: str) -> FactorId:
    """The id of the factor that one half-finished login, or step-up, was offered: no other can prove it (MFA-13)."""
    return FactorId(f"totp-{digest[:32]}")


def _kind_of(typed: str) -> FactorKind | None:
    """Return what a typed text could be: a code of an app, a recovery code, or nothing (MFA-10)."""
    if read_code(typed) is not None:
        return FactorKind.TOTP
    return FactorKind.RECOVERY if len(typed) <= _LONGEST_TYPED and normal_code(typed) is not None else None


_LONGEST_TYPED = 60

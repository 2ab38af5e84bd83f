"""Who a person is and that they log in with two factors: verification, and the second factor (S17, S73, S76, E26)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Line, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.roles import is_admin
from access_policy.model.enums import Assurance, FactorKind, VerificationMethod
from access_policy.model.ids import FactorId
from access_policy.model.instants import days, format_instant
from access_policy.state import Person, State, Verification

LONGEST_VERIFICATION_DAYS = 731


class VerifyPerson(OfPerson, frozen=True, kw_only=True):
    """Record that you checked who the person is. Good until `until`, at most two years.

    `factors` are second factors of theirs that you looked at with them: these count from now on.
    """

    method: VerificationMethod
    until: Instant
    assurance: Assurance = Assurance.SUBSTANTIAL
    factors: tuple[Line, ...] = ()


class WithdrawVerification(OfPerson, frozen=True, kw_only=True):
    """Take a verification back."""

    reason: Text


class EnrolFactor(OfPerson, frozen=True, kw_only=True):
    """Record a second factor that the person has just proved to hold. Only the login does this."""

    factor: Line
    kind: FactorKind


class ConfirmFactor(OfPerson, frozen=True, kw_only=True):
    """Confirm that you checked with the person that the factor is theirs. Only the one who verified them can."""

    factor: Line


class ResetFactors(OfPerson, frozen=True, kw_only=True):
    """Take all second factors of a person away; another admin confirms. Sessions and workspaces end."""


def verify_person(state: State, c: VerifyPerson, actor: Actor, at: datetime) -> Outcome:
    """S73, S76, E26: with a method, a level and an end date; the factors that were looked at count from now on.

    REQ-02: by another admin than who linked the login identity, so that no single one makes up a person who gets in.
    """
    person = state.people[c.person]
    if actor.person in person.linked_by:
        text = f"you linked the login identity of `{c.person}`; another admin verifies them"
        return Refusal(RefusalCode.FOUR_EYES, text)
    problem = _weaker(person.verification, c, at) or _proof_problem(person, c)
    if problem is not None:
        return problem
    factors = tuple(FactorId(factor) for factor in dict.fromkeys(c.factors))
    return (
        e.PersonVerified(person=c.person, method=c.method, until=c.until, assurance=c.assurance, factors=factors),
        *[
            e.FactorConfirmed(person=c.person, factor=factor)
            for factor in factors
            if person.factors[factor].confirmed is None
        ],
    )


def _weaker(present: Verification | None, c: VerifyPerson, at: datetime) -> Refusal | None:
    """REQ-11, E26: bounded, and never shorter or less sure than the one in force: taking that back is its own step."""
    until = c.until
    if not at < until <= at + days(LONGEST_VERIFICATION_DAYS):
        text = f"`until` lies between now and {LONGEST_VERIFICATION_DAYS} days on"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if present is not None and until < present.until:
        text = f"the verification in force ends later, at `{format_instant(present.until)}`; withdraw it first"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    levels = list(Assurance)
    if present is not None and at < present.until and levels.index(c.assurance) < levels.index(present.assurance):
        text = f"the verification in force is `{present.assurance}`, which `{c.assurance}` is below; withdraw it first"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _proof_problem(person: Person, c: VerifyPerson) -> Refusal | None:
    """E26: the highest level needs the person in the room; and nobody looked at a factor that is not there."""
    if c.assurance is Assurance.HIGH and c.method is not VerificationMethod.IN_PERSON:
        text = f"`{c.method}` gives `{Assurance.SUBSTANTIAL}` at most; `{Assurance.HIGH}` needs the person in the room"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    missing = [factor for factor in c.factors if FactorId(factor) not in person.factors]
    if missing:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no factor `{missing[0]}`")
    return None


def withdraw_verification(state: State, c: WithdrawVerification, actor: Actor, at: datetime) -> Outcome:
    """S73."""
    if state.people[c.person].verification is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is not verified")
    return (e.VerificationWithdrawn(person=c.person, reason=c.reason),)


def enrol_factor(state: State, c: EnrolFactor, actor: Actor, at: datetime) -> Outcome:
    """S17: one factor of a kind until it is reset."""
    if state.people[c.person].factors:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` has a second factor; an admin can reset it")
    return (e.FactorEnrolled(person=c.person, factor=FactorId(c.factor), kind=c.kind),)


def confirm_factor(state: State, c: ConfirmFactor, actor: Actor, at: datetime) -> Outcome:
    """S76: a first factor, or one after a reset, counts only once the verifier, still an admin, confirmed it."""
    verifier = state.people.get(actor.person) if actor.person is not None else None
    if verifier is None or not is_admin(verifier, at):
        return Refusal(RefusalCode.NOT_PERMITTED, "who verifies people is an admin; another admin verifies again first")
    factor = state.people[c.person].factors.get(FactorId(c.factor))
    if factor is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no such factor")
    if factor.confirmed is not None:
        return Refusal(RefusalCode.WRONG_STATE, "the factor is confirmed already")
    return (e.FactorConfirmed(person=c.person, factor=FactorId(c.factor)),)


def reset_factors(state: State, c: ResetFactors, actor: Actor, at: datetime) -> Outcome:
    """S76: a lost factor is taken away; the next one needs the verifier again."""
    if not state.people[c.person].factors:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no factor")
    return (e.FactorsReset(person=c.person),)

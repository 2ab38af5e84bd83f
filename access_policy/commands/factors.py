"""Who a person is and that they log in with two factors: verification, and the second factors (S17, S73, S76, E26).

The codes by which a verifier lets a factor count from afar stand in `confirmation.py`.
"""

from collections.abc import Mapping
from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Line, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.roles import is_admin
from access_policy.model.enums import Assurance, FactorKind, Role, VerificationMethod
from access_policy.model.factors import MOST_OF_KIND
from access_policy.model.ids import FactorId, PersonId
from access_policy.model.instants import days, format_instant
from access_policy.standing import acts_as, signing_at
from access_policy.state import Factor, Person, State, Verification

LONGEST_VERIFICATION_DAYS = 731
NO_VERIFIER = "who verified this person may do so no more; somebody who may verifies them again first"


class VerifyPerson(OfPerson, frozen=True, kw_only=True):
    """Record that you checked who the person is. Good until `until`, at most two years.

    `factors` are second factors of theirs that you looked at with them: these count from now on. `evidence` is what
    the verification rests on.
    """

    method: VerificationMethod
    until: Instant
    evidence: Text
    assurance: Assurance = Assurance.SUBSTANTIAL
    factors: tuple[Line, ...] = ()


class WithdrawVerification(OfPerson, frozen=True, kw_only=True):
    """Take a verification back."""

    reason: Text


class EnrolFactor(OfPerson, frozen=True, kw_only=True):
    """Record a second factor that the person has just proved to hold. Only the login does this.

    `vouched_by` is the one that they gave for it just now: where that one counts, this one does, too.
    """

    factor: Line
    kind: FactorKind
    vouched_by: Line | None = None


class RemoveFactor(OfPerson, frozen=True, kw_only=True):
    """Take one of your second factors away, but not the last. Sessions that began with it end."""

    factor: Line


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
    problem = _as_signatory(state, c, actor, at) or _weaker(person.verification, c, at) or _proof_problem(person, c)
    if problem is not None:
        return problem
    factors = tuple(FactorId(factor) for factor in dict.fromkeys(c.factors))
    return (
        e.PersonVerified(
            person=c.person, method=c.method, until=c.until, assurance=c.assurance, factors=factors,
            evidence=c.evidence,
        ),
        *[
            e.FactorConfirmed(person=c.person, factor=factor)
            for factor in factors
            if person.factors[factor].confirmed is None
        ],
    )  # fmt: skip


def _as_signatory(state: State, c: VerifyPerson, actor: Actor, at: datetime) -> Refusal | None:
    """S73, E26: who signs for an institution verifies its people, and never to the highest level."""
    if c.assurance is Assurance.HIGH and not acts_as(state, actor.person, Role.ADMIN, at):
        text = f"an admin verifies to `{Assurance.HIGH}`; who signs for an institution to `{Assurance.SUBSTANTIAL}`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


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
    """S17, MFA-08: the first one of a person; another one only where one of theirs was given for it.

    What the provider proved by itself needs none: it counts once it is confirmed. Recovery codes made anew take the
    place of those that stand, and another factor vouches for them (MFA-12).
    """
    factors = state.people[c.person].factors
    problem = _vouching(c, factors) or _one_more(c, factors)
    if problem is not None:
        return problem
    vouched_by = FactorId(c.vouched_by or "")
    return (e.FactorEnrolled(person=c.person, factor=FactorId(c.factor), kind=c.kind, vouched_by=vouched_by),)


def _vouching(c: EnrolFactor, factors: Mapping[FactorId, Factor]) -> Refusal | None:
    if c.vouched_by is not None and FactorId(c.vouched_by) not in factors:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no factor `{c.vouched_by}` that could vouch for it")
    if factors and c.vouched_by is None and c.kind is not FactorKind.PROVIDER:
        text = f"`{c.person}` has a second factor; they give it first, or an admin resets it"
        return Refusal(RefusalCode.ALREADY_EXISTS, text)
    if not factors and c.kind is FactorKind.RECOVERY:
        return Refusal(RefusalCode.WRONG_STATE, "recovery codes stand in for another factor; enrol that one first")
    return None


def _one_more(c: EnrolFactor, factors: Mapping[FactorId, Factor]) -> Refusal | None:
    """REQ-14: each once, and not too many of a kind."""
    stands = factors.get(FactorId(c.factor))
    if stands is not None and c.kind is stands.kind is FactorKind.RECOVERY and c.vouched_by != c.factor:
        return None
    if stands is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` has the factor `{c.factor}` already")
    if sum(one.kind is c.kind for one in factors.values()) >= MOST_OF_KIND[c.kind]:
        text = f"`{c.person}` has {MOST_OF_KIND[c.kind]} factors of the kind `{c.kind}`; remove one of them first"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def remove_factor(state: State, c: RemoveFactor, actor: Actor, at: datetime) -> Outcome:
    """S17, S76: one's own, but not the last that is more than recovery codes: a lost one is reset by two admins."""
    factors = state.people[c.person].factors
    if FactorId(c.factor) not in factors:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no factor `{c.factor}`")
    rest = [one for factor, one in factors.items() if factor != FactorId(c.factor)]
    if not any(one.kind is not FactorKind.RECOVERY for one in rest):
        return Refusal(RefusalCode.WRONG_STATE, "this is your last factor; enrol another one first")
    if any(one.confirmed is not None for one in factors.values()) and all(one.confirmed is None for one in rest):
        return Refusal(RefusalCode.WRONG_STATE, "this is your last factor that is confirmed; let another one be first")
    return (e.FactorRemoved(person=c.person, factor=FactorId(c.factor)),)


def confirm_factor(state: State, c: ConfirmFactor, actor: Actor, at: datetime) -> Outcome:
    """S76: a first factor, or one after a reset, counts only once the verifier, still one who may, confirmed it."""
    if not may_verify(state, c.person, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, NO_VERIFIER)
    factor = state.people[c.person].factors.get(FactorId(c.factor))
    if factor is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no such factor")
    if factor.confirmed is not None:
        return Refusal(RefusalCode.WRONG_STATE, "the factor is confirmed already")
    return (e.FactorConfirmed(person=c.person, factor=FactorId(c.factor)),)


def may_verify(state: State, person: PersonId, verifier: PersonId | None, at: datetime) -> bool:
    """Say whether somebody may verify a person at `at`: an admin, or who signs for where the person works (S73)."""
    found = state.people.get(verifier) if verifier is not None else None
    if found is None or found.person == person:
        return False
    return is_admin(found, at) or state.people[person].institution in signing_at(state, found.person, at)


def reset_factors(state: State, c: ResetFactors, actor: Actor, at: datetime) -> Outcome:
    """S76: a lost factor is taken away; the next one needs the verifier again."""
    if not state.people[c.person].factors:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no factor")
    return (e.FactorsReset(person=c.person),)

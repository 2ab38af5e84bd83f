"""Codes by which a verifier lets a person's second factor count from afar: handed over, given back once (S76).

The verifier looks at who takes the code, and the person gives it under a login with the factor that it is to confirm.
The code is made where it is shown; the log knows its digest until it is spent.
"""

import hmac
from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Digest, Line, OfPerson, Outcome, Refusal, RefusalCode
from access_policy.commands.factors import NO_VERIFIER, may_verify
from access_policy.model.codes import digest_of, normal_code
from access_policy.model.ids import FactorId
from access_policy.model.instants import days
from access_policy.state import Person, State

CODE_HOLDS = days(7)
"""How long a code can be given, half-open."""


class IssueConfirmationCode(OfPerson, frozen=True, kw_only=True):
    """Have a code to hand over to a person whom you verified: with it they confirm a second factor, within a week.

    `digest` is the SHA-256 of the code. The newest code counts, once.
    """

    digest: Digest


class RedeemConfirmationCode(OfPerson, frozen=True, kw_only=True):
    """Give the code that your verifier handed over to you, so that this second factor of yours counts."""

    factor: Line
    code: Line


def issue_confirmation_code(state: State, c: IssueConfirmationCode, actor: Actor, at: datetime) -> Outcome:
    """S76: by the verifier, still one who may; a digest that was given before is no new code."""
    if not may_verify(state, c.person, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, NO_VERIFIER)
    before = state.people[c.person].confirmation
    if before is not None and before.digest == c.digest:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this code was issued already; make a new one")
    return (e.ConfirmationCodeIssued(person=c.person, digest=c.digest, until=at + CODE_HOLDS),)


def redeem_confirmation_code(state: State, c: RedeemConfirmationCode, actor: Actor, at: datetime) -> Outcome:
    """S76, MFA-10: the newest code, once, in its week; it goes with a reset and with the verification it rests on."""
    person, code = state.people[c.person], normal_code(c.code)
    factor = person.factors.get(FactorId(c.factor))
    if factor is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no factor `{c.factor}`")
    if factor.confirmed is not None:
        return Refusal(RefusalCode.WRONG_STATE, "the factor is confirmed already")
    if code is None or not _opens(state, person, code, at):
        text = "this is not the newest code, or its time is over; ask your verifier for another one"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return (e.ConfirmationCodeRedeemed(person=c.person, factor=FactorId(c.factor), code=code),)


def _opens(state: State, person: Person, code: str, at: datetime) -> bool:
    """Say whether a code is the open one, of the one who verified the person and still may."""
    issued, verification = person.confirmation, person.verification
    if issued is None or verification is None or at >= issued.until or issued.by != verification.by:
        return False
    return may_verify(state, person.person, issued.by, at) and hmac.compare_digest(digest_of(code), issued.digest)

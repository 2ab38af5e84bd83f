"""Who is too close to a request to look at it or to decide on it (S20), and who has no part in any (S92)."""

from collections.abc import Iterable
from datetime import datetime

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import Role
from access_policy.model.ids import CENTRE, PersonId
from access_policy.state import Request, State


def has_tie(state: State, request: Request, person: PersonId | None) -> bool:
    """Say whether a person has a tie to a request: works where it comes from, takes part in it, or declared one (S20).

    Who took part once, as a contact or as one who signed, has it for good.

    Nobody known has a tie as well: when in doubt, no.
    """
    found = state.people.get(person) if person is not None else None
    if found is None:
        return True
    where = {request.institution, *request.entities} - {None}
    return _tie_of_their_own(state, request, found.person) or found.institution in where


def _tie_of_their_own(state: State, request: Request, person: PersonId) -> bool:
    once = person in request.contacts_removed or person in request.conflicts
    return once or takes_part(state, request, person)


def too_close_to_hand_out(state: State, request: Request, person: PersonId | None) -> bool:
    """Say whether a person has a tie that keeps them from handing data out for a request (S20, E11).

    Every steward works at the centre: that it takes part itself is no tie of theirs, or nobody could hand it data.
    """
    found = state.people.get(person) if person is not None else None
    if found is not None and found.institution == CENTRE:
        return _tie_of_their_own(state, request, found.person)
    return has_tie(state, request, person)


def takes_part(state: State, request: Request, person: PersonId) -> bool:
    """Say whether a person applies, is or is asked to be a contact, signed for a party, or took an invitation up."""
    if person in {request.applicant, *request.contacts, *request.contacts_asked, *request.signed_by}:
        return True
    return request.request in state.requests_of.get(person, {}) and any(
        (one.person, one.request) == (person, request.request) for one in state.invitations.values()
    )


def reads_only(state: State, person: PersonId | None, at: datetime) -> Refusal | None:
    """S92, E56: an auditor reads; while the role lasts they ask for no data, get none and answer for none."""
    found = state.people.get(person) if person is not None else None
    if found is None or not any(one.role is Role.AUDITOR and one.holds(at) for one in found.appointments):
        return None
    return Refusal(RefusalCode.NOT_PERMITTED, f"`{person}` is an auditor, who reads only; end that role first")


def an_auditor_among(state: State, people: Iterable[PersonId], at: datetime) -> Refusal | None:
    """S92, E56: refuse a change that would give an auditor a part in a request."""
    return next((problem for one in people if (problem := reads_only(state, one, at)) is not None), None)


def assessed_it(request: Request, actor: Actor) -> Refusal | None:
    """Refuse who assessed the request: assessing and deciding are two people's work (S19, S20)."""
    if actor.person is None or actor.person != request.assessed_by:
        return None
    return Refusal(RefusalCode.FOUR_EYES, f"who assessed `{request.request}` does not decide on it; ask another member")


def tie(state: State, request: Request, actor: Actor) -> Refusal | None:
    """Refuse who has a tie to the request (S20)."""
    if not has_tie(state, request, actor.person):
        return None
    text = f"who has a tie to `{request.request}` or its organisations stays out of it; ask somebody without one"
    return Refusal(RefusalCode.FOUR_EYES, text)

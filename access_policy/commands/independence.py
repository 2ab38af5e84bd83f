"""Who is too close to a request to look at it or to decide on it (S20)."""

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.ids import PersonId
from access_policy.state import Request, State


def has_tie(state: State, request: Request, person: PersonId | None) -> bool:
    """Say whether a person has a tie to a request: works where it comes from, takes part in it, or declared one (S20).

    Nobody known has a tie as well: when in doubt, no.
    """
    found = state.people.get(person) if person is not None else None
    if found is None:
        return True
    involved = {request.applicant, *request.contacts, *request.contacts_removed, *request.conflicts}
    where = {request.institution, *request.entities} - {None}
    return found.person in involved or found.institution in where


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

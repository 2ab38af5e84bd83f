"""The clinical route: the central and the local investigator of a study approve, two distinct people (S48-S54)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Digest, Instant, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.commands.completeness import organisations
from access_policy.commands.conditions import another_form, applicant_gone, grounds_missing
from access_policy.commands.data import not_offered
from access_policy.commands.physician import is_physician
from access_policy.commands.terms import term_problem
from access_policy.model.enums import InvestigatorPlace, Route
from access_policy.model.ids import PersonId
from access_policy.model.instants import Term
from access_policy.standing import places_of
from access_policy.state import Request, State


class ApproveClinical(OfRequest, frozen=True, kw_only=True):
    """Approve a clinical request as central or local investigator of the study that its data come from.

    Both approve one and the same term.
    """

    begins: Instant
    ends: Instant
    digest: Digest


def approve_clinical(state: State, c: ApproveClinical, actor: Actor, at: datetime) -> Outcome:
    """S48-S51, S54: both investigators, neither the board nor a licence; the form that was read (REQ-04).

    REQ-10, S82: and only while all the data are offered. S9: nobody for whose own patient it is asked.
    S61: with its confirmations, where the organisation lies outside the EEA by now.
    """
    request = state.requests[c.request]
    if request.route is not Route.CLINICAL or actor.person is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is no clinical request; the board decides on it")
    if is_physician(state, request.form, actor.person):
        text = f"the treating physician of `{c.request}` does not approve it; another investigator is named first"
        return Refusal(RefusalCode.FOUR_EYES, text)
    place = _place(state, request, actor.person, at)
    if isinstance(place, Refusal):
        return place
    problem = (
        another_form(request, c.digest)
        or applicant_gone(state, request)
        or not_offered(state, tuple(request.datasets))
        or grounds_missing(state, request, at)
        or organisations(state, request, at)
        or _term(state, request, place, Term(c.begins, c.ends), at)
    )
    return problem or (
        e.InvestigatorApproved(request=c.request, place=place, person=actor.person, begins=c.begins, ends=c.ends),
    )


def standing_approvals(state: State, request: Request, at: datetime) -> dict[InvestigatorPlace, PersonId]:
    """Return which investigators approved and are still those of the study at `at` (S49, S50)."""
    given = request.investigators.items()
    return {place: person for place, person in given if place in places_of(state, request, person, at)}


def _place(state: State, request: Request, person: PersonId, at: datetime) -> InvestigatorPlace | Refusal:
    """Return as which investigator a person approves: one place for one person, even for who holds both."""
    approved = standing_approvals(state, request, at)
    held = places_of(state, request, person, at)
    free = [place for place in InvestigatorPlace if place in held - approved.keys()]
    if not free:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"you approved `{request.request}` already")
    if person in approved.values():
        return Refusal(RefusalCode.FOUR_EYES, "the central and the local investigator who approve are two people")
    return free[0]


def _term(state: State, request: Request, place: InvestigatorPlace, term: Term, at: datetime) -> Refusal | None:
    """S49, S50, REQ-11: the first term is bounded; the second approval is one of that same term."""
    others = request.investigators.keys() - {place}
    if not others:
        return term_problem(state, request, term, at)
    other = others.pop()
    if other not in standing_approvals(state, request, at):
        text = f"the {other} investigator who approved is it no more; the new one approves first"
        return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    if term != request.investigators_term or term.ends <= at:
        text = f"the {other} investigator approved another term, or it is over; approve the same one, or refuse"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None

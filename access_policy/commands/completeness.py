"""What keeps a completed form from being sent in: who signs it, its organisations, its data (S9, S18, S61, S92)."""

from datetime import datetime

from access_policy.clocks import COMPLETION_DAYS
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.independence import reads_only
from access_policy.model.enums import Confirmation, Regime
from access_policy.model.ids import PersonId
from access_policy.model.instants import days
from access_policy.model.jurisdictions import in_eea
from access_policy.standing import has_confirmed_factor
from access_policy.state import Entity, Request, State


def applicant_problem(state: State, request: Request, at: datetime) -> Refusal | None:
    """S18, S76: the identity of an applicant need not be proven; that it is they who sign has to be."""
    applicant = request.applicant or PersonId("")
    problem = reads_only(state, applicant, at)
    if problem is not None or has_confirmed_factor(state, applicant):
        return problem
    text = "who signs the form has a second factor that was confirmed with them; enrol one, and have it confirmed"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def unsound(state: State, request: Request, at: datetime) -> Refusal | None:
    """S9, E7, REQ-10: in time, by somebody who still works there, for data that are still offered."""
    completed_by = request.returned and request.returned + days(COMPLETION_DAYS)
    if request.regime is Regime.EHDS and completed_by is not None and at >= completed_by:
        text = f"the form came back more than {COMPLETION_DAYS} days ago; open a new request"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if state.people[request.applicant or PersonId("")].institution != request.institution:
        text = f"you do not work at `{request.institution}` any more; open a new request where you work now"
        return Refusal(RefusalCode.NOT_PERMITTED, text)
    gone = [name for name in request.datasets if not state.datasets[name].open]
    return not_offered(gone[0]) if gone else None


def organisations(state: State, request: Request, at: datetime) -> Refusal | None:
    """S61, S68, E59: each organisation of the request is in a state to ask for data."""
    problems = [_organisation(state, entity, at) for entity in request.entities.values()]
    return next((problem for problem in problems if problem is not None), None)


def _organisation(state: State, entity: Entity, at: datetime) -> Refusal | None:
    """S61, S68, E59: not shut out, and outside the EEA with every confirmation."""
    institution = state.institutions[entity.institution]
    if institution.excluded_at(at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"`{entity.institution}` is shut out for now; it cannot ask for data")
    missing = [one for one in Confirmation if one not in entity.confirmations]
    if missing and not in_eea(institution.country, at):
        text = f"`{entity.institution}` lies outside the EEA and has not confirmed: {', '.join(missing)}"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    return None


def not_offered(dataset: str) -> Refusal:
    """Return the one refusal of a dataset that is withdrawn, closed or unknown (POL-09, REQ-10)."""
    return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{dataset}` is offered")

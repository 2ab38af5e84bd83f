"""What has to hold before somebody decides or makes available: asked of the rules, never repeated here.

A rule looks at one person and one legal entity; these look at all entities of a request, or at one new contact.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import Action
from access_policy.model.ids import DatasetName, PersonId
from access_policy.reasons import REASONS
from access_policy.rules import parties, people, requests
from access_policy.rules.case import Case, Finding, Query, case_of
from access_policy.standing import applicant_left
from access_policy.state import Dataset, Request, State

Conditions = tuple[Callable[[Case], Finding], ...]

_GROUNDS: Conditions = (
    parties.country_not_eligible,
    parties.transfer_basis_missing,
    parties.transfer_basis_lapsed,
)
_LICENCES: Conditions = (parties.licence_not_signed, parties.licence_superseded)
_ACCOUNT: Conditions = (
    people.person_disabled,
    people.institution_not_trusted,
    people.organisation_excluded,
    people.email_not_institutional,
    people.person_not_verified,
    people.verification_expired,
    people.factor_missing,
    people.factor_not_confirmed,
    requests.contact_email_differs,
    requests.contact_moved,
)


def another_form(request: Request, digest: str) -> Refusal | None:
    """Refuse a decision on another form than the one that was signed and sent in (REQ-04)."""
    if digest == request.digest:
        return None
    return Refusal(RefusalCode.CHANGED_MEANWHILE, "the form is not the one that you read; read it again")


def grounds_missing(
    state: State, request: Request, at: datetime, added: tuple[DatasetName, ...] = ()
) -> Refusal | None:
    """Refuse a grant while the law of an organisation's country, or the ground for a transfer, stands in its way.

    S60, S101: basis and measures are recorded before a grant, and `none` is no grant. E13: an eligible country, also by
    the date that binds what is `added`. E59: nor while one of the organisations is shut out.
    """
    more = tuple(state.datasets[name] for name in added if name in state.datasets)
    return party_excluded(state, request, at) or _of_each_party(state, request, at, _GROUNDS, more)


def party_excluded(state: State, request: Request, at: datetime) -> Refusal | None:
    """Refuse more for a request while one of its organisations is shut out (E59)."""
    for name in request.entities:
        if state.institutions[name].excluded_at(at):
            return Refusal(RefusalCode.NOT_COMPLETE, f"`{name}` is shut out for now; it gets nothing more till then")
    return None


def not_running(request: Request, at: datetime) -> Refusal | None:
    """Refuse more for a grant while it is suspended (E58), and after its term (S39, S46)."""
    if request.suspended is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{request.request}` is suspended; it is reinstated or ended first")
    if request.term is not None and at >= request.term.ends:
        text = f"the term of `{request.request}` is over; it has to be asked for anew"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return None


def applicant_gone(state: State, request: Request) -> Refusal | None:
    """Refuse to decide for an applicant who left: nobody there answers for the form any more (S9, S23, S33)."""
    if not applicant_left(state, request):
        return None
    text = f"the applicant of `{request.request}` left `{request.institution}`; have it withdrawn, or refuse it"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def licences_missing(state: State, request: Request, at: datetime) -> Refusal | None:
    """Refuse to make data available before every organisation's licence is signed by all three parties (S23, S26)."""
    return _of_each_party(state, request, at, _LICENCES)


def account_missing(state: State, request: Request, person: PersonId, at: datetime) -> Refusal | None:
    """Refuse to make data available to a contact without a valid account, second factor and the named address (S38)."""
    return _first_failing(_case(state, request, person, at), _ACCOUNT, person)


def _of_each_party(
    state: State, request: Request, at: datetime, conditions: Conditions, more: tuple[Dataset, ...] = ()
) -> Refusal | None:
    case = _case(state, request, request.applicant or PersonId(""), at)
    case = msgspec.structs.replace(case, datasets=(*case.datasets, *more))
    for entity in request.entities.values():
        problem = _first_failing(msgspec.structs.replace(case, entity=entity), conditions, entity.institution)
        if problem is not None:
            return problem
    return None


def _case(state: State, request: Request, person: PersonId, at: datetime) -> Case:
    return case_of(state, Query(person, request.request, Action.OPEN_WORKSPACE, at))


def _first_failing(case: Case, conditions: Conditions, whom: str) -> Refusal | None:
    for condition in conditions:
        finding = condition(case)
        if not finding.holds:
            text = REASONS[finding.code]
            return Refusal(RefusalCode.NOT_COMPLETE, f"`{whom}`: {text.failing}; {text.next_step}")
    return None

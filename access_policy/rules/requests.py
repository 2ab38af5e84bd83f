"""Conditions on the request and on the person's part in it: approved, not ended, a contact, licensed, in its term."""

from access_policy.model.enums import RequestStatus
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, later

_REFUSED, _WITHDRAWN, _ENDED = RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED
_UNDECIDED = frozenset(
    {RequestStatus.INTAKE, RequestStatus.INVITED, RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED}
)


def request_not_approved(case: Case, code: ReasonCode = ReasonCode.REQUEST_NOT_APPROVED) -> Finding:
    """S22, S26, S49, S50: without the approval of the board, or of both investigators, there is no grant."""
    if case.request is None:
        return Finding(code, False)
    if case.request.status in _UNDECIDED:
        return Finding(code, False, case.request.opened)
    return Finding(code, True, case.request.approved or case.request.status_since)


def request_refused(case: Case, code: ReasonCode = ReasonCode.REQUEST_REFUSED) -> Finding:
    """S22: a refused request gives nothing."""
    return _not_in_status(case, code, _REFUSED)


def request_withdrawn(case: Case, code: ReasonCode = ReasonCode.REQUEST_WITHDRAWN) -> Finding:
    """S22: a request that the applicant took back gives nothing."""
    return _not_in_status(case, code, _WITHDRAWN)


def request_ended(case: Case, code: ReasonCode = ReasonCode.REQUEST_ENDED) -> Finding:
    """S94: the centre can end any grant at once."""
    return _not_in_status(case, code, _ENDED)


def _not_in_status(case: Case, code: ReasonCode, status: RequestStatus) -> Finding:
    if case.request is None:
        return Finding(code, False)
    if case.request.status is status:
        return Finding(code, False, case.request.status_since)
    return Finding(code, True, case.request.opened)


def request_suspended(case: Case, code: ReasonCode = ReasonCode.REQUEST_SUSPENDED) -> Finding:
    """E58: a suspended grant gives nothing until it is reinstated; that is not a revocation."""
    if case.request is None:
        return Finding(code, False)
    if case.request.suspended is not None:
        return Finding(code, False, case.request.suspended)
    return Finding(code, True, case.request.reinstated or case.request.opened)


def not_a_contact(case: Case, code: ReasonCode = ReasonCode.NOT_A_CONTACT) -> Finding:
    """S27, S28: only a download contact of this request gets its data; being the applicant is not enough."""
    if case.request is None:
        return Finding(code, False)
    if case.contact is None:
        return Finding(code, False, case.request.contacts_removed.get(case.query.person, case.request.opened))
    return Finding(code, True, case.contact.since)


def contact_email_differs(case: Case, code: ReasonCode = ReasonCode.CONTACT_EMAIL_DIFFERS) -> Finding:
    """S16, S27, S53: the account has the institutional address that stands in the form."""
    if case.person is None or case.request is None:
        return Finding(code, False)
    if case.contact is None:
        return Finding(code, True, case.request.opened)
    return Finding(code, case.contact.email == case.person.email, later(case.contact.since, case.person.email_since))


def contact_moved(case: Case, code: ReasonCode = ReasonCode.CONTACT_MOVED) -> Finding:
    """S33: the contact works at the organisation that they were named for; leaving it ends the grant for good."""
    if case.person is None or case.request is None:
        return Finding(code, False)
    if case.contact is None:
        return Finding(code, True, case.request.opened)
    if case.contact.left is not None:
        return Finding(code, False, case.contact.left)
    return Finding(code, case.contact.institution is not None, case.contact.since)


def not_made_available(case: Case, code: ReasonCode = ReasonCode.NOT_MADE_AVAILABLE) -> Finding:
    """S38, S52, S100: making available is a step of its own, after all else, and for each contact."""
    if case.request is None:
        return Finding(code, False)
    if case.request.available is None:
        return Finding(code, False, case.request.status_since)
    if case.contact is None:
        return Finding(code, True, case.request.available)
    if case.contact.available is None:
        return Finding(code, False, case.contact.since)
    return Finding(code, True, case.contact.available)


def term_not_begun(case: Case, code: ReasonCode = ReasonCode.TERM_NOT_BEGUN) -> Finding:
    """S39: a grant has a term, and holds from its first instant."""
    if case.request is None:
        return Finding(code, False)
    term = case.request.term
    if term is None:
        return Finding(code, True, case.request.opened)
    if case.at < term.begins:
        return Finding(code, False, case.request.approved, None, term.begins)
    return Finding(code, True, term.begins)


def term_over(case: Case, code: ReasonCode = ReasonCode.TERM_OVER) -> Finding:
    """S39, S46: a grant has a term; at its end access ends, in running workspaces too."""
    if case.request is None:
        return Finding(code, False)
    term = case.request.term
    if term is None:
        return Finding(code, True, case.request.opened)
    if case.at >= term.ends:
        return Finding(code, False, term.ends)
    return Finding(code, True, case.request.term_set, term.ends)

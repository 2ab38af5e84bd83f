"""Conditions on the request and on the person's part in it: approved, not ended, a contact, licensed, in its term."""

from access_policy.model.enums import RequestStatus
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, later

_REFUSED, _WITHDRAWN, _ENDED = RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED
_LIVE = frozenset({RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE})
_UNDECIDED = frozenset(
    {RequestStatus.INTAKE, RequestStatus.INVITED, RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED}
)


def request_not_approved(case: Case, code: ReasonCode = ReasonCode.REQUEST_NOT_APPROVED) -> Finding:
    """S22, S26, S49, S50: without the approval of the board, or of both investigators, there is no grant.

    POL-05: nor where a log has it that what follows an approval was done without one.
    """
    request = case.request
    if request is None:
        return Finding(code, False)
    if request.status in _UNDECIDED or (request.approved is None and request.status in _LIVE):
        return Finding(code, False, request.opened)
    return Finding(code, True, request.approved or request.status_since)


def request_refused(case: Case, code: ReasonCode = ReasonCode.REQUEST_REFUSED) -> Finding:
    """S22: a refused request gives nothing."""
    request = case.request
    if request is None or request.status is _REFUSED:
        return Finding(code, False, None if request is None else request.status_since)
    return Finding(code, True, request.opened)


def request_withdrawn(case: Case, code: ReasonCode = ReasonCode.REQUEST_WITHDRAWN) -> Finding:
    """S22: a request that the applicant took back gives nothing."""
    request = case.request
    if request is None or request.status is _WITHDRAWN:
        return Finding(code, False, None if request is None else request.status_since)
    return Finding(code, True, request.opened)


def request_ended(case: Case, code: ReasonCode = ReasonCode.REQUEST_ENDED) -> Finding:
    """S94: the centre can end any grant at once."""
    request = case.request
    if request is None or request.status is _ENDED:
        return Finding(code, False, None if request is None else request.status_since)
    return Finding(code, True, request.opened)


def request_suspended(case: Case, code: ReasonCode = ReasonCode.REQUEST_SUSPENDED) -> Finding:
    """E58: a suspended grant gives nothing until it is reinstated; that is not a revocation."""
    request = case.request
    if request is None:
        return Finding(code, False)
    if request.suspended is not None:
        return Finding(code, False, request.suspended)
    return Finding(code, True, request.reinstated or request.opened)


def not_a_contact(case: Case, code: ReasonCode = ReasonCode.NOT_A_CONTACT) -> Finding:
    """S27, S28: only a download contact of this request gets its data; being the applicant is not enough."""
    request, contact = case.request, case.contact
    if request is None:
        return Finding(code, False)
    if contact is None:
        return Finding(code, False, request.contacts_removed.get(case.query.person, request.opened))
    return Finding(code, True, contact.since)


def contact_email_differs(case: Case, code: ReasonCode = ReasonCode.CONTACT_EMAIL_DIFFERS) -> Finding:
    """S16, S27, S53: the account has the institutional address that stands in the form."""
    person, request, contact = case.person, case.request, case.contact
    if person is None or request is None:
        return Finding(code, False)
    if contact is None:
        return Finding(code, True, request.opened)
    return Finding(code, contact.email == person.email, later(contact.since, person.email_since))


def contact_moved(case: Case, code: ReasonCode = ReasonCode.CONTACT_MOVED) -> Finding:
    """S33: the contact works at the organisation that they were named for; leaving it ends the grant for good."""
    person, request, contact = case.person, case.request, case.contact
    if person is None or request is None:
        return Finding(code, False)
    if contact is None:
        return Finding(code, True, request.opened)
    if contact.left is not None:
        return Finding(code, False, contact.left)
    return Finding(code, contact.institution is not None, contact.since)


def not_made_available(case: Case, code: ReasonCode = ReasonCode.NOT_MADE_AVAILABLE) -> Finding:
    """S38, S52, S100: making available is a step of its own, after all else, and for each contact."""
    request, contact = case.request, case.contact
    if request is None:
        return Finding(code, False)
    if request.available is None:
        return Finding(code, False, request.status_since)
    if contact is None:
        return Finding(code, True, request.available)
    if contact.available is None:
        return Finding(code, False, contact.since)
    return Finding(code, True, contact.available)


def term_not_begun(case: Case, code: ReasonCode = ReasonCode.TERM_NOT_BEGUN) -> Finding:
    """S39: a grant has a term, and holds from its first instant."""
    request = case.request
    if request is None:
        return Finding(code, False)
    term = request.term
    if term is None:
        return Finding(code, True, request.opened)
    if case.at < term.begins:
        return Finding(code, False, request.approved, None, term.begins)
    return Finding(code, True, term.begins)


def term_over(case: Case, code: ReasonCode = ReasonCode.TERM_OVER) -> Finding:
    """S39, S46: a grant has a term; at its end access ends, in running workspaces too."""
    request = case.request
    if request is None:
        return Finding(code, False)
    term = request.term
    if term is None:
        return Finding(code, True, request.opened)
    if case.at >= term.ends:
        return Finding(code, False, term.ends)
    return Finding(code, True, request.term_set, term.ends)

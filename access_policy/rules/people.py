"""Conditions on the person: not stopped, of a trusted institution, verified, with a confirmed second factor, bound."""

from access_policy.email import domain_of
from access_policy.model.enums import DocumentKind
from access_policy.model.instants import Term
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, later
from access_policy.rules.particulars import assured
from access_policy.state import Institution


def person_disabled(case: Case, code: ReasonCode = ReasonCode.PERSON_DISABLED) -> Finding:
    """S94: the centre can stop a person at once."""
    person = case.person
    if person is None:
        return Finding(code, False)
    if person.disabled is not None:
        return Finding(code, False, person.disabled)
    return Finding(code, True, person.enabled or person.since)


def institution_not_trusted(case: Case, code: ReasonCode = ReasonCode.INSTITUTION_NOT_TRUSTED) -> Finding:
    """S72, S73: the person's institution is the centre, or has an agreement in force; who left theirs has none."""
    institution, person = case.institution, case.person
    if person is None:
        return Finding(code, False)
    if institution is None:
        return Finding(code, False, person.moved)
    if institution.centre:
        return Finding(code, True, later(institution.since, person.moved))
    term, ended = institution.agreement, institution.agreement_ended
    if term is None or case.at < term.begins or (ended is not None and ended <= term.begins):
        over = institution.last_agreement_over or institution.since
        comes = term.begins if term is not None and ended is None else None
        return Finding(code, False, later(over, person.moved), None, comes)
    if ended is not None or case.at >= term.ends:
        return Finding(code, False, term.ends if ended is None else min(ended, term.ends))
    return Finding(code, True, later(term.begins, institution.agreement_recorded or term.begins), term.ends)


def organisation_excluded(case: Case, code: ReasonCode = ReasonCode.ORGANISATION_EXCLUDED) -> Finding:
    """E59: neither the person's institution nor the licensee of the request is shut out; an exclusion always ends."""
    institution, shut_out = case.institution, _shut_out(case.institution, _licensee(case))
    if not shut_out:
        return Finding(code, case.person is not None, None if institution is None else institution.since)
    now = [span for span in shut_out if case.at < span.ends]
    if not now:
        return Finding(code, case.person is not None, max(span.ends for span in shut_out))
    began = min(span.begins for span in now)
    since = min(began, *(span.begins for span in shut_out if span.ends >= began))
    return Finding(code, False, since, None, max(span.ends for span in now))


def _shut_out(*institutions: Institution | None) -> list[Term]:
    """Return from when to when institutions are, or were last, shut out; nothing for one that never was."""
    return [
        Term(one.excluded, one.excluded_until)
        for one in institutions
        if one is not None and one.excluded is not None and one.excluded_until is not None
    ]


def _licensee(case: Case) -> Institution | None:
    """Return the institution that the request comes from, where it is another one than the person's."""
    request = case.request
    if request is None or request.institution is None or case.person is None:
        return None
    return None if request.institution == case.person.institution else case.state.institutions[request.institution]


def email_not_institutional(case: Case, code: ReasonCode = ReasonCode.EMAIL_NOT_INSTITUTIONAL) -> Finding:
    """S16, S73: the e-mail domain equals, label by label, one that the institution declared (ID-01)."""
    institution, person = case.institution, case.person
    if person is None:
        return Finding(code, False)
    if institution is None:
        return Finding(code, True, person.moved)
    since = later(institution.domains_since, person.email_since)
    return Finding(code, domain_of(person.email) in institution.domains, since)


def person_not_verified(case: Case, code: ReasonCode = ReasonCode.PERSON_NOT_VERIFIED) -> Finding:
    """S73: only verified users; somebody checked who the person is."""
    person = case.person
    if person is None:
        return Finding(code, False)
    if person.verification is None:
        return Finding(code, False, person.verification_changed or person.since)
    return Finding(code, True, person.verification.since)


def verification_expired(case: Case, code: ReasonCode = ReasonCode.VERIFICATION_EXPIRED) -> Finding:
    """S73: a verification is good until its date."""
    if case.person is None:
        return Finding(code, False)
    verification = case.person.verification
    if verification is None:
        return Finding(code, True, case.person.since)
    if case.at >= verification.until:
        return Finding(code, False, verification.until)
    return Finding(code, True, verification.since, verification.until)


def assurance_too_low(case: Case, code: ReasonCode = ReasonCode.ASSURANCE_TOO_LOW) -> Finding:
    """E26: the identity was proofed as surely as the datasets ask."""
    person = case.person
    if person is None:
        return Finding(code, False)
    verification = person.verification
    if verification is None:
        return Finding(code, True, person.since)
    for one in case.wanted:
        if not assured(person, one):
            return Finding(code, False, verification.since)
    return Finding(code, True, verification.since)


def factor_missing(case: Case, code: ReasonCode = ReasonCode.FACTOR_MISSING) -> Finding:
    """S17, S27, S76: a second factor is enrolled on the account."""
    person = case.person
    if person is None:
        return Finding(code, False)
    if person.first_enrolled is None:
        return Finding(code, False, person.factors_changed or person.since)
    return Finding(code, True, person.first_enrolled)


def factor_not_confirmed(case: Case, code: ReasonCode = ReasonCode.FACTOR_NOT_CONFIRMED) -> Finding:
    """S76: a first factor opens data only once the verifier confirmed it with the person."""
    person = case.person
    if person is None:
        return Finding(code, False)
    if person.first_enrolled is None:
        return Finding(code, True, person.since)
    confirmed = person.first_confirmed
    return Finding(code, confirmed is not None, confirmed or person.factors_changed)


_CONDUCT, _REIDENTIFICATION = DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION


def conduct_not_accepted(case: Case, code: ReasonCode = ReasonCode.CONDUCT_NOT_ACCEPTED) -> Finding:
    """S79: the person accepted the code of conduct in the version that binds."""
    return _accepted(case, code, _CONDUCT)


def reidentification_not_accepted(case: Case, code: ReasonCode = ReasonCode.REIDENTIFICATION_NOT_ACCEPTED) -> Finding:
    """S84: the person accepted, in the version that binds, never to trace anybody in the data (E30)."""
    return _accepted(case, code, _REIDENTIFICATION)


def _accepted(case: Case, code: ReasonCode, kind: DocumentKind) -> Finding:
    """Where no text is published nobody can have accepted it, and nobody gets in."""
    person, document = case.person, case.state.documents.get(kind)
    if person is None or document is None:
        return Finding(code, False, None if person is None else person.since)
    acceptance = person.accepted.get(kind)
    if acceptance is None or acceptance.at < document.binding_since:
        return Finding(code, False, later(document.binding_since, person.since))
    return Finding(code, True, acceptance.at)

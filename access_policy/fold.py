"""The fold: State after a fact, from State before it. Total over all fact types; decides nothing.

A fact of a type without a line here stops the program that reads it: nothing is decided on half-read facts (POL-05).
"""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import Term
from access_policy.state import (
    Appointment,
    Certification,
    Contact,
    Course,
    Dataset,
    Ending,
    Factor,
    Institution,
    Licence,
    Person,
    Proposal,
    Request,
    Settings,
    Signature,
    State,
    Verification,
    Workspace,
)


def fold(state: State, fact: e.Fact) -> None:
    """Take one fact into `state`. Raises ValueError where its number is not the next, KeyError for an unknown type."""
    if fact.seq != state.seq + 1:
        raise ValueError(f"fact `{fact.seq}` does not follow `{state.seq}`; run `sluis log verify`")
    _APPLIERS[type(fact.event)](state, fact, fact.event)
    state.seq = fact.seq
    state.at = fact.at


def _installation_begun(s: State, f: e.Fact, v: e.InstallationBegun) -> None:
    s.installation, s.demo = v.installation, v.demo


def _settings_adopted(s: State, f: e.Fact, v: e.PolicySettingsAdopted) -> None:
    s.settings = Settings(v.session_hours, v.term_days_longest, f.at)


def _proposed(s: State, f: e.Fact, v: e.CommandProposed) -> None:
    s.proposals[v.proposal] = Proposal(v.proposal, v.command, v.arguments, f.actor.person or PersonId(""), f.at)
    s.last_proposal = v.proposal


def _proposal_closed(s: State, f: e.Fact, v: e.ProposalConfirmed | e.ProposalDropped) -> None:
    s.proposals.pop(v.proposal, None)


def _institution_registered(s: State, f: e.Fact, v: e.InstitutionRegistered) -> None:
    s.institutions[v.institution] = Institution(
        v.institution, v.name, v.country, frozenset(v.domains), f.at, v.centre, f.at
    )


def _domains_declared(s: State, f: e.Fact, v: e.DomainsDeclared) -> None:
    institution = s.institutions[v.institution]
    institution.domains, institution.domains_since = frozenset(v.domains), f.at


def _agreement_recorded(s: State, f: e.Fact, v: e.AgreementRecorded) -> None:
    institution = s.institutions[v.institution]
    if institution.agreement is not None:
        institution.last_agreement_over = institution.agreement_ended or institution.agreement.ends
    institution.agreement, institution.agreement_recorded = Term(v.begins, v.ends), f.at
    institution.agreement_ended = None


def _agreement_ended(s: State, f: e.Fact, v: e.AgreementEnded) -> None:
    s.institutions[v.institution].agreement_ended = f.at


def _person_registered(s: State, f: e.Fact, v: e.PersonRegistered) -> None:
    s.people[v.person] = Person(v.person, v.name, v.email, v.institution, f.at)
    if v.email:
        s.emails[v.email] = v.person
    s.requests_of.setdefault(v.person, {})


def _identity_linked(s: State, f: e.Fact, v: e.IdentityLinked) -> None:
    s.identities[v.identity] = v.person
    s.people[v.person].identities.append(v.identity)


def _person_verified(s: State, f: e.Fact, v: e.PersonVerified) -> None:
    person = s.people[v.person]
    person.verification, person.verification_changed = Verification(f.actor.person, f.at, v.until), f.at


def _verification_withdrawn(s: State, f: e.Fact, v: e.VerificationWithdrawn) -> None:
    person = s.people[v.person]
    person.verification, person.verification_changed = None, f.at


def _person_disabled(s: State, f: e.Fact, v: e.PersonDisabled) -> None:
    person = s.people[v.person]
    person.disabled, person.sessions_void = f.at, f.at


def _person_enabled(s: State, f: e.Fact, v: e.PersonEnabled) -> None:
    person = s.people[v.person]
    person.disabled, person.enabled = None, f.at


def _role_appointed(s: State, f: e.Fact, v: e.RoleAppointed) -> None:
    s.people[v.person].appointments.append(Appointment(v.role, v.scope, f.at, v.until))


def _role_ended(s: State, f: e.Fact, v: e.RoleEnded) -> None:
    for appointment in s.people[v.person].appointments:
        if appointment.role is v.role and appointment.until > f.at:
            appointment.until = f.at


def _factor_enrolled(s: State, f: e.Fact, v: e.FactorEnrolled) -> None:
    person = s.people[v.person]
    person.factors[v.factor] = Factor(v.kind, f.at)
    person.factors_changed = f.at


def _factor_confirmed(s: State, f: e.Fact, v: e.FactorConfirmed) -> None:
    s.people[v.person].factors[v.factor].confirmed = f.at


def _factors_reset(s: State, f: e.Fact, v: e.FactorsReset) -> None:
    person = s.people[v.person]
    person.factors.clear()
    person.factors_changed = person.sessions_void = f.at


def _course_registered(s: State, f: e.Fact, v: e.CourseRegistered) -> None:
    s.courses[v.course] = Course(v.course, v.title, v.validity_days, v.required, f.at)
    s.required_courses = tuple(course for course in s.courses.values() if course.required)


def _person_certified(s: State, f: e.Fact, v: e.PersonCertified) -> None:
    certifications = s.people[v.person].certifications.setdefault(v.course, [])
    certifications.append(Certification(f.at, v.ends, f.actor.person))


def _certification_revoked(s: State, f: e.Fact, v: e.CertificationRevoked) -> None:
    for certification in s.people[v.person].certifications.get(v.course, []):
        certification.revoked = certification.revoked or f.at


def _dataset_registered(s: State, f: e.Fact, v: e.DatasetRegistered) -> None:
    s.datasets[v.dataset] = Dataset(
        v.dataset, v.title, v.source, v.kind, v.version, v.location, v.manifest, v.region, v.zone, v.consent,
        v.attested, f.at,
    )  # fmt: skip


def _dataset_withdrawn(s: State, f: e.Fact, v: e.DatasetWithdrawn) -> None:
    s.datasets[v.dataset].withdrawn = f.at


def _dataset_reopened(s: State, f: e.Fact, v: e.DatasetReopened) -> None:
    dataset = s.datasets[v.dataset]
    dataset.withdrawn, dataset.since = None, f.at


def _licence_published(s: State, f: e.Fact, v: e.LicencePublished) -> None:
    s.licences[v.licence] = Licence(v.licence, v.title, v.digest, f.at)


def _request_opened(s: State, f: e.Fact, v: e.RequestOpened) -> None:
    s.requests[v.request] = Request(
        v.request, v.applicant, v.institution, v.title, v.purpose, f.at, RequestStatus.DRAFT, f.at
    )
    s.requests_of[v.applicant][v.request] = None


def _dataset_requested(s: State, f: e.Fact, v: e.DatasetRequested) -> None:
    s.requests[v.request].datasets[v.dataset] = v.necessity


def _contact_named(s: State, f: e.Fact, v: e.ContactNamed) -> None:
    request = s.requests[v.request]
    request.contacts[v.person] = Contact(v.email, f.at)
    request.contacts_removed.pop(v.person, None)
    s.requests_of[v.person][v.request] = None


def _contact_removed(s: State, f: e.Fact, v: e.ContactRemoved) -> None:
    request = s.requests[v.request]
    request.contacts.pop(v.person, None)
    request.contacts_removed[v.person] = f.at


def _request_submitted(s: State, f: e.Fact, v: e.RequestSubmitted) -> None:
    _set_status(s, f, v.request, RequestStatus.SUBMITTED).digest = v.digest


def _request_assessed(s: State, f: e.Fact, v: e.RequestAssessed) -> None:
    _set_status(s, f, v.request, RequestStatus.ASSESSED)


def _request_approved(s: State, f: e.Fact, v: e.RequestApproved) -> None:
    request = _set_status(s, f, v.request, RequestStatus.APPROVED)
    request.approved, request.licence, request.term = f.at, v.licence, Term(v.begins, v.ends)
    request.decided_by = f.actor.person


def _request_refused(s: State, f: e.Fact, v: e.RequestRefused) -> None:
    request = _set_status(s, f, v.request, RequestStatus.REFUSED)
    request.decided_by, request.end_reason = f.actor.person, v.reason


def _request_withdrawn(s: State, f: e.Fact, v: e.RequestWithdrawn) -> None:
    _set_status(s, f, v.request, RequestStatus.WITHDRAWN)


def _licence_signed(s: State, f: e.Fact, v: e.LicenceSigned) -> None:
    request = s.requests[v.request]
    request.signatures[v.party] = Signature(v.person, f.at)
    if len(request.signatures) == 3:
        _set_status(s, f, v.request, RequestStatus.LICENSED)


def _made_available(s: State, f: e.Fact, v: e.RequestMadeAvailable) -> None:
    _set_status(s, f, v.request, RequestStatus.ACTIVE).available = f.at


def _request_ended(s: State, f: e.Fact, v: e.RequestEnded) -> None:
    _set_status(s, f, v.request, RequestStatus.ENDED).end_reason = v.reason


def _workspace_started(s: State, f: e.Fact, v: e.WorkspaceStarted) -> None:
    s.workspaces[v.person, v.request] = Workspace(
        v.person, v.request, v.profile, f.at, f.seq, v.datasets, v.run_ends, v.until
    )


def _workspace_stop_asked(s: State, f: e.Fact, v: e.WorkspaceStopAsked) -> None:
    workspace = s.workspaces.get((v.person, v.request))
    if workspace is not None:
        workspace.stop_asked = f.at


def _workspace_ended(s: State, f: e.Fact, v: e.WorkspaceEnded) -> None:
    s.workspaces.pop((v.person, v.request), None)
    s.endings[v.person, v.request] = Ending(f.at, v.why, v.after_ms)


def _set_status(s: State, f: e.Fact, request: RequestId, status: RequestStatus) -> Request:
    found = s.requests[request]
    found.status, found.status_since = status, f.at
    return found


_APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.InstallationBegun: _installation_begun,
    e.PolicySettingsAdopted: _settings_adopted,
    e.CommandProposed: _proposed,
    e.ProposalConfirmed: _proposal_closed,
    e.ProposalDropped: _proposal_closed,
    e.InstitutionRegistered: _institution_registered,
    e.DomainsDeclared: _domains_declared,
    e.AgreementRecorded: _agreement_recorded,
    e.AgreementEnded: _agreement_ended,
    e.PersonRegistered: _person_registered,
    e.IdentityLinked: _identity_linked,
    e.PersonVerified: _person_verified,
    e.VerificationWithdrawn: _verification_withdrawn,
    e.PersonDisabled: _person_disabled,
    e.PersonEnabled: _person_enabled,
    e.RoleAppointed: _role_appointed,
    e.RoleEnded: _role_ended,
    e.FactorEnrolled: _factor_enrolled,
    e.FactorConfirmed: _factor_confirmed,
    e.FactorsReset: _factors_reset,
    e.CourseRegistered: _course_registered,
    e.PersonCertified: _person_certified,
    e.CertificationRevoked: _certification_revoked,
    e.DatasetRegistered: _dataset_registered,
    e.DatasetWithdrawn: _dataset_withdrawn,
    e.DatasetReopened: _dataset_reopened,
    e.LicencePublished: _licence_published,
    e.RequestOpened: _request_opened,
    e.DatasetRequested: _dataset_requested,
    e.ContactNamed: _contact_named,
    e.ContactRemoved: _contact_removed,
    e.RequestSubmitted: _request_submitted,
    e.RequestAssessed: _request_assessed,
    e.RequestApproved: _request_approved,
    e.RequestRefused: _request_refused,
    e.RequestWithdrawn: _request_withdrawn,
    e.LicenceSigned: _licence_signed,
    e.RequestMadeAvailable: _made_available,
    e.RequestEnded: _request_ended,
    e.WorkspaceStarted: _workspace_started,
    e.WorkspaceStopAsked: _workspace_stop_asked,
    e.WorkspaceEnded: _workspace_ended,
}

"""The fold of facts on the applicant's side of a request."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.model.enums import PausableClock, PermitStatus, Regime, RequestStatus
from access_policy.model.ids import RequestId
from access_policy.state import Contact, Entity, Form, Invitation, Permit, Request, State


def set_status(s: State, f: e.Fact, request: RequestId, status: RequestStatus) -> Request:
    """Give a request its new status, and return it."""
    found = s.requests[request]
    found.status, found.status_since = status, f.at
    return found


def add_decider(request: Request, f: e.Fact) -> Request:
    """Remember who assessed, found, voted or decided on a request or a change of it (E11), and return the request."""
    if f.actor.person is not None:
        request.deciders.add(f.actor.person)
    return request


def add_permit(request: Request, f: e.Fact, status: PermitStatus) -> None:
    """Add a version of the permit, with an id of its own and what it is about from now on (E15, E18)."""
    identifier = f"{request.request}/{len(request.permits) + 1}"
    request.permits.append(Permit(identifier, status, f.at, tuple(request.granted), tuple(request.contacts)))


def end_pause(request: Request, f: e.Fact, clock: PausableClock) -> None:
    """Let a clock no longer stand still: somebody said so, or what it waited for was done."""
    pause = request.open_pause(clock)
    if pause is not None:
        pause.ends = f.at


def _intake_received(s: State, f: e.Fact, v: e.IntakeReceived) -> None:
    s.requests[v.request] = Request(
        v.request, None, None, "", "", f.at, RequestStatus.INTAKE, f.at, intake=f.at, intake_email=v.email
    )


def _invitation_sent(s: State, f: e.Fact, v: e.InvitationSent) -> None:
    s.invitations[v.invitation] = Invitation(v.invitation, v.request, v.capacity, v.email, v.institution, f.at)
    request = s.requests[v.request]
    if request.status is RequestStatus.INTAKE:
        set_status(s, f, v.request, RequestStatus.INVITED).answered = f.at
        end_pause(request, f, PausableClock.INTAKE)


def _invitation_accepted(s: State, f: e.Fact, v: e.InvitationAccepted) -> None:
    invitation = s.invitations[v.invitation]
    invitation.person, invitation.accepted = v.person, f.at
    s.requests_of[v.person][v.request] = None


def _request_opened(s: State, f: e.Fact, v: e.RequestOpened) -> None:
    before = s.requests.get(v.request)
    request = Request(v.request, v.applicant, v.institution, v.title, v.purpose, f.at, RequestStatus.DRAFT, f.at)
    if before is not None:
        request.intake, request.intake_email, request.answered = before.intake, before.intake_email, before.answered
        request.pauses = before.pauses
    request.entities[v.institution] = Entity(v.institution, f.at)
    s.requests[v.request] = request
    s.requests_of[v.applicant][v.request] = None


def _request_described(s: State, f: e.Fact, v: e.RequestDescribed) -> None:
    request = s.requests[v.request]
    request.regime = v.regime
    request.form = Form(
        v.purpose_kind, v.field_of_work, v.tests_treatment, v.controller, v.processor, v.agreement, v.physician,
        v.tools, v.physician_person, v.physician_institution,
    )  # fmt: skip


def _dataset_requested(s: State, f: e.Fact, v: e.DatasetRequested) -> None:
    s.requests[v.request].datasets[v.dataset] = v.necessity


def _dataset_dropped(s: State, f: e.Fact, v: e.DatasetDropped) -> None:
    s.requests[v.request].datasets.pop(v.dataset, None)


def _entity_named(s: State, f: e.Fact, v: e.EntityNamed) -> None:
    s.requests[v.request].entities[v.institution] = Entity(v.institution, f.at)


def _entity_dropped(s: State, f: e.Fact, v: e.EntityDropped) -> None:
    s.requests[v.request].entities.pop(v.institution, None)


def _protection_confirmed(s: State, f: e.Fact, v: e.ProtectionConfirmed) -> None:
    s.requests[v.request].entities[v.institution].confirmations = frozenset(v.confirmations)


def _contact_named(s: State, f: e.Fact, v: e.ContactNamed) -> None:
    add_contact(s, f, v.request, v.person, v.email)


def add_contact(s: State, f: e.Fact, request: RequestId, person: Any, email: str) -> None:
    """Make a person a download contact, who works where they work now.

    Who is one already and has not left stays it, with the address that is named now: what was made available to them
    stays so (E19).
    """
    found = s.requests[request]
    there = found.contacts.get(person)
    if there is None or there.left is not None:
        found.contacts[person] = Contact(email, f.at, s.people[person].institution)
    elif there.email != email:
        found.contacts[person] = Contact(email, f.at, s.people[person].institution, there.available)
    found.contacts_removed.pop(person, None)
    found.contacts_asked.pop(person, None)
    s.requests_of[person][request] = None


def _contact_removed(s: State, f: e.Fact, v: e.ContactRemoved) -> None:
    """E18, E19: under the EHDS the people stand in the permit, so that one less is a new version of it."""
    request = s.requests[v.request]
    request.contacts.pop(v.person, None)
    request.contacts_removed[v.person] = f.at
    if request.regime is Regime.EHDS and request.permits:
        add_permit(request, f, PermitStatus.AMENDED)


def _request_submitted(s: State, f: e.Fact, v: e.RequestSubmitted) -> None:
    request = set_status(s, f, v.request, RequestStatus.SUBMITTED)
    request.digest, request.scenario, request.route = v.digest, v.scenario, v.route
    request.submitted, request.signatories = f.at, v.signatories


def _request_withdrawn(s: State, f: e.Fact, v: e.RequestWithdrawn) -> None:
    set_status(s, f, v.request, RequestStatus.WITHDRAWN)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.IntakeReceived: _intake_received,
    e.InvitationSent: _invitation_sent,
    e.InvitationAccepted: _invitation_accepted,
    e.RequestOpened: _request_opened,
    e.RequestDescribed: _request_described,
    e.DatasetRequested: _dataset_requested,
    e.DatasetDropped: _dataset_dropped,
    e.EntityNamed: _entity_named,
    e.EntityDropped: _entity_dropped,
    e.ProtectionConfirmed: _protection_confirmed,
    e.ContactNamed: _contact_named,
    e.ContactRemoved: _contact_removed,
    e.RequestSubmitted: _request_submitted,
    e.RequestWithdrawn: _request_withdrawn,
}

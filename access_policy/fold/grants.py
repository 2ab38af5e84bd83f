"""The fold of facts after an approval."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from access_policy import events as e
from access_policy.fold.requests import add_contact, add_decider, add_permit, end_pause, set_status
from access_policy.model.enums import Party, PausableClock, PermitStatus, RequestStatus
from access_policy.model.ids import DatasetName
from access_policy.model.instants import Term
from access_policy.state import Amendment, AskedContact, Extension, Extract, Files, Request, Signature, State


def _licence_signed(s: State, f: e.Fact, v: e.LicenceSigned) -> None:
    request = s.requests[v.request]
    request.entities[v.institution].sign(v.party, Signature(v.person, f.at, v.licence, v.version, v.digest))
    if v.party is not Party.REPRESENTATIVE:
        request.signed_by.add(v.person)
    complete = all(len(entity.signatures) == 3 for entity in request.entities.values())
    if complete and request.status is RequestStatus.APPROVED:
        set_status(s, f, v.request, RequestStatus.LICENSED)


def _extract_prepared(s: State, f: e.Fact, v: e.ExtractPrepared) -> None:
    extract = Extract(v.version, v.location, v.manifest, v.patients, f.at)
    s.requests[v.request].extracts[v.dataset] = extract
    s.files.append(Files(v.dataset, v.request, v.version, v.location, v.manifest))


def _made_available(s: State, f: e.Fact, v: e.RequestMadeAvailable) -> None:
    """S38: the first time to the contacts whom it reached; who comes or is ready later waits for their own step."""
    request = s.requests[v.request]
    if request.status is not RequestStatus.ACTIVE:
        set_status(s, f, v.request, RequestStatus.ACTIVE)
        request.available = f.at
        end_pause(request, f, PausableClock.AVAILABILITY)
        for person, contact in request.contacts.items():
            if v.contacts is None or person in v.contacts:
                contact.available = contact.available or f.at
    for dataset in v.datasets if v.datasets is not None else tuple(request.granted):
        request.available_datasets.setdefault(dataset, f.at)


def _contact_asked(s: State, f: e.Fact, v: e.ContactAsked) -> None:
    asked = AskedContact(v.name, v.position, v.email, f.actor.person, f.at)
    s.requests[v.request].contacts_asked[v.person] = asked


def _contact_checked(s: State, f: e.Fact, v: e.ContactChecked) -> None:
    asked = s.requests[v.request].contacts_asked[v.person]
    add_contact(s, f, v.request, v.person, asked.email)


def _contact_refused(s: State, f: e.Fact, v: e.ContactRefused) -> None:
    s.requests[v.request].contacts_asked.pop(v.person, None)


def _contact_made_available(s: State, f: e.Fact, v: e.ContactMadeAvailable) -> None:
    s.requests[v.request].contacts[v.person].available = f.at


def _amendment_proposed(s: State, f: e.Fact, v: e.AmendmentProposed) -> None:
    request = s.requests[v.request]
    request.amendments[v.amendment] = Amendment(v.amendment, v.datasets, v.contacts, f.actor.person, _necessities(v))
    request.last_amendment = v.amendment


def _necessities(v: e.AmendmentProposed) -> dict[DatasetName, str]:
    """S3: the line of each dataset; an older log, and that of an erased request, has the reason in its place."""
    lines = v.necessities.split("\n") if v.necessities else []
    return dict(zip(v.datasets, lines if len(lines) == len(v.datasets) else [v.reason] * len(v.datasets), strict=True))


def _amendment_approved(s: State, f: e.Fact, v: e.AmendmentApproved) -> None:
    request = add_decider(s.requests[v.request], f)
    amendment = request.amendments.pop(v.amendment)
    for dataset in amendment.datasets:
        request.lapsed.pop(dataset, None)
        request.granted.setdefault(dataset, f.at)
    request.datasets |= amendment.necessities
    for person in amendment.contacts:
        add_contact(s, f, v.request, person, s.people[person].email)
    add_permit(request, f, PermitStatus.AMENDED)


def _amendment_refused(s: State, f: e.Fact, v: e.AmendmentRefused) -> None:
    add_decider(s.requests[v.request], f).amendments.pop(v.amendment, None)


def _extension_asked(s: State, f: e.Fact, v: e.ExtensionAsked) -> None:
    request = s.requests[v.request]
    _extension_closed(request, f)  # the one that it takes the place of, if any
    request.extension = Extension(f.at, v.email)


def _extension_answered(s: State, f: e.Fact, v: e.ExtensionAnswered) -> None:
    _extension(s, v).answered = f.at
    end_pause(s.requests[v.request], f, PausableClock.EXTENSION)


def _extension_submitted(s: State, f: e.Fact, v: e.ExtensionSubmitted) -> None:
    extension = _extension(s, v)
    extension.submitted, extension.ends = f.at, v.ends
    end_pause(s.requests[v.request], f, PausableClock.EXTENSION)


def _extension_assessed(s: State, f: e.Fact, v: e.ExtensionAssessed) -> None:
    extension = _extension(s, v)
    extension.assessed, extension.assessed_by = f.at, f.actor.person
    extension.votes.clear()  # they were on an earlier assessment (S20)
    add_decider(s.requests[v.request], f)


def _extension(s: State, v: Any) -> Extension:
    extension = s.requests[v.request].extension
    if extension is None:
        raise KeyError(f"`{v.request}` has no extension")
    return extension


def _extension_granted(s: State, f: e.Fact, v: e.ExtensionGranted) -> None:
    request = add_decider(s.requests[v.request], f)
    if request.term is None:
        raise KeyError(f"`{v.request}` has no term")
    request.term, request.term_set = Term(request.term.begins, v.ends), f.at
    _extension_closed(request, f)
    request.extensions_granted += 1
    add_permit(request, f, PermitStatus.RENEWED)


def _extension_refused(s: State, f: e.Fact, v: e.ExtensionRefused) -> None:
    _extension_closed(add_decider(s.requests[v.request], f), f)


def _extension_closed(request: Request, f: e.Fact) -> None:
    """Keep when it was asked for and answered, as its clock tells it (S44)."""
    closed = request.extension
    if closed is not None:
        request.past_extensions.append(Term(closed.asked, closed.answered or closed.submitted or f.at))
    request.extension = None
    end_pause(request, f, PausableClock.EXTENSION)


def _suspended(s: State, f: e.Fact, v: e.RequestSuspended) -> None:
    s.requests[v.request].suspended = f.at


def _reinstated(s: State, f: e.Fact, v: e.RequestReinstated) -> None:
    request = s.requests[v.request]
    if request.suspended is not None:
        request.past_suspensions.append(Term(request.suspended, request.heard or f.at))
    request.suspended, request.heard, request.reinstated = None, None, f.at


def _request_ended(s: State, f: e.Fact, v: e.RequestEnded) -> None:
    request = set_status(s, f, v.request, RequestStatus.ENDED)
    request.end_reason = v.reason
    if request.permits:
        request.permits.append(replace(request.permits[-1], status=PermitStatus.REVOKED, since=f.at))


def _publication_recorded(s: State, f: e.Fact, v: e.PublicationRecorded) -> None:
    request = s.requests[v.request]
    request.publications.append(v.title)
    request.publication_links.append(v.link)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.LicenceSigned: _licence_signed,
    e.ExtractPrepared: _extract_prepared,
    e.RequestMadeAvailable: _made_available,
    e.ContactAsked: _contact_asked,
    e.ContactChecked: _contact_checked,
    e.ContactRefused: _contact_refused,
    e.ContactMadeAvailable: _contact_made_available,
    e.AmendmentProposed: _amendment_proposed,
    e.AmendmentApproved: _amendment_approved,
    e.AmendmentRefused: _amendment_refused,
    e.ExtensionAsked: _extension_asked,
    e.ExtensionAnswered: _extension_answered,
    e.ExtensionSubmitted: _extension_submitted,
    e.ExtensionAssessed: _extension_assessed,
    e.ExtensionGranted: _extension_granted,
    e.ExtensionRefused: _extension_refused,
    e.RequestSuspended: _suspended,
    e.RequestReinstated: _reinstated,
    e.RequestEnded: _request_ended,
    e.PublicationRecorded: _publication_recorded,
}

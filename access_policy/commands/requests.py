"""The data access request on the applicant's side: opened, filled in, signed, withdrawn (S3, S12-S18, S27)."""

import hashlib
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, OfRequest, Outcome, PersonRef, Refusal, RefusalCode, Text
from access_policy.email import normal_email
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.state import Request, State

MOST_OPEN_REQUESTS = 50
_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})
_IN_PROGRESS = frozenset(RequestStatus) - _OVER


class OpenRequest(Command, frozen=True, kw_only=True):
    """Begin a data access request of your own."""

    title: Line
    purpose: Text


class RequestDataset(OfRequest, frozen=True, kw_only=True):
    """Ask for a dataset, and say why the research needs it."""

    dataset: Name
    necessity: Text


class NameContact(OfRequest, frozen=True, kw_only=True):
    """Name a download contact with their institutional e-mail address."""

    person: PersonRef
    email: Line


class RemoveContact(OfRequest, frozen=True, kw_only=True):
    """Take a download contact's access to the request away."""

    person: PersonRef


class SubmitRequest(OfRequest, frozen=True, kw_only=True):
    """Sign the completed form and send it in."""


class WithdrawRequest(OfRequest, frozen=True, kw_only=True):
    """Take your request back."""


def open_request(state: State, c: OpenRequest, actor: Actor, at: datetime) -> Outcome:
    """S12. A bound on requests in progress keeps one person from flooding the board (REQ-14)."""
    if actor.person is None:
        return Refusal(RefusalCode.NOT_PERMITTED, "a request has an applicant")
    asked = [state.requests[request] for request in state.requests_of[actor.person]]
    if sum(one.applicant == actor.person and one.status in _IN_PROGRESS for one in asked) >= MOST_OPEN_REQUESTS:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"you have {MOST_OPEN_REQUESTS} requests in progress already")
    return (
        e.RequestOpened(
            request=RequestId(f"DR-{len(state.requests) + 1}"), applicant=actor.person,
            institution=state.people[actor.person].institution, title=c.title, purpose=c.purpose,
        ),
    )  # fmt: skip


def request_dataset(state: State, c: RequestDataset, actor: Actor, at: datetime) -> Outcome:
    """S3: with its own necessity. A withdrawn dataset looks like one that was never there (POL-09, REQ-10)."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or not dataset.open:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is offered")
    return (e.DatasetRequested(request=c.request, dataset=dataset.dataset, necessity=c.necessity),)


def name_contact(state: State, c: NameContact, actor: Actor, at: datetime) -> Outcome:
    """S15, S16: a person of the applicant's organisation, with the address that their account must have (S33)."""
    person = state.people.get(PersonId(c.person))
    request = state.requests[c.request]
    if person is None or person.institution != request.institution:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` is nobody of institution `{request.institution}`")
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    return (e.ContactNamed(request=c.request, person=person.person, email=email),)


def remove_contact(state: State, c: RemoveContact, actor: Actor, at: datetime) -> Outcome:
    """S27: removing the contact removes the access."""
    if PersonId(c.person) not in state.requests[c.request].contacts:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` is no download contact of `{c.request}`")
    return (e.ContactRemoved(request=c.request, person=PersonId(c.person)),)


def submit_request(state: State, c: SubmitRequest, actor: Actor, at: datetime) -> Outcome:
    """S18: completed and signed. The hash of the form is what the board later decides on (REQ-04)."""
    request = state.requests[c.request]
    if not request.datasets or not request.contacts:
        return Refusal(RefusalCode.NOT_COMPLETE, "the form needs at least one dataset and one download contact")
    return (e.RequestSubmitted(request=c.request, digest=form_digest(request)),)


def withdraw_request(state: State, c: WithdrawRequest, actor: Actor, at: datetime) -> Outcome:
    """The applicant may take back what is not active yet."""
    return (e.RequestWithdrawn(request=c.request),)


def form_digest(request: Request) -> str:
    """Return the SHA-256 of what the form says: title, purpose, datasets with necessity, contacts."""
    contacts = {person: contact.email for person, contact in request.contacts.items()}
    form = [request.request, request.title, request.purpose, request.datasets, contacts]
    return hashlib.sha256(msgspec.json.encode(form, order="deterministic")).hexdigest()

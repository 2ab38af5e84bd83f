"""The data access request on the applicant's side: opened, filled in, signed, withdrawn (S3, S12-S18, S27)."""

import hashlib
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.clocks import COMPLETION_DAYS
from access_policy.commands.base import Command, Line, Name, OfRequest, Outcome, PersonRef, Refusal, RefusalCode, Text
from access_policy.email import normal_email
from access_policy.model.enums import Action, Confirmation, PurposeKind, Regime, RequestStatus, Role, Route
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.instants import days
from access_policy.model.jurisdictions import in_eea
from access_policy.rules.case import Query, case_of
from access_policy.rules.people import institution_not_trusted, organisation_excluded
from access_policy.scenarios import choose, facts_of
from access_policy.standing import acts_as, has_signatory, signs_for
from access_policy.state import Entity, Request, State

MOST_OPEN_REQUESTS = 50
MOST_ENTITIES = 20
OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})
_IN_PROGRESS = frozenset(RequestStatus) - OVER
_NOT_TAKEN_UP = frozenset({RequestStatus.INTAKE, RequestStatus.INVITED})


class OpenRequest(Command, frozen=True, kw_only=True):
    """Begin a data access request of your own."""

    title: Line
    purpose: Text


class DescribeRequest(OfRequest, frozen=True, kw_only=True):
    """Fill the form: for what, in which field, under which regime, who is controller and processor.

    `tests_treatment` says whether a treatment is tested in children: for that the data may not be used.
    """

    purpose_kind: PurposeKind
    field_of_work: Line
    tests_treatment: bool
    controller: Line
    processor: Line
    regime: Regime = Regime.OWN
    agreement: Line | None = None
    physician: Line | None = None
    tools: Text | None = None


class DropDataset(OfRequest, frozen=True, kw_only=True):
    """Take a dataset out of the form again."""

    dataset: Name


class NameEntity(OfRequest, frozen=True, kw_only=True):
    """Name a further organisation that takes part; it gets its own country test and licence."""

    institution: Name


class ConfirmProtection(OfRequest, frozen=True, kw_only=True):
    """Confirm, for an organisation of the request, how privacy is protected in its jurisdiction."""

    institution: Name
    confirmations: tuple[Confirmation, ...]


class RequestDataset(OfRequest, frozen=True, kw_only=True):
    """Ask for a dataset, and say why the research needs it."""

    dataset: Name
    necessity: Text


class NameContact(OfRequest, frozen=True, kw_only=True):
    """Name a download contact with their institutional e-mail address."""

    person: PersonRef
    email: Line


class SubmitRequest(OfRequest, frozen=True, kw_only=True):
    """Sign the completed form and send it in."""


class WithdrawRequest(OfRequest, frozen=True, kw_only=True):
    """Take your request back; or close, for the data access office, an intake that nobody takes up."""


def open_request(state: State, c: OpenRequest, actor: Actor, at: datetime) -> Outcome:
    """S12, S72, S73, E59: by a person of a trusted institution; others come with an intake. Bounded (REQ-14)."""
    if actor.person is None:
        return Refusal(RefusalCode.NOT_PERMITTED, "a request has an applicant")
    asked = [state.requests[request] for request in state.requests_of[actor.person]]
    if sum(one.applicant == actor.person and one.status in _IN_PROGRESS for one in asked) >= MOST_OPEN_REQUESTS:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"you have {MOST_OPEN_REQUESTS} requests in progress already")
    institution = state.people[actor.person].institution
    if institution is None:
        return Refusal(RefusalCode.NOT_PERMITTED, "you left your institution; an admin records where you work now")
    request = RequestId(f"DR-{len(state.requests) + 1}")
    return (
        _reads_only(state, actor.person, at)
        or _not_trusted(state, actor.person, at)
        or (
            e.RequestOpened(
                request=request, applicant=actor.person, institution=institution, title=c.title, purpose=c.purpose
            ),
        )
    )


def _reads_only(state: State, person: PersonId, at: datetime) -> Refusal | None:
    """S92: an auditor reads, and asks for no data while the role lasts."""
    if acts_as(state, person, Role.AUDITOR, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"`{person}` is an auditor, who reads only; end that role first")
    return None


def _not_trusted(state: State, person: PersonId, at: datetime) -> Refusal | None:
    """S72, S73, E59: the same two rules that decide about a workspace."""
    case = case_of(state, Query(person, RequestId(""), Action.KEEP_WORKSPACE, at))
    if not institution_not_trusted(case).holds:
        text = "your institution has no agreement in force with the centre; send in an intake instead"
        return Refusal(RefusalCode.NOT_PERMITTED, text)
    if not organisation_excluded(case).holds:
        return Refusal(RefusalCode.NOT_PERMITTED, "your institution is shut out for now; it cannot ask for data")
    return None


def describe_request(state: State, c: DescribeRequest, actor: Actor, at: datetime) -> Outcome:
    """S9, S48, S71, S80, E1, E70: for treatment the physician is named, and nobody tests a treatment in children."""
    if c.tests_treatment:
        text = "the data may not be used for research in which a treatment is tested in children"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    request = state.requests[c.request]
    if request.submitted is not None and c.regime is not request.regime:
        text = "the rules that a request runs under stay as they were when it first came in; open a new request"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if c.purpose_kind is PurposeKind.TREATMENT and c.physician is None:
        return Refusal(RefusalCode.NOT_COMPLETE, "name the treating `physician`, yourself or who you ask for")
    return (
        e.RequestDescribed(
            request=c.request, purpose_kind=c.purpose_kind, field_of_work=c.field_of_work, tests_treatment=False,
            regime=c.regime, controller=c.controller, processor=c.processor, agreement=c.agreement or "",
            physician=c.physician or "",
            tools=c.tools or "",
        ),
    )  # fmt: skip


def request_dataset(state: State, c: RequestDataset, actor: Actor, at: datetime) -> Outcome:
    """S3: with its own necessity. A withdrawn dataset looks like one that was never there (POL-09, REQ-10)."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or not dataset.open:
        return _not_offered(c.dataset)
    return (e.DatasetRequested(request=c.request, dataset=dataset.dataset, necessity=c.necessity),)


def _not_offered(dataset: str) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{dataset}` is offered")


def drop_dataset(state: State, c: DropDataset, actor: Actor, at: datetime) -> Outcome:
    """S3: what the research does not need is not asked for."""
    dataset = DatasetName(c.dataset)
    if dataset not in state.requests[c.request].datasets:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.request}` does not ask for a dataset named `{c.dataset}`")
    return (e.DatasetDropped(request=c.request, dataset=dataset),)


def name_entity(state: State, c: NameEntity, actor: Actor, at: datetime) -> Outcome:
    """S68: a registered organisation, once; bounded (REQ-14). One that is shut out takes part in nothing (E59)."""
    institution = state.institutions.get(InstitutionName(c.institution))
    entities = state.requests[c.request].entities
    if institution is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{c.institution}`")
    if institution.institution in entities:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.institution}` takes part in `{c.request}` already")
    if len(entities) >= MOST_ENTITIES:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"at most {MOST_ENTITIES} organisations take part in a request")
    if institution.excluded_at(at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"`{c.institution}` is shut out for now; it cannot take part")
    return (e.EntityNamed(request=c.request, institution=institution.institution),)


def confirm_protection(state: State, c: ConfirmProtection, actor: Actor, at: datetime) -> Outcome:
    """S61, S68: for an organisation that takes part; who is only a signatory confirms for their own."""
    request, name = state.requests[c.request], InstitutionName(c.institution)
    if name not in request.entities:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.institution}` does not take part in `{c.request}`")
    if actor.person != request.applicant and name not in signs_for(state, request, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"you do not sign for `{c.institution}`")
    confirmations = tuple(one for one in Confirmation if one in c.confirmations)
    return (e.ProtectionConfirmed(request=c.request, institution=name, confirmations=confirmations),)


def name_contact(state: State, c: NameContact, actor: Actor, at: datetime) -> Outcome:
    """S15, S16, S68: a person of an organisation that takes part, with the address of their account (S33)."""
    person = state.people.get(PersonId(c.person))
    if person is None or person.institution not in state.requests[c.request].entities:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` is nobody of an organisation of `{c.request}`")
    reads_only = _reads_only(state, person.person, at)
    if reads_only is not None:
        return reads_only
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    return (e.ContactNamed(request=c.request, person=person.person, email=email),)


def submit_request(state: State, c: SubmitRequest, actor: Actor, at: datetime) -> Outcome:
    """S5, S18: completed and signed. The hash of the form is what the board later decides on (REQ-04)."""
    request = state.requests[c.request]
    missing = _missing(request)
    if request.form is None or missing:
        return Refusal(RefusalCode.NOT_COMPLETE, f"the form still needs: {', '.join(missing)}")
    problem = _unsound(state, request, at) or _organisations(state, request, at)
    choice = problem or choose(facts_of(state, request, request.form))
    if isinstance(choice, Refusal):
        return choice
    nobody = [name for name in request.entities if not has_signatory(state, request, name, at)]
    if nobody and choice.route is Route.DATA_ACCESS:
        text = f"nobody is named who signs for `{nobody[0]}`; invite its authorised signatory first"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    return (
        e.RequestSubmitted(
            request=c.request, digest=form_digest(request), scenario=choice.scenario, route=choice.route
        ),
    )


def _missing(request: Request) -> list[str]:
    parts = {
        "its description": request.form,
        "a dataset": request.datasets,
        "a download contact": request.contacts,
    }
    return [name for name, part in parts.items() if not part]


def _unsound(state: State, request: Request, at: datetime) -> Refusal | None:
    """S9, E7, REQ-10: in time, by somebody who still works there, for data that are still offered."""
    completed_by = request.returned and request.returned + days(COMPLETION_DAYS)
    if request.regime is Regime.EHDS and completed_by is not None and at >= completed_by:
        text = f"the form came back more than {COMPLETION_DAYS} days ago; open a new request"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if state.people[request.applicant or PersonId("")].institution != request.institution:
        text = f"you do not work at `{request.institution}` any more; open a new request where you work now"
        return Refusal(RefusalCode.NOT_PERMITTED, text)
    gone = [name for name in request.datasets if not state.datasets[name].open]
    return _not_offered(gone[0]) if gone else None


def _organisations(state: State, request: Request, at: datetime) -> Refusal | None:
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


def withdraw_request(state: State, c: WithdrawRequest, actor: Actor, at: datetime) -> Outcome:
    """The applicant takes back what is not active yet; the office closes an intake that nobody takes up (REQ-14)."""
    request = state.requests[c.request]
    if actor.person != request.applicant and request.status not in _NOT_TAKEN_UP:
        return Refusal(RefusalCode.NOT_PERMITTED, f"only the applicant takes `{c.request}` back")
    return (e.RequestWithdrawn(request=c.request),)


def form_digest(request: Request) -> str:
    """Return the SHA-256 of what the form says: title, purpose, datasets with necessity, contacts, organisations."""
    contacts = {person: contact.email for person, contact in request.contacts.items()}
    entities = {name: sorted(one.confirmations) for name, one in request.entities.items()}
    form = [
        request.request, request.title, request.purpose, request.regime, request.form, request.datasets, contacts,
        entities,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(form, order="deterministic")).hexdigest()

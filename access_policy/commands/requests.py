"""The data access request on the applicant's side: opened, filled in, signed, withdrawn (S3, S12-S18, S27)."""

import hashlib
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, OfRequest, Outcome, PersonRef, Refusal, RefusalCode, Text
from access_policy.commands.completeness import applicant_problem, not_offered, organisations, unsound
from access_policy.commands.independence import reads_only
from access_policy.commands.physician import physician_problem
from access_policy.commands.sizes import MOST_DATASETS, too_many_contacts
from access_policy.email import domain_of, normal_email
from access_policy.model.enums import Action, Confirmation, PurposeKind, Regime, RequestStatus, Route
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.instants import days
from access_policy.rules.case import Query, case_of
from access_policy.rules.people import institution_not_trusted, organisation_excluded
from access_policy.scenarios import choose, facts_of
from access_policy.standing import applicant_left, signing_addresses, signs_for
from access_policy.state import Request, State

MOST_OPEN_REQUESTS = 50
MOST_ENTITIES = 20
WITHDRAWN_COUNT_DAYS = 30
OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})
_IN_PROGRESS = frozenset(RequestStatus) - OVER
_NOT_TAKEN_UP = frozenset({RequestStatus.INTAKE, RequestStatus.INVITED})
_UNDECIDED = frozenset({RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED})


class OpenRequest(Command, frozen=True, kw_only=True):
    """Begin a data access request of your own."""

    title: Line
    purpose: Text


class DescribeRequest(OfRequest, frozen=True, kw_only=True):
    """Fill the form: for what, in which field, under which regime, who is controller and processor.

    `tests_treatment` says whether a treatment is tested in children: for that the data may not be used. The treating
    physician is a person of your institution, or where they have no account `physician` with the institution.
    """

    purpose_kind: PurposeKind
    field_of_work: Line
    tests_treatment: bool
    controller: Line
    processor: Line
    regime: Regime = Regime.OWN
    agreement: Line | None = None
    physician_person: PersonRef | None = None
    physician: Line | None = None
    physician_institution: Name | None = None
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
    if sum(one.applicant == actor.person and _counts(one, at) for one in asked) >= MOST_OPEN_REQUESTS:
        text = f"you have {MOST_OPEN_REQUESTS} requests in progress, or withdrawn this month, already"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    institution = state.people[actor.person].institution
    if institution is None:
        return Refusal(RefusalCode.NOT_PERMITTED, "you left your institution; an admin records where you work now")
    request = RequestId(f"DR-{len(state.requests) + 1}")
    return (
        reads_only(state, actor.person, at)
        or _not_trusted(state, actor.person, at)
        or (
            e.RequestOpened(
                request=request, applicant=actor.person, institution=institution, title=c.title, purpose=c.purpose
            ),
        )
    )


def _counts(request: Request, at: datetime) -> bool:
    """REQ-14: what was withdrawn a moment ago makes no room for the next one."""
    withdrawn = request.status is RequestStatus.WITHDRAWN and at < request.status_since + days(WITHDRAWN_COUNT_DAYS)
    return withdrawn or request.status in _IN_PROGRESS


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
    if c.purpose_kind is PurposeKind.TREATMENT and c.physician is None and c.physician_person is None:
        return Refusal(RefusalCode.NOT_COMPLETE, "name the treating physician, yourself or who you ask for")
    problem = physician_problem(state, request, c.physician_person, c.physician, c.physician_institution)
    return problem or (
        e.RequestDescribed(
            request=c.request, purpose_kind=c.purpose_kind, field_of_work=c.field_of_work, tests_treatment=False,
            regime=c.regime, controller=c.controller, processor=c.processor, agreement=c.agreement or "",
            physician=c.physician or "", tools=c.tools or "",
            physician_person=PersonId(c.physician_person) if c.physician_person is not None else None,
            physician_institution=InstitutionName(c.physician_institution) if c.physician_institution else None,
        ),
    )  # fmt: skip


def request_dataset(state: State, c: RequestDataset, actor: Actor, at: datetime) -> Outcome:
    """S3: with its own necessity; bounded (REQ-14). A withdrawn dataset looks like none at all (POL-09, REQ-10)."""
    dataset, asked = state.datasets.get(DatasetName(c.dataset)), state.requests[c.request].datasets
    if dataset is None or not dataset.open:
        return not_offered(c.dataset)
    if dataset.dataset not in asked and len(asked) >= MOST_DATASETS:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"at most {MOST_DATASETS} datasets stand in a form")
    return (e.DatasetRequested(request=c.request, dataset=dataset.dataset, necessity=c.necessity),)


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
    """S15, S16, S68: a person of an organisation that takes part, with an address of such an organisation (S33)."""
    request, person = state.requests[c.request], state.people.get(PersonId(c.person))
    if person is None or person.institution not in request.entities:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` is nobody of an organisation of `{c.request}`")
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    problem = reads_only(state, person.person, at) or _contact_problem(state, request, person.person, email)
    return problem or (e.ContactNamed(request=c.request, person=person.person, email=email),)


def _contact_problem(state: State, request: Request, person: PersonId, email: str) -> Refusal | None:
    """S15, S16: the address is institutional, of an organisation of the request. REQ-14: bounded."""
    problem = too_many_contacts(request, {person} - request.contacts.keys())
    if problem is None and not any(domain_of(email) in state.institutions[name].domains for name in request.entities):
        text = f"`{domain_of(email)}` is no domain that an organisation of `{request.request}` declared"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return problem


def submit_request(state: State, c: SubmitRequest, actor: Actor, at: datetime) -> Outcome:
    """S5, S18, S76: completed, and signed by an applicant with a second factor who is no auditor (S92).

    The hash of the form is what the board later decides on (REQ-04).
    """
    request = state.requests[c.request]
    missing = _missing(request)
    if request.form is None or missing:
        return Refusal(RefusalCode.NOT_COMPLETE, f"the form still needs: {', '.join(missing)}")
    problem = applicant_problem(state, request, at) or unsound(state, request, at)
    problem = problem or organisations(state, request, at)
    choice = problem or choose(facts_of(state, request, request.form))
    if isinstance(choice, Refusal):
        return choice
    signing = {name: signing_addresses(state, request, name, at) for name in request.entities}
    nobody = [name for name, addresses in signing.items() if not addresses]
    if nobody and choice.route is Route.DATA_ACCESS:
        text = f"nobody is named who signs for `{nobody[0]}`; invite its authorised signatory first"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    signatories = "\n".join(f"{name}: {', '.join(addresses)}" for name, addresses in signing.items())
    return (
        e.RequestSubmitted(
            request=c.request, digest=form_digest(request, signatories), scenario=choice.scenario, route=choice.route,
            signatories=signatories,
        ),
    )  # fmt: skip


def _missing(request: Request) -> list[str]:
    parts = {
        "its description": request.form,
        "a dataset": request.datasets,
        "a download contact": request.contacts,
    }
    return [name for name, part in parts.items() if not part]


def withdraw_request(state: State, c: WithdrawRequest, actor: Actor, at: datetime) -> Outcome:
    """The applicant takes back what is not active yet; the office closes an intake that nobody takes up (REQ-14).

    S9, S33: the office also closes an undecided request whose applicant left the institution that it came from.
    """
    request = state.requests[c.request]
    left_behind = request.status in _UNDECIDED and applicant_left(state, request)
    if actor.person != request.applicant and request.status not in _NOT_TAKEN_UP and not left_behind:
        return Refusal(RefusalCode.NOT_PERMITTED, f"only the applicant takes `{c.request}` back")
    return (e.RequestWithdrawn(request=c.request),)


def form_digest(request: Request, signatories: str) -> str:
    """Return the SHA-256 of what the form says: title, purpose, datasets with necessity, contacts, organisations.

    And `signatories`: for each organisation, the addresses of who signs for it (S23, S34).
    """
    contacts = {person: contact.email for person, contact in request.contacts.items()}
    entities = {name: sorted(one.confirmations) for name, one in request.entities.items()}
    form = [
        request.request, request.title, request.purpose, request.regime, request.form, request.datasets, contacts,
        entities, signatories,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(form, order="deterministic")).hexdigest()

"""Plain questions to a history of facts: who works where, what was asked for, signed, granted, offered.

Every answer is one walk through the whole list. Nothing is remembered between two questions, and nothing is taken from
the program but the vocabulary of its events and enums.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from access_policy import events as e
from access_policy.events import Fact, FactEvent
from access_policy.model.enums import DocumentKind, InvestigatorPlace, Route, Zone

Facts = Sequence[Fact]
Kind = TypeVar("Kind", bound=FactEvent)


class Contact(NamedTuple):
    """How somebody became a download contact: by which fact, with which address, working where."""

    seq: int
    email: str
    institution: str | None


class Course(NamedTuple):
    """What counts of a person's certifications in one course."""

    ends: datetime
    revoked: bool
    outdated: bool


def told(facts: Facts, kind: type[Kind], **about: object) -> list[tuple[int, Kind]]:
    """Return the events of a kind with these attributes, each with its number, oldest first."""
    found = []
    for fact in facts:
        event = fact.event
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in about.items()):
            found.append((fact.seq, event))
    return found


def last_seq(facts: Facts, kind: type[FactEvent], **about: object) -> int:
    """Return the number of the newest such fact, 0 where there is none."""
    return max((seq for seq, _ in told(facts, kind, **about)), default=0)


def at_of(facts: Facts, seq: int) -> datetime:
    """Return when a fact was recorded."""
    return next(fact.at for fact in facts if fact.seq == seq)


def until_seq(facts: Facts, seq: int) -> Facts:
    """Return the history as it was when fact `seq` was the newest."""
    return [fact for fact in facts if fact.seq <= seq]


def is_known(facts: Facts, person: str) -> bool:
    """Say whether somebody is registered."""
    return bool(told(facts, e.PersonRegistered, person=person))


def institution_of(facts: Facts, person: str) -> str | None:
    """Return where somebody works, None where nowhere."""
    works_at: str | None = None
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonRegistered | e.PersonMoved) and event.person == person:
            works_at = event.institution
        elif isinstance(event, e.PersonLeft) and event.person == person:
            works_at = None
    return works_at


def email_of(facts: Facts, person: str) -> str:
    """Return the address of somebody's account."""
    email = ""
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonRegistered | e.PersonMoved | e.EmailCorrected) and event.person == person:
            email = event.email
    return email


def domains_of(facts: Facts, institution: str | None) -> tuple[str, ...]:
    """Return the e-mail domains that an institution declares."""
    domains: tuple[str, ...] = ()
    for fact in facts:
        event = fact.event
        if isinstance(event, e.InstitutionRegistered | e.DomainsDeclared) and event.institution == institution:
            domains = event.domains
    return domains


def country_of(facts: Facts, institution: str | None) -> str:
    """Return the country of an institution."""
    return next((one.country for _, one in told(facts, e.InstitutionRegistered, institution=institution)), "")


def verification_of(facts: Facts, person: str) -> e.PersonVerified | None:
    """Return the verification of somebody that was not taken back (S73)."""
    standing = None
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonVerified) and event.person == person:
            standing = event
        elif isinstance(event, e.VerificationWithdrawn) and event.person == person:
            standing = None
    return standing


def factors_of(facts: Facts, person: str) -> dict[str, bool]:
    """Return somebody's second factors, each with whether it is confirmed (S17)."""
    factors: dict[str, bool] = {}
    for fact in facts:
        event = fact.event
        if getattr(event, "person", None) != person:
            continue
        if isinstance(event, e.FactorsReset):
            factors = {}
        elif isinstance(event, e.FactorEnrolled):
            factors[event.factor] = False
        elif isinstance(event, e.FactorConfirmed):
            factors[event.factor] = True
    return factors


def binding_since(facts: Facts, document: DocumentKind) -> int:
    """Return the fact that published the newest binding version of a text, 0 where none is (REQ-09).

    A further language of a version is not a version of its own.
    """
    since, newest = 0, None
    for seq, published in told(facts, e.DocumentPublished, document=document):
        if published.version != newest and (published.binding or newest is None):
            since = seq
        newest = published.version
    return since


def has_accepted(facts: Facts, person: str, document: DocumentKind) -> bool:
    """Say whether somebody accepted a text in a version that still binds (S79, S84, REQ-09)."""
    accepted = last_seq(facts, e.DocumentAccepted, person=person, document=document)
    return accepted > binding_since(facts, document) > 0


def course_of(facts: Facts, person: str, course: str) -> Course | None:
    """Return the certification that counts: not revoked, then of the binding version, then ending last (S74)."""
    bound = max((seq for seq, one in told(facts, e.CourseRevised, course=course) if one.binding), default=0)
    revoked = last_seq(facts, e.CertificationRevoked, person=person, course=course)
    passed = [
        Course(one.ends, seq < revoked, seq < bound)
        for seq, one in told(facts, e.PersonCertified, person=person, course=course)
    ]
    return max(passed, key=lambda one: (not one.revoked, not one.outdated, one.ends), default=None)


def route_of(facts: Facts, request: str) -> Route:
    """Return the way of a request, known since its form came in (S5)."""
    submitted = told(facts, e.RequestSubmitted, request=request)
    return submitted[-1][1].route if submitted else Route.DATA_ACCESS


def form_of(facts: Facts, request: str) -> e.RequestDescribed | None:
    """Return the form of a request."""
    described = told(facts, e.RequestDescribed, request=request)
    return described[-1][1] if described else None


def approvals_of(facts: Facts, request: str) -> list[tuple[int, e.RequestApproved | e.InvestigatorApproved]]:
    """Return what makes a request approved, empty while anything of it is missing (S22, S49, S50).

    On the clinical route both investigators have to approve the form that came in last (REQ-04).
    """
    board = told(facts, e.RequestApproved, request=request)
    if board:
        return [board[-1]]
    signed = last_seq(facts, e.RequestSubmitted, request=request)
    both: list[tuple[int, e.RequestApproved | e.InvestigatorApproved]] = []
    for place in InvestigatorPlace:
        approved = told(facts, e.InvestigatorApproved, request=request, place=place)
        both += [one for one in approved[-1:] if one[0] > signed]
    return both if len(both) == len(InvestigatorPlace) else []


def term_of(facts: Facts, request: str) -> tuple[datetime, datetime] | None:
    """Return the term of a request, as it was extended last (S39, S42); two approvals hold while both do."""
    approvals = [one for _, one in approvals_of(facts, request)]
    if not approvals:
        return None
    ends = min(one.ends for one in approvals)
    for _, extension in told(facts, e.ExtensionGranted, request=request):
        ends = extension.ends
    return max(one.begins for one in approvals), ends


def asked_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that stand in the form (S3)."""
    asked: set[str] = set()
    for fact in facts:
        event = fact.event
        if isinstance(event, e.DatasetRequested) and event.request == request:
            asked.add(event.dataset)
        elif isinstance(event, e.DatasetDropped) and event.request == request:
            asked.discard(event.dataset)
    return asked


def amendments(facts: Facts, request: str) -> list[tuple[int, e.AmendmentProposed]]:
    """Return the amendments that the board approved, each with the number of the approval (E19)."""
    approved = []
    for seq, approval in told(facts, e.AmendmentApproved, request=request):
        proposed = told(facts, e.AmendmentProposed, request=request, amendment=approval.amendment)
        approved += [(seq, one) for _, one in proposed[-1:]]
    return approved


def granted_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that were granted (S3, E19)."""
    granted: set[str] = set()
    for _, approval in approvals_of(facts, request):
        named = approval.datasets if isinstance(approval, e.RequestApproved) else None
        granted |= asked_datasets(facts, request) if named is None else set(named)
    for _, amendment in amendments(facts, request):
        granted |= set(amendment.datasets)
    return granted


def available_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that were made available (S100)."""
    available: set[str] = set()
    for seq, made in told(facts, e.RequestMadeAvailable, request=request):
        available |= granted_datasets(until_seq(facts, seq), request) if made.datasets is None else set(made.datasets)
    return available


def datasets_of(facts: Facts, request: str) -> set[str]:
    """Return those asked for before the approval, those granted after it, those available once any is."""
    if told(facts, e.RequestMadeAvailable, request=request):
        return available_datasets(facts, request)
    if approvals_of(facts, request):
        return granted_datasets(facts, request)
    return asked_datasets(facts, request)


def registered(facts: Facts, dataset: str) -> e.DatasetRegistered | None:
    """Return what a dataset is."""
    return next((one for _, one in told(facts, e.DatasetRegistered, dataset=dataset)), None)


def excluded_subjects(facts: Facts, dataset: str) -> set[str]:
    """Return the subjects that were taken out of the version in force (S82, E72)."""
    released = told(facts, e.VersionReleased, dataset=dataset)
    return set(released[-1][1].excluded) if released else set()


def consent_is_missing(facts: Facts, dataset: str) -> bool:
    """Say whether a consent was withdrawn since the version in force came, or its subject is still in it (S82)."""
    withdrawn = told(facts, e.ConsentWithdrawn, dataset=dataset)
    released = last_seq(facts, e.VersionReleased, dataset=dataset)
    without = excluded_subjects(facts, dataset)
    return any(seq > released or one.subject not in without for seq, one in withdrawn)


def is_offered(facts: Facts, dataset: str) -> bool:
    """Say whether a dataset is attested, not withdrawn, and without subjects who took consent back (S82, S83)."""
    what = registered(facts, dataset)
    withdrawn = last_seq(facts, e.DatasetWithdrawn, dataset=dataset)
    reopened = last_seq(facts, e.DatasetReopened, dataset=dataset)
    return what is not None and what.attested and withdrawn <= reopened and not consent_is_missing(facts, dataset)


def version_of(facts: Facts, dataset: str) -> str:
    """Return the version in force of a dataset."""
    released = told(facts, e.VersionReleased, dataset=dataset)
    what = registered(facts, dataset)
    return released[-1][1].version if released else what.version if what else ""


def is_open(facts: Facts, request: str, dataset: str) -> bool:
    """Say whether a dataset is offered to a request; where it has an extract, only from the version in force (S3)."""
    extracts = told(facts, e.ExtractPrepared, request=request, dataset=dataset)
    current = not extracts or extracts[-1][1].version == version_of(facts, dataset)
    return is_offered(facts, dataset) and current


def open_datasets(facts: Facts, request: str) -> list[e.DatasetRegistered]:
    """Return the datasets of a request that are open to it, by name."""
    names = sorted(name for name in datasets_of(facts, request) if is_open(facts, request, name))
    return [what for name in names if (what := registered(facts, name)) is not None]


def is_restricted(what: e.DatasetRegistered) -> bool:
    """Say whether a dataset opens from the institute's network only (S77)."""
    return what.zone is Zone.INSTITUTE


def contact_of(facts: Facts, request: str, person: str) -> Contact | None:
    """Return how somebody is a download contact: in the form, at the licensee's wish, or by amendment (S27, S30)."""
    contact: Contact | None = None
    for fact in facts:
        if getattr(fact.event, "request", None) != request:
            continue
        email = _address_given(facts, fact, person)
        if email is not None:
            contact = Contact(fact.seq, email, institution_of(until_seq(facts, fact.seq), person))
        elif isinstance(fact.event, e.ContactRemoved) and fact.event.person == person:
            contact = None
    return contact


def _address_given(facts: Facts, fact: Fact, person: str) -> str | None:
    event, before = fact.event, until_seq(facts, fact.seq)
    if isinstance(event, e.ContactNamed) and event.person == person:
        return event.email
    if isinstance(event, e.ContactChecked) and event.person == person:
        return told(before, e.ContactAsked, request=event.request, person=person)[-1][1].email
    if isinstance(event, e.AmendmentApproved):
        named = [one for seq, one in amendments(facts, event.request) if seq == fact.seq and person in one.contacts]
        return email_of(before, person) if named else None
    return None


def workspace_of(facts: Facts, request: str, person: str) -> tuple[int, e.WorkspaceStarted] | None:
    """Return the running workspace of somebody and a request, with the number of its start."""
    started = told(facts, e.WorkspaceStarted, request=request, person=person)
    ended = last_seq(facts, e.WorkspaceEnded, request=request, person=person)
    return started[-1] if started and started[-1][0] > ended else None


def was_taken_away(facts: Facts, dataset: str, since: int) -> bool:
    """Say whether what a workspace got at fact `since` was withdrawn later (S82, S94).

    It stays so where the dataset is offered again, or in a version without the subject: the old files are still there.
    """
    kinds = (e.ConsentWithdrawn, e.DatasetWithdrawn)
    return any(last_seq(facts, kind, dataset=dataset) > since for kind in kinds)

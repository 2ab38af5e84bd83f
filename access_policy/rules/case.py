"""What a rule looks at and what it answers: a `Case` in, a `Finding` out.

A case is a query with everything it speaks of looked up once. What is missing is None, and every rule fails on None:
when in doubt, deny (POL-05).
"""

from datetime import datetime

import msgspec

from access_policy.model.enums import Action, FactorKind, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.state import (
    Certification,
    Contact,
    Course,
    Dataset,
    Entity,
    Institution,
    Person,
    Request,
    State,
    Workspace,
)


class Session(msgspec.Struct, frozen=True):
    """A browser session as the gate saw it (S76): who, since when, which factor, where, and until when. UTC.

    `supposed` marks a session that nobody has: an answer about what a fresh login would be allowed.
    """

    session: str
    person: PersonId
    begun: datetime
    ends: datetime
    factor: FactorKind | None
    zone: Zone
    ended: datetime | None = None
    supposed: bool = False


class Query(msgspec.Struct, frozen=True):
    """May `person` do `action` with the workspace of `request` at `at`, coming with `session`?"""

    person: PersonId
    request: RequestId
    action: Action
    at: datetime
    session: Session | None = None


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What a rule found. `since` is when the condition took its present value; `until` when it stops holding itself.

    `holds_from` is when a failing condition begins to hold by itself, where the clock alone will mend it.
    """

    code: ReasonCode
    holds: bool
    since: datetime | None = None
    until: datetime | None = None
    holds_from: datetime | None = None


class Case(msgspec.Struct, frozen=True):
    """A query with everything it speaks of looked up once.

    It is known to the garbage collector, unlike a `Finding`: a kept case holds the state that keeps it.
    `entity` is the legal entity of the request that the contact belongs to. `datasets` are those that are granted,
    `offered` those of them that can be had now. `courses` must have been passed: those of everybody and those that
    the datasets ask for; `trained` holds each that the person ever passed, with the certification that counts.
    """

    query: Query
    at: datetime
    state: State
    person: Person | None
    institution: Institution | None
    request: Request | None
    contact: Contact | None
    entity: Entity | None
    datasets: tuple[Dataset, ...]
    offered: tuple[Dataset, ...]
    courses: tuple[Course, ...]
    trained: tuple[tuple[Course, Certification], ...]
    session: Session | None
    workspace: Workspace | None


def case_of(state: State, query: Query) -> Case:
    """Look up what a query speaks of. Unknown ids give None."""
    person = state.people.get(query.person)
    request = state.requests.get(query.request)
    institution = state.institutions.get(person.institution) if person is not None and person.institution else None
    contact = request.contacts.get(query.person) if request is not None else None
    datasets = datasets_of(state, request) if request is not None else ()
    offered = _offered(datasets, request) if request is not None else ()
    courses = _courses(state, datasets)
    trained = _trained(person, courses) if person is not None else ()
    session = query.session if query.session is not None and query.session.person == query.person else None
    workspace = state.workspaces.get((query.person, query.request))
    return Case(
        query, query.at, state, person, institution, request, contact, _entity(request, contact), datasets, offered,
        courses, trained, session, workspace,
    )  # fmt: skip


def asked_with(case: Case, query: Query) -> Case:
    """Return the case of the same question, asked at another instant and with another session."""
    session = query.session if query.session is not None and query.session.person == query.person else None
    return Case(
        query, query.at, case.state, case.person, case.institution, case.request, case.contact, case.entity,
        case.datasets, case.offered, case.courses, case.trained, session, case.workspace,
    )  # fmt: skip


def datasets_of(state: State, request: Request) -> tuple[Dataset, ...]:
    """Return the datasets that a request grants; before it is decided, those that it asks for (S3)."""
    names = request.granted if request.approved is not None else request.datasets
    known = state.datasets
    return tuple([known[name] for name in names if name in known])


def _offered(datasets: tuple[Dataset, ...], request: Request) -> tuple[Dataset, ...]:
    if request.available_datasets or request.extracts:
        return tuple([one for one in datasets if one.open and _is_prepared(one, request)])
    return tuple([one for one in datasets if one.open])


def _is_prepared(dataset: Dataset, request: Request) -> bool:
    """Say whether a dataset was made available, and the extract of it, where there is one, is of its version."""
    if request.available_datasets and dataset.dataset not in request.available_datasets:
        return False
    extract = request.extracts.get(dataset.dataset)
    return extract is None or extract.version == dataset.version


def _entity(request: Request | None, contact: Contact | None) -> Entity | None:
    if request is None:
        return None
    where = contact.institution if contact is not None else request.institution
    return request.entities.get(where) if where is not None else None


def _courses(state: State, datasets: tuple[Dataset, ...]) -> tuple[Course, ...]:
    asked = [name for dataset in datasets for name in dataset.trainings]
    if not asked:
        return state.required_courses
    extra = {name: state.courses[name] for name in asked if name in state.courses}
    return (*state.required_courses, *[course for course in extra.values() if not course.required])


def _trained(person: Person, courses: tuple[Course, ...]) -> tuple[tuple[Course, Certification], ...]:
    passed = person.certifications
    return tuple([(course, newest(found, course)) for course in courses if (found := passed.get(course.course))])


def later(one: datetime | None, other: datetime) -> datetime:
    """Return the later of two instants, the second where there is no first; `max` costs twice as much."""
    return other if one is None or one < other else one


def earlier(one: datetime | None, other: datetime) -> datetime:
    """Return the earlier of two instants, the second where there is no first."""
    return other if one is None or other < one else one


def newest(certifications: list[Certification], course: Course) -> Certification:
    """Return the certification that counts: not revoked before revoked, of the binding version, ending last."""
    if len(certifications) == 1:
        return certifications[0]
    since = course.binding_since
    return max(certifications, key=lambda one: (one.revoked is None, one.begins >= since, one.ends))

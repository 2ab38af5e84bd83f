"""What a rule looks at and what it answers: a `Case` in, a `Finding` out.

A case is a query with everything it speaks of looked up once. What is missing is None, and every rule fails on None:
when in doubt, deny (POL-05).
"""

from datetime import datetime

import msgspec

from access_policy.model.enums import Action, Assurance, FactorKind, Zone
from access_policy.model.ids import CourseName, FactorId, PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules.particulars import admitted, courses_of, ignored_from, newest
from access_policy.state import (
    Certification,
    Contact,
    Course,
    Dataset,
    Entity,
    Extract,
    Institution,
    Person,
    Request,
    State,
    Workspace,
)

_OPEN, _LOWEST = Action.OPEN_WORKSPACE, Assurance.LOW
_ANYWHERE, _INSTITUTE = Zone.ANYWHERE, Zone.INSTITUTE


class Session(msgspec.Struct, frozen=True):
    """A browser session as the gate saw it (S76): who, since when, which factor, where, and until when. UTC.

    `supposed` marks a session that nobody has: an answer about what a fresh login would be allowed. `given` is which
    factor was given, `active` when the person last did something; neither is known of a login of an older release.
    """

    session: str
    person: PersonId
    begun: datetime
    ends: datetime
    factor: FactorKind | None
    zone: Zone
    ended: datetime | None = None
    supposed: bool = False
    given: FactorId | None = None
    active: datetime | None = None


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
    `offered` those of them that are there to be had, `wanted` those of these that the question is about. `courses`
    must have been passed: those of everybody and those that the wanted datasets ask for; `trained` holds each that the
    person ever passed, with the certification that counts. `changes` is when `wanted` changes by the clock alone.
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
    wanted: tuple[Dataset, ...]
    courses: tuple[Course, ...]
    trained: tuple[tuple[Course, Certification], ...]
    session: Session | None
    workspace: Workspace | None
    changes: datetime | None


def case_of(state: State, query: Query) -> Case:
    """Look up what a query speaks of. Unknown ids give None."""
    person, request = state.people.get(query.person), state.requests.get(query.request)
    workspace = state.workspaces.get((query.person, query.request))
    changes: datetime | None = None
    institution = contact = entity = None
    datasets: tuple[Dataset, ...] = ()
    offered: tuple[Dataset, ...] = ()
    wanted: tuple[Dataset, ...] = ()
    trained: tuple[tuple[Course, Certification], ...] = ()
    if request is not None:
        contact = request.contacts.get(query.person)
        entity = _entity(request, contact)
        datasets = datasets_of(state, request)
        offered = _offered(datasets, request)
        if workspace is not None and query.action is not _OPEN:
            wanted = tuple([one for one in offered if one.dataset in workspace.datasets])
        else:
            wanted, changes = _wanted(state, query, person, request, offered)
    courses = _courses(state, wanted)
    if person is not None:
        institution = state.institutions.get(person.institution) if person.institution else None
        trained = _trained(person, courses)
    return Case(
        query, query.at, state, person, institution, request, contact, entity, datasets, offered,
        wanted, courses, trained, _session(query), workspace, changes,
    )  # fmt: skip


def asked_with(case: Case, query: Query) -> Case:
    """Return the case of the same question, asked at another instant and with another session."""
    return Case(
        query, query.at, case.state, case.person, case.institution, case.request, case.contact, case.entity,
        case.datasets, case.offered, case.wanted, case.courses, case.trained, _session(query), case.workspace,
        case.changes,
    )  # fmt: skip


def _session(query: Query) -> Session | None:
    """Return the session that a question comes with, unless it is somebody else's."""
    session = query.session
    return session if session is not None and session.person == query.person else None


def datasets_of(state: State, request: Request) -> tuple[Dataset, ...]:
    """Return the datasets that a request grants; before it is decided, those that it asks for (S3)."""
    names = request.granted if request.approved is not None else request.datasets
    known = state.datasets
    return tuple(filter(None, map(known.get, names)))


def offered_of(state: State, request: Request) -> tuple[Dataset, ...]:
    """Return the datasets that a request offers to whoever may have them."""
    return _offered(datasets_of(state, request), request)


def _offered(datasets: tuple[Dataset, ...], request: Request) -> tuple[Dataset, ...]:
    """Return the datasets that are open, were made available, and are of the version of the extract, where one is."""
    made, available, extracts = request.available is not None, request.available_datasets, request.extracts
    offered = [one for one in datasets if one.open and (not made or one.dataset in available)]
    if extracts:
        offered = [one for one in offered if _is_of_version(one, extracts.get(one.dataset))]
    return tuple(offered)


def _wanted(
    state: State, query: Query, person: Person | None, request: Request, offered: tuple[Dataset, ...]
) -> tuple[tuple[Dataset, ...], datetime | None]:
    """Return the datasets that a question is about, and when that changes by the clock alone.

    Those that the person can have, or all where they can have none, for then what these lack is the reason; an opening
    from outside without those that are for inside only, unless these are all.
    """
    until: datetime | None = None
    if person is not None:
        for one in offered:
            if one.trainings or one.opt_outs_inside or one.assurance is not _LOWEST:
                offered, until = _admitted(state, person, request, offered, query.at)
                break
    for one in offered:
        if one.zone is not _ANYWHERE:
            outside = query.action is _OPEN and not is_inside(query)
            return (outside and tuple([one for one in offered if one.zone is _ANYWHERE])) or offered, until
    return offered, until


def _admitted(
    state: State, person: Person, request: Request, offered: tuple[Dataset, ...], at: datetime
) -> tuple[tuple[Dataset, ...], datetime | None]:
    """Return the datasets of which a person meets what each asks for, at `at`, and when the first lapses (E72, S74)."""
    found, ends = [], []
    for one in offered:
        ignored = ignored_from(request, one)
        if admitted(state, person, one, at) and (ignored is None or at < ignored):
            found.append(one)
            ends += [newest(person.certifications[course.course], course).ends for course in courses_of(state, one)]
            ends += [] if ignored is None else [ignored]
    return tuple(found) or offered, min(ends, default=None)


def is_inside(query: Query) -> bool:
    """Say whether a question comes, with a session of its person, from the institute's network (S77)."""
    session = _session(query)
    return session is not None and session.zone is _INSTITUTE


def _is_of_version(dataset: Dataset, extract: Extract | None) -> bool:
    return extract is None or extract.version == dataset.version


def _entity(request: Request, contact: Contact | None) -> Entity | None:
    where = contact.institution if contact is not None else request.institution
    return request.entities.get(where) if where is not None else None


def _courses(state: State, datasets: tuple[Dataset, ...]) -> tuple[Course, ...]:
    asked: list[CourseName] = []
    for dataset in datasets:
        if dataset.trainings:
            asked += dataset.trainings
    if not asked:
        return state.required_courses
    extra = {name: state.courses[name] for name in asked if name in state.courses}
    return (*state.required_courses, *[course for course in extra.values() if not course.required])


def _trained(person: Person, courses: tuple[Course, ...]) -> tuple[tuple[Course, Certification], ...]:
    passed = person.certifications
    return tuple(
        [
            (course, found[0] if len(found) == 1 else newest(found, course))
            for course in courses
            if (found := passed.get(course.course))
        ]
    )


def later(one: datetime | None, other: datetime) -> datetime:
    """Return the later of two instants, the second where there is no first; `max` costs twice as much."""
    return other if one is None or one < other else one


def earlier(one: datetime | None, other: datetime) -> datetime:
    """Return the earlier of two instants, the second where there is no first."""
    return other if one is None or other < one else one


def about(case: Case, dataset: Dataset) -> Case:
    """Return the case as if the question were about one of its datasets alone."""
    courses = _courses(case.state, (dataset,))
    trained = _trained(case.person, courses) if case.person is not None else ()
    return msgspec.structs.replace(case, wanted=(dataset,), courses=courses, trained=trained)

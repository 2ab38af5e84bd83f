"""What ends soon and what is overdue, and who is reminded of it: once for each threshold of the settings (S41).

An end is reminded of from when on it is known: a term of ten days gets no notice of sixty. A new end is another
occasion, with keys of its own. Nobody is reminded of what is over, revoked or renewed.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from access_policy.clocks import Clock, ClockKind, ClockState, clocks_of
from access_policy.model.enums import Role, TransferBasis
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.model.instants import days, format_instant
from access_policy.notices.base import Notice, NoticeKind, holders, licensee, reachable
from access_policy.overview import LIVE, signatories
from access_policy.rules.particulars import newest
from access_policy.rules.parties import adequacy_spans, standing
from access_policy.state import Appointment, Entity, Person, Request, State


class _End(NamedTuple):
    """Something that ends, since when that is known, and who is to be told at an instant."""

    kind: NoticeKind
    about: str
    ends: datetime
    known: datetime
    to: Callable[[datetime], Iterable[PersonId | None]]


def reminders(state: State, begins: datetime, ends: datetime) -> tuple[Notice, ...]:
    """Return the reminders that fall due in the half-open [begins, ends), UTC, in their order.

    S41, S67, S73, S74: before the end of a term, a certification, a verification, a role, an agreement and a decision
    on adequacy that a grant rests on. Windows that follow each other give every reminder exactly once. Who is told
    depends on its instant, not on the window.
    """
    found = (
        notice
        for end in _ends(state)
        for before in sorted(set(state.settings.reminder_days))
        if max(begins, end.known) <= (at := end.ends - days(before)) < ends
        for notice in _remind(state, end, before, at)
    )
    return tuple(sorted((*found, *_overdue(state, begins, ends)), key=lambda one: (one.at, one.key)))


def _overdue(state: State, begins: datetime, ends: datetime) -> Iterator[Notice]:
    """S13, S21, S44, S52, E7, E8, E58: at the instant at which a clock is breached, once; also if it stopped since."""
    for request in state.requests.values():
        for clock in clocks_of(state, request, ends):
            if clock.state is ClockState.BREACHED and begins <= clock.due < ends:
                yield from _breached(state, request, clock)


def _breached(state: State, request: Request, clock: Clock) -> Iterator[Notice]:
    instant = format_instant(clock.due)
    for person in reachable(state, _waited_for(state, request, clock)):
        key = f"{NoticeKind.CLOCK_BREACHED}:{request.request}:{clock.kind}:{person}:{instant}"
        values = (("clock", str(clock.kind)), ("due", instant))
        yield Notice(key, NoticeKind.CLOCK_BREACHED, person, request.request, clock.due, values)


def _waited_for(state: State, request: Request, clock: Clock) -> Iterator[PersonId | None]:
    """Return who has to act, the data access office, which keeps the clocks, and the applicant, who waits."""
    for role in (*_ACTING[clock.kind], Role.DATA_ACCESS_OFFICE):
        yield from holders(state, role, clock.due)
    yield request.applicant


_ACTING: dict[ClockKind, tuple[Role, ...]] = {
    ClockKind.INTAKE: (),
    ClockKind.REVIEW: (Role.ASSESSOR, Role.BOARD_MEMBER),
    ClockKind.DECISION: (Role.ASSESSOR, Role.BOARD_MEMBER),
    ClockKind.COMPLETION: (),
    ClockKind.AVAILABILITY: (Role.DATA_STEWARD,),
    ClockKind.EXTENSION: (),
    ClockKind.HEARING: (Role.REPRESENTATIVE,),
}
"""Which roles a clock waits for, besides the data access office; a form to complete waits for its applicant."""


def _remind(state: State, end: _End, before: int, at: datetime) -> Iterator[Notice]:
    instant = format_instant(end.ends)
    for person in reachable(state, end.to(at)):
        key = f"{end.kind}:{end.about}:{person}:{before}:{instant}"
        yield Notice(key, end.kind, person, end.about, at, (("days", str(before)), ("ends", instant)))


def _ends(state: State) -> Iterator[_End]:
    found = (*_terms(state), *_of_people(state), *_agreements(state), *_adequacy(state))
    return (end for end in found if state.at is None or end.ends > state.at)


def _terms(state: State) -> Iterator[_End]:
    """S41: the licensee is reminded, not only the applicant."""
    for request in state.requests.values():
        if request.status in LIVE and request.term is not None and request.term_set is not None:
            to = partial(licensee, state, request)
            yield _End(NoticeKind.TERM_ENDS, request.request, request.term.ends, request.term_set, to)


def _of_people(state: State) -> Iterator[_End]:
    for person in state.people.values():
        yield from _certifications(state, person)
        yield from _verification(person)
        yield from _roles(person)


def _certifications(state: State, person: Person) -> Iterator[_End]:
    """S74: of each course the certification that counts, unless it counts no more."""
    for name, certifications in person.certifications.items():
        course = state.courses[name]
        counts = newest(certifications, course)
        if counts.revoked is None and counts.begins >= course.binding_since:
            to = partial(_only, person.person)
            yield _End(NoticeKind.CERTIFICATION_ENDS, name, counts.ends, counts.begins, to)


def _verification(person: Person) -> Iterator[_End]:
    """S73."""
    found = person.verification
    if found is not None:
        to = partial(_only, person.person)
        yield _End(NoticeKind.VERIFICATION_ENDS, person.person, found.until, found.since, to)


def _roles(person: Person) -> Iterator[_End]:
    """S34, E28: of each role, and of each scope, the appointment that ends last."""
    last: dict[str, Appointment] = {}
    for one in sorted(person.appointments, key=lambda one: one.until):
        last[one.role if one.scope is None else f"{one.role}:{one.scope}"] = one
    for about, one in last.items():
        yield _End(NoticeKind.ROLE_ENDS, about, one.until, one.since, partial(_only, person.person))


def _agreements(state: State) -> Iterator[_End]:
    """S72: both sides of the standing agreement, the partner's signatories and the centre's representatives."""
    for one in state.institutions.values():
        if one.agreement is not None and one.agreement_recorded is not None and one.agreement_ended is None:
            to = partial(_both_sides, state, one.institution)
            yield _End(NoticeKind.AGREEMENT_ENDS, one.institution, one.agreement.ends, one.agreement_recorded, to)


def _adequacy(state: State) -> Iterator[_End]:
    """S67: of each live request a decision on adequacy that it rests on, where that ends before its term does."""
    for request in state.requests.values():
        if request.status in LIVE and request.term is not None:
            to = partial(_resting, state, request)
            for ends, known in _decisions(state, request).items():
                if ends < request.term.ends:
                    yield _End(NoticeKind.ADEQUACY_ENDS, request.request, ends, known, to)


def _decisions(state: State, request: Request) -> dict[datetime, datetime]:
    """Return when the decisions end that the parties of a request rest on, and since when the first of them does."""
    found: dict[datetime, datetime] = {}
    for entity in request.entities.values():
        ends = _decision_ends(state, entity)
        if ends is not None and entity.transfer is not None:
            found[ends] = min(entity.transfer.recorded, found.get(ends, entity.transfer.recorded))
    return found


def _decision_ends(state: State, entity: Entity) -> datetime | None:
    """Return until when the decision of a party holds that follows on without a gap, None where none ends."""
    transfer = entity.transfer
    if transfer is None or transfer.basis is not TransferBasis.ADEQUACY or entity.institution not in state.institutions:
        return None
    return standing(adequacy_spans(state, entity, transfer.scope), state.at or transfer.recorded).until


def _resting(state: State, request: Request, at: datetime) -> list[PersonId | None]:
    """Return the office, which records another ground, and the licensee, who needs one."""
    return [*holders(state, Role.DATA_ACCESS_OFFICE, at), *licensee(state, request, at)]


def _only(person: PersonId, _at: datetime) -> list[PersonId]:
    return [person]


def _both_sides(state: State, institution: InstitutionName, at: datetime) -> list[PersonId]:
    return [*signatories(state, at).get(institution, ()), *holders(state, Role.REPRESENTATIVE, at)]

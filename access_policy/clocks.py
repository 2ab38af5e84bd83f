"""The clocks of a request: when each began, when it is due, and whether it runs, stands still, was met or is breached.

Worked out from State and an instant; nothing about a clock is stored. What is due at an instant has to be done before
it: a clock is breached at exactly `due` (REQ-08). Days have 24 hours. Months are of the calendar and end at the time of
day at which they began, which is never later than the last hour of that day (Regulation 1182/71, Article 3).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec

from access_policy.model.enums import PausableClock, Regime, RequestStatus, Route
from access_policy.model.ids import RequestId
from access_policy.model.instants import days, months_later
from access_policy.rules.case import datasets_of
from access_policy.rules.particulars import binds_from
from access_policy.state import Request, Settings, State

COMPLETION_DAYS = 28
"""Within how many days a returned form is completed, or there is no permit (E7; R 68(4))."""

HEARING_DAYS = 28
"""Within how many days the user is heard after a suspension (E58; R 63(2))."""

ACCELERATED_DEFERRAL_MONTHS = 1
"""By how many months an accelerated decision is put off once (E8; R 68(6))."""

_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})


class ClockKind(StrEnum):
    """What has to happen in time."""

    INTAKE = "intake"
    REVIEW = "review"
    DECISION = "decision"
    COMPLETION = "completion"
    AVAILABILITY = "availability"
    EXTENSION = "extension"
    HEARING = "hearing"


class ClockState(StrEnum):
    """How a clock stands. One that was stopped is met, or breached for good."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


REQUIREMENTS: dict[ClockKind, str] = {
    ClockKind.INTAKE: "S13",
    ClockKind.REVIEW: "S21",
    ClockKind.DECISION: "E8",
    ClockKind.COMPLETION: "E7",
    ClockKind.AVAILABILITY: "S52",
    ClockKind.EXTENSION: "S44",
    ClockKind.HEARING: "E58",
}
"""The requirement that sets each clock."""


class Clock(msgspec.Struct, frozen=True):
    """A clock of a request. All instants are UTC; `due` has moved by `paused`; `stopped` is None while it goes on."""

    kind: ClockKind
    request: RequestId
    requirement: str
    starts: datetime
    due: datetime
    stopped: datetime | None
    paused: timedelta
    state: ClockState


class _Stretch(NamedTuple):
    """A clock before its pauses are counted; `pausable` says which of them are its own, if it can have any."""

    kind: ClockKind
    starts: datetime
    due: datetime
    stopped: datetime | None
    pausable: PausableClock | None = None


def clocks_of(state: State, request: Request, at: datetime) -> tuple[Clock, ...]:
    """Return every clock of a request as it stands at `at` (S13, S21, S44, S52, E7, E8, E58)."""
    return tuple(_clock(request, stretch, at) for stretch in _stretches(state, request))


def breaches(state: State, at: datetime) -> tuple[Clock, ...]:
    """Return the clocks of all requests that are breached and go on, the longest overdue first (S13, S21)."""
    clocks = (clock for request in state.requests.values() for clock in clocks_of(state, request, at))
    found = (one for one in clocks if one.state is ClockState.BREACHED and one.stopped is None)
    return tuple(sorted(found, key=lambda one: one.due))


def _stretches(state: State, request: Request) -> Iterator[_Stretch]:
    settings = state.settings
    yield from _intake(settings, request)
    yield from _review(state, request)
    yield from _completion(request)
    yield from _availability(settings, request)
    yield from _extension(settings, request)
    yield from _hearing(request)


def _over(request: Request) -> datetime | None:
    return request.status_since if request.status in _OVER else None


def _intake(settings: Settings, request: Request) -> Iterator[_Stretch]:
    """S13: from the intake to the invitation."""
    if request.intake is not None:
        due = request.intake + days(settings.contact_days)
        stopped = request.answered or _over(request)
        yield _Stretch(ClockKind.INTAKE, request.intake, due, stopped, PausableClock.INTAKE)


def _review(state: State, request: Request) -> Iterator[_Stretch]:
    """S18, S21, E8: from the completed and signed form to the decision; the clinical route waits for no board (S54).

    E2: a form that came in before the rules of the EHDS bind has the institute's own six weeks besides.
    """
    starts, settings = request.submitted, state.settings
    if starts is None:
        return
    returned = request.returned if request.returned is not None and request.returned > starts else None
    stopped = returned or request.approved or _over(request)
    if request.regime is Regime.EHDS:
        yield _Stretch(ClockKind.DECISION, starts, _decision_due(settings, request, starts), stopped)
    if request.route is Route.DATA_ACCESS and not _bound(state, request, starts):
        due = starts + days(settings.review_days)
        yield _Stretch(ClockKind.REVIEW, starts, due, stopped, PausableClock.REVIEW)


def _bound(state: State, request: Request, at: datetime) -> bool:
    binds = binds_from(request, datasets_of(state, request))
    return binds is not None and binds <= at


def _decision_due(settings: Settings, request: Request, starts: datetime) -> datetime:
    """E8: three months, once three more; accelerated: two, once one more.

    Deferred too late, or before the form came in anew, counts for nothing; nor does what was accelerated after it.
    """
    accelerated = request.accelerated is not None and request.accelerated <= starts
    first, more = settings.decision_months, settings.deferral_months
    if accelerated:
        first, more = settings.accelerated_months, ACCELERATED_DEFERRAL_MONTHS
    due = months_later(starts, first)
    deferred = request.deferred is not None and starts <= request.deferred < due
    return months_later(due, more) if deferred else due


def _completion(request: Request) -> Iterator[_Stretch]:
    """E7: from the return of an incomplete form to the completed one."""
    starts = request.returned
    if starts is not None and request.regime is Regime.EHDS:
        completed = request.submitted if request.submitted is not None and request.submitted > starts else None
        yield _Stretch(ClockKind.COMPLETION, starts, starts + days(COMPLETION_DAYS), completed or _over(request))


def _availability(settings: Settings, request: Request) -> Iterator[_Stretch]:
    """S52: from the approval of a clinical request to its data."""
    if request.approved is not None and request.route is Route.CLINICAL:
        due = request.approved + days(settings.availability_days)
        stopped = request.available or _over(request)
        yield _Stretch(ClockKind.AVAILABILITY, request.approved, due, stopped, PausableClock.AVAILABILITY)


def _extension(settings: Settings, request: Request) -> Iterator[_Stretch]:
    """S44: from the licensee's question to the answer how to submit the renewal; who submitted it has got one."""
    asked, within = request.extension, days(settings.contact_days)
    for past in request.past_extensions:
        due = past.begins + within
        yield _Stretch(ClockKind.EXTENSION, past.begins, due, past.ends, PausableClock.EXTENSION)
    if asked is not None:
        stopped = asked.answered or asked.submitted or _over(request)
        yield _Stretch(ClockKind.EXTENSION, asked.asked, asked.asked + within, stopped, PausableClock.EXTENSION)


def _hearing(request: Request) -> Iterator[_Stretch]:
    """E58: from a suspension to the hearing of the user, or to the outcome where nobody was heard before it."""
    for past in request.past_suspensions:
        yield _Stretch(ClockKind.HEARING, past.begins, past.begins + days(HEARING_DAYS), past.ends)
    if request.suspended is not None:
        due = request.suspended + days(HEARING_DAYS)
        yield _Stretch(ClockKind.HEARING, request.suspended, due, request.heard or _over(request))


def _clock(request: Request, stretch: _Stretch, at: datetime) -> Clock:
    kind, starts, due, stopped, _ = stretch
    paused, still = _pauses(request, stretch, stopped or at)
    state = _state(stretch._replace(due=due + paused), at, still)
    return Clock(kind, request.request, REQUIREMENTS[kind], starts, due + paused, stopped, paused, state)


def _state(stretch: _Stretch, at: datetime, still: bool) -> ClockState:
    if (stretch.stopped or at) >= stretch.due:
        return ClockState.BREACHED
    if stretch.stopped is not None:
        return ClockState.MET
    return ClockState.PAUSED if still else ClockState.RUNNING


def _pauses(request: Request, stretch: _Stretch, until: datetime) -> tuple[timedelta, bool]:
    """Return for how long the clock has stood still, and whether it does; a pause mends nothing that is overdue."""
    paused, still = timedelta(0), False
    for pause in (one for one in request.pauses if one.clock is stretch.pausable):
        begins, ends = max(pause.begins, stretch.starts), min(pause.ends or until, until)
        if begins <= ends and begins < stretch.due + paused:
            paused += ends - begins
            still = pause.ends is None
    return paused, still

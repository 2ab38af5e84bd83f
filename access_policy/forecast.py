"""When training runs out, and who then cannot open their data any more: month by month, for the months ahead (S74).

Pure: what binds whom, and until when, is found by the rules of training; it decides nothing.
"""

from datetime import UTC, datetime

import msgspec

from access_policy.model.enums import Action
from access_policy.model.ids import CourseName, PersonId
from access_policy.overview import is_live
from access_policy.rules.case import Case, Query, case_of
from access_policy.rules.training import training_expired, training_missing, training_outdated, training_revoked
from access_policy.state import Request, State

MONTHS = 13
"""How many months are looked at, the present one first: a certification of a year that is given today is in."""

_TRAINING = (training_missing, training_revoked, training_outdated, training_expired)


class Lapse(msgspec.Struct, frozen=True):
    """Somebody who loses access, all or for some data, at `ends` unless they pass these courses again before."""

    person: PersonId
    ends: datetime
    courses: tuple[CourseName, ...]


class Month(msgspec.Struct, frozen=True):
    """A calendar month (UTC) by its first instant, and who loses access in it, the first one first."""

    begins: datetime
    lapses: tuple[Lapse, ...]

    @property
    def name(self) -> str:
        """Return the month as 2027-03."""
        return f"{self.begins:%Y-%m}"


def lapses_ahead(state: State, at: datetime) -> tuple[Month, ...]:
    """Return the months from `at` on, each with those whose training then ends first, as things stand (S74).

    It counts who is trained now and a contact of a live grant that lasts until after that end, each once; not who is
    stopped, and nobody whose access ends for another reason before.
    """
    first: dict[PersonId, Lapse] = {}
    for request in state.requests.values():
        if is_live(request, at):
            for found in _of_request(state, request, at):
                known = first.get(found.person)
                first[found.person] = found if known is None else _earlier(known, found)
    months: dict[datetime, list[Lapse]] = {_month(at, ahead): [] for ahead in range(MONTHS)}
    for one in sorted(first.values(), key=lambda lapse: (lapse.ends, lapse.person)):
        if (begins := _month(one.ends, 0)) in months:
            months[begins].append(one)
    return tuple(Month(begins, tuple(found)) for begins, found in months.items())


def _of_request(state: State, request: Request, at: datetime) -> list[Lapse]:
    found: list[Lapse] = []
    for number in request.contacts:
        person = state.people.get(number)
        if person is not None and person.disabled is None:
            lapse = _lapse(case_of(state, Query(number, request.request, Action.OPEN_WORKSPACE, at)))
            if lapse is not None and (request.term is None or lapse.ends < request.term.ends):
                found.append(lapse)
    return found


def _lapse(case: Case) -> Lapse | None:
    """Return when the training of who asks ends; None where it does not hold."""
    findings = [rule(case) for rule in _TRAINING]
    ends = findings[-1].until
    if ends is None or not all(one.holds for one in findings):
        return None
    return Lapse(case.query.person, ends, tuple(course.course for course, one in case.trained if one.ends == ends))


def _earlier(one: Lapse, other: Lapse) -> Lapse:
    if one.ends != other.ends:
        return min(one, other, key=lambda lapse: lapse.ends)
    return Lapse(one.person, one.ends, tuple(dict.fromkeys((*one.courses, *other.courses))))


def _month(at: datetime, ahead: int) -> datetime:
    """Return the first instant of the month that comes so many months after that of `at`."""
    years, month = divmod(at.month - 1 + ahead, 12)
    return datetime(at.year + years, month + 1, 1, tzinfo=UTC)

"""Who loses access in which month because a training runs out (S74)."""

from datetime import UTC, datetime

import pytest

from access_policy.forecast import MONTHS, Lapse, lapses_ahead
from access_policy.model.ids import CourseName, PersonId
from access_policy.model.instants import Term
from access_policy.state import Certification
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import COLLEAGUE, NOON, RESEARCHER, TICK

PRIVACY = CourseName("privacy")


def ending(ends: datetime, revoked: datetime | None = None) -> Asking:
    """Return the good world with its researcher's one certification ending then; nobody else's does."""
    asking = Asking()
    for number, person in asking.state.people.items():
        if number != RESEARCHER:
            person.certifications = {}
    asking.person.certifications = {PRIVACY: [Certification(NOON, ends, None, revoked=revoked)]}
    asking.state.courses[PRIVACY].binding_since = NOON
    return asking


def found(asking: Asking) -> dict[str, list[Lapse]]:
    months = lapses_ahead(asking.state, asking.world.at)
    return {one.name: list(one.lapses) for one in months if one.lapses}


def test_who_is_trained_now_is_told_in_the_month_of_the_end() -> None:
    """S74: with the course to pass again."""
    assert found(ending(day(100))) == {"2027-03": [Lapse(RESEARCHER, day(100), (PRIVACY,))]}


@pytest.mark.parametrize(
    ("ends", "month"),
    [
        (datetime(2027, 3, 1, tzinfo=UTC) - TICK, "2027-02"),
        (datetime(2027, 3, 1, tzinfo=UTC), "2027-03"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-12"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-01"),
    ],
)
def test_months_begin_with_their_first_instant(ends: datetime, month: str) -> None:
    """S74: half-open months in UTC, over the turn of a year as well."""
    assert list(found(ending(ends))) == [month]


def test_the_months_ahead_stand_in_a_row() -> None:
    """S74: the present one first; a certification of a year that is given now is among them."""
    names = [one.name for one in lapses_ahead(Asking().state, NOON)]
    assert len(names) == MONTHS
    assert (names[0], names[1], names[2], names[-1]) == ("2026-11", "2026-12", "2027-01", "2027-11")


def test_what_is_over_revoked_or_outdated_is_no_forecast() -> None:
    """S74: who has no access for their training loses none."""
    assert found(ending(day(0.001))) == {}
    assert found(ending(day(100), revoked=day(0.001))) == {}
    asking = ending(day(100))
    asking.state.courses[PRIVACY].binding_since = asking.world.at
    assert found(asking) == {}


def test_who_is_stopped_or_unknown_is_left_out() -> None:
    """S94: they have no access already."""
    asking = ending(day(100))
    asking.person.disabled = asking.world.at
    assert found(asking) == {}
    asking = ending(day(100))
    for request in asking.state.requests.values():
        request.contacts = {PersonId("P-999"): one for one in request.contacts.values()}
    assert found(asking) == {}


@pytest.mark.parametrize(("ends", "told"), [(100, False), (100.001, True)])
def test_a_grant_that_ends_before_or_with_the_training_loses_nothing_by_it(ends: float, told: bool) -> None:
    """S74, S46: what the term takes away is not the training's."""
    asking = ending(day(100))
    for request in asking.state.requests.values():
        request.term = Term(NOON, day(ends))
    assert bool(found(asking)) is told


def test_a_person_counts_once_with_the_first_end() -> None:
    """S74: two grants, one person; who comes first stands first."""
    asking = ending(day(100))
    asking.state.people[COLLEAGUE].certifications = {PRIVACY: [Certification(NOON, day(99), None)]}
    for request in asking.state.requests.values():
        if request.contacts:
            request.contacts[COLLEAGUE] = next(iter(request.contacts.values()))
    assert [one.person for one in found(asking)["2027-03"]] == [COLLEAGUE, RESEARCHER]

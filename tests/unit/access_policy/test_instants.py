"""The instant at which something ends, in every clock that somebody may read: summer time, leap days, far zones."""

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import msgspec
import pytest

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.instants import format_instant, parse_instant
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query
from tests.oracle.naive import naive_decide
from tests.unit.access_policy.world import (
    ADMIN,
    CERTIFIED_DAYS,
    DAY,
    OPEN,
    RESEARCHER,
    TICK,
    TRAINER,
    World,
    everything_holds,
)

SECOND = timedelta(seconds=1)


class Written(NamedTuple):
    """An instant as people write it in different places; all these texts mean the first one."""

    name: str
    texts: tuple[str, ...]

    @property
    def instant(self) -> datetime:
        """Return what is meant."""
        return datetime.fromisoformat(self.texts[0].replace("Z", "+00:00")).astimezone(UTC)


WRITTEN = (
    Written(
        "an ordinary day",
        ("2027-05-03T10:00:00Z", "2027-05-04T00:00:00+14:00", "2027-05-02T22:00:00-12:00", "2027-05-03T12:00:00+02:00"),
    ),
    Written(
        "the hour before the clocks go back",
        ("2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00", "2027-10-31T14:30:00+14:00", "2027-10-30T12:30:00-12:00"),
    ),
    Written(
        "the same hour again",
        ("2027-10-31T01:30:00Z", "2027-10-31T02:30:00+01:00", "2027-10-31T15:30:00+14:00", "2027-10-30T13:30:00-12:00"),
    ),
    Written(
        "the hour that is left out",
        ("2027-03-28T01:00:00Z", "2027-03-28T02:00:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-27T13:00:00-12:00"),
    ),
    Written(
        "a leap day",
        ("2028-02-29T12:00:00Z", "2028-03-01T02:00:00+14:00", "2028-02-29T00:00:00-12:00", "2028-02-29T13:00:00+01:00"),
    ),
    Written(
        "the turn of a year",
        ("2027-12-31T23:30:00Z", "2028-01-01T13:30:00+14:00", "2027-12-31T11:30:00-12:00", "2028-01-01T00:30:00+01:00"),
    ),
)
ZONED = tuple(pytest.param(one, text, id=f"{one.name}: {text}") for one in WRITTEN for text in one.texts)
NEAR = {"a second before": -SECOND, "a tick before": -TICK, "at it": timedelta(), "a tick after": TICK}


def _verified_until(until: str, end: datetime) -> World:
    """Return a world in which the researcher's verification is the first thing to end, at an instant as written."""
    world = everything_holds(at=end - 40 * DAY)
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="once more")
    world.do("verify-person", ADMIN, person=RESEARCHER, method="video-call", evidence="seen", until=until)
    return world


def _certified_until(end: datetime) -> World:
    """Return a world in which the researcher's certification is the first thing to end, at an instant."""
    world = everything_holds(at=end - (CERTIFIED_DAYS + 40) * DAY)
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + 3000 * DAY)
    world.at = end - CERTIFIED_DAYS * DAY
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    return world


def _keeps(world: World, at: datetime) -> Query:
    return Query(RESEARCHER, OPEN, Action.KEEP_WORKSPACE, at)


@pytest.mark.parametrize(("written", "text"), ZONED)
def test_an_instant_is_read_alike_in_every_zone(written: Written, text: str) -> None:
    """REQ-08: whatever offset it is written with, and written out again in UTC."""
    assert parse_instant(text) == written.instant
    assert parse_instant(text).tzinfo is UTC
    assert format_instant(parse_instant(text)) == written.texts[0]


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """REQ-08: what a clock on the wall shows twice when it is set back stays apart by its offset."""
    first, again = parse_instant("2027-10-31T02:30:00+02:00"), parse_instant("2027-10-31T02:30:00+01:00")
    assert again - first == timedelta(hours=1)


@pytest.mark.parametrize(("written", "text"), ZONED)
def test_an_end_that_a_person_wrote_is_half_open_in_every_zone(written: Written, text: str) -> None:
    """REQ-08: a second and a tick before it access stands, at it and after it access is over; the oracle agrees."""
    end = written.instant
    world = _verified_until(text, end)
    for after in NEAR.values():
        query = _keeps(world, end + after)
        decision, naive = decide(world.state, query), naive_decide(world.facts, query)
        over = after >= timedelta()
        assert decision.codes == ((R.VERIFICATION_EXPIRED,) if over else ())
        assert naive.failing == frozenset(decision.codes)
        assert decision.until == naive.until == (None if over else end)


@pytest.mark.parametrize("after", NEAR.values(), ids=NEAR)
@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_a_course_ends_after_days_of_24_hours(written: Written, after: timedelta) -> None:
    """REQ-08, S74: 365 days after the course, also where summer time or a leap day lies between; the oracle agrees."""
    end = written.instant
    world = _certified_until(end)
    query = _keeps(world, end + after)
    found = {one.code: one for one in decide(world.state, query).findings}[R.TRAINING_EXPIRED]
    assert found.holds == (after < timedelta())
    assert (R.TRAINING_EXPIRED in naive_decide(world.facts, query).failing) == (not found.holds)


@pytest.mark.parametrize("hours", [14, 2, 1, 0, -12], ids="{:+d} h".format)
@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.name)
def test_a_question_is_answered_alike_in_every_zone(written: Written, hours: int) -> None:
    """REQ-08: the zone of the asker's clock moves no end."""
    world = _verified_until(written.texts[0], written.instant)
    zone = timezone(timedelta(hours=hours))
    for after in NEAR.values():
        at = written.instant + after
        here, there = (decide(world.state, _keeps(world, one)) for one in (at, at.astimezone(zone)))
        assert msgspec.structs.replace(there, query=here.query) == here

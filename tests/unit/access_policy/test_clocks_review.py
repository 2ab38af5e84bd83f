"""The clocks of a review: six weeks with their pauses, the months of the EHDS, and the weeks to complete a form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.clocks import Clock, ClockKind, ClockState
from access_policy.model.enums import PauseReason, Regime
from access_policy.model.instants import months_later
from tests.unit.access_policy.clock_reading import assert_due, clock, kinds_of
from tests.unit.access_policy.happenings import (
    NEW,
    approval,
    drafted,
    happens,
    settings_adopted,
    submitted,
)
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    DAY,
    DIGEST,
    INSTALLATION,
    RESEARCHER,
    TICK,
    World,
)

K = ClockKind
S = ClockState
ZERO = timedelta(0)


def test_a_signed_form_is_reviewed_within_six_weeks() -> None:
    """S18, S21: forty-two days from the completed and signed form."""
    world, at = submitted()
    assert kinds_of(world) == [K.REVIEW]
    assert clock(world, K.REVIEW) == Clock(K.REVIEW, NEW, "S21", at, at + 42 * DAY, None, ZERO, S.RUNNING)
    assert_due(world, K.REVIEW, at + 42 * DAY)


def _ways_to_stop(world: World) -> dict[str, Any]:
    return {
        "approved": approval(world),
        "refused": e.RequestRefused(request=NEW, reason="no"),
        "withdrawn": e.RequestWithdrawn(request=NEW),
        "returned": e.RequestReturned(request=NEW, reason="unsigned"),
    }


@pytest.mark.parametrize("regime", Regime)
@pytest.mark.parametrize("how", ["approved", "refused", "withdrawn", "returned"])
def test_an_outcome_stops_the_review(how: str, regime: Regime) -> None:
    """S21, E8: an approval, a refusal, a withdrawal, and a return, since what was received was not complete."""
    world, at = submitted(regime)
    kind = K.REVIEW if regime is Regime.OWN else K.DECISION
    happens(world.wait(10 * DAY), e.RequestAssessed(request=NEW, assessment="sound"), by=ASSESSOR)
    assert clock(world, kind).stopped is None
    stopped = happens(world, _ways_to_stop(world)[how], by=BOARD_MEMBER)
    found = clock(world, kind, at + 400 * DAY)
    assert (found.stopped, found.state) == (stopped, S.MET)


def test_what_comes_after_the_approval_does_not_move_the_end_of_the_review() -> None:
    """S21: a request that ended years later was reviewed when it was approved."""
    world, _ = submitted()
    approved = happens(world, approval(world), by=BOARD_MEMBER)
    happens(world.wait(100 * DAY), e.RequestEnded(request=NEW, reason="done"))
    assert clock(world, K.REVIEW).stopped == approved


def test_a_late_approval_stays_a_breach() -> None:
    """S21: a clock that was stopped at its due instant was not met."""
    world, at = submitted()
    world.at = at + 42 * DAY
    happens(world, approval(world), by=BOARD_MEMBER)
    assert clock(world, K.REVIEW).state is S.BREACHED


def test_a_completed_form_starts_the_review_anew() -> None:
    """S18, S21: the six weeks count from the receipt of the form that is complete."""
    world, _ = submitted()
    happens(world, e.RequestReturned(request=NEW, reason="unsigned"))
    again = happens(world.wait(60 * DAY), e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    found = clock(world, K.REVIEW)
    assert (found.starts, found.due, found.stopped) == (again, again + 42 * DAY, None)


def pause(world: World, duration: timedelta | None) -> None:
    """Pause the clock, and resume it after `duration`."""
    begins = happens(world, e.ClockPaused(request=NEW, why=PauseReason.WAITING_FOR_ADVICE, note="asked"))
    if duration is not None:
        world.at = begins + duration
        happens(world, e.ClockResumed(request=NEW))


def test_pauses_move_the_due_instant() -> None:
    """S21: by their length, each of them."""
    world, at = submitted()
    pause(world, 3 * DAY)
    pause(world.wait(DAY), 5 * DAY)
    assert clock(world, K.REVIEW).paused == 8 * DAY
    assert_due(world, K.REVIEW, at + 50 * DAY)


def test_a_clock_that_stands_still_is_never_breached() -> None:
    """S21: as long as the pause lasts, what is left of the time stays the same."""
    world, at = submitted()
    world.at = at + 42 * DAY - TICK
    pause(world, None)
    for waited in (ZERO, DAY, 1000 * DAY):
        found = clock(world, K.REVIEW, at + 42 * DAY - TICK + waited)
        assert (found.state, found.due, found.paused) == (S.PAUSED, at + 42 * DAY + waited, waited)


@pytest.mark.parametrize("late", [ZERO, DAY], ids=["at the due instant", "after it"])
@pytest.mark.parametrize("duration", [30 * DAY, None], ids=["over", "open"])
def test_a_pause_mends_no_breach(late: timedelta, duration: timedelta | None) -> None:
    """S21: what begins when the time is over moves nothing."""
    world, at = submitted()
    world.at = at + 42 * DAY + late
    pause(world, duration)
    found = clock(world, K.REVIEW, at + 200 * DAY)
    assert (found.state, found.due, found.paused) == (S.BREACHED, at + 42 * DAY, ZERO)


def test_pauses_of_a_form_that_was_returned_do_not_count_for_the_next() -> None:
    """S18, S21: the new six weeks are moved only by what stands still within them."""
    world, _ = submitted()
    pause(world, 3 * DAY)
    pause(world, None)
    happens(world, e.RequestReturned(request=NEW, reason="unsigned"))
    again = happens(world.wait(DAY), e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    assert clock(world, K.REVIEW, again + 2 * DAY).state is S.RUNNING
    assert clock(world, K.REVIEW, again + 2 * DAY).paused == ZERO


def test_a_pause_that_nobody_ended_is_over_with_the_review() -> None:
    """S21: a decision while the clock stands still is in time, and the pause grows no more."""
    world, at = submitted()
    pause(world, None)
    world.at = at + 100 * DAY
    happens(world, approval(world), by=BOARD_MEMBER)
    found = clock(world, K.REVIEW, at + 500 * DAY)
    assert (found.state, found.paused) == (S.MET, 100 * DAY - timedelta(minutes=1))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4))
def test_pauses_add_up_whatever_their_number(spans: list[tuple[int, int]]) -> None:
    """S21: due is the start, the days of the settings, and the sum of all pauses, if none began too late."""
    world, at = submitted()
    total = ZERO
    for wait, length in spans:
        pause(world.wait(wait * DAY), length * DAY)
        total += length * DAY
    assert clock(world, K.REVIEW).due == at + 42 * DAY + total


def test_the_days_are_settings() -> None:
    """S13, S21: what the institute promised counts, from when on it is adopted."""
    world, at = submitted()
    happens(world, settings_adopted(review_days=10, contact_days=3), by=INSTALLATION)
    assert_due(world, K.REVIEW, at + 10 * DAY)


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2027-10-05", 3, "2028-01-05"),
        ("2027-12-31", 0, "2027-12-31"),
        ("2027-11-15", 1, "2027-12-15"),
    ],
)
def test_months_are_of_the_calendar(begins: str, months: int, ends: str) -> None:
    """E8: the same day some months on, the last day of a month that is too short, at the same time of day."""
    time = "T13:14:15.000016+00:00"
    assert months_later(datetime.fromisoformat(begins + time), months) == datetime.fromisoformat(ends + time)


def on(world: World, day: str) -> None:
    """Let it be noon (UTC) of a day."""
    world.at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def test_a_permit_of_the_ehds_is_decided_within_three_months() -> None:
    """E8: calendar months."""
    world = drafted(Regime.EHDS)
    on(world, "2027-11-30")
    happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    assert clock(world, K.DECISION).requirement == "E8"
    assert_due(world, K.DECISION, datetime(2028, 2, 29, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "kinds"),
    [("2029-03-25", [K.DECISION, K.REVIEW]), ("2029-03-26", [K.DECISION])],
    ids=["the day before", "the day"],
)
def test_the_institutes_six_weeks_run_until_the_law_binds(day: str, kinds: list[ClockKind]) -> None:
    """E1, E2, S21: who names the EHDS before its rules bind waits no longer for a review than anybody else."""
    world = drafted(Regime.EHDS)
    on(world, day)
    at = happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    assert kinds_of(world) == kinds
    if K.REVIEW in kinds:
        assert_due(world, K.REVIEW, at + 42 * DAY)


def test_a_deferral_adds_three_months_once() -> None:
    """E8: three months more, however often it is said, and pauses of the institute's own rules add nothing."""
    world = drafted(Regime.EHDS)
    on(world, "2028-01-31")
    happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    for _ in range(2):
        happens(world, e.DecisionDeferred(request=NEW, reason="complex"))
    pause(world, 20 * DAY)
    assert clock(world, K.DECISION).paused == ZERO
    assert_due(world, K.DECISION, datetime(2028, 7, 30, 12, tzinfo=UTC))


@pytest.mark.parametrize(("early", "deferred"), [(TICK, True), (ZERO, False)], ids=["in time", "too late"])
def test_a_deferral_mends_no_breach(early: timedelta, deferred: bool) -> None:
    """E8: the notice comes before the three months are over."""
    world, at = submitted(Regime.EHDS)
    world.at = months_later(at, 3) - early
    happens(world, e.DecisionDeferred(request=NEW, reason="complex"))
    assert clock(world, K.DECISION).due == months_later(at, 6 if deferred else 3)


def test_a_deferral_does_not_carry_over_to_a_form_that_came_in_anew() -> None:
    """E7, E8: the time counts from the complete application."""
    world, _ = submitted(Regime.EHDS)
    happens(world, e.DecisionDeferred(request=NEW, reason="complex"))
    happens(world, e.RequestReturned(request=NEW, reason="incomplete"))
    again = happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    assert clock(world, K.DECISION).due == months_later(again, 3)


def test_the_own_rules_know_no_deferral() -> None:
    """S21, E8: outside the EHDS six weeks stay six weeks."""
    world, at = submitted()
    happens(world, e.DecisionDeferred(request=NEW, reason="complex"))
    assert clock(world, K.REVIEW).due == at + 42 * DAY


def test_a_returned_form_is_completed_within_four_weeks() -> None:
    """E7: twenty-eight days from the return."""
    world, _ = submitted(Regime.EHDS)
    at = happens(world, e.RequestReturned(request=NEW, reason="incomplete"))
    assert clock(world, K.COMPLETION) == Clock(K.COMPLETION, NEW, "E7", at, at + 28 * DAY, None, ZERO, S.RUNNING)
    assert_due(world, K.COMPLETION, at + 28 * DAY)


@pytest.mark.parametrize(("wait", "state"), [(28 * DAY - TICK, S.MET), (28 * DAY, S.BREACHED)], ids=["in time", "late"])
def test_a_completed_form_stops_the_four_weeks(wait: timedelta, state: ClockState) -> None:
    """E7: and a withdrawal does."""
    world, _ = submitted(Regime.EHDS)
    at = happens(world, e.RequestReturned(request=NEW, reason="incomplete"))
    world.at = at + wait
    withdrawn = world.copy()
    happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST), by=RESEARCHER)
    happens(withdrawn, e.RequestWithdrawn(request=NEW), by=RESEARCHER)
    for one in (world, withdrawn):
        found = clock(one, K.COMPLETION)
        assert (found.starts, found.stopped, found.state) == (at, at + wait, state)


def test_the_own_rules_set_no_time_for_completion() -> None:
    """E7: outside the EHDS a returned form waits."""
    world, _ = submitted()
    happens(world, e.RequestReturned(request=NEW, reason="incomplete"))
    assert kinds_of(world) == [K.REVIEW]

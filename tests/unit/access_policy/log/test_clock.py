"""Time that does not jump: what a set clock, a sleeping machine and a quartz that drifts do to it. No clock is read."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log.clock import TOLERANCE, ClockWatch, SteadyClock
from tests.unit.access_policy.log.samples import NOON, SetClock

HOUR = 3600.0


class Machine:
    """A machine's two clocks: one that somebody may set, and one that counts on."""

    def __init__(self) -> None:
        self.wall = SetClock()
        self.seconds = 1000.0
        self.clock = SteadyClock(self.wall, lambda: self.seconds)

    def runs(self, seconds: float, drift: float = 0.0) -> None:
        """Let time pass; the wall clock drifts by so many seconds meanwhile."""
        self.seconds += seconds
        self.wall.go(seconds + drift)

    def true(self) -> datetime:
        """Return the instant that it really is."""
        return NOON + timedelta(seconds=self.seconds - 1000)


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_it_is_the_wall_clock_while_time_passes(steps: list[float]) -> None:
    """A machine that runs, or sleeps and wakes, has the time of its wall clock."""
    machine = Machine()
    for seconds in steps:
        machine.runs(seconds)
        assert machine.clock() == machine.wall()
        assert machine.clock.jump() is None


@pytest.mark.parametrize("seconds", [-3600, -30, -6, 6, 30, 3600, 86_400 * 365])
def test_a_jump_changes_no_time(seconds: float) -> None:
    """FLT-12, MFA-14: the time goes on as if nobody had set the clock, says how far it is off, and is right again."""
    machine = Machine()
    machine.runs(10)
    machine.wall.go(seconds)
    for _ in range(3):
        assert machine.clock() == machine.true()
        assert machine.clock.jump() == timedelta(seconds=seconds)
        machine.runs(7 * HOUR)
    machine.wall.at = machine.true()
    assert machine.clock.jump() is None
    assert machine.clock() == machine.wall()


@pytest.mark.parametrize("seconds", [-5, -0.5, 0.5, 5])
def test_a_small_step_is_no_jump(seconds: float) -> None:
    """NTP sets a clock by less than five seconds: the wall clock is right."""
    machine = Machine()
    machine.wall.go(seconds)
    assert machine.clock.jump() is None
    assert machine.clock() == machine.wall()


def test_small_steps_do_not_add_up_over_weeks_but_within_an_hour_they_do() -> None:
    """A quartz that is off by seconds in a day is followed; a clock that is moved on bit by bit is found out."""
    slow, moved = Machine(), Machine()
    for _ in range(1000):
        slow.runs(HOUR, drift=0.1)
        assert slow.clock.jump() is None
    for _ in range(3):
        moved.runs(60, drift=2)
        moved.clock()
    assert moved.clock.jump() == timedelta(seconds=6)


@given(jump=st.floats(-1e6, 1e6), steps=st.lists(st.floats(0, 7200), max_size=9))
def test_it_is_never_off_by_more_than_five_seconds(jump: float, steps: list[float]) -> None:
    """Wherever the clock is set to, once: what is decided by has the true time, within the tolerance."""
    machine = Machine()
    machine.wall.go(jump)
    for seconds in steps:
        machine.runs(seconds)
        assert abs(machine.clock() - machine.true()) <= TOLERANCE


def test_a_new_start_believes_the_clock() -> None:
    """Whoever set the clock right restarts: the time is the wall clock's from there on."""
    machine = Machine()
    machine.wall.go(-HOUR)
    again = SteadyClock(machine.wall, lambda: machine.seconds)
    assert again() == machine.wall()
    assert again.jump() is None


def _watch(machine: Machine, deciding: SetClock | None = None) -> ClockWatch:
    return ClockWatch(deciding or machine.clock, machine.clock)


def test_nothing_is_wrong_with_a_good_clock() -> None:
    """Neither with an empty log, nor with a newest fact of just now or long ago."""
    machine = Machine()
    for newest in (None, NOON - timedelta(days=900), NOON, NOON + TOLERANCE):
        assert _watch(machine).trouble(newest) is None


@pytest.mark.parametrize(("seconds", "text"), [(60, "is `60` seconds fast"), (-3600, "is `3600` seconds slow")])
def test_a_jump_is_named(seconds: int, text: str) -> None:
    """FLT-12: which clock, by how much, and what to do, in one line."""
    machine = Machine()
    machine.wall.go(seconds)
    trouble = _watch(machine).trouble(NOON)
    assert trouble is not None
    assert trouble.seconds == seconds
    assert trouble.text.startswith(f"the clock of this machine jumped and {text}; set it right, or restart sluis")
    assert "\n" not in trouble.text


def test_the_newest_fact_tells_of_a_clock_that_was_set_back_meanwhile() -> None:
    """FLT-12: no clock of this process jumped; the log knows that it is later than that."""
    trouble = _watch(Machine()).trouble(NOON + timedelta(seconds=90))
    assert trouble is not None
    assert trouble.seconds == -90
    assert trouble.text.startswith("the newest row lies `90` seconds in the future")


@pytest.mark.parametrize(("minutes", "text"), [(5, "ahead of"), (-5, "behind")])
def test_the_database_and_this_machine_disagree(minutes: int, text: str) -> None:
    """FLT-12: a skew of five minutes between hub and database is an alarm, whichever of them is wrong."""
    machine, database = Machine(), SetClock()
    assert _watch(machine, database).trouble(None) is None
    database.go(60 * minutes)
    trouble = _watch(machine, database).trouble(None)
    assert trouble is not None
    assert trouble.seconds == 60 * minutes
    assert trouble.text.startswith(f"the database's clock is `300` seconds {text} that of this machine; set right")
    database.go(-60 * minutes)
    assert _watch(machine, database).trouble(None) is None

"""A whole demo whose processes' wall clocks are set while workspaces run: real processes, a real sandbox, a real log.

What is promised: while Sluis runs, a clock that is set moves nothing. A ground ends at its instant, by the time that
nobody can set; nobody gets in anew by a process whose clock is off; whoever looks is told which clock, and by how much.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from access_policy import events as e
from access_policy.reasons import ReasonCode as R
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.integration.moved_clock import COMMANDS, DAY, HOUR, PARTS, MovedSluis
from tests.integration.office import Office, soon
from tests.integration.test_endings import CLOCK, Readings, Working, is_over, on_time, start, working
from tests.integration.whole import Visitor, until

pytestmark = pytest.mark.integration

EVERY = (*PARTS, COMMANDS)
LEFT, LATER = 3 * HOUR, 4 * HOUR
"""What the ground of one workspace has left, and how far ahead clocks are set: beyond that, and its running time."""
NEAR = 4.0
"""Seconds to the end of another's, once its workspace runs and the clocks are set."""


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[MovedSluis]:
    """Yield a running demo with clocks of its own."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-"))
    shutil.copytree(seeded, folder / "s")
    running = MovedSluis(folder / "s", folder / "clocks")
    running.start()
    yield running
    running.stop()
    running.clear()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def right_again(demo: MovedSluis) -> Iterator[None]:
    """Set all clocks right after a test."""
    yield
    demo.set_clocks(0, *EVERY)


@pytest.fixture(scope="module")
def office(demo: MovedSluis) -> Iterator[Office]:
    """Yield the people who give commands, in a process whose clock is right."""
    made = Office(demo.state)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lotte(demo: MovedSluis, office: Office) -> Iterator[Working]:
    """Yield a workspace whose term has hours left."""
    visitor = Visitor(demo, "lotte")
    visitor.log_in()
    request = office.grant("lotte", ends=soon(LEFT))
    start(visitor, request)
    found = working(visitor, request)
    yield found
    found.terminal.close()
    visitor.close()


@pytest.fixture(scope="module")
def browser(demo: MovedSluis) -> Iterator[Visitor]:
    """Yield the browser of somebody of a country that is adequate until somebody ends that."""
    visitor = Visitor(demo, "luca")
    visitor.log_in()
    yield visitor
    visitor.close()


@pytest.fixture
def luca(office: Office, browser: Visitor) -> Working:
    """Return a workspace that stands on the adequacy of a country."""
    office.agree("record-adequacy", "anna", country="AU", scope="full", begins=soon(0), act="a decision")
    request = office.grant("luca")
    start(browser, request)
    return working(browser, request)


def ends_at(office: Office, instant: datetime) -> None:
    """Let the ground of Luca's workspace end then. It only takes away, so it goes through whatever a clock says."""
    office.do("end-adequacy", "femke", country="AU", scope="full", ends=instant, act="a judgment")


def alarms(demo: MovedSluis) -> list[e.ClockJumped]:
    """Return the alarms on record."""
    with closing(open_policy(Places(demo.state)).store) as store:
        return [one.event for one in store.observations_since(0) if isinstance(one.event, e.ClockJumped)]


def reads_on(readings: Readings) -> bool:
    """Say whether each way reads once more."""
    before = readings.told()
    until(lambda: all(times > before[way] for way, times in readings.told().items()))
    return True


def ended_in_time(demo: MovedSluis, office: Office, inside: Working, ends: datetime) -> None:
    """See that the workspace ended at that instant by the true time, with nothing left of it, and why."""
    is_over(inside, office, demo)
    assert -0.5 < (inside.readings.last() - ends).total_seconds() < CLOCK
    ended = office.ended("luca", inside.request)
    assert (R.TRANSFER_BASIS_LAPSED in ended.why.split(","), on_time(ended, CLOCK)) == (True, True), ended


@pytest.mark.parametrize(
    ("whose", "seconds"),
    [(EVERY, -DAY), (EVERY, LATER), (("warden",), -HOUR), (("hub",), -HOUR)],
    ids=["all a day back", "all hours ahead", "the warden's an hour back", "the hub's an hour back"],
)
def test_a_ground_ends_by_the_time_that_nobody_set(
    demo: MovedSluis, office: Office, lotte: Working, luca: Working, whose: tuple[str, ...], seconds: int
) -> None:
    """FLT-12, POL-03: not later than at its instant, nor does another end earlier; both show in what is read inside."""
    said = len(alarms(demo))
    demo.set_clocks(seconds, *whose)
    if "warden" in whose:
        until(lambda: len(alarms(demo)) > said)
        assert abs(alarms(demo)[-1].seconds - seconds) <= 1
    ends = soon(NEAR)
    ends_at(office, ends)
    ended_in_time(demo, office, luca, ends)
    assert office.running("lotte", lotte.request)
    assert reads_on(lotte.readings)
    demo.set_clocks(0, *whose)
    if "warden" in whose:
        until(lambda: demo.log_of("warden").count("the clock is right again") > said)

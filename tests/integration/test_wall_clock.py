"""A whole demo whose processes' wall clocks are set while workspaces run: real processes, a real sandbox, a real log.

What is promised: while Sluis runs, a clock that is set moves nothing. A ground ends at its instant, by the time that
nobody can set; nobody gets in anew by a process whose clock is off; whoever looks is told which clock, and by how much.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from access_policy import events as e
from access_policy.reasons import ReasonCode as R
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.bench.leash_reader import Slots
from tests.integration.demos import own_demo
from tests.integration.login_browser import reason
from tests.integration.moved_clock import COMMANDS, DAY, HOUR, PARTS, MovedSluis
from tests.integration.office import Office, soon
from tests.integration.test_desk import give
from tests.integration.test_endings import CLOCK, Working, is_over, on_time, start, working
from tests.integration.whole import Visitor, until

pytestmark = pytest.mark.integration

EVERY = (*PARTS, COMMANDS)
LEFT, LATER = 3 * HOUR, 4 * HOUR
"""What the ground of one workspace has left, and how far ahead clocks are set: beyond that, and its running time."""
NEAR = 2.0
"""Seconds to the end of another's, once its workspace runs and the clocks are set."""
JUMPED = "the clock of this machine jumped and is `"
SLOW = f"{JUMPED}{DAY}` seconds slow; set it right"
IN_FUTURE = "seconds in the future, so the clock is wrong or was wrong then; set it right"
RIGHT = "the clock is right again"


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[MovedSluis]:
    """Yield a running demo with clocks of its own."""
    with own_demo(seeded, kind=lambda state: MovedSluis(state, state.parent / "clocks")) as running:
        yield (moved := cast(MovedSluis, running))
        moved.stop()
        moved.clear()


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
    found.reader.close()
    visitor.close()


@pytest.fixture(scope="module")
def browser(demo: MovedSluis) -> Iterator[Visitor]:
    """Yield the browser of somebody of a country that is adequate until somebody ends that."""
    visitor = Visitor(demo, "luca")
    visitor.log_in()
    yield visitor
    visitor.close()


@pytest.fixture
def luca(office: Office, browser: Visitor) -> Iterator[Working]:
    """Yield a workspace that stands on the adequacy of a country."""
    request = granted(office)
    start(browser, request)
    found = working(browser, request)
    yield found
    found.terminal.close()
    found.reader.close()


def granted(office: Office) -> str:
    """Bring a request of Luca's to where it is active, on the adequacy of a country; return it."""
    office.agree("record-adequacy", "anna", country="AU", scope="full", begins=soon(0), act="a decision")
    return office.grant("luca")


def ends_at(office: Office, instant: datetime) -> None:
    """Let the ground of Luca's workspace end then. It only takes away, so it goes through whatever a clock says."""
    office.do("end-adequacy", "femke", country="AU", scope="full", ends=instant, act="a judgment")


def alarms(demo: MovedSluis) -> list[e.ClockJumped]:
    """Return the alarms on record."""
    with closing(open_policy(Places(demo.state)).store) as store:
        return [one.event for one in store.observations_since(0) if isinstance(one.event, e.ClockJumped)]


def said_since_its_start(demo: MovedSluis, words: str) -> bool:
    """Say whether the warden that runs now has said so."""
    return words in demo.log_of("warden").rpartition("sluis.warden watching")[2]


def reads_on(reader: Slots) -> bool:
    """Say whether each way reads once more."""
    before = reader.last()
    until(lambda: all(last > before[way] for way, last in reader.last().items()))
    return True


def ended_in_time(demo: MovedSluis, office: Office, inside: Working, ends: datetime) -> None:
    """See that the workspace ended at that instant by the true time, with nothing left of it, and why."""
    last = is_over(inside, office, demo)
    assert -0.5 < (last - ends).total_seconds() < CLOCK
    ended = office.ended("luca", inside.request)
    assert (R.TRANSFER_BASIS_LAPSED in ended.why.split(","), on_time(ended, CLOCK)) == (True, True), ended


def test_a_clock_set_back_lets_nobody_in_and_everybody_reads_why(demo: MovedSluis, lotte: Working) -> None:
    """FLT-12, MFA-14: by the browser, at the desk and by a command; what only takes away goes through."""
    before, visitor = demo.refusals(lotte.visitor.person), lotte.visitor
    demo.set_clocks(-DAY, *EVERY)
    refused = visitor.spawn("DR-1", profile="small")
    assert (refused.status_code, "a clock of this installation is wrong" in reason(refused)) == (403, True)
    assert demo.refusals(visitor.person) == before + 1
    asked = give(visitor, "open-request", title="One more question", purpose="To treat cancer better")
    assert (asked.status_code, "the clock of this machine jumped" in asked.text) == (503, True)
    checked = demo.command("check")
    assert (checked.returncode, SLOW in checked.stdout) == (1, True), checked.stdout
    opened = ("do", "open-request", "title=Another", "purpose=To learn", "--as", visitor.person)
    told = demo.command(*opened)
    assert (told.returncode, SLOW in told.stderr) == (3, True), told.stderr
    suspended = demo.command("do", "suspend-request", "request=DR-1", "reason=a question", "--as", "P-1")
    assert suspended.returncode == 0, suspended.stderr


@pytest.mark.parametrize(
    "clocks",
    [dict.fromkeys(EVERY, -DAY), dict.fromkeys(EVERY, LATER), {"warden": -HOUR, "hub": HOUR}],
    ids=["all a day back", "all hours ahead", "the warden's back and the hub's ahead"],
)
def test_a_ground_ends_by_the_time_that_nobody_set(
    demo: MovedSluis, office: Office, lotte: Working, luca: Working, clocks: dict[str, int]
) -> None:
    """FLT-12, POL-03: at its instant, and another's not before; a part that starts meanwhile does alike."""
    said = len(alarms(demo))
    for part, seconds in clocks.items():
        demo.set_clocks(seconds, part)
    ends = soon(NEAR)
    ends_at(office, ends)
    os.kill(demo.parts()["warden"], signal.SIGTERM)
    ended_in_time(demo, office, luca, ends)
    until(lambda: said_since_its_start(demo, JUMPED))
    assert len(alarms(demo)) > said
    assert abs(alarms(demo)[-1].seconds - clocks["warden"]) <= 1
    assert office.running("lotte", lotte.request)
    assert reads_on(lotte.reader)
    demo.set_clocks(0, *clocks)
    until(lambda: said_since_its_start(demo, RIGHT))


def test_a_start_with_a_clock_set_back_gives_nobody_time(
    demo: MovedSluis, office: Office, lotte: Working, browser: Visitor
) -> None:
    """FLT-12, POL-02: a start believes the clock anew, but the log knows of a later time, so what ended stays so."""
    request = granted(office)
    ends_at(office, soon(0))
    demo.stop()
    demo.set_clocks(-DAY, *EVERY)
    demo.start()
    until(lambda: said_since_its_start(demo, "it is for this warden to act"))
    told = demo.command("explain", browser.person, request)
    assert (told.returncode, R.TRANSFER_BASIS_LAPSED in told.stdout) == (1, True), told.stdout
    assert R.TRANSFER_BASIS_LAPSED in reason(browser.spawn(request, profile="small"))
    refused = lotte.visitor.spawn(lotte.request, profile="small")
    assert "a clock of this installation is wrong" in reason(refused)
    checked = demo.command("check")
    assert (checked.returncode, IN_FUTURE in checked.stdout) == (1, True), checked.stdout
    assert demo.sandboxes() == []

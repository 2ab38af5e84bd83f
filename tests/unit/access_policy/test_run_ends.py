"""Until when a running workspace runs, and when a restart of it is worth it (S46, S78, FLT-08)."""

from datetime import timedelta

import pytest

from access_policy.run_ends import WORTH, RunEnd, run_end
from tests.unit.access_policy.world import ADMIN, DAY, MINUTE, OPEN, RESEARCHER, RUN, TICK, World, everything_holds

SHORT = timedelta(hours=2)


def verified(world: World, ends: timedelta) -> None:
    """Let the researcher be known for so long from now: the ground that ends first."""
    world.do("verify-person", ADMIN, person=RESEARCHER, method="video-call", evidence="seen", until=world.at + ends)


def running(ends: timedelta = SHORT) -> World:
    """Return a world in which the researcher's workspace runs, verified for so long after what stood before."""
    world = everything_holds()
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="it was not theirs")
    verified(world, ends)
    world.start()
    return world


def found(world: World, *, fixed: bool) -> RunEnd:
    return run_end(world.state, world.state.workspaces[RESEARCHER, OPEN], world.at, fixed=fixed)


def test_what_has_its_first_end_still_needs_no_restart() -> None:
    """S46: the ground's end, on a sandbox as on a pod."""
    world = running()
    until = world.state.workspaces[RESEARCHER, OPEN].until
    assert [found(world, fixed=one) for one in (True, False)] == [RunEnd(until), RunEnd(until)]


def test_a_restart_is_offered_where_the_ground_of_a_pod_goes_on() -> None:
    """FLT-08: a pod's end is never put off, a sandbox runs on by itself; both as long as the size lets them."""
    world = running()
    workspace = world.state.workspaces[RESEARCHER, OPEN]
    verified(world, 30 * DAY)
    assert found(world, fixed=True) == RunEnd(workspace.until, workspace.started + RUN)
    assert found(world, fixed=False) == RunEnd(workspace.started + RUN)


def test_the_longest_run_of_a_size_is_no_ground_for_a_restart() -> None:
    """S86: where nothing but the size ends it, nothing has moved on."""
    world = running(30 * DAY)
    assert found(world, fixed=True) == RunEnd(world.state.workspaces[RESEARCHER, OPEN].run_ends)


@pytest.mark.parametrize(("more", "offered"), [(WORTH, False), (WORTH + TICK, True)], ids=["a-minute", "and-more"])
def test_a_restart_is_worth_more_than_a_minute(more: timedelta, offered: bool) -> None:
    """FLT-08: what a moment more would give is not worth the work that is lost."""
    world = running()
    until = world.state.workspaces[RESEARCHER, OPEN].until
    verified(world, until + more - world.at)
    assert found(world, fixed=True) == RunEnd(until, until + more if offered else None)


def test_a_ground_that_ends_sooner_ends_what_runs_sooner() -> None:
    """S46, S94: the shown end follows the facts, and what has lost its ground is offered nothing."""
    world = running()
    until = world.state.workspaces[RESEARCHER, OPEN].until
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="it was not theirs")
    assert found(world, fixed=True) == RunEnd(until)
    verified(world, 30 * MINUTE)
    sooner = RunEnd(world.state.people[RESEARCHER].verification.until)  # type: ignore[union-attr]
    assert [found(world, fixed=one) for one in (True, False)] == [sooner, sooner]

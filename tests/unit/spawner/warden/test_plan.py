"""What the warden has to do, from facts and processes alone."""

from datetime import timedelta

import pytest

from access_policy.state import WorkspaceKey
from spawner.warden.plan import START_BOUND, Plan, plan
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER, TICK, World, everything_holds

KEY: WorkspaceKey = (RESEARCHER, OPEN)


def started() -> World:
    """Return a world in which the researcher's workspace was started a moment ago."""
    world = everything_holds()
    world.start(OPEN)
    return world


START = started().state.seq
"""The fact that recorded the start."""


def planned(world: World, *running: int, seen: tuple[int, ...] = ()) -> Plan:
    """Return the plan for a world in which these starts run."""
    return plan(world.state, running, seen, world.at)


def test_a_workspace_with_its_ground_is_left_alone() -> None:
    """While every condition holds there is nothing to do."""
    assert planned(started(), START) == Plan((), {})


def test_a_workspace_without_ground_ends_and_is_recorded() -> None:
    """S94: ending the request ends the workspace."""
    world = started()
    world.do("end-request", ADMIN, request=OPEN, reason="stop")
    assert planned(world, START) == Plan((START,), {START: "ended_by_warden"})


def test_a_withdrawal_before_the_process_is_there_is_recorded_too() -> None:
    """POL-02: a start that crosses a withdrawal is over in the log before its process comes up."""
    world = started()
    world.do("end-request", ADMIN, request=OPEN, reason="stop")
    assert planned(world) == Plan((), {START: "ended_by_warden"})


def test_a_sandbox_that_no_fact_knows_ends() -> None:
    """FLT-07: an orphan is ended and leaves nothing to record."""
    assert planned(everything_holds(), START) == Plan((START,), {})


def test_asking_to_stop_ends_the_workspace() -> None:
    """A person who asks to stop is obeyed."""
    world = started()
    world.do("stop-workspace", RESEARCHER, person=RESEARCHER, request=OPEN)
    assert planned(world, START).end == (START,)


def test_the_running_time_of_the_size_ends_the_workspace_at_its_instant() -> None:
    """S86, POL-03: one instant before the end it runs, at the end it does not."""
    world = started()
    begun = world.state.workspaces[KEY].run_ends
    world.at = begun - TICK
    assert planned(world, START).end == ()
    world.at = begun
    assert planned(world, START).end == (START,)


@pytest.mark.parametrize(
    ("after", "seen", "recorded"),
    [
        pytest.param(START_BOUND - TICK, (), {}, id="still starting"),
        pytest.param(START_BOUND, (), {START: "process_ended"}, id="never came up"),
        pytest.param(timedelta(seconds=1), (START,), {START: "process_ended"}, id="was seen and is gone"),
    ],
)
def test_a_workspace_without_a_process_is_recorded_as_ended(
    after: timedelta, seen: tuple[int, ...], recorded: dict[int, str]
) -> None:
    """SBX-04: the log does not go on believing in a process that is gone, and gives a start its time."""
    world = started()
    world.at = world.state.workspaces[KEY].started + after
    assert planned(world, seen=seen) == Plan((), recorded)


def test_what_was_seen_of_the_last_workspace_does_not_end_the_next_one() -> None:
    """FLT-07: between two looks one workspace was over and another one started, whose process is not there yet."""
    world = started()
    world.end()
    world.start()
    assert planned(world, seen=(START,)) == Plan((), {})
    assert planned(world, START, seen=(START,)) == Plan((START,), {})

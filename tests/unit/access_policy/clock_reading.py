"""How the tests of clocks read one."""

from datetime import datetime

from access_policy.clocks import Clock, ClockKind, ClockState, clocks_of
from access_policy.model.ids import RequestId
from tests.unit.access_policy.happenings import NEW
from tests.unit.access_policy.world import TICK, World


def clock(world: World, kind: ClockKind, at: datetime | None = None, request: RequestId = NEW) -> Clock:
    """Return the one clock of a kind that a request has."""
    (found,) = [
        one for one in clocks_of(world.state, world.state.requests[request], at or world.at) if one.kind is kind
    ]
    return found


def kinds_of(world: World, request: RequestId = NEW) -> list[ClockKind]:
    """Return which clocks a request has."""
    return [one.kind for one in clocks_of(world.state, world.state.requests[request], world.at)]


def assert_due(world: World, kind: ClockKind, due: datetime, request: RequestId = NEW) -> None:
    """Check that a clock runs until one tick before `due`, and is breached at it and after."""
    found = [clock(world, kind, at, request) for at in (due - TICK, due, due + TICK)]
    assert [one.state for one in found] == [ClockState.RUNNING, ClockState.BREACHED, ClockState.BREACHED]
    assert {one.due for one in found} == {due}

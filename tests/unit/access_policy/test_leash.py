"""What a person is told before the end of their workspace: when, why and how soon; and what is kept (POL-03)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.commands.workspaces import RecordEnding, ground_lost
from access_policy.events import WorkspaceEnded
from access_policy.handle import handle
from access_policy.leash import (
    GIVEN_END,
    STEPS,
    WITHHELD,
    Leash,
    codes_of,
    codes_told,
    deleted_by,
    leash,
    step,
    until_next_step,
)
from access_policy.model.enums import Regime, RequestStatus
from access_policy.model.instants import months_later
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RUN,
    STEWARD,
    STRANGER,
    TICK,
    WARDEN,
    World,
    everything_holds,
)

NOTHING = timedelta(0)
SPANS = st.timedeltas(min_value=NOTHING, max_value=2 * RUN)


def verified(world: World, ends: timedelta) -> None:
    """Let the researcher be known for so long from now: a ground of which the end is known beforehand."""
    world.do("verify-person", ADMIN, person=RESEARCHER, method="video-call", evidence="seen", until=world.at + ends)


def running(ends: timedelta = 300 * DAY) -> World:
    """Return a world in which the researcher's workspace runs, and their verification ends so long after its start."""
    world = everything_holds()
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="it was not theirs")
    verified(world, ends)
    world.start()
    return world


def found(world: World, *, fixed: bool = False) -> Leash:
    return leash(world.state, world.state.workspaces[RESEARCHER, OPEN], world.at, fixed=fixed)


@pytest.mark.parametrize(
    ("left", "warned"),
    [
        (30 * MINUTE + TICK, None), (30 * MINUTE, 30), (10 * MINUTE + TICK, 30), (10 * MINUTE, 10),
        (MINUTE + TICK, 10), (MINUTE, 1), (TICK, 1), (NOTHING, 1),
    ],
)  # fmt: skip
def test_the_warnings_begin_at_their_minutes(left: timedelta, warned: int | None) -> None:
    """POL-03: thirty, ten and one minute before the end, from that very instant on."""
    assert step(left) == warned


@given(SPANS)
def test_the_next_warning_is_the_next_step(left: timedelta) -> None:
    """POL-03: a page that asks again when it is told to misses no warning, and none comes before."""
    wait = until_next_step(left)
    if wait is None:
        assert step(left) == STEPS[0]
        return
    assert wait > NOTHING
    assert step(left - wait) != step(left)
    assert step(left - wait + TICK) == step(left)


@given(st.timedeltas(min_value=2 * MINUTE, max_value=2 * RUN), SPANS, st.booleans())
def test_a_workspace_runs_until_the_instant_that_was_told(ends: timedelta, waited: timedelta, fixed: bool) -> None:
    """S46, POL-03: before it nothing takes the ground away by the clock, from it on the ground is lost; and what
    was told is a reason then."""
    world = running(ends)
    workspace = world.state.workspaces[RESEARCHER, OPEN]
    told = found(world, fixed=fixed)
    world.wait(waited)
    lost = ground_lost(world.state, workspace, world.at)
    assert (lost is None) == (world.at < told.until)
    assert found(world, fixed=fixed).until == told.until
    if lost is not None:
        assert set(told.why) <= set(codes_of(lost[0]))
        assert (found(world).left, found(world).step) == (NOTHING, STEPS[0])


@given(st.timedeltas(min_value=2 * MINUTE, max_value=2 * RUN), SPANS, SPANS)
def test_a_warning_never_grows_milder_by_waiting(ends: timedelta, first: timedelta, second: timedelta) -> None:
    """POL-03: while no fact comes, less and less is left."""
    world = running(ends)
    seen = [found(world), found(world.wait(first)), found(world.wait(second))]
    assert [one.left for one in seen] == sorted([one.left for one in seen], reverse=True)
    urgency = [one.step or STEPS[-1] + 1 for one in seen]
    assert urgency == sorted(urgency, reverse=True)


def test_the_run_time_is_told_as_the_reason() -> None:
    """S86: where nothing else ends it."""
    world = running()
    told, workspace = found(world), world.state.workspaces[RESEARCHER, OPEN]
    assert workspace.run_ends > world.at
    assert (told.until, told.why, told.later) == (workspace.run_ends, ("run_time_over",), None)


def test_the_ground_that_ends_first_is_the_reason_and_what_is_recorded_then() -> None:
    """S46, S73: what was told beforehand is what the log says afterwards."""
    world = running(20 * MINUTE)
    told = found(world)
    assert (told.why, told.step) == (("verification_expired",), 30)
    world.wait(told.until - world.at)
    workspace = world.state.workspaces[RESEARCHER, OPEN]
    ending = RecordEnding(person=RESEARCHER, request=OPEN, started=workspace.seq, seen="gone")
    (recorded,) = handle(world.state, ending, WARDEN, world.at)  # type: ignore[misc]
    assert isinstance(recorded, WorkspaceEnded)
    assert codes_of(recorded.why) == told.why


def test_an_end_that_moved_on_takes_the_warning_back() -> None:
    """S46: a sandbox runs on; a pod keeps its end, says that, and until when a new one could run (FLT-08)."""
    world = running(9 * MINUTE)
    assert found(world).step == 10
    verified(world, 300 * DAY)
    workspace = world.state.workspaces[RESEARCHER, OPEN]
    assert found(world) == Leash(workspace.run_ends, workspace.run_ends - world.at, ("run_time_over",), None)
    kept = found(world, fixed=True)
    assert (kept.until, kept.why, kept.step) == (workspace.until, (GIVEN_END,), 10)
    assert kept.later == workspace.run_ends


def test_a_pod_beyond_its_given_end_has_nothing_left() -> None:
    """FLT-08: whatever its node does meanwhile."""
    world = running(9 * MINUTE)
    verified(world, 300 * DAY)
    world.wait(10 * MINUTE)
    assert (found(world, fixed=True).left, found(world, fixed=True).step) == (NOTHING, 1)
    assert found(world, fixed=True).why == (GIVEN_END,)


def test_a_ground_that_a_fact_took_is_told_at_once() -> None:
    """S94: since when, and which."""
    world = running()
    world.do("suspend-request", REPRESENTATIVE, request=OPEN, reason="a question")
    since = world.state.requests[OPEN].suspended
    assert found(world.wait(MINUTE)) == Leash(since, NOTHING, ("request_suspended",), 1)  # type: ignore[arg-type]


def test_a_stop_that_was_asked_is_told() -> None:
    """S94: it is over from that instant."""
    world = running()
    world.do("stop-workspace", RESEARCHER, person=RESEARCHER, request=OPEN)
    assert (found(world).why, found(world).left) == (("stopped",), NOTHING)


def test_whoever_has_no_part_any_more_learns_that_alone() -> None:
    """POL-09, REQ-03: nothing else of the request's fate."""
    state = running().state
    mixed = ("not_a_contact", "request_suspended")
    assert codes_told(state, RESEARCHER, OPEN, mixed) == mixed
    assert codes_told(state, STRANGER, OPEN, mixed) == ("not_a_contact",)
    assert codes_told(state, STRANGER, OPEN, ("request_suspended",)) == (WITHHELD,)
    assert codes_told(state, STRANGER, OPEN, ("store_silence",)) == ("store_silence",)


def test_a_date_by_which_homes_are_deleted_is_the_laws_or_none() -> None:
    """E62: six months after the expiry of a permit under the EHDS; the centre's own rules name none."""
    request = running().state.requests[OPEN]
    assert request.term is not None
    assert deleted_by(request) is None
    request.regime = Regime.EHDS
    assert deleted_by(request) == months_later(request.term.ends, 6)
    request.status, request.status_since = RequestStatus.ENDED, request.term.begins + DAY
    assert deleted_by(request) == months_later(request.term.begins + DAY, 6)
    request.term = None
    assert deleted_by(request) is None


def test_data_that_leave_the_request_are_the_reason() -> None:
    """S82: the workspace ends, and says which condition failed."""
    world = running()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="wrong rows")
    assert "dataset_withdrawn" in found(world).why

"""What would follow: `simulate` with running workspaces, and the law that nothing supposed changes nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import parse_command
from access_policy.decision import decide
from access_policy.model.enums import Action, FactorKind, Zone
from access_policy.model.ids import DatasetName, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.notices import NoticeKind
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query, Session
from access_policy.simulate import Change, Step
from access_policy.state import State, WorkspaceKey
from tests.unit.access_policy.abroad import abroad
from tests.unit.access_policy.happenings import happens
from tests.unit.access_policy.supposing import supposed
from tests.unit.access_policy.test_laws import GRANTS, UNRELATED, WITHDRAWALS, Move
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    RUN,
    WARDEN,
    World,
    everything_holds,
)

K = NoticeKind


def test_what_is_lost_after_the_running_time_is_told() -> None:
    """S86, S46: who runs a workspace now loses the data in ten days, though the workspace is over by then."""
    world = everything_holds()
    world.start()
    end = parse_command("end-request", {"request": OPEN, "reason": "misuse"})
    (change,) = supposed(world, Step(world.at + 10 * DAY, person(ADMIN), end))
    assert (change.at, change.loses, change.running) == (world.at + 10 * DAY, ("expressions", "tumours"), True)
    assert change.codes == (R.REQUEST_ENDED,)


def test_an_adequacy_decision_that_ends_names_who_works_now() -> None:
    """S67: a party abroad with a running workspace loses at the end of the decision, not never."""
    world = everything_holds()
    party = abroad(world)
    started = e.WorkspaceStarted(
        person=party.researcher, request=party.request, profile="small", datasets=(DatasetName("tumours"),),
        run_ends=world.at + RUN, until=world.at + RUN, decision="{}",
    )  # fmt: skip
    happens(world, started)
    ends = world.at + 30 * DAY
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=ends, act="a judgment")
    (change,) = supposed(world, Step(world.at, person(ADMIN), gone))
    assert (change.person, change.at, change.running) == (party.researcher, ends, True)


@pytest.mark.parametrize("name", ["stop-workspace", "record-ending"])
def test_a_workspace_can_be_supposed_to_end(name: str) -> None:
    """S94: a step that stops or ends a workspace that runs is carried out, and takes nothing from anybody."""
    world = everything_holds()
    world.start()
    arguments: dict[str, Any] = {"person": RESEARCHER, "request": OPEN}
    if name == "record-ending":
        arguments |= {"started": world.state.workspaces[RESEARCHER, OPEN].seq, "seen": "gone"}
    by = WARDEN if name == "record-ending" else person(RESEARCHER)
    assert supposed(world, Step(world.at, by, parse_command(name, arguments))) == ()


def _moved(world: World, moves: list[Move]) -> World:
    """Try each move; those that are refused change nothing. Spans of time count from now."""
    for name, actor, arguments in moves:
        times = {key: world.at + value if isinstance(value, timedelta) else value for key, value in arguments.items()}
        world.attempt(name, actor, **times)
    return world


def _held(state: State, key: WorkspaceKey, at: datetime) -> tuple[str, ...]:
    """Return what `decide` opens on the state itself to somebody who logs in at `at`."""
    session = Session("a-session", key[0], at, at + timedelta(hours=1), FactorKind.TOTP, Zone.INSTITUTE)
    found = decide(state, Query(*key, Action.OPEN_WORKSPACE, at, session)).datasets
    return tuple(sorted(one.name for one in found))


@given(
    moves=st.lists(st.sampled_from((*GRANTS, *WITHDRAWALS, *UNRELATED)), max_size=6),
    running=st.sets(st.sampled_from([OPEN, RESTRICTED])),
    ended=st.timedeltas(timedelta(0), timedelta(days=400)),
    after=st.timedeltas(timedelta(0), timedelta(days=399)),
)
@settings(max_examples=60, deadline=None)
def test_simulate_with_no_change_equals_now(
    moves: list[Move], running: set[RequestId], ended: timedelta, after: timedelta
) -> None:
    """What everybody loses by the end of all requests is what `decide` gives them on the state as it is now.

    Whatever happened before, whether workspaces run or not, and at any instant; and without a step nobody loses.
    """
    world = everything_holds()
    for request in sorted(running):
        world.start(request, Zone.INSTITUTE)
    _moved(world, moves)
    first, later = world.at + ended, world.at + ended + after
    ends = [Step(first, person(ADMIN), e.RequestEnded(request=one, reason="x")) for one in world.state.requests]
    assert supposed(world) == ()
    found = supposed(world, *ends)
    keys = [(who, one.request) for one in world.state.requests.values() for who in one.contacts]
    for at in (first, later):
        lost = {(one.person, one.request): one.loses for one in found if _lasts(one, at)}
        assert lost == {key: held for key in keys if (held := _held(world.state, key, at))}
    assert {one.running for one in found if one.request in running} <= {True}


def _lasts(change: Change, at: datetime) -> bool:
    return change.at <= at and (change.until is None or at < change.until)

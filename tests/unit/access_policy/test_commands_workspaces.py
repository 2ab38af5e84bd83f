"""Workspaces: started on the newest facts, stopped on demand, ended once (S75, POL-02, SPW-13)."""

from datetime import timedelta

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import Actor, person
from access_policy.commands.base import Outcome, Refusal
from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import as_json
from access_policy.handle import handle
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Session
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DESK,
    HUB,
    MINUTE,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    RUN,
    TRAINER,
    WARDEN,
    World,
    everything_holds,
    kinds,
)

TO_OPEN = tuple(denial for denial in DENIALS if denial.code not in ("dataset_withdrawn", "run_time_over"))


def _start(
    world: World, session: Session | None, request: RequestId = OPEN, actor: Actor = HUB, seconds: int = 3600
) -> Outcome:
    command = StartWorkspace(
        person=RESEARCHER, request=request, profile="small", max_run_seconds=seconds, session=session
    )
    return handle(world.state, command, actor, world.at)


def test_a_start_records_the_decision_that_allowed_it() -> None:
    """S75: the datasets, the whole answer, and when it ends: the run time here, which is shorter than any term."""
    world = everything_holds()
    session = world.login()
    outcome = _start(world, session)
    assert not isinstance(outcome, Refusal)
    (event,) = outcome
    assert isinstance(event, e.WorkspaceStarted)
    assert (event.datasets, event.run_ends, event.until) == (
        ("tumours", "expressions"), world.at + timedelta(hours=1), world.at + timedelta(hours=1),
    )  # fmt: skip
    assert msgspec.json.decode(event.decision) == as_json(world.decide(world.query()))


def test_a_start_ends_with_the_first_ground_that_lapses() -> None:
    """S46: where a term ends before the run time is over, `until` is that end; the session's end is none."""
    world = everything_holds()
    term = world.state.requests[OPEN].term
    assert term is not None
    world.wait(term.ends - world.at - timedelta(hours=2))
    outcome = _start(world, world.login(), seconds=7 * 86400)
    assert not isinstance(outcome, Refusal)
    assert isinstance(outcome[0], e.WorkspaceStarted)
    assert outcome[0].until == term.ends


@pytest.mark.parametrize("denial", TO_OPEN, ids=lambda denial: denial.name)
def test_a_start_loses_to_whatever_came_first(denial: Denial) -> None:
    """POL-02, SPW-13: a start is decided on the facts at its own append, with the reasons in its refusal."""
    world = everything_holds()
    query, _ = denial.way(world)
    command = StartWorkspace(
        person=query.person, request=query.request, profile="small", max_run_seconds=3600, session=query.session
    )
    outcome = handle(world.state, command, HUB, world.at)
    assert outcome == Refusal("access_denied", ", ".join(denial.codes))


@pytest.mark.parametrize(
    "actor",
    [person(RESEARCHER), person(ADMIN), WARDEN, DESK],
    ids=["the person", "an admin", "the warden", "the desk"],
)
def test_only_the_hub_starts_a_workspace(actor: Actor) -> None:
    """SPW-13, NET-06: nobody starts one past the gate, whoever they are."""
    world = everything_holds()
    outcome = _start(world, world.login(), actor=actor)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_permitted"


def test_a_workspace_runs_once() -> None:
    """SPW-09: a second start of the same workspace is refused while the first runs; another request's is not."""
    world = everything_holds()
    world.start()
    second = _start(world, world.login())
    assert isinstance(second, Refusal)
    assert second.code == "already_exists"
    world.start(RESTRICTED, Zone.INSTITUTE)
    world.end()
    world.start()


@pytest.mark.parametrize("who", [RESEARCHER, ADMIN], ids=["its person", "an admin"])
def test_a_workspace_is_stopped_on_demand(who: PersonId) -> None:
    """S94: once; the warden then ends it, and the record says that it was stopped and how long that took."""
    world = everything_holds()
    about = {"person": RESEARCHER, "request": OPEN}
    world.start()
    started = world.state.seq
    assert kinds(world.do("stop-workspace", who, **about)) == [e.WorkspaceStopAsked]
    assert world.refusal("stop-workspace", who, **about) == "wrong_state"
    (event,) = world.do("record-ending", WARDEN, **about, started=started, seen="gone")
    assert event == e.WorkspaceEnded(person=RESEARCHER, request=OPEN, why="stopped", after_ms=60_000)


@pytest.mark.parametrize("who", [COLLEAGUE, TRAINER], ids=["a colleague", "a trainer"])
def test_nobody_else_stops_a_workspace(who: PersonId) -> None:
    """REQ-06: whether it runs or not, others get the same refusal."""
    world = everything_holds()
    about = {"person": RESEARCHER, "request": OPEN}
    assert world.refusal("stop-workspace", who, **about) == "not_permitted"
    world.start()
    assert world.refusal("stop-workspace", who, **about) == "not_permitted"


@pytest.mark.parametrize("name", ["stop-workspace", "record-ending"])
def test_what_does_not_run_does_not_end(name: str) -> None:
    """A second report of the same end is refused and harmless."""
    world = everything_holds()
    arguments = {"started": 1, "seen": "gone"} if name == "record-ending" else {}
    actor = WARDEN if name == "record-ending" else person(ADMIN)
    assert world.refusal(name, actor, person=RESEARCHER, request=OPEN, **arguments) == "not_found"


@pytest.mark.parametrize(
    ("change", "why", "after"),
    [
        (lambda world: world.do("disable-person", ADMIN, person=RESEARCHER, reason="left"), "person_disabled", MINUTE),
        (lambda world: world.wait(RUN), "run_time_over", MINUTE),
        (lambda world: world.wait(MINUTE), "crashed", None),
    ],
    ids=["the ground was taken away", "its time was over", "it ended by itself"],
)
def test_an_ending_says_why_and_how_long_it_took(change: object, why: str, after: timedelta | None) -> None:
    """S46, S94: the reason codes that took the ground away, counted from their instant, or what was seen."""
    world = everything_holds()
    world.start()
    started = world.state.seq
    assert callable(change)
    change(world)
    (event,) = world.do("record-ending", HUB, person=RESEARCHER, request=OPEN, started=started, seen="crashed")
    assert isinstance(event, e.WorkspaceEnded)
    assert (event.why, event.after_ms) == (why, None if after is None else after // timedelta(milliseconds=1))
    assert world.state.workspaces == {}


def test_a_late_report_of_an_end_does_not_end_the_next_workspace() -> None:
    """SPW-03, FLT-07: two parts report the same end; the slower one finds that another start runs."""
    world = everything_holds()
    world.start()
    first = world.state.seq
    world.end()
    world.start()
    about = {"person": RESEARCHER, "request": OPEN, "started": first, "seen": "stopped"}
    assert world.refusal("record-ending", HUB, **about) == "not_found"
    assert (RESEARCHER, OPEN) in world.state.workspaces


def test_a_workspace_is_kept_until_its_time_is_over() -> None:
    """POL-03, S46: with no new fact the question to keep it turns to deny at the recorded instant."""
    world = everything_holds()
    world.start()
    until = world.state.workspaces[RESEARCHER, OPEN].until
    assert world.decide(world.query(Action.KEEP_WORKSPACE)).until == until
    assert world.wait(DAY).decide(world.query(Action.KEEP_WORKSPACE)).codes == ("run_time_over",)

"""What one dataset asks for binds that dataset: the others open without it, and the answer says what is left out."""

from collections.abc import Callable

import pytest

from access_policy.decision import decide
from access_policy.left_out import LeftOut, left_out, left_out_json
from access_policy.model.enums import Action, RequestStatus, Zone
from access_policy.model.ids import CourseName, DatasetName, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    RESEARCHER,
    STEWARD,
    TICK,
    TRAINER,
    World,
    dataset_arguments,
    everything_holds,
)

R = ReasonCode
MORE, GENOMICS = DatasetName("more"), CourseName("genomics")


def _with(**asks: object) -> tuple[World, RequestId]:
    """Return a world with an active request of two datasets, of which one asks for something more."""
    world = everything_holds()
    if "trainings" in asks:
        world.do("register-course", ADMIN, course="genomics", title="Genomics", validity_days=30, required=False)
    world.do("register-dataset", STEWARD, **dataset_arguments("more") | asks)
    return world, world.ask(RequestStatus.ACTIVE, ("tumours", "more"))


def _names(world: World, query: Query) -> list[str]:
    decision = decide(world.state, query)
    return [one.name for one in decision.datasets] if decision.allowed else [str(code) for code in decision.codes]


CASES = pytest.mark.parametrize(
    ("asks", "code"),
    [
        ({"trainings": "genomics"}, R.TRAINING_MISSING),
        ({"assurance": "high"}, R.ASSURANCE_TOO_LOW),
        ({"zone": "institute"}, R.ZONE),
    ],
    ids=["a course", "a surer identity", "the institute's network"],
)


@CASES
def test_the_rest_opens_and_the_answer_says_what_is_left_out(asks: dict[str, str], code: ReasonCode) -> None:
    """S3, S74, S77, E26: also the one dataset alone is refused, for that reason."""
    world, request = _with(**asks)
    query = world.query(request=request)
    assert _names(world, query) == ["tumours"]
    assert left_out(world.state, query) == (LeftOut(MORE, (code,)),)
    assert left_out_json(left_out(world.state, query)) == {"left_out": [{"name": "more", "reasons": [str(code)]}]}
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    assert _names(world, world.query(request=request)) == [str(code)]
    assert left_out(world.state, world.query(request=request)) == ()


@CASES
def test_a_running_workspace_goes_on_when_such_a_dataset_is_added(asks: dict[str, str], code: ReasonCode) -> None:
    """POL-12, S3: it holds what it held; the law that a grant takes nothing away."""
    world, request = _with(**asks)
    world.start(request)
    for action in (Action.KEEP_WORKSPACE, Action.REACH_WORKSPACE):
        assert _names(world, world.query(action, request)) == ["tumours"]


def _train(world: World) -> None:
    world.do("certify-person", TRAINER, person=RESEARCHER, course="genomics")


def _prove(world: World) -> None:
    until = world.at + 700 * DAY
    world.do(
        "verify-person", ADMIN, person=RESEARCHER, method="in-person", evidence="seen", until=until, assurance="high"
    )


@pytest.mark.parametrize(
    ("asks", "met"), [({"trainings": "genomics"}, _train), ({"assurance": "high"}, _prove)], ids=["course", "identity"]
)
def test_who_meets_it_gets_the_dataset_with_the_next_start(asks: dict[str, str], met: Callable[[World], None]) -> None:
    """S74, E26: the workspace that runs holds what it began with; nothing is left out any more."""
    world, request = _with(**asks)
    world.start(request)
    met(world)
    assert _names(world, world.query(Action.KEEP_WORKSPACE, request)) == ["tumours"]
    assert _names(world, world.query(request=request)) == ["tumours", "more"]
    assert left_out(world.state, world.query(request=request)) == ()


def test_a_workspace_that_holds_what_its_person_may_no_longer_have_ends() -> None:
    """S74, REQ-08: half-open at the end of the certification; the next one opens without that dataset."""
    world, request = _with(trainings="genomics")
    _train(world)
    world.start(request)
    ends = world.state.people[RESEARCHER].certifications[GENOMICS][0].ends
    kept = decide(world.state, world.query(Action.KEEP_WORKSPACE, request))
    assert (kept.allowed, [one.name for one in kept.datasets]) == (True, ["tumours", "more"])
    world.at = ends - TICK
    assert R.TRAINING_EXPIRED not in decide(world.state, world.query(Action.KEEP_WORKSPACE, request)).codes
    assert _names(world, world.query(request=request)) == ["tumours", "more"]
    world.at = ends
    assert R.TRAINING_EXPIRED in decide(world.state, world.query(Action.KEEP_WORKSPACE, request)).codes
    assert _names(world, world.query(request=request)) == ["tumours"]


def test_from_the_institute_everything_opens_and_is_not_reached_from_elsewhere() -> None:
    """S77, S78, NET-04: a workspace that was opened inside with such data is reached from inside only."""
    world, request = _with(zone="institute")
    assert _names(world, world.query(request=request, zone=Zone.INSTITUTE)) == ["tumours", "more"]
    world.start(request, Zone.INSTITUTE)
    assert _names(world, world.query(Action.REACH_WORKSPACE, request, Zone.INSTITUTE)) == ["tumours", "more"]
    assert _names(world, world.query(Action.REACH_WORKSPACE, request)) == ["zone"]
    assert _names(world, world.query(Action.KEEP_WORKSPACE, request)) == ["tumours", "more"]


def test_a_workspace_that_was_opened_outside_holds_nothing_of_the_institutes() -> None:
    """S77: what is mounted is what the decision named; it is reached from anywhere."""
    world, request = _with(zone="institute")
    world.start(request)
    assert world.state.workspaces[RESEARCHER, request].datasets == ("tumours",)
    assert _names(world, world.query(Action.REACH_WORKSPACE, request)) == ["tumours"]
    assert _names(world, world.query(Action.REACH_WORKSPACE, request, Zone.INSTITUTE)) == ["tumours"]


def test_a_dataset_that_is_withdrawn_is_left_out_by_that() -> None:
    """REQ-10, S82: with the reason that it is not offered."""
    world, request = _with(assurance="high")
    world.do("withdraw-dataset", STEWARD, dataset="more", reason="a question")
    assert left_out(world.state, world.query(request=request)) == (LeftOut(MORE, (R.NO_DATASET_OPEN,)),)


def test_a_dataset_whose_grant_died_is_left_out_until_it_is_granted_anew() -> None:
    """REQ-10: reopening revives no grant; the reason is that the board has not granted it, then that a step is left."""
    world, request = _with()
    world.do("withdraw-dataset", STEWARD, dataset="more", reason="a question")
    gone = world.state.datasets[MORE].withdrawn
    world.agree("reopen-dataset", STEWARD, dataset="more")
    assert left_out(world.state, world.query(request=request)) == (LeftOut(MORE, (R.REQUEST_NOT_APPROVED,)),)
    assert world.state.requests[request].lapsed == {MORE: gone}
    wanted = {"datasets": "more", "necessities": "the size", "reason": "again"}
    world.do("propose-amendment", RESEARCHER, request=request, **wanted)
    world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=1, reason="good")
    assert left_out(world.state, world.query(request=request)) == (LeftOut(MORE, (R.NOT_MADE_AVAILABLE,)),)
    world.do("make-available", STEWARD, request=request)
    assert _names(world, world.query(request=request)) == ["tumours", "more"]


def test_a_request_without_a_living_grant_says_since_when() -> None:
    """REQ-10, S82: since the withdrawal, for the next opening and for the workspace that still runs."""
    world = everything_holds()
    world.start()
    for name in ("tumours", "expressions"):
        world.do("withdraw-dataset", STEWARD, dataset=name, reason="a question")
    gone = [world.state.datasets[DatasetName(name)].withdrawn for name in ("tumours", "expressions")]
    for name in ("tumours", "expressions"):
        world.agree("reopen-dataset", STEWARD, dataset=name)
    findings = {one.code: one for one in decide(world.state, world.query(Action.KEEP_WORKSPACE)).findings}
    assert (findings[R.NO_DATASET_OPEN].holds, findings[R.NO_DATASET_OPEN].since) == (False, gone[1])
    assert (findings[R.DATASET_WITHDRAWN].holds, findings[R.DATASET_WITHDRAWN].since) == (False, gone[0])


def test_from_outside_the_reasons_are_those_of_what_opens_there() -> None:
    """S77, POL-09: who can have none of the data hears first what leads to those that open from where they are."""
    world, request = _with(zone="institute", trainings="genomics")
    world.do("register-dataset", STEWARD, **dataset_arguments("surer") | {"assurance": "high"})
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    other = world.ask(RequestStatus.ACTIVE, ("more", "surer"))
    assert _names(world, world.query(request=other)) == ["assurance_too_low"]
    assert _names(world, world.query(request=other, zone=Zone.INSTITUTE)) == ["assurance_too_low", "training_missing"]
    assert _names(world, world.query(request=request)) == ["training_missing", "zone"]

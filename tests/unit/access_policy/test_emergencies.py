"""Emergency access: by two admins, for one operator, with a reason, for minutes; and ends that nobody can confirm."""

from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.emergencies import MOST_OPEN
from access_policy.decision import decide
from access_policy.model.enums import Action, RequestStatus
from access_policy.overview import open_emergencies
from access_policy.rules import Query
from tests.unit.access_policy.world import (
    ADMIN,
    HUB,
    MINUTE,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    TICK,
    WARDEN,
    World,
    everything_holds,
    kinds,
)

OPERATOR = "ops@example.org"
ASKED = {"request": OPEN, "operator": OPERATOR, "minutes": 30, "reason": "a server hangs"}


def _granted(**changed: object) -> World:
    world = everything_holds()
    world.agree("grant-emergency-access", **(ASKED | changed))
    return world


def test_it_takes_two_admins_and_counts_from_the_second() -> None:
    """E37: the first only proposes; the minutes begin when another admin confirms."""
    world = everything_holds()
    assert kinds(world.do("grant-emergency-access", ADMIN, **ASKED)) == [e.CommandProposed]
    assert open_emergencies(world.state.requests[OPEN], world.at) == {}
    assert world.refusal("confirm-proposal", ADMIN, proposal=world.state.last_proposal) == "four_eyes"
    world.wait(MINUTE)
    at = world.at
    _, event = world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
    assert event == e.EmergencyAccessGranted(
        request=OPEN, operator=OPERATOR, until=at + 30 * MINUTE, writer=ADMIN, reason="a server hangs"
    )


def test_it_ends_by_the_clock_half_open() -> None:
    """E37, REQ-08: until its last instant, and not at it."""
    world = _granted()
    request = world.state.requests[OPEN]
    until = request.emergencies[OPERATOR].until
    assert list(open_emergencies(request, until - TICK)) == [OPERATOR]
    assert open_emergencies(request, until) == {}
    assert open_emergencies(request, NOON) == {}


@pytest.mark.parametrize("who", [ADMIN, SECOND_ADMIN, REPRESENTATIVE])
def test_one_person_ends_it(who: str) -> None:
    """E37: whoever may, alone and at once; a second time there is nothing to end."""
    world = _granted()
    about = {"request": OPEN, "operator": OPERATOR}
    assert world.do("end-emergency-access", person(who), **about) == (e.EmergencyAccessEnded(**about),)  # type: ignore[arg-type]
    assert open_emergencies(world.state.requests[OPEN], world.at) == {}
    assert world.refusal("end-emergency-access", person(who), **about) == "not_found"  # type: ignore[arg-type]


def test_what_is_over_is_not_ended_again() -> None:
    """E37: its time is up, so there is nothing to end; it can be asked for anew."""
    world = _granted().wait(30 * MINUTE)
    assert world.refusal("end-emergency-access", ADMIN, request=OPEN, operator=OPERATOR) == "not_found"
    world.agree("grant-emergency-access", **ASKED)


@pytest.mark.parametrize("who", [RESEARCHER, STEWARD, REPRESENTATIVE])
def test_nobody_else_asks_for_it(who: str) -> None:
    """E37: of few identifiable people only."""
    assert everything_holds().refusal("grant-emergency-access", person(who), **ASKED) == "not_permitted"  # type: ignore[arg-type]


@pytest.mark.parametrize("operator", ["system:masters", "system:serviceaccount:sluis:hub", "system:admin"])
def test_no_part_of_the_cluster_gets_it(operator: str) -> None:
    """E37: a person is named, never a group, a service account or a component."""
    assert everything_holds().refusal("grant-emergency-access", ADMIN, **(ASKED | {"operator": operator})) == (
        "not_allowed_value"
    )


@pytest.mark.parametrize(
    "changed",
    [{"minutes": 4}, {"minutes": 241}, {"operator": "a b"}, {"operator": ""}, {"operator": "x" * 201}, {"reason": " "}],
    ids=str,
)
def test_what_is_out_of_bounds_is_not_read(changed: dict[str, object]) -> None:
    """E37: between five minutes and four hours, with a reason, for a plain user name."""
    with pytest.raises(ValueError, match="`"):
        everything_holds().attempt("grant-emergency-access", ADMIN, **(ASKED | changed))


def test_it_is_made_longer_and_never_doubled() -> None:
    """E37: a longer one takes the place of the one that runs, a shorter one is refused."""
    world = _granted()
    assert world.refusal("grant-emergency-access", ADMIN, **(ASKED | {"minutes": 5})) == "already_exists"
    world.agree("grant-emergency-access", **(ASKED | {"minutes": 60}))
    assert len(open_emergencies(world.state.requests[OPEN], world.at)) == 1


def test_they_are_few() -> None:
    """E37: so many operators at once and no more; one whose time is over makes room."""
    world = everything_holds()
    for number in range(MOST_OPEN):
        world.agree("grant-emergency-access", **(ASKED | {"operator": f"ops{number}", "minutes": 240}))
    assert world.refusal("grant-emergency-access", ADMIN, **ASKED) == "wrong_state"
    world.wait(timedelta(hours=4))
    world.agree("grant-emergency-access", **ASKED)


@pytest.mark.parametrize("status", [one for one in RequestStatus if one is not RequestStatus.ACTIVE])
def test_only_where_workspaces_can_run(status: RequestStatus) -> None:
    """E37: before a request is active, and after it, there is nothing to look into."""
    world = everything_holds()
    if status is RequestStatus.INTAKE or status is RequestStatus.INVITED:
        return
    request = world.ask(status)
    assert world.refusal("grant-emergency-access", ADMIN, **(ASKED | {"request": request})) == "wrong_state"


def test_it_gives_nobody_anything() -> None:
    """E37, POL-01: what everybody may open and keep is as it was, and when it lapses too."""
    world, other = everything_holds(), _granted()
    for action in Action:
        asked = Query(RESEARCHER, OPEN, action, other.at)
        assert decide(world.state, asked).findings == decide(other.state, asked).findings


def test_a_pending_proposal_outlives_an_emergency() -> None:
    """REQ-08: it changes nothing about the request, so what waits for a second admin goes on waiting."""
    world = everything_holds()
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    world.do("reinstate-request", ADMIN, request=OPEN, reason="answered")
    number = world.state.last_proposal
    world.agree("grant-emergency-access", **ASKED)
    world.do("confirm-proposal", SECOND_ADMIN, proposal=number)
    assert world.state.requests[OPEN].status is RequestStatus.ACTIVE


def _doubted() -> tuple[World, dict[str, object]]:
    world = everything_holds()
    world.start()
    about = {"person": RESEARCHER, "request": OPEN, "started": world.state.seq}
    world.do("record-doubt", WARDEN, **about, node="node-1")
    return world, about


def test_a_doubt_is_recorded_once_for_a_node() -> None:
    """FLT-05: it stands with the workspace until its end; another node is another doubt."""
    world, about = _doubted()
    assert world.state.workspaces[RESEARCHER, OPEN].unconfirmed == "node-1"
    assert world.refusal("record-doubt", WARDEN, **about, node="node-1") == "wrong_state"
    world.do("record-doubt", WARDEN, **about, node="node-2")
    assert world.refusal("record-doubt", WARDEN, **(about | {"started": 1}), node="node-2") == "not_found"
    assert world.refusal("record-doubt", HUB, **about, node="node-2") == "not_permitted"


def test_only_the_warden_tells_the_end_of_what_is_in_doubt() -> None:
    """FLT-05: the hub sees that the pod is gone, and that confirms nothing; meanwhile no second one starts."""
    world, about = _doubted()
    assert world.refusal("record-ending", HUB, **about, seen="gone") == "wrong_state"
    assert world.refusal(
        "start-workspace", HUB, person=RESEARCHER, request=OPEN, profile="small", max_run_seconds=60,
        session=world.login(),
    ) in ("already_exists", "access_denied")  # fmt: skip
    world.do("record-ending", WARDEN, **about, seen="gone")
    assert world.state.workspaces == {}

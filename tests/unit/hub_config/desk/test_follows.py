"""The simulator's answer before the button: shown to who may give the command, and nothing is done by looking."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hub_config.desk.seed import DESK, World, full_world

pytestmark = pytest.mark.unit


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = full_world(tmp_path)
    made.log_in("researcher")
    return made


def size(world: World) -> int:
    with world.policy.reading() as state:
        return state.seq


def asked(world: World, who: str, name: str, /, **arguments: Any) -> Any:
    browser = world.client(who)
    headers = {"x-csrf-token": browser.token}
    return browser.http.post(f"{DESK}/api/v1/commands/{name}/preview", json=arguments, headers=headers)


def test_the_form_says_who_loses_what_before_the_button(world: World) -> None:
    """S94: with the workspace that runs, why, and the typed confirmation still to come."""
    world.start_workspace("researcher", "DR-1")
    before = size(world)
    page = unescape(world.client("admin").get("/do/disable-person?person=P-8").text)
    assert "People who lose access: 1." in page
    assert "Running workspaces that end or lose data: 1." in page
    assert page.index("What follows at once") < page.index('name="_typed"')
    assert size(world) == before


def test_looking_at_what_was_typed_does_nothing(world: World) -> None:
    """S94, without JavaScript: the second button shows what follows, keeps what was typed, and leaves no fact."""
    before = size(world)
    answer = world.client("admin").send(
        "/do/end-request", {"request": "DR-1", "reason": "it is over", "_fixed": "request", "_look": "1"}
    )
    assert answer.status_code == 200
    assert "People who lose access: 1." in answer.text
    assert "it is over" in answer.text
    assert size(world) == before


def test_nobody_concerned_is_said(world: World) -> None:
    """S94: the empty state says so in words."""
    page = world.client("admin").get("/do/disable-person?person=P-11").text
    assert "Nobody loses or gains access by this now." in page


def test_what_was_foreseen_is_what_happens(world: World) -> None:
    """S94, POL-01: the answer before is the decision after, in both directions."""
    told = asked(world, "admin", "suspend-request", request="DR-1", reason="a complaint").json()
    assert (told["losing"], told["effects"][0]["loses"]) == (1, ["clinical"])
    world.do("suspend-request", "admin", request="DR-1", reason="a complaint")
    decision = world.client("researcher").get("/api/v1/requests/DR-1/decision").json()
    assert {one["code"] for one in decision["reasons"] if not one["holds"]} == set(told["effects"][0]["codes"])
    back = asked(world, "admin", "reinstate-request", request="DR-1", reason="unfounded").json()
    assert (back["refused"] is not None) or back["gaining"] == 1


def test_who_may_not_give_it_learns_nothing(world: World) -> None:
    """REQ-03: as the command itself: not there for who does not stand so, refused without the login's token."""
    before = size(world)
    assert asked(world, "stranger", "end-request", request="DR-1", reason="x").status_code == 404
    assert asked(world, "researcher", "disable-person", person="P-9", reason="x").status_code == 404
    assert asked(world, "admin", "end-request", request="DR-99", reason="x").status_code == 404
    assert asked(world, "admin", "no-such-command").status_code == 404
    forged = world.client("admin").http.post(f"{DESK}/api/v1/commands/end-request/preview", json={"request": "DR-1"})
    assert (forged.status_code, size(world)) == (403, before)


def test_a_trainer_learns_how_many_and_not_which_requests(world: World) -> None:
    """REQ-03, POL-09: a trainer reads no requests, so which ones end by a revocation is counted only."""
    told = asked(world, "trainer", "revoke-certification", person="P-8", course="privacy", reason="cheated").json()
    assert (told["losing"], told["unseen"], told["effects"]) == (1, 1, [])


def test_too_little_is_known(world: World) -> None:
    """Where arguments are missing, or nobody's access is touched, it says that it cannot say."""
    for name, arguments in (
        ("revoke-certification", {"person": "P-8"}),
        ("correct-name", {"person": "P-8", "name": "X"}),
    ):
        assert asked(world, "admin", name, **arguments).json() == {"known": False, "effects": []}

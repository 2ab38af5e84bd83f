"""Homes that were set aside: what an admin sees and does about them, and what their person reads (S46, S94)."""

import re

from access_policy.actor import component
from access_policy.commands.base import Refusal, parse_command
from access_policy.model.enums import Component
from tests.unit.hub_config.desk.seed import World


def text_of(world: World, path: str, who: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", world.client(who).get(path).text).split())


def left(world: World, trainings: str = "", leaves: bool = True) -> None:
    """Have the researcher work with both datasets of DR-1, stop, and one of them leave; the warden saw it."""
    world.do("register-dataset", "steward", dataset=NAME, title="Tumours", source="GBSG2", kind="clinical", version="1",
             location=NAME, manifest="b" * 64, region="local", consent="published-open-data",
             attested=True, trainings=trainings)  # fmt: skip
    world.do("propose-amendment", "researcher", request="DR-1", datasets=NAME, necessities="sizes", reason="sizes")
    world.do("approve-amendment", "board", request="DR-1", amendment=1, reason="it is needed")
    world.do("make-available", "steward", request="DR-1")
    world.client("researcher")
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "stopped")
    if not leaves:
        return
    world.do("withdraw-dataset", "steward", dataset=NAME, reason="a question")
    command = parse_command("set-home-aside", {"person": "P-8", "request": "DR-1", "home": 1})
    outcome = world.policy.handle(command, component(Component.WARDEN))
    assert not isinstance(outcome, Refusal), outcome


NAME = "tumours"


def test_nothing_aside_is_said(world: World) -> None:
    """S94: an empty state has words; and the page is no stranger's (REQ-03)."""
    assert "No home is set aside." in text_of(world, "/homes", "admin")
    assert world.client("stranger").get("/homes").status_code == 404
    assert world.client("researcher").get("/homes").status_code == 404
    assert 'href="/services/desk/homes"' in world.client("admin").get("/workspaces").text


def test_an_admin_sees_what_waits_and_its_person_reads_why(world: World) -> None:
    """S46: who, which dataset, and both ways on; the person reads where their files are and who can help."""
    left(world)
    text = text_of(world, "/homes", "admin")
    assert "DR-1 , home 1" in text
    assert NAME in text
    assert "kept" in text
    assert "Release this home" in text
    assert "Delete this home for ever" in text
    mine = text_of(world, "/", "researcher")
    assert "are kept, but not opened" in mine
    assert f"they may hold {NAME}, which left the request" in mine
    assert "by now. Your next workspace begins with an empty home." in mine
    assert "Who can: an admin" in mine
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "stopped")
    mine = text_of(world, "/", "researcher")
    assert f"they may hold {NAME}, which left the request" in mine
    assert "empty home" not in mine


def test_a_home_is_deleted_after_its_request_was_typed(world: World) -> None:
    """E62: a slip deletes nothing; the page then says how far it is."""
    left(world)
    fields = {"person": "P-8", "request": "DR-1", "home": "1", "reason": "its consent was withdrawn"}
    admin = world.client("admin")
    admin.post("/do/delete-home", fields | {"_typed": "DR-2"})
    assert "being deleted" not in text_of(world, "/homes", "admin")
    admin.post("/do/delete-home", fields | {"_typed": "DR-1"})
    assert "being deleted since" in text_of(world, "/homes", "admin")
    assert "are being deleted" in text_of(world, "/", "researcher")


def test_a_home_is_released(world: World) -> None:
    """S94: it is in use again, and nothing waits any more."""
    left(world)
    fields = {"person": "P-8", "request": "DR-1", "home": "1", "reason": "nothing of it is left"}
    world.client("admin").post("/do/release-home", fields)
    assert "No home is set aside." in text_of(world, "/homes", "admin")
    assert "are kept, but not opened" not in text_of(world, "/", "researcher")


def test_a_home_that_another_was_released_in_place_of_is_told_to_both(world: World) -> None:
    """S94: to the admin, who may take it back, and to its person, whose last files are in it."""
    left(world)
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "stopped")
    fields = {"person": "P-8", "request": "DR-1", "home": "1", "reason": "nothing of it is left"}
    world.client("admin").post("/do/release-home", fields)
    assert "an earlier home was taken up again in its place" in text_of(world, "/homes", "admin")
    mine = text_of(world, "/", "researcher")
    assert "are kept, but not opened" in mine
    assert "another home is in use in their place." in mine
    assert "empty home" not in mine


def test_what_waits_for_a_course_is_told_to_its_person_alone(world: World) -> None:
    """S46, S74: nothing left the request, so that there is nothing to decide."""
    world.do("register-course", "admin", course="sizes", title="Sizes", validity_days=30, required=False)
    world.do("certify-person", "trainer", person="P-8", course="sizes")
    left(world, trainings="sizes", leaves=False)
    world.clock.go(days=31)
    for who in ("admin", "researcher"):
        world.log_in(who)
    assert "No home is set aside." in text_of(world, "/homes", "admin")
    mine = text_of(world, "/", "researcher")
    assert f"are kept, but not opened: they may hold {NAME}, which you cannot open now." in mine
    assert "Your next workspace begins with an empty home." in mine

"""Until when a workspace runs stands on its person's pages, with the offer of a restart where one helps (FLT-08)."""

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Query
from access_policy.run_ends import run_end
from hub_config.desk.application import create_app
from hub_config.desk.pages.mine import Card
from hub_config.sessions import live_session
from tests.unit.hub_config.clusters import SETTINGS
from tests.unit.hub_config.desk.seed import DESK, World

OFFER = "A new one of this size can run until"


def verified(world: World, days: int) -> None:
    world.do("verify-person", "admin", person="P-8", method="video-call", evidence="seen", until=world.until(days))


def text_of(world: World, path: str, who: str = "researcher") -> str:
    return " ".join(re.sub("<[^>]+>", "", world.client(who).get(path).text).split())


@pytest.fixture
def extended(world: World) -> World:
    """A workspace that was started an hour before its person's verification ended, which was then renewed."""
    world.do("withdraw-verification", "admin", person="P-8", reason="it was not theirs")
    verified(world, 1)
    world.clock.go(hours=23, minutes=30)
    world.client("researcher")
    world.start_workspace("researcher", "DR-1")
    verified(world, 300)
    return world


@pytest.fixture
def in_cluster(extended: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, with the settings of a cluster, where workspaces are pods."""
    app = extended.app

    def of_a_cluster() -> FastAPI:
        return create_app(replace(app().state.desk, settings=SETTINGS))

    monkeypatch.setattr(extended, "app", of_a_cluster)
    return extended


@pytest.mark.parametrize("path", ["/", "/status", "/requests/DR-1"])
def test_a_pod_whose_ground_goes_on_is_offered_a_restart(in_cluster: World, path: str) -> None:
    """FLT-08: until when it runs, until when it could, what is lost, and the way there."""
    text = text_of(in_cluster, path)
    assert "A workspace runs (small) until 2026-11-23 13:00 UTC." in text
    assert f"{OFFER} 2026-11-23 13:30 UTC at least" in text
    assert "Stop it, to restart" in text
    assert "only in memory is lost" in text


def test_a_restart_is_a_stop_that_is_confirmed_and_a_start(in_cluster: World) -> None:
    """FLT-08, S94: by the commands that are there; then the start is offered, and what runs anew lasts."""
    researcher = in_cluster.client("researcher")
    (way,) = re.findall(rf'href="{DESK}(/do/stop-workspace[^"]*)"', researcher.get("/requests/DR-1").text)
    asked = researcher.get(way.replace("&amp;", "&")).text
    assert "what is only in memory is lost" in asked
    assert 'name="person" value="P-8"' in asked
    assert researcher.post("/do/stop-workspace", {"person": "P-8", "request": "DR-1"}).headers["location"] == f"{DESK}/"
    assert OFFER not in text_of(in_cluster, "/")
    in_cluster.end_workspace("researcher", "DR-1", "gone")
    assert "Start a workspace" in text_of(in_cluster, "/")
    in_cluster.start_workspace("researcher", "DR-1")
    assert "until 2026-11-23 13:30 UTC" in text_of(in_cluster, "/requests/DR-1")
    assert OFFER not in text_of(in_cluster, "/requests/DR-1")


def test_no_restart_is_offered_to_whom_no_start_is_allowed(in_cluster: World) -> None:
    """FLT-08, S76: who would not be let in anew just now, here for want of a session, would lose what runs."""
    person, asked = PersonId("P-8"), RequestId("DR-1")
    with in_cluster.policy.reading() as state:
        workspace, at = state.workspaces[person, asked], in_cluster.policy.now()
        run = run_end(state, workspace, at, fixed=True)
        for session in (live_session(in_cluster.policy, person), None):
            decision = decide(state, Query(person, asked, Action.OPEN_WORKSPACE, at, session))
            card = Card(state.requests[asked], decision, workspace, run, None, "applicant", "", "", (), ())
            assert card.longer == (run.later if session is not None else None)


def test_a_sandbox_runs_on_by_itself(extended: World) -> None:
    """S46: it has no end of its own, so its pages show the ground's, and offer nothing."""
    for path, who in (("/", "researcher"), ("/requests/DR-1", "researcher"), ("/workspaces", "admin")):
        text = text_of(extended, path, who)
        assert "2026-11-23 13:30 UTC" in text, path
        assert OFFER not in text, path


def test_admins_see_the_end_of_a_pod_as_it_is(in_cluster: World) -> None:
    """S94, FLT-08: on the list of what runs too."""
    assert "2026-11-23 13:00 UTC" in text_of(in_cluster, "/workspaces", "admin")

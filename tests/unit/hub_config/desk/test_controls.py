"""The controls: what the file names exists, and what the page and the REST answer say is what the log says."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access_policy.controls import CHECKS
from access_policy.events import LogRead
from hub_config.desk.controls import Control, controls
from hub_config.requirement_ids import ROOT
from tests.unit.hub_config.desk.seed import World

pytestmark = pytest.mark.unit


def told(world: World) -> dict[str, Any]:
    answer = world.client("auditor").get("/api/v1/controls")
    assert answer.status_code == 200
    return {one["check"] or one["test"]: one for one in answer.json()["items"]}


@pytest.mark.parametrize("control", controls(), ids=lambda one: one.check or one.test)
def test_a_control_names_a_check_or_a_test_that_exists(control: Control) -> None:
    """S92: a control that nothing shows fails the build."""
    assert (control.check is None) is not (control.test is None)
    assert control.ids
    if control.check is not None:
        assert control.check in CHECKS
    if control.test is not None:
        path, _, name = control.test.partition("::")
        assert f"def {name}(" in Path(ROOT, path).read_text()


def test_every_check_is_shown() -> None:
    """S92."""
    assert {one.check for one in controls() if one.check} == set(CHECKS)


def test_reading_the_controls_is_recorded(world: World) -> None:
    """E51, S92: by page and by program; nothing else comes of it."""
    before = world.policy.store.observation_head().size
    assert world.client("auditor").get("/controls").status_code == 200
    told(world)
    read = [one.event for one in world.policy.store.observations_since(before)]
    assert read == [LogRead(what="controls"), LogRead(what="controls")]


def test_a_security_test_counts_for_a_year(world: World) -> None:
    """S95: overdue before the first, and again a year after it."""
    assert told(world)["security-test"]["holds"] is False
    assert "overdue" in world.client("auditor").get("/controls").text
    on = world.policy.now() - timedelta(days=1)
    world.do("record-security-test", "admin", on=on.isoformat(), scope="the desk", tester="Testers Ltd")
    found = told(world)["security-test"]
    assert found["holds"] is True
    assert found["until"] == (on + timedelta(days=366)).isoformat().replace("+00:00", "Z")


def test_an_agreement_that_ends_is_flagged(world: World) -> None:
    """S72, S91: the organisation of a live grant without an agreement makes the control fail, and says which."""
    assert told(world)["agreements"]["holds"] is True
    world.do("end-agreement", "admin", institution="hospital")
    found = told(world)["agreements"]
    assert found["holds"] is False
    assert found["evidence"][0]["about"] == "hospital"
    page = world.client("auditor").get("/controls", params={"q": "agreement"}).text
    assert "does not hold" in page


def test_a_search_that_finds_nothing_says_so(world: World) -> None:
    page = world.client("auditor").get("/controls", params={"q": "<b>zebra"}).text
    assert "No control fits" in page
    assert "<b>zebra" not in page


def test_the_log_is_read_by_programs_with_the_pages_filters(world: World) -> None:
    """S92, E51: fifty at a time, going on below; each reading is recorded."""
    client, before = world.client("auditor"), world.policy.store.observation_head().size
    first = client.get("/api/v1/log").json()
    assert [one["seq"] for one in first["items"]] == list(range(world.policy.store.newest(), first["before"] - 1, -1))
    assert len(first["items"]) == 50
    following = client.get("/api/v1/log", params={"before": first["before"]}).json()["items"]
    assert following[0]["seq"] == first["before"] - 1
    found = client.get("/api/v1/log", params={"kind": "RequestOpened"}).json()["items"]
    assert {one["kind"] for one in found} == {"RequestOpened"}
    read = [one.event for one in world.policy.store.observations_since(before)]
    assert [one.what for one in read if isinstance(one, LogRead)] == [
        "facts", f"facts, before {first['before']}", "facts, kind RequestOpened",
    ]  # fmt: skip

"""Training that runs out: the plot, its table, who it is, and the same for programs (S74)."""

import pytest

from access_policy.forecast import lapses_ahead
from hub_config.desk.expiry import WIDTH, bars
from tests.unit.hub_config.desk.seed import DESK, XSS, World

pytestmark = pytest.mark.unit
API = "/api/v1/training/expiry"


def short_course(world: World) -> None:
    """Let both contacts of DR-1 be trained in all, in one course for a hundred days only."""
    world.do("certify-person", "trainer", person="P-9", course="privacy")
    world.do("register-course", "admin", course="short", title=XSS, validity_days=100)
    world.do("certify-person", "trainer", person="P-8", course="short")
    world.do("certify-person", "trainer", person="P-9", course="short")


def test_what_ends_after_the_grant_takes_nothing_away(world: World) -> None:
    """S74: the page says that nobody loses access, and of how many months."""
    page = world.client("trainer").get("/courses/expiry").text
    assert "Nobody in a live grant loses access in the 13 months from 2026-11" in page
    assert "<svg" not in page
    assert {one["people"] for one in world.client("trainer").get(API).json()["months"]} == {0}


def test_plot_table_and_people_say_the_same(world: World) -> None:
    """S74: for eyes a plot, for screen readers a table, and below them who it is, with the way to their page."""
    short_course(world)
    page = world.client("trainer").get("/courses/expiry").text
    assert "2 people lose access in 2027-03" in page
    assert page.count("<rect") == 1
    assert '<a href="?month=2027-03#who" aria-current="true">2027-03</a></th><td>2</td>' in page
    assert f'href="{DESK}/people/P-8"' in page
    assert f'href="{DESK}/people/P-9"' in page
    assert "style=" not in page
    assert "<script>alert" not in page


def test_programs_get_the_months_and_the_people_of_one(world: World) -> None:
    """S74: the first month in which anybody loses access, unless another one is asked for."""
    short_course(world)
    client = world.client("trainer")
    found = client.get(API).json()
    assert [one for one in found["months"] if one["people"]] == [{"month": "2027-03", "people": 2}]
    assert (found["month"], found["total"]) == ("2027-03", 2)
    assert [(one["person"], one["courses"]) for one in found["people"]] == [("P-8", ["short"]), ("P-9", ["short"])]
    assert client.get(f"{API}?q=colleague").json()["total"] == 1
    assert client.get(f"{API}?month=2027-04").json()["people"] == []
    assert client.get(f"{API}?month=1999-01").json()["month"] is None
    assert client.get(f"{API}?month=March").status_code == 422


def test_nothing_of_requests_is_told_to_trainers(world: World) -> None:
    """REQ-03, POL-09: a trainer sees no requests, so none is named here."""
    short_course(world)
    client = world.client("trainer")
    assert "DR-1" not in client.get("/courses/expiry").text + client.get(API).text


def test_a_month_that_is_not_ahead_is_said(world: World) -> None:
    """The state stands in the address, which somebody may have kept."""
    short_course(world)
    assert "This month is not among those ahead." in world.client("trainer").get("/courses/expiry?month=2020-01").text


def test_bars_are_as_long_as_their_months_are_bad(world: World) -> None:
    """The worst month takes all the room; one without anybody has no length."""
    short_course(world)
    with world.policy.reading() as state:
        found = bars(lapses_ahead(state, world.clock.at))
    assert [(len(one.lapses), long) for one, long in found if one.lapses] == [(2, WIDTH)]
    assert {long for one, long in found if not one.lapses} == {0}
    assert len(found) == 13
    assert bars(()) == []

"""What somebody without an account reads: how to get one, whom to ask, and the register for programs (S47, S97)."""

import pytest

from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def test_how_to_get_an_account_is_for_anybody(world: World) -> None:
    """S97: without a login, with the contact, and linked from each page's foot."""
    page = world.client().get("/account")
    assert page.status_code == 200
    assert "second factor" in page.text
    assert "mailto:" in page.text
    assert f'href="{DESK}/account"' in world.client().get("/register").text


def test_the_register_for_programs_says_what_the_page_says(world: World) -> None:
    """S47, E65: without a login; what is not approved is not in it."""
    found = world.client().get("/api/v1/register").json()
    assert [(one["request"], one["institution"], one["datasets"]) for one in found["items"]] == [
        ("DR-1", "Hospital", ["clinical"])
    ]
    assert found["items"][0]["permit"] in world.client().get("/register").text
    assert world.client().get("/api/v1/register", params={"q": "nothing like it"}).json()["total"] == 0

"""The signatory's own place: the institution's requests, contacts and people (S31, S34, S73)."""

import pytest

from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def test_a_signatory_sees_the_requests_of_the_institution(world: World) -> None:
    """S31, S34, S40: with the ways to add and remove a contact and to ask for more time; no draft of anybody."""
    found = world.client("signatory").get("/api/v1/signing").json()
    assert {one["request"] for one in found["items"]} == {"DR-1", "DR-3"}
    active = next(one for one in found["items"] if one["request"] == "DR-1")
    assert {"ask-contact", "ask-extension"} <= set(active["commands"])
    page = world.client("signatory").get("/signing").text
    assert f"{DESK}/do/remove-contact?request=DR-1&amp;person=P-9" in page
    assert "A draft" not in page


def test_the_applicant_adds_no_contact(world: World) -> None:
    """S31: only the signatory asks for one."""
    client = world.client("researcher")
    assert client.get("/do/ask-contact", params={"request": "DR-1"}).status_code == 404
    assert client.get("/signing").status_code == 404


def test_people_whose_confirmation_ends_first_come_first(world: World) -> None:
    """S73: only people of the institution; a verification that is over says so."""
    found = world.client("signatory").get("/api/v1/signing/people").json()["items"]
    assert {one["person"] for one in found} == {"P-8", "P-9", "P-10", "P-11"}
    page = world.client("signatory").get("/signing/people").text
    assert f"{DESK}/do/verify-person?person=P-8" in page
    assert "The board" not in page


def test_an_ended_request_is_under_over(world: World) -> None:
    """S46."""
    world.do("end-request", "signatory", request="DR-1", reason="done")
    client = world.client("signatory")
    assert [one["request"] for one in client.get("/api/v1/signing").json()["items"]] == ["DR-3"]
    over = client.get("/api/v1/signing", params={"over": "true"}).json()["items"]
    assert [one["request"] for one in over] == ["DR-1"]


@pytest.mark.parametrize("who", ["admin", "representative", "office", "board", "researcher", "auditor"])
@pytest.mark.parametrize("path", ["/signing", "/signing/people", "/api/v1/signing", "/api/v1/signing/people"])
def test_who_signs_for_nothing_has_no_such_place(world: World, who: str, path: str) -> None:
    """REQ-03, REQ-06."""
    assert world.client(who).get(path).status_code == 404

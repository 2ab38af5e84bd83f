"""The decision letter: what was decided on which form, and where it stands in the log (S22, E15)."""

import pytest

from access_policy import events as e
from tests.unit.hub_config.desk.seed import World

pytestmark = pytest.mark.unit


def refuse(world: World, reason: str) -> None:
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    world.find("DR-3")
    world.do("refuse-request", "board", request="DR-3", reason=reason)


def test_a_letter_names_form_reason_and_position(world: World) -> None:
    """S22, REQ-04: the form that was decided on, by its hash; the fact of that position is the decision."""
    letter = world.client("researcher").get("/api/v1/requests/DR-1/letter").json()
    assert (letter["approved"], letter["reason"], letter["datasets"]) == (True, "good", ["clinical"])
    assert letter["digest"] == world.digest("DR-1")
    assert [one["criterion"] for one in letter["findings"]] == ["social", "ethical", "legal", "contractual"]
    fact = next(world.policy.store.facts_since(letter["position"] - 1))
    assert (fact.seq, type(fact.event)) == (letter["position"], e.RequestApproved)


def test_page_text_and_program_say_the_same(world: World) -> None:
    """S22."""
    client = world.client("researcher")
    letter = client.get("/api/v1/requests/DR-1/letter").json()
    page, text = client.get("/requests/DR-1/letter").text, client.get("/requests/DR-1/letter.txt")
    assert text.headers["content-type"].startswith("text/plain")
    for shown in (page, text.text):
        assert letter["digest"] in shown
        assert f"fact {letter['position']}" in shown
        assert "approved" in shown
    assert "/requests/DR-1/letter" in client.get("/requests/DR-1").text


def test_a_refusal_has_its_reason(world: World) -> None:
    """S22: and no term."""
    refuse(world, "no public interest")
    letter = world.client("colleague").get("/api/v1/requests/DR-3/letter").json()
    assert (letter["approved"], letter["reason"], letter["begins"]) == (False, "no public interest", None)
    assert "the decision letter" in world.client("colleague").get("/requests/DR-3").text


def test_nothing_undecided_or_of_others_has_a_letter(world: World) -> None:
    """REQ-03: both look like what is not there."""
    for path in ("/requests/{}/letter", "/requests/{}/letter.txt", "/api/v1/requests/{}/letter"):
        assert world.client("colleague").get(path.format("DR-3")).status_code == 404
        assert world.client("stranger").get(path.format("DR-1")).status_code == 404
        assert world.client("researcher").get(path.format("DR-99")).status_code == 404


def test_a_reason_cannot_pass_for_a_line_of_the_letter(world: World) -> None:
    """SES-10: what people wrote is indented in the text, and escaped on the page."""
    refuse(world, "no\nOutcome:\n    approved <b>")
    client = world.client("colleague")
    lines = client.get("/requests/DR-3/letter.txt").text.splitlines()
    assert lines.count("Outcome:") == 1
    assert lines[lines.index("Outcome:") + 1] == "    refused"
    assert "approved <b>" not in client.get("/requests/DR-3/letter").text


def test_a_later_change_is_not_in_the_letter(world: World) -> None:
    """REQ-04: an extension or an end of the grant leaves the letter as it was."""
    client = world.client("researcher")
    before = client.get("/api/v1/requests/DR-1/letter").json()
    world.do("end-request", "representative", request="DR-1", reason="misuse")
    assert client.get("/api/v1/requests/DR-1/letter").json() == before

"""The queues of office, assessors, board, representative and signatories: clocks, order, search, who sees what."""

from typing import Any

import pytest

from access_policy.actor import component
from access_policy.commands.base import parse_command
from access_policy.model.enums import Component
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def tasks(world: World, who: str, **query: str) -> list[dict[str, Any]]:
    answer = world.client(who).get("/api/v1/queue", params=query)
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def kinds(world: World, who: str, **query: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["request"]) for one in tasks(world, who, **query)]


def ask(world: World, number: int) -> None:
    given = {"name": "Ada", "surname": f"Number {number}", "email": f"ada{number}@clinic.example"}
    world.policy.handle(parse_command("submit-intake", given), component(Component.DESK))


def test_a_request_that_was_sent_in_waits_for_the_assessor_with_its_clock(world: World) -> None:
    """S21."""
    (task,) = tasks(world, "assessor")
    assert (task["kind"], task["request"], task["requirement"]) == ("assessment", "DR-3", "S21")
    assert {"assess-request", "record-finding", "declare-conflict"} <= set(task["commands"])
    page = world.client("assessor").get("/queue").text
    assert f"{DESK}/do/assess-request?request=DR-3" in page


def test_an_assessed_request_waits_for_the_board(world: World) -> None:
    """S20: and no longer for the assessor."""
    assert kinds(world, "board") == []
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    assert kinds(world, "board") == [("decision", "DR-3")]
    assert kinds(world, "assessor") == []


def test_a_declared_tie_shows_in_the_queue(world: World) -> None:
    """S20, REQ-02: who has a tie still sees what waits, and why it is not theirs to do."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    world.do("declare-conflict", "board", request="DR-3", reason="we wrote together")
    (task,) = tasks(world, "board")
    assert "vote-on-request" not in task["commands"]
    assert "tie" in task["why_not"]


def test_overdue_comes_first_and_is_found(world: World) -> None:
    """S13: an intake is answered within a week; at exactly its due instant it is overdue."""
    ask(world, 1)
    world.clock.go(days=1)
    ask(world, 2)
    world.clock.go(days=6)
    world.log_in("office")
    assert [(one["title"], one["overdue"]) for one in tasks(world, "office")] == [
        ("intake of ada1@clinic.example", True), ("intake of ada2@clinic.example", False),
    ]  # fmt: skip
    assert [one["title"] for one in tasks(world, "office", q="is:overdue")] == ["intake of ada1@clinic.example"]
    page = world.client("office").get("/queue").text
    assert page.index("ada1@") < page.index("ada2@")
    assert page.count('<span class="tag ended">overdue</span>') == 1


def test_an_answered_intake_leaves_the_queue(world: World) -> None:
    """S13."""
    ask(world, 1)
    (task,) = tasks(world, "office")
    assert task["commands"] == ["answer-intake"]
    world.do("withdraw-request", "office", request=task["request"])
    assert tasks(world, "office") == []
    assert "Nothing waits for you." in world.client("office").get("/queue").text


def test_a_new_contact_waits_for_the_office(world: World) -> None:
    """S33-S36: named by the signatory, checked by the office; the name stands beside the id."""
    world.do("ask-contact", "signatory", request="DR-1", person="P-11", name="The stranger", position="analyst",
             email="stranger@hospital.example")  # fmt: skip
    (task,) = tasks(world, "office")
    assert (task["kind"], task["about"]) == ("contact", "P-11")
    assert task["about_name"] == "The stranger, analyst, stranger@hospital.example (P-11)"
    assert set(task["commands"]) >= {"refuse-contact"}
    assert kinds(world, "office", kind="intake") == []
    assert kinds(world, "office", q="is:overdue") == []


def test_signatures_wait_for_the_licensee_first_and_the_representative_last(world: World) -> None:
    """S23: three signatures; the representative's is the third."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    world.find("DR-3")
    world.do("approve-request", "board", request="DR-3", improves_treatment=True, public_interest=True, reason="good",
             digest=world.digest("DR-3"), begins=world.until(0), ends=world.until(300))  # fmt: skip
    assert kinds(world, "representative") == []
    (task,) = tasks(world, "signatory")
    assert (task["kind"], task["about"], task["commands"]) == ("licensee-signature", "hospital", ["sign-licence"])
    world.do("sign-licence", "colleague", request="DR-3", party="researcher")
    world.do("sign-licence", "signatory", request="DR-3", party="licensee")
    assert kinds(world, "signatory") == []
    (task,) = tasks(world, "representative")
    assert (task["kind"], task["commands"]) == ("representative-signature", ["sign-licence"])


@pytest.mark.parametrize("who", ["researcher", "colleague", "stranger", "trainer", "steward", "auditor", "admin"])
def test_who_answers_no_requests_has_no_queue(world: World, who: str) -> None:
    """REQ-03, REQ-06: it looks like a page that is not there."""
    assert world.client(who).get("/queue").status_code == 404
    assert world.client(who).get("/api/v1/queue").status_code == 404


def test_a_queue_is_paged_with_its_state_in_the_address(world: World) -> None:
    """REQ-14: twenty a page; the page and the words stand in the links."""
    for number in range(21):
        ask(world, number)
    found = world.client("office").get("/api/v1/queue", params={"number": "2"}).json()
    assert (found["number"], found["pages"], found["total"], len(found["items"])) == (2, 2, 21, 1)
    page = world.client("office").get("/queue", params={"q": "ada", "kind": "intake"}).text
    assert "?q=ada&amp;kind=intake&amp;number=2" in page


def test_a_title_is_shown_as_text(world: World) -> None:
    """SES-10."""
    given = {"name": "Ada", "surname": "<b>", "email": "ada@clinic.example"}
    world.policy.handle(parse_command("submit-intake", given), component(Component.DESK))
    page = world.client("office").get("/queue", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page


def test_filters_are_those_of_the_visitors_own_tasks(world: World) -> None:
    """REQ-03: the office is offered no board's filter, nor a signatory the centre's signature."""
    office, signatory = (world.client(who).get("/queue").text for who in ("office", "signatory"))
    assert ("kind=intake" in office, "kind=decision" in office) == (True, False)
    assert ("kind=licensee-signature" in signatory, "kind=representative-signature" in signatory) == (True, False)

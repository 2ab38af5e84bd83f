"""A person's own pages: what waits, publications with their text (S69), sessions (SES-11), their data (S56)."""

import json
from typing import Any

import pytest

from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.events import LogRead
from hub_config.desk.desk import MOST_EXPORTS
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def data(world: World, who: str) -> Any:
    answer = world.client(who).get("/api/v1/me/data")
    assert answer.status_code == 200
    return json.loads(answer.text)


def publish(world: World) -> None:
    world.do("record-publication", "researcher", request="DR-1", title="Survival <b>after</b> surgery",
             link="https://journal.example/1", acknowledgement=ACKNOWLEDGEMENT)  # fmt: skip


def test_what_waits_is_split_by_who_can(world: World) -> None:
    """S97: a draft waits for its applicant, a request that was sent in for the assessor; each with its clock (S21)."""
    draft = world.client("researcher").get("/api/v1/waiting").json()["requests"]
    assert [(one["request"], one["mine"]) for one in draft] == [("DR-2", True)]
    sent = world.client("colleague").get("/api/v1/waiting").json()["requests"]
    found = {one["request"]: one for one in sent}["DR-3"]
    assert (found["mine"], found["owner"]) == (False, "assessor")
    assert [clock["kind"] for clock in found["clocks"]] == ["review"]
    page = world.client("colleague").get("/waiting").text
    assert "For somebody else" in page
    assert "DR-3" in page.split("For somebody else")[1]


def test_nothing_waits_for_who_has_no_request(world: World) -> None:
    """S97: the empty states say so."""
    page = world.client("stranger").get("/waiting").text
    assert "No request waits for you." in page
    assert "You wait for nobody." in page


def test_a_request_that_is_over_waits_for_nobody(world: World) -> None:
    """S94."""
    world.do("withdraw-request", "researcher", request="DR-2")
    assert world.client("researcher").get("/api/v1/waiting").json()["requests"] == []


def test_the_acknowledgement_stands_ready_to_copy(world: World) -> None:
    """S69: also before anything is published; with the way to record a publication for who has a grant."""
    page = world.client("researcher").get("/publications").text
    assert ACKNOWLEDGEMENT in page
    assert f"{DESK}/do/record-publication?request=DR-1" in page
    assert "No publication of your requests is recorded yet." in page


def test_my_publications_are_those_of_my_requests(world: World) -> None:
    """S69, REQ-03: a contact sees them, a stranger does not; a title is shown as text."""
    publish(world)
    for who in ("researcher", "colleague"):
        assert "Survival &lt;b&gt;after&lt;/b&gt; surgery" in world.client(who).get("/publications").text
    found = world.client("researcher").get("/api/v1/publications").json()
    assert found["acknowledgement"] == ACKNOWLEDGEMENT
    assert [one["link"] for one in found["items"]] == ["https://journal.example/1"]
    assert world.client("stranger").get("/api/v1/publications").json()["items"] == []


def test_sessions_are_mine_alone(world: World) -> None:
    """SES-11, REQ-03: the newest first, this one marked; nobody else's, and never a whole id."""
    world.log_in("researcher")
    world.clock.go(minutes=1)
    world.log_in("researcher")
    world.log_in("colleague")
    found = world.client("researcher").get("/api/v1/me/sessions").json()["items"]
    assert [one["here"] for one in found] == [True, False]
    assert {len(one["session"]) for one in found} == {12}
    page = world.client("researcher").get("/sessions").text
    assert page.count("this browser") == 1
    assert "/hub/sessions" in page


def test_trainings_with_their_ends(world: World) -> None:
    """S74."""
    (one,) = world.client("researcher").get("/api/v1/me/trainings").json()["items"]
    assert (one["course"], one["holds"]) == ("privacy", True)
    world.clock.go(days=366)
    world.log_in("researcher")
    (one,) = world.client("researcher").get("/api/v1/me/trainings").json()["items"]
    assert one["holds"] is False


def test_my_data_hold_what_the_log_has_of_me(world: World) -> None:
    """S56: the account, what names me, and my own words; with who read it."""
    found = data(world, "researcher")
    kinds = {one["kind"] for one in found["facts"]}
    assert kinds >= {"PersonRegistered", "PersonVerified", "PersonCertified", "RequestOpened", "RequestDescribed"}
    assert found["account"]["email"] == "researcher@hospital.example"
    opened = [one["holds"]["title"] for one in found["facts"] if one["kind"] == "RequestOpened"]
    assert opened == ["Survival after surgery", "A draft"]
    assert [one["kind"] for one in found["observations"]] == ["LogRead"]
    (read,) = world.policy.store.observations_since(0)
    assert read.event == LogRead(what="own data of P-8")


@pytest.mark.parametrize("who", ["researcher", "colleague", "admin", "trainer", "board", "auditor"])
def test_nobody_else_is_named_in_my_data(world: World, who: str) -> None:
    """REQ-03, POL-09: no number, name or address of another person, and no words about one, whatever my role is."""
    publish(world)
    found = data(world, who)
    mine = found["person"]
    text = json.dumps(found).replace(f'"{mine}"', "").replace(f"own data of {mine}", "")
    with world.policy.reading() as state:
        others = [one for one in state.people.values() if one.person != mine]
    for one in others:
        assert f'"{one.person}"' not in text
        assert one.name not in text
        assert one.email not in text


def test_the_words_of_others_on_my_request_are_not_in_my_data(world: World) -> None:
    """POL-09: what was found and decided stands on the request's page; it is no statement about the person."""
    text = json.dumps(data(world, "researcher"))
    assert "FindingRecorded" not in text
    assert "RequestApproved" not in text


def test_my_data_are_given_five_times_an_hour(world: World) -> None:
    """REQ-14: it reads the whole log; by page and by program together, each person for themselves."""
    client = world.client("researcher")
    answers = [client.get(path).status_code for path in ("/me/data", "/api/v1/me/data") * MOST_EXPORTS]
    assert answers == [200] * MOST_EXPORTS + [429] * MOST_EXPORTS
    assert client.get("/api/v1/me/data").json()["code"] == "too_often"
    assert world.client("colleague").get("/me/data").status_code == 200
    world.clock.go(hours=1)
    assert client.get("/me/data").status_code == 200

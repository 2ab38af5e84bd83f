"""Programs that ask the decision function: who is answered, about what, and what an answer never rests on."""

from pathlib import Path
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import operator
from access_policy.commands.base import Refusal, parse_command
from access_policy.model.ids import PersonId
from hub_config.desk.access.secrets import digest_of
from hub_config.desk.desk import MOST_SEARCHES
from tests.unit.hub_config.desk.programs import SECRET, Program, question, register
from tests.unit.hub_config.desk.seed import World, empty_world, full_world

pytestmark = pytest.mark.unit

OPEN, KEEP = "open_workspace", "keep_workspace"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return full_world(tmp_path)


@pytest.mark.parametrize(
    "token",
    ["", "bucket-proxy", f"bucket-proxy.{'t' * 43}", f"other.{SECRET}", f"bucket-proxy.{SECRET}x",
     f"bucket-proxy.{'0' * 64}",
     f"Bucket-Proxy.{SECRET}", f"bucket-proxy.{digest_of(SECRET)}"],
    ids=["nothing", "no secret", "another secret", "another name", "longer", "noughts", "another case", "the digest"],
)  # fmt: skip
def test_only_a_registered_program_is_answered(world: World, token: str) -> None:
    """TOK: whoever has no secret learns nothing but how one asks."""
    register(world)
    answer = Program(world, token).post("evaluation", question("P-8", KEEP, "DR-1"))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "decision" not in answer.json()


def test_a_login_of_a_person_is_no_program(world: World) -> None:
    """TOK: the endpoints know no cookie and no session, an admin's neither."""
    answer = world.client("admin").http.post("/services/desk/access/v1/evaluation", json=question("P-8", KEEP, "DR-1"))
    assert answer.status_code == 401


def test_an_ended_program_is_answered_no_more(world: World) -> None:
    """S94: from that fact on; its name is not given again."""
    program = register(world)
    assert program.ask("P-8", KEEP, "DR-1") == {"decision": True}
    world.do("end-client", "admin", client="bucket-proxy")
    assert program.post("evaluation", question("P-8", KEEP, "DR-1")).status_code == 401
    again = parse_command("register-client", {
        "client": "bucket-proxy", "title": "x", "resource_types": "request", "digest": "1" * 64})  # fmt: skip
    refusal = world.policy.handle(again, operator("root", PersonId("P-1")))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "already_exists"


def test_who_may_register_one(world: World) -> None:
    """REQ-06, MFA-11: an admin with a second factor for it, or an operator on an admin's behalf; nobody else."""
    command = parse_command("register-client", {
        "client": "gateway", "title": "x", "resource_types": "request", "digest": "1" * 64})  # fmt: skip
    for person in ("P-3", "P-7", "P-8"):
        refusal = world.policy.handle(command, operator("root", PersonId(person)))
        assert isinstance(refusal, Refusal)
        assert refusal.code == "not_permitted"
    assert not isinstance(world.policy.handle(command, operator("root", PersonId("P-1"))), Refusal)
    bare = world.client("admin").http.post(
        "/services/desk/api/v1/commands/register-client", headers={"x-csrf-token": world.token("admin")},
        json={"client": "other", "title": "x", "resource_types": ["request"], "digest": "2" * 64},
    )  # fmt: skip
    assert (bare.status_code, bare.json()["code"]) == (403, "step_up_needed")


def test_a_dataset_is_asked_about_with_its_purpose(world: World) -> None:
    """S26: without a request the answer is no, with one it is what that request opens."""
    program = register(world)
    assert program.ask("P-8", KEEP, "clinical", "dataset")["context"] == {"reason_codes": ["purpose_missing"]}
    assert program.ask("P-8", KEEP, "clinical", "dataset", purpose="DR-1") == {"decision": True}
    assert program.ask("P-8", KEEP, "clinical", "dataset", purpose="DR-3")["decision"] is False
    told = program.ask("P-8", KEEP, "other", "dataset", purpose="DR-1")
    assert told["context"] == {"reason_codes": ["no_dataset_open"]}
    assert program.ask("P-8", "end-request", "clinical", "dataset", purpose="DR-1")["decision"] is False


@pytest.mark.parametrize(
    ("subject", "action", "resource", "kind"),
    [("P-4711", KEEP, "DR-1", "request"), ("P-8", KEEP, "DR-4711", "request"), ("P-8", "fly", "DR-1", "request"),
     ("P-8", KEEP, "DR-1", "bucket"), ("P-8", "verify-person", "DR-1", "request"), ("", KEEP, "DR-1", "request")],
    ids=["no such person", "no such request", "no such action", "no such type", "a command about people", "nobody"],
)  # fmt: skip
def test_what_is_unknown_is_denied(world: World, subject: str, action: str, resource: str, kind: str) -> None:
    """POL-05: never allowed, never an error that tells more."""
    asked = question(subject or "x", action, resource, kind)
    assert register(world).post("evaluation", asked).json()["decision"] is False


def test_other_types_of_subjects_are_denied(world: World) -> None:
    """POL-05: a group, a service or `*` is nobody here."""
    program = register(world)
    for kind in ("user", "group", "service", "*"):
        asked = {**question("P-8", KEEP, "DR-1"), "subject": {"type": kind, "id": "P-8"}}
        assert program.post("evaluation", asked).json()["decision"] is False


def test_a_program_asks_about_its_own_types_only(world: World) -> None:
    """S26: what it was not registered for is denied, and found by no search."""
    program = register(world, resource_types=("dataset",), searches=True)
    assert program.ask("P-8", KEEP, "DR-1")["context"] == {"reason_codes": ["not_permitted"]}
    asked: dict[str, Any] = {
        "subject": {"type": "person", "id": "P-8"},
        "action": {"name": KEEP},
        "resource": {"type": "request"},
    }
    assert program.post("search/resource", asked).json()["results"] == []
    asked["resource"] = {"type": "dataset", "properties": {"request": "DR-1"}}
    assert program.post("search/resource", asked).json()["results"] == [{"type": "dataset", "id": "clinical"}]


def test_an_opening_needs_a_session_that_lives(world: World) -> None:
    """S76: as at the hub; the caller cannot say that there is one."""
    program = register(world)
    told = program.ask("P-8", OPEN, "DR-1", context={"session": "x", "factor": "totp"})
    assert told["context"]["reason_codes"] == ["session_missing"]
    world.log_in("researcher")
    assert program.ask("P-8", OPEN, "DR-1") == {"decision": True}
    world.clock.go(hours=13)
    assert program.ask("P-8", OPEN, "DR-1")["decision"] is False


def test_a_callers_time_never_counts(world: World) -> None:
    """REQ-08: the answer is of now, whatever the context says."""
    program = register(world)
    world.clock.go(days=400)
    for name in ("time", "at", "now"):
        told = program.ask("P-8", KEEP, "DR-1", context={name: "2026-11-22T13:00:00Z"})
        assert told["decision"] is False, name


def test_whole_reasons_are_a_right_of_their_own(world: World) -> None:
    """POL-09: others get the codes; who may read them gets each condition with its requirement."""
    plain, reader = register(world), register(world, "gateway", "g" * 43, reads_reasons=True)
    assert plain.ask("P-8", OPEN, "DR-1") == {"decision": False, "context": {"reason_codes": ["session_missing"]}}
    told = reader.ask("P-8", OPEN, "DR-1")["context"]
    assert told["reason_codes"] == ["session_missing"]
    assert {one["requirement"] for one in told["reasons"] if one["code"] == "session_missing"} == {"S76"}


def test_searching_is_a_right_of_its_own_and_recorded(world: World) -> None:
    """E51: who may not search is told so; what a caller makes up does not reach the log; too many wait."""
    asked = {"subject": {"type": "person"}, "action": {"name": KEEP}, "resource": {"type": "request", "id": "DR-1"}}
    assert register(world).post("search/subject", asked).status_code == 403
    searcher = register(world, "gateway", "g" * 43, searches=True)
    assert searcher.post("search/subject", asked).json()["results"] == [{"type": "person", "id": "P-8"}]
    made_up = {**asked, "action": {"name": "lies about Lotte"}}
    assert searcher.post("search/subject", made_up).json()["results"] == []
    seen = [one.event for one in world.policy.store.observations_since(0) if isinstance(one.event, e.AccessSearched)]
    assert [(one.client, one.what) for one in seen] == [
        ("gateway", "subject keep_workspace DR-1"), ("gateway", "subject DR-1"),
    ]  # fmt: skip
    for _ in range(MOST_SEARCHES - 2):
        assert searcher.post("search/subject", {**asked, "page": {"limit": 1}}).status_code == 200
    assert searcher.post("search/subject", asked).status_code == 429


def test_a_withdrawal_is_in_the_very_next_answer(world: World) -> None:
    """POL-08: there is nothing kept between two questions."""
    program = register(world)
    assert program.ask("P-8", KEEP, "DR-1") == {"decision": True}
    world.do("disable-person", "admin", person="P-8", reason="lost laptop")
    assert program.ask("P-8", KEEP, "DR-1")["context"]["reason_codes"] == ["person_disabled"]


def test_an_empty_installation_answers_nobody(tmp_path: Path) -> None:
    """POL-05: before anything is registered every question is turned away."""
    answer = Program(empty_world(tmp_path), f"bucket-proxy.{SECRET}").post("evaluation", question("P-1", KEEP, "DR-1"))
    assert answer.status_code == 401

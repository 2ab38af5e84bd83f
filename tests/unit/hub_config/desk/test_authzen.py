"""OpenID AuthZEN 1.0: the cases of its certification scenario, levels Basic, Batch and Search Core and Discovery.

Its fixture on subjects and resources of ours: alice may read and write record-1, bob may read it and not write it.
Numbers are those of the scenario's sections.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.hub_config.desk.programs import Program, question, register
from tests.unit.hub_config.desk.seed import DESK, URL, World, full_world

pytestmark = pytest.mark.unit

ALICE, BOB = "P-8", "P-10"
READ, WRITE = "propose-amendment", "record-publication"
ONE, TWO = "DR-1", "DR-3"
FIXTURE = [(ALICE, READ, True), (ALICE, WRITE, True), (BOB, READ, True), (BOB, WRITE, False)]
TIME = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    world: World = full_world(tmp_path_factory.mktemp("authzen"))
    yield register(world, searches=True)
    world.policy.store.close()


@pytest.mark.parametrize(("who", "action", "decision"), FIXTURE)
def test_basic_2_2_1_and_2_2_2_fixture_decisions(program: Program, who: str, action: str, decision: bool) -> None:
    """2.2.1, 2.2.2, 2.3.1: permit and deny, as a boolean."""
    answer = program.post("evaluation", question(who, action, ONE))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["decision"] is decision
    assert isinstance(answer.json().get("context", {}), dict)


@pytest.mark.parametrize(
    "more",
    [{"context": TIME}, {"foo": "bar", "futureField": {"nested": True}}],
    ids=["2.2.3 context", "2.2.9 unknown fields"],
)
def test_basic_what_is_optional_or_unknown_changes_nothing(program: Program, more: dict[str, Any]) -> None:
    """2.2.3, 2.2.9: accepted, and the decision is the same."""
    assert program.ask(ALICE, READ, ONE, **more) == {"decision": True}


def test_basic_2_2_8_additional_properties(program: Program) -> None:
    """2.2.8: properties of which nothing is known here are let be."""
    asked = question(ALICE, READ, ONE)
    for name, value in (("subject", {"role": "manager"}), ("action", {"method": "GET"}), ("resource", {"owner": "x"})):
        asked[name]["properties"] = value
    assert program.post("evaluation", asked).json()["decision"] is True


def _without(*path: str) -> dict[str, Any]:
    asked = question(ALICE, READ, ONE)
    inner: Any = asked
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return asked


@pytest.mark.parametrize(
    "path",
    [("subject",), ("action",), ("resource",), ("subject", "type"), ("subject", "id"), ("action", "name"),
     ("resource", "type"), ("resource", "id")],
    ids=".".join,
)  # fmt: skip
def test_basic_2_4_1_and_2_4_2_what_lacks_is_400(program: Program, path: tuple[str, ...]) -> None:
    """2.4.1, 2.4.2: every required field, and the answer says which."""
    answer = program.post("evaluation", _without(*path))
    assert answer.status_code == 400
    assert f"`{'.'.join(path)}` is missing" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b'{"subject": {}}', "text/plain"), (b"{not json", "application/json"), (b"", "application/json"),
     (b'{"subject": "alice", "action": {"name": "a"}, "resource": {"type": "t", "id": "i"}}', "application/json"),
     (b'{"subject": {"type": "person", "id": "P-8"}, "action": {"name": 123}, "resource": {"type": "t", "id": "i"}}',
      "application/json"),
     (b"[" * 60_000, "application/json")],
    ids=["2.4.3 content type", "2.4.4 malformed", "2.4.5 empty", "2.4.6 a string", "2.4.6 a number", "deep"],
)  # fmt: skip
def test_basic_2_4_what_cannot_be_read_is_400(program: Program, body: bytes, kind: str) -> None:
    """2.4.3 to 2.4.6, INP: nothing is guessed, and nothing breaks."""
    answer = program.post("evaluation", content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/action"])
def test_basic_2_5_the_mark_of_a_message_comes_back(program: Program, path: str) -> None:
    """2.5.1, 2.5.2: echoed as it is, also with an error; without one the answer is the same."""
    asked = question(ALICE, READ, ONE)
    assert program.post(path, asked, {"X-Request-ID": "bfe9-5f"}).headers["x-request-id"] == "bfe9-5f"
    assert program.post(path, {}, {"X-Request-ID": "bfe9-5f"}).headers["x-request-id"] == "bfe9-5f"
    assert "x-request-id" not in program.post(path, asked).headers


def test_basic_2_6_the_same_question_has_the_same_answer(program: Program) -> None:
    """2.6: asking changes nothing."""
    assert [program.ask(BOB, WRITE, ONE) for _ in range(5)] == [program.ask(BOB, WRITE, ONE)] * 5


def _decisions(answer: Any) -> list[bool]:
    assert answer.status_code == 200, answer.text
    assert "decision" not in answer.json()
    return [one["decision"] for one in answer.json()["evaluations"]]


def _person(who: str) -> dict[str, str]:
    return {"type": "person", "id": who}


def _record(number: str) -> dict[str, str]:
    return {"type": "request", "id": number}


def test_batch_3_2_1_and_3_3_as_many_answers_as_questions(program: Program) -> None:
    """3.2.1, 3.3.1 to 3.3.4: the head's subject and action, in order, no decision at the top."""
    asked = {"subject": _person(ALICE), "action": {"name": READ}, "evaluations": [
        {"resource": _record(ONE)}, {"resource": _record(TWO)}]}  # fmt: skip
    assert _decisions(program.post("evaluations", asked)) == [True, False]


def test_batch_3_2_2_fixture_decisions_in_order(program: Program) -> None:
    """3.2.2: permit first, deny second."""
    asked = {"subject": _person(BOB), "resource": _record(ONE), "evaluations": [
        {"action": {"name": READ}}, {"action": {"name": WRITE}}]}  # fmt: skip
    assert _decisions(program.post("evaluations", asked)) == [True, False]


def test_batch_3_2_5_without_a_head(program: Program) -> None:
    """3.2.5: each says all."""
    asked = {"evaluations": [question(ALICE, READ, ONE), question(BOB, WRITE, ONE)]}
    assert _decisions(program.post("evaluations", asked)) == [True, False]


def test_batch_3_2_6_context_is_inherited(program: Program) -> None:
    """3.2.6: and may be overridden."""
    asked = {"subject": _person(ALICE), "action": {"name": READ}, "context": TIME, "evaluations": [
        {"resource": _record(ONE)}, {"resource": _record(ONE), "context": {"source": "batch-override"}}]}  # fmt: skip
    assert _decisions(program.post("evaluations", asked)) == [True, True]


def test_batch_a_type_of_the_head_serves_an_id_of_its_own(program: Program) -> None:
    """Section 7.1.1: an entity replaces the head's as a whole, but for a type or id that it lacks."""
    asked = {"subject": _person(ALICE), "action": {"name": READ}, "resource": {"type": "request"}, "evaluations": [
        {"resource": {"id": ONE}}, {"resource": {"id": TWO}}]}  # fmt: skip
    assert _decisions(program.post("evaluations", asked)) == [True, False]


@pytest.mark.parametrize("broken", [{}, {"resource": "x"}, "x", 7, None], ids=str)
def test_batch_3_4_1_one_that_cannot_be_read_is_denied_alone(program: Program, broken: Any) -> None:
    """3.4.1: the others are answered."""
    asked = {"subject": _person(ALICE), "action": {"name": READ}, "evaluations": [{"resource": _record(ONE)}, broken]}
    answer = program.post("evaluations", asked)
    assert _decisions(answer) == [True, False]
    assert answer.json()["evaluations"][1]["context"]["error"]["status"] == 400


@pytest.mark.parametrize("more", [{}, {"evaluations": []}], ids=["3.4.2 missing", "3.4.3 empty"])
def test_batch_3_4_without_evaluations_it_is_one_question(program: Program, more: dict[str, Any]) -> None:
    """3.4.2, 3.4.3: answered as the single endpoint does."""
    assert program.post("evaluations", question(ALICE, READ, ONE, **more)).json() == {"decision": True}


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [("execute_all", [True, False, True]), ("deny_on_first_deny", [True, False]), ("permit_on_first_permit", [True])],
)
def test_batch_semantics(program: Program, semantic: str, expected: list[bool]) -> None:
    """Section 7.1.2: go through all, or stop at the first denial, or at the first permission."""
    asked = {
        "subject": _person(BOB), "resource": _record(ONE), "options": {"evaluations_semantic": semantic},
        "evaluations": [{"action": {"name": one}} for one in (READ, WRITE, READ)],
    }  # fmt: skip
    assert _decisions(program.post("evaluations", asked)) == expected
    asked["options"] = {"evaluations_semantic": "best_effort"}
    assert program.post("evaluations", asked).status_code == 400


def test_batch_is_bounded(program: Program) -> None:
    """INP: a hundred at once are answered, more are not."""
    asked: dict[str, Any] = {"subject": _person(BOB), "resource": _record(ONE), "action": {"name": READ}}
    assert _decisions(program.post("evaluations", {**asked, "evaluations": [{}] * 100})) == [True] * 100
    assert program.post("evaluations", {**asked, "evaluations": [{}] * 101}).status_code == 400


def _results(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


OF_SUBJECTS: dict[str, Any] = {"subject": {"type": "person"}, "action": {"name": READ}, "resource": _record(ONE)}
OF_RESOURCES: dict[str, Any] = {"subject": _person(ALICE), "action": {"name": READ}, "resource": {"type": "request"}}
OF_ACTIONS: dict[str, Any] = {"subject": _person(ALICE), "resource": _record(ONE)}


@pytest.mark.parametrize("more", [{}, {"context": TIME}], ids=["4.2.1", "4.2.2 context"])
def test_search_4_2_subjects(program: Program, more: dict[str, Any]) -> None:
    """4.2.1, 4.2.2: alice and bob are among them, each with the type that was asked for."""
    found = _results(program.post("search/subject", {**OF_SUBJECTS, **more}))
    assert {one["id"] for one in found} == {ALICE, BOB}
    assert {one["type"] for one in found} == {"person"}


def test_search_4_3_1_resources(program: Program) -> None:
    """4.3.1: record-1 is among them."""
    assert _results(program.post("search/resource", OF_RESOURCES))[0] == _record(ONE)


@pytest.mark.parametrize("more", [{}, {"context": TIME}], ids=["4.4.1", "4.4.2 context"])
def test_search_4_4_actions(program: Program, more: dict[str, Any]) -> None:
    """4.4.1, 4.4.2: read and write are among them; each of them is allowed when it is asked for."""
    names = [one["name"] for one in _results(program.post("search/action", {**OF_ACTIONS, **more}))]
    assert {READ, WRITE} <= set(names)
    assert all(program.ask(ALICE, name, ONE)["decision"] for name in names)


def test_search_4_5_pages(program: Program) -> None:
    """4.5.1 to 4.5.3: walking by token gives each once; the last page has an empty token."""
    found, token = [], None
    for _ in range(10):
        page = {"limit": 1, **({"token": token} if token is not None else {})}
        answer = program.post("search/subject", {**OF_SUBJECTS, "page": page})
        found += [one["id"] for one in _results(answer)]
        token = answer.json()["page"]["next_token"]
        if token == "":
            break
    assert sorted(found) == sorted([ALICE, BOB])
    assert token == ""


@pytest.mark.parametrize(
    ("path", "asked"),
    [("search/action", {**OF_ACTIONS, "subject": _person("P-4711")}),
     ("search/subject", {**OF_SUBJECTS, "subject": {"type": "spaceship"}}),
     ("search/resource", {**OF_RESOURCES, "resource": {"type": "spaceship"}}),
     ("search/subject", {**OF_SUBJECTS, "page": {"token": "nobody"}})],
    ids=["4.6.1 identifier", "4.6.2 type of subject", "4.6.2 type of resource", "a token of nothing"],
)  # fmt: skip
def test_search_4_6_nothing_is_found_without_an_error(program: Program, path: str, asked: dict[str, Any]) -> None:
    """4.6: an empty list."""
    assert _results(program.post(path, asked)) == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [("search/subject", {name: OF_SUBJECTS[name] for name in ("subject", "resource")}),
     ("search/resource", {name: OF_RESOURCES[name] for name in ("action", "resource")}),
     ("search/action", {"subject": _person(ALICE)}),
     ("search/subject", {**OF_SUBJECTS, "resource": {"type": "request"}}),
     ("search/resource", {**OF_RESOURCES, "subject": {"type": "person"}})],
    ids=["no action", "no subject", "no resource", "resource without id", "subject without id"],
)  # fmt: skip
def test_search_4_7_what_lacks_is_400(program: Program, path: str, asked: dict[str, Any]) -> None:
    """4.7.1, 4.7.2: as with an evaluation."""
    assert program.post(path, asked).status_code == 400


def test_discovery_6_metadata(program: Program) -> None:
    """6: where the specification puts it for a base address with a path, without a login, each endpoint one of ours."""
    answer = program.http.get("/.well-known/authzen-configuration/services/desk")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found = answer.json()
    assert found.pop("policy_decision_point") == f"{URL}{DESK}"
    assert found.keys() == {
        "access_evaluation_endpoint", "access_evaluations_endpoint", "search_subject_endpoint",
        "search_resource_endpoint", "search_action_endpoint",
    }  # fmt: skip
    for address in found.values():
        asked = program.http.post(address.removeprefix(URL), json={}, headers=program.headers)
        assert asked.status_code == 400, address


def test_what_is_no_search_is_not_there(program: Program) -> None:
    """Section 8 knows three."""
    assert program.post("search/everything", OF_ACTIONS).status_code == 404

"""The REST API: the same decisions and commands as the pages, with problem details."""

from typing import Any

import pytest

from access_policy.commands.base import RefusalCode
from access_policy.reasons import REASONS, ReasonCode
from tests.unit.hub_config.desk.routes import routes
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def test_decision_has_the_promised_form(world: World) -> None:
    """docs/reference/command-line.md: every condition with its code; the steps that are left."""
    found = world.client("colleague").get("/api/v1/requests/DR-1/decision").json()
    assert (found["effect"], found["person"], found["request"]) == ("deny", "P-9", "DR-1")
    assert [step["code"] for step in found["next_steps"]] == ["training_missing"]
    assert found["datasets"] == []


def test_command_answers_with_its_facts(world: World) -> None:
    """A change by a program: the token in the header, JSON in, the facts out."""
    assert [fact["kind"] for fact in _certified(world, "P-9").json()["facts"]] == ["PersonCertified"]


def _certified(world: World, person: str, value: str = "", **more: str) -> Any:
    """Certify somebody as a program does: told where the factor is given, and once more when it was (S76)."""
    client = world.client("trainer")

    def send(**headers: str) -> Any:
        arguments = {"person": person, "course": "privacy", **more}
        token = {"x-csrf-token": client.token, **headers}
        return client.http.post(f"{DESK}/api/v1/commands/certify-person", json=arguments, headers=token)

    if value:
        return send(**{"x-step-up": value})
    asked = send().json()
    assert (asked["status"], asked["code"]) == (403, "step_up_needed")
    header, value = asked["step_up"]["header"], asked["step_up"]["value"]
    world.step_up("trainer", value)
    return send(**{header: value})


def test_a_program_brings_the_factor_for_its_one_command_once(world: World) -> None:
    """S76: neither used twice, nor for another command, nor made up."""
    client = world.client("trainer")
    asked = client.http.post(
        f"{DESK}/api/v1/commands/certify-person",
        json={"person": "P-9", "course": "privacy"}, headers={"x-csrf-token": client.token},
    ).json()  # fmt: skip
    value = asked["step_up"]["value"]
    assert asked["step_up"]["url"].endswith(f"/hub/step-up?ask={value}")
    before = world.policy.store.newest()
    assert _certified(world, "P-9", value).json()["code"] == "step_up_needed"
    world.step_up("trainer", value)
    assert _certified(world, "P-2", value).json()["code"] == "step_up_needed"
    assert _certified(world, "P-9", "made up").json()["code"] == "step_up_needed"
    assert world.policy.store.newest() == before
    assert _certified(world, "P-9", value).status_code == 200
    assert _certified(world, "P-9", value).status_code == 403


def test_refusal_is_a_problem_with_the_reasons_page(world: World) -> None:
    """RFC 9457: `type` is a page that opens, `code` the reason."""
    client = world.client("admin")
    answer = client.http.post(
        f"{DESK}/api/v1/commands/enable-person", json={"person": "P-9"}, headers={"x-csrf-token": client.token}
    )
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "wrong_state")
    assert client.http.get(problem["type"]).status_code == 200


def test_requests_page_by_cursor(world: World) -> None:
    """A program walks the list to its end."""
    client = world.client("admin")
    first = client.get("/api/v1/requests?limit=2").json()
    rest = client.get(f"/api/v1/requests?limit=2&cursor={first['next']}").json()
    assert [one["request"] for one in first["items"] + rest["items"]] == ["DR-1", "DR-2", "DR-3"]
    assert rest["next"] is None


def test_document_describes_the_api_only(world: World) -> None:
    """Pages are not in the OpenAPI document, and everything of the API but the document itself is."""
    paths = world.client().get("/api/v1/openapi.json").json()["paths"]
    served = {path for _, path in routes(world.app()) if path.startswith("/api/v1/")}
    assert set(paths) == {f"{DESK}{path}" for path in served}
    assert len(paths) > 20


def test_every_reason_has_a_public_page(world: World) -> None:
    """`type` of a problem, and the links of a decision, lead somewhere for everybody."""
    client = world.client()
    for code in [*REASONS, *RefusalCode, "forged_form", "forbidden_field", "bad_request", "log_unavailable"]:
        assert client.get(f"/reasons/{code}").status_code == 200, code
    code = ReasonCode.TERM_OVER
    assert REASONS[code].next_step in client.get(f"/reasons/{code}").text

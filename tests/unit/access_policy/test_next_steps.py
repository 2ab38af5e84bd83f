"""The way to data: what is left, in order, with who can take the step now; taking the steps leads to the data."""

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import RequestStatus, Route, Scenario
from access_policy.model.ids import RequestId
from access_policy.next_steps import plan
from access_policy.rules import Query
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DIGEST,
    HUB,
    OPEN,
    RESEARCHER,
    World,
    everything_holds,
)

OVER = ("request_refused", "request_withdrawn", "request_ended")
"""After one of these the way ends."""


def owners(world: World, query: Query) -> list[tuple[str, str]]:
    """Return each step's code and owner."""
    return [(step["code"], step["owner"]) for step in plan(world.state, world.decide(query))]


def test_nothing_is_left_where_the_answer_is_allow() -> None:
    """An open way has no steps."""
    world = everything_holds()
    assert plan(world.state, world.decide()) == []


_LATER = [("licence_not_signed", "signing parties"), ("not_made_available", "data steward")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (RequestStatus.DRAFT, ["applicant", "assessor", "board"]),
        (RequestStatus.SUBMITTED, ["assessor", "board"]),
        (RequestStatus.ASSESSED, ["board"]),
    ],
)
def test_the_steps_to_an_approval_are_those_that_are_left(status: RequestStatus, expected: list[str]) -> None:
    """S18-S22: a draft has three steps to the board, an assessed request has one."""
    world = everything_holds()
    request = world.ask(status)
    assert owners(world, world.query(request=request)) == [("request_not_approved", one) for one in expected] + _LATER


def test_a_clinical_request_waits_for_its_investigators() -> None:
    """S49, S50, S54: not for the board, and for no licence."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT)
    sent = e.RequestSubmitted(request=request, digest=DIGEST, scenario=Scenario.TREATMENT, route=Route.CLINICAL)
    world.append([(person(RESEARCHER), sent)])
    steps = owners(world, world.query(request=request))
    assert steps == [("request_not_approved", "investigators"), ("not_made_available", "data steward")]


def test_who_is_no_contact_is_asked_for_by_the_signatory() -> None:
    """S30-S38: then checked, then given the data; in a form, the applicant names them."""
    world = everything_holds()
    world.make_ready(COLLEAGUE)

    def of_colleague(request: RequestId) -> list[str]:
        query = Query(COLLEAGUE, request, world.query().action, world.at, world.login(COLLEAGUE))
        return [owner for code, owner in owners(world, query) if code == "not_a_contact"]

    assert of_colleague(OPEN) == ["signatory", "data access office", "data steward"]
    assert of_colleague(world.ask(RequestStatus.DRAFT)) == ["applicant"]


def test_an_enrolled_factor_is_confirmed_next() -> None:
    """S76: the step that hides behind the first one is named as well, once."""
    world = everything_holds()
    world.agree("reset-factors", person=RESEARCHER)
    expected = [("factor_missing", "you"), ("factor_not_confirmed", "verifier")]
    assert owners(world, world.query()) == expected
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")
    assert owners(world, world.query()) == expected[1:]
    world.do("confirm-factor", ADMIN, person=RESEARCHER, factor="second")
    assert owners(world, world.query()) == []


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
def test_every_denial_has_a_way(denial: Denial) -> None:
    """Each failing condition has its step with an owner, numbered from one; the first one mends the first condition."""
    world = everything_holds()
    query, _ = denial.way(world)
    steps = plan(world.state, world.decide(query))
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    expected = [str(one) for one in denial.codes]
    over = [number for number, code in enumerate(expected, 1) if code in OVER]
    expected = expected[: over[0]] if over else expected
    assert list(dict.fromkeys(step["code"] for step in steps))[: len(expected)] == expected
    assert all(step["next_step"] and step["owner"] and step["text"] and step["requirement"] for step in steps)
    assert all(set(step) == {"step", "code", "text", "next_step", "owner", "requirement"} for step in steps)

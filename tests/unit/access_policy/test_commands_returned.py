"""A form that came back as incomplete: until when it is completed, and what of the first round still counts (E7)."""

from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import InvestigatorPlace, RequestStatus
from access_policy.model.ids import RequestId
from tests.unit.access_policy.parties import OFFICE
from tests.unit.access_policy.world import (
    ASSESSOR,
    DAY,
    RESEARCHER,
    TICK,
    World,
    description,
    everything_holds,
    find,
    kinds,
)

NEXT = RequestId("DR-3")


def _form(regime: str) -> World:
    """Return a world with a form that lacks nothing, under a regime."""
    world = everything_holds()
    world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=NEXT, **description(regime=regime))
    return world


def _submit(world: World) -> None:
    assert kinds(world.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]


def _return(world: World) -> None:
    world.append([(person(OFFICE), e.RequestReturned(request=NEXT, reason="the ethics are missing"))])


def _returned(regime: str) -> World:
    world = _form(regime)
    _submit(world)
    _return(world)
    return world


@pytest.mark.parametrize(
    ("after", "code"),
    [(28 * DAY - TICK, None), (28 * DAY, "wrong_state"), (400 * DAY, "wrong_state")],
    ids=["a tick before", "at four weeks", "long after"],
)
def test_under_the_ehds_a_returned_form_is_completed_within_four_weeks(after: timedelta, code: str | None) -> None:
    """E7, REQ-08: counted from the return; after that there is no permit from this request."""
    world = _returned("ehds")
    returned = world.state.requests[NEXT].returned
    assert returned is not None
    world.at = returned + after
    if code is None:
        _submit(world)
    else:
        assert world.refusal("submit-request", RESEARCHER, request=NEXT) == code


def test_the_four_weeks_begin_anew_with_each_return() -> None:
    """E7: a form that came back twice has them from the second time on."""
    world = _returned("ehds")
    _submit(world.wait(27 * DAY))
    _return(world)
    _submit(world.wait(27 * DAY))
    assert world.state.requests[NEXT].status is RequestStatus.SUBMITTED


def test_under_the_own_rules_a_returned_form_waits() -> None:
    """E1, E7: the four weeks belong to the EHDS."""
    world = _returned("own").wait(400 * DAY)
    _submit(world)
    assert world.state.requests[NEXT].status is RequestStatus.SUBMITTED


def test_what_was_found_about_an_earlier_form_does_not_count_for_the_next() -> None:
    """REQ-04, S22, S49, S55: findings and approvals bind to the form that they were about."""
    world = _form("own")
    _submit(world)
    find(world, NEXT)
    ends = world.at + 100 * DAY
    approved = e.InvestigatorApproved(
        request=NEXT, place=InvestigatorPlace.CENTRAL, person=ASSESSOR, begins=world.at, ends=ends
    )
    world.append([(person(ASSESSOR), approved), (person(ASSESSOR), _voted())])
    _return(world)
    _submit(world)
    request = world.state.requests[NEXT]
    assert (request.findings, request.votes, request.investigators) == ({}, {}, {})


def _voted() -> e.BoardVoted:
    return e.BoardVoted(request=NEXT, person=ASSESSOR, approve=True, reason="good")

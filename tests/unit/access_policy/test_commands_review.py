"""The request under review: returned, assessed, found about, its clock paused, its decision put off."""

from collections.abc import Callable

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Criterion, PauseReason, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.situations import Clinical, another_member, ask_under_ehds, office, reached
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    MINUTE,
    RESEARCHER,
    STRANGER,
    World,
    appoint,
    everything_holds,
    find,
    kinds,
)


def _finding(request: RequestId, criterion: str = "legal", met: bool = True) -> dict[str, object]:
    return {"request": request, "criterion": criterion, "met": met, "reason": "as it is written"}


def test_an_incomplete_form_goes_back_with_what_is_missing() -> None:
    """E7: by the data access office; the applicant fills the form in again and sends it in anew."""
    world, request = reached(RequestStatus.SUBMITTED)
    (event,) = world.do("return-request", office(world), request=request, reason="no end date")
    assert event == e.RequestReturned(request=request, reason="no end date")
    found = world.state.requests[request]
    assert (found.status, found.returned) == (RequestStatus.DRAFT, world.at - MINUTE)
    assert kinds(world.do("submit-request", RESEARCHER, request=request)) == [e.RequestSubmitted]


def test_what_was_found_about_a_form_that_went_back_counts_no_more() -> None:
    """E7, REQ-04: the applicant may change the form now, so its findings and investigators are asked for anew."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    find(world, request)
    world.do("approve-clinical", clinical.central, **clinical.approval())
    world.do("return-request", ASSESSOR, request=request, reason="no end date")
    found = world.state.requests[request]
    assert (found.findings, found.investigators, found.investigators_term) == ({}, {}, None)


def test_a_clock_that_stands_still_when_the_form_goes_back_does_so_no_more() -> None:
    """E7, S21: the clock of the form that is sent in again runs from the beginning."""
    world, request = reached(RequestStatus.SUBMITTED)
    by = office(world)
    world.do("pause-clock", by, request=request, why="question-to-applicant", note="which years")
    world.do("return-request", by, request=request, reason="no years")
    assert world.state.requests[request].pauses[-1].ends == world.at - MINUTE


def test_an_approved_request_does_not_go_back() -> None:
    """E7: completeness comes before the decision."""
    world, request = reached(RequestStatus.APPROVED)
    assert world.refusal("return-request", ASSESSOR, request=request, reason="x") == "wrong_state"


def test_a_request_is_assessed() -> None:
    """S19: by an assessor, once, with what they found."""
    world, request = reached(RequestStatus.SUBMITTED)
    (event,) = world.do("assess-request", ASSESSOR, request=request, assessment="sound")
    assert event == e.RequestAssessed(request=request, assessment="sound")
    assert world.state.requests[request].assessed_by == ASSESSOR
    assert world.refusal("assess-request", ASSESSOR, request=request, assessment="sound") == "wrong_state"


def test_an_assessor_with_a_tie_does_not_assess() -> None:
    """S19, S20: who works at the applicant's organisation is not independent."""
    world, request = reached(RequestStatus.SUBMITTED)
    appoint(world, COLLEAGUE, "assessor")
    assert world.refusal("assess-request", COLLEAGUE, request=request, assessment="sound") == "four_eyes"


def test_a_clinical_request_is_not_assessed() -> None:
    """S54: it waits for its investigators only."""
    clinical = Clinical()
    arguments = {"request": clinical.request, "assessment": "sound"}
    assert clinical.world.refusal("assess-request", ASSESSOR, **arguments) == "wrong_state"


@pytest.mark.parametrize("criterion", Criterion)
@pytest.mark.parametrize("met", [True, False], ids=["met", "not met"])
def test_a_finding_is_recorded(criterion: Criterion, met: bool) -> None:
    """S8, S22, S55, E10: for each criterion, whether the request meets it, why, and who found so."""
    world, request = reached(RequestStatus.ASSESSED)
    (event,) = world.do("record-finding", ASSESSOR, **_finding(request, criterion, met))
    assert event == e.FindingRecorded(request=request, criterion=criterion, met=met, reason="as it is written")
    found = world.state.requests[request].findings[criterion]
    assert (found.met, found.by) == (met, ASSESSOR)


def test_a_later_finding_takes_the_place_of_an_earlier_one() -> None:
    """S22, S55: whoever may find may find otherwise."""
    world, request = reached(RequestStatus.ASSESSED)
    world.do("record-finding", ASSESSOR, **_finding(request))
    world.do("record-finding", BOARD_MEMBER, **_finding(request, met=False))
    found = world.state.requests[request].findings[Criterion.LEGAL]
    assert (found.met, found.by) == (False, BOARD_MEMBER)


def _colleague(world: World, request: RequestId) -> PersonId:
    appoint(world, COLLEAGUE, "assessor")
    return COLLEAGUE


def _former_contact(world: World, request: RequestId) -> PersonId:
    email = world.state.people[ASSESSOR].email
    world.append([(person(RESEARCHER), e.ContactNamed(request=request, person=ASSESSOR, email=email))])
    world.append([(person(RESEARCHER), e.ContactRemoved(request=request, person=ASSESSOR))])
    return ASSESSOR


def _conflicted(world: World, request: RequestId) -> PersonId:
    who = another_member(world, "bea")
    world.do("declare-conflict", who, request=request, reason="my sister")
    return who


@pytest.mark.parametrize(
    "tied", [_colleague, _former_contact, _conflicted], ids=["works there", "was a contact", "declared a tie"]
)
def test_who_has_a_tie_finds_nothing(tied: Callable[[World, RequestId], PersonId]) -> None:
    """S20: where somebody works, what they took part in and what they declared keep them out."""
    world, request = reached(RequestStatus.ASSESSED)
    assert world.refusal("record-finding", tied(world, request), **_finding(request)) == "four_eyes"


@pytest.mark.parametrize("why", PauseReason)
def test_a_clock_stands_still_and_goes_on(why: PauseReason) -> None:
    """S21: for a reason, once at a time, and as often as it takes."""
    world, request = reached(RequestStatus.SUBMITTED)
    by = office(world)
    pause = {"request": request, "why": why, "note": "which years"}
    assert world.refusal("resume-clock", by, request=request) == "wrong_state"
    assert world.do("pause-clock", by, **pause) == (e.ClockPaused(request=request, why=why, note="which years"),)
    assert world.refusal("pause-clock", by, **pause) == "wrong_state"
    assert world.do("resume-clock", by, request=request) == (e.ClockResumed(request=request),)
    assert world.refusal("resume-clock", by, request=request) == "wrong_state"
    assert kinds(world.do("pause-clock", by, **pause)) == [e.ClockPaused]
    assert [one.ends is None for one in world.state.requests[request].pauses] == [False, True]


def test_a_decision_is_put_off_once() -> None:
    """E8: three months more, with notice and reasons, and never twice."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.SUBMITTED)
    by = office(world)
    (event,) = world.do("defer-decision", by, request=request, reason="advice is late")
    assert event == e.DecisionDeferred(request=request, reason="advice is late")
    assert world.state.requests[request].deferred == world.at - MINUTE
    assert world.refusal("defer-decision", by, request=request, reason="again") == "already_exists"


def test_a_decision_under_the_institutes_own_rules_is_not_put_off() -> None:
    """E8, S21: the six weeks have no extension."""
    world, request = reached(RequestStatus.SUBMITTED)
    assert world.refusal("defer-decision", BOARD_MEMBER, request=request, reason="x") == "wrong_state"


def test_a_stranger_reviews_nothing() -> None:
    """REQ-06: none of it is open to who has no part in it."""
    world, request = reached(RequestStatus.SUBMITTED)
    for name, arguments in (
        ("return-request", {"reason": "x"}),
        ("assess-request", {"assessment": "x"}),
        ("record-finding", {"criterion": "legal", "met": True, "reason": "x"}),
        ("resume-clock", {}),
        ("defer-decision", {"reason": "x"}),
    ):
        assert world.refusal(name, STRANGER, request=request, **arguments) == "not_permitted"

"""The Data Access Board: ties declared, votes that count, and the refusal (S20, S22)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Criterion, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.situations import (
    Clinical,
    another_member,
    approve,
    find_one,
    reached,
    ready_to_approve,
    unapproved,
    vote,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    INSTALLATION,
    RESEARCHER,
    World,
    appoint,
    approval,
    everything_holds,
    find,
    kinds,
)


@pytest.mark.parametrize("name", ["approve-request", "refuse-request", "vote-on-request", "record-finding"])
def test_a_board_member_with_a_tie_does_not_decide(name: str) -> None:
    """S20: the board is independent; a member who works at the applicant's organisation has a tie."""
    world, request = ready_to_approve()
    appoint(world, COLLEAGUE, "board-member")
    arguments = _arguments(world, request)[name]
    assert world.refusal(name, COLLEAGUE, request=request, **arguments) == "four_eyes"
    assert kinds(world.do(name, BOARD_MEMBER, request=request, **arguments)) != []


def _arguments(world: World, request: RequestId) -> dict[str, dict[str, Any]]:
    return {
        "approve-request": approval(world, request),
        "refuse-request": {"reason": "no"},
        "vote-on-request": {"approve": True, "reason": "yes", "digest": world.state.requests[request].digest},
        "record-finding": {"criterion": "legal", "met": True, "reason": "yes"},
    }


@pytest.mark.parametrize("name", ["approve-request", "refuse-request", "vote-on-request", "record-finding"])
def test_who_declared_a_tie_stays_out(name: str) -> None:
    """S20: from findings, votes, approval and refusal of this request; another member goes on."""
    world, request = ready_to_approve()
    other = another_member(world, "bea")
    (event,) = world.do("declare-conflict", other, request=request, reason="my sister")
    assert event == e.ConflictDeclared(request=request, person=other, reason="my sister")
    arguments = _arguments(world, request)[name]
    assert world.refusal(name, other, request=request, **arguments) == "four_eyes"
    assert kinds(world.do(name, BOARD_MEMBER, request=request, **arguments)) != []


def test_a_tie_is_declared_once() -> None:
    """S20: and it stands."""
    world, request = reached(RequestStatus.SUBMITTED)
    world.do("declare-conflict", BOARD_MEMBER, request=request, reason="my sister")
    assert world.refusal("declare-conflict", BOARD_MEMBER, request=request, reason="again") == "already_exists"


def test_what_was_found_before_a_tie_was_declared_does_not_count() -> None:
    """S20, S55: another person without a tie finds anew."""
    world, request = ready_to_approve()
    other = another_member(world, "bea")
    find_one(world, request, Criterion.LEGAL, by=other)
    world.do("declare-conflict", other, request=request, reason="my sister")
    assert unapproved(world, request) == "not_complete"
    find_one(world, request, Criterion.LEGAL)
    assert kinds(approve(world, request)) == [e.RequestApproved]


def test_a_vote_is_recorded_and_may_change() -> None:
    """S20, REQ-04: on the form that was read; a changed vote takes the place of the old one, the same one is none."""
    world, request = ready_to_approve()
    digest = world.state.requests[request].digest
    arguments = {"request": request, "reason": "a reason", "digest": digest}
    (event,) = world.do("vote-on-request", BOARD_MEMBER, approve=False, **arguments)
    assert event == e.BoardVoted(request=request, person=BOARD_MEMBER, approve=False, reason="a reason")
    assert world.refusal("vote-on-request", BOARD_MEMBER, approve=False, **arguments) == "already_exists"
    world.do("vote-on-request", BOARD_MEMBER, approve=True, **arguments)
    assert world.state.requests[request].votes == {BOARD_MEMBER: True}


def test_a_vote_on_another_form_is_refused() -> None:
    """REQ-04: the digest is that of the form as it was sent in."""
    world, request = ready_to_approve()
    arguments = {"approve": True, "reason": "yes", "digest": "1" * 64}
    assert world.refusal("vote-on-request", BOARD_MEMBER, request=request, **arguments) == "changed_meanwhile"


def _members(world: World, *names: str) -> list[PersonId]:
    return [another_member(world, name) for name in names]


@pytest.mark.parametrize(
    ("quorum", "votes", "approved"),
    [
        (1, "", True), (1, "-", False), (1, "+-", True), (1, "--", False), (1, "+--", False), (2, "", False),
        (2, "+", True), (2, "+-", True), (2, "+--", False), (2, "-", False), (3, "+", False), (3, "++", True),
    ],
)  # fmt: skip
def test_the_board_needs_its_quorum_and_more_for_than_against(quorum: int, votes: str, approved: bool) -> None:
    """S20: who approves counts as one vote for it, beside those that others gave."""
    world, request = ready_to_approve(_with_quorum(quorum))
    for member, sign in zip(_members(world, "bea", "ben", "bob"), votes, strict=False):
        vote(world, member, request, sign == "+")
    if approved:
        assert kinds(approve(world, request)) == [e.RequestApproved]
    else:
        assert unapproved(world, request) == "not_complete"


def _with_quorum(quorum: int) -> World:
    world = everything_holds()
    if quorum > 1:
        world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, board_quorum=quorum)
    return world


def test_who_approves_has_voted_for_it() -> None:
    """S20: their earlier vote against it counts no more, and their vote for it counts once."""
    world, request = ready_to_approve(_with_quorum(2))
    vote(world, BOARD_MEMBER, request)
    assert unapproved(world, request) == "not_complete"
    vote(world, BOARD_MEMBER, request, approve=False)
    (other,) = _members(world, "bea")
    vote(world, other, request)
    assert kinds(approve(world, request)) == [e.RequestApproved]


@pytest.mark.parametrize("lost", ["role", "tie", "moved", "stopped", "named"])
def test_the_vote_of_who_left_the_board_or_has_a_tie_now_does_not_count(lost: str) -> None:
    """S20, S94: votes are those of the independent board at the time of the decision."""
    world, request = ready_to_approve(_with_quorum(2))
    (other,) = _members(world, "bea")
    vote(world, other, request)
    _lose(world, request, other, lost)
    assert unapproved(world, request) == "not_complete"


def _lose(world: World, request: RequestId, who: PersonId, lost: str) -> None:
    if lost == "role":
        world.do("end-role", ADMIN, person=who, role="board-member")
    elif lost == "tie":
        world.do("declare-conflict", who, request=request, reason="my sister")
    elif lost == "moved":
        world.do("move-person", ADMIN, person=who, institution="hospital", email="bea@hospital.example")
    elif lost == "stopped":
        world.do("disable-person", ADMIN, person=who, reason="a question")
    else:
        named = e.ContactNamed(request=request, person=who, email="bea@centre.example")
        world.append([(person(RESEARCHER), named)])


def test_the_board_does_not_decide_on_a_clinical_request() -> None:
    """S54: neither by votes nor by approval or refusal, even where somebody assessed it."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    assert world.refusal("refuse-request", BOARD_MEMBER, request=request, reason="no") == "wrong_state"
    world.append([(person(ASSESSOR), e.RequestAssessed(request=request, assessment="sound"))])
    find(world, request)
    for name in ("approve-request", "vote-on-request", "refuse-request"):
        arguments = _arguments(world, request)[name]
        assert world.refusal(name, BOARD_MEMBER, request=request, **arguments) == "wrong_state"


@pytest.mark.parametrize("status", [RequestStatus.SUBMITTED, RequestStatus.ASSESSED])
def test_the_board_refuses_with_its_reasons(status: RequestStatus) -> None:
    """S22, E10: the reasons and who decided stand in the facts, and nothing follows a refusal."""
    world, request = reached(status)
    (event,) = world.do("refuse-request", BOARD_MEMBER, request=request, reason="no")
    assert event == e.RequestRefused(request=request, reason="no")
    found = world.state.requests[request]
    assert (found.decided_by, found.end_reason) == (BOARD_MEMBER, "no")
    assert unapproved(world, request) == "wrong_state"


def test_an_investigator_does_not_refuse_what_the_board_decides() -> None:
    """S20, S49: an investigator of the study that the data come from is not the board."""
    clinical = Clinical()
    world = clinical.world
    request = world.ask(RequestStatus.SUBMITTED, ("biopsies",))
    assert world.refusal("refuse-request", clinical.central, request=request, reason="no") == "not_permitted"


@pytest.mark.parametrize("name", ["vote-on-request", "approve-request", "refuse-request", "declare-conflict"])
def test_a_missing_request_is_not_found(name: str) -> None:
    """A board member is told that there is no such request."""
    world, request = ready_to_approve()
    arguments = {**_arguments(world, request), "declare-conflict": {"reason": "my sister"}}[name]
    assert world.refusal(name, BOARD_MEMBER, request="DR-999", **arguments) == "not_found"

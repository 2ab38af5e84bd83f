"""The Data Access Board: ties, votes, the approval with all that it needs, and the refusal (S20, S22)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.board import EHDS_CRITERIA, GUIDING_PRINCIPLES, REUSE_CRITERIA
from access_policy.model.enums import Criterion, RequestStatus, Scenario
from access_policy.model.ids import DatasetName, PersonId, RequestId
from tests.unit.access_policy.situations import (
    Clinical,
    another_member,
    ask_under_ehds,
    ask_with_abroad,
    basis,
    office,
    reached,
    vote,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    INSTALLATION,
    MINUTE,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    TICK,
    TRAINER,
    World,
    appoint,
    approval,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
)


def _found(world: World | None = None) -> tuple[World, RequestId]:
    """Return a request that lacks nothing but the board's approval."""
    world = world or everything_holds()
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    return world, request


def _approve(world: World, request: RequestId, by: PersonId = BOARD_MEMBER, **changed: Any) -> tuple[e.FactEvent, ...]:
    return world.do("approve-request", by, request=request, **approval(world, request, **changed))


def _unapproved(world: World, request: RequestId, by: PersonId = BOARD_MEMBER, **changed: Any) -> str:
    return world.refusal("approve-request", by, request=request, **approval(world, request, **changed))


def test_a_request_is_approved() -> None:
    """S1, S2, S22, S39, E15: both findings, reasons, term, datasets, conditions and fees stand in the fact."""
    world, request = _found()
    begins = world.at
    (event,) = _approve(world, request, conditions="results first", fees="none")
    assert event == e.RequestApproved(
        request=request, improves_treatment=True, public_interest=True, reason="good", begins=begins,
        ends=begins + 300 * DAY, datasets=(DatasetName("tumours"),), conditions="results first", fees="none",
        opt_out_exception=False,
    )  # fmt: skip
    found = world.state.requests[request]
    assert (found.status, found.decided_by) == (RequestStatus.APPROVED, BOARD_MEMBER)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"improves_treatment": False}, "not_complete"),
        ({"public_interest": False}, "not_complete"),
        ({"digest": "1" * 64}, "changed_meanwhile"),
        ({"datasets": "expressions"}, "not_allowed_value"),
        ({"datasets": "tumours,expressions"}, "not_allowed_value"),
        ({"datasets": "tumours,tumours"}, "not_allowed_value"),
        ({"datasets": ""}, "not_allowed_value"),
    ],
    ids=[
        "S1 no better treatment", "S2 no public interest", "REQ-04 another form", "S3 not asked for",
        "S3 more than asked for", "a dataset twice", "no dataset",
    ],
)  # fmt: skip
def test_an_approval_is_refused(changed: dict[str, Any], code: str) -> None:
    """S1, S2, S3, REQ-04: both findings, the form that was read, and nothing that was not asked for."""
    world, request = _found()
    assert _unapproved(world, request, **changed) == code


def test_an_approval_may_grant_less_than_was_asked_for() -> None:
    """S3: what was asked for and approved, dataset by dataset."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "scans"))
    find(world, request)
    (event,) = _approve(world, request, datasets="scans")
    assert isinstance(event, e.RequestApproved)
    assert event.datasets == tuple(world.state.requests[request].granted) == ("scans",)


def test_no_draft_is_approved() -> None:
    """S18, S19: what was not sent in, and not assessed, is not decided."""
    for status in (RequestStatus.DRAFT, RequestStatus.SUBMITTED):
        world, request = reached(status)
        assert _unapproved(world, request) == "wrong_state"


@pytest.mark.parametrize("missing", GUIDING_PRINCIPLES)
@pytest.mark.parametrize("recorded", [False, True], ids=["not recorded", "not met"])
def test_each_guiding_principle_needs_a_finding(missing: Criterion, recorded: bool) -> None:
    """S55: social, ethical, legal and contractual, each of them recorded and met."""
    world, request = reached(RequestStatus.ASSESSED)
    for criterion in GUIDING_PRINCIPLES:
        if criterion is not missing or recorded:
            _find(world, request, criterion, met=criterion is not missing)
    assert _unapproved(world, request) == "not_complete"
    _find(world, request, missing)
    assert kinds(_approve(world, request)) == [e.RequestApproved]


def _find(world: World, request: RequestId, criterion: Criterion, met: bool = True, by: PersonId = ASSESSOR) -> None:
    world.do("record-finding", by, request=request, criterion=criterion, met=met, reason="a reason")


@pytest.mark.parametrize("missing", REUSE_CRITERIA)
def test_reuse_within_one_hospital_needs_two_findings_more(missing: Criterion) -> None:
    """S7, S8: the constraints of the law, and the terms of the consent that the patient signed."""
    world = everything_holds()
    world.do("register-dataset", STEWARD, **dataset_arguments("own") | {"hospitals": "hospital"})
    request = world.ask(RequestStatus.ASSESSED, ("own",))
    assert world.state.requests[request].scenario is Scenario.OWN_HOSPITAL_REUSE
    find(world, request, *[one for one in REUSE_CRITERIA if one is not missing])
    assert _unapproved(world, request) == "not_complete"
    _find(world, request, missing)
    assert kinds(_approve(world, request)) == [e.RequestApproved]


def test_the_criteria_of_the_ehds_are_ten() -> None:
    """E10: points (a) to (h) of Article 68(1), and the two risks of 68(2)."""
    assert len(EHDS_CRITERIA) == 10
    assert (EHDS_CRITERIA[0], EHDS_CRITERIA[-1]) == (Criterion.PERMITTED_PURPOSE, Criterion.RISK_TO_CONFIDENTIALITY)


@pytest.mark.parametrize("missing", EHDS_CRITERIA)
def test_under_the_ehds_each_criterion_needs_a_finding(missing: Criterion) -> None:
    """E10, E1: each criterion and each risk has a finding before the approval, where the regime is the EHDS."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ASSESSED)
    find(world, request, *[one for one in EHDS_CRITERIA if one is not missing])
    assert _unapproved(world, request) == "not_complete"
    _find(world, request, missing)
    assert kinds(_approve(world, request)) == [e.RequestApproved]


@pytest.mark.parametrize(
    ("begins", "length", "taken"),
    [
        (timedelta(0), 1096 * DAY, True),
        (timedelta(0), 1096 * DAY + TICK, False),
        (timedelta(0), timedelta(0), False),
        (timedelta(0), -DAY, False),
        (timedelta(0), TICK, True),
        (-DAY, 10 * DAY, True),
        (-DAY - TICK, 10 * DAY, False),
        (-DAY, DAY, False),
        (-DAY, DAY + TICK, True),
        (731 * DAY, 10 * DAY, True),
        (731 * DAY + TICK, 10 * DAY, False),
    ],
    ids=[
        "the longest term", "a tick longer", "empty", "inverted", "a tick", "from yesterday", "from before yesterday",
        "over now", "over in a tick", "in two years", "a tick later than in two years",
    ],
)  # fmt: skip
def test_a_term_is_bounded(begins: timedelta, length: timedelta, taken: bool) -> None:
    """REQ-11, S39: it ends after it begins and after now, begins about now, and is as long as settings say."""
    world, request = _found()
    term: dict[str, Any] = {"begins": world.at + begins, "ends": world.at + begins + length}
    if taken:
        assert kinds(_approve(world, request, **term)) == [e.RequestApproved]
    else:
        assert _unapproved(world, request, **term) == "not_allowed_value"


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), True), (TICK, False)],
    ids=["a tick less", "ten years", "a tick more"],
)
def test_a_permit_lasts_ten_years_at_most(offset: timedelta, taken: bool) -> None:
    """E17, REQ-08: ten calendar years, whatever the institute's own longest term is."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ASSESSED)
    find(world, request, *EHDS_CRITERIA)
    ends = world.at.replace(year=world.at.year + 10) + offset
    if taken:
        assert kinds(_approve(world, request, ends=ends)) == [e.RequestApproved]
    else:
        assert _unapproved(world, request, ends=ends) == "not_allowed_value"


@pytest.mark.parametrize(
    "ends", ["9999-12-31T00:00:00Z", "NaN", "+275760-09-13T00:00:00Z", "2027-01-01T00:00:00", "1800000000", "1e9"]
)
def test_an_end_that_is_no_instant_is_no_command(ends: str) -> None:
    """REQ-11: year 9999, no number, beyond all years, without a time zone, seconds since 1970."""
    world, request = _found()
    with pytest.raises(ValueError, match=re.escape(ends)):
        world.attempt("approve-request", BOARD_MEMBER, request=request, **approval(world, request) | {"ends": ends})


@pytest.mark.parametrize("name", ["approve-request", "refuse-request", "vote-on-request", "record-finding"])
def test_a_board_member_with_a_tie_does_not_decide(name: str) -> None:
    """S20: the board is independent; a member who works at the applicant's organisation has a tie."""
    world, request = _found()
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
    world, request = _found()
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
    world, request = _found()
    other = another_member(world, "bea")
    _find(world, request, Criterion.LEGAL, by=other)
    world.do("declare-conflict", other, request=request, reason="my sister")
    assert _unapproved(world, request) == "not_complete"
    _find(world, request, Criterion.LEGAL)
    assert kinds(_approve(world, request)) == [e.RequestApproved]


def test_a_vote_is_recorded_and_may_change() -> None:
    """S20, REQ-04: on the form that was read; a changed vote takes the place of the old one, the same one is none."""
    world, request = _found()
    digest = world.state.requests[request].digest
    arguments = {"request": request, "reason": "a reason", "digest": digest}
    (event,) = world.do("vote-on-request", BOARD_MEMBER, approve=False, **arguments)
    assert event == e.BoardVoted(request=request, person=BOARD_MEMBER, approve=False, reason="a reason")
    assert world.refusal("vote-on-request", BOARD_MEMBER, approve=False, **arguments) == "already_exists"
    world.do("vote-on-request", BOARD_MEMBER, approve=True, **arguments)
    assert world.state.requests[request].votes == {BOARD_MEMBER: True}


def test_a_vote_on_another_form_is_refused() -> None:
    """REQ-04: the digest is that of the form as it was sent in."""
    world, request = _found()
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
    world, request = _found(_with_quorum(quorum))
    for member, sign in zip(_members(world, "bea", "ben", "bob"), votes, strict=False):
        vote(world, member, request, sign == "+")
    if approved:
        assert kinds(_approve(world, request)) == [e.RequestApproved]
    else:
        assert _unapproved(world, request) == "not_complete"


def _with_quorum(quorum: int) -> World:
    world = everything_holds()
    if quorum > 1:
        world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, board_quorum=quorum)
    return world


def test_who_approves_has_voted_for_it() -> None:
    """S20: their earlier vote against it counts no more, and their vote for it counts once."""
    world, request = _found(_with_quorum(2))
    vote(world, BOARD_MEMBER, request)
    assert _unapproved(world, request) == "not_complete"
    vote(world, BOARD_MEMBER, request, approve=False)
    (other,) = _members(world, "bea")
    vote(world, other, request)
    assert kinds(_approve(world, request)) == [e.RequestApproved]


@pytest.mark.parametrize("lost", ["role", "tie", "moved", "stopped"])
def test_the_vote_of_who_left_the_board_or_has_a_tie_now_does_not_count(lost: str) -> None:
    """S20, S94: votes are those of the independent board at the time of the decision."""
    world, request = _found(_with_quorum(2))
    (other,) = _members(world, "bea")
    vote(world, other, request)
    _lose(world, request, other, lost)
    assert _unapproved(world, request) == "not_complete"


def _lose(world: World, request: RequestId, who: PersonId, lost: str) -> None:
    if lost == "role":
        world.do("end-role", ADMIN, person=who, role="board-member")
    elif lost == "tie":
        world.do("declare-conflict", who, request=request, reason="my sister")
    elif lost == "moved":
        world.do("move-person", ADMIN, person=who, institution="hospital", email="bea@hospital.example")
    else:
        world.do("disable-person", ADMIN, person=who, reason="a question")


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


@pytest.mark.parametrize("role", ["board-member", "admin", "assessor"])
def test_nobody_decides_on_their_own_request(role: str) -> None:
    """REQ-01: whatever role an applicant has, the decision is another person's."""
    world, request = _found()
    appoint(world, RESEARCHER, role)
    expected = "four_eyes" if role == "board-member" else "not_permitted"
    assert _unapproved(world, request, RESEARCHER) == expected


def test_no_admin_and_no_assessor_approves() -> None:
    """S20, REQ-06: the decision is the board's."""
    world, request = _found()
    for who in (ADMIN, SECOND_ADMIN, ASSESSOR, TRAINER):
        assert _unapproved(world, request, who) == "not_permitted"


@pytest.mark.parametrize("status", [RequestStatus.SUBMITTED, RequestStatus.ASSESSED])
def test_the_board_refuses_with_its_reasons(status: RequestStatus) -> None:
    """S22, E10: the reasons and who decided stand in the facts, and nothing follows a refusal."""
    world, request = reached(status)
    (event,) = world.do("refuse-request", BOARD_MEMBER, request=request, reason="no")
    assert event == e.RequestRefused(request=request, reason="no")
    found = world.state.requests[request]
    assert (found.decided_by, found.end_reason) == (BOARD_MEMBER, "no")
    assert _unapproved(world, request) == "wrong_state"


def test_an_investigator_does_not_refuse_what_the_board_decides() -> None:
    """S20, S49: an investigator of the study that the data come from is not the board."""
    clinical = Clinical()
    world = clinical.world
    request = world.ask(RequestStatus.SUBMITTED, ("biopsies",))
    assert world.refusal("refuse-request", clinical.central, request=request, reason="no") == "not_permitted"


AFTER_2029 = datetime(2029, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "listed", "approved"),
    [(AFTER_2029, False, False), (AFTER_2029, True, True), (AFTER_2029 - 365 * DAY, False, True)],
    ids=["not listed", "listed", "before the rules bind"],
)
def test_under_the_ehds_a_third_country_has_to_be_listed(at: datetime, listed: bool, approved: bool) -> None:
    """E13, E2: a ground for the transfer does not replace the listing, once the rules of the EHDS bind."""
    world = everything_holds(at=at)
    request = ask_with_abroad(world, RequestStatus.ASSESSED, regime="ehds")
    world.do("record-transfer-basis", office(world), **basis(world, request))
    if listed:
        act = e.CountryListed(country="US", begins=world.at - MINUTE, ends=None, act="an act")
        world.append([(person(ADMIN), act)])
    find(world, request, *EHDS_CRITERIA)
    if approved:
        assert kinds(_approve(world, request)) == [e.RequestApproved]
    else:
        assert _unapproved(world, request) == "not_complete"


@pytest.mark.parametrize("name", ["vote-on-request", "approve-request", "refuse-request", "declare-conflict"])
def test_a_missing_request_is_not_found(name: str) -> None:
    """A board member is told that there is no such request."""
    world, request = _found()
    arguments = {**_arguments(world, request), "declare-conflict": {"reason": "my sister"}}[name]
    assert world.refusal(name, BOARD_MEMBER, request="DR-999", **arguments) == "not_found"

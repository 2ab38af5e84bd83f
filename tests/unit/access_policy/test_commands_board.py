"""The request on the organisation's side: assessed, decided, signed, made available, ended (S19-S26, S94, S100)."""

import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.model.enums import Party, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    appoint,
    approval,
    everything_holds,
    kinds,
    sign,
)


def _at(status: RequestStatus) -> tuple[World, RequestId]:
    world = everything_holds()
    return world, world.ask(status)


def test_a_request_is_assessed_and_approved() -> None:
    """S1, S2, S19, S22, S39: assessment, both findings, reasons, licence and term stand in the facts."""
    world, request = _at(RequestStatus.SUBMITTED)
    assert kinds(world.do("assess-request", ASSESSOR, request=request, assessment="sound")) == [e.RequestAssessed]
    (event,) = world.do("approve-request", BOARD_MEMBER, request=request, **approval(world))
    assert isinstance(event, e.RequestApproved)
    assert (event.improves_treatment, event.public_interest, event.reason, event.licence) == (
        True,
        True,
        "good",
        "eea-1",
    )
    assert world.state.requests[request].decided_by == BOARD_MEMBER


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"improves_treatment": False}, "not_complete"),
        ({"public_interest": False}, "not_complete"),
        ({"licence": "nothing"}, "not_found"),
        ({"digest": "1" * 64}, "changed_meanwhile"),
    ],
    ids=["S1 no better treatment", "S2 no public interest", "S25 no such licence", "REQ-04 another form"],
)
def test_an_approval_is_refused(changed: dict[str, Any], code: str) -> None:
    """S1, S2, S25, REQ-04: both findings, a published licence, and the form that was read."""
    world, request = _at(RequestStatus.ASSESSED)
    assert world.refusal("approve-request", BOARD_MEMBER, request=request, **approval(world, **changed)) == code


def test_an_approval_names_the_form_that_was_read() -> None:
    """REQ-04: with the hash of the form as it was submitted the approval is taken."""
    world, request = _at(RequestStatus.ASSESSED)
    digest = world.state.requests[request].digest
    (event,) = world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, digest=digest))
    assert isinstance(event, e.RequestApproved)
    assert world.state.requests[request].status == RequestStatus.APPROVED
    assert world.state.requests[request].digest == digest


@pytest.mark.parametrize(
    ("begins", "length", "taken"),
    [
        (timedelta(0), 1096 * DAY, True),
        (timedelta(0), 1096 * DAY + TICK, False),
        (timedelta(0), timedelta(0), False),
        (timedelta(0), -DAY, False),
        (-DAY, 10 * DAY, True),
        (-DAY - TICK, 10 * DAY, False),
        (-DAY, DAY, False),
        (400 * DAY, 10 * DAY, True),
    ],
    ids=[
        "the longest term", "a microsecond longer", "empty", "inverted", "from yesterday", "from before yesterday",
        "over already", "in a year",
    ],
)  # fmt: skip
def test_a_term_is_bounded(begins: timedelta, length: timedelta, taken: bool) -> None:
    """REQ-11, S39: it ends after it begins and after now, begins now or later, and is as long as settings say."""
    world, request = _at(RequestStatus.ASSESSED)
    start = world.at + begins
    arguments = approval(world, begins=start, ends=start + length)
    if taken:
        assert kinds(world.do("approve-request", BOARD_MEMBER, request=request, **arguments)) == [e.RequestApproved]
    else:
        code = world.refusal("approve-request", BOARD_MEMBER, request=request, **arguments)
        assert code == "not_allowed_value"


@pytest.mark.parametrize(
    "ends", ["9999-12-31T00:00:00Z", "NaN", "+275760-09-13T00:00:00Z", "2027-01-01T00:00:00", "1800000000", "1e9"]
)
def test_an_end_that_is_no_instant_is_no_command(ends: str) -> None:
    """REQ-11: year 9999, no number, beyond all years, without a time zone, seconds since 1970."""
    world, request = _at(RequestStatus.ASSESSED)
    with pytest.raises(ValueError, match=re.escape(ends)):
        world.attempt("approve-request", BOARD_MEMBER, request=request, **approval(world) | {"ends": ends})


@pytest.mark.parametrize("name", ["approve-request", "refuse-request"])
def test_a_board_member_with_a_tie_does_not_decide(name: str) -> None:
    """S20: the board is independent; a member who works at the applicant's organisation has a tie."""
    world, request = _at(RequestStatus.ASSESSED)
    appoint(world, COLLEAGUE, "board-member")
    arguments = approval(world) if name == "approve-request" else {"reason": "no"}
    assert world.refusal(name, COLLEAGUE, request=request, **arguments) == "four_eyes"
    assert kinds(world.do(name, BOARD_MEMBER, request=request, **arguments)) != []


@pytest.mark.parametrize("role", ["board-member", "admin", "assessor"])
def test_nobody_decides_on_their_own_request(role: str) -> None:
    """REQ-01: whatever role an applicant has, the decision is another person's."""
    world, request = _at(RequestStatus.ASSESSED)
    appoint(world, RESEARCHER, role)
    expected = "four_eyes" if role == "board-member" else "not_permitted"
    assert world.refusal("approve-request", RESEARCHER, request=request, **approval(world)) == expected


def test_the_board_refuses_with_its_reasons() -> None:
    """S22: the reasons and who decided stand in the facts, and nothing follows a refusal."""
    world, request = _at(RequestStatus.SUBMITTED)
    assert kinds(world.do("refuse-request", BOARD_MEMBER, request=request, reason="no")) == [e.RequestRefused]
    assert world.refusal("approve-request", BOARD_MEMBER, request=request, **approval(world)) == "wrong_state"


def test_three_people_sign_and_only_then_the_data_follow() -> None:
    """S23, S26: with two of three signatures nothing is mounted and nothing can be made available."""
    world, request = _at(RequestStatus.APPROVED)
    for party in ("representative", "researcher"):
        sign(world, request, party)
        assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
        assert world.decide(world.query(request=request)).datasets == ()
    sign(world, request, "licensee")
    assert world.state.requests[request].status is RequestStatus.LICENSED
    assert world.decide(world.query(request=request)).datasets == ()


def test_one_person_signs_for_one_party() -> None:
    """S23: three distinct people; who is applicant, signatory and representative at once signs one of the three."""
    world, request = _at(RequestStatus.APPROVED)
    appoint(world, RESEARCHER, "signatory", "hospital")
    appoint(world, RESEARCHER, "representative")
    world.do("sign-licence", RESEARCHER, request=request, party="licensee")
    for party in ("researcher", "representative"):
        assert world.refusal("sign-licence", RESEARCHER, request=request, party=party) == "four_eyes"


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize(
    "who", [RESEARCHER, SIGNATORY, REPRESENTATIVE], ids=["applicant", "signatory", "representative"]
)
def test_each_party_is_signed_for_by_who_stands_for_it(who: PersonId, party: Party) -> None:
    """S23: the researcher, the licensee's signatory and the centre's representative, each for their own party."""
    world, request = _at(RequestStatus.APPROVED)
    own = {RESEARCHER: Party.RESEARCHER, SIGNATORY: Party.LICENSEE, REPRESENTATIVE: Party.REPRESENTATIVE}[who]
    if party is own:
        assert kinds(world.do("sign-licence", who, request=request, party=party)) == [e.LicenceSigned]
        assert world.refusal("sign-licence", who, request=request, party=party) == "already_exists"
    else:
        assert world.refusal("sign-licence", who, request=request, party=party) == "not_permitted"


def test_the_signatory_of_another_institution_signs_nothing() -> None:
    """S34: a signatory signs for the institution of the request only."""
    world, request = _at(RequestStatus.APPROVED)
    appoint(world, STEWARD, "signatory", "centre")
    assert world.refusal("sign-licence", STEWARD, request=request, party="licensee") == "not_permitted"


def test_making_available_is_a_step_of_its_own() -> None:
    """S100: after all signatures, by the data organisation; never by the applicant (REQ-02)."""
    world, request = _at(RequestStatus.LICENSED)
    appoint(world, RESEARCHER, "data-steward")
    assert world.refusal("make-available", RESEARCHER, request=request) == "four_eyes"
    assert kinds(world.do("make-available", STEWARD, request=request)) == [e.RequestMadeAvailable]
    assert world.decide(world.query(request=request)).allowed


def test_what_is_not_offered_is_not_made_available() -> None:
    """REQ-10: a request whose datasets were all withdrawn waits."""
    world, request = _at(RequestStatus.LICENSED)
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE, SIGNATORY], ids=["admin", "representative", "signatory"])
def test_a_request_is_ended_at_once(who: PersonId) -> None:
    """S94: by the centre or the licensee; an ended request is not ended again, and no dataset is left."""
    world = everything_holds()
    assert kinds(world.do("end-request", who, request=OPEN, reason="over")) == [e.RequestEnded]
    assert world.refusal("end-request", who, request=OPEN, reason="over") == "wrong_state"
    assert msgspec.structs.asdict(world.decide())["datasets"] == ()


@pytest.mark.parametrize(
    "name", ["assess-request", "approve-request", "refuse-request", "make-available", "end-request"]
)
def test_a_missing_request_is_not_found(name: str) -> None:
    """Somebody who may is told that there is no such request."""
    world = everything_holds()
    who = {"assess-request": ASSESSOR, "make-available": STEWARD, "end-request": ADMIN}.get(name, BOARD_MEMBER)
    arguments: dict[str, Any] = {
        "assess-request": {"assessment": "sound"}, "approve-request": approval(world), "make-available": {},
    }.get(name, {"reason": "no"})  # fmt: skip
    assert world.refusal(name, who, request="DR-999", **arguments) == "not_found"

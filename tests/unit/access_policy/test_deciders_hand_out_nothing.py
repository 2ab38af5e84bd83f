"""Who reviewed or has a tie hands nothing out; and what an approval, a vote and a contact rest on stays true."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Confirmation, RequestStatus, Scenario
from access_policy.model.ids import CENTRE, PersonId, RequestId
from access_policy.notices import Notice, NoticeKind, reminders
from tests.unit.access_policy.happenings import NEW, happens, submitted
from tests.unit.access_policy.situations import (
    Clinical,
    another_member,
    approve,
    ask_under_ehds,
    basis,
    office,
    ready_to_approve,
    unapproved,
    vote,
    with_assessed_renewal,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    DIGEST,
    INSTALLATION,
    OPEN,
    RESEARCHER,
    STEWARD,
    TICK,
    World,
    appoint,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
    register_dataset,
)

EXTRACT: dict[str, Any] = {
    "dataset": "tumours", "location": "cuts/one", "manifest": "b" * 64, "patients": 4, "attested": True,
}  # fmt: skip
YES = {"reason": "it is needed"}


def _two_that_add_one_contact() -> tuple[World, RequestId]:
    """Return a permit with two amendments that add the same contact, to whom data are available by the first."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    for _ in range(2):
        world.do("propose-amendment", RESEARCHER, request=request, reason="more", contacts=COLLEAGUE)
    world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=1, **YES)
    world.make_ready(COLLEAGUE)
    world.do("make-available-to-contact", STEWARD, request=request, person=COLLEAGUE)
    return world, request


def test_who_is_a_contact_already_is_added_by_no_second_amendment() -> None:
    """E19: what another amendment added meanwhile is not added again; that amendment is refused."""
    world, request = _two_that_add_one_contact()
    decision = {"request": request, "amendment": 2, **YES}
    assert world.refusal("approve-amendment", BOARD_MEMBER, **decision) == "changed_meanwhile"
    assert kinds(world.do("refuse-amendment", BOARD_MEMBER, **decision)) == [e.AmendmentRefused]


def test_a_dataset_that_is_granted_already_is_added_by_no_second_amendment() -> None:
    """E19, S3: nor is a dataset that another amendment brought meanwhile."""
    world = everything_holds()
    scans = {"request": OPEN, "reason": "more", "datasets": "scans", "necessities": "the outcome"}
    for _ in range(2):
        world.do("propose-amendment", RESEARCHER, **scans)
    world.do("approve-amendment", BOARD_MEMBER, request=OPEN, amendment=1, **YES)
    assert world.refusal("approve-amendment", BOARD_MEMBER, request=OPEN, amendment=2, **YES) == "changed_meanwhile"


def test_a_contact_who_is_added_again_keeps_what_was_made_available() -> None:
    """E19, S38: in an older log, where the second amendment was approved, the contact stays as they were."""
    world, request = _two_that_add_one_contact()
    before = world.state.requests[request].contacts[COLLEAGUE]
    assert before.available is not None
    happens(world, e.AmendmentApproved(request=request, amendment=2, reason="yes"), by=BOARD_MEMBER)
    assert world.state.requests[request].contacts[COLLEAGUE] == before


def test_a_contact_with_another_address_by_amendment_keeps_what_was_made_available() -> None:
    """E19, S38, S16: the address follows the account; nothing else is taken from who has not left."""
    world, request = _two_that_add_one_contact()
    before = world.state.requests[request].contacts[COLLEAGUE].available
    happens(world, e.EmailCorrected(person=COLLEAGUE, email="cas.new@hospital.example"))
    happens(world, e.AmendmentApproved(request=request, amendment=2, reason="yes"), by=BOARD_MEMBER)
    after = world.state.requests[request].contacts[COLLEAGUE]
    assert (after.email, after.available) == ("cas.new@hospital.example", before)


def test_a_contact_who_left_is_added_as_a_new_one() -> None:
    """S33, E19: coming back revives nothing; they wait for a step of their own."""
    world, request = _two_that_add_one_contact()
    world.do("record-departure", ADMIN, person=COLLEAGUE)
    world.do("move-person", ADMIN, person=COLLEAGUE, institution="hospital", email="cas@hospital.example")
    happens(world, e.AmendmentApproved(request=request, amendment=2, reason="yes"), by=BOARD_MEMBER)
    contact = world.state.requests[request].contacts[COLLEAGUE]
    assert (contact.left, contact.available) == (None, None)


def _other_assessor(world: World) -> PersonId:
    who = world.register("ans", "centre")
    appoint(world, who, "assessor")
    return who


def _assess_anew(world: World, request: RequestId) -> PersonId:
    """Let the assessor declare a tie, and another one assess anew; return the other one."""
    other = _other_assessor(world)
    world.do("declare-conflict", ASSESSOR, request=request, reason="a cousin")
    world.do("assess-request", other, request=request, assessment="sound as well")
    for criterion in ("social", "ethical", "legal", "contractual"):
        world.do("record-finding", other, request=request, criterion=criterion, met=True, reason="so")
    return other


def _assessed_first(world: World, request: RequestId) -> PersonId:
    first = _other_assessor(world)
    for who in (first, ASSESSOR):
        happens(world, e.RequestAssessed(request=request, assessment="sound"), by=who)
    return first


def _declared_a_tie(world: World, request: RequestId) -> PersonId:
    member = another_member(world, "bea")
    world.do("declare-conflict", member, request=request, reason="a cousin")
    return member


def _voted(world: World, request: RequestId) -> PersonId:
    member = another_member(world, "bea")
    vote(world, member, request)
    return member


def _voted_against(world: World, request: RequestId) -> PersonId:
    member = another_member(world, "bea")
    vote(world, member, request, approve=False)
    vote(world, another_member(world, "ben"), request)
    return member


def _found(world: World, request: RequestId) -> PersonId:
    who = office(world)
    world.do("record-finding", who, request=request, criterion="legal", met=True, reason="so")
    return who


@pytest.mark.parametrize(
    "part",
    [_assessed_first, _declared_a_tie, _voted, _voted_against, _found],
    ids=["an earlier assessment", "a declared tie", "a vote for it", "a vote against it", "a finding"],
)
def test_who_reviewed_a_request_hands_nothing_out(part: Callable[[World, RequestId], PersonId]) -> None:
    """E11, S20: who assessed, found or voted, or has a tie, prepares no extract and makes nothing available."""
    world, request = ready_to_approve()
    who = part(world, request)
    approve(world, request)
    world.bring(request, RequestStatus.LICENSED)
    appoint(world, who, "data-steward")
    assert world.refusal("prepare-extract", who, request=request, **EXTRACT) == "four_eyes"
    assert world.refusal("make-available", who, request=request) == "four_eyes"
    assert kinds(world.do("make-available", STEWARD, request=request)) == [e.RequestMadeAvailable]


def test_who_voted_on_a_change_hands_nothing_out() -> None:
    """E11, E19: a vote on an amendment counts as one on the request."""
    world = everything_holds()
    register_dataset(world, "images")
    images = {"request": OPEN, "reason": "more", "datasets": "images", "necessities": "the outcome"}
    world.do("propose-amendment", RESEARCHER, **images)
    member, digest = another_member(world, "bea"), world.state.requests[OPEN].digest
    world.do("vote-on-request", member, request=OPEN, approve=True, amendment=1, digest=digest, **YES)
    world.do("approve-amendment", BOARD_MEMBER, request=OPEN, amendment=1, **YES)
    appoint(world, member, "data-steward")
    assert world.refusal("make-available", member, request=OPEN) == "four_eyes"


def test_that_the_centre_takes_part_is_no_tie_of_its_stewards() -> None:
    """S20, E11: all of them work there, and data of a request of the centre's are handed out by one of them."""
    world = everything_holds()
    happens(world, e.EntityNamed(request=OPEN, institution=CENTRE))
    assert kinds(world.do("prepare-extract", STEWARD, request=OPEN, **EXTRACT)) == [e.ExtractPrepared]


def test_a_steward_of_a_party_hands_nothing_out_to_it() -> None:
    """S20: in an older log somebody of the applicant's institution may be a steward; they have a tie."""
    world = everything_holds()
    appoint(world, COLLEAGUE, "data-steward")
    assert world.refusal("prepare-extract", COLLEAGUE, request=OPEN, **EXTRACT) == "four_eyes"


def _corrected_abroad(world: World, *requests: RequestId) -> None:
    """Let the hospital turn out to lie in the US, with a ground for each of these requests."""
    arguments = {"institution": "hospital", "name": "Hospital", "country": "US", "reason": "misread"}
    world.agree("correct-institution", **arguments)
    for request in requests:
        world.do("record-transfer-basis", office(world), **basis(world, request, institution="hospital"))


def _confirm(world: World, request: RequestId) -> None:
    confirmations = ",".join(Confirmation)
    arguments = {"institution": "hospital", "confirmations": confirmations}
    world.do("confirm-protection", RESEARCHER, request=request, **arguments)


def test_an_organisation_that_lies_abroad_by_now_confirms_before_the_approval() -> None:
    """S61, E7, REQ-04: the assessed form goes back, is confirmed, and is reviewed as a whole anew."""
    world, request = ready_to_approve()
    vote(world, another_member(world, "bea"), request)
    _corrected_abroad(world, request)
    assert unapproved(world, request) == "not_complete"
    assert kinds(world.do("return-request", ASSESSOR, request=request, reason="confirm")) == [e.RequestReturned]
    found = world.state.requests[request]
    assert (found.status, found.assessed_by, found.findings, found.votes) == (RequestStatus.DRAFT, None, {}, {})
    _confirm(world, request)
    world.bring(request, RequestStatus.SUBMITTED)
    assert unapproved(world, request) == "wrong_state"
    world.bring(request, RequestStatus.ASSESSED)
    assert found.findings == {}
    find(world, request)
    assert kinds(approve(world, request)) == [e.RequestApproved]


def test_who_assessed_the_returned_form_still_hands_nothing_out() -> None:
    """E11: their assessment counts no more; that they looked at the request does."""
    world, request = ready_to_approve()
    world.do("return-request", office(world), request=request, reason="no years")
    assert ASSESSOR in world.state.requests[request].deciders


def test_a_clinical_request_from_abroad_has_its_confirmations_too() -> None:
    """S61: neither investigator approves while the organisation has confirmed nothing."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    _corrected_abroad(world, request)
    assert world.refusal("approve-clinical", clinical.central, **clinical.approval()) == "not_complete"
    world.do("return-request", ASSESSOR, request=request, reason="confirm")
    _confirm(world, request)
    world.bring(request, RequestStatus.SUBMITTED)
    assert kinds(world.do("approve-clinical", clinical.central, **clinical.approval())) == [e.InvestigatorApproved]


def _quorum_of_two(world: World) -> None:
    world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, board_quorum=2)


def test_votes_on_an_earlier_assessment_count_no_more() -> None:
    """S20: who voted on the word of somebody with a tie votes anew on the new assessment."""
    world, request = ready_to_approve()
    _quorum_of_two(world)
    member = another_member(world, "bea")
    vote(world, member, request)
    _assess_anew(world, request)
    assert world.state.requests[request].votes == {}
    assert unapproved(world, request) == "not_complete"
    vote(world, member, request)
    assert kinds(approve(world, request)) == [e.RequestApproved]


def test_votes_on_an_earlier_assessment_of_a_renewal_count_no_more() -> None:
    """S20, S42: the same for a renewal."""
    world = with_assessed_renewal()
    _quorum_of_two(world)
    member, digest = another_member(world, "bea"), world.state.requests[OPEN].digest
    ballot = {"request": OPEN, "approve": True, "extension": True, "digest": digest, **YES}
    world.do("vote-on-request", member, **ballot)
    world.do("declare-conflict", ASSESSOR, request=OPEN, reason="a cousin")
    other = _other_assessor(world)
    world.do("assess-extension", other, request=OPEN, assessment="sound as well")
    for criterion in ("social", "ethical", "legal", "contractual"):
        found = {"request": OPEN, "criterion": criterion, "met": True, "extension": True}
        world.do("record-finding", other, reason="so", **found)
    assert world.refusal("grant-extension", BOARD_MEMBER, request=OPEN, **YES) == "not_complete"
    world.do("vote-on-request", member, **ballot)
    assert kinds(world.do("grant-extension", BOARD_MEMBER, request=OPEN, **YES)) == [e.ExtensionGranted]


@pytest.mark.parametrize(
    ("late", "told"),
    [(-TICK, False), (timedelta(0), True), (DAY, True)],
    ids=["a tick before it was due", "as it was due", "a day late"],
)
def test_a_clock_that_was_met_late_is_told_all_the_same(late: timedelta, told: bool) -> None:
    """S21, S41, REQ-08: the reminders run after the decision; the breach was at `due`, and is told once."""
    world, begun = submitted()
    due = begun + 42 * DAY
    world.at = due + late
    happens(world, e.RequestRefused(request=NEW, reason="no"))

    def breached(begins: timedelta, ends: timedelta) -> list[Notice]:
        found = reminders(world.state, due + begins, due + ends)
        return [one for one in found if (one.kind, one.about) == (NoticeKind.CLOCK_BREACHED, NEW)]

    assert bool(breached(-DAY, 2 * DAY)) is told
    assert {one.at for one in breached(-DAY, 2 * DAY)} == ({due} if told else set())
    assert breached(-DAY, timedelta(0)) == breached(TICK, 2 * DAY) == []


def _older_reuse() -> tuple[World, RequestId]:
    """Return an approved request for data of the own hospital, whose older log names no scenario."""
    world = everything_holds()
    for name, hospital in (("own", "hospital"), ("ours", "hospital"), ("theirs", "centre")):
        world.do("register-dataset", STEWARD, **dataset_arguments(name), hospitals=hospital)
    request = world.ask(RequestStatus.DRAFT, ("own",))
    world.append([(person(RESEARCHER), e.RequestSubmitted(request=request, digest=DIGEST))])
    assert world.state.requests[request].scenario is Scenario.SEVERAL_HOSPITALS
    world.bring(request, RequestStatus.APPROVED)
    return world, request


@pytest.mark.parametrize(("name", "taken"), [("ours", True), ("theirs", False)])
def test_an_older_log_without_a_scenario_is_amended(name: str, taken: bool) -> None:
    """S5, S7, E19: the scenario is worked out of the form; data that change it are refused as ever."""
    world, request = _older_reuse()
    arguments = {"request": request, "reason": "more", "datasets": name, "necessities": "the outcome"}
    if taken:
        world.do("propose-amendment", RESEARCHER, **arguments)
        decided = world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=1, **YES)
        assert kinds(decided) == [e.AmendmentApproved]
    else:
        assert world.refusal("propose-amendment", RESEARCHER, **arguments) == "not_allowed_value"

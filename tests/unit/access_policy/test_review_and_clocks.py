"""Which clocks stand still, what is decided faster, who was heard, and who left or was named before a decision."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.clocks import ClockKind, ClockState
from access_policy.commands.requests import form_digest
from access_policy.model.enums import PausableClock, PauseReason, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.instants import months_later
from tests.unit.access_policy.clock_reading import assert_due, clock
from tests.unit.access_policy.parties import ASKED, OFFICE, asked
from tests.unit.access_policy.situations import (
    Clinical,
    approve,
    ask_extension,
    ask_under_ehds,
    office,
    reached,
    ready_to_approve,
    unapproved,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    DESK,
    INSTALLATION,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    TICK,
    World,
    description,
    everything_holds,
    kinds,
    on_behalf_of,
)

K = ClockKind
NEXT = RequestId("DR-3")


def _submitted(world: World, request: RequestId) -> datetime:
    at = world.state.requests[request].submitted
    assert at is not None
    return at


def _intake() -> tuple[World, RequestId, PersonId, int]:
    return asked(), ASKED, OFFICE, 7


def _review() -> tuple[World, RequestId, PersonId, int]:
    world, request = reached(RequestStatus.SUBMITTED)
    return world, request, office(world), 42


def _availability() -> tuple[World, RequestId, PersonId, int]:
    clinical = Clinical()
    by = office(clinical.world)
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    return clinical.world, clinical.request, by, 7


def _extension() -> tuple[World, RequestId, PersonId, int]:
    world = everything_holds()
    by = office(world)
    ask_extension(world)
    return world, OPEN, by, 7


_RUNNING: dict[PausableClock, Callable[[], tuple[World, RequestId, PersonId, int]]] = {
    PausableClock.INTAKE: _intake,
    PausableClock.REVIEW: _review,
    PausableClock.AVAILABILITY: _availability,
    PausableClock.EXTENSION: _extension,
}


def _pause(request: RequestId, which: PausableClock) -> dict[str, Any]:
    return {"request": request, "why": "waiting-for-advice", "note": "of the committee", "clock": which}


@pytest.mark.parametrize("which", PausableClock)
def test_each_clock_of_the_institute_stands_still_and_goes_on(which: PausableClock) -> None:
    """S13, S21, S44, S52: for a reason, and its due instant moves by as long as it stood still."""
    world, request, by, count = _RUNNING[which]()
    kind = ClockKind(which.value)
    starts = clock(world, kind, request=request).starts
    assert world.do("pause-clock", by, **_pause(request, which)) == (
        e.ClockPaused(request=request, why=PauseReason.WAITING_FOR_ADVICE, note="of the committee", clock=which),
    )
    assert world.refusal("pause-clock", by, **_pause(request, which)) == "wrong_state"
    assert clock(world, kind, starts + 900 * DAY, request).state is ClockState.PAUSED
    world.wait(3 * DAY - MINUTE)
    assert world.do("resume-clock", by, request=request, clock=which) == (e.ClockResumed(request=request, clock=which),)
    assert world.refusal("resume-clock", by, request=request, clock=which) == "wrong_state"
    assert_due(world, kind, starts + (count + 3) * DAY, request)


@pytest.mark.parametrize("which", PausableClock)
def test_a_clock_that_does_not_run_does_not_stand_still(which: PausableClock) -> None:
    """S13, S21, S44, S52: neither one that the request does not have, nor one that is breached."""
    world, request, by, count = _RUNNING[which]()
    for other in PausableClock:
        if other is not which:
            assert world.refusal("pause-clock", by, **_pause(request, other)) == "wrong_state"
    world.at = clock(world, ClockKind(which.value), request=request).starts + count * DAY
    assert world.refusal("pause-clock", by, **_pause(request, which)) == "wrong_state"
    world.at -= TICK
    world.do("pause-clock", by, **_pause(request, which))


def test_only_the_office_lets_a_clock_stand_still() -> None:
    """S13, REQ-06: neither an admin nor the steward whom it waits for."""
    world, request, _, _ = _availability()
    for who in (ADMIN, STEWARD, RESEARCHER):
        assert world.refusal("pause-clock", who, **_pause(request, PausableClock.AVAILABILITY)) == "not_permitted"


def test_what_was_waited_for_ends_the_pause() -> None:
    """S13: an answered intake stands still no more; how long it did is kept when its form is opened."""
    world = asked()
    world.do("submit-intake", DESK, name="Rosa", surname="Rood", email="rosa@hospital.example")
    request = RequestId("DR-4")
    world.do("pause-clock", OFFICE, **_pause(request, PausableClock.INTAKE))
    world.wait(20 * DAY)
    world.do("answer-intake", OFFICE, request=request, institution="hospital")
    before = clock(world, K.INTAKE, request=request)
    assert (before.state, world.state.requests[request].open_pause(PausableClock.INTAKE)) == (ClockState.MET, None)
    world.do("accept-invitation", RESEARCHER, invitation=1, title="Survival", purpose="Why")
    assert clock(world, K.INTAKE, request=request) == before


def test_a_pause_of_one_extension_does_not_reach_the_next() -> None:
    """S44: the answer ends the pause, and the next question has its whole week."""
    world, request, by, _ = _extension()
    world.do("pause-clock", by, **_pause(request, PausableClock.EXTENSION))
    world.do("answer-extension", by, request=request)
    assert world.refusal("resume-clock", by, request=request, clock="extension") == "wrong_state"


def test_the_ehds_knows_no_pause() -> None:
    """E8: the time to decide is put off once, with reasons, and never stands still."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.SUBMITTED)
    assert world.refusal("pause-clock", office(world), **_pause(request, PausableClock.REVIEW)) == "wrong_state"


def test_the_renewal_of_a_permit_of_the_ehds_knows_no_pause() -> None:
    """E8, E17: not even where the institute's own week runs for it."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    by = office(world)
    ask_extension(world, request)
    assert clock(world, K.EXTENSION, request=request).state is ClockState.RUNNING
    assert world.refusal("pause-clock", by, **_pause(request, PausableClock.EXTENSION)) == "wrong_state"


def test_a_pause_stops_the_clock_that_it_names_only() -> None:
    """S21, S52: what stands in the log for one clock moves no other."""
    world, request, by, _ = _availability()
    before = clock(world, K.AVAILABILITY, request=request)
    for which in (PausableClock.REVIEW, PausableClock.EXTENSION):
        paused = e.ClockPaused(request=request, why=PauseReason.WAITING_FOR_ADVICE, note="asked", clock=which)
        world.append([(person(by), paused)])
    world.wait(2 * DAY)
    assert clock(world, K.AVAILABILITY, request=request) == before


@pytest.mark.parametrize(("early", "code"), [(TICK, None), (timedelta(0), "wrong_state")], ids=["in time", "breached"])
def test_a_decision_is_not_put_off_when_its_time_is_over(early: timedelta, code: str | None) -> None:
    """E8: the notice comes before the three months are over."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.SUBMITTED)
    by = office(world)
    world.at = months_later(_submitted(world, request), 3) - early
    if code is None:
        assert kinds(world.do("defer-decision", by, request=request, reason="late")) == [e.DecisionDeferred]
    else:
        assert world.refusal("defer-decision", by, request=request, reason="late") == code


def _accelerated() -> tuple[World, PersonId]:
    world = everything_holds()
    by = office(world)
    world.ask(RequestStatus.DRAFT)
    assert world.refusal("accelerate-request", by, request=NEXT, reason="an outbreak") == "wrong_state"
    world.do("describe-request", RESEARCHER, request=NEXT, **description(regime="ehds"))
    (event,) = world.do("accelerate-request", by, request=NEXT, reason="an outbreak")
    assert event == e.RequestAccelerated(request=NEXT, reason="an outbreak")
    assert world.refusal("accelerate-request", by, request=NEXT, reason="again") == "already_exists"
    return world, by


def test_an_accelerated_request_is_decided_in_two_months_and_one_more() -> None:
    """E8: marked by the office, with its reason, once, under the EHDS and before the form comes in."""
    world, by = _accelerated()
    world.bring(NEXT, RequestStatus.SUBMITTED)
    at = _submitted(world, NEXT)
    assert_due(world, K.DECISION, months_later(at, 2), NEXT)
    world.do("defer-decision", by, request=NEXT, reason="advice is late")
    assert_due(world, K.DECISION, months_later(at, 3), NEXT)
    assert world.refusal("accelerate-request", by, request=NEXT, reason="late") == "wrong_state"


@pytest.mark.parametrize(("accelerated", "months"), [(False, (2, 3)), (True, (1, 2))], ids=["ordinary", "accelerated"])
def test_the_months_to_decide_are_settings(accelerated: bool, months: tuple[int, int]) -> None:
    """E8: what the institute promised counts, from when on it is adopted; the law's months are the most."""
    world, by = _accelerated()
    if not accelerated:
        request = ask_under_ehds(world, RequestStatus.SUBMITTED)
    else:
        request = NEXT
        world.bring(NEXT, RequestStatus.SUBMITTED)
    shorter = {"decision_months": 2, "deferral_months": 1, "accelerated_months": 1}
    world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, **shorter)
    at = _submitted(world, request)
    assert_due(world, K.DECISION, months_later(at, months[0]), request)
    world.do("defer-decision", by, request=request, reason="advice is late")
    assert_due(world, K.DECISION, months_later(at, months[1]), request)


def test_nobody_else_accelerates_a_request() -> None:
    """E8, REQ-06: the applicant does not shorten the time of those who decide."""
    world, _ = _accelerated()
    for who in (RESEARCHER, ADMIN, BOARD_MEMBER):
        assert world.refusal("accelerate-request", who, request=NEXT, reason="soon") == "not_permitted"


def _suspended() -> tuple[World, PersonId, datetime]:
    world = everything_holds()
    by = office(world)
    at = world.at
    world.do("suspend-request", by, request=OPEN, reason="an inquiry")
    return world, by, at


@pytest.mark.parametrize("who", ["office", "representative"])
def test_the_user_of_a_suspended_grant_is_heard(who: str) -> None:
    """E58: the hearing meets its clock, once for each suspension, and decides nothing."""
    world, by, at = _suspended()
    actor = by if who == "office" else REPRESENTATIVE
    heard = {"request": OPEN, "heard": "it was a mistake"}
    world.at = at + 28 * DAY - TICK
    assert world.do("record-hearing", actor, **heard) == (e.HearingRecorded(request=OPEN, heard="it was a mistake"),)
    assert clock(world, K.HEARING, at + 99 * DAY, OPEN).state is ClockState.MET
    assert world.state.requests[OPEN].suspended == at
    assert world.refusal("record-hearing", actor, **heard) == "already_exists"


def test_a_late_hearing_stays_a_breach() -> None:
    """E58: four weeks from the suspension, half-open."""
    world, by, at = _suspended()
    world.at = at + 28 * DAY
    world.do("record-hearing", by, request=OPEN, heard="at last")
    assert clock(world, K.HEARING, request=OPEN).state is ClockState.BREACHED


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "not heard"])
def test_a_suspension_ends_with_or_without_a_hearing(heard: bool) -> None:
    """E58: reinstated or ended; the clock keeps the hearing, or else the outcome, as its end."""
    world, by, at = _suspended()
    if heard:
        world.do("record-hearing", by, request=OPEN, heard="a mistake")
    ended = world.copy()
    ended.do("end-request", ADMIN, request=OPEN, reason="misuse")
    world.agree("reinstate-request", request=OPEN, reason="cleared")
    for one in (world, ended):
        stopped = clock(one, K.HEARING, request=OPEN).stopped
        assert stopped == (at + MINUTE if heard else one.at - MINUTE)
    assert world.refusal("record-hearing", by, request=OPEN, heard="too late") == "wrong_state"
    world.do("suspend-request", by, request=OPEN, reason="again")
    assert kinds(world.do("record-hearing", by, request=OPEN, heard="again")) == [e.HearingRecorded]


@pytest.mark.parametrize("who", [RESEARCHER, STRANGER, ADMIN, SIGNATORY])
def test_nobody_else_records_a_hearing(who: PersonId) -> None:
    """E58, REQ-06: least of all the user."""
    assert _suspended()[0].refusal("record-hearing", who, request=OPEN, heard="x") == "not_permitted"


def test_a_hearing_is_recorded_by_who_held_it() -> None:
    """E58, REQ-01: no operator records it in somebody's name."""
    world, by, _ = _suspended()
    assert world.refusal("record-hearing", on_behalf_of(by), request=OPEN, heard="x") == "personal_command"


def _leaves(world: World, who: PersonId = RESEARCHER) -> None:
    world.do("record-departure", ADMIN, person=who)


def _moves(world: World) -> None:
    world.do("move-person", ADMIN, person=RESEARCHER, institution="centre", email="rosa@centre.example")


@pytest.mark.parametrize("gone", [_leaves, _moves], ids=["left", "moved"])
def test_nothing_is_approved_for_an_applicant_who_left(gone: Callable[[World], None]) -> None:
    """S9, S23, S33: neither by the board nor by an investigator."""
    world, request = ready_to_approve()
    gone(world)
    assert unapproved(world, request) == "not_complete"
    clinical = Clinical()
    gone(clinical.world)
    assert clinical.world.refusal("approve-clinical", clinical.central, **clinical.approval()) == "not_complete"


@pytest.mark.parametrize("status", [RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED])
def test_the_office_closes_what_an_applicant_left_behind(status: RequestStatus) -> None:
    """S9, S33: only when they left, and only what is not decided."""
    world, request = reached(status)
    by = office(world)
    assert world.refusal("withdraw-request", by, request=request) == "not_permitted"
    _leaves(world)
    assert world.do("withdraw-request", by, request=request) == (e.RequestWithdrawn(request=request),)


def test_the_office_closes_no_approved_request() -> None:
    """S33, S94: what is granted is ended by an admin, with a reason."""
    world, request = ready_to_approve()
    by = office(world)
    approve(world, request)
    _leaves(world)
    assert world.refusal("withdraw-request", by, request=request) == "not_permitted"


def _without_signatory() -> tuple[World, dict[str, Any]]:
    world, request = reached(RequestStatus.DRAFT)
    world.do("end-role", ADMIN, person=SIGNATORY, role="signatory")
    invited = {"capacity": "signatory", "institution": "hospital", "email": "cas@hospital.example"}
    world.do("invite-party", RESEARCHER, request=request, **invited)
    return world, {"request": request, **invited}


@pytest.mark.parametrize("accepted", [True, False], ids=["taken up", "open"])
def test_an_invited_signatory_who_left_is_none(accepted: bool) -> None:
    """S23, S34: the form waits for another one; the same address is invited again when it is somebody's again."""
    world, invited = _without_signatory()
    assert world.refusal("invite-party", RESEARCHER, **invited) == "already_exists"
    if accepted:
        world.do("accept-invitation", COLLEAGUE, invitation=1)
    _leaves(world, COLLEAGUE)
    assert world.refusal("submit-request", RESEARCHER, request=NEXT) == "not_complete"
    if accepted:
        back = e.PersonMoved(person=COLLEAGUE, institution=InstitutionName("hospital"), email="cas@hospital.example")
        world.append([(person(ADMIN), back)])
        assert world.refusal("submit-request", RESEARCHER, request=NEXT) == "not_complete"
    assert kinds(world.do("invite-party", RESEARCHER, **invited)) == [e.InvitationSent]
    world.do("invite-party", RESEARCHER, **invited | {"email": "new@hospital.example"})
    assert kinds(world.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]


def test_the_hash_of_a_form_covers_who_signs() -> None:
    """S23, S34, REQ-04: for each organisation, appointed or invited, and another signatory makes another form."""
    world, _ = _without_signatory()
    (event,) = world.do("submit-request", RESEARCHER, request=NEXT)
    assert isinstance(event, e.RequestSubmitted)
    assert event.signatories == "hospital: cas@hospital.example"
    request = world.state.requests[NEXT]
    assert (request.signatories, request.digest) == (event.signatories, form_digest(request, event.signatories))
    assert form_digest(request, "hospital: sara@hospital.example") != request.digest


def _treatment(**named: Any) -> dict[str, Any]:
    return {"request": NEXT, **description(purpose_kind="treatment"), **named}


def test_a_physician_with_an_account_is_named_by_it() -> None:
    """S9: a person of the applicant's institution, who may be the applicant."""
    for who in (COLLEAGUE, RESEARCHER):
        world, _ = reached(RequestStatus.DRAFT)
        (event,) = world.do("describe-request", RESEARCHER, **_treatment(physician_person=who))
        assert isinstance(event, e.RequestDescribed)
        assert (event.physician_person, event.physician, event.physician_institution) == (who, "", None)


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({}, "not_complete"),
        ({"physician": "Dr Vos"}, "not_complete"),
        ({"physician_institution": "hospital"}, "not_complete"),
        ({"physician": "Dr Vos", "physician_institution": "centre"}, "not_found"),
        ({"physician": "Prof. CAS, MD", "physician_institution": "hospital"}, "not_allowed_value"),
        ({"physician_person": ASSESSOR}, "not_found"),
        ({"physician_person": "P-999"}, "not_found"),
        ({"physician_person": COLLEAGUE, "physician": "Cas"}, "not_allowed_value"),
    ],
    ids=[
        "nobody", "a name only", "an institution only", "of another institution", "by name, with an account",
        "a person of another institution", "an unknown person", "in two ways",
    ],
)  # fmt: skip
def test_a_physician_is_of_the_applicants_institution(named: dict[str, Any], code: str) -> None:
    """S9: by account, or where they have none by name and institution."""
    world, _ = reached(RequestStatus.DRAFT)
    assert world.refusal("describe-request", RESEARCHER, **_treatment(**named)) == code


def test_a_physician_who_left_is_named_anew() -> None:
    """S9: who is named in a clinical form works at its institution when it comes in."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    world.do("return-request", ASSESSOR, request=request, reason="another physician")
    form = _treatment(physician_person=COLLEAGUE) | {"request": request}
    world.do("describe-request", RESEARCHER, **form)
    _leaves(world, COLLEAGUE)
    assert world.refusal("submit-request", RESEARCHER, request=request) == "not_complete"


@pytest.mark.parametrize("by_account", [True, False], ids=["by account", "by name"])
def test_the_physician_does_not_approve_as_investigator(by_account: bool) -> None:
    """S9, S49, S50: nobody approves what is asked on their own behalf; an old form names them by name."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    form = world.state.requests[request].form
    assert form is not None
    if by_account:
        form.physician, form.physician_person = "", clinical.local
    else:
        form.physician = "Dr. LOES"
    assert world.refusal("approve-clinical", clinical.local, **clinical.approval()) == "four_eyes"
    assert kinds(world.do("approve-clinical", clinical.central, **clinical.approval())) == [e.InvestigatorApproved]

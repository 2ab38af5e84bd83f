"""What a change of the grant has to hold: its own necessities and findings, other hands, and a grant that runs."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.criteria import GUIDING_PRINCIPLES, criteria_of
from access_policy.model.enums import Criterion, PermitStatus, RequestStatus, Role, Scenario
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.instants import Term
from tests.unit.access_policy.findings import day
from tests.unit.access_policy.situations import (
    INTAKE,
    Clinical,
    another_member,
    ask_extension,
    ask_under_ehds,
    find_about_renewal,
    office,
    reached,
    ready_to_approve,
    term_of,
    with_assessed_renewal,
    with_renewal,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    appoint,
    approval,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
)

SCANS = {"request": OPEN, "reason": "more", "datasets": "scans", "necessities": "the size, and where"}
APPROVAL = {"request": OPEN, "amendment": 1, "reason": "yes"}
GRANT = {"request": OPEN, "reason": "yes"}


def _permit() -> tuple[World, RequestId]:
    world = everything_holds()
    return world, ask_under_ehds(world, RequestStatus.ACTIVE)


def _amendment() -> World:
    world = everything_holds()
    world.do("propose-amendment", RESEARCHER, **SCANS)
    return world


def test_each_dataset_of_an_amendment_has_its_own_necessity() -> None:
    """S3, E19: a line for each, in the order of the datasets; the request holds them once the board approved it."""
    world, request = _permit()
    lines = " the size, and where \n\nwhat is read\n"
    given = {"request": request, "reason": "more", "datasets": "scans,expressions", "necessities": lines}
    world.do("propose-amendment", RESEARCHER, **given)
    assert list(world.state.requests[request].datasets) == ["tumours"]
    world.do("approve-amendment", BOARD_MEMBER, **APPROVAL | {"request": request})
    assert world.state.requests[request].datasets == {
        "tumours": "the outcome", "scans": "the size, and where", "expressions": "what is read",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"necessities": "one\ntwo"},
        {"datasets": "scans,images", "necessities": "one\n "},
        {"datasets": "scans,images"},
        {"datasets": "", "contacts": COLLEAGUE},
    ],
    ids=["a line too many", "a blank line", "a line too few", "a line and no dataset"],
)
def test_a_dataset_without_its_own_necessity_is_not_added(changed: dict[str, str]) -> None:
    """S3: as many lines as datasets; a blank one counts for nothing."""
    world, request = _permit()
    world.do("register-dataset", STEWARD, **dataset_arguments("images"))
    arguments = SCANS | {"request": request} | changed
    assert world.refusal("propose-amendment", RESEARCHER, **arguments) == "not_complete"


def test_an_amendment_that_says_nothing_of_its_datasets_is_refused() -> None:
    """S3: the reason of an amendment stands for no necessity."""
    arguments = {"request": OPEN, "reason": "more", "datasets": "scans"}
    assert everything_holds().refusal("propose-amendment", RESEARCHER, **arguments) == "not_complete"


def test_an_amendment_of_an_older_log_has_its_reason_as_necessity() -> None:
    """S3: what was proposed without lines of its own can still be read and approved."""
    world = everything_holds()
    datasets = (DatasetName("scans"), DatasetName("images"))
    old = e.AmendmentProposed(request=OPEN, amendment=1, datasets=datasets, contacts=(), reason="more")
    world.append([(person(RESEARCHER), old)])
    assert world.state.requests[OPEN].amendments[1].necessities == {"scans": "more", "images": "more"}


def _of_hospital(world: World, name: str, *hospitals: str) -> None:
    world.do("register-dataset", STEWARD, **dataset_arguments(name), hospitals=",".join(hospitals))


def _reuse() -> tuple[World, RequestId]:
    """Return an approved request for data of the applicant's own hospital, and further datasets."""
    world = everything_holds()
    for name, hospitals in (("own", ["hospital"]), ("ours", ["hospital"]), ("theirs", ["centre"])):
        _of_hospital(world, name, *hospitals)
    request = world.ask(RequestStatus.ASSESSED, ("own",))
    find(world, request, "legal-constraints", "consent-terms")
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request))
    assert world.state.requests[request].scenario is Scenario.OWN_HOSPITAL_REUSE
    return world, request


@pytest.mark.parametrize(("name", "taken"), [("ours", True), ("theirs", False), ("scans", False)])
def test_an_amendment_keeps_the_scenario(name: str, taken: bool) -> None:
    """S5, S6, S7, S8: data of another hospital make it another scenario, for which a new request is sent in."""
    world, request = _reuse()
    arguments = SCANS | {"request": request, "datasets": name}
    if taken:
        assert kinds(world.do("propose-amendment", RESEARCHER, **arguments)) == [e.AmendmentProposed]
    else:
        assert world.refusal("propose-amendment", RESEARCHER, **arguments) == "not_allowed_value"


def test_an_amendment_that_changes_the_scenario_is_not_approved() -> None:
    """S5, E19: neither is one that was proposed before it would have been refused; it is refused."""
    world, request = _reuse()
    old = e.AmendmentProposed(
        request=request, amendment=1, datasets=(DatasetName("theirs"),), contacts=(), reason="more"
    )
    world.append([(person(RESEARCHER), old)])
    decision = APPROVAL | {"request": request}
    assert world.refusal("approve-amendment", BOARD_MEMBER, **decision) == "changed_meanwhile"
    assert kinds(world.do("refuse-amendment", BOARD_MEMBER, **decision)) == [e.AmendmentRefused]


def _suspend(world: World) -> None:
    world.do("suspend-request", ADMIN, request=OPEN, reason="we look into it")


STEPS = pytest.mark.parametrize(
    ("made", "name", "who", "arguments"),
    [
        (everything_holds, "propose-amendment", RESEARCHER, SCANS),
        (_amendment, "approve-amendment", BOARD_MEMBER, APPROVAL),
        (with_assessed_renewal, "grant-extension", BOARD_MEMBER, GRANT),
    ],
    ids=["propose-amendment", "approve-amendment", "grant-extension"],
)


@STEPS
def test_what_is_suspended_gets_no_more(made: Any, name: str, who: PersonId, arguments: dict[str, Any]) -> None:
    """E58, E19, S42: neither data, people nor time are added while it is looked into; once it holds again they are."""
    world = made()
    _suspend(world)
    assert world.refusal(name, who, **arguments) == "wrong_state"
    world.agree("reinstate-request", request=OPEN, reason="all is well")
    assert len(world.do(name, who, **arguments)) == 1


@STEPS
@pytest.mark.parametrize(("offset", "taken"), [(-TICK, True), (timedelta(0), False)], ids=["a tick before", "at it"])
def test_what_is_over_gets_no_more(
    made: Any, name: str, who: PersonId, arguments: dict[str, Any], offset: timedelta, taken: bool
) -> None:
    """S46, E19, REQ-08: after its end a grant is neither amended nor extended."""
    world = made()
    world.at = term_of(world).ends + offset
    if taken:
        assert len(world.do(name, who, **arguments)) == 1
    else:
        assert world.refusal(name, who, **arguments) == "wrong_state"


@pytest.mark.parametrize(
    ("made", "name", "who", "arguments"),
    [
        (_amendment, "refuse-amendment", BOARD_MEMBER, APPROVAL),
        (with_assessed_renewal, "refuse-extension", BOARD_MEMBER, GRANT),
        (everything_holds, "ask-extension", SIGNATORY, {"request": OPEN, **INTAKE}),
    ],
    ids=["refuse-amendment", "refuse-extension", "ask-extension"],
)
def test_what_is_suspended_can_still_be_refused_and_asked_for(
    made: Any, name: str, who: PersonId, arguments: dict[str, Any]
) -> None:
    """E58, S40: a renewal is asked for in its time, also while the user is heard; the board may say no."""
    world = made()
    _suspend(world)
    assert len(world.do(name, who, **arguments)) == 1


@pytest.mark.parametrize("missing", GUIDING_PRINCIPLES)
def test_a_renewal_needs_each_guiding_principle_anew(missing: str) -> None:
    """S42, S55: what was found about the request does not count for its renewal; each field is found about again."""
    world = with_renewal()
    world.do("assess-extension", ASSESSOR, request=OPEN, assessment="sound")
    about = {"request": OPEN, "met": True, "reason": "it still does", "extension": True}
    for criterion in GUIDING_PRINCIPLES:
        if criterion != missing:
            world.do("record-finding", ASSESSOR, criterion=criterion, **about)
    assert world.refusal("grant-extension", BOARD_MEMBER, **GRANT) == "not_complete"
    (event,) = world.do("record-finding", ASSESSOR, criterion=missing, **about)
    assert event == e.FindingRecorded(
        request=OPEN, criterion=Criterion(missing), met=True, reason="it still does", extension=True
    )
    assert kinds(world.do("grant-extension", BOARD_MEMBER, **GRANT)) == [e.ExtensionGranted]


def test_a_criterion_that_the_renewal_does_not_meet_stops_it() -> None:
    """S42, S20: only who found so finds otherwise; what was found about the request itself stays as it was."""
    world = with_assessed_renewal()
    before = dict(world.state.requests[OPEN].findings)
    about = {"request": OPEN, "criterion": "ethical", "reason": "no", "extension": True}
    world.do("record-finding", ASSESSOR, met=False, **about)
    assert world.refusal("record-finding", BOARD_MEMBER, met=True, **about) == "four_eyes"
    assert world.refusal("grant-extension", BOARD_MEMBER, **GRANT) == "not_complete"
    assert world.state.requests[OPEN].findings == before
    world.do("record-finding", ASSESSOR, met=True, **about)
    assert kinds(world.do("grant-extension", BOARD_MEMBER, **GRANT)) == [e.ExtensionGranted]


def test_the_renewal_of_a_permit_is_found_about_by_the_criteria_of_the_ehds() -> None:
    """S42, E10: the points of Article 68 beside the guiding principles."""
    world, request = _permit()
    with_renewal(request, world)
    world.do("assess-extension", ASSESSOR, request=request, assessment="sound")
    for criterion in GUIDING_PRINCIPLES:
        about = {"request": request, "criterion": criterion, "extension": True}
        world.do("record-finding", ASSESSOR, **about, met=True, reason="it still does")
    assert world.refusal("grant-extension", BOARD_MEMBER, request=request, reason="yes") == "not_complete"
    find_about_renewal(world, request)
    assert len(criteria_of(world.state.requests[request])) > len(GUIDING_PRINCIPLES)
    assert kinds(world.do("grant-extension", BOARD_MEMBER, request=request, reason="yes")) == [e.ExtensionGranted]


def _asked() -> World:
    world = everything_holds()
    ask_extension(world)
    return world


@pytest.mark.parametrize("made", [everything_holds, _asked], ids=["nothing is asked", "nothing is submitted"])
@pytest.mark.parametrize("extension", [True, False])
def test_nothing_is_found_about_what_is_not_under_review(made: Any, extension: bool) -> None:
    """S42, REQ-04: a finding is about the form that was sent in, or about the renewal that was submitted."""
    about = {"request": OPEN, "criterion": "legal", "met": True, "reason": "x", "extension": extension}
    assert made().refusal("record-finding", ASSESSOR, **about) == "wrong_state"


def test_a_request_under_review_has_no_renewal_to_find_about() -> None:
    """S42: before the approval a finding is about the request itself."""
    world, request = ready_to_approve()
    about = {"request": request, "criterion": "legal", "met": True, "reason": "x", "extension": True}
    assert world.refusal("record-finding", ASSESSOR, **about) == "wrong_state"


def _hands_out(world: World, who: PersonId) -> str:
    world.append([(person(ADMIN), e.RoleAppointed(person=who, role=Role.DATA_STEWARD, scope=None, until=day(900)))])
    extract = {"dataset": "tumours", "location": "extract-9", "manifest": "9" * 64, "patients": 4, "attested": True}
    return world.refusal("prepare-extract", who, request=OPEN, **extract)


@pytest.mark.parametrize(
    ("made", "name", "arguments"),
    [
        (_amendment, "approve-amendment", APPROVAL),
        (_amendment, "refuse-amendment", APPROVAL),
        (with_assessed_renewal, "grant-extension", GRANT),
        (with_assessed_renewal, "refuse-extension", GRANT),
    ],
    ids=["approve-amendment", "refuse-amendment", "grant-extension", "refuse-extension"],
)
def test_who_decided_on_a_change_hands_out_no_data(made: Any, name: str, arguments: dict[str, Any]) -> None:
    """E11: not only who approved the request, but whoever decided on an amendment or a renewal of it."""
    world = made()
    who = another_member(world, "bea")
    world.do(name, who, **arguments)
    assert _hands_out(world, who) == "four_eyes"


def test_who_assessed_the_renewal_hands_out_no_data() -> None:
    """E11, S42: as who assessed the request; also after the renewal was granted."""
    world = with_renewal()
    who = world.register("ase", "centre")
    appoint(world, who, "assessor")
    world.do("assess-extension", who, request=OPEN, assessment="sound")
    find_about_renewal(world)
    world.do("grant-extension", BOARD_MEMBER, **GRANT)
    assert _hands_out(world, who) == "four_eyes"


def test_all_who_decided_are_kept() -> None:
    """E11, S49: the assessment and the board's approval, and both investigators on the clinical route."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    assert clinical.world.state.requests[clinical.request].deciders == {clinical.central, clinical.local}
    assert everything_holds().state.requests[OPEN].deciders == {ASSESSOR, BOARD_MEMBER}


SECOND_INTAKE = {"name": "Cas", "surname": "Kok", "email": "cas@hospital.example"}


@pytest.mark.parametrize("answered", [False, True], ids=["not answered", "answered"])
def test_a_renewal_that_is_not_submitted_gives_way_to_another(answered: bool) -> None:
    """S40, S43, S44: one of another main applicant takes its place; how long the first one waited stays on record."""
    world = _asked()
    asked = world.at - timedelta(minutes=1)
    by = office(world)
    first = world.state.requests[OPEN].extension
    if answered:
        world.do("answer-extension", by, request=OPEN)
    at = world.at
    assert kinds(world.do("ask-extension", SIGNATORY, request=OPEN, **SECOND_INTAKE)) == [e.ExtensionAsked]
    found = world.state.requests[OPEN]
    assert found.extension is not None
    assert first is not None
    assert (found.extension.email, found.extension.asked) == ("cas@hospital.example", at)
    assert (found.extension.answered, found.extension.submitted) == (None, None)
    assert found.past_extensions == [Term(asked, first.answered or at)]


def test_the_same_renewal_is_asked_for_once() -> None:
    """S40, S42: nor does one that was submitted give way to another main applicant's; the board decides on it."""
    assert _asked().refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE) == "already_exists"
    assert with_renewal().refusal("ask-extension", SIGNATORY, request=OPEN, **SECOND_INTAKE) == "already_exists"


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), True), (TICK, False), (29 * DAY, False)],
    ids=["a tick more than a month", "a month", "a tick less", "a day before the end"],
)
def test_the_renewal_of_a_permit_is_submitted_a_month_before(offset: timedelta, taken: bool) -> None:
    """E17, REQ-08: asking in time is not enough, since the documents come with the submission."""
    world, request = _permit()
    ask_extension(world, request)
    world.at = term_of(world, request).ends - 30 * DAY + offset
    arguments = {"request": request, "ends": term_of(world, request).ends + DAY, "reason": "more"}
    if taken:
        assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
    else:
        assert world.refusal("submit-extension", RESEARCHER, **arguments) == "wrong_state"


@pytest.mark.parametrize("ehds", [True, False], ids=["a permit", "the institute's own rules"])
def test_one_contact_less_is_a_new_version_of_a_permit(ehds: bool) -> None:
    """E18, E19: the people stand in a permit of the EHDS, and each version says who they are."""
    world, request = _permit() if ehds else (everything_holds(), OPEN)
    before = list(world.state.requests[request].permits)
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)
    permits = world.state.requests[request].permits
    assert permits[: len(before)] == before
    assert [(one.status, one.contacts) for one in permits[len(before) :]] == ([(PermitStatus.AMENDED, ())] * ehds)


def test_one_contact_less_in_a_draft_is_no_permit() -> None:
    """E15: there is none before the approval."""
    world, request = reached(RequestStatus.DRAFT)
    world.do("remove-contact", RESEARCHER, request=request, person=RESEARCHER)
    assert world.state.requests[request].permits == []

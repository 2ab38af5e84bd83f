"""The approval: its findings, its term, its datasets, and each party's ground (S1-S3, S8, S22, S39, S55, E10, E17)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.criteria import EHDS_CRITERIA, GUIDING_PRINCIPLES, REUSE_CRITERIA
from access_policy.model.enums import Criterion, DataKind, RequestStatus, Scenario
from access_policy.model.ids import DatasetName
from access_policy.rules.particulars import EHDS_BINDS_FROM
from tests.unit.access_policy.situations import (
    approve,
    ask_under_ehds,
    ask_with_abroad,
    basis,
    find_one,
    office,
    reached,
    ready_to_approve,
    unapproved,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    DAY,
    MINUTE,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    TICK,
    TRAINER,
    appoint,
    approval,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
)

BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]


def test_a_request_is_approved() -> None:
    """S1, S2, S22, S39, E15: both findings, reasons, term, datasets, conditions and fees stand in the fact."""
    world, request = ready_to_approve()
    begins = world.at
    (event,) = approve(world, request, conditions="results first", fees="none")
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
    world, request = ready_to_approve()
    assert unapproved(world, request, **changed) == code


def test_an_approval_may_grant_less_than_was_asked_for() -> None:
    """S3: what was asked for and approved, dataset by dataset."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "scans"))
    find(world, request)
    (event,) = approve(world, request, datasets="scans")
    assert isinstance(event, e.RequestApproved)
    assert event.datasets == tuple(world.state.requests[request].granted) == ("scans",)


def test_an_approval_may_name_all_that_was_asked_for() -> None:
    """S3, E15: as where it names nothing; conditions, fees and the exception are empty unless they are given."""
    world, request = ready_to_approve()
    (event,) = approve(world, request, datasets="tumours")
    assert isinstance(event, e.RequestApproved)
    assert (event.datasets, event.conditions, event.fees, event.opt_out_exception) == (("tumours",), "", "", False)


def test_no_draft_is_approved() -> None:
    """S18, S19: what was not sent in, and not assessed, is not decided."""
    for status in (RequestStatus.DRAFT, RequestStatus.SUBMITTED):
        world, request = reached(status)
        assert unapproved(world, request) == "wrong_state"


@pytest.mark.parametrize("missing", GUIDING_PRINCIPLES)
@pytest.mark.parametrize("recorded", [False, True], ids=["not recorded", "not met"])
def test_each_guiding_principle_needs_a_finding(missing: Criterion, recorded: bool) -> None:
    """S55: social, ethical, legal and contractual, each of them recorded and met."""
    world, request = reached(RequestStatus.ASSESSED)
    for criterion in GUIDING_PRINCIPLES:
        if criterion is not missing or recorded:
            find_one(world, request, criterion, met=criterion is not missing)
    assert unapproved(world, request) == "not_complete"
    find_one(world, request, missing)
    assert kinds(approve(world, request)) == [e.RequestApproved]


@pytest.mark.parametrize("missing", REUSE_CRITERIA)
def test_reuse_within_one_hospital_needs_two_findings_more(missing: Criterion) -> None:
    """S7, S8: the constraints of the law, and the terms of the consent that the patient signed."""
    world = everything_holds()
    world.do("register-dataset", STEWARD, **dataset_arguments("own") | {"hospitals": "hospital"})
    request = world.ask(RequestStatus.ASSESSED, ("own",))
    assert world.state.requests[request].scenario is Scenario.OWN_HOSPITAL_REUSE
    find(world, request, *[one for one in REUSE_CRITERIA if one is not missing])
    assert unapproved(world, request) == "not_complete"
    find_one(world, request, missing)
    assert kinds(approve(world, request)) == [e.RequestApproved]


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
    assert unapproved(world, request) == "not_complete"
    find_one(world, request, missing)
    assert kinds(approve(world, request)) == [e.RequestApproved]


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
    world, request = ready_to_approve()
    term: dict[str, Any] = {"begins": world.at + begins, "ends": world.at + begins + length}
    if taken:
        assert kinds(approve(world, request, **term)) == [e.RequestApproved]
    else:
        assert unapproved(world, request, **term) == "not_allowed_value"


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), True), (TICK, False)],
    ids=["a tick less", "ten years", "a tick more"],
)
def test_a_permit_lasts_ten_years_at_most(offset: timedelta, taken: bool) -> None:
    """E17, REQ-08: ten calendar years, whatever the institute's own longest term is, once the law binds."""
    world = everything_holds(at=BINDS)
    request = ask_under_ehds(world, RequestStatus.ASSESSED)
    find(world, request, *EHDS_CRITERIA)
    ends = world.at.replace(year=world.at.year + 10) + offset
    if taken:
        assert kinds(approve(world, request, ends=ends)) == [e.RequestApproved]
    else:
        assert unapproved(world, request, ends=ends) == "not_allowed_value"


@pytest.mark.parametrize(("offset", "taken"), [(timedelta(0), True), (TICK, False)], ids=["at most", "a tick more"])
def test_a_regime_named_before_its_law_binds_lengthens_nothing(offset: timedelta, taken: bool) -> None:
    """E1, E2, S39: until 2029 the institute's own longest term binds a request under the EHDS too."""
    world = everything_holds(at=BINDS - 30 * DAY)
    request = ask_under_ehds(world, RequestStatus.ASSESSED)
    find(world, request, *EHDS_CRITERIA)
    begins = world.at
    ends = begins + world.state.settings.term_days_longest * DAY + offset
    if taken:
        assert kinds(approve(world, request, begins=begins, ends=ends)) == [e.RequestApproved]
    else:
        assert unapproved(world, request, begins=begins, ends=ends) == "not_allowed_value"


@pytest.mark.parametrize(
    "ends", ["9999-12-31T00:00:00Z", "NaN", "+275760-09-13T00:00:00Z", "2027-01-01T00:00:00", "1800000000", "1e9"]
)
def test_an_end_that_is_no_instant_is_no_command(ends: str) -> None:
    """REQ-11: year 9999, no number, beyond all years, without a time zone, seconds since 1970."""
    world, request = ready_to_approve()
    with pytest.raises(ValueError, match=re.escape(ends)):
        world.attempt("approve-request", BOARD_MEMBER, request=request, **approval(world, request) | {"ends": ends})


@pytest.mark.parametrize("role", ["board-member", "admin", "assessor"])
def test_nobody_decides_on_their_own_request(role: str) -> None:
    """REQ-01: whatever role an applicant has, the decision is another person's."""
    world, request = ready_to_approve()
    appoint(world, RESEARCHER, role)
    expected = "four_eyes" if role == "board-member" else "not_permitted"
    assert unapproved(world, request, RESEARCHER) == expected


def test_no_admin_and_no_assessor_approves() -> None:
    """S20, REQ-06: the decision is the board's."""
    world, request = ready_to_approve()
    for who in (ADMIN, SECOND_ADMIN, ASSESSOR, TRAINER):
        assert unapproved(world, request, who) == "not_permitted"


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
        assert kinds(approve(world, request)) == [e.RequestApproved]
    else:
        assert unapproved(world, request) == "not_complete"

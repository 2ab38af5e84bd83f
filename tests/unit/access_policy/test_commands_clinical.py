"""The clinical route: two investigators approve one form for one term, and data follow within their conditions."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.clinical import standing_approvals
from access_policy.model.enums import InvestigatorPlace, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.model.instants import Term
from tests.unit.access_policy.situations import Clinical
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    RESEARCHER,
    STEWARD,
    STRANGER,
    TICK,
    everything_holds,
    kinds,
)


def _approve(clinical: Clinical, who: PersonId, **changed: Any) -> tuple[e.FactEvent, ...]:
    return clinical.world.do("approve-clinical", who, **clinical.approval(**changed))


def _unapproved(clinical: Clinical, who: PersonId, **changed: Any) -> str:
    return clinical.world.refusal("approve-clinical", who, **clinical.approval(**changed))


@pytest.mark.parametrize("purpose_kind", ["treatment", "original-study"])
@pytest.mark.parametrize("central_first", [True, False], ids=["central first", "local first"])
def test_two_investigators_approve(purpose_kind: str, central_first: bool) -> None:
    """S48-S51, S54: for a medical reason or the original study; central and local, neither board nor licence."""
    clinical = Clinical(purpose_kind)
    first, second = (clinical.central, clinical.local) if central_first else (clinical.local, clinical.central)
    terms = clinical.approval()
    (event,) = _approve(clinical, first)
    place = InvestigatorPlace.CENTRAL if central_first else InvestigatorPlace.LOCAL
    assert event == e.InvestigatorApproved(
        request=clinical.request, place=place, person=first, begins=terms["begins"], ends=terms["ends"]
    )
    found = clinical.world.state.requests[clinical.request]
    assert (found.status, found.term) == (RequestStatus.SUBMITTED, None)
    _approve(clinical, second)
    assert (found.status, found.term) == (RequestStatus.LICENSED, Term(terms["begins"], terms["ends"]))
    assert set(found.granted) == {"biopsies"}


def test_the_data_follow_without_board_and_licence() -> None:
    """S52, S54, S100: the steward makes them available, and the person of the form opens a workspace."""
    clinical = Clinical()
    world = clinical.world
    for who in (clinical.central, clinical.local):
        _approve(clinical, who)
    assert kinds(world.do("make-available", STEWARD, request=clinical.request)) == [e.RequestMadeAvailable]
    assert world.decide(world.query(request=clinical.request)).allowed


def test_one_investigator_is_not_enough() -> None:
    """S49, S50: both are needed; the one who approved does not approve again."""
    clinical = Clinical()
    _approve(clinical, clinical.local)
    assert _unapproved(clinical, clinical.local) == "already_exists"
    assert clinical.world.refusal("make-available", STEWARD, request=clinical.request) == "wrong_state"


def test_the_two_investigators_are_two_people() -> None:
    """S49, S50: who is central and local approves as one of them; another person is named for the other place."""
    clinical = Clinical()
    world = clinical.world
    world.do("name-investigator", STEWARD, study="biopsy", person=clinical.local)
    (event,) = _approve(clinical, clinical.local)
    assert isinstance(event, e.InvestigatorApproved)
    assert event.place is InvestigatorPlace.CENTRAL
    assert _unapproved(clinical, clinical.local) == "four_eyes"
    world.do("name-investigator", STEWARD, study="biopsy", person=STRANGER, hospital="hospital")
    assert kinds(_approve(clinical, STRANGER)) == [e.InvestigatorApproved]
    assert world.state.requests[clinical.request].status is RequestStatus.LICENSED


def test_the_approval_of_who_is_no_investigator_any_more_does_not_count() -> None:
    """S49, S50: the new one approves first, with a term of their own, and then the other one."""
    clinical = Clinical()
    world = clinical.world
    _approve(clinical, clinical.central)
    world.do("name-investigator", STEWARD, study="biopsy", person=STRANGER)
    assert standing_approvals(world.state, world.state.requests[clinical.request]) == {}
    assert _unapproved(clinical, clinical.local) == "changed_meanwhile"
    longer = clinical.approval()["ends"] + DAY
    _approve(clinical, STRANGER, ends=longer)
    assert _unapproved(clinical, clinical.local) == "not_allowed_value"
    _approve(clinical, clinical.local, ends=longer)
    found = world.state.requests[clinical.request]
    assert found.investigators == {InvestigatorPlace.CENTRAL: STRANGER, InvestigatorPlace.LOCAL: clinical.local}


def test_another_form_is_not_approved() -> None:
    """S51, REQ-04: the form that was read is the one that is approved."""
    clinical = Clinical()
    assert _unapproved(clinical, clinical.central, digest="1" * 64) == "changed_meanwhile"


@pytest.mark.parametrize("name", ["begins", "ends"])
@pytest.mark.parametrize("offset", [-TICK, TICK], ids=["a tick earlier", "a tick later"])
def test_both_approve_the_same_term(name: str, offset: timedelta) -> None:
    """S39, S49, S50: what is granted is what both approved, to the tick."""
    clinical = Clinical()
    _approve(clinical, clinical.central)
    other = {name: clinical.approval()[name] + offset}
    assert _unapproved(clinical, clinical.local, **other) == "not_allowed_value"
    assert kinds(_approve(clinical, clinical.local)) == [e.InvestigatorApproved]


def test_a_second_approval_may_come_days_after_the_first() -> None:
    """S50: the term that the first approved began since, and is still the one."""
    clinical = Clinical()
    _approve(clinical, clinical.central)
    clinical.world.wait(5 * DAY)
    assert kinds(_approve(clinical, clinical.local)) == [e.InvestigatorApproved]


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), False), (TICK, False)],
    ids=["a tick before the end", "at the end", "after the end"],
)
def test_a_second_approval_comes_before_the_end_of_the_term(offset: timedelta, taken: bool) -> None:
    """S39, REQ-08: a term that is over is granted no more."""
    clinical = Clinical()
    _approve(clinical, clinical.central)
    clinical.world.at = clinical.approval()["ends"] + offset
    if taken:
        assert kinds(_approve(clinical, clinical.local)) == [e.InvestigatorApproved]
    else:
        assert _unapproved(clinical, clinical.local) == "not_allowed_value"


@pytest.mark.parametrize(
    ("begins", "length", "taken"),
    [
        (timedelta(0), 1096 * DAY, True),
        (timedelta(0), 1096 * DAY + TICK, False),
        (timedelta(0), timedelta(0), False),
        (timedelta(0), -DAY, False),
        (-2 * DAY, 10 * DAY, False),
    ],
    ids=["the longest", "a tick longer", "empty", "inverted", "from before yesterday"],
)
def test_a_clinical_term_is_bounded(begins: timedelta, length: timedelta, taken: bool) -> None:
    """S39, REQ-11: as on the other route."""
    clinical = Clinical()
    start = clinical.world.at + begins
    term = {"begins": start, "ends": start + length}
    if taken:
        assert kinds(_approve(clinical, clinical.central, **term)) == [e.InvestigatorApproved]
    else:
        assert _unapproved(clinical, clinical.central, **term) == "not_allowed_value"


@pytest.mark.parametrize("who", [ADMIN, BOARD_MEMBER, STRANGER], ids=["an admin", "the board", "a stranger"])
def test_nobody_else_approves(who: PersonId) -> None:
    """S49, S50, REQ-06: neither an admin nor the board takes an investigator's place."""
    assert _unapproved(Clinical(), who) == "not_permitted"


def test_an_applicant_who_is_an_investigator_does_not_approve() -> None:
    """REQ-01: nobody approves their own request."""
    clinical = Clinical()
    clinical.world.do("name-investigator", STEWARD, study="biopsy", person=RESEARCHER, hospital="hospital")
    assert _unapproved(clinical, RESEARCHER) == "four_eyes"


def test_an_investigator_does_not_approve_what_the_board_decides() -> None:
    """S5, S7, S20: data of the study for research go the other route."""
    clinical = Clinical()
    request = clinical.world.ask(RequestStatus.SUBMITTED, ("biopsies",))
    digest = clinical.world.state.requests[request].digest
    assert _unapproved(clinical, clinical.central, request=request, digest=digest) == "wrong_state"


@pytest.mark.parametrize("place", ["central", "local"])
def test_an_investigator_refuses(place: str) -> None:
    """S22, S49, S50: either of them, with the reason, also after the other one approved."""
    clinical = Clinical()
    _approve(clinical, clinical.local if place == "central" else clinical.central)
    who = clinical.central if place == "central" else clinical.local
    (event,) = clinical.world.do("refuse-request", who, request=clinical.request, reason="no reason to")
    assert event == e.RequestRefused(request=clinical.request, reason="no reason to")
    assert clinical.world.state.requests[clinical.request].decided_by == who


def test_a_hospital_outside_the_eea_needs_a_ground_first() -> None:
    """S60, S101: no grant without a basis and its measures, on this route either."""
    clinical = Clinical()
    event = e.InstitutionRegistered(
        institution=InstitutionName("hospital"), name="Hospital", country="US", domains=(), centre=False
    )
    clinical.world.append([(person(ADMIN), event)])
    assert _unapproved(clinical, clinical.central) == "not_complete"


def test_an_unknown_request_is_not_found() -> None:
    """REQ-03: who is an investigator of nothing learns nothing."""
    world = everything_holds()
    arguments = {"begins": world.at, "ends": world.at + DAY, "digest": "0" * 64}
    assert world.refusal("approve-clinical", STRANGER, request="DR-999", **arguments) == "not_permitted"

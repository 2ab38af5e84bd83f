"""The clinical route: two investigators approve one form for one term, and data follow within their conditions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.clinical import standing_approvals
from access_policy.model.enums import InvestigatorPlace, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, StudyName
from access_policy.model.instants import Term
from access_policy.standing import places_of
from tests.unit.access_policy.situations import Clinical
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    RESEARCHER,
    STEWARD,
    STRANGER,
    TICK,
    World,
    everything_holds,
    kinds,
    name_investigator,
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
    name_investigator(world, "biopsy", clinical.local)
    (event,) = _approve(clinical, clinical.local)
    assert isinstance(event, e.InvestigatorApproved)
    assert event.place is InvestigatorPlace.CENTRAL
    assert _unapproved(clinical, clinical.local) == "four_eyes"
    name_investigator(world, "biopsy", STRANGER, "hospital")
    assert kinds(_approve(clinical, STRANGER)) == [e.InvestigatorApproved]
    assert world.state.requests[clinical.request].status is RequestStatus.LICENSED


def test_the_approval_of_who_is_no_investigator_any_more_does_not_count() -> None:
    """S49, S50: the new one approves first, with a term of their own, and then the other one."""
    clinical = Clinical()
    world = clinical.world
    _approve(clinical, clinical.central)
    name_investigator(world, "biopsy", STRANGER)
    assert standing_approvals(world.state, world.state.requests[clinical.request], world.at) == {}
    assert _unapproved(clinical, clinical.local) == "changed_meanwhile"
    longer = clinical.approval()["ends"] + DAY
    _approve(clinical, STRANGER, ends=longer)
    assert _unapproved(clinical, clinical.local) == "not_allowed_value"
    _approve(clinical, clinical.local, ends=longer)
    found = world.state.requests[clinical.request]
    assert found.investigators == {InvestigatorPlace.CENTRAL: STRANGER, InvestigatorPlace.LOCAL: clinical.local}


def _end(world: World, who: PersonId, hospital: str | None) -> None:
    place = {} if hospital is None else {"hospital": hospital}
    world.do("end-investigator", STEWARD, study="biopsy", person=who, **place)


def _leave(world: World, who: PersonId, hospital: str | None) -> None:
    world.do("record-departure", ADMIN, person=who)


def _stop(world: World, who: PersonId, hospital: str | None) -> None:
    world.do("disable-person", ADMIN, person=who, reason="an inquiry")


def _replace(world: World, who: PersonId, hospital: str | None) -> None:
    name_investigator(world, "biopsy", STRANGER, hospital)


def _run_out(world: World, who: PersonId, hospital: str | None) -> None:
    study = world.state.studies[StudyName("biopsy")]
    named = study.central_investigator if hospital is None else study.local_investigators[InstitutionName(hospital)]
    assert named is not None
    world.at = named.until


LOSSES = [_end, _leave, _stop, _replace, _run_out]
_LOST = ["ended", "left", "stopped", "replaced", "run out"]


@pytest.mark.parametrize("lose", LOSSES, ids=_LOST)
@pytest.mark.parametrize("hospital", [None, "hospital"], ids=["central", "local"])
def test_who_lost_the_place_neither_approves_nor_refuses(
    hospital: str | None, lose: Callable[[World, PersonId, str | None], None]
) -> None:
    """S49, S50, S94: who is the investigator of the study no more, or works no more, has no say."""
    clinical = Clinical()
    who = clinical.central if hospital is None else clinical.local
    lose(clinical.world, who, hospital)
    assert _unapproved(clinical, who) == "not_permitted"
    assert clinical.world.refusal("refuse-request", who, request=clinical.request, reason="no") == "not_permitted"


@pytest.mark.parametrize("lose", LOSSES[:4], ids=_LOST[:4])
@pytest.mark.parametrize("hospital", [None, "hospital"], ids=["central", "local"])
def test_an_approval_stops_to_count_with_the_place(
    hospital: str | None, lose: Callable[[World, PersonId, str | None], None]
) -> None:
    """S49, S50: one of two approvals is none once its giver lost the place; a new investigator approves first."""
    clinical = Clinical()
    world = clinical.world
    first, second = (clinical.central, clinical.local) if hospital is None else (clinical.local, clinical.central)
    _approve(clinical, first)
    lose(world, first, hospital)
    assert standing_approvals(world.state, world.state.requests[clinical.request], world.at) == {}
    assert _unapproved(clinical, second) == "changed_meanwhile"
    if lose is not _replace:
        name_investigator(world, "biopsy", STRANGER, hospital)
    _approve(clinical, STRANGER)
    _approve(clinical, second)
    assert world.state.requests[clinical.request].status is RequestStatus.LICENSED


@pytest.mark.parametrize("offset", [-TICK, timedelta(0)], ids=["a tick before the end", "at the end"])
def test_an_approval_stops_to_count_at_the_end_of_the_place(offset: timedelta) -> None:
    """S49, REQ-08: the place is held in a half-open term, to the tick."""
    clinical = Clinical()
    world = clinical.world
    until = world.at + 5 * DAY
    name_investigator(world, "biopsy", STRANGER, until=until)
    _approve(clinical, STRANGER)
    world.at = until + offset
    if offset:
        assert kinds(_approve(clinical, clinical.local)) == [e.InvestigatorApproved]
    else:
        assert _unapproved(clinical, clinical.local) == "changed_meanwhile"


@pytest.mark.parametrize(
    ("offset", "taken"), [(-TICK, True), (timedelta(0), False)], ids=["a tick before the end", "at the end"]
)
def test_an_investigator_approves_before_the_end_of_the_place(offset: timedelta, taken: bool) -> None:
    """S49, REQ-08: within their own term only."""
    clinical = Clinical()
    until = clinical.world.at + 5 * DAY
    name_investigator(clinical.world, "biopsy", STRANGER, until=until)
    clinical.world.at = until + offset
    term = {"begins": until, "ends": until + 10 * DAY}
    if taken:
        assert kinds(_approve(clinical, STRANGER, **term)) == [e.InvestigatorApproved]
    else:
        assert _unapproved(clinical, STRANGER, **term) == "not_permitted"


def test_a_local_investigator_who_moved_away_approves_nothing() -> None:
    """S50: the local one works at the hospital; the central one may work anywhere, and moves with the place."""
    clinical = Clinical()
    world = clinical.world
    for who, institution in ((clinical.local, "centre"), (clinical.central, "hospital")):
        email = f"{who.lower()}@{institution}.example"
        world.do("move-person", ADMIN, person=who, institution=institution, email=email)
    assert _unapproved(clinical, clinical.local) == "not_permitted"
    (event,) = _approve(clinical, clinical.central)
    assert isinstance(event, e.InvestigatorApproved)
    assert event.place is InvestigatorPlace.CENTRAL


def test_the_local_investigator_of_another_hospital_does_not_approve() -> None:
    """S50: it is the one of the hospital that the applicant is affiliated with."""
    clinical = Clinical()
    who = clinical.world.register("zita", "centre")
    name_investigator(clinical.world, "biopsy", who, "centre")
    assert _unapproved(clinical, who) == "not_permitted"


def test_a_local_investigator_holds_no_place_elsewhere_in_the_log() -> None:
    """S50: where the log says that somebody of another house was named, the place is nobody's."""
    clinical = Clinical()
    event = e.InvestigatorNamed(
        study=StudyName("biopsy"), person=clinical.central, hospital=InstitutionName("hospital"),
        until=clinical.world.at + DAY,
    )  # fmt: skip
    clinical.world.append([(person(ADMIN), event)])
    request = clinical.world.state.requests[clinical.request]
    held = places_of(clinical.world.state, request, clinical.central, clinical.world.at)
    assert held == {InvestigatorPlace.CENTRAL}


def test_who_works_nowhere_holds_no_central_place_either() -> None:
    """S49: where the log says that somebody was named who had left, the place is nobody's."""
    clinical = Clinical()
    world = clinical.world
    _leave(world, clinical.central, None)
    until = world.at + DAY
    event = e.InvestigatorNamed(study=StudyName("biopsy"), person=clinical.central, hospital=None, until=until)
    world.append([(person(ADMIN), event)])
    assert not places_of(world.state, world.state.requests[clinical.request], clinical.central, world.at)


def test_a_granted_request_outlives_the_place_of_its_investigators() -> None:
    """S52: both approved while they could; what was granted then stands."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        _approve(clinical, who)
    _end(clinical.world, clinical.central, None)
    assert kinds(clinical.world.do("make-available", STEWARD, request=clinical.request)) == [e.RequestMadeAvailable]


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
    name_investigator(clinical.world, "biopsy", RESEARCHER, "hospital")
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

"""The ground on which an organisation outside the EEA gets data: what it needs, and what carries nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import RequestStatus, TransferBasis
from access_policy.model.ids import RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from tests.unit.access_policy.situations import ABROAD, ask_with_abroad, basis, office
from tests.unit.access_policy.world import (
    BOARD_MEMBER,
    DAY,
    MINUTE,
    NOON,
    TICK,
    World,
    approval,
    everything_holds,
    find,
    kinds,
)

SCHREMS_II = datetime(2020, 7, 16, tzinfo=UTC)
NOT_CLAUSES: dict[str, Any] = {"clauses": None, "concluded": None}
FRAMEWORK = {"basis": "adequacy", "scope": "data-privacy-framework", **NOT_CLAUSES}


def _abroad(country: str = "US", at: datetime = NOON) -> tuple[World, RequestId]:
    world = everything_holds(at=at)
    return world, ask_with_abroad(world, RequestStatus.SUBMITTED, country)


def test_the_model_clauses_are_recorded_for_a_party() -> None:
    """S60, S101: which version, concluded when, and the three things that a transfer rests on."""
    world, request = _abroad()
    by, concluded = office(world), world.at
    (event,) = world.do("record-transfer-basis", by, **basis(world, request, concluded=concluded))
    assert event == e.TransferBasisRecorded(
        request=request, institution=ABROAD, basis=TransferBasis.MODEL_CLAUSES, scope=None,
        clauses=ModelClauses.GDPR_2021, concluded=concluded, protection_adequate=True, contractual_measures=True,
        technical_measures=True,
    )  # fmt: skip
    transfer = world.state.requests[request].entities[ABROAD].transfer
    assert transfer is not None
    assert transfer.measures


def test_an_adequacy_decision_is_recorded_with_its_scope() -> None:
    """S58: for whom the decision counts is on record with it."""
    world, request = _abroad()
    (event,) = world.do("record-transfer-basis", office(world), **basis(world, request, **FRAMEWORK))
    assert isinstance(event, e.TransferBasisRecorded)
    assert (event.basis, event.scope) == (TransferBasis.ADEQUACY, AdequacyScope.DATA_PRIVACY_FRAMEWORK)


def test_that_there_is_no_ground_is_recorded() -> None:
    """S101: `none` is an answer, and no grant follows from it."""
    world, request = _abroad()
    arguments = basis(world, request, basis="none", **NOT_CLAUSES)
    assert kinds(world.do("record-transfer-basis", office(world), **arguments)) == [e.TransferBasisRecorded]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"institution": "nowhere"}, "not_found"),
        ({"institution": "centre"}, "not_found"),
        ({"institution": "hospital"}, "wrong_state"),
        ({"clauses": None}, "not_complete"),
        ({"concluded": None}, "not_complete"),
        ({"scope": "full"}, "not_complete"),
        ({**FRAMEWORK, "scope": None}, "not_complete"),
        ({**FRAMEWORK, "clauses": "(EU) 2021/914"}, "not_complete"),
        ({**FRAMEWORK, "concluded": NOON}, "not_complete"),
        ({"basis": "none"}, "not_complete"),
        ({**FRAMEWORK, "basis": "none"}, "not_complete"),
        ({**FRAMEWORK, "scope": "full"}, "not_allowed_value"),
        ({**FRAMEWORK, "scope": "privacy-shield"}, "not_allowed_value"),
        ({"clauses": "2010/87/EU", "concluded": NOON}, "not_allowed_value"),
        ({"clauses": "2010/87/EU", "concluded": datetime(2020, 1, 1, tzinfo=UTC)}, "not_allowed_value"),
    ],
    ids=[
        "an unknown organisation", "S68 an organisation that takes no part", "S57 an organisation in the EEA",
        "S101 clauses without their version", "S101 clauses without a date", "clauses with a scope",
        "S58 adequacy without a scope", "adequacy with clauses", "adequacy with a date", "none with clauses",
        "none with a scope", "S58 a scope without a decision", "S59 Privacy Shield", "S101 old clauses, new contract",
        "S101 old clauses, old contract",
    ],
)  # fmt: skip
def test_a_ground_is_refused(changed: dict[str, Any], code: str) -> None:
    """S57-S60, S68, S101: of a party outside the EEA, with what belongs to it alone, and it still carries."""
    world, request = _abroad()
    by = office(world)
    assert world.refusal("record-transfer-basis", by, **basis(world, request, **changed)) == code


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), True), (TICK, False)],
    ids=["a tick ago", "now", "in a tick"],
)
def test_a_contract_is_concluded_before_it_carries_anything(offset: timedelta, taken: bool) -> None:
    """S101, REQ-08: not in the future."""
    world, request = _abroad()
    by = office(world)
    arguments = basis(world, request, concluded=world.at + offset)
    if taken:
        assert kinds(world.do("record-transfer-basis", by, **arguments)) == [e.TransferBasisRecorded]
    else:
        assert world.refusal("record-transfer-basis", by, **arguments) == "not_allowed_value"


@pytest.mark.parametrize(
    ("offset", "taken"),
    [(-TICK, True), (timedelta(0), False), (TICK, False)],
    ids=["a tick before", "at the judgment", "a tick after"],
)
def test_privacy_shield_ends_with_the_judgment(offset: timedelta, taken: bool) -> None:
    """S59: accepted until Schrems II, and from that instant on never again."""
    world, request = _abroad(at=SCHREMS_II - timedelta(days=3))
    by = office(world)
    world.at = SCHREMS_II + offset
    arguments = basis(world, request, basis="adequacy", scope="privacy-shield", **NOT_CLAUSES)
    if taken:
        assert kinds(world.do("record-transfer-basis", by, **arguments)) == [e.TransferBasisRecorded]
    else:
        assert world.refusal("record-transfer-basis", by, **arguments) == "not_allowed_value"


@pytest.mark.parametrize("at", [SCHREMS_II, NOON], ids=["at the judgment", "years later"])
def test_privacy_shield_is_refused_even_where_a_decision_is_on_record(at: datetime) -> None:
    """S59: no record of a decision brings it back."""
    world, request = _abroad(at=at - DAY)
    by = office(world)
    world.at = at - MINUTE
    event = e.AdequacyDecided(
        country="US", scope=AdequacyScope.PRIVACY_SHIELD, begins=world.at, ends=None, act="a mistake"
    )
    world.append([(person(by), event)])
    arguments = basis(world, request, basis="adequacy", scope="privacy-shield", **NOT_CLAUSES)
    assert world.refusal("record-transfer-basis", by, **arguments) == "not_allowed_value"


def _ready(country: str = "US") -> tuple[World, RequestId]:
    world, request = _abroad(country)
    world.bring(request, RequestStatus.ASSESSED)
    find(world, request)
    return world, request


@pytest.mark.parametrize(
    "changed",
    [
        None,
        {"basis": "none", **NOT_CLAUSES},
        {"protection_adequate": False},
        {"contractual_measures": False},
        {"technical_measures": False},
    ],
    ids=["nothing recorded", "S101 none", "no protection", "no contract", "no technical measures"],
)
def test_without_ground_and_measures_there_is_no_approval(changed: dict[str, Any] | None) -> None:
    """S60, S101: all three are recorded before a grant; the same request is approved once they are."""
    world, request = _ready()
    by = office(world)
    if changed is not None:
        world.do("record-transfer-basis", by, **basis(world, request, **changed))
    assert world.refusal("approve-request", BOARD_MEMBER, request=request, **approval(world, request)) == "not_complete"
    world.do("record-transfer-basis", by, **basis(world, request))
    assert kinds(world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request))) == [
        e.RequestApproved
    ]


def test_a_ground_that_lapsed_before_the_decision_is_none() -> None:
    """S67, S60: the decision on adequacy that was recorded has to hold when the board decides."""
    world, request = _ready()
    by = office(world)
    world.do("record-transfer-basis", by, **basis(world, request, **FRAMEWORK))
    event = e.AdequacyEnded(
        country="US", scope=AdequacyScope.DATA_PRIVACY_FRAMEWORK, ends=world.at + TICK, act="a judgment"
    )
    world.append([(person(by), event)])
    assert world.refusal("approve-request", BOARD_MEMBER, request=request, **approval(world, request)) == "not_complete"

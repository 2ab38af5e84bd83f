"""A change of what was granted: proposed, decided by the board without ties, and the old version until then."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import PermitStatus, RequestStatus
from access_policy.model.ids import DatasetName, PersonId, RequestId
from tests.unit.access_policy.situations import Clinical, another_member, ask_under_ehds, reached
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    World,
    appoint,
    dataset_arguments,
    everything_holds,
    kinds,
    study,
)

SCANS = {"reason": "the size of it", "datasets": "scans", "necessities": "the outcome"}
DECISION = {"amendment": 1, "reason": "it is needed"}


def _permit() -> tuple[World, RequestId]:
    world = everything_holds()
    return world, ask_under_ehds(world, RequestStatus.ACTIVE)


def _proposed(**changed: Any) -> tuple[World, RequestId]:
    world, request = _permit()
    arguments = {"reason": "a new analyst", "contacts": COLLEAGUE, **SCANS} | changed
    world.do("propose-amendment", RESEARCHER, request=request, **arguments)
    return world, request


@pytest.mark.parametrize("who", [RESEARCHER, SIGNATORY], ids=["the applicant", "the signatory"])
def test_an_amendment_is_proposed(who: PersonId) -> None:
    """E19: further data and people of a permit; until it is decided the old version rules."""
    world, request = _permit()
    arguments = {"reason": "more", "datasets": "scans,expressions", "contacts": f"{COLLEAGUE},{STRANGER}"}
    (event,) = world.do("propose-amendment", who, request=request, necessities="one\ntwo", **arguments)
    assert event == e.AmendmentProposed(
        request=request, amendment=1, datasets=(DatasetName("scans"), DatasetName("expressions")),
        contacts=(COLLEAGUE, STRANGER), reason="more", necessities="one\ntwo",
    )  # fmt: skip
    found = world.state.requests[request]
    assert (set(found.granted), set(found.contacts)) == ({"tumours"}, {RESEARCHER})


def test_under_the_institutes_own_rules_data_are_added_too() -> None:
    """E19, S3: what was not asked for and approved is not granted; so it is asked for."""
    world = everything_holds()
    assert kinds(world.do("propose-amendment", RESEARCHER, request=OPEN, **SCANS)) == [e.AmendmentProposed]
    assert kinds(world.do("approve-amendment", BOARD_MEMBER, request=OPEN, **DECISION)) == [e.AmendmentApproved]
    assert "scans" in world.state.requests[OPEN].granted


@pytest.mark.parametrize("who", [RESEARCHER, SIGNATORY], ids=["the applicant", "the signatory"])
def test_under_the_institutes_own_rules_people_are_asked_for_by_the_licensee(who: PersonId) -> None:
    """S31, S35: an amendment is no way round the licensee's own request, nor round its check."""
    world = everything_holds()
    arguments = {"request": OPEN, "reason": "more", "contacts": COLLEAGUE}
    assert world.refusal("propose-amendment", who, **arguments) == "not_allowed_value"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"datasets": "", "contacts": ""}, "not_complete"),
        ({"datasets": "scans,scans"}, "not_allowed_value"),
        ({"contacts": f"{COLLEAGUE},{COLLEAGUE}"}, "not_allowed_value"),
        ({"datasets": "nothing"}, "not_found"),
        ({"datasets": "tumours"}, "already_exists"),
        ({"contacts": "P-999"}, "not_found"),
        ({"contacts": BOARD_MEMBER}, "not_found"),
        ({"contacts": RESEARCHER}, "already_exists"),
    ],
    ids=[
        "nothing", "a dataset twice", "a person twice", "an unknown dataset", "a granted dataset", "nobody",
        "S33 who works elsewhere", "a contact already",
    ],
)  # fmt: skip
def test_an_amendment_is_refused_at_once(changed: dict[str, Any], code: str) -> None:
    """E19, S33: it adds something, that can be added, and is not there yet."""
    world, request = _permit()
    arguments = {"request": request, "contacts": COLLEAGUE, **SCANS} | changed
    assert world.refusal("propose-amendment", RESEARCHER, **arguments) == code


def _withdrawn(world: World) -> None:
    world.do("withdraw-dataset", STEWARD, dataset="scans", reason="an error")


def _of_another_route(world: World) -> None:
    world.do("register-dataset", STEWARD, **dataset_arguments("care") | {"routes": "clinical", "study": study(world)})


@pytest.mark.parametrize(("name", "why"), [("scans", _withdrawn), ("care", _of_another_route)])
def test_what_is_not_offered_looks_like_what_is_not_there(name: str, why: Any) -> None:
    """REQ-10, POL-09, S80: a withdrawn dataset, and one that no board may grant."""
    world, request = _permit()
    why(world)
    arguments = {"request": request, **SCANS} | {"datasets": name}
    assert world.refusal("propose-amendment", RESEARCHER, **arguments) == "not_found"


def test_five_amendments_wait_at_most() -> None:
    """REQ-14: the board decides on one first; each has a number of its own."""
    world = everything_holds()
    for number in range(1, 6):
        (event,) = world.do("propose-amendment", RESEARCHER, request=OPEN, **SCANS)
        assert isinstance(event, e.AmendmentProposed)
        assert event.amendment == number
    assert world.refusal("propose-amendment", RESEARCHER, request=OPEN, **SCANS) == "not_allowed_value"
    world.do("refuse-amendment", BOARD_MEMBER, request=OPEN, amendment=2, reason="no")
    (event,) = world.do("propose-amendment", RESEARCHER, request=OPEN, **SCANS)
    assert isinstance(event, e.AmendmentProposed)
    assert event.amendment == 6


def test_a_clinical_request_is_not_amended() -> None:
    """S54: the board has no part in it."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    arguments = {"request": clinical.request, **SCANS}
    assert clinical.world.refusal("propose-amendment", RESEARCHER, **arguments) == "wrong_state"


def test_an_approved_amendment_is_a_new_version_of_the_permit() -> None:
    """E18, E19: with an id of its own; data and people are added, and nothing is available by that alone."""
    world, request = _proposed()
    (event,) = world.do("approve-amendment", BOARD_MEMBER, request=request, **DECISION)
    assert event == e.AmendmentApproved(request=request, amendment=1, reason="it is needed")
    found = world.state.requests[request]
    assert set(found.granted) == {"tumours", "scans"}
    assert (set(found.contacts), found.contacts[COLLEAGUE].available) == ({RESEARCHER, COLLEAGUE}, None)
    assert [one.status for one in found.permits] == [PermitStatus.GRANTED, PermitStatus.AMENDED]
    assert len({one.identifier for one in found.permits}) == 2
    assert set(found.available_datasets) == {"tumours"}


def test_a_refused_amendment_leaves_the_old_version() -> None:
    """E19: nothing is added, and it waits no more."""
    world, request = _proposed()
    (event,) = world.do("refuse-amendment", BOARD_MEMBER, request=request, **DECISION)
    assert event == e.AmendmentRefused(request=request, amendment=1, reason="it is needed")
    found = world.state.requests[request]
    assert (set(found.granted), set(found.contacts), found.amendments) == ({"tumours"}, {RESEARCHER}, {})
    assert world.refusal("refuse-amendment", BOARD_MEMBER, request=request, **DECISION) == "not_found"


BOTH = pytest.mark.parametrize("name", ["approve-amendment", "refuse-amendment"])


@BOTH
def test_an_unknown_amendment_is_not_found(name: str) -> None:
    """E19: neither another number, nor that of another request."""
    world, request = _proposed()
    assert world.refusal(name, BOARD_MEMBER, request=request, amendment=2, reason="x") == "not_found"
    assert world.refusal(name, BOARD_MEMBER, request=OPEN, amendment=1, reason="x") == "not_found"


@BOTH
def test_who_has_a_tie_does_not_decide_on_an_amendment(name: str) -> None:
    """S20, E19: who works there, and who declared a tie, also after the request was approved."""
    world, request = _proposed()
    appoint(world, COLLEAGUE, "board-member")
    assert world.refusal(name, COLLEAGUE, request=request, **DECISION) == "four_eyes"
    appoint(world, STRANGER, "board-member")
    assert world.refusal(name, STRANGER, request=request, **DECISION) == "four_eyes"
    other = another_member(world, "bea")
    world.do("declare-conflict", other, request=request, reason="my sister")
    assert world.refusal(name, other, request=request, **DECISION) == "four_eyes"


@BOTH
def test_who_is_added_or_proposed_it_does_not_decide(name: str) -> None:
    """S20, REQ-01: not even where they work elsewhere by now."""
    world, request = _permit()
    event = e.AmendmentProposed(request=request, amendment=1, datasets=(), contacts=(BOARD_MEMBER,), reason="x")
    other = another_member(world, "bea")
    world.append([(person(other), event)])
    for who in (BOARD_MEMBER, other):
        assert world.refusal(name, who, request=request, **DECISION) == "four_eyes"


def test_what_can_no_longer_be_added_is_not_approved() -> None:
    """REQ-10, S33: a dataset was withdrawn, or a person left; the amendment can be refused."""
    world, request = _proposed(contacts="")
    _withdrawn(world)
    assert world.refusal("approve-amendment", BOARD_MEMBER, request=request, **DECISION) == "changed_meanwhile"
    world, request = _permit()
    world.do("propose-amendment", RESEARCHER, request=request, reason="a new analyst", contacts=COLLEAGUE)
    world.do("record-departure", ADMIN, person=COLLEAGUE)
    assert world.refusal("approve-amendment", BOARD_MEMBER, request=request, **DECISION) == "changed_meanwhile"
    assert kinds(world.do("refuse-amendment", BOARD_MEMBER, request=request, **DECISION)) == [e.AmendmentRefused]


def test_nothing_is_amended_before_the_approval() -> None:
    """E19: before it the form itself is changed."""
    world, request = reached(RequestStatus.ASSESSED)
    assert world.refusal("propose-amendment", RESEARCHER, request=request, **SCANS) == "wrong_state"

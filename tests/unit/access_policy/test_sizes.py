"""A request stays small enough to be watched over, by whichever door people and datasets come in (REQ-14, DAT-15)."""

import pytest

from access_policy import events as e
from access_policy.commands.sizes import MOST_CONTACTS, MOST_DATASETS
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.state import Amendment, AskedContact, Contact
from tests.unit.access_policy.situations import ask_under_ehds
from tests.unit.access_policy.world import (
    COLLEAGUE,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STRANGER,
    World,
    everything_holds,
    kinds,
)

HOSPITAL = InstitutionName("hospital")
CAS = {"request": OPEN, "person": COLLEAGUE, "name": "Cas", "position": "analyst", "email": "cas@hospital.example"}
SCANS = {"reason": "more", "datasets": "scans", "necessities": "the outcome"}
PEOPLE = {"reason": "more", "contacts": COLLEAGUE}


def _crowd(world: World, request: RequestId, left: int) -> None:
    """Fill a request with contacts up to so many places."""
    contacts = world.state.requests[request].contacts
    for number in range(MOST_CONTACTS - len(contacts) - left):
        contacts[PersonId(f"P-{1000 + number}")] = Contact("x@hospital.example", world.at, HOSPITAL)


def _heap(world: World, request: RequestId, left: int) -> None:
    """Fill a request with granted datasets up to so many places."""
    granted = world.state.requests[request].granted
    granted |= {DatasetName(f"d{number}"): world.at for number in range(MOST_DATASETS - len(granted) - left)}


def _permit() -> tuple[World, RequestId]:
    world = everything_holds()
    return world, ask_under_ehds(world, RequestStatus.ACTIVE)


@pytest.mark.parametrize("left", [0, 1])
def test_asking_for_a_contact_has_the_forms_bound(left: int) -> None:
    """REQ-14, S31: the licensee's signatory adds no more people than a request may have."""
    world = everything_holds()
    _crowd(world, OPEN, left)
    if left:
        assert kinds(world.do("ask-contact", SIGNATORY, **CAS)) == [e.ContactAsked]
    else:
        assert world.refusal("ask-contact", SIGNATORY, **CAS) == "not_allowed_value"


def test_who_is_asked_for_already_counts() -> None:
    """REQ-14, S33: otherwise many could be asked for while there is one place."""
    world = everything_holds()
    _crowd(world, OPEN, 1)
    asked = AskedContact("Sam", "analyst", "sam@hospital.example", SIGNATORY, world.at)
    world.state.requests[OPEN].contacts_asked[STRANGER] = asked
    assert world.refusal("ask-contact", SIGNATORY, **CAS) == "not_allowed_value"


@pytest.mark.parametrize("left", [0, 1])
def test_an_amendment_adds_no_more_people_than_a_request_may_have(left: int) -> None:
    """REQ-14, E19: under a permit people come by amendments."""
    world, request = _permit()
    _crowd(world, request, left)
    if left:
        assert kinds(world.do("propose-amendment", RESEARCHER, request=request, **PEOPLE)) == [e.AmendmentProposed]
    else:
        assert world.refusal("propose-amendment", RESEARCHER, request=request, **PEOPLE) == "not_allowed_value"


@pytest.mark.parametrize("left", [0, 1])
def test_an_amendment_adds_no_more_datasets_than_a_request_may_have(left: int) -> None:
    """REQ-14, E19, DAT-15: what is granted is bounded, not only what the form asks for."""
    world = everything_holds()
    _heap(world, OPEN, left)
    if left:
        assert kinds(world.do("propose-amendment", RESEARCHER, request=OPEN, **SCANS)) == [e.AmendmentProposed]
    else:
        assert world.refusal("propose-amendment", RESEARCHER, request=OPEN, **SCANS) == "not_allowed_value"


def test_amendments_that_wait_count() -> None:
    """REQ-14, E19: five that wait at once add no more together than one."""
    world, request = _permit()
    _crowd(world, request, 1)
    _heap(world, request, 1)
    waiting = Amendment(1, (DatasetName("expressions"),), (STRANGER,), RESEARCHER)
    world.state.requests[request].amendments[1] = waiting
    assert world.refusal("propose-amendment", RESEARCHER, request=request, **PEOPLE) == "not_allowed_value"
    assert world.refusal("propose-amendment", RESEARCHER, request=request, **SCANS) == "not_allowed_value"


def test_a_request_that_is_full_of_people_may_get_data() -> None:
    """REQ-14, E19: each bound is its own."""
    world = everything_holds()
    _crowd(world, OPEN, 0)
    assert kinds(world.do("propose-amendment", RESEARCHER, request=OPEN, **SCANS)) == [e.AmendmentProposed]

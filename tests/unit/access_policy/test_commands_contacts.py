"""A contact who comes later: asked for by the licensee, checked by another person, and let in (S30-S38)."""

from collections.abc import Callable
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.situations import Clinical, ask_under_ehds, office, reached
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    World,
    appoint,
    everything_holds,
    kinds,
    on_behalf_of,
)

CAS = {"request": OPEN, "person": COLLEAGUE, "name": "Cas", "position": "analyst", "email": "cas@hospital.example"}


def _asked() -> tuple[World, PersonId]:
    world = everything_holds()
    world.do("ask-contact", SIGNATORY, **CAS)
    return world, office(world)


def test_the_signatory_asks_for_a_contact() -> None:
    """S31, S34, S36: with the request's number, the name, the position and the address, in its one form."""
    world = everything_holds()
    (event,) = world.do("ask-contact", SIGNATORY, **CAS | {"email": "Cas@Hospital.example"})
    assert event == e.ContactAsked(
        request=OPEN, person=COLLEAGUE, name="Cas", position="analyst", email="cas@hospital.example"
    )
    asked = world.state.requests[OPEN].contacts_asked[COLLEAGUE]
    assert (asked.asked_by, asked.asked) == (SIGNATORY, world.at - MINUTE)
    assert COLLEAGUE not in world.state.requests[OPEN].contacts


@pytest.mark.parametrize("who", [RESEARCHER, ADMIN, REPRESENTATIVE, BOARD_MEMBER, COLLEAGUE])
def test_nobody_else_asks(who: PersonId) -> None:
    """S31, S35: neither the main applicant nor an administrator, and not the new contact."""
    assert everything_holds().refusal("ask-contact", who, **CAS) == "not_permitted"


def test_nobody_asks_in_the_signatorys_name() -> None:
    """S35: not even an operator of the machine."""
    assert everything_holds().refusal("ask-contact", on_behalf_of(SIGNATORY), **CAS) == "personal_command"


def test_an_applicant_who_is_a_signatory_does_not_ask() -> None:
    """S35: the main applicant may not, whatever else they are."""
    world = everything_holds()
    appoint(world, RESEARCHER, "signatory", "hospital")
    assert world.refusal("ask-contact", RESEARCHER, **CAS) == "four_eyes"


@pytest.mark.parametrize("status", [RequestStatus.DRAFT, RequestStatus.ASSESSED, RequestStatus.REFUSED])
def test_only_an_approved_request_gets_a_contact(status: RequestStatus) -> None:
    """S30: nothing is added to what is not approved."""
    world, request = reached(status)
    assert world.refusal("ask-contact", SIGNATORY, **CAS | {"request": request}) == "wrong_state"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"person": "P-999"}, "not_found"),
        ({"person": BOARD_MEMBER, "email": "bo@centre.example"}, "not_found"),
        ({"person": RESEARCHER, "email": "rosa@hospital.example"}, "already_exists"),
        ({"email": "cas@gmail.example"}, "not_allowed_value"),
        ({"email": "rosa@hospital.example"}, "not_allowed_value"),
        ({"email": "cas"}, "not_allowed_value"),
    ],
    ids=[
        "nobody", "S33 who works elsewhere", "a contact already", "S36 a private address", "another one's address",
        "no address",
    ],
)  # fmt: skip
def test_a_contact_is_refused_at_once(changed: dict[str, Any], code: str) -> None:
    """S33, S36: a person of the organisation that the signatory signs for, with the address of their account."""
    assert everything_holds().refusal("ask-contact", SIGNATORY, **CAS | changed) == code


def test_a_contact_is_asked_for_once() -> None:
    """S36: until the request for them is answered."""
    world, by = _asked()
    assert world.refusal("ask-contact", SIGNATORY, **CAS) == "already_exists"
    world.do("refuse-contact", by, request=OPEN, person=COLLEAGUE, reason="no part in the project")
    assert kinds(world.do("ask-contact", SIGNATORY, **CAS)) == [e.ContactAsked]


def test_a_permits_people_change_by_an_amendment() -> None:
    """E19: under the EHDS the licensee alone does not add a contact."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    assert world.refusal("ask-contact", SIGNATORY, **CAS | {"request": request}) == "wrong_state"


def test_a_clinical_request_has_the_people_of_its_form() -> None:
    """S53: nobody is added to it."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    code = clinical.world.refusal("ask-contact", SIGNATORY, **CAS | {"request": clinical.request})
    assert code == "wrong_state"


def test_a_checked_contact_is_one() -> None:
    """S32, S33: the office found that they work there and take part; data are a step of their own."""
    world, by = _asked()
    (event,) = world.do("check-contact", by, request=OPEN, person=COLLEAGUE)
    assert event == e.ContactChecked(request=OPEN, person=COLLEAGUE)
    contact = world.state.requests[OPEN].contacts[COLLEAGUE]
    assert (contact.email, contact.institution, contact.available) == ("cas@hospital.example", "hospital", None)
    assert world.refusal("check-contact", by, request=OPEN, person=COLLEAGUE) == "not_found"


def test_who_was_not_asked_for_is_not_checked() -> None:
    """S31: the licensee asks first."""
    world = everything_holds()
    by = office(world)
    assert world.refusal("check-contact", by, request=OPEN, person=COLLEAGUE) == "not_found"
    assert world.refusal("refuse-contact", by, request=OPEN, person=COLLEAGUE, reason="no") == "not_found"


def test_who_asked_does_not_check() -> None:
    """S32, S33: two people, also where the signatory sits in the office."""
    world, by = _asked()
    appoint(world, SIGNATORY, "data-access-office")
    assert world.refusal("check-contact", SIGNATORY, request=OPEN, person=COLLEAGUE) == "four_eyes"
    assert kinds(world.do("check-contact", by, request=OPEN, person=COLLEAGUE)) == [e.ContactChecked]


def test_who_checks_is_not_the_contact() -> None:
    """S32: nobody finds about themselves."""
    world, _ = _asked()
    appoint(world, COLLEAGUE, "data-access-office")
    assert world.refusal("check-contact", COLLEAGUE, request=OPEN, person=COLLEAGUE) == "four_eyes"


def _moves(world: World) -> None:
    world.do("move-person", ADMIN, person=COLLEAGUE, institution="centre", email="cas@centre.example")


def _has_another_address(world: World) -> None:
    world.do("correct-email", ADMIN, person=COLLEAGUE, email="casper@hospital.example")


def _leaves(world: World) -> None:
    world.do("record-departure", ADMIN, person=COLLEAGUE)


@pytest.mark.parametrize("change", [_moves, _leaves, _has_another_address], ids=["moved", "left", "another address"])
def test_who_works_elsewhere_by_now_is_not_let_in(change: Callable[[World], None]) -> None:
    """S33: they still work at the organisation when they are checked; the office refuses them then."""
    world, by = _asked()
    change(world)
    assert world.refusal("check-contact", by, request=OPEN, person=COLLEAGUE) == "changed_meanwhile"
    refusal = {"request": OPEN, "person": COLLEAGUE, "reason": "left"}
    assert kinds(world.do("refuse-contact", by, **refusal)) == [e.ContactRefused]


def test_a_contact_is_refused_with_the_reason() -> None:
    """S32, S33: and waits no more."""
    world, by = _asked()
    (event,) = world.do("refuse-contact", by, request=OPEN, person=COLLEAGUE, reason="no part in the project")
    assert event == e.ContactRefused(request=OPEN, person=COLLEAGUE, reason="no part in the project")
    assert world.state.requests[OPEN].contacts_asked == {}


def _checked() -> World:
    world, by = _asked()
    world.do("check-contact", by, request=OPEN, person=COLLEAGUE)
    return world


def _available(request: RequestId = OPEN) -> dict[str, Any]:
    return {"request": request, "person": COLLEAGUE}


def test_data_become_available_to_a_new_contact() -> None:
    """S38, S100: with account, second factor and address, by the data organisation, once."""
    world = _checked()
    world.make_ready(COLLEAGUE)
    (event,) = world.do("make-available-to-contact", STEWARD, **_available())
    assert event == e.ContactMadeAvailable(request=OPEN, person=COLLEAGUE)
    assert world.state.requests[OPEN].contacts[COLLEAGUE].available == world.at - MINUTE
    assert world.refusal("make-available-to-contact", STEWARD, **_available()) == "wrong_state"


def test_data_wait_for_account_and_second_factor() -> None:
    """S38, S27: a contact who is not verified, or has no confirmed factor, gets nothing yet."""
    world = _checked()
    assert world.refusal("make-available-to-contact", STEWARD, **_available()) == "not_complete"
    world.do(
        "verify-person",
        ADMIN,
        person=COLLEAGUE,
        method="video-call",
        evidence="seen",
        until=world.at + 100 * 1440 * MINUTE,
    )
    assert world.refusal("make-available-to-contact", STEWARD, **_available()) == "not_complete"


def test_data_wait_for_the_address_that_was_named() -> None:
    """S38, S16: another address than the one that was asked for is none."""
    world = _checked()
    world.make_ready(COLLEAGUE)
    world.do("move-person", ADMIN, person=COLLEAGUE, institution="centre", email="cas@centre.example")
    assert world.refusal("make-available-to-contact", STEWARD, **_available()) == "not_complete"


def test_data_are_made_available_to_contacts_only() -> None:
    """S38, S28: to nobody who is not one, and by nobody for themselves."""
    world = _checked()
    arguments = {"request": OPEN, "person": STRANGER}
    assert world.refusal("make-available-to-contact", STEWARD, **arguments) == "not_found"
    appoint(world, COLLEAGUE, "data-steward")
    assert world.refusal("make-available-to-contact", COLLEAGUE, **_available()) == "four_eyes"

"""What a proved address means, for who has an account here and for who has none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.actor import component
from access_policy.arrivals import (
    ByInstitution,
    ByInvitation,
    ProvedAddress,
    login_reference,
    proved_address,
    trusted_names,
    way_in,
)
from access_policy.model.enums import Component
from access_policy.model.ids import InstitutionName, PersonId
from tests.unit.access_policy.world import ADMIN, World, everything_holds

pytestmark = pytest.mark.unit

HUB = component(Component.HUB)
ROSA = "rosa@hospital.example"


def way(world: World, email: str) -> Any:
    return way_in(world.state, email, world.at)


def address(world: World, email: str, whose: str = ROSA) -> ProvedAddress:
    return proved_address(world.state, world.state.people[world.state.emails[whose]], email)


def test_who_works_at_a_trusted_institution_registers_there() -> None:
    """S16, S73, ID-12: whether a person has the address makes no difference."""
    world = everything_holds()
    assert way(world, "new@hospital.example") == way(world, ROSA) == ByInstitution(InstitutionName("hospital"))


@pytest.mark.parametrize(
    "email",
    ["x@evil-hospital.example", "x@sub.hospital.example", "x@hospital.example.evil.example", "x@h\u043espital.example",
     "", "no address", '"a@hospital.example"@evil.example'],
)  # fmt: skip
def test_nobody_else_does(email: str) -> None:
    """ID-01 to ID-04."""
    assert way(everything_holds(), email) is None


def test_an_institution_that_is_not_trusted_now() -> None:
    """S72, E59: neither for who is on record with the address, nor for who is not."""
    world = everything_holds()
    hospital = world.state.institutions[InstitutionName("hospital")].name
    proved = frozenset({"hospital.example", "centre.example"})
    assert hospital in trusted_names(world.state, world.at, proved)
    assert hospital not in trusted_names(world.state, world.at, frozenset({"centre.example"}))
    world.do("end-agreement", ADMIN, institution="hospital")
    assert way(world, ROSA) is way(world, "new@hospital.example") is None
    assert hospital not in trusted_names(world.state, world.at, proved)


def test_an_address_on_record_is_the_same() -> None:
    """S16: and a provider that proves none says nothing."""
    world = everything_holds()
    assert address(world, ROSA) is address(world, "") is ProvedAddress.SAME


@pytest.mark.parametrize(
    ("email", "found"),
    [("r.smit@hospital.example", ProvedAddress.OTHER), ("rosa@centre.example", ProvedAddress.FOREIGN),
     ("rosa@sub.hospital.example", ProvedAddress.FOREIGN), ("rosa@evil-hospital.example", ProvedAddress.FOREIGN)],
)  # fmt: skip
def test_another_address(email: str, found: ProvedAddress) -> None:
    """S73, ID-01, ID-02: of the institution, or of none of its domains."""
    assert address(everything_holds(), email) is found


def test_an_address_of_somebody_else() -> None:
    """ID-05, ID-09: it went to another person, whatever institution that is."""
    world = everything_holds()
    others = [email for email in world.state.emails if email != ROSA]
    assert {address(world, email) for email in others} == {ProvedAddress.ANOTHERS}


def test_somebody_who_left() -> None:
    """S33, ID-15: still comes in with the address on record, until it is somebody else's; with none beside it."""
    world = everything_holds()
    rosa = world.state.people[world.state.emails[ROSA]]
    world.do("record-departure", ADMIN, person=rosa.person)
    rosa = world.state.people[rosa.person]
    assert proved_address(world.state, rosa, ROSA) is ProvedAddress.SAME
    assert proved_address(world.state, rosa, "r.smit@hospital.example") is ProvedAddress.FOREIGN
    world.do("register-person", ADMIN, name="Rosa Two", email=ROSA, institution="hospital")
    assert proved_address(world.state, rosa, ROSA) is ProvedAddress.ANOTHERS


@given(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
def test_a_reference_is_short_and_says_nothing_else(identity: str) -> None:
    """ID-09: twelve signs of an HMAC that nobody can begin with."""
    assert login_reference(identity).replace("-", "").lower() == identity[:12]


def test_an_invited_address() -> None:
    """S31: the newest invitation that is open, only for that address, and only while it is."""
    world = everything_holds()
    world.do("register-institution", ADMIN, institution="clinic", name="Clinic", country="NL", domains="clinic.example")
    office = world.register("office", "centre")
    world.do("appoint-role", ADMIN, person=office, role="data-access-office", until=world.at.replace(year=2027))
    world.do("confirm-proposal", PersonId("P-2"), proposal=world.state.last_proposal)
    numbers = [_invite(world, office) for _ in range(2)]
    found = way(world, "nina@clinic.example")
    assert isinstance(found, ByInvitation)
    assert (found.invitation.invitation, found.institution) == (numbers[1], "clinic")
    assert way(world, "other@clinic.example") is None
    world.do("withdraw-request", office, request=found.invitation.request)
    older = way(world, "nina@clinic.example")
    assert isinstance(older, ByInvitation)
    assert older.invitation.invitation == numbers[0]


def _invite(world: World, office: PersonId) -> int:
    desk = component(Component.DESK)
    world.do("submit-intake", desk, name="Nina", surname="Jansen", email="nina@clinic.example")
    world.do("answer-intake", office, request=list(world.state.requests)[-1], institution="clinic")
    return list(world.state.invitations)[-1]

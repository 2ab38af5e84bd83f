"""A first login: who may register themselves, where, and with which address; and names that change (S16, S72, S73)."""

from collections.abc import Callable
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.model.ids import InstitutionName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    AGREEMENT_DAYS,
    COLLEAGUE,
    DAY,
    DESK,
    HUB,
    RESEARCHER,
    STRANGER,
    TICK,
    World,
    everything_holds,
    kinds,
)

LOGIN: dict[str, Any] = {"identity": "id-noor", "issuer": "https://idp.hospital.example", "subject": "noor"}
NOOR: dict[str, Any] = {
    "name": "Noor", "email": "Noor@Hospital.Example.", "position": "PhD student", "field": "leukaemia", **LOGIN,
}  # fmt: skip


def test_who_comes_from_a_trusted_institution_registers() -> None:
    """S16, S73: with what the provider proved and what they say; found by their identity at the next login."""
    world = everything_holds()
    registered, linked = world.do("register-self", HUB, **NOOR)
    noor = PersonId("P-13")
    assert registered == e.PersonRegistered(
        person=noor, name="Noor", email="noor@hospital.example", institution=InstitutionName("hospital"),
        position="PhD student", field="leukaemia",
    )  # fmt: skip
    assert linked == e.IdentityLinked(person=noor, **LOGIN)
    person = world.state.people[noor]
    assert (world.state.identities["id-noor"], person.position, person.field_of_work) == (
        noor, "PhD student", "leukaemia",
    )  # fmt: skip
    assert (person.verification, person.linked_by) == (None, [])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"email": "x@evil-hospital.example"}, "not_permitted"),
        ({"email": "x@sub.hospital.example"}, "not_permitted"),
        ({"email": "x@hospital.example.evil.example"}, "not_permitted"),
        ({"email": '"a@hospital.example"@evil.example'}, "not_allowed_value"),
        ({"email": "x@h\u043espital.example"}, "not_allowed_value"),
        ({"email": "Rosa@hospital.example"}, "already_exists"),
        ({"identity": "id-1"}, "already_exists"),
        ({"name": "\u0430dmin"}, "not_allowed_value"),
        ({"name": "../x"}, "not_allowed_value"),
    ],
    ids=[
        "ID-01 a suffix", "ID-02 a sub-domain", "ID-02 a longer domain", "ID-03 quoted", "ID-04 Cyrillic o",
        "ID-05 an address that is taken", "ID-09 an identity that is taken", "ID-07 look-alikes", "ID-08 a path",
    ],
)  # fmt: skip
def test_what_is_refused(changed: dict[str, Any], code: str) -> None:
    """ID-01 to ID-09: a whole domain that the institution declared; one account for an address and an identity."""
    assert everything_holds().refusal("register-self", HUB, **NOOR | changed) == code


def test_a_name_is_kept_in_one_form() -> None:
    """ID-07: NFC, and single spaces."""
    registered, _ = everything_holds().do("register-self", HUB, **NOOR | {"name": "Zoe\u0301  Smit"})
    assert isinstance(registered, e.PersonRegistered)
    assert registered.name == "Zo\u00e9 Smit"


def _ended(world: World) -> None:
    world.do("end-agreement", ADMIN, institution="hospital")


def _excluded(world: World) -> None:
    world.do("exclude-organisation", ADMIN, institution="hospital", until=world.at + DAY, reason="a question")


def _domain_given_up(world: World) -> None:
    world.do("declare-domains", ADMIN, institution="hospital", domains="clinic.example")


@pytest.mark.parametrize("happens", [_ended, _excluded, _domain_given_up], ids=lambda one: one.__name__.strip("_"))
def test_an_institution_that_is_not_trusted_now(happens: Callable[[World], None]) -> None:
    """S72, E59: who comes from there asks the office, and is told no more than anybody from elsewhere (ID-12)."""
    world = everything_holds()
    happens(world)
    assert world.refusal("register-self", HUB, **NOOR) == "not_permitted"


def test_an_agreement_is_in_force_up_to_its_end() -> None:
    """S72, REQ-08: half-open, to the microsecond; before it begins nobody registers either."""
    world = everything_holds()
    term = world.state.institutions[InstitutionName("hospital")].agreement
    assert term is not None
    assert term.ends - term.begins == AGREEMENT_DAYS * DAY
    World.of(world.facts, term.ends - TICK).do("register-self", HUB, **NOOR)
    assert World.of(world.facts, term.ends).refusal("register-self", HUB, **NOOR) == "not_permitted"
    to_come = world.copy()
    to_come.do("end-agreement", ADMIN, institution="hospital")
    begins = to_come.at + DAY
    to_come.do("record-agreement", ADMIN, institution="hospital", begins=begins, ends=begins + DAY)
    assert to_come.refusal("register-self", HUB, **NOOR) == "not_permitted"
    World.of(to_come.facts, begins).do("register-self", HUB, **NOOR)


@pytest.mark.parametrize("who", [ADMIN, STRANGER, DESK], ids=["an admin", "a person", "the desk"])
def test_only_the_login_registers_who_came(who: PersonId | Actor) -> None:
    """ID-09: nobody says of themselves, or of others, what a provider has to prove."""
    assert everything_holds().refusal("register-self", who, **NOOR) == "not_permitted"


def test_a_name_changes_by_a_fact() -> None:
    """S16: put right by an admin, and never by oneself; the address and all rights stay."""
    world = everything_holds()
    named = {"person": COLLEAGUE, "name": "Cas de Vries"}
    for who in (COLLEAGUE, RESEARCHER):
        assert world.refusal("correct-name", who, **named) == "not_permitted"
    assert world.refusal("correct-name", ADMIN, person=ADMIN, name="Anna B") == "four_eyes"
    assert kinds(world.do("correct-name", ADMIN, **named)) == [e.NameCorrected]
    assert (world.state.people[COLLEAGUE].name, world.state.emails["cas@hospital.example"]) == (
        "Cas de Vries", COLLEAGUE,
    )  # fmt: skip
    assert world.refusal("correct-name", ADMIN, **named) == "wrong_state"

"""Parties beside the good world's own: organisations without an agreement or shut out, and who comes with an intake."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from tests.unit.access_policy.world import ADMIN, DAY, DESK, HUB, STEWARD, World, appoint, everything_holds

OFFICE = STEWARD
ASKED = RequestId("DR-3")
CLINIC = InstitutionName("clinic")
NEL = PersonId("P-13")
INTAKE = {"name": "Nel", "surname": "Jansen", "email": "nel@clinic.example"}
LOGIN = {"identity": "id-nel", "issuer": "https://idp.clinic.example", "subject": "nel"}
PROVED = {"name": "Nel", "email": "nel@clinic.example", **LOGIN}
TITLE = {"title": "Survival", "purpose": "Which treatment helps"}


def register_institution(world: World, name: str, country: str = "NL") -> None:
    """Register an organisation that the centre has no agreement with; its people have `@NAME.example`."""
    arguments = {"name": name.title(), "country": country, "domains": f"{name}.example"}
    world.do("register-institution", ADMIN, institution=name, **arguments)


def exclude(world: World, name: InstitutionName) -> datetime:
    """Shut an organisation out for ten days, and return when that ends."""
    until = world.at + 10 * DAY
    event = e.OrganisationExcluded(institution=name, until=until, reason="misuse")
    world.append([(person(ADMIN), event)])
    return until


def with_office() -> World:
    """Return the good world with a data access office, and with a clinic that nobody has an agreement with."""
    world = everything_holds()
    appoint(world, OFFICE, "data-access-office")
    register_institution(world, CLINIC)
    return world


def asked() -> World:
    """Return a world in which an intake from the clinic waits, as `DR-3`."""
    world = with_office()
    world.do("submit-intake", DESK, **INTAKE)
    return world


def answered() -> World:
    """Return a world in which it was answered with invitation 1."""
    world = asked()
    world.do("answer-intake", OFFICE, request=ASKED, institution=CLINIC)
    return world


def registered() -> World:
    """Return a world in which the invited person is registered, as `P-13`, and has not taken the invitation up."""
    world = answered()
    world.do("register-invited", HUB, invitation=1, **PROVED)
    return world

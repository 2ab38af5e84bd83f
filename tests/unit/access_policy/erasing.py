"""What the tests of erasures share: a world whose requests are over for good, and two admins who still act in it."""

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    World,
    everything_holds,
    of_format_2,
    stepped_up,
)

YEARS = 5 * 366 * DAY


def asked_long_ago(*people: PersonId) -> World:
    """Return a world in which these people asked to be erased, and in which the law lets them go today."""
    world = of_format_2(everything_holds())
    for request in (OPEN, RESTRICTED):
        world.do("end-request", ADMIN, request=request, reason="it is over")
    for who in people:
        world.do("ask-erasure", ADMIN, person=who)
    world.wait(YEARS + 1000 * DAY)
    appointed = [e.RoleAppointed(person=who, role=Role.ADMIN, scope=None, until=world.at + 900 * DAY) for who in ADMINS]
    world.append([(stepped_up(person(ADMIN)), one) for one in appointed])
    return world


ADMINS = (ADMIN, SECOND_ADMIN)


def erase(world: World, who: PersonId = RESEARCHER) -> e.PersonErased:
    """Erase somebody: one admin proposes, the other confirms."""
    _, erased = world.agree("erase-person", person=who)
    assert isinstance(erased, e.PersonErased)
    return erased

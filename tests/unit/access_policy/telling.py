"""How the tests of notices let a fact happen and look at who is told."""

from access_policy import events as e
from access_policy.model.ids import PersonId
from access_policy.notices import Notice, notices_from
from tests.unit.access_policy.happenings import (
    happens,
)
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    World,
    everything_holds,
)

LICENSEE = {RESEARCHER, SIGNATORY}
EVERYBODY = LICENSEE | {COLLEAGUE}


def told(world: World, event: e.FactEvent, by: PersonId = ADMIN) -> tuple[Notice, ...]:
    """Let a fact happen and return who is told."""
    happens(world, event, by=by)
    return notices_from(world.state, world.facts[-1])


def to_whom(notices: tuple[Notice, ...]) -> list[tuple[str, str]]:
    """Return who is told about what, sorted."""
    return sorted((one.to, one.about) for one in notices)


def three_parts() -> World:
    """Return the good world where applicant, contacts and signatory of `DR-1` are three people."""
    world = everything_holds()
    happens(
        world,
        e.ContactNamed(request=OPEN, person=COLLEAGUE, email="cas@hospital.example"),
        e.ContactRemoved(request=OPEN, person=RESEARCHER),
    )
    return world

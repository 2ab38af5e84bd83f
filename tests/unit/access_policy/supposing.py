"""How tests ask what would follow."""

from datetime import timedelta

from access_policy.simulate import Change, Step, simulate
from tests.unit.access_policy.world import World

HORIZON = timedelta(days=800)


def supposed(world: World, *steps: Step) -> tuple[Change, ...]:
    """Return what would change."""
    return simulate(world.state, steps, world.at, world.at + HORIZON).changes

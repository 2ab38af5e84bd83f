"""A world's facts in a real log on disk, and the policy that reads and appends to it."""

import secrets
from pathlib import Path

from access_policy.events import Fact, FactEvent
from access_policy.log import LogStore
from access_policy.use_cases import Policy
from tests.unit.access_policy.log.samples import KEYS, SetClock
from tests.unit.access_policy.world import World


def keep(world: World, path: Path) -> tuple[Policy, SetClock]:
    """Write each fact of a world at its own instant; return the policy on that log, and its clock, at the world's."""
    clock = SetClock(world.at)
    store = LogStore.create(path, KEYS, clock, secrets.token_bytes)
    for fact in world.facts:
        write(store, clock, fact)
    clock.at = world.at
    return Policy(store, clock), clock


def write(store: LogStore, clock: SetClock, fact: Fact) -> None:
    """Write a fact of a world at its own instant."""
    clock.at = fact.at
    event = fact.event
    assert isinstance(event, FactEvent)
    store.append(fact.seq - 1, lambda at: [(fact.actor, event)])

"""A world's facts in a real log on disk or on a server, and the policy that reads and appends to it."""

import secrets
from pathlib import Path

from access_policy.events import Fact, FactEvent
from access_policy.log import LogStore
from access_policy.use_cases import Policy
from tests.unit.access_policy.log.samples import KEYS, SetClock, Where, open_log
from tests.unit.access_policy.world import World


def keep(world: World, where: Where) -> tuple[Policy, SetClock]:
    """Write each fact of a world at its own instant; return the policy on that log, and its clock, at the world's."""
    clock = SetClock(world.at)
    if isinstance(where, Path):
        LogStore.create(where, KEYS, clock, secrets.token_bytes).close()
    store = open_log(where, clock)
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

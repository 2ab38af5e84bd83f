"""State folders whose log holds observations of six years ago, signed now and then, as the tests of their cut need."""

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from access_policy.actor import component
from access_policy.events import SessionBegun, WorkspaceRefused
from access_policy.log import LogStore
from access_policy.log.keys import load_keys
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId, RequestId
from access_policy.use_cases import Done, cut_observations
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.unit.access_policy.log.samples import SetClock

HUB = component(Component.HUB)
SIGNED = (4, 8)
OLD = 10
AGO = timedelta(days=6 * 366)


def grow_old(places: Places) -> None:
    """Observe ten refusals of six years ago, a day apart; sign after the fourth and the eighth, and at the end."""
    clock = SetClock(datetime.now(UTC) - AGO)
    for number in range(1, OLD + 1):
        store = LogStore.open(places.log, load_keys(places.keys), clock, secrets.token_bytes)
        clock.at += timedelta(days=1)
        refused = WorkspaceRefused(person=PersonId("P-23"), request=RequestId("DR-10"), codes="term_over, <zone>")
        login = SessionBegun(person=PersonId("P-23"), session="5e" * 32)
        store.observe(HUB, refused if number % 2 else login, 1)
        store.close()
        if number in (*SIGNED, OLD):
            sign(places)


def sign(places: Places) -> None:
    """Sign the heads."""
    policy = open_policy(places)
    assert policy.sign() is None
    policy.store.close()


def cut(places: Places) -> None:
    """Cut what is over, as the warden does."""
    policy = open_policy(places, Component.WARDEN)
    assert isinstance(cut_observations(policy), Done)
    assert policy.sign() is None
    policy.store.close()


def count(places: Places) -> int:
    """Return how many observations stand."""
    with closing(sqlite3.connect(places.log)) as raw:
        (found,) = raw.execute("SELECT count(*) FROM observations").fetchone()
    return int(found)

"""A home in a cluster is a claim: deleted alone, and gone only when the cluster's API shows it no more (E62)."""

import pytest

from access_policy.model.ids import PersonId
from spawner import cluster_names as names
from spawner.warden.api import Trouble
from spawner.warden.claims import ClaimHomes
from tests.unit.access_policy.test_homes import home_of
from tests.unit.access_policy.world import OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import HERE, SITE, SPACE, Room
from tests.unit.spawner.warden.fake_api import Fault, api_of


@pytest.fixture
def homes(here: Room) -> ClaimHomes:
    here.look()
    return ClaimHomes(api_of(here.url, here.seconds), SITE.prefix, HERE)


def _claim(here: Room, number: int, person: PersonId = RESEARCHER) -> str:
    name = names.home(person, number)
    here.cluster.put("PersistentVolumeClaim", SPACE, name, labels=names.person_labels(HERE, OPEN, person))
    return name


def test_one_claim_is_deleted_and_then_seen_to_be_gone(here: Room, homes: ClaimHomes) -> None:
    """E62, FLT-06: the person's other homes stay, and so do other people's."""
    kept = [_claim(here, 2), _claim(here, 1, PersonId("P-4"))]
    first = home_of(RESEARCHER, OPEN, 1)
    assert not homes.delete(first)
    assert homes.delete(first)
    assert not here.cluster.has("PersistentVolumeClaim", SPACE, "home-p-3")
    assert all(here.cluster.has("PersistentVolumeClaim", SPACE, name) for name in kept)


def test_what_the_api_does_not_answer_is_not_gone(here: Room, homes: ClaimHomes) -> None:
    """FLT-06: it is asked again."""
    here.cluster.faults = lambda _call: Fault(503)
    with pytest.raises(Trouble):
        homes.delete(home_of(RESEARCHER, OPEN, 1))

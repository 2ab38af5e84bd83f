"""The gate: what a started workspace gets to see of the datasets of its request."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from hub_config.cli.manifests import folders_in_use
from hub_config.gate import Gate
from spawner.workspace import Mount, Profile
from tests.unit.hub_config.desk.seed import World, full_world

pytestmark = pytest.mark.unit

SMALL = Profile("small", "Small", 1.0, 2**30, 64, 2**30, 3600)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = full_world(tmp_path)
    yield made
    made.policy.store.close()


def mounts(world: World) -> tuple[Mount, ...]:
    """Start the researcher's workspace of DR-1 as the hub does, and return what is mounted."""
    world.log_in("researcher")
    return Gate(world.policy, (SMALL,)).start("P-8", "DR-1", {"profile": "small"}).mounts


def extract(world: World) -> None:
    """Let the steward record an extract of the dataset for DR-1."""
    world.do("prepare-extract", "steward", request="DR-1", dataset="clinical", location="dr-1/clinical",
             manifest="e" * 64, patients=12, attested=True)  # fmt: skip


def test_a_workspace_sees_the_whole_dataset_where_no_extract_was_made(world: World) -> None:
    """S75: the version in force, at its registered location."""
    assert mounts(world) == (Mount("clinical", "1", "clinical"),)


def test_a_workspace_sees_the_extract_and_not_the_whole(world: World) -> None:
    """S3: where an extract was made for a request, its folder takes the dataset's place."""
    extract(world)
    assert mounts(world) == (Mount("clinical", "1, extract", "dr-1/clinical"),)


def test_the_folder_of_an_extract_is_checked_like_a_datasets(world: World) -> None:
    """S99: with its own manifest, while it is one of the version in force."""
    extract(world)
    with world.policy.reading() as state:
        assert [one.name for one in folders_in_use(state)] == ["clinical", "clinical for DR-1"]
        dataset = state.datasets[DatasetName("clinical")]
        assert state.requests[RequestId("DR-1")].extracts[dataset.dataset].version == dataset.version


def test_a_workspace_goes_along_with_data_that_are_restricted_while_it_runs(world: World) -> None:
    """S78: the hub learns of it by asking; nothing is reached where nothing runs. No command does this yet."""
    gate = Gate(world.policy, (SMALL,))
    assert gate.zone_of("P-8", "DR-1") is None
    mounts(world)
    assert gate.zone_of("P-8", "DR-1") is Zone.ANYWHERE
    store = world.policy.store
    (open_one,) = (one.event for one in store.facts_since(0) if isinstance(one.event, e.DatasetRegistered))
    restricted = msgspec.structs.replace(open_one, zone=Zone.INSTITUTE)
    store.append(store.newest(), lambda _at: [(person(PersonId("P-7")), restricted)])
    assert gate.zone_of("P-8", "DR-1") is Zone.INSTITUTE

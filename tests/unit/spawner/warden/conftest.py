"""A room for each test of the warden on a cluster; the log in it is written once a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.spawner.warden.cluster_room import Room, room, write_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("log"))


@pytest.fixture
def here(log: Path, tmp_path: Path) -> Iterator[Room]:
    with room(log, tmp_path) as made:
        yield made

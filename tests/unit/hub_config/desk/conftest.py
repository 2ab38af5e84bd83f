"""Fixtures of the desk's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.hub_config.desk.seed import World, empty_world, full_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = full_world(tmp_path)
    yield made
    made.policy.store.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[World]:
    made = empty_world(tmp_path)
    yield made
    made.policy.store.close()

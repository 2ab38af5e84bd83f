"""Fixtures of the log's tests: a real SQLite file, and a clock that stands still."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy.log import LogStore
from tests.unit.access_policy.log.samples import KEYS, SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def store(path: Path, clock: SetClock) -> Iterator[LogStore]:
    store = LogStore.create(path, KEYS, clock, secrets.token_bytes)
    yield store
    store.close()

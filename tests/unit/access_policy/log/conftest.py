"""Fixtures of the log's tests: a log in a SQLite file and in a real PostgreSQL, and a clock that stands still.

A test that asks for `store` or `where` runs on both databases; one that asks for `path` too speaks of the file alone.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy.events import LogRead
from access_policy.log import LogStore
from tests.postgres import drop_database, new_database
from tests.unit.access_policy.log.samples import ADMIN, KEYS, SetClock, Where, add, open_log, registered


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of a log on both databases, but for those of the file alone."""
    if "where" in metafunc.fixturenames:
        both = ["sqlite"] if "path" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("where", both, indirect=True)


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Where]:
    """Where the test's log is: a file's path, or the URL of a database; `open_log` takes either."""
    if request.param == "sqlite":
        yield tmp_path / "log.db"
        return
    url = new_database()
    yield url
    drop_database(url)


@pytest.fixture
def store(where: Where, clock: SetClock) -> Iterator[LogStore]:
    if isinstance(where, Path):
        LogStore.create(where, KEYS, clock, secrets.token_bytes).close()
    store = open_log(where, clock)
    yield store
    store.close()


@pytest.fixture
def whole(store: LogStore, where: Where, clock: SetClock) -> Where:
    """A log of eight facts in five appends, and three observations."""
    for count in (1, 1, 3, 1, 2):
        clock.go(1)
        add(store, *(registered(number) for number in range(count, 0, -1)))
    for what in ("all", "some", "none"):
        clock.go(1)
        store.observe(ADMIN, LogRead(what=what))
    return where


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """A folder for checkpoints, not there yet."""
    return tmp_path / "checkpoints"

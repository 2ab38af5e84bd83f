"""The desk while its log, or the clock, is in trouble: a page in words with 503, nothing written, and it goes on."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from access_policy.log.clock import ClockTrouble
from access_policy.use_cases import Policy
from tests.unit.access_policy.log.troubles import moved_away
from tests.unit.hub_config.desk.seed import World

pytestmark = pytest.mark.unit
PAGES = ("/", "/requests", "/datasets", "/people", "/people/P-9", "/log", "/me", "/do/disable-person?person=P-9")
DISABLE = {"person": "P-9", "reason": "a question", "_typed": "P-9"}
OFF = ClockTrouble(3600, "the clock of this machine jumped and is `3600` seconds fast; set it right")


@contextmanager
def half_migrated(path: Path) -> Iterator[None]:
    """Leave a table under another name, as a migration that stopped half-way would."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("ALTER TABLE facts RENAME TO facts_of_old")
        yield
        raw.execute("ALTER TABLE facts_of_old RENAME TO facts")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the log as another process that writes does."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("trouble", [moved_away, half_migrated])
def test_no_page_without_its_log(
    world: World, tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """POL-04, AUD-05, FLT-02: every page and every command says so with 503, and works again without a restart."""
    admin = world.client("admin")
    before = world.policy.store.newest()
    with trouble(tmp_path / "log.sqlite"):
        for path in PAGES:
            answer = admin.get(path)
            assert (path, answer.status_code, "nothing is decided" in answer.text) == (path, 503, True)
        assert admin.post("/do/disable-person", DISABLE).status_code == 503
        assert admin.get("/api/v1/me").json()["code"] == "log_unavailable"
        assert admin.http.get("/readyz").status_code == 503
        assert admin.http.get("/livez").status_code == 200
    assert world.policy.store.newest() == before
    assert {admin.get(path).status_code for path in PAGES} == {200}
    assert admin.post("/do/disable-person", DISABLE).status_code == 303


def test_a_locked_log_is_read_and_not_written(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-05: a command waits, then says that nothing was done; pages that only read are there."""
    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.0)
    admin = world.client("admin")
    world.policy.store.database._engine.dispose()  # type: ignore[attr-defined]  # a new connection is as impatient
    before = world.policy.store.newest()
    with locked(tmp_path / "log.sqlite"):
        answer = admin.post("/do/disable-person", DISABLE)
        assert (answer.status_code, "nothing is decided" in answer.text) == (503, True)
        assert admin.get("/people/P-9").status_code == 200
    assert world.policy.store.newest() == before
    assert admin.post("/do/disable-person", DISABLE).status_code == 303


def test_a_clock_that_is_off_is_told_to_admins_and_lets_nobody_in_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-12, MFA-14: an admin reads it on every page, others do not; withdrawals are done, the rest waits with 503."""
    admin, researcher = world.client("admin"), world.client("researcher")
    monkeypatch.setattr(Policy, "clock_trouble", lambda _: OFF)
    assert "is `3600` seconds fast" in admin.get("/people").text
    assert "seconds fast" not in researcher.get("/").text
    assert admin.post("/do/disable-person", DISABLE).status_code == 303
    refused = admin.post("/do/enable-person", {"person": "P-9"})
    assert (refused.status_code, "is `3600` seconds fast" in refused.text) == (503, True)
    monkeypatch.setattr(Policy, "clock_trouble", lambda _: None)
    assert admin.post("/do/enable-person", {"person": "P-9"}).status_code == 303
    assert "seconds fast" not in admin.get("/people").text

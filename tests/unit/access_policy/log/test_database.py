"""The log's file: private, durable, and in trouble one clear line instead of a wrong answer."""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from access_policy.log import LogStore, LogUnavailable, UnreadableLog
from access_policy.log.migrations import FORM
from tests.unit.access_policy.log.samples import KEYS, SetClock, add, disabled, open_log, registered


def test_made_once(store: LogStore, path: Path) -> None:
    """A log is private to its user, and is never made over an existing one."""
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    with pytest.raises(LogUnavailable, match="cannot be made"):
        LogStore.create(path, KEYS, SetClock(), secrets.token_bytes)


def test_durable(store: LogStore, path: Path) -> None:
    """Each connection waits for the disk, keeps foreign keys and uses the write-ahead log (FLT-01)."""
    with store._database.write() as connection:
        found = [connection.scalar(text(f"PRAGMA {name}")) for name in ("synchronous", "foreign_keys", "journal_mode")]
    assert found == [2, 1, "wal"]


def test_opening_makes_nothing(path: Path) -> None:
    """A log that is gone is an error, not a new empty log."""
    with pytest.raises(LogUnavailable, match="No such file"):
        open_log(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"not a database " * 500])
def test_no_log(path: Path, content: bytes) -> None:
    """A file that is no log is named in one line."""
    path.write_bytes(content)
    with pytest.raises(LogUnavailable, match=r"^log `.*` cannot be used") as caught:
        open_log(path)
    assert "\n" not in str(caught.value)


def test_form_of_a_later_release(store: LogStore, path: Path) -> None:
    """A database from another release is refused (FLT-10)."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE meta SET value = '9'")
    with pytest.raises(UnreadableLog, match=f"has form `9`, not `{FORM}`; use its release"):
        open_log(path)


def test_locked(store: LogStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the log, an append gives up with one line and reads go on (AUD-05)."""
    add(store, registered())
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.0)
        other = open_log(path)
        with pytest.raises(LogUnavailable, match="another process holds it; try again"):
            add(other, disabled())
        assert [fact.seq for fact in other.facts_since(0)] == [1]
    add(other, disabled())
    assert store.newest() == 2


def test_full(store: LogStore, path: Path) -> None:
    """A full disk is one line; nothing of the append is there, and what was there is (AUD-05)."""
    add(store, registered())
    with store._database.read() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(LogUnavailable, match="its disk is full; make room"):
        add(store, *(disabled(1, "x" * 10_000) for _ in range(20)))
    assert [fact.seq for fact in store.facts_since(0)] == [1]


def test_corrupt(store: LogStore, path: Path) -> None:
    """A file with overwritten pages is one line, not a wrong answer."""
    add(store, *(registered(number) for number in range(1, 200)))
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xee" * (len(content) - 4096))
    with pytest.raises(LogUnavailable, match=r"it is damaged|cannot be used"):
        list(open_log(path).facts_since(0))


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_gone(store: LogStore, path: Path, how: str) -> None:
    """A log that was taken away under a running process is noticed before anything is decided or lost."""
    add(store, registered())
    path.rename(path.with_name("old.db"))
    if how == "replaced":
        LogStore.create(path, KEYS, SetClock(), secrets.token_bytes).close()
    for attempt in (store.newest, lambda: add(store, disabled()), lambda: list(store.facts_since(0))):
        with pytest.raises(LogUnavailable, match=r"was replaced|No such file"):
            attempt()

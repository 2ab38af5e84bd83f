"""Verification: each kind of tampering is found, and named with the first row that does not fit."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from access_policy.events import LogRead
from access_policy.log import LogStore, LogUnavailable
from access_policy.log.checkpoints import sign_checkpoint, write_checkpoint
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.verify import Verification, verify
from tests.unit.access_policy.log.samples import ADMIN, KEYS, ORIGIN, SetClock, add, registered

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def whole(store: LogStore, path: Path, clock: SetClock) -> Path:
    """A log of eight facts in five appends, and three observations."""
    for count in (1, 1, 3, 1, 2):
        clock.go(1)
        add(store, *(registered(number) for number in range(count, 0, -1)))
    for what in ("all", "some", "none"):
        clock.go(1)
        store.observe(ADMIN, LogRead(what=what))
    return path


def tamper(path: Path, change: Tamper) -> None:
    """Change the file as its owner can: without the triggers."""
    with closing(sqlite3.connect(path)) as raw, raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        change(raw)


def sql(*statements: str) -> Tamper:
    def change(raw: sqlite3.Connection) -> None:
        for statement in statements:
            raw.execute(statement)

    return change


def rehash(raw: sqlite3.Connection, heads: bool = True) -> bool:
    """Recompute what a forger with the database alone can recompute: all leaves and, if asked, all heads."""
    frontier = Frontier()
    sizes = {size for (size,) in raw.execute("SELECT size FROM fact_heads")}
    rows = raw.execute("SELECT seq, at, actor, kind, payload FROM facts ORDER BY seq").fetchall()
    for seq, at, actor, kind, payload in rows:
        leaf = leaf_of(seq, at.encode(), actor.encode(), kind.encode(), payload)
        frontier.append(leaf)
        raw.execute("UPDATE facts SET leaf = ? WHERE seq = ?", (leaf, seq))
        if heads and frontier.size in sizes:
            head = (frontier.root(), frontier.to_bytes(), frontier.size)
            raw.execute("UPDATE fact_heads SET root = ?, frontier = ? WHERE size = ?", head)
    return heads


def test_whole_log(whole: Path, store: LogStore) -> None:
    """An untouched log verifies, with its size and root, with or without checkpoints."""
    head = store.head()
    expected = Verification(True, 8, head.root)
    assert verify(whole, None, KEYS, ORIGIN) == expected
    write_checkpoint(whole.parent / "checkpoints", head, KEYS, ORIGIN)
    assert verify(whole, whole.parent / "checkpoints", KEYS, ORIGIN) == expected


def test_empty_log(store: LogStore, path: Path) -> None:
    """An empty log verifies."""
    write_checkpoint(path.parent / "checkpoints", store.head(), KEYS, ORIGIN)
    assert verify(path, path.parent / "checkpoints", KEYS, ORIGIN) == Verification(True, 0, store.head().root)


@pytest.mark.parametrize("row", range(1, 9))
@pytest.mark.parametrize(
    "column",
    [
        "at = '2026-11-22T13:00:00.000000Z'",
        """actor = '{"person":"P-2"}'""",
        "kind = 'PersonEnabled'",
        "payload = payload || ' '",
        "payload = 7",
        "kind = CAST(x'ff' AS TEXT)",
        "leaf = zeroblob(32)",
    ],
)
def test_changed_row(whole: Path, row: int, column: str) -> None:
    """A row with any column changed is named (AUD-01)."""
    tamper(whole, sql(f"UPDATE facts SET {column} WHERE seq = {row}"))
    found = verify(whole, None, KEYS, ORIGIN)
    assert (found.ok, found.row, found.size) == (False, row, row - 1)
    assert f"facts row `{row}` was changed" in (found.problem or "")


@pytest.mark.parametrize("row", range(1, 8))
def test_removed_row(whole: Path, row: int) -> None:
    """A row that is gone is named (AUD-01)."""
    tamper(whole, sql(f"DELETE FROM facts WHERE seq = {row}"))
    found = verify(whole, None, KEYS, ORIGIN)
    assert (found.ok, found.row, found.problem) == (False, row, f"facts row `{row}` was removed")


TAMPERINGS: dict[str, tuple[Tamper, int, str]] = {
    "removed and closed up": (
        sql(
            "DELETE FROM facts WHERE seq = 3", *(f"UPDATE facts SET seq = {n} WHERE seq = {n + 1}" for n in range(3, 8))
        ),
        3,
        "was changed, added or moved",
    ),
    "added in between": (
        sql(
            *(f"UPDATE facts SET seq = {n + 1} WHERE seq = {n}" for n in range(8, 3, -1)),
            "INSERT INTO facts SELECT 4, at, actor, kind, payload, leaf FROM facts WHERE seq = 3",
        ),
        4,
        "was changed, added or moved",
    ),
    "added before the first": (
        sql("INSERT INTO facts SELECT 0, at, actor, kind, payload, leaf FROM facts WHERE seq = 1"),
        0,
        "was added",
    ),
    "added at the end": (
        lambda raw: (
            sql("INSERT INTO facts SELECT 9, at, actor, kind, payload, leaf FROM facts WHERE seq = 8")(raw),
            rehash(raw, heads=False),
        ),
        9,
        "has no tree head: it was added, or the heads were cut off",
    ),
    "swapped": (
        sql(
            "UPDATE facts SET seq = 99 WHERE seq = 4",
            "UPDATE facts SET seq = 4 WHERE seq = 6",
            "UPDATE facts SET seq = 6 WHERE seq = 99",
        ),
        4,
        "was changed, added or moved",
    ),
    "changed with its leaf": (
        lambda raw: (sql("UPDATE facts SET kind = 'X' WHERE seq = 4")(raw), rehash(raw, heads=False)),
        3,
        "was changed, or one up to `5`: the tree head does not fit",
    ),
    "time set back, all rehashed": (
        lambda raw: (sql("UPDATE facts SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 6")(raw), rehash(raw)),
        6,
        "is out of order",
    ),
    "newest rows cut off": (sql("DELETE FROM facts WHERE seq > 6"), 7, "was removed: a tree head of `8` rows"),
    "newest head cut off": (sql("DELETE FROM fact_heads WHERE size = 8"), 7, "the heads were cut off"),
    "all heads cut off": (sql("DELETE FROM fact_heads"), 1, "the heads were cut off"),
    "head's root changed": (sql("UPDATE fact_heads SET root = zeroblob(32) WHERE size = 5"), 3, "does not fit"),
    "head's frontier changed": (sql("UPDATE fact_heads SET frontier = x'' WHERE size = 6"), 6, "does not fit"),
    "head added": (sql("INSERT INTO fact_heads SELECT 4, root, frontier FROM fact_heads WHERE size = 5"), 3, "not fit"),
    "head added at the end": (
        sql("INSERT INTO fact_heads SELECT 9, root, frontier FROM fact_heads LIMIT 1"),
        9,
        "removed",
    ),
    "head added at the start": (
        sql("INSERT INTO fact_heads SELECT 0, root, frontier FROM fact_heads LIMIT 1"),
        1,
        "does not fit",
    ),
    "table gone": (sql("DROP TABLE facts"), 1, "cannot be read (no such table: facts)"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering(whole: Path, name: str) -> None:
    """Each other kind of tampering is named with the first row that does not fit (AUD-01)."""
    change, row, problem = TAMPERINGS[name]
    tamper(whole, change)
    found = verify(whole, None, KEYS, ORIGIN)
    assert (found.ok, found.row) == (False, row)
    assert problem in (found.problem or "")


def test_tampered_observation(whole: Path) -> None:
    """Observations are verified as facts are, and named as such."""
    tamper(whole, sql("UPDATE observations SET kind = 'X' WHERE seq = 2"))
    found = verify(whole, None, KEYS, ORIGIN)
    assert (found.ok, found.size, found.row) == (False, 8, 2)
    assert "observations row `2` was changed" in (found.problem or "")


@pytest.mark.parametrize("left", [2, 6])
def test_cut_off_whole(whole: Path, store: LogStore, left: int) -> None:
    """Newest rows that were cut off with their heads are found through the checkpoint (AUD-02)."""
    folder = whole.parent / "checkpoints"
    write_checkpoint(folder, store.head(), KEYS, ORIGIN)
    tamper(whole, sql(f"DELETE FROM facts WHERE seq > {left}", f"DELETE FROM fact_heads WHERE size > {left}"))
    assert verify(whole, None, KEYS, ORIGIN).ok
    found = verify(whole, folder, KEYS, ORIGIN)
    assert (found.ok, found.row) == (False, left + 1)
    assert found.problem == f"facts row `{left + 1}` was removed: the log is shorter than its checkpoint of `8` facts"


def test_rewritten_whole(whole: Path, store: LogStore) -> None:
    """A history rewritten with all its hashes is found through checkpoints, after the last that agrees (AUD-03)."""
    folder = whole.parent / "checkpoints"
    folder.mkdir()
    for size in (2, 6):
        head = store.head()._replace(size=size, root=store.root_at(size) or "")
        (folder / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(head, KEYS, ORIGIN))
    tamper(whole, lambda raw: (sql("UPDATE facts SET kind = 'X' WHERE seq = 4")(raw), rehash(raw)))
    assert verify(whole, None, KEYS, ORIGIN).ok
    found = verify(whole, folder, KEYS, ORIGIN)
    assert (found.ok, found.row) == (False, 3)
    assert found.problem == "facts row `3` was rewritten, or one up to `6`: the log is different from its checkpoint"


def test_forged_checkpoint(whole: Path, store: LogStore) -> None:
    """A forged checkpoint is an answer of its own, not a crash."""
    path = write_checkpoint(whole.parent / "checkpoints", store.head(), KEYS, ORIGIN)
    path.write_text(path.read_text().replace("\n8\n", "\n7\n"))
    found = verify(whole, path.parent, KEYS, ORIGIN)
    assert (found.ok, found.row) == (False, None)
    assert "has no valid signature" in (found.problem or "")


def test_without_sealing_keys(whole: Path) -> None:
    """With every sealing key gone the log still verifies (E48)."""
    tamper(whole, sql("DELETE FROM sealing_keys"))
    assert verify(whole, None, KEYS, ORIGIN).ok


def test_writes_nothing(whole: Path, store: LogStore) -> None:
    """Verification leaves the file as it is, and a copy without a write-ahead log verifies as well."""
    store.close()
    copy = whole.parent / "copy.db"
    copy.write_bytes(whole.read_bytes())
    assert verify(copy, None, KEYS, ORIGIN).ok
    assert copy.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("content", [None, b"junk " * 2000])
def test_no_log(tmp_path: Path, content: bytes | None) -> None:
    """A missing file, or one that is no log, is a one-line error."""
    if content is not None:
        (tmp_path / "log.db").write_bytes(content)
    with pytest.raises(LogUnavailable, match=r"log|no log") as caught:
        verify(tmp_path / "log.db", None, KEYS, ORIGIN)
    assert "\n" not in str(caught.value)

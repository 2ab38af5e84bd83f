"""Verification: each kind of tampering is found, and named with the first row that does not fit; on both databases."""

from pathlib import Path

import pytest

from access_policy.log import LogStore, LogUnavailable
from access_policy.log.checkpoints import Series
from access_policy.log.verify import Compared, Verification, verify
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, Where
from tests.unit.access_policy.log.tampering import Tamper, rehash, sign, sql, tamper, verified


def test_whole_log(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """An untouched log verifies, with its size and root, with or without checkpoints."""
    expected = Verification(True, 8, store.head().root, compared=Compared(0, 0))
    assert verified(whole, store) == expected
    for series in Series:
        assert sign(checkpoints, store, series)
    assert verified(whole, store, checkpoints) == expected._replace(compared=Compared(2, 8, 3))


def test_empty_log(store: LogStore, where: Where, checkpoints: Path) -> None:
    """An empty log verifies."""
    sign(checkpoints, store)
    found = verified(where, store, checkpoints)
    assert found == Verification(True, 0, store.head().root, compared=Compared(1, 0))


@pytest.mark.parametrize("row", [1, 8])
@pytest.mark.parametrize(
    "column",
    [
        "at = '2026-11-22T13:00:00.000000Z'",
        """actor = '{"person":"P-2"}'""",
        "kind = 'PersonEnabled'",
        "payload = payload || ' '",
        "leaf = zeroblob(32)",
    ],
)
def test_changed_row(whole: Where, store: LogStore, row: int, column: str) -> None:
    """A row with any column changed is named (AUD-01)."""
    tamper(whole, sql(f"UPDATE facts SET {column} WHERE seq = {row}"))
    found = verified(whole, store)
    assert (found.ok, found.row, found.size) == (False, row, row - 1)
    assert f"facts row `{row}` was changed" in (found.problem or "")


@pytest.mark.parametrize("column", ["payload = 7", "kind = CAST(x'ff' AS TEXT)", "at = NULL"])
def test_value_of_another_type(whole: Where, store: LogStore, path: Path, column: str) -> None:
    """SQLite takes any value in any column; a row with one is named (AUD-01)."""
    if "NULL" in column:
        tamper(path, sql("PRAGMA writable_schema = 1", "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')"))
    tamper(path, sql(f"UPDATE facts SET {column} WHERE seq = 4"))
    found = verified(path, store)
    assert (found.ok, found.row, found.size) == (False, 4, 3)


@pytest.mark.parametrize("row", [1, 7])
def test_removed_row(whole: Where, store: LogStore, row: int) -> None:
    """A row that is gone is named (AUD-01)."""
    tamper(whole, sql(f"DELETE FROM facts WHERE seq = {row}"))
    found = verified(whole, store)
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
        lambda rows: (
            sql("INSERT INTO facts SELECT 9, at, actor, kind, payload, leaf FROM facts WHERE seq = 8")(rows),
            rehash(rows, heads=False),
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
        lambda rows: (sql("UPDATE facts SET kind = 'X' WHERE seq = 4")(rows), rehash(rows, heads=False)),
        3,
        "was changed, or one up to `5`: the tree head does not fit",
    ),
    "time set back, all rehashed": (
        lambda rows: (sql("UPDATE facts SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 6")(rows), rehash(rows)),
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
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering(whole: Where, store: LogStore, name: str) -> None:
    """Each other kind of tampering is named with the first row that does not fit (AUD-01)."""
    change, row, problem = TAMPERINGS[name]
    tamper(whole, change)
    found = verified(whole, store)
    assert (found.ok, found.row) == (False, row)
    assert problem in (found.problem or "")


def test_table_that_is_gone(whole: Where, store: LogStore, path: Path) -> None:
    """A damaged file is an answer, with what the database says (AUD-01)."""
    tamper(path, sql("DROP TABLE facts"))
    found = verified(path, store)
    assert (found.ok, found.row, found.problem) == (False, 1, "facts row `1` cannot be read (no such table: facts)")


def test_tampered_observation(whole: Where, store: LogStore) -> None:
    """Observations are verified as facts are, and named as such."""
    tamper(whole, sql("UPDATE observations SET kind = 'X' WHERE seq = 2"))
    found = verified(whole, store)
    assert (found.ok, found.size, found.row) == (False, 8, 2)
    assert "observations row `2` was changed" in (found.problem or "")


def test_without_sealing_keys(whole: Where, store: LogStore) -> None:
    """With every sealing key gone the log still verifies (E48)."""
    tamper(whole, sql("DELETE FROM sealing_keys"))
    assert verified(whole, store).ok


def test_writes_nothing(whole: Where, store: LogStore, path: Path) -> None:
    """Verification leaves the file as it is, and a copy without a write-ahead log verifies as well."""
    store.close()
    copy = path.parent / "copy.db"
    copy.write_bytes(path.read_bytes())
    assert verify(copy, None, KEYS, ORIGIN).ok
    assert copy.read_bytes() == path.read_bytes()


def test_no_log(tmp_path: Path) -> None:
    """A missing file is a one-line error."""
    with pytest.raises(LogUnavailable, match=r"cannot be opened") as caught:
        verify(tmp_path / "log.db", None, KEYS, ORIGIN)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"junk " * 2000])
def test_file_that_is_no_log(tmp_path: Path, content: bytes) -> None:
    """A file that holds something else is an answer: its first row cannot be read (AUD-01)."""
    (tmp_path / "log.db").write_bytes(content)
    found = verify(tmp_path / "log.db", None, KEYS, ORIGIN)
    assert (found.ok, found.size, found.row) == (False, 0, 1)
    assert "facts row `1` cannot be read" in (found.problem or "")


def test_file_cut_in_half(whole: Where, store: LogStore, path: Path) -> None:
    """What a disk lost is an answer, with a row (AUD-01)."""
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    found = verify(path, None, KEYS, ORIGIN)
    assert (found.ok, found.row is not None) == (False, True)


def test_server_that_lost_a_table(store: LogStore, where: Where, whole: Where) -> None:
    """On either database it is an answer, and not an error (AUD-01)."""
    tamper(whole, sql("DROP TABLE fact_heads"))
    found = verified(whole, store)
    assert (found.ok, "fact_heads" in (found.problem or "")) == (False, True)

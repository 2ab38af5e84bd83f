"""Copying a log row by row, on either database, and its sealing keys apart (AUD-08, FLT-10)."""

import secrets
from pathlib import Path

import pytest

from access_policy.log import Keys, LogStore, UnreadableLog
from access_policy.log.age import ArchiveProblem
from access_policy.log.backup import (
    LEFT_OUT,
    check_sealing_keys,
    copied_tables,
    copy_log,
    put_sealing_keys,
    sealing_keys_of,
    tree_heads,
)
from access_policy.log.sealing import Keyring
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.tables import metadata
from access_policy.log.verify import verify
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, SetClock, add, disabled, open_log, registered

pytestmark = pytest.mark.unit


def quiet(_text: str) -> None:
    return


def copy_of(store: LogStore, folder: Path, *, keys: bool = False) -> SqliteDatabase:
    target = SqliteDatabase.create(folder / "copy.sqlite", SetClock())
    copy_log(store.database, target, quiet, keys=keys)
    return target


def test_every_table_is_copied_or_left_out_on_purpose() -> None:
    """A new table is in a backup unless it is named; rows come before the heads that speak of them."""
    names = [table.name for table in copied_tables()]
    left_out = {"meta", "sessions", "step_up_asks", "step_ups", "pending_logins", "leases"}
    assert set(metadata.tables) - set(names) == left_out
    assert names[:4] == ["facts", "fact_heads", "observations", "observation_heads"]


def test_a_copy_is_the_log(store: LogStore, tmp_path: Path) -> None:
    """The same rows and heads, which verify, from either database; its sealing keys are not there."""
    for number in range(1, 60):
        add(store, registered(number), disabled(number))
    copy = copy_of(store, tmp_path)
    assert tree_heads(copy) == tree_heads(store.database)
    assert set(sealing_keys_of(copy).values()) == {LEFT_OUT}
    assert verify(copy.path, None, KEYS, ORIGIN).ok
    copy.close()
    with pytest.raises(UnreadableLog):
        list(open_log(tmp_path / "copy.sqlite").facts_since(0))


def test_keys_come_back_but_for_the_erased(store: LogStore, tmp_path: Path) -> None:
    """A left out key is put back; an empty one stays empty; one that nobody has is named and counts as erased (E50)."""
    for number in range(1, 5):
        add(store, registered(number))
    before, given = list(store.facts_since(0)), sealing_keys_of(store.database)
    copy = copy_of(store, tmp_path)
    assert put_sealing_keys(copy, given | {"P-2": None} | {"P-9": b"of nobody"}) == []
    assert put_sealing_keys(copy, given) == []
    assert sealing_keys_of(copy) == given | {"P-2": None}
    copy.close()
    restored = open_log(tmp_path / "copy.sqlite")
    found = list(restored.facts_since(0))
    restored.close()
    assert [fact for fact in found if fact.seq != 2] == [fact for fact in before if fact.seq != 2]
    assert getattr(found[1].event, "name", "") == "[erased]"


def test_a_key_that_is_missing_is_named(store: LogStore, tmp_path: Path) -> None:
    """And is not made anew."""
    add(store, registered(1), registered(2))
    copy = copy_of(store, tmp_path)
    given = sealing_keys_of(store.database)
    assert put_sealing_keys(copy, {"P-1": given["P-1"]}) == ["P-2"]
    assert sealing_keys_of(copy) == {"P-1": given["P-1"], "P-2": None}
    copy.close()


def test_a_copy_goes_into_an_empty_log_only(store: LogStore, tmp_path: Path) -> None:
    """Nothing is changed otherwise (FLT-10)."""
    add(store, registered(1))
    copy = copy_of(store, tmp_path, keys=True)
    add(store, registered(2))
    with pytest.raises(ArchiveProblem, match="not empty"):
        copy_log(store.database, copy, quiet)
    assert tree_heads(copy)[0].size == 1
    with pytest.raises(ArchiveProblem, match="not empty"):
        copy_log(copy, store.database, quiet, keys=True)
    assert sealing_keys_of(copy).keys() == {"P-1"}
    copy.close()


def test_what_is_appended_meanwhile_is_not_in_the_copy(store: LogStore, tmp_path: Path) -> None:
    """One view, whatever comes while it is read; and who appends does not wait for it (AUD-08)."""
    add(store, registered(1))
    target = SqliteDatabase.create(tmp_path / "copy.sqlite", SetClock())
    copy_log(store.database, target, lambda _text: add(store, registered(store.newest() + 1)))
    assert (tree_heads(target)[0].size, store.newest() > 2) == (1, True)
    assert verify(target.path, None, KEYS, ORIGIN).ok
    target.close()


def test_keys_of_another_master_key_are_refused(store: LogStore) -> None:
    """Whose they are is known before anything is restored."""
    add(store, registered(1))
    wrapped = sealing_keys_of(store.database)
    check_sealing_keys(wrapped | {"P-2": None}, Keyring(KEYS.master, secrets.token_bytes))
    other = Keys(b"x" * 32, KEYS.lookup, KEYS.checkpoint)
    with pytest.raises(UnreadableLog):
        check_sealing_keys(wrapped, Keyring(other.master, secrets.token_bytes))

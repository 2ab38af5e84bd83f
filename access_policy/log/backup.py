"""Copies a log row by row, from either database into either, without stopping who appends; and its sealing keys apart.

A backup's log never holds a sealing key: each is left out under a mark, which an owner who was erased does not have.
Nor does it hold logins: people log in again. What is copied is one consistent view, checked by its own tree heads
(`verify.py`) by whoever asked for it. Files and encryption are `archive.py`'s part.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from access_policy.log import tables
from access_policy.log.age import ArchiveProblem
from access_policy.log.archive import TreeHead
from access_policy.log.database import Database
from access_policy.log.merkle import EMPTY_ROOT
from access_policy.log.sealing import Keyring

LEFT_OUT = b""
"""Stands for a sealing key that is elsewhere; NULL is one that was erased."""

Wrapped = Mapping[str, bytes | None]
"""Sealing keys under the master key, by owner; None for an erased owner."""

_NOT_COPIED = frozenset({"meta", "sessions", "step_up_asks", "step_ups", "pending_logins", "leases"})
_STREAMS = ("facts", "fact_heads", "observations", "observation_heads")  # a head never stands before its rows
_ROWS_AT_ONCE = 2_000
_LARGE_ROWS_AT_ONCE = 1
_LARGE = frozenset({"files"})


def copied_tables() -> list[Table]:
    """Return the tables that a copy holds, in the order in which they are filled."""
    rest = [name for name in sorted(tables.metadata.tables) if name not in _NOT_COPIED | set(_STREAMS)]
    return [tables.metadata.tables[name] for name in (*_STREAMS, *rest)]


def copy_log(source: Database, target: Database, say: Callable[[str], None], *, keys: bool = False) -> None:
    """Fill an empty log of the same form with one consistent view of another, all or nothing (AUD-08).

    Sealing keys are left out unless `keys`. Raises LogUnavailable, and ArchiveProblem where `target` is not empty or a
    row of `source` has values of other types than the program ever wrote.
    """
    with source.read() as rows, target.write() as copy:
        for table in copied_tables():
            if copy.scalar(select(func.count()).select_from(table)):
                raise ArchiveProblem(f"log `{target.name}` is not empty; restore into an empty one")
        try:
            for table in copied_tables():
                _copy_table(rows, copy, table, keys)
                _tell(table, copy, say)
        except (TypeError, ValueError) as error:
            raise ArchiveProblem(f"log `{source.name}` cannot be copied ({error}); run `sluis log verify`") from None


def tree_heads(database: Database) -> tuple[TreeHead, TreeHead]:
    """Return the newest tree heads of facts and observations."""
    with database.read() as connection:
        return _head(connection, tables.fact_heads), _head(connection, tables.observation_heads)


def sealing_keys_of(database: Database) -> dict[str, bytes | None]:
    """Return all sealing keys as they are stored."""
    keys = tables.sealing_keys
    with database.read() as connection:
        rows = connection.execute(select(keys.c.owner, keys.c.wrapped).order_by(keys.c.owner)).all()
    return {owner: None if wrapped is None else bytes(wrapped) for owner, wrapped in rows}


def check_sealing_keys(wrapped: Wrapped, keyring: Keyring) -> None:
    """Raise UnreadableLog where a sealing key does not open under the master key."""
    for owner, key in wrapped.items():
        if key is not None:
            keyring.unwrap(owner, key)


def put_sealing_keys(database: Database, given: Wrapped) -> list[str]:
    """Put sealing keys where they were left out; an erased owner stays erased. Return the owners whose key is missing.

    They count as erased from then on: no key that was lost is made anew.
    """
    found = sealing_keys_of(database)
    left_out = [owner for owner, wrapped in found.items() if wrapped == LEFT_OUT]
    _set(database, {owner: given.get(owner) for owner in left_out})
    return [owner for owner in left_out if owner not in given]


def _copy_table(rows: Connection, copy: Connection, table: Table, keys: bool) -> None:
    at_once = _LARGE_ROWS_AT_ONCE if table.name in _LARGE else _ROWS_AT_ONCE
    found = rows.execution_options(yield_per=at_once).execute(select(table).order_by(*table.primary_key.columns))
    for part in found.mappings().partitions(at_once):
        copy.execute(insert(table), [_row(table, row, keys) for row in part])


def _row(table: Table, row: Mapping[Any, Any], keys: bool) -> dict[str, Any]:
    values = {str(name): value for name, value in row.items()}
    if table is tables.sealing_keys and not keys and values["wrapped"] is not None:
        values["wrapped"] = LEFT_OUT
    return values


def _tell(table: Table, copy: Connection, say: Callable[[str], None]) -> None:
    count = copy.scalar(select(func.count()).select_from(table))
    if count:
        say(f"{count} rows of {table.name}")


def _head(connection: Connection, heads: Table) -> TreeHead:
    row = connection.execute(select(heads.c.size, heads.c.root).order_by(heads.c.size.desc()).limit(1)).first()
    return TreeHead(0, EMPTY_ROOT.hex()) if row is None else TreeHead(row.size, bytes(row.root).hex())


def _set(database: Database, wrapped: Wrapped) -> None:
    keys = tables.sealing_keys
    change = update(keys).where(keys.c.owner == bindparam("whose")).values(wrapped=bindparam("key"))
    with database.write() as connection:
        if wrapped:
            connection.execute(change, [{"whose": owner, "key": key} for owner, key in wrapped.items()])

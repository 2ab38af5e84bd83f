"""Observations whose years are over: which may go, how they go with the fact that says so, and how that is checked.

They go up to a signed checkpoint, in the transaction of the fact `ObservationsCut`, and the tree head there stays: all
that is to the left of a later leaf is in it, so appends, roots and proofs go on as before. The row after the cut stays
too, until the next one. It is older than the years of retention itself, and its place behind the head that was signed
proves that all rows before it were: a fact that cuts more than was due is found by who verifies (E48, AUD-02). When to
cut is `use_cases/retention.py`'s part.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select

from access_policy.events import Event, ObservationsCut
from access_policy.log.database import Database
from access_policy.log.merkle import EMPTY_ROOT, Frontier
from access_policy.log.stored import stored_bytes, stored_time
from access_policy.log.tables import observation_heads, observations
from access_policy.log.times import from_text, to_text
from access_policy.model.instants import LONGEST_YEAR_DAYS
from access_policy.state import Settings

KINDS = ("ObservationsCut", "PolicySettingsAdopted")
"""The facts that `newest_cut` reads: the cuts, and for how long observations were to be kept then."""


class Told(NamedTuple):
    """What the newest cut says: how many rows are gone, their root in hex, and the time of the first that stands."""

    size: int = 0
    root: str = EMPTY_ROOT.hex()
    since: bytes = b""


class FalseCut(Exception):
    """A fact that cuts observations and cannot be believed: its number, and why."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"facts row `{row}` cuts the observations {why}; it was added or changed")
        self.row = row


def cut_away(connection: Connection, event: Event) -> None:
    """Delete the rows that a fact says are gone, and the heads before its own; nothing for any other fact.

    Raises ValueError where the log holds other rows than the fact speaks of.
    """
    if not isinstance(event, ObservationsCut):
        return
    rows, heads = observations.c, observation_heads.c
    root = connection.scalar(select(heads.root).where(heads.size == event.size))
    since = connection.scalar(select(rows.at).where(rows.seq == event.size + 1))
    if root is None or bytes(root).hex() != event.root or since != to_text(event.since):
        raise ValueError(f"the observations up to `{event.size}` are not those that were to be cut; look again")
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.public.cut_observations(event.size)))
        return
    connection.execute(delete(observations).where(rows.seq <= event.size))
    connection.execute(delete(observation_heads).where(heads.size < event.size))


def due(database: Database, before: datetime) -> int:
    """Return up to which number observations may go: they, and the one after them, are of `before` or earlier.

    It is the number of the last that is gone where none may go. Raises LogUnavailable, UnreadableLog.
    """
    rows = observations.c
    with database.read() as connection:
        first, last = connection.execute(select(func.min(rows.seq), func.max(rows.seq))).one()
        if first is None:
            return 0
        numbers = range(first, last + 1)

        def time_of(seq: int) -> datetime:
            return stored_time(connection.scalar(select(rows.at).where(rows.seq == seq)), f"observation `{seq}`")

        over = bisect_right(numbers, before, key=time_of)
    return int(first + max(over, 1) - 2)


def time_of_first_after(database: Database, size: int) -> datetime:
    """Return the time of the observation after so many. Raises UnreadableLog where there is none, LogUnavailable."""
    rows = observations.c
    with database.read() as connection:
        at = connection.scalar(select(rows.at).where(rows.seq == size + 1))
    return stored_time(at, f"observation `{size + 1}`")


def frontier_at(database: Database, size: int) -> Frontier:
    """Return the frontier of the observations' stored head at a size. Raises UnreadableLog, LogUnavailable."""
    heads = observation_heads.c
    if not size:
        return Frontier()
    with database.read() as connection:
        found = connection.scalar(select(heads.frontier).where(heads.size == size))
    return Frontier.from_bytes(size, stored_bytes(found, f"tree head `{size}` of the observations"))


def newest_cut(facts: Iterable[tuple[int, bytes, bytes, bytes]], signed: Mapping[int, str]) -> Told:
    """Return the newest cut that facts of `KINDS` tell of, given as number, time, kind and payload, in order (E48).

    `signed` are the roots of the observations' checkpoints by size. Raises FalseCut.
    """
    told, years = Told(), Settings().retention_years
    for seq, at, kind, payload in facts:
        try:
            fields = json.loads(payload)
            if kind == b"PolicySettingsAdopted":
                years = int(fields.get("retention_years", years))
                continue
            before = from_text(at.decode()) - timedelta(LONGEST_YEAR_DAYS * years)
            told = _next_cut(told, seq, fields, before)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            raise FalseCut(seq, "in a way that cannot be read") from None
        if signed.get(told.size, told.root) != told.root:
            raise FalseCut(seq, f"up to `{told.size}` with another root than was signed")
    return told


def uncovered(cut: int, signed: int) -> str | None:
    """Say that no checkpoint of more observations than were `cut` speaks for the row after them: the largest is of
    `signed`. None where one does, or none were cut. `verify` and the witness say it alike (AUD-02, E48).
    """
    if not cut or signed > cut:
        return None
    gone = f"the observations up to `{cut}` were cut, and no checkpoint of more is there"
    return f"{gone}: put the folder's files back into it"


def _next_cut(told: Told, seq: int, fields: dict[str, Any], before: datetime) -> Told:
    since = datetime.fromisoformat(fields["since"])
    size, root = fields["size"], fields["root"]
    if type(size) is not int or type(root) is not str:
        raise TypeError("neither a number nor a root")
    if size <= told.size:
        raise FalseCut(seq, "up to where they were cut already")
    if since > before:
        raise FalseCut(seq, f"up to `{size}`, which were to be kept for longer")
    return Told(size, root, to_text(since).encode())

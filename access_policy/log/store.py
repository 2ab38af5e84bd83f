"""The log's store: appends facts and observations, and reads them back. The one door to the database's streams.

How `use_cases` uses it:

    store = LogStore.open(path, keys, clock, secrets.token_bytes)   # or LogStore(database, keys, secrets.token_bytes)

    def refresh() -> None:                                  # before each decision; microseconds where nothing is new
        for fact in store.facts_since(state.seq):
            state.apply(fact)

    def handle(command, actor):
        while True:
            refresh()
            try:
                facts = store.append(state.seq, lambda at: [(actor, event) for event in decide(state, command, at)])
            except StaleState:                              # another fact came first: decide again
                continue

`build` runs inside the write transaction, with the instant that its events will carry; what it raises rolls everything
back and passes through. It must not write to the store itself (that would wait for itself, then raise LogUnavailable).
`beside` changes records (factors, sessions) in the same transaction, so that neither is there without the other
(AUD-08). A process that acts under a lease writes only while it holds it (`leases`). Retention, checkpoints and
verification are elsewhere in this package.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Column, Connection, Label, Select, Table, insert, select

from access_policy.actor import Actor
from access_policy.events import FACTS, FORMAT, OBSERVATIONS, Event, Fact, FactEvent, ObservationEvent, ObservationsCut
from access_policy.log import tables
from access_policy.log.codec import as_held, encode_actor, encode_event
from access_policy.log.database import Database
from access_policy.log.erased import owners_of, take_away
from access_policy.log.errors import LogError, StaleState, UnreadableLog
from access_policy.log.forms import holds
from access_policy.log.keys import Keys
from access_policy.log.leases import Fenced
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.records import Records
from access_policy.log.sealing import Keyring, Sealer
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.stored import stored_bytes, stored_fact, stored_time
from access_policy.log.times import Clock, RandomBytes, from_text, to_text

Build = Callable[[datetime], Sequence[tuple[Actor, FactEvent]]]
Beside = Callable[[Records], None]
_LOGGER = logging.getLogger("sluis.log")
_CHUNK = 1_000


class Head(NamedTuple):
    """A tree head: the number of rows, the RFC 6962 root in hex, and the time (UTC) of the newest row, if any."""

    size: int
    root: str
    at: datetime | None


class _Stream(NamedTuple):
    rows: Table
    heads: Table
    kinds: Mapping[str, type[Event]]
    tip: Select[Any]


def _stream(rows: Table, heads: Table, kinds: Mapping[str, type[Event]]) -> _Stream:
    """Return a stream, with the one question for its newest row and its newest head."""

    def newest(column: Column[Any], number: Column[Any]) -> Label[Any]:
        return select(column).order_by(number.desc()).limit(1).scalar_subquery().label(column.name)

    row = [newest(column, rows.c.seq) for column in (rows.c.seq, rows.c.at)]
    head = [newest(column, heads.c.size) for column in (heads.c.size, heads.c.frontier)]
    return _Stream(rows, heads, kinds, select(*row, *head))


_FACTS = _stream(tables.facts, tables.fact_heads, FACTS)
_OBSERVATIONS = _stream(tables.observations, tables.observation_heads, OBSERVATIONS)


class LogStore:
    """One open log. Safe for threads, and for other processes on the same one. Do not carry it across a fork."""

    def __init__(self, database: Database, keys: Keys, random_bytes: RandomBytes) -> None:
        self._database = database
        self._keyring = Keyring(keys.master, random_bytes)
        self._owes_scrub = self._erased_here = False
        self.leases = Fenced(database)
        self.records = Records(database.read, self.leases.write, self._keyring)

    @classmethod
    def create(cls, path: Path, keys: Keys, clock: Clock, random_bytes: RandomBytes) -> Self:
        """Make an empty log file, once. Raises LogUnavailable where the file exists or cannot be made."""
        return cls(SqliteDatabase.create(path, clock), keys, random_bytes)

    @classmethod
    def open(cls, path: Path, keys: Keys, clock: Clock, random_bytes: RandomBytes) -> Self:
        """Open a log file. Raises LogUnavailable where there is none, UnreadableLog where its form is unknown."""
        return cls(SqliteDatabase(path, clock), keys, random_bytes)

    @property
    def database(self) -> Database:
        """Return the database, for what verifies, copies or shows the log as it is stored."""
        return self._database

    def now(self) -> datetime:
        """Return the present instant (UTC) by the clock that stamps what is appended; asks nothing (FLT-12)."""
        return self._database.now()

    def close(self) -> None:
        """Close the database; where an erasure was made here, scrub it before."""
        if self._erased_here:
            self.scrub()
        self._database.close()

    def scrub(self) -> None:
        """Scrub the database where an erasure was seen since that last worked; what keeps it from it is logged (E50).

        Never raises: the erasure stands, and whoever looks after the log tries again.
        """
        if not self._owes_scrub:
            return
        try:
            self._owes_scrub = not self._database.scrub()
        except LogError as error:
            _LOGGER.error("what was erased may still lie in the log's files, it is tried again: %s", error)

    def newest(self) -> int:
        """Return the newest fact's sequence number, 0 for an empty log; microseconds. Raises LogUnavailable."""
        return self._database.newest_fact()

    def head(self) -> Head:
        """Return the newest tree head of the facts. Raises LogUnavailable or UnreadableLog."""
        return self._head(_FACTS)

    def observation_head(self) -> Head:
        """Return the newest tree head of the observations; as `head`."""
        return self._head(_OBSERVATIONS)

    def _head(self, stream: _Stream) -> Head:
        with self._database.read() as connection:
            frontier, at = _tip(connection, stream)
        return Head(frontier.size, frontier.root().hex(), at)

    def root_at(self, size: int) -> str | None:
        """Return the root, in hex, of the head that was stored at `size`; None where there is none (AUD-02)."""
        return self._root_at(_FACTS.heads, size)

    def observation_root_at(self, size: int) -> str | None:
        """Return the root of the observations' head that was stored at `size`; as `root_at`."""
        return self._root_at(_OBSERVATIONS.heads, size)

    def _root_at(self, heads: Table, size: int) -> str | None:
        if size == 0:
            return Frontier().root().hex()
        with self._database.read() as connection:
            root = connection.scalar(select(heads.c.root).where(heads.c.size == size))
        return None if root is None else stored_bytes(root, f"tree head `{size}`").hex()

    def facts_since(self, seq: int) -> Iterator[Fact]:
        """Give the facts after `seq`, in order; microseconds where there are none.

        Raises LogUnavailable, or UnreadableLog for a row that cannot be read or a log that is behind `seq`, also while
        the facts are taken: a state that took in some of them is a state of that time, and goes on from there.
        """
        newest = self.newest()
        if newest < seq:
            raise UnreadableLog(f"the log is at `{newest}` but was at `{seq}`; run `sluis log verify`, then restart")
        return iter(()) if newest == seq else self._rows_since(_FACTS, seq)

    def observations_since(self, seq: int) -> Iterator[Fact]:
        """Give the observations after `seq`, in order; as `facts_since`."""
        return self._rows_since(_OBSERVATIONS, seq)

    def append(
        self, expected_seq: int, build: Build, beside: Beside | None = None, log_format: int = FORMAT
    ) -> list[Fact]:
        """Append the facts that `build` returns for the instant that they get, all or none; return them as they read
        back. They are written in the forms of `log_format`.

        Raises StaleState where the newest fact is not `expected_seq` (POL-10), LeaseLost where another one took over
        (FLT-03), LogUnavailable where the database does not answer (AUD-05), UnreadableLog where its newest rows
        contradict each other, ValueError for an event that has no place in the log (AUD-06), and whatever `build` or
        `beside` raise. Nothing is written in any such case.
        """
        with self._appending(_FACTS) as transaction:
            if transaction.frontier.size != expected_seq:
                raise StaleState(expected_seq, transaction.frontier.size)
            facts = transaction.write(build(transaction.at), log_format)
            if beside is not None:
                beside(self.records.within(transaction.connection, transaction.sealer))
            take_away(transaction.connection, facts)
        if self._forget(facts):
            self._erased_here = True
            self.scrub()
        elif any(isinstance(fact.event, ObservationsCut) for fact in facts):
            self._owes_scrub = True
        return facts

    def observe(
        self, actor: Actor, event: ObservationEvent, log_format: int = FORMAT, beside: Beside | None = None
    ) -> Fact:
        """Append one observation, whatever came before it, with what `beside` changes of the records, or neither.

        Raises LogUnavailable, UnreadableLog or ValueError, and whatever `beside` raises.
        """
        with self._appending(_OBSERVATIONS) as transaction:
            if beside is not None:
                beside(self.records.within(transaction.connection, transaction.sealer))
            return transaction.write([(actor, event)], log_format)[0]

    def _forget(self, facts: Sequence[Fact]) -> bool:
        """Drop the keys that went with these facts from memory; say whether there were any (E50)."""
        owners = [owner for fact in facts for owner in owners_of(fact.event)]
        self._keyring.forget(owners)
        self._owes_scrub = self._owes_scrub or bool(owners)
        return bool(owners)

    @contextmanager
    def _appending(self, stream: _Stream) -> Iterator["_Transaction"]:
        with self.leases.write() as connection:
            frontier, last_at = _tip(connection, stream)
            sealer = self._keyring.on(connection)
            yield _Transaction(connection, stream, frontier, self._next_instant(connection, last_at), sealer)
        self._keyring.adopt(sealer)

    def _next_instant(self, connection: Connection, last_at: datetime | None) -> datetime:
        """Return now, but never before the last row: a clock that is set back does not reorder the log."""
        now = from_text(to_text(self._database.instant(connection)))
        return now if last_at is None else max(now, last_at)

    def _rows_since(self, stream: _Stream, seq: int) -> Iterator[Fact]:
        rows = stream.rows
        query = select(rows).order_by(rows.c.seq).limit(_CHUNK)
        prefetched = False
        while True:
            with self._database.read() as connection:
                found = connection.execute(query.where(rows.c.seq > seq)).all()
                sealer = self._keyring.on(connection)
                if len(found) == _CHUNK and not prefetched:
                    self._keyring.prefetch(connection)
                    prefetched = True
                facts = [stored_fact(row, stream.kinds, sealer) for row in found]
            self._forget(facts)
            yield from facts
            if len(facts) < _CHUNK:
                return
            seq = facts[-1].seq


def _tip(connection: Connection, stream: _Stream) -> tuple[Frontier, datetime | None]:
    """Return the newest head's frontier and the newest row's time, which must belong to each other."""
    tip = connection.execute(stream.tip).one()
    size, seq = tip.size or 0, tip.seq or 0
    if size != seq:
        raise UnreadableLog(f"the newest row is `{seq}` but the newest tree head is `{size}`; run `sluis log verify`")
    try:
        frontier = Frontier.from_bytes(size, stored_bytes(tip.frontier or b"", f"tree head `{size}`"))
    except ValueError as error:
        raise UnreadableLog(str(error)) from None
    return frontier, stored_time(tip.at, f"row `{seq}`") if seq else None


class _Transaction(NamedTuple):
    """An append under way: it alone may write, and all its events carry `at`."""

    connection: Connection
    stream: _Stream
    frontier: Frontier
    at: datetime
    sealer: Sealer

    def write(self, events: Sequence[tuple[Actor, Event]], log_format: int) -> list[Fact]:
        """Add the events and the new tree head; nothing for no events. Return what reads back."""
        if not events:
            return []
        facts = [Fact(seq, self.at, *event) for seq, event in enumerate(events, self.frontier.size + 1)]
        self.connection.execute(insert(self.stream.rows), [self._row(fact, log_format) for fact in facts])
        head = {"size": self.frontier.size, "root": self.frontier.root(), "frontier": self.frontier.to_bytes()}
        self.connection.execute(insert(self.stream.heads), head)
        return [Fact(fact.seq, fact.at, fact.actor, as_held(fact.event, log_format)) for fact in facts]

    def _row(self, fact: Fact, log_format: int) -> dict[str, Any]:
        if self.stream.kinds.get(type(fact.event).__name__) is not type(fact.event):
            raise ValueError(f"`{type(fact.event).__name__}` does not belong in `{self.stream.rows.name}`")
        if not holds(fact.event, log_format):
            raise ValueError(
                f"a log of format `{log_format}` holds no `{type(fact.event).__name__}`; finish the upgrade first"
            )
        kind, payload = encode_event(fact.event, self.sealer, log_format)
        at, actor = to_text(fact.at), encode_actor(fact.actor)
        leaf = leaf_of(fact.seq, at.encode(), actor.encode(), kind.encode(), payload)
        self.frontier.append(leaf)
        return {"seq": fact.seq, "at": at, "actor": actor, "kind": kind, "payload": payload, "leaf": leaf}

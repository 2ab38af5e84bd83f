"""The log on both databases, each beside plain SQL on the same database that writes the same bytes: they take turns.

Prints p50, p99, how many in a second, and the ratio to the peer: for the look whether anything is new, for a command
that is acknowledged once it is on disk, and for the events of long appends. Asserts no time. PostgreSQL is a private
one that waits for the disk, on a Unix socket. Run it by `make bench BENCHES=log`, or `python -m tests.bench.log -h`.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from access_policy.actor import person
from access_policy.commands.base import parse_command
from access_policy.log.postgres import upgrade_server
from access_policy.use_cases import Done, Policy
from tests.bench.timing import blocks, p50, quiet, timed
from tests.postgres import OWNER, Server
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import Where, disabled
from tests.unit.access_policy.world import ADMIN, COLLEAGUE, everything_holds, of_format_2

EVENTS = 100
_BLOCK = 25
_ADMIN = person(ADMIN, "a-proof")
_ROWS = "(seq INTEGER PRIMARY KEY, at TEXT, actor TEXT, kind TEXT, payload {bytes}, leaf {bytes})"
_HEADS = "(size INTEGER PRIMARY KEY, root {bytes}, frontier {bytes})"


class Peer:
    """Plain SQL on a database: one row or many with their tree head, and COMMIT; or the newest number."""

    def __init__(self, connection: Any, mark: str, rows: Sequence[Any], head: Any) -> None:
        self._connection, self._mark = connection, mark
        self._rows, self._head = rows, head
        self._next = 1
        for table, columns in (("peer_rows", _ROWS), ("peer_heads", _HEADS)):
            kind = "BYTEA" if mark == "%s" else "BLOB"
            connection.execute(f"CREATE TABLE {table} {columns.format(bytes=kind)}")

    def look(self) -> None:
        """Ask for the newest number."""
        self._connection.execute("SELECT max(seq) FROM facts").fetchone()

    def write(self, count: int) -> None:
        """Write rows as long as ours, and a head, in one transaction."""
        rows = [(self._next + n, *self._rows[n % len(self._rows)][1:]) for n in range(count)]
        self._next += count
        head = (rows[-1][0], *self._head[1:])
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self._mark == "?" else "BEGIN")
        cursor.executemany(f"INSERT INTO peer_rows VALUES ({', '.join(self._mark for _ in range(6))})", rows)
        cursor.execute(f"INSERT INTO peer_heads VALUES ({', '.join(self._mark for _ in range(3))})", head)
        cursor.execute("COMMIT")


class Both(NamedTuple):
    """A policy on a log, and its peer on the same database."""

    name: str
    policy: Policy
    peer: Peer


def turn(policy: Policy) -> None:
    """Give one command, and wait until it is acknowledged."""
    with policy.reading() as state:
        stopped = state.people[COLLEAGUE].disabled is not None
    reason = {} if stopped else {"reason": "a question of the board"}
    name = "enable-person" if stopped else "disable-person"
    done = policy.handle(parse_command(name, {"person": COLLEAGUE, **reason}), _ADMIN)
    assert isinstance(done, Done)


def append(policy: Policy) -> None:
    """Append many events at once."""
    store = policy.store
    store.append(store.newest(), lambda _: [(_ADMIN, disabled(7)) for _ in range(EVENTS)])


def look(policy: Policy) -> None:
    """Look whether anything is new, as before each answer."""
    with policy.reading():
        pass


def _samples(connection: Any) -> tuple[list[Any], Any]:
    """Return some rows and a head of a log, for the peer to write the same bytes."""
    rows = connection.execute("SELECT * FROM facts ORDER BY seq DESC LIMIT 2").fetchall()
    return rows, connection.execute("SELECT * FROM fact_heads ORDER BY size DESC LIMIT 1").fetchone()


def _policy(where: Where) -> Policy:
    policy, _ = keep(of_format_2(everything_holds()), where)
    for _ in range(2):
        turn(policy)
    return policy


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Both]:
    """Give a log in a file, and a connection to the same file that waits for the disk as ours do."""
    policy = _policy(folder / "log.db")
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as raw, closing(policy.store):
        raw.execute("PRAGMA synchronous = FULL")
        yield Both("SQLite", policy, Peer(raw, "?", *_samples(raw)))


@contextmanager
def on_postgres() -> Iterator[Both]:
    """Give a log on a server of its own, and a connection to the same database."""
    os.environ["PGUSER"] = OWNER
    server = Server(safe=True)
    try:
        server.do("CREATE DATABASE bench")
        upgrade_server(server.url("bench"))
        policy = _policy(server.url("bench"))
        with server.connect("bench") as raw, closing(policy.store):
            raw.prepare_threshold = 1
            yield Both("PostgreSQL", policy, Peer(raw, "%s", *_samples(raw)))
    finally:
        server.end()


def measure(ours: Callable[[], object], peer: Callable[[], object], count: int) -> tuple[list[int], list[int]]:
    """Time both, in turns of a block each."""
    taken: tuple[list[int], list[int]] = [], []
    with quiet():
        for block in blocks(range(count), _BLOCK):
            for times, call in zip(taken, (ours, peer), strict=True):
                times += [timed(call) for _ in block]
    return taken


def line(name: str, taken: Sequence[int], peer: Sequence[int], events: int = 1) -> None:
    """Print p50 and p99 in microseconds, how many in a second, and p50 as a multiple of the peer's."""
    high = statistics.quantiles(taken, n=100)[98]
    rate = events * len(taken) / (sum(taken) / 1e9)
    print(f"{name:44}{p50(taken) / 1000:10.1f}{high / 1000:10.1f}{rate:12,.0f}{p50(taken) / p50(peer):8.2f}")


def report(both: Both, count: int) -> None:
    """Print the three measures of one database."""
    policy, peer = both.policy, both.peer
    print(f"\n{both.name:44}{'p50 µs':>10}{'p99 µs':>10}{'in a second':>12}{'ratio':>8}")
    measures: tuple[tuple[str, str, int, int, Callable[[], object], Callable[[], object]], ...] = (
        ("freshness check", "SELECT max(seq)", 20 * count, 1, lambda: look(policy), peer.look),
        ("acknowledged command", "INSERT, COMMIT", count, 1, lambda: turn(policy), lambda: peer.write(1)),
        (
            f"events, {EVENTS} an append", f"INSERT of {EVENTS}, COMMIT", max(50, count // 10), EVENTS,
            lambda: append(policy), lambda: peer.write(EVENTS),
        ),
    )  # fmt: skip
    for name, others, times, events, ours, theirs in measures:
        mine, plain = measure(ours, theirs, times)
        line(name, mine, plain, events)
        line(f"  beside it: {others}", plain, plain, events)


def main(arguments: list[str] | None = None) -> int:
    """Print a table for each database."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.log", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--commands", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, help="where the SQLite file is made (a temporary folder)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder, on_sqlite(Path(folder)) as both:
        report(both, chosen.commands)
    with on_postgres() as both:
        report(both, chosen.commands)
    return 0


if __name__ == "__main__":
    sys.exit(main())

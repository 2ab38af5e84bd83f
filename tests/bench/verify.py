"""How long it takes to prove a log whole, to make a proof, and how much memory that needs (AUD-13).

`python -m tests.bench.verify [COUNT]`: a SQLite log of COUNT facts (1,000,000), one head for each, is written straight
into its file, and the same rows into a PostgreSQL of our own; nothing is asserted.
"""

import json
import os
import resource
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, perf_counter, process_time

from access_policy.log import Keys, LogStore
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.postgres import PostgresDatabase, upgrade_server
from access_policy.log.proofs import Prover, includes
from access_policy.log.rights import OPERATOR
from access_policy.log.rows import leaves_of
from access_policy.log.verify import verify
from hub_config.bootstrap import present
from tests.postgres import OWNER, Server
from tests.unit.access_policy.log.samples import KEYS, ORIGIN

_AT = b"2026-11-22T12:00:00.000000Z"
_ACTOR = b'{"person":"P-1"}'


def rows(count: int, tree: Frontier) -> Iterator[tuple[object, ...]]:
    """Give rows of a usual length, and let the tree take them in."""
    for seq in range(1, count + 1):
        payload = json.dumps({"person": f"P-{seq}", "reason": {"sealed": "x" * 120}, "v": 1}).encode()
        leaf = leaf_of(seq, _AT, _ACTOR, b"PersonDisabled", payload)
        tree.append(leaf)
        yield seq, _AT.decode(), _ACTOR.decode(), "PersonDisabled", payload, leaf


def heads(count: int, leaves: Iterator[bytes]) -> Iterator[tuple[object, ...]]:
    """Give a head after each row."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
        yield tree.size, tree.root(), tree.to_bytes()


def fill(path: Path, keys: Keys, count: int) -> None:
    """Write a log of that many facts."""
    LogStore.create(path, keys, present, secrets.token_bytes).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows(count, Frontier()))
        leaves = (leaf for (leaf,) in raw.execute("SELECT leaf FROM facts ORDER BY seq"))
        raw.executemany("INSERT INTO fact_heads VALUES (?, ?, ?)", heads(count, leaves))


def fill_server(server: Server, path: Path) -> str:
    """Write the rows of a file into a database, and return its URL."""
    server.do("CREATE DATABASE bench")
    upgrade_server(server.url("bench"))
    with closing(sqlite3.connect(path)) as raw, server.connect("bench") as connection:
        connection.execute("SET session_replication_role = replica")
        for table, columns in (("facts", "itttbb"), ("fact_heads", "ibb")):
            kinds = [{"i": "int8", "t": "text", "b": "bytea"}[one] for one in columns]
            with connection.cursor().copy(f"COPY {table} FROM STDIN BINARY") as copy:
                copy.set_types(kinds)
                for row in raw.execute(f"SELECT * FROM {table} ORDER BY 1"):
                    copy.write_row(row)
    return server.url("bench")


def measure_server(path: Path, count: int) -> None:
    """Print what verifying costs on PostgreSQL."""
    os.environ["PGUSER"] = OWNER
    server = Server(safe=True)
    try:
        database = PostgresDatabase(fill_server(server, path), OPERATOR.name, monotonic)
        before, begun, busy = memory(), perf_counter(), process_time()
        found = verify(database, None, KEYS, ORIGIN)
        taken = f"{perf_counter() - begun:.1f} s ({process_time() - busy:.1f} s of the processor)"
        database.close()
    finally:
        server.end()
    print(f"verify, PostgreSQL: {count:,} facts in {taken}; {memory() - before:.1f} MB more")
    if not found.ok:
        raise SystemExit(found.problem)


def memory() -> float:
    """Return the most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(path: Path, count: int) -> None:
    """Print what verifying and proving cost."""
    before = memory()
    begun, busy = perf_counter(), process_time()
    found = verify(path, None, KEYS, ORIGIN)
    taken = f"{perf_counter() - begun:.1f} s ({process_time() - busy:.1f} s of the processor)"
    print(f"verify, SQLite file: {count:,} facts in {taken}; {memory() - before:.1f} MB more")
    if not found.ok:
        raise SystemExit(found.problem)
    store = LogStore.open(path, KEYS, present, secrets.token_bytes)
    begun, busy = perf_counter(), process_time()
    verify(store.database, None, KEYS, ORIGIN)
    taken = f"{perf_counter() - begun:.1f} s ({process_time() - busy:.1f} s of the processor)"
    print(f"verify, through the database: {taken}; {memory() - before:.1f} MB more")
    begun = perf_counter()
    prover = Prover(count, leaves_of(store.database, "facts"))
    built = perf_counter()
    proof = prover.inclusion(count // 3)
    print(f"prover: {built - begun:.2f} s, then a proof of another block: {(perf_counter() - built) * 1000:.1f} ms")
    if not includes(prover.root(), count, count // 3, prover.leaf(count // 3), proof):
        raise SystemExit("the proof does not hold")
    print(f"all of it: {memory() - before:.1f} MB more")
    store.close()


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "log.db", KEYS, number)
        measure(Path(folder) / "log.db", number)
        measure_server(Path(folder) / "log.db", number)

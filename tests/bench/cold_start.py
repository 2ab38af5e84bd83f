"""A cold start: a fresh process opens a log of many facts and folds it until it can answer, beside plain SQLite.

Writes a log with sealed personal texts into a temporary folder, then starts processes in turn: A B A B …. A is what a
part of Sluis does at start; B reads the same rows with `sqlite3` and takes each payload through `json.loads`, which
opens no seal, checks no form and leaves nothing behind. Asserts that A folded every fact, and no time. Run it by
`make bench`, or `python -m tests.bench.cold_start --help`.
"""

import argparse
import json
import os
import resource
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from access_policy.actor import component
from access_policy.events import FactEvent
from access_policy.log import LogStore
from access_policy.log.keys import create_keys, load_keys
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from tests.bench.world import BEGAN, BigWorld, Size

OURS, PEER = "open, unseal and fold", "sqlite3 and json.loads"
_ACTOR = component(Component.INSTALLATION)
_PER_APPEND = 20_000
_FACTS_PER_PERSON = 14.2
_PER_REQUEST, _PER_DATASET = 2, 20


class _Told(BigWorld):
    """A big world that keeps the events it was folded from."""

    def __init__(self, size: Size) -> None:
        self.events: list[FactEvent] = []
        super().__init__(size)

    def _add(self, events: Iterable[FactEvent]) -> None:
        super()._add(self._kept(events))

    def _kept(self, events: Iterable[FactEvent]) -> Iterator[FactEvent]:
        for event in events:
            self.events.append(event)
            yield event


class Start(NamedTuple):
    """What one process said of its start: seconds of reading, its largest resident memory, and the rows it read."""

    seconds: float
    megabytes: float
    rows: int


def size_for(facts: int) -> Size:
    """Return a size that gives somewhat more than so many facts."""
    people = round(facts / _FACTS_PER_PERSON * 1.01) + 20
    return Size(people, max(50, people // _PER_DATASET), people // _PER_REQUEST)


def write(folder: Path, facts: int) -> int:
    """Write a log of so many facts, in big appends; return how many."""
    events = iter(_Told(size_for(facts)).events[:facts])
    keys = create_keys(folder / "keys", secrets.token_bytes)
    store = LogStore.create(folder / "log.db", keys, _clock, secrets.token_bytes)
    written = 0
    while batch := [(_ACTOR, event) for event in islice(events, _PER_APPEND)]:
        written += len(store.append(written, lambda _at, batch=batch: batch))  # type: ignore[misc]
    store.close()
    return written


def _clock() -> datetime:
    return BEGAN


def start_ours(folder: Path) -> int:
    """Open the log and fold it, as a part does at its start."""
    store = LogStore.open(folder / "log.db", load_keys(folder / "keys"), _clock, secrets.token_bytes)
    with Policy(store, _clock).reading() as state:
        return state.seq


def start_peer(folder: Path) -> int:
    """Read the rows without Sluis."""
    rows = 0
    for _seq, _at, actor, _kind, payload in sqlite3.connect(folder / "log.db").execute(
        "SELECT seq, at, actor, kind, payload FROM facts ORDER BY seq"
    ):
        json.loads(actor)
        json.loads(payload)
        rows += 1
    return rows


_STARTS = {OURS: start_ours, PEER: start_peer}


def in_this_process(name: str, folder: Path, facts: int) -> None:
    """Start, or write where no start is named, say how it went as JSON, and end without tidying up."""
    begun = perf_counter()
    rows = _STARTS[name](folder) if name in _STARTS else write(folder, facts)
    seconds = perf_counter() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(Start(seconds, megabytes, rows)), flush=True)
    os._exit(0)


def in_another(name: str, folder: Path, facts: int) -> Start:
    """Start or write in a fresh process: a process inherits the largest memory of the one that it comes from."""
    command = [sys.executable, "-m", "tests.bench.cold_start", "--here", name, "--folder", folder, "--facts", facts]
    return Start(
        *json.loads(subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout)
    )


def report(facts: int, rounds: int) -> float:
    """Write a log, start in turn, print a table, and return our median seconds."""
    with tempfile.TemporaryDirectory() as folder:
        _, _, written = wrote = in_another("write", Path(folder), facts)
        size = (Path(folder) / "log.db").stat().st_size / 2**20
        starts: dict[str, list[Start]] = {name: [] for name in _STARTS}
        for _ in range(rounds):
            for name, found in starts.items():
                found.append(in_another(name, Path(folder), facts))
    assert {start.rows for found in starts.values() for start in found} == {written}
    print(f"\n{written:,} facts, {size:,.0f} MB, written in {wrote.seconds:.1f} s; median of {rounds} rounds")
    print(f"{'cold start':28}{'s':>9}{'facts/s':>12}{'MB':>9}{'s, ratio':>11}")
    middle = {name: statistics.median(start.seconds for start in found) for name, found in starts.items()}
    for name, found in starts.items():
        memory = max(start.megabytes for start in found)
        ratio = middle[name] / middle[PEER]
        print(f"{name:28}{middle[name]:9.2f}{written / middle[name]:12,.0f}{memory:9.0f}{ratio:11.1f}")
    return middle[OURS]


def main(arguments: list[str] | None = None) -> int:
    """Print a table for each number of facts, and how the time grows; or be one of the processes."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.cold_start", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--facts", type=int, nargs="+", default=[5_000, 50_000, 500_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        in_this_process(chosen.here, chosen.folder, chosen.facts[0])
    taken = [report(facts, chosen.rounds) for facts in chosen.facts]
    print("\nhow it grows: " + ", ".join(
        f"{facts / chosen.facts[0]:g}x the facts, {each / taken[0]:.1f}x the time"
        for facts, each in zip(chosen.facts, taken, strict=True)
    ))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

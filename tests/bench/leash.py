"""How long a workspace still reads data after its ground is gone, beside plain JupyterHub with its idle culler.

In each of 50 workspaces a process tries all the time to read a byte, by three ways. Then grounds are taken, a
workspace each, by the product's own commands or by the clock; counted are the seconds from the fact in the log, or the
instant that was named, to the last byte. `python -m tests.bench.leash --help`.
"""

import argparse
import itertools
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from access_policy import events as e
from access_policy.state import WorkspaceKey
from tests.bench.leash_kinds import ALL_AT_ONCE, KINDS, Kind
from tests.bench.leash_reader import Slots, are_silent, reads
from tests.bench.leash_rooms import INSIDE, Room
from tests.bench.leash_sandbox import Sandboxes, monotonic_of, sandboxes
from tests.bench.plain_hub import DOCUMENTED_TIMEOUT, peer
from tests.integration.whole import until

FACT_TARGET, CLOCK_TARGET = 10.0, 60.0
"""Seconds in which 99 of 100 workspaces are to have read their last byte."""
_SILENT, _READS = 1.0, 5.0
_BOUND = 180.0


class Ending(NamedTuple):
    """One ending: seconds from its cause to the last byte, to the command's answer, to the end as it is on record."""

    kind: Kind
    seconds: float
    answered: float
    recorded: float


class Taken(NamedTuple):
    """A ground that was taken: at which instant of the monotonic clock, and when the command had its answer."""

    kind: Kind
    room: Room
    reader: Slots
    key: WorkspaceKey
    since: float
    answered: float


def plan(kinds: Sequence[Kind], rooms: Sequence[Room], endings: int) -> Iterator[list[tuple[Kind, Room]]]:
    """Give stretches of endings in rooms of their own: as many of each kind as asked for, each in another room."""
    bound = [(kind, rooms[kind.room]) for kind in kinds if kind.room is not None]
    free = [room for room in rooms if room.number not in {INSIDE, *(kind.room for kind in kinds)}]
    anywhere, others = [kind for kind in kinds if kind.room is None], itertools.cycle(free)
    for _ in range(endings):
        some = [anywhere[begin : begin + len(free)] for begin in range(0, len(anywhere), len(free))]
        yield [*bound, *zip(some[0] if some else (), others, strict=False)]
        yield from (list(zip(more, others, strict=False)) for more in some[1:])


class Bench:
    """Ends workspaces, and starts them again."""

    def __init__(self, running: Sandboxes, seed: int = 1) -> None:
        self._running, self._rooms = running, running.rooms
        self._random = random.Random(seed)

    def stretch(self, todo: Sequence[tuple[Kind, Room]]) -> list[Ending]:
        """Take some grounds and see the ends of their workspaces."""
        self._prepare(todo)
        assert self._running.running() == len(self._rooms.all), "not all workspaces run"
        before = self._rooms.policy.store.newest()
        taken = [self._take(kind, room) for kind, room in sorted(todo, key=lambda one: not one[0].clock)]
        return self._ends(taken, before)

    def again(self, todo: Sequence[tuple[Kind, Room]]) -> None:
        """Give the grounds back, and start the workspaces again."""
        for kind, room in todo:
            kind.mend(self._rooms, room)
        self._running.start(room for _, room in todo)

    def all_at_once(self) -> list[Ending]:
        """Take the ground of all by one fact."""
        assert self._running.running() == len(self._rooms.all), "not all workspaces run"
        before = self._rooms.policy.store.newest()
        first = self._take(ALL_AT_ONCE, self._rooms.all[0])
        others = [self._of(room, first) for room in self._rooms.all[1:]]
        return self._ends([first, *others], before)

    def _prepare(self, todo: Sequence[tuple[Kind, Room]]) -> None:
        prepared = [(kind.prepare, room) for kind, room in todo if kind.prepare is not None]
        for _, room in prepared:
            self._running.stop(room)
        for prepare, room in prepared:
            prepare(self._rooms, room)
        self._running.start(room for _, room in prepared)

    def _take(self, kind: Kind, room: Room) -> Taken:
        threading.Event().wait(self._random.random())  # at any moment between two looks
        reader = self._running.readers[room.number]
        assert reads(reader, _READS), f"nobody reads in {room.name}"
        at = kind.take(self._rooms, room)
        answered, since = time.monotonic(), monotonic_of(self._rooms, at)
        return Taken(kind, room, reader, self._running.key(room), since, answered)

    def _of(self, room: Room, first: Taken) -> Taken:
        return first._replace(room=room, reader=self._running.readers[room.number], key=self._running.key(room))

    def _ends(self, taken: Sequence[Taken], before: int) -> list[Ending]:
        def all_ended() -> bool:
            return {one.key for one in taken} <= self._running.ended(before).keys()

        until(all_ended, _BOUND)
        assert are_silent([one.reader for one in taken], _SILENT), "a byte is read after an end is on record"
        ended = self._running.ended(before)
        return [self._ending(one, ended[one.key]) for one in taken]

    def _ending(self, one: Taken, ended: e.WorkspaceEnded) -> Ending:
        seconds = one.reader.over() - one.since
        told = f"{one.kind.name} is on record as {ended.why}, after {seconds:.3f} s"
        assert one.kind.reason in ended.why.split(","), told
        one.reader.close()
        return Ending(one.kind, seconds, one.answered - one.since, (ended.after_ms or 0) / 1000)


HEADING = f"{'seconds to the last byte':34}{'n':>5}{'p50':>9}{'p99':>9}{'longest':>9}"


def high(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else values[0]


def line(name: str, values: Sequence[float], more: str = "") -> str:
    """Return a line of the table."""
    return f"{name:34}{len(values):5}{statistics.median(values):9.2f}{high(values):9.2f}{max(values):9.2f}{more}"


def table(endings: Iterable[Ending]) -> list[str]:
    """Return a line for each kind, and one for all facts and all instants with what was aimed at."""
    found = list(endings)
    lines = [HEADING + f"{'on record p99':>15}{'answered p50':>15}"]
    for kind in dict.fromkeys(one.kind for one in found):
        some = [one for one in found if one.kind is kind]
        more = f"{high([one.recorded for one in some]):15.2f}"
        more += "" if kind.clock else f"{statistics.median(one.answered for one in some):15.3f}"
        lines.append(line(kind.name, [one.seconds for one in some], more))
    for name, clock, target in (("all facts", False, FACT_TARGET), ("the clock", True, CLOCK_TARGET)):
        values = [one.seconds for one in found if one.kind.clock is clock]
        if values:
            met = "as aimed at" if high(values) <= target else "NOT as aimed at"
            lines.append(line(name, values, f"   {met}: p99 within {target:.0f} s"))
    return lines


def ours(running: Sandboxes, endings: int, kinds: Sequence[Kind] = KINDS) -> Iterator[Ending]:
    """Give all endings of Sluis, all at once last."""
    bench = Bench(running)
    for todo in plan(kinds, running.rooms.all, endings):
        yield from bench.stretch(todo)
        bench.again(todo)
    yield from bench.all_at_once()


def beside(found: Sequence[Ending], timeout: int, number: int) -> list[str]:
    """Return lines about plain JupyterHub, and how many times as long its people read on."""
    with tempfile.TemporaryDirectory(prefix="sluis-plain-") as folder:
        other = peer(Path(folder), timeout, number, max(1, number // 4))
    facts = statistics.median(one.seconds for one in found if not one.kind.clock)
    times = f"   {statistics.median(other.idle) / facts:.0f} times that of all facts"
    goes_on = "   ended" if other.ended else "   and still reads"
    every = f"every {timeout // 2} s ({DOCUMENTED_TIMEOUT // 2})"
    return [
        line("plain JupyterHub, nobody there", other.idle, times),
        line("plain JupyterHub, a cell prints", other.busy, goes_on),
        f"idle culler: timeout {timeout} s (default {DOCUMENTED_TIMEOUT}); it looks, and activity is told, {every}",
    ]


def told(endings: Iterable[Ending]) -> list[Ending]:
    """Take them all, and tell how many there are already: it takes a while."""
    found: list[Ending] = []
    for one in endings:
        found.append(one)
        print(f"{len(found)}: {one.kind.name} {one.seconds:.2f} s", file=sys.stderr, flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each kind, and those of plain JupyterHub."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=50, help="how many run all the time; 3 at least")
    parser.add_argument("--endings", type=int, default=20, help="how many of each kind")
    parser.add_argument("--culler-timeout", type=int, default=60, help="seconds; its documented default is 600")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    with sandboxes(options.workspaces) as running:
        found = told(ours(running, options.endings))
    print("\n".join(table(found)), flush=True)
    print("\n".join(beside(found, options.culler_timeout, options.endings)))


if __name__ == "__main__":
    main()

"""Starts of pods on fake nodes: our spawner beside plain KubeSpawner, in turn; then many in a row, and many at once.

No time is asserted: that nothing is left behind is.
"""

import asyncio
import gc
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from spawner import cluster_names as names
from spawner.reflectors import WatchingSpawner
from tests.bench.hub_process import PARTS, Clocked, Hub, both

_PRESSURE = Path("/proc/pressure/cpu")


class Taken(NamedTuple):
    """One start: milliseconds on the clock and of this process, and those of each part.

    `stalled` is the share of its time in which something on the machine waited for a processor.
    """

    clock: float
    process: float
    parts: dict[str, tuple[float, float]]
    stalled: float


async def one_start(spawner: Any) -> Taken:
    """Start, and end again; the end is not counted."""
    Clocked.spans.begin()
    stalled, (clock, process) = _stalled(), both()
    await spawner.start()
    clock, process = both()[0] - clock, both()[1] - process
    taken = Taken(clock, process, Clocked.spans.of, (_stalled() - stalled) / clock)
    await spawner.stop(now=True)
    return taken


def _stalled() -> float:
    """Milliseconds since this machine started in which something waited for a processor; 0 where nobody counts them."""
    if not _PRESSURE.exists():
        return 0.0
    return int(_PRESSURE.read_text(encoding="ascii").split()[4].removeprefix("total=")) / 1000


async def compare(here: Hub, rounds: int) -> dict[str, list[Taken]]:
    """In turn, each with the same random waits; the first two in another namespace each time, with watches anew."""
    *others, same = here.requests
    gc.collect()
    gc.freeze()  # what was there before is looked through no more, and stays in the processor's caches
    taken: dict[str, list[Taken]] = {"KubeSpawner": [], "ours": [], "KubeSpawner, watched before": []}
    for turn in range(rounds):
        first, second = (others[(2 * turn + more) % len(others)] for more in (0, 1))
        makers: list[tuple[str, Callable[[], Any]]] = [
            ("KubeSpawner", lambda first=first: here.plain(first)),  # type: ignore[misc]
            ("ours", lambda second=second: here.clocked(second)),  # type: ignore[misc]
            ("KubeSpawner, watched before", lambda: here.plain(same)),
        ]
        for name, make in makers[turn % 3 :] + makers[: turn % 3]:
            random.seed(turn)
            spawner = make()
            taken[name].append(await one_start(spawner))
            here.forget(spawner)
            if name == "KubeSpawner":
                await _forget_watches(spawner)
    gc.unfreeze()
    return taken


def quietest(taken: dict[str, list[Taken]]) -> dict[str, list[Taken]]:
    """Of each kind the quarter that was least disturbed by what else the machine did."""
    return {name: sorted(each, key=lambda one: one.stalled)[: len(each) // 4] for name, each in taken.items()}


async def _forget_watches(spawner: Any) -> None:
    """KubeSpawner keeps the watches of a namespace for ever."""
    for kind in ("pods", "events"):
        reflector = spawner.reflectors.pop(spawner._get_reflector_key(kind), None)
        if reflector is not None:
            await reflector.stop()


def _high(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def print_compared(taken: dict[str, list[Taken]]) -> None:
    """A line for each kind, with both times beside those of KubeSpawner, and one for each part that we add."""
    base = taken["KubeSpawner"]
    stalled = statistics.median(one.stalled for each in taken.values() for one in each)
    print(f"{len(base)} starts of each; something waited for a processor in {stalled:.0%} of their time")
    print(f"{'ms a start':30}{'clock p50':>10}{'p99':>8}{'ratio':>8}", end="")
    print(f"{'process p50':>14}{'p99':>8}{'ratio':>8}")
    for name, each in taken.items():
        line = f"{name:30}"
        for width, of in ((10, "clock"), (14, "process")):
            values, others = ([getattr(one, of) for one in those] for those in (each, base))
            middle = statistics.median(values)
            line += f"{middle:{width}.1f}{_high(values):8.1f}{middle / statistics.median(others):8.3f}"
        print(line)
    print(f"{'what we add, ms':30}{'clock p50':>10}{'p99':>8}{'process p50':>22}{'p99':>8}")
    for name, parts in {**{part: (part,) for part in PARTS}, "all three": PARTS}.items():
        sums = [[sum(one.parts.get(part, (0.0, 0.0))[of] for part in parts) for one in taken["ours"]] for of in (0, 1)]
        columns = zip((10, 22), sums, strict=True)
        print(f"{name:30}" + "".join(f"{statistics.median(one):{width}.2f}{_high(one):8.2f}" for width, one in columns))


def memory() -> float:
    """Resident memory of this process in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def in_a_row(here: Hub, count: int) -> float:
    """Start and stop one after the other; print the memory after each fifth, return the bytes that a start left."""
    read = []
    for number in range(1, count + 1):
        spawner = here.ours(here.requests[number % len(here.requests)])
        await spawner.start()
        await spawner.stop(now=True)
        here.forget(spawner)
        if number % max(1, count // 5) == 0:
            read.append(memory())
    print(f"{count} in a row, MiB after each fifth: {' '.join(f'{one:.1f}' for one in read)}")
    return (read[-1] - read[0]) * 2**20 / (count * 4 / 5)


async def at_once(here: Hub, count: int) -> None:
    """Start that many together, then stop them together, three times."""
    read, took = [], []
    for _ in range(3):
        spawners = [here.ours(request) for request in here.requests[:count]]
        begin = time.perf_counter()
        await asyncio.gather(*(one.start() for one in spawners))
        took.append(time.perf_counter() - begin)
        await asyncio.gather(*(one.stop(now=True) for one in spawners))
        for one in spawners:
            here.forget(one)
        read.append(memory())
    seconds = " ".join(f"{one:.1f}" for one in took)
    print(f"{count} at once, three times: all run after {seconds} s; MiB {' '.join(f'{one:.1f}' for one in read)}")


def nothing_left(here: Hub) -> None:
    """No watch, and no workspace in the log."""
    same = names.namespace(here.requests[-1])  # KubeSpawner's, which keeps them
    left = {key for key in WatchingSpawner.reflectors if key[1] != same}
    assert left == set(), f"watches are left: {sorted(left)[:3]}"
    with here.policy.reading() as state:
        assert not state.workspaces

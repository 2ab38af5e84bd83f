"""The warden's look at all places, with nothing to do: time, calls and writes, beside that of making them all.

A whole look: what each request gives is worked out from the log, all objects are listed and compared. Asserts that
nothing is written, and that the number of calls does not grow with the number of requests. The API is in memory here,
in the same process; `tests/cluster/numbers.py` does the same with a real one. `python -m tests.bench.reconcile --help`.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from access_policy.use_cases import Policy
from spawner.warden.api import Api, Object
from spawner.warden.cluster import SWEEP, ClusterMachine
from spawner.warden.grants import Site
from spawner.warden.silence import Endings
from spawner.warden.warden import Leash, Warden
from tests.bench.many_requests import INSTALLATION, many
from tests.unit.spawner.warden.cluster_room import SITE, FakeRoutes
from tests.unit.spawner.warden.fake_api import FakeCluster, api_of, without_a_wire

_TIMES = 5
_LOOKS = 20
"""Looks until all places stand; one is enough unless the API server does not keep up."""

Call = Callable[..., Object]


class Ahead:
    """The machine's clock, which can be put ahead: the warden compares everything again after a while only."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return time.monotonic() + self.seconds


class Counted:
    """Stands before the API's calls: how many there were, how many of them write, and how long they took."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.begin()

    def begin(self) -> None:
        """Count from nothing."""
        self.calls, self.writes, self.seconds = 0, 0, 0.0

    def __call__(self, method: str, *arguments: Any, **named: Any) -> Object:
        """Let one call through."""
        self.calls += 1
        self.writes += method != "GET"
        begin = time.perf_counter()
        try:
            return self._call(method, *arguments, **named)
        finally:
            self.seconds += time.perf_counter() - begin


class Look(NamedTuple):
    """How long one look takes, on the processor and waiting for the API, how often it asks, and how often it writes."""

    seconds: float
    processor: float
    api: float
    calls: int
    writes: int

    def __str__(self) -> str:
        """Return it as a line of the table."""
        return f"{self.seconds:8.2f}{self.processor:12.2f}{self.api:8.2f}{self.calls:8}{self.writes:8}"


class Looking:
    """A warden on one API, and what its looks take."""

    def __init__(self, policy: Policy, api: Api, clock: Ahead, counted: Counted, site: Site = SITE) -> None:
        self._policy, self._api, self._clock, self._counted, self._site = policy, api, clock, counted, site
        self.anew()

    def anew(self) -> None:
        """Be a warden that knows nothing yet."""
        self.machine = ClusterMachine(self._api, self._site, INSTALLATION, self._clock)
        self._warden = Warden(
            self._policy, self.machine, [FakeRoutes()], lambda *_: True, Leash(self._clock, Endings())
        )

    def look(self) -> Look:
        """Look once."""
        self._counted.begin()
        begin, processor = time.perf_counter(), time.process_time()
        self._warden.tick()
        took, worked = time.perf_counter() - begin, time.process_time() - processor
        return Look(took, worked, self._counted.seconds, self._counted.calls, self._counted.writes)

    def make(self) -> Look:
        """Look until all places stand; return the sum."""
        looks = []
        for _ in range(_LOOKS):
            looks.append(self.look())
            if not self.machine.not_ready() and looks[-1].writes == 0:
                return Look(*map(sum, zip(*looks, strict=True)))
            self._clock.seconds += SWEEP
        raise AssertionError(f"not all places stand after {_LOOKS} looks: {sorted(self.machine.told)[:3]}")

    def compared(self, ahead: float) -> Look:
        """Return the look of the middle, of several that compare everything; none of them writes."""
        found = []
        for _ in range(_TIMES):
            self._clock.seconds += ahead
            found.append(self.look())
            assert found[-1].writes == 0, "a look with nothing to do writes"
        return sorted(found)[_TIMES // 2]

    def anew_compared(self) -> Look:
        """Return the first look of a warden that knows nothing, all places standing; it does not write."""
        self.anew()
        found = self.look()
        assert found.writes == 0, "a new warden writes what stands already"
        return found


def report(looking: Looking, requests: int, *, made: bool = True) -> Look:
    """Print a line for each kind of look; return that with nothing to do."""
    print(f"{f'{requests} requests':34}{'seconds':>8}{'processor':>12}{'API':>8}{'calls':>8}{'writes':>8}")
    if made:
        print(f"{'make all places':34}{looking.make()}")
    compare = looking.compared(SWEEP)
    print(f"{'compare all, nothing to do':34}{compare}")
    print(f"{'the same, a new process':34}{looking.anew_compared()}")
    print(f"{'look between, nothing new':34}{looking.compared(0)}")
    return compare


@contextmanager
def in_memory(requests: int) -> Iterator[Looking]:
    """Give a warden on a log of its own and an API in memory."""
    cluster, clock = FakeCluster(), Ahead()
    api, counted = api_of("http://127.0.0.1:1", clock), Counted(partial(without_a_wire(cluster), None))
    with tempfile.TemporaryDirectory() as folder, patch.object(api, "_call", counted):
        policy = many(Path(folder, "log.db"), requests).policy
        with closing(policy.store):
            yield Looking(policy, api, clock, counted)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, nargs="+", default=[50, 500])
    options = parser.parse_args(arguments)
    calls = set()
    for number in options.requests:
        with in_memory(number) as looking:
            calls.add(report(looking, number).calls)
    assert len(calls) == 1, "the number of calls grows with the number of requests"


if __name__ == "__main__":
    main()

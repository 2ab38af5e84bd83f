"""The warden's comparison of all places, with nothing to do: time, calls and writes, beside those of making them all.

The API is in memory, in the same process; its own CPU time, JSON included, is told apart. Asserts that nothing is
written, and that the number of calls does not grow with the number of requests.
`python -m tests.bench.reconcile --help`.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unittest.mock import patch

from access_policy.entitlements import Entitlement, Place
from access_policy.model.ids import DatasetName, PersonId
from access_policy.state import State
from spawner.warden import places as places_module
from spawner.warden.api import Object
from spawner.warden.grants import Given
from spawner.warden.places import AGAIN, Places
from tests.unit.spawner.warden.cluster_room import HERE, SITE
from tests.unit.spawner.warden.fake_api import FakeCluster, Seconds, api_of, without_a_wire

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def given(requests: int, people: int) -> tuple[Given, ...]:
    """Return what so many requests give to so many people each."""
    data = tuple(Place(DatasetName(f"data-{n}"), f"gs://centre-{n}/files") for n in range(3))
    who = [Entitlement(PersonId(f"P-{n}"), AT, data) for n in range(1, people + 1)]
    return tuple(Given(f"DR-{n}", tuple(who), ()) for n in range(1, requests + 1))


class Timed:
    """The stand-in for the API's calls, and how long it took itself."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.seconds = 0.0
        self._call = without_a_wire(cluster)

    def __call__(self, *arguments: Any, **named: Any) -> Object:
        begin = time.process_time()
        try:
            return self._call(None, *arguments, **named)
        finally:
            self.seconds += time.process_time() - begin


class Pass(NamedTuple):
    """How long one pass takes, how much of it is the API's, how often it asks, and how often it writes."""

    seconds: float
    api: float
    calls: int
    writes: int


def look(cluster: FakeCluster, places: Places, timed: Timed) -> Pass:
    """Carry out one pass."""
    cluster.calls.clear()
    begin, timed.seconds = time.process_time(), 0.0
    work = places.prepare(State(), AT)
    work.withdraw()
    work.provide()
    return Pass(time.process_time() - begin, timed.seconds, len(cluster.calls), len(cluster.written()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--people", type=int, default=3)
    options = parser.parse_args(arguments)
    asked = {_print(number, options.people) for number in options.requests}
    assert len(asked) == 1, "the number of calls grows with the number of requests"


def _print(requests: int, people: int) -> int:
    cluster, seconds, wanted = FakeCluster(), Seconds(), given(requests, people)
    api, timed = api_of("http://127.0.0.1:1", seconds), Timed(cluster)
    places = Places(api, SITE, HERE, seconds)
    with patch.object(api, "_call", timed), patch.object(places_module, "given", lambda *_: wanted):
        made = look(cluster, places, timed)
        seconds.now += AGAIN
        same = look(cluster, places, timed)
    for name, one in (("make", made), ("compare", same)):
        of_api = f"{one.seconds:5.2f} s, of which the API {one.api:5.2f} s"
        print(f"{requests:4} requests, {name:>7}: {of_api}; {one.calls} calls, {one.writes} writes")
    assert same.writes == 0
    return same.calls


if __name__ == "__main__":
    main()

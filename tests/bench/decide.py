"""`decide` with all its reasons beside Cedar and Casbin, in one interleaved run: A B C A B C …

Prints p50 and p99 of each, the ratios, and how cost grows at a tenth, once and ten times the size. Asserts that all
give the same effect on every question, and no time. Run it by `make bench`, or `python -m tests.bench.decide --help`.
"""

import argparse
import gc
import statistics
import sys
from collections.abc import Callable
from time import perf_counter, perf_counter_ns
from typing import NamedTuple

from access_policy.decision import decide
from access_policy.rules import Query
from access_policy.state import State
from tests.bench.engines import Casbin, Cedar, facts_of
from tests.bench.world import BigWorld, Size

OURS = "decide, all reasons"


class Asked(NamedTuple):
    """One question, as each engine takes it: a call without arguments that answers with the effect."""

    query: Query
    calls: dict[str, Callable[[], bool]]


def ask_all(world: BigWorld, count: int) -> list[Asked]:
    """Prepare questions for all engines; nothing of this is timed."""
    state, queries = world.state, world.queries(count)
    requests = {query.request: state.requests[query.request] for query in queries}
    cedar, casbin = Cedar(), Casbin(requests.values())
    asked = []
    for query in queries:
        facts = facts_of(state, query)
        question, entities = cedar.slice_of(facts)
        read, arguments = cedar.read(entities), casbin.slice_of(facts)
        asked.append(
            Asked(
                query,
                {
                    OURS: lambda query=query: decide(state, query).allowed,  # type: ignore[misc]
                    "cedarpy, slice as JSON": lambda q=question, e=entities: cedar.allows(q, e),  # type: ignore[misc]
                    "cedarpy, slice read before": lambda q=question, e=read: cedar.allows(q, e),  # type: ignore[misc]
                    "pycasbin": lambda a=arguments: casbin.allows(a),  # type: ignore[misc]
                },
            )
        )
    return asked


def agreement(asked: list[Asked]) -> int:
    """Assert that all engines give the same effect on every question; return how many were allowed."""
    allowed = 0
    for one in asked:
        answers = {name: call() for name, call in one.calls.items()}
        assert len(set(answers.values())) == 1, f"{one.query}: {answers}"
        allowed += answers[OURS]
    assert 0 < allowed < len(asked)
    return allowed


class Times(NamedTuple):
    """How long an engine took in nanoseconds: the first time on a sequence number, and asked the same once more."""

    first: list[int]
    again: list[int]


def measure(state: State, asked: list[Asked]) -> dict[str, Times]:
    """Time every engine on every question in turn, twice: the first time nothing of ours is kept, then it is."""
    times = {name: Times([], []) for name in asked[0].calls}
    gc.disable()
    for one in asked:
        state.memo.clear()  # as after any fact: what was worked out before counts no more
        for name, call in one.calls.items():
            for taken in times[name]:
                before = perf_counter_ns()
                call()
                taken.append(perf_counter_ns() - before)
    gc.enable()
    return times


def report(size: Size, count: int) -> None:
    """Build a world of a size, and print a table."""
    begun = perf_counter()
    world = BigWorld(size)
    built = perf_counter() - begun
    asked = ask_all(world, count)
    allowed = agreement(asked)
    times = measure(world.state, asked)
    print(
        f"\n{size.people:,} people, {size.datasets:,} datasets, {size.requests:,} requests:"
        f" {world.state.seq:,} facts folded in {built:.1f} s; {len(asked):,} questions, {allowed:,} allowed, all agree"
    )
    print(
        f"{'µs, and times ours':28}" + f"{'p50':>9}{'p99':>9}{'ratio':>8}" + f"{'again p50':>13}{'p99':>9}{'ratio':>8}"
    )
    for name, taken in times.items():
        print(
            f"{name:28}" + _columns(taken.first, times[OURS].first) + "    " + _columns(taken.again, times[OURS].again)
        )


def _columns(taken: list[int], ours: list[int]) -> str:
    middle, high = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    return f"{middle / 1000:9.1f}{high / 1000:9.1f}{middle / statistics.median(ours):8.1f}"


def main(arguments: list[str] | None = None) -> int:
    """Print the tables for each scale."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.decide", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--scales", type=float, nargs="+", default=[0.1, 1, 10], help="factors of all three")
    parser.add_argument("--questions", type=int, default=2_000)
    chosen = parser.parse_args(arguments)
    for scale in chosen.scales:
        counts = (max(10, round(count * scale)) for count in (chosen.people, chosen.datasets, chosen.requests))
        report(Size(*counts), chosen.questions)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`decide` with all its reasons beside Cedar and Casbin, in one interleaved run: the engines take turns on each block.

Prints p50, p99 and the ratio of each engine for a question that is the first on a sequence number, for the same asked
again, and for a mix: every question five times in random order on one sequence number. Then how cost grows from a tenth
to a hundred times the size. Asserts that all give the same effect on every question, and no time. Run it by
`make bench`, or `python -m tests.bench.decide --help`.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from access_policy.decision import decide
from access_policy.rules import Query
from access_policy.state import State
from tests.bench.engines import Casbin, Cedar, facts_of
from tests.bench.timing import blocks, columns, multiples, p50, quiet, timed
from tests.bench.world import BigWorld, Size

OURS = "decide, all reasons"
MIXED = 5


class Asked(NamedTuple):
    """One question, as each engine takes it: a call without arguments that answers with the effect."""

    query: Query
    calls: dict[str, Callable[[], bool]]


def ask_all(world: BigWorld, count: int) -> list[Asked]:
    """Prepare questions for all engines; nothing of this is timed."""
    state, queries = world.state, world.queries(count)
    requests = {query.request: state.requests[query.request] for query in queries}
    cedar, casbin = Cedar(), Casbin(requests.values())
    return [Asked(query, _calls(state, query, cedar, casbin)) for query in queries]


def _calls(state: State, query: Query, cedar: Cedar, casbin: Casbin) -> dict[str, Callable[[], bool]]:
    facts = facts_of(state, query)
    question, entities = cedar.slice_of(facts)
    read, arguments = cedar.read(entities), casbin.slice_of(facts)
    return {
        OURS: lambda: decide(state, query).allowed,
        "cedarpy, slice made anew": lambda: cedar.allows(*cedar.slice_of(facts_of(state, query))),
        "cedarpy, slice as JSON": lambda: cedar.allows(question, entities),
        "cedarpy, slice read before": lambda: cedar.allows(question, read),
        "pycasbin": lambda: casbin.allows(arguments),
    }


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
    """How long an engine took in nanoseconds: first on a sequence number, the same once more, and in the mix."""

    first: list[int]
    again: list[int]
    mixed: list[int]


def measure(state: State, asked: list[Asked], block: int) -> dict[str, Times]:
    """Time every engine on every question: the engines take turns, a block of questions each."""
    times = {name: Times([], [], []) for name in asked[0].calls}
    mix = asked * MIXED
    random.Random(1).shuffle(mix)
    with quiet():
        for each in blocks(asked, block):
            for name, taken in times.items():
                _first_and_again(state, each, name, taken)
        state.memo.clear()
        for each in blocks(mix, block):
            for name, taken in times.items():
                taken.mixed.extend([timed(one.calls[name]) for one in each])
    return times


def _first_and_again(state: State, asked: Sequence[Asked], name: str, taken: Times) -> None:
    for one in asked:
        state.memo.clear()  # as after any fact: what was worked out before counts no more
        taken.first.append(timed(one.calls[name]))
        taken.again.append(timed(one.calls[name]))


def report(size: Size, count: int, block: int) -> dict[str, Times]:
    """Build a world of a size, print a table, and return the times."""
    begun = perf_counter()
    with quiet():
        world = BigWorld(size)
    built = perf_counter() - begun
    asked = ask_all(world, count)
    allowed = agreement(asked)
    times = measure(world.state, asked, block)
    print(
        f"\n{size.people:,} people, {size.datasets:,} datasets, {size.requests:,} requests:"
        f" {world.state.seq:,} facts folded in {built:.1f} s; {len(asked):,} questions, {allowed:,} allowed, all agree"
    )
    print(f"{'µs, and times ours':28}" + "".join(f"{kind:>10}{'p99':>9}{'ratio':>7}" for kind in Times._fields))
    ours = times[OURS]
    for name, taken in times.items():
        print(f"{name:28}" + "".join(columns(*pair) for pair in zip(taken, ours, strict=True)))
    return times


def growth(scales: list[float], found: list[dict[str, Times]]) -> None:
    """Print the p50 of each scale as a multiple of that of the scale 1, or of the first where there is none."""
    base = scales.index(1) if 1 in scales else 0
    print(f"\n{f'p50, times that at {scales[base]:g}x':34}" + "".join(f"{f'{scale:g}x':>10}" for scale in scales))
    for name in found[0]:
        for number, kind in enumerate(Times._fields):
            middles = [p50(times[name][number]) for times in found]
            print(f"{f'{name}, {kind}':34}" + multiples(middles, middles[base]))


def main(arguments: list[str] | None = None) -> int:
    """Print the tables for each scale."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.decide", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument(
        "--scales", type=float, nargs="+", default=[0.1, 1, 10, 100], help="factors of all three; 100 takes 4 GB"
    )
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument(
        "--block", type=int, default=100, help="questions until the next engine's turn; 1 empties all caches each time"
    )
    chosen = parser.parse_args(arguments)
    found = []
    for scale in chosen.scales:
        counts = (max(10, round(count * scale)) for count in (chosen.people, chosen.datasets, chosen.requests))
        found.append(report(Size(*counts), chosen.questions, chosen.block))
    growth(chosen.scales, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

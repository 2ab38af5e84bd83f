"""What the benches share: calls timed in turn, and the columns of their tables."""

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import TypeVar

Each = TypeVar("Each")


@contextmanager
def quiet() -> Iterator[None]:
    """Collect garbage before, and none meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def timed(call: Callable[[], object]) -> int:
    """Return how many nanoseconds a call took."""
    before = perf_counter_ns()
    call()
    return perf_counter_ns() - before


def blocks(items: Sequence[Each], size: int) -> Iterator[Sequence[Each]]:
    """Give the items in stretches of `size`: the peers take turns on each."""
    return (items[start : start + size] for start in range(0, len(items), size))


def p50(taken: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(taken)


def columns(taken: Sequence[int], ours: Sequence[int]) -> str:
    """Return p50 and p99 in microseconds, and p50 as a multiple of ours."""
    high = statistics.quantiles(taken, n=100)[98]
    return f"{p50(taken) / 1000:10.1f}{high / 1000:9.1f}{p50(taken) / p50(ours):7.1f}"


def multiples(values: Sequence[float], base: float) -> str:
    """Return values as multiples of one of them."""
    return "".join(f"{value / base:10.2f}" for value in values)

"""Whether two ways of asking take the same time, as somebody measures who wants to know who is known here (ID-12)."""

import statistics
import time
from collections.abc import Callable

SAMPLES = 200
SHARE = 0.05
LEAST = 0.010
"""Seconds; and the share of the longer one: the medians differ by less than one of them, as ID-12 has it."""


def assert_same_time(first: Callable[[], object], second: Callable[[], object], samples: int = SAMPLES) -> None:
    """Ask in turns, each `samples` times, and compare the medians; whatever else runs here slows both down alike."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(2 * samples):
        which = number % 2 if number // 2 % 2 else 1 - number % 2
        begun = time.perf_counter()
        (first, second)[which]()
        seconds[which].append(time.perf_counter() - begun)
    one, other = map(statistics.median, seconds)
    assert abs(one - other) < max(LEAST, SHARE * max(one, other)), f"medians of {one:.4f} s and {other:.4f} s"

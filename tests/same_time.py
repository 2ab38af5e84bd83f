"""Whether two ways of asking take the same time, as somebody measures who wants to know who is known here (ID-12)."""

import statistics
from collections.abc import Callable

SAMPLES = 200
SHARE = 0.05
LEAST = 0.010
"""Seconds; and the share of the longer one: the medians differ by less than one of them, as ID-12 has it."""

_ROUNDS = 3

Ask = Callable[[], float]
"""Asks once; returns the seconds that the answer took."""


def assert_same_time(first: Ask, second: Ask, samples: int = SAMPLES) -> None:
    """Ask in turns, each `samples` times, and compare the medians; whatever else runs here slows both down alike.

    A machine that is busy with more gets further rounds, which count with those before: noise goes, a difference stays.
    """
    said = ""
    one: list[float] = []
    other: list[float] = []
    for _ in range(_ROUNDS):
        for number in range(samples):
            order = ((first, one), (second, other)) if number % 2 else ((second, other), (first, one))
            for ask, seconds in order:
                seconds.append(ask())
        medians = statistics.median(one), statistics.median(other)
        difference = abs(medians[0] - medians[1])
        if difference < max(LEAST, SHARE * max(medians)):
            return
        said = f"medians of {medians[0]:.4f} s and {medians[1]:.4f} s"
    raise AssertionError(said)

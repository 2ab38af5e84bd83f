"""What the warden says of a trouble that lasts: at its beginning, and then once a minute; and what there may be."""

import math
from collections.abc import Callable
from enum import StrEnum

EVERY = 60.0
"""Seconds between two lines about the same trouble."""

_OVER = 20.0  # not heard of for so long, a trouble is a new one; a look may take some seconds


class Failing(StrEnum):
    """What a warden can fail to do at a look, for who counts it."""

    SEE = "see_what_runs"
    END = "end"
    RECORD = "record"
    ROUTE = "route"
    LOG = "log_silent"
    QUEUE = "write_down"
    PLACE = "place"
    HOME = "home"


class News:
    """Remembers what was said lately. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._troubles: dict[str, tuple[float, float]] = {}  # when each was said, and when it was heard of last

    def is_new(self, trouble: str) -> bool:
        """Say whether to say it: it has begun, or lasts for another minute."""
        now = self._monotonic()
        self._troubles = {name: times for name, times in self._troubles.items() if now - times[1] < _OVER}
        said, _ = self._troubles.get(trouble, (-math.inf, now))
        new = now - said >= EVERY
        self._troubles[trouble] = (now if new else said, now)
        return new

    def is_over(self, trouble: str) -> bool:
        """Forget a trouble; say whether there was one."""
        return self._troubles.pop(trouble, None) is not None

"""Answers that were worked out on one sequence number, kept until the next fact.

A kept answer holds within [`begins`, `ends`): no condition begins or lapses by the clock in between.
"""

from datetime import datetime
from typing import Any

import msgspec


class Kept(msgspec.Struct, frozen=True):
    """What was found, and for which instants."""

    begins: datetime
    ends: datetime | None
    value: Any


class Memo(dict[Any, Kept]):
    """Kept answers by what was asked; the fold empties it with every fact. At most `MOST`, then it begins anew."""

    MOST = 100_000

    def keep(self, key: Any, kept: Kept) -> None:
        """Keep an answer."""
        if len(self) >= self.MOST:
            self.clear()
        self[key] = kept

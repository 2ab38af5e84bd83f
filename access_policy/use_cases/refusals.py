"""How many refused commands are written down: who is logged in cannot make the observations grow without bound.

Of one actor one row a minute for each command, and so many rows an hour; the next row says how many were left out
before it. Who comes when many are remembered already shares the rows of one with all others, and makes nobody be
forgotten. What is remembered is this process's own, and forgotten with it. Reads no clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

QUIET = timedelta(minutes=1)
"""Within so long of one row, the same command of the same actor leaves no other."""

HOUR = timedelta(hours=1)
MOST = 60
"""Rows that one actor leaves in an hour; it begins with the first of them."""

REMEMBERED = 1_000
"""Actors within their hours; all others together are one more, whose rows do not count what was left out."""

_OTHERS = ""  # the name of no actor


@dataclass(slots=True)
class _Seen:
    """What one actor left since the beginning of their hour, and how many refusals were left out since the last row."""

    since: datetime
    rows: int = 0
    more: int = 0
    last: dict[str, datetime] = field(default_factory=dict)


class Refusals:
    """Which refusals leave a row; one for the process. Safe for threads."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._lock = Lock()

    def counted(self, actor: str, command: str, at: datetime) -> int | None:
        """Return how many of this actor's were left out before the row that is due now; None where this one is, too.

        It is 0 for who is not remembered apart: what others left out is not theirs.
        """
        with self._lock:
            seen = self._of(actor, at)
            last = seen.last.get(command)
            if seen.rows >= MOST or (last is not None and at - last < QUIET):
                seen.more += 1
                return None
            more, seen.more = seen.more, 0
            seen.rows, seen.last[command] = seen.rows + 1, at
            return more if actor in self._seen else 0

    def _of(self, actor: str, at: datetime) -> _Seen:
        """Return what is remembered of an actor; what was left out stays so when their hour is over."""
        if actor not in self._seen and len(self._seen) >= REMEMBERED:
            self._seen = {one: seen for one, seen in self._seen.items() if at - seen.since < HOUR}
            actor = actor if len(self._seen) < REMEMBERED else _OTHERS
        seen = self._seen.setdefault(actor, _Seen(at))
        if at - seen.since >= HOUR:
            seen.since, seen.rows = at, 0
            seen.last = {command: last for command, last in seen.last.items() if at - last < QUIET}
        return seen

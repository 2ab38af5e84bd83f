"""What the log needs of a database: one consistent view to read, one line to stand in to write, and a clock.

`sqlite.py` and `postgres.py` are the two there are; everything else in the log speaks SQLAlchemy Core through `read`
and `write`. Every trouble of either is LogUnavailable, one line that says what to do next, with nothing written.
"""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from access_policy.log.errors import LogDamaged, LogUnavailable

BUSY_SECONDS = 5.0
"""How long anything waits for the database, or for another that writes."""


class Database(Protocol):
    """One open log. Safe for threads: each read takes a connection of its own, writes stand in line."""

    @property
    def name(self) -> str:
        """Return what messages call it: a path or a URL, never with a password."""

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection in a read transaction: one consistent view. Raises LogUnavailable."""

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection that alone may write; commits at the end, rolls back where an error leaves the block."""

    def newest_fact(self) -> int:
        """Return the newest fact's sequence number, 0 where there is none. Costs microseconds."""

    def now(self) -> datetime:
        """Return the present instant (UTC) by the clock that also stamps what is appended; asks nothing."""

    def instant(self, connection: Connection) -> datetime:
        """Return the present instant (UTC) for what is appended within a write transaction."""

    def scrub(self) -> bool:
        """Leave as little as the database allows of what was deleted before, once an erasure is committed; say whether
        nothing kept it from that, such as somebody who reads (E50)."""

    def close(self) -> None:
        """Close all connections."""


def unavailable(name: str, cause: str, way_out: str, *, damaged: bool = False) -> LogUnavailable:
    """Return the one line for a database that did not do what it should, or that holds no whole log."""
    return (LogDamaged if damaged else LogUnavailable)(f"log `{name}` cannot be used ({cause}); {way_out}")


def written_by_another_thread(name: str) -> LogUnavailable:
    """Return the one line for a write that waited too long within its own process."""
    return LogUnavailable(f"log `{name}` is being written by another thread; try again")

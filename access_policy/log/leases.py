"""Leases: which of several processes may act, and the fence that keeps one that lost its lease from writing (FLT-03).

A lease has one holder until an instant of the database's clock; where that clock was set back since, another takes it,
for nobody would act until it has caught up (FLT-12). With each new holder its fencing number grows, and
whoever writes under a lease has that number looked at in the same transaction: a process that stood still while another
took over changes nothing any more, however late it goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, update

from access_policy.log.database import Database
from access_policy.log.errors import LeaseLost
from access_policy.log.tables import leases
from access_policy.log.times import from_text, to_text

_FURTHEST = 2
"""How many times its length a lease may lie ahead; one that lies further was written by a clock that was wrong."""


class Held(NamedTuple):
    """What a process writes under: the lease's name, who it is there, and its fencing number; 0 is not held yet."""

    name: str
    holder: str
    fence: int


class Fenced:
    """Write transactions of a database; under a lease only while nobody else took it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: Held | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write. Raises LeaseLost where another holds the lease by now."""
        with self._database.write() as connection:
            self._check(connection)
            yield connection

    @property
    def is_bound(self) -> bool:
        """Say whether whoever writes here acts under a lease, held or not."""
        return self._held is not None

    def take(self, name: str, holder: str, seconds: float) -> bool:
        """Take a lease that is free or lapsed, or renew the own one; say whether it is held. Raises LogUnavailable."""
        with self._database.write() as connection:
            fence = _take(connection, Held(name, holder, 0), self._database.instant(connection), seconds)
        self._held = Held(name, holder, fence)
        return fence > 0

    def give_up(self) -> None:
        """Let the lease go, so that another need not wait until it lapses. Raises LogUnavailable."""
        if self._held is None:
            return
        with self._database.write() as connection:
            now = to_text(self._database.instant(connection))
            connection.execute(update(leases).where(*_own(self._held)).values(until=now))
        self._held = self._held._replace(fence=0)

    def _check(self, connection: Connection) -> None:
        held = self._held
        if held is not None and connection.scalar(select(leases.c.fence).where(*_own(held))) is None:
            raise LeaseLost(held.name)


def _own(held: Held) -> tuple[ColumnElement[bool], ...]:
    return (leases.c.name == held.name, leases.c.holder == held.holder, leases.c.fence == held.fence)


def _take(connection: Connection, wished: Held, at: datetime, seconds: float) -> int:
    """Return the fencing number under which the lease is held, 0 where another holds it."""
    row = connection.execute(select(leases).where(leases.c.name == wished.name)).one_or_none()
    values = {"holder": wished.holder, "until": to_text(at + timedelta(seconds=seconds))}
    if row is None:
        connection.execute(insert(leases).values(name=wished.name, fence=1, **values))
        return 1
    if row.holder != wished.holder and at < from_text(row.until) <= at + timedelta(seconds=_FURTHEST * seconds):
        return 0
    fence = int(row.fence) + int(row.holder != wished.holder)
    connection.execute(update(leases).where(leases.c.name == wished.name).values(fence=fence, **values))
    return fence

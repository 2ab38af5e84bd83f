"""The log in a PostgreSQL database: connections with bounded waits, one line for all who write, the database's clock.

Each component connects as a role of its own (`rights.py`), which PostgreSQL lets append its own kinds only. A password
comes from libpq's own places (PGPASSFILE, a service file) or is not needed (a socket); it never stands in our URL.
Nothing waits longer than five seconds for the server, also where it stopped to answer; a server that comes back is used
again by itself. A standby is never asked, since its answers are old (POL-08).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from string import Template
from threading import Lock
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, RootTransaction, create_engine, text
from sqlalchemy import exc as sa

from access_policy.log import database, migrations
from access_policy.log.database import unavailable, written_by_another_thread
from access_policy.log.errors import LogUnavailable
from access_policy.log.postgres_troubles import SILENT, troubles
from access_policy.log.times import Clock

_LOCK = int.from_bytes(b"Sluis")
_NEWEST = "SELECT coalesce(max(seq), 0), clock_timestamp() FROM public.facts"
_STAND_IN_LINE = Template(  # the time is read once the line is held: rows come after those of who held it before
    "WITH line AS MATERIALIZED (SELECT pg_advisory_xact_lock($lock), "
    "set_config('idle_in_transaction_session_timeout', '10s', true)) SELECT clock_timestamp() FROM line"
).substitute(lock=_LOCK)
_AT = "sluis_at"
_TAKE_TIME = f"SELECT set_config('statement_timeout', '0', true), pg_advisory_xact_lock({_LOCK})"
_OPTIONS = (
    "search_path=public,pg_temp",
    "synchronous_commit=on",
    "default_transaction_isolation=read\\ committed",
    "idle_in_transaction_session_timeout=60s",
    "timezone=UTC",
    "client_min_messages=error",
)
_AT_HAND = 5  # connections kept open by a process; as many again while it is busy


class _Bounded(psycopg.Connection[Any]):
    """A connection that gives up on a server that has stopped to answer, and is closed then."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or _patience())
        except psycopg.OperationalError as error:
            if error.sqlstate is not None or self.closed:
                raise  # the server's own word, or a connection that it closed
            self.close()
            raise psycopg.OperationalError(SILENT) from None


class PostgresDatabase:
    """One open log on a server, a `Database`."""

    def __init__(self, url: str, role: str, monotonic: Callable[[], float], clock: Clock | None = None) -> None:
        """Connect as a role. Raises LogUnavailable where that fails, UnreadableLog for the form of another release.

        The time is the server's, carried on by `monotonic` (seconds) between two questions; a `clock` takes its place
        where a history is written that lies in the past.
        """
        self.name = url
        self._clock = clock
        self._monotonic = monotonic
        self._conninfo = _conninfo(url, role)
        self._writing, self._looking = Lock(), Lock()
        self._glance: psycopg.Connection[Any] | None = None
        self._engine = _engine(self._conninfo)
        views = _engine(self._conninfo, pool_pre_ping=True)
        self._views = views.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        try:
            with self.read() as connection:
                migrations.check_form(self.name, connection)
            self.newest_fact()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, url: str, role: str, monotonic: Callable[[], float], clock: Clock | None = None) -> Self:
        """Make an empty log as the user that libpq connects as by itself, who then owns the tables; open it as a role.

        Raises LogUnavailable where the database holds a log already, or none can be made.
        """
        with _owner(url) as connection:
            migrations.upgrade(url, connection)
            if connection.scalar(text(_NEWEST)):
                raise LogUnavailable(f"log `{url}` cannot be made; the database holds one already, take an empty one")
        return cls(url, role, monotonic, clock)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a read transaction: one consistent view."""
        with troubles(self.name), self._views.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write; commits at the end, rolls back where an error leaves the block."""
        with self._in_line(self._writing), troubles(self.name), self._first_in_line() as connection:
            transaction = connection.get_transaction() or connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            self._commit(transaction)

    def newest_fact(self) -> int:
        """Return the newest fact's sequence number, 0 where there is none; one round trip."""
        with self._in_line(self._looking), troubles(self.name):
            row = self._look()
            self._seen = self._monotonic(), row[1]
        return int(row[0])

    def now(self) -> datetime:
        """Return the server's time as of the last look, carried on since; asks nothing."""
        if self._clock is not None:
            return self._clock()
        then, at = self._seen
        return _in_utc(at + timedelta(seconds=self._monotonic() - then))

    def instant(self, connection: Connection) -> datetime:
        """Return the server's time at which the write transaction that asks came first in line."""
        if self._clock is not None:
            return self._clock()
        return _in_utc(connection.info[_AT])

    def scrub(self) -> bool:
        """Do nothing: only the tables' owner may vacuum, and the server does it by itself; see its own settings."""
        return True

    def close(self) -> None:
        """Close all connections."""
        with self._looking:
            if self._glance is not None:
                self._glance.close()
        self._engine.dispose()
        self._views.dispose()

    def _first_in_line(self) -> Connection:
        """Return a connection that alone may write; where a kept one was lost meanwhile, on a new one."""
        try:
            return self._stand_in_line()
        except sa.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._stand_in_line()

    def _stand_in_line(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection.info[_AT] = connection.exec_driver_sql(_STAND_IN_LINE).scalar_one()
        except BaseException:
            connection.close()
            raise
        return connection

    def _look(self) -> Any:
        """Ask on a connection that is kept; where that was lost since, once more on a new one."""
        if self._glance is not None and not self._glance.closed:
            try:
                return self._ask(self._glance)
            except psycopg.errors.OperationalError as error:
                if error.sqlstate is None and not self._glance.broken:
                    raise
                self._glance.close()
        self._glance = _Bounded.connect(self._conninfo, autocommit=True)
        return self._ask(self._glance)

    def _ask(self, connection: psycopg.Connection[Any]) -> Any:
        return connection.execute(_NEWEST, prepare=True, binary=True).fetchone()

    def _commit(self, transaction: RootTransaction) -> None:
        try:
            transaction.commit()
        except sa.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            way_out = "whether this was written is not known: look, before you try again"
            raise unavailable(self.name, "it was lost while it wrote", way_out) from error

    @contextmanager
    def _in_line(self, lock: Lock) -> Iterator[None]:
        if not lock.acquire(timeout=database.BUSY_SECONDS):
            raise written_by_another_thread(self.name)
        try:
            yield
        finally:
            lock.release()


def url_problem(url: str) -> str | None:
    """Say in a line why a URL cannot name a log's database; None where it can."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        parts = {}
    if not url.startswith(("postgresql://", "postgres://")) or not parts.get("dbname") or "options" in parts:
        return "no URL of a database; write it like `postgresql://db.example.org/sluis`"
    if "user" in parts or "password" in parts:
        return "a URL with a user or password; leave them out: the role is the component's, its password in PGPASSFILE"
    return None


def upgrade_server(url: str) -> str:
    """Bring a log's tables and rights to this release's form, as their owner; return the form that they had.

    Raises LogUnavailable where the server does not do it, UnreadableLog where it is of a later release (FLT-10).
    """
    with _owner(url) as connection:
        return migrations.upgrade(url, connection)


@contextmanager
def _owner(url: str) -> Iterator[Connection]:
    """Give a connection in one transaction, as the user that libpq takes by itself (PGUSER, or who runs this)."""
    engine = _engine(_conninfo(url, None), psycopg.Connection)
    try:
        with troubles(url), engine.begin() as connection:
            connection.exec_driver_sql(_TAKE_TIME)
            yield connection
    finally:
        engine.dispose()


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _patience() -> float:
    """Return how many seconds to wait for an answer; the server itself gives up a little earlier."""
    return database.BUSY_SECONDS + 1


def _conninfo(url: str, role: str | None) -> str:
    problem = url_problem(url)
    if problem is not None:
        raise LogUnavailable(f"the log's database is {problem}")
    limit = max(1, int(database.BUSY_SECONDS * 1000))
    options = [*_OPTIONS, f"lock_timeout={limit}", f"statement_timeout={limit + max(100, limit // 10)}"]
    return make_conninfo(
        url,
        **({} if role is None else {"user": role}),
        options=" ".join(f"-c {option}" for option in options),
        application_name="sluis",
        connect_timeout=5,
        target_session_attrs="primary",
        tcp_user_timeout=5000,
    )


def _engine(conninfo: str, kind: type[psycopg.Connection[Any]] = _Bounded, *, pool_pre_ping: bool = False) -> Engine:
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: kind.connect(conninfo),
        pool_size=_AT_HAND,
        max_overflow=_AT_HAND,
        pool_timeout=database.BUSY_SECONDS,
        pool_pre_ping=pool_pre_ping,
    )

"""The log's SQLite file: opening it, transactions on it, and its troubles as one-line errors.

Connections wait five seconds for one another. A file that is not there is never made by opening it, and a file that
was replaced under a running process is noticed: its writes would be lost. Time is the process's clock.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from access_policy.log import database, migrations
from access_policy.log.database import unavailable, written_by_another_thread
from access_policy.log.errors import LogUnavailable
from access_policy.log.files import sync_folder, write_new
from access_policy.log.times import Clock

_WRITES = "sluis_writes"
_SCRUB_WAITS = 500  # milliseconds, in which others cannot write
_WAYS_OUT = {
    "SQLITE_BUSY": "another process holds it; try again",
    "SQLITE_LOCKED": "another process holds it; try again",
    "SQLITE_FULL": "its disk is full; make room",
    "SQLITE_READONLY": "it is read-only; check the file's and its folder's rights",
    "SQLITE_PERM": "check the file's rights",
    "SQLITE_CANTOPEN": "check that the file is there and its rights",
    "SQLITE_IOERR": "check its disk",
    "SQLITE_CORRUPT": "it is damaged; run `sluis log verify`, then restore a backup",
    "SQLITE_NOTADB": "it is no log; restore a backup",
    "SQLITE_ERROR": "it is damaged; run `sluis log verify`, then restore a backup",
}
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")  # the last of a table that is gone


class SqliteDatabase:
    """One open log file, a `Database`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the file. Raises LogUnavailable where that fails, UnreadableLog for the form of another release."""
        self.path = path
        self.now = clock
        self._writing = Lock()
        self._looking = Lock()
        with self._troubles():
            self._identity = _identity(path)
            path.chmod(0o600)
            self._engine = _engine(path)
            self._glance = _connect(path)
            self._glance.execute("PRAGMA journal_mode = WAL")
        with self.read() as connection:
            migrations.check_form(self.name, connection)

    @classmethod
    def create(cls, path: Path, clock: Clock) -> Self:
        """Make an empty log with mode 0600. Raises LogUnavailable where the file exists or cannot be made."""
        try:
            write_new(path, b"")
            sync_folder(path.parent)
        except OSError as error:
            raise LogUnavailable(f"log `{path}` cannot be made ({error.strerror}); check its folder") from None
        try:
            _migrate(path)
        except SQLAlchemyError as error:
            path.unlink(missing_ok=True)
            raise _unavailable(path, getattr(error, "orig", error)) from error
        return cls(path, clock)

    @property
    def name(self) -> str:
        """Return the file's path."""
        return str(self.path)

    def instant(self, connection: Connection) -> datetime:  # noqa: ARG002 - the clock is the process's
        """Return the present instant by the process's clock."""
        return self.now()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a read transaction: one consistent view."""
        with self._troubles(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write; commits at the end, rolls back where an error leaves the block."""
        if not self._writing.acquire(timeout=database.BUSY_SECONDS):
            raise written_by_another_thread(self.name)
        try:
            with self._troubles(), self._engine.connect().execution_options(**{_WRITES: True}) as connection:
                self._still_there()
                with connection.begin():
                    yield connection
        finally:
            self._writing.release()

    def newest_fact(self) -> int:
        """Return the newest fact's sequence number, 0 where there is none. Costs microseconds."""
        with self._looking, self._troubles():
            self._still_there()
            row = self._glance.execute("SELECT max(seq) FROM facts").fetchone()
        return int(row[0] or 0)

    def scrub(self) -> bool:
        """Empty the write-ahead log, where old pages may still stand; who reads one keeps it from that (E50)."""
        with self._looking, self._troubles():
            self._glance.execute(f"PRAGMA busy_timeout = {_SCRUB_WAITS}")
            try:
                busy, *_ = self._glance.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._glance.execute(f"PRAGMA busy_timeout = {int(database.BUSY_SECONDS * 1000)}")
        return not busy

    def close(self) -> None:
        """Close all connections."""
        with self._looking:
            self._glance.close()
        self._engine.dispose()

    def _still_there(self) -> None:
        if _identity(self.path) != self._identity:
            raise LogUnavailable(f"log `{self.path}` was replaced while in use; restart sluis")

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _unavailable(self.path, error.orig) from error
        except (sqlite3.Error, OSError, SQLAlchemyError) as error:
            raise _unavailable(self.path, error) from error


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=database.BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten (E50)
    return connection


def _engine(path: Path) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def upgrade_file(path: Path) -> str:
    """Bring a log file's tables to this release's form, or leave them as they are; return the form they had.

    Raises LogUnavailable where the file cannot be used, UnreadableLog where it is of a later release (FLT-10).
    """
    try:
        _identity(path)
        return _migrate(path)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _unavailable(path, getattr(error, "orig", error)) from error


def _migrate(path: Path) -> str:
    engine = _engine(path)
    try:
        with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            return migrations.upgrade(str(path), connection)
    finally:
        engine.dispose()


def _unavailable(path: Path, error: Any) -> LogUnavailable:
    name = getattr(error, "sqlite_errorname", "")
    way_out = next((text for known, text in _WAYS_OUT.items() if name.startswith(known)), "run `sluis check`")
    cause = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return unavailable(str(path), cause, way_out, damaged=name.startswith(_DAMAGED))

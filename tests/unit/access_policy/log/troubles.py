"""Troubles that a log's database can be in, each a real one that begins and ends: for the file, and for the server."""

import contextlib
import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from access_policy.log.postgres import _LOCK
from tests.postgres import server

Around = Callable[[Any], AbstractContextManager[None]]


class Trouble(NamedTuple):
    """What is wrong while it lasts, the line that an append then gives, and whether the log can be read meanwhile."""

    name: str
    around: Around
    line: str
    readable: bool = True


@contextmanager
def file_locked(path: Path) -> Iterator[None]:
    """Hold the file as another process that writes does."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def _no_room(path: Path) -> Iterator[None]:
    """Let no file grow beyond the log's: as on a full disk, a write fails in the middle."""
    size = max(file.stat().st_size for file in path.parent.iterdir())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    hidden = path.rename(path.with_name("hidden"))
    yield
    hidden.rename(path)


@contextmanager
def _put_in_its_place(path: Path) -> Iterator[None]:
    with moved_away(path):
        path.write_bytes(path.with_name("hidden").read_bytes())
        yield


@contextmanager
def _table_renamed(path: Path) -> Iterator[None]:
    """As a migration that stopped half-way would leave it."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("ALTER TABLE fact_heads RENAME TO fact_heads_of_old")
        yield
        raw.execute("ALTER TABLE fact_heads_of_old RENAME TO fact_heads")


@contextmanager
def _read_only(_path: Path) -> Iterator[None]:
    """As on a disk that the system made read-only: no connection can write. Rights of files do not bind root."""
    used: dict[int, Any] = {}

    def on(connection: Any, *_more: object) -> None:
        used[id(connection)] = connection
        connection.execute("PRAGMA query_only = ON")

    event.listen(Pool, "checkout", on)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", on)
        for connection in used.values():
            connection.execute("PRAGMA query_only = OFF")


@contextmanager
def slow_commit() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Let the next commit stand still, as on a slow disk; give what says that it does, and what lets it go on."""
    there, enough = threading.Event(), threading.Event()

    def wait(_connection: object) -> None:
        if not there.is_set():
            there.set()
            enough.wait(30)

    event.listen(Engine, "commit", wait)
    try:
        yield there, enough
    finally:
        enough.set()
        event.remove(Engine, "commit", wait)


FILE_TROUBLES = (
    Trouble("locked", file_locked, "another process holds it; try again"),
    Trouble("full", _no_room, "check its disk"),
    Trouble("read-only", _read_only, "it is read-only; check the file's and its folder's rights"),
    Trouble("gone", moved_away, "No such file", readable=False),
    Trouble("replaced", _put_in_its_place, "was replaced while in use; restart sluis", readable=False),
    Trouble("half-migrated", _table_renamed, "no such table"),
)


def _named(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _cut_off(name: str) -> None:
    """End every connection of ours to a database."""
    server().do(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )


@contextmanager
def line_held(url: str) -> Iterator[None]:
    """Hold the place of the one who writes."""
    with closing(server().connect(_named(url))) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        yield


def _inserts(how: str) -> Around:
    """Return a trouble in which each insert of a fact does something else first."""

    @contextmanager
    def around(url: str) -> Iterator[None]:
        name = _named(url)
        body = (
            f"CREATE FUNCTION public.trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; RETURN NEW; END $$"
        )
        server().do(body, name)
        server().do(
            "CREATE TRIGGER a_trouble BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION public.trouble()", name
        )
        yield
        server().do("DROP TRIGGER a_trouble ON facts", name)
        server().do("DROP FUNCTION public.trouble", name)

    return around


def _set(begins: str, ends: str) -> Around:
    """Return a trouble that a statement about the database begins, for new connections, and another one ends."""

    @contextmanager
    def around(url: str) -> Iterator[None]:
        name = _named(url)
        server().do(f"ALTER DATABASE {name} {begins}")
        _cut_off(name)
        yield
        server().do(f"ALTER DATABASE {name} {ends}")
        _cut_off(name)

    return around


@contextmanager
def _renamed(url: str) -> Iterator[None]:
    name = _named(url)
    _cut_off(name)
    server().do(f"ALTER DATABASE {name} RENAME TO {name}_hidden")
    yield
    _cut_off(f"{name}_hidden")
    server().do(f"ALTER DATABASE {name}_hidden RENAME TO {name}")


@contextmanager
def _another_in_its_place(url: str) -> Iterator[None]:
    name = _named(url)
    with _renamed(url):
        server().do(f"CREATE DATABASE {name} TEMPLATE sluis_template")
        yield
        _cut_off(name)
        server().do(f"DROP DATABASE {name}")


def backends(url: str) -> list[int]:
    """Return the pids of the processes that serve a database."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
    with closing(server().connect()) as other:
        return [int(pid) for (pid,) in other.execute(query, (_named(url),)).fetchall()]


@contextmanager
def standing_still(pids: list[int]) -> Iterator[None]:
    """Let processes of the server stand still: the connections are there, and nobody answers."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def _cut_off_once(url: str) -> Iterator[None]:
    """A server that restarts: what was connected is not any more, and nobody is let in until it is back."""
    name = _named(url)
    server().do(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    _cut_off(name)
    yield
    server().do(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def _heads_renamed(url: str) -> Iterator[None]:
    server().do("ALTER TABLE fact_heads RENAME TO fact_heads_of_old", _named(url))
    yield
    server().do("ALTER TABLE fact_heads_of_old RENAME TO fact_heads", _named(url))


_READ_ONLY = _set("SET default_transaction_read_only = on", "RESET default_transaction_read_only")
_NO_CONNECTION_LEFT = _set("CONNECTION LIMIT 0", "CONNECTION LIMIT -1")
SERVER_TROUBLES = (
    Trouble("locked", line_held, "another process holds it; try again"),
    Trouble("full", _inserts("RAISE 'could not extend file' USING ERRCODE = '53100'"), "its disk is full; make room"),
    Trouble("slow", _inserts("PERFORM pg_sleep(30)"), "it is slow; try again"),
    Trouble("read-only", _READ_ONLY, "it is read-only; make it writable"),
    Trouble("no connection left", _NO_CONNECTION_LEFT, "raise its `max_connections`", readable=False),
    Trouble("restarting", _cut_off_once, "cannot be used", readable=False),
    Trouble("gone", _renamed, "does not exist", readable=False),
    Trouble("replaced", _another_in_its_place, "the log is at `0` but was at", readable=False),
    Trouble("half-migrated", _heads_renamed, "cannot be used"),
)

"""The log on a PostgreSQL server: in trouble one clear line, nothing appended, and on by itself afterwards (FLT-02)."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from access_policy.log import LogStore, LogUnavailable
from access_policy.log.postgres import PostgresDatabase, url_problem
from access_policy.log.rights import OPERATOR
from tests.postgres import blank_database, new_database, server
from tests.unit.access_policy.log.samples import KEYS, add, disabled, registered


@pytest.fixture
def url() -> str:
    return new_database()


@pytest.fixture
def store(url: str) -> Iterator[LogStore]:
    """A log on the server, with the server's clock."""
    store = LogStore(PostgresDatabase(url, OPERATOR.name, time.monotonic), KEYS, secrets.token_bytes)
    yield store
    store.close()


def name_of(url: str) -> str:
    return url.partition("///")[2].partition("?")[0]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait be short."""
    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.3)


def refused(store: LogStore, match: str) -> None:
    """An append is refused in one line."""
    with pytest.raises(LogUnavailable, match=match) as caught:
        add(store, disabled())
    assert "\n" not in str(caught.value)


def test_time_is_the_servers(store: LogStore, url: str) -> None:
    """FLT-12: what is appended carries the server's time, and `now` goes on from it without asking."""
    with psycopg.connect(url, user=OPERATOR.name) as asked:
        (before,) = asked.execute("SELECT clock_timestamp()").fetchone() or (None,)
        add(store, registered())
        (after,) = asked.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert before <= next(iter(store.facts_since(0))).at <= after
    store.newest()
    assert abs(store.now() - after) < timedelta(seconds=60)


def test_never_before_the_last_row(store: LogStore) -> None:
    """FLT-12: a server whose clock stands behind the newest row gives the next one that row's time."""
    with store.database.write() as connection:
        values = "1, '2999-01-01T00:00:00.000000Z', '{\"person\":\"P-1\"}', 'PersonDisabled', '', ''"
        connection.execute(text(f"INSERT INTO facts VALUES ({values})"))
        connection.execute(text("INSERT INTO fact_heads VALUES (1, '', decode(repeat('00', 32), 'hex'))"))
    add(store, registered())
    with store.database.read() as connection:
        rows = connection.execute(text("SELECT at FROM facts ORDER BY seq")).scalars().all()
    assert rows == ["2999-01-01T00:00:00.000000Z"] * 2


def test_waits_for_the_disk(store: LogStore) -> None:
    """FLT-01: an append that was acknowledged is on disk; a view is one instant's; no wait is endless."""
    with store.database.write() as connection:
        asked = ("synchronous_commit", "transaction_isolation", "lock_timeout", "statement_timeout", "search_path")
        found = [connection.scalar(text(f"SHOW {name}")) for name in asked]
    assert found == ["on", "read committed", "5s", "5500ms", "public,pg_temp"]
    with store.database.read() as connection:
        shown = ("transaction_isolation", "transaction_read_only")
        assert [connection.scalar(text(f"SHOW {name}")) for name in shown] == ["repeatable read", "on"]


def test_one_view(store: LogStore) -> None:
    """A reader sees one instant's log, whatever is appended meanwhile."""
    add(store, registered())
    with store.database.read() as connection:
        count = text("SELECT count(*) FROM facts")
        before = connection.scalar(count)
        add(store, disabled())
        assert (before, connection.scalar(count)) == (1, 1)


@pytest.mark.usefixtures("soon")
def test_locked(url: str) -> None:
    """AUD-05: while another holds the line, an append gives up with one line, and reads go on."""
    with closing(LogStore(PostgresDatabase(url, OPERATOR.name, time.monotonic), KEYS, secrets.token_bytes)) as store:
        add(store, registered())
        other = PostgresDatabase(url, OPERATOR.name, time.monotonic)
        with other.write():
            refused(store, "another process holds it; try again")
            assert [fact.seq for fact in store.facts_since(0)] == [1]
        other.close()
        add(store, disabled())
        assert store.newest() == 2


def test_slow(store: LogStore) -> None:
    """AUD-05: a statement that takes too long is given up by the server, and the log goes on."""

    def ask() -> None:
        with store.database.read() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 50"))
            connection.execute(text("SELECT pg_sleep(20)"))

    with pytest.raises(LogUnavailable, match="it is slow; try again, and look at its machine"):
        ask()
    add(store, registered())


@pytest.mark.usefixtures("soon")
def test_frozen(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-02: a server that took the question and says nothing is given up, and asked anew on another connection."""
    add(store, registered())
    monkeypatch.setattr("access_policy.log.postgres._patience", lambda: 0.3)
    with (
        pytest.raises(LogUnavailable, match="the server does not answer"),
        store.database.read() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(4)"))
    assert store.newest() == 1


def test_read_only(store: LogStore, url: str) -> None:
    """AUD-05: a database that was made read-only is one line and still readable; afterwards it takes appends again."""
    add(store, registered())
    server().do(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    _cut(url)
    refused(store, "it is read-only; make it writable")
    assert [fact.seq for fact in store.facts_since(0)] == [1]
    server().do(f"ALTER DATABASE {name_of(url)} RESET default_transaction_read_only")
    _cut(url)
    add(store, disabled())


def test_full(store: LogStore, url: str) -> None:
    """AUD-05: where the server finds no room, nothing of the append is there, and with room it goes on."""
    add(store, registered())
    name = name_of(url)
    server().do(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$", name
    )  # fmt: skip
    server().do("CREATE TRIGGER full_disk BEFORE INSERT ON fact_heads EXECUTE FUNCTION full_disk()", name)
    refused(store, "its disk is full; make room")
    server().do("DROP TRIGGER full_disk ON fact_heads", name)
    add(store, disabled())
    assert [fact.seq for fact in store.facts_since(0)] == [1, 2]


@pytest.mark.parametrize("when", ["between", "within"])
def test_backend_killed(store: LogStore, url: str, when: str) -> None:
    """FLT-02: a connection that the server ended is one line at most, with nothing half written; then it goes on."""
    add(store, registered())

    def building(at: object) -> list[Any]:
        _cut(url)
        return []

    if when == "within":
        with pytest.raises(LogUnavailable):
            store.append(1, building, lambda records: records.delete_factor("F-1"))  # type: ignore[arg-type]
    else:
        _cut(url)
    assert store.newest() == 1
    add(store, disabled())
    assert store.newest() == 2


def test_pool_empty(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-02: where all connections are in use, one more waits a bounded time and says so; then it goes on."""
    engine = store.database._views  # type: ignore[attr-defined]
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    held = [engine.connect() for _ in range(engine.pool.size() + engine.pool._max_overflow)]
    with pytest.raises(LogUnavailable, match="all connections are in use"):
        store.head()
    for connection in held:
        connection.close()
    assert store.head().size == 0


def test_no_connection_left(store: LogStore, url: str) -> None:
    """FLT-02: a server that takes no more connections says so in one line; those that are open go on."""
    add(store, registered())
    server().do(f"ALTER DATABASE {name_of(url)} CONNECTION LIMIT 3")
    with pytest.raises(LogUnavailable, match=r"too many connections .* it has no connection left"):
        PostgresDatabase(url, "sluis_desk", time.monotonic)
    add(store, disabled())


def test_postmaster_killed_and_back(store: LogStore) -> None:
    """FLT-02: the server is killed and comes back: one line meanwhile, nothing lost, on by itself afterwards."""
    add(store, registered())
    server().kill()
    try:
        for attempt in (store.newest, store.head, lambda: add(store, disabled()), lambda: list(store.facts_since(0))):
            with pytest.raises(LogUnavailable, match="check that it runs and can be reached") as caught:
                attempt()
            assert "\n" not in str(caught.value)
    finally:
        server().start()
    assert store.newest() == 1
    add(store, disabled())
    assert [fact.seq for fact in store.facts_since(0)] == [1, 2]


@pytest.mark.parametrize(
    ("found", "way_out"),
    [
        (lambda: server().url("nowhere"), "make the database first, with `createdb`"),
        (lambda: "postgresql:///x?host=/nowhere", "check that it runs and can be reached"),
        (lambda: "postgresql://127.0.0.1:9/x", "check that it runs and can be reached"),
        (blank_database, "it holds no log; run `sluis init --database` or restore a backup"),
    ],
    ids=["no database", "no socket", "no server", "no log"],
)
def test_no_log(found: Callable[[], str], way_out: str) -> None:
    """A database that is not there, or holds no log, is one line that says what to do; nothing is made in it."""
    with pytest.raises(LogUnavailable) as caught:
        PostgresDatabase(found(), OPERATOR.name, time.monotonic)
    assert (way_out in str(caught.value), str(caught.value).count("\n")) == (True, 0)


def test_role_unknown(url: str) -> None:
    """A role that the server does not know is one line about passwords and `pg_hba.conf`."""
    with pytest.raises(LogUnavailable, match=r"role .* does not exist.*pg_hba.conf"):
        PostgresDatabase(url, "sluis_nobody", time.monotonic)


@pytest.mark.parametrize(
    ("rights", "problem"),
    [
        ("NOLOGIN", r"not permitted to log in.*may log in \(LOGIN\).*`pg_hba.conf`"),
        ("LOGIN", r"permission denied for database.*no right to this; run `sluis upgrade` as the owner"),
    ],
)
def test_role_shut_out(url: str, rights: str, problem: str) -> None:
    """FLT-02: the server runs and answers, so the line says which right is missing."""
    server().do(f"CREATE ROLE sluis_shut_out {rights}")
    server().do(f"REVOKE ALL ON DATABASE {url.partition('///')[2].partition('?')[0]} FROM PUBLIC")
    try:
        with pytest.raises(LogUnavailable, match=problem):
            PostgresDatabase(url, "sluis_shut_out", time.monotonic)
    finally:
        server().do("DROP ROLE sluis_shut_out")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://db.example.org/sluis", None),
        ("postgresql:///sluis?host=/run/postgresql", None),
        ("postgres://db.example.org:5433/sluis?sslmode=verify-full", None),
        ("postgresql://me@db.example.org/sluis", "a URL with a user or password"),
        ("postgresql://me:secret@db.example.org/sluis", "a URL with a user or password"),
        ("postgresql://db.example.org/sluis?password=secret", "a URL with a user or password"),
        ("postgresql://db.example.org", "no URL of a database"),
        ("mysql://db.example.org/sluis", "no URL of a database"),
        ("host=db dbname=sluis", "no URL of a database"),
        ("postgresql://db/sluis?nonsense=1", "no URL of a database"),
        ("postgresql://db/sluis?options=-c%20synchronous_commit%3Doff", "no URL of a database"),
        ("", "no URL of a database"),
    ],
)
def test_url(url: str, problem: str | None) -> None:
    """A URL names a server and a database, and never holds a password, which the answer never repeats (MFA-11)."""
    found = url_problem(url)
    assert (found is None) == (problem is None)
    assert problem is None or (problem in str(found) and "secret" not in str(found))


def test_made_once(url: str) -> None:
    """A log is never made over one that has facts; one that was made and is still empty can be begun."""
    PostgresDatabase.create(url, OPERATOR.name, time.monotonic).close()
    with closing(LogStore(PostgresDatabase(url, OPERATOR.name, time.monotonic), KEYS, secrets.token_bytes)) as store:
        add(store, registered())
    with pytest.raises(LogUnavailable, match="holds one already, take an empty one"):
        PostgresDatabase.create(url, OPERATOR.name, time.monotonic)


def _cut(url: str) -> None:
    """End all connections to a database, as an operator or the kernel would, and wait until they are gone."""
    mine = f"datname = '{name_of(url)}'"
    server().do(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {mine}")

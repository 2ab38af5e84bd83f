"""The store: what an append promises, alone and among others."""

import sqlite3
import threading
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from access_policy.actor import Actor, component
from access_policy.events import Fact, FactEvent, LogRead, RequestOpened, SessionBegun
from access_policy.log import Head, LogError, LogStore, LogUnavailable, StaleState, UnreadableLog
from access_policy.log.merkle import EMPTY_ROOT
from access_policy.log.records import Records
from access_policy.model.enums import Component, FactorKind
from access_policy.model.ids import FactorId, InstitutionName, PersonId, RequestId
from tests.unit.access_policy.log.raw import stored_bytes
from tests.unit.access_policy.log.samples import (
    ADMIN,
    NOON,
    SetClock,
    Where,
    add,
    disabled,
    open_log,
    registered,
)


def test_empty_log(store: LogStore) -> None:
    """An empty log has the empty tree's head, and nothing to read."""
    assert store.head() == Head(0, EMPTY_ROOT.hex(), None)
    assert (store.newest(), list(store.facts_since(0)), store.root_at(0)) == (0, [], EMPTY_ROOT.hex())


def test_append_and_read(store: LogStore, clock: SetClock) -> None:
    """Facts come back with their numbers, time and actor, and the head moves once for an append."""
    hub = component(Component.HUB)
    first = store.append(0, lambda at: [(ADMIN, registered(1)), (hub, registered(2))])
    clock.go(1)
    second = store.append(2, lambda at: [(ADMIN, disabled())])
    later = NOON + timedelta(seconds=1)
    assert first == [Fact(1, NOON, ADMIN, registered(1)), Fact(2, NOON, hub, registered(2))]
    assert second == [Fact(3, later, ADMIN, disabled())]
    assert list(store.facts_since(0)) == first + second
    assert list(store.facts_since(2)) == second
    assert (store.head().size, store.head().at) == (3, later)
    assert [store.root_at(size) is not None for size in (1, 2, 3, 4)] == [False, True, True, False]


def test_other_process_reads(store: LogStore, path: Path) -> None:
    """What one store appends, another that was open before sees at once."""
    other = open_log(path)
    assert list(other.facts_since(0)) == []
    add(store, registered())
    assert [fact.event for fact in other.facts_since(0)] == [registered()]
    assert other.head() == store.head()


def test_long_log(store: LogStore) -> None:
    """A log longer than one portion is read whole and in order."""
    add(store, *(disabled(number) for number in range(1, 2_501)))
    assert [fact.seq for fact in store.facts_since(0)] == list(range(1, 2_501))
    assert [fact.seq for fact in store.facts_since(1_499)] == list(range(1_500, 2_501))


def test_stale_state(store: LogStore) -> None:
    """An append that was decided on an older fact is refused, and its events are not even built (POL-10)."""
    add(store, registered())
    built: list[datetime] = []

    def building(at: datetime) -> list[tuple[Actor, FactEvent]]:
        built.append(at)
        return []

    with pytest.raises(StaleState, match="decided on fact `0` but the log is at `1`"):
        store.append(0, building)
    with pytest.raises(StaleState):
        store.append(2, lambda at: [])
    assert (built, store.newest()) == ([], 1)


def test_no_events(store: LogStore) -> None:
    """An append without events writes nothing."""
    assert store.append(0, lambda at: []) == []
    assert store.head().size == 0


def test_build_fails(store: LogStore) -> None:
    """What `build` raises passes through and nothing is written; the store goes on."""
    with pytest.raises(ZeroDivisionError):
        store.append(0, lambda at: [(ADMIN, disabled(1 // 0))])
    add(store, registered())
    assert store.newest() == 1


def test_records_beside(store: LogStore) -> None:
    """Records change with the facts or not at all (AUD-08)."""
    factor, owner = FactorId("F-1"), PersonId("P-1")

    def failing(records: Records) -> None:
        records.save_pending_factor(factor, owner, FactorKind.TOTP, "SECRET", NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.append(0, lambda at: [(ADMIN, registered())], failing)
    assert (store.newest(), store.records.factors_of(owner)) == (0, [])
    store.append(
        0,
        lambda at: [(ADMIN, registered())],
        lambda records: records.save_pending_factor(factor, owner, FactorKind.TOTP, "SECRET", NOON),
    )
    assert (store.newest(), store.records.factor_secret(factor)) == (1, "SECRET")


def test_clock_set_back(store: LogStore, clock: SetClock) -> None:
    """A clock that goes backwards never gives a fact an earlier time than the one before it (FLT-12)."""
    add(store, registered())
    clock.go(-3600)
    add(store, disabled())
    assert [fact.at for fact in store.facts_since(0)] == [NOON, NOON]
    clock.go(3601)
    add(store, disabled())
    assert store.head().at == NOON + timedelta(seconds=1)


def test_observations_apart(store: LogStore) -> None:
    """Observations have numbers of their own and make no decision stale."""
    begun = SessionBegun(person=PersonId("P-1"), session="d" * 64)
    observed = [store.observe(ADMIN, begun), store.observe(ADMIN, LogRead(what="all"))]
    assert [(each.seq, each.event) for each in observed] == [(1, begun), (2, LogRead(what="all"))]
    assert list(store.observations_since(0)) == observed
    assert (list(store.observations_since(1)), store.newest()) == (observed[1:], 0)
    add(store, registered())


def test_streams_do_not_mix(store: LogStore) -> None:
    """An observation is no fact, and a fact no observation."""
    with pytest.raises(ValueError, match="`LogRead` does not belong in `facts`"):
        store.append(0, lambda at: [(ADMIN, LogRead(what="all"))])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="does not belong in `observations`"):
        store.observe(ADMIN, registered())  # type: ignore[arg-type]


def test_no_personal_text_on_disk(store: LogStore, where: Where) -> None:
    """A grep of what is stored finds names, addresses, titles and secrets nowhere (MFA-11)."""
    opened = RequestOpened(
        request=RequestId("DR-1"),
        applicant=PersonId("P-1"),
        institution=InstitutionName("centre"),
        title="Relapse of melanoma",
        purpose="To find markers",
    )
    add(store, registered(1, "Ada Lovelace"), opened, disabled(1, "moved to Vienna"))
    store.records.save_pending_factor(FactorId("F-1"), PersonId("P-1"), FactorKind.TOTP, "JBSWY3DPEHPK3PXP", NOON)
    found = stored_bytes(where)
    personal = ["Lovelace", "ada@hospital", "melanoma", "markers", "Vienna", "JBSWY3DP"]
    assert (b"RequestOpened" in found, [word for word in personal if word.encode() in found]) == (True, [])


@pytest.mark.parametrize("table", ["facts", "fact_heads", "observations", "observation_heads"])
def test_database_refuses_changes(store: LogStore, path: Path, table: str) -> None:
    """The database itself refuses to change, delete, replace or skip rows and heads (AUD-11)."""
    add(store, registered(1))
    add(store, registered(2))
    store.observe(ADMIN, LogRead(what="all"))
    key = "size" if table.endswith("heads") else "seq"
    statements = [
        f"UPDATE {table} SET {key} = {key}",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} ORDER BY {key} LIMIT 1",
    ]
    with closing(sqlite3.connect(path)) as raw:
        before = raw.execute(f"SELECT * FROM {table}").fetchall()
        for statement in statements:
            with pytest.raises(sqlite3.IntegrityError, match="only grows by its next row"):
                raw.execute(statement)
        if key == "seq":
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                raw.execute(f"INSERT INTO {table} SELECT 99, at, actor, kind, payload, leaf FROM {table} LIMIT 1")
        assert raw.execute(f"SELECT * FROM {table}").fetchall() == before


def test_heads_cut_off(store: LogStore, path: Path) -> None:
    """A log whose newest row and head contradict each other takes no append."""
    add(store, registered())
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DROP TRIGGER fact_heads_refuses_DELETE")
        raw.execute("DELETE FROM fact_heads")
    with pytest.raises(UnreadableLog, match="newest row is `1` but the newest tree head is `0`"):
        add(store, disabled())


SPOILT = {
    "payload": ("payload || ' '", "CAST(payload AS TEXT)", "'x'", "7", "x'ff'"),
    "at": ("CAST(at AS BLOB)", "7", "'x'", "x'ff'", "substr(at, 1, 26)", "''"),
    "actor": ("CAST(actor AS BLOB)", "7", "'x'", "x'ff'", "''"),
    "kind": ("CAST(kind AS BLOB)", "7", "'x'", "x'ff'", "''"),
    "root": ("'x'", "7"),
    "frontier": ("'x'", "7", "x'ff'"),
}


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, all_ in SPOILT.items() for value in all_])
def test_a_value_of_another_type(store: LogStore, path: Path, column: str, value: str) -> None:
    """AUD-01, AUD-05: what the tables' owner wrote over a value is a line of the log's own, whoever comes upon it."""
    add(store, registered())
    table = "fact_heads" if column in ("root", "frontier") else "facts"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(f"DROP TRIGGER {table}_refuses_UPDATE")
        raw.execute(f"UPDATE {table} SET {column} = {value}")
    for look in (lambda: list(store.facts_since(0)), store.head, lambda: store.root_at(1), lambda: add(store)):
        with suppress(LogError):
            look()
    if table == "facts":
        with pytest.raises(UnreadableLog):
            list(store.facts_since(0))


def test_behind_its_reader(store: LogStore) -> None:
    """A log that is behind what a process has read already decides nothing (AUD-02)."""
    add(store, registered())
    with pytest.raises(UnreadableLog, match="the log is at `1` but was at `2`"):
        store.facts_since(2)


def test_threads(store: LogStore) -> None:
    """Threads that append at once lose nothing and leave no gap."""
    done: list[int] = []

    def work(number: int) -> None:
        while True:
            try:
                facts = store.append(store.newest(), lambda at: [(ADMIN, registered(number))])
            except StaleState:
                continue
            done.append(facts[0].seq)
            return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [fact.seq for fact in store.facts_since(0)] == list(range(1, 17))


def test_append_within_an_append(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `build` that writes to the store itself gets an error instead of waiting for ever."""

    def building(at: datetime) -> list[tuple[Actor, FactEvent]]:
        add(store, registered())
        return []

    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.01)
    with pytest.raises(LogUnavailable, match="another thread"):
        store.append(0, building)

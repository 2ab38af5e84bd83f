"""How a log's tables come to a new form: all of it in one transaction, or nothing (FLT-10)."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from access_policy.log import LogError, LogUnavailable, UnreadableLog, migrations
from access_policy.log.migrations import FORM, guards
from access_policy.log.migrations.back import go_back
from access_policy.log.postgres import PostgresDatabase, upgrade_server
from access_policy.log.records import NewFactor
from access_policy.log.rights import OPERATOR
from access_policy.log.sqlite import SqliteDatabase, upgrade_file
from access_policy.log.tables import metadata
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from tests.postgres import blank_database
from tests.unit.access_policy.log.raw import raw
from tests.unit.access_policy.log.samples import NOON, SetClock, Where, add, disabled, open_log, registered

_ALL = migrations._STEPS
ANNA = PersonId("P-1")


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Where a log is to be made: nothing is there yet."""
    return tmp_path / "log.db" if request.param == "sqlite" else blank_database()


def make(where: Where) -> None:
    """Make an empty log of the form that the release has."""
    if isinstance(where, Path):
        SqliteDatabase.create(where, SetClock()).close()
    else:
        PostgresDatabase.create(where, OPERATOR.name, time.monotonic).close()


def make_old(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a log as a release of form 1 did: without the later steps."""
    with monkeypatch.context() as older:
        older.setattr(migrations, "_STEPS", _ALL[:1])
        older.setattr(migrations, "FORM", "1")
        older.setattr(migrations.roles, "give", lambda connection: None)
        make_tables(where)
    with raw(where) as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE key = 'schema'")) == "1"


def make_tables(where: Where) -> None:
    """Take the steps in a database that is there."""
    if isinstance(where, Path):
        where.touch(0o600)
    upgrade(where)


def upgrade(where: Where) -> str:
    """Bring a log to the form of this release."""
    return upgrade_file(where) if isinstance(where, Path) else upgrade_server(where)


def differences(where: Where) -> list[object]:
    """Return what stands otherwise in the database than in `tables.py`, whose comments are for readers of the code."""
    with raw(where) as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [each for each in found if not (isinstance(each, list) and each[0][0] == "modify_comment")]


def shape(where: Where) -> dict[str, list[str]]:
    """Return the tables with their columns."""
    with raw(where) as connection:
        found = inspect(connection)
        return {name: [column["name"] for column in found.get_columns(name)] for name in found.get_table_names()}


def test_a_new_log_is_what_the_tables_say(where: Where) -> None:
    """All steps together make what `tables.py` describes."""
    make(where)
    assert differences(where) == []


def test_an_old_log_comes_to_the_same(where: Where, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FLT-10: a log of form 1 becomes the same as a new one; a second upgrade finds nothing to do."""
    make_old(where, monkeypatch)
    with pytest.raises(LogError, match="run `sluis upgrade`"):
        open_log(where)
    assert [upgrade(where), upgrade(where)] == ["1", FORM]
    assert differences(where) == []
    store = open_log(where)
    add(store, registered(), disabled())
    assert store.newest() == 2
    store.close()


@pytest.mark.parametrize("at", ["before anything", "after all", "at the guards"])
def test_killed_half_way(where: Where, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """FLT-10: an upgrade that breaks leaves the old form, untouched, and the next one goes through."""
    make_old(where, monkeypatch)
    before = shape(where)
    with monkeypatch.context() as broken:
        broken.setattr(*_break(at))
        with pytest.raises((ZeroDivisionError, LogUnavailable)):
            upgrade(where)
    assert shape(where) == before
    assert upgrade(where) == "1"
    assert differences(where) == []


def _break(at: str) -> tuple[object, str, Callable[..., None]]:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    if at == "at the guards":
        return guards, "run", fail
    return migrations, "_take" if at == "before anything" else "_write", fail


def test_a_later_form_is_refused(where: Where) -> None:
    """FLT-10: a log of a later release is neither opened nor touched."""
    make(where)
    with raw(where) as connection:
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'schema'"))
    for attempt in (lambda: open_log(where), lambda: upgrade(where)):
        with pytest.raises(UnreadableLog, match=f"has form `99`, not `{FORM}`; use its release"):
            attempt()
    assert differences(where) == []


@pytest.mark.parametrize("form", ["", "x", "-1", "1.5", "²"])
def test_a_form_that_is_none(where: Where, form: str) -> None:
    """What is no form is refused as one of a release that is not known."""
    make(where)
    with raw(where) as connection:
        connection.execute(text("UPDATE meta SET value = :form WHERE key = 'schema'"), {"form": form})
    with pytest.raises(UnreadableLog, match="use its release"):
        open_log(where)


def test_rights_of_another_release() -> None:
    """FLT-10: on PostgreSQL the rights are of a release, too; `sluis upgrade` gives this one's."""
    url = blank_database()
    make(url)
    with raw(url) as connection:
        connection.execute(text("UPDATE meta SET value = 'other' WHERE key = 'rights'"))
    with pytest.raises(UnreadableLog, match="has the rights of another release; run `sluis upgrade`"):
        open_log(url)
    assert upgrade(url) == FORM
    open_log(url).close()


def test_an_upgrade_waits_for_who_writes(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-10: an upgrade never runs beside an append: one of the two waits, and gives up in one line."""
    make(where)
    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.2)
    store = open_log(where)
    with store.database.write(), pytest.raises(LogUnavailable, match="another process holds it; try again"):
        upgrade(where)
    store.close()


def test_facts_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-10: what was written in the old form is read, and its tree is the same, after the upgrade."""
    make_old(path, monkeypatch)
    with monkeypatch.context() as older:
        older.setattr(migrations, "check_form", lambda name, connection: None)
        with closing(open_log(path)) as store:
            add(store, registered(), disabled())
            head = store.head()
    upgrade(path)
    with closing(open_log(path)) as store:
        assert (store.head(), len(list(store.facts_since(0)))) == (head, 2)


def test_the_way_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-10: as long as the log is of the format before, its tables become what they were; and forward again."""
    make_old(path, monkeypatch)
    before = shape(path)
    upgrade(path)
    with closing(open_log(path)) as store:
        records = store.records
        records.save_factor(NewFactor(factor=FactorId("F-1"), person=ANNA, kind=FactorKind.PASSKEY, secret="k"), NOON)
        records.save_factor(NewFactor(factor=FactorId("F-2"), person=ANNA, kind=FactorKind.TOTP, secret="s"), NOON)
        with store.database.write() as connection:
            go_back("a log", connection, log_format=1)
    assert shape(path) == before
    with raw(path) as connection:
        assert connection.execute(text("SELECT factor FROM factors")).scalars().all() == ["F-2"]
    assert upgrade(path) == "1"
    assert differences(path) == []

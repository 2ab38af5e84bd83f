"""The rights on PostgreSQL, each tried at the database itself: a part writes its own kinds and no others (AUD-11)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, IntegrityError

from access_policy.events import FACTS, OBSERVATIONS
from access_policy.log import LogUnavailable
from access_policy.log import tables as t
from access_policy.log.codec import form_of
from access_policy.log.migrations import roles
from access_policy.log.postgres import upgrade_server
from access_policy.log.rights import COMMAND_LINE_ONLY, DESK, EVERYBODY, HUB, OPERATOR, ROLES, WARDEN, Role
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from tests.postgres import OWNER, blank_database, server
from tests.unit.access_policy.log.samples import SetClock, add, disabled, open_log, registered

STREAMS = {"facts": FACTS, "observations": OBSERVATIONS}
_ROW = "INSERT INTO {0} SELECT coalesce(max(seq), 0) + 1, '2021-01-01T00:00:00.000000Z', '', %s, '', '' FROM {0}"
_ERASURE = (
    b"INSERT INTO facts SELECT max(seq) + 1, '2021-01-01T00:00:00.000000Z', '', 'PersonErased', "
    b"convert_to(%s, 'UTF8'), '' FROM facts"
)
_LATER = "INSERT INTO {0} SELECT coalesce(max(seq), 0) + 1, %s, '', '{1}', '', '' FROM {0}"
_LOGIN = (
    "INSERT INTO sessions (session, person, begun, factor_kind, factor_at, zone, ends, ended_at) "
    "VALUES ('{0}', 'P-1', 't', 'totp', 't', 'anywhere', 't', {1})"
)
_STEP_UP = "INSERT INTO step_ups VALUES ('{0}', 'P-1', 'a-session', 'a-command', 'a-proof', 'F-1', 't', 't', {1})"
_INSERT = {"sealing_keys": "INSERT INTO sealing_keys (wrapped) VALUES ('a key')"}
_IDS = [role.name for role in ROLES]


@pytest.fixture(scope="module")
def url() -> str:
    """A log with two facts and the rights of this release."""
    url = blank_database()
    upgrade_server(url)
    store = open_log(url, SetClock(datetime(2020, 1, 1, tzinfo=UTC)))
    add(store, registered(), disabled())
    store.records.save_pending_factor(FactorId("F-1"), PersonId("P-1"), FactorKind.TOTP, "SECRET", store.now())
    store.close()
    server().do(_LOGIN.format("open", "NULL"), _name_of(url))
    server().do(_LOGIN.format("ended", "'t'"), _name_of(url))
    for name, used in (("open", "NULL"), ("used", "'t'")):
        server().do(_STEP_UP.format(name, used), _name_of(url))
    return url


def _name_of(url: str) -> str:
    return url.partition("///")[2].partition("?")[0]


@pytest.fixture
def session(request: pytest.FixtureRequest, url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the role that the test names."""
    role = getattr(request, "param", None)
    connection = psycopg.connect(url, user=OWNER if role is None else role.name)
    yield connection
    connection.rollback()
    connection.close()


def allows(connection: psycopg.Connection[Any], statement: str, *values: str) -> bool:
    """Try a statement and take it back; say whether the database let it pass."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode(), values)
    except InsufficientPrivilege:
        return False
    except IntegrityError:  # the right is there: the row is looked at after it
        return True
    return True


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(("session", "role"), [(role, role) for role in ROLES], indirect=["session"], ids=_IDS)
def test_each_kind(session: psycopg.Connection[Any], role: Role, stream: str) -> None:
    """AUD-11: of all kinds, a role appends to each stream exactly those that stand in the table."""
    statement = _ROW.format(stream)
    passed = {kind for kind in FACTS | OBSERVATIONS if allows(session, statement, kind)}
    mine = role.facts if stream == "facts" else role.observations
    assert passed == {kind.__name__ for kind in mine}


@pytest.mark.parametrize(("session", "role"), [(role, role) for role in ROLES], indirect=["session"], ids=_IDS)
def test_each_record(session: psycopg.Connection[Any], role: Role) -> None:
    """MFA-11: of all records, a role reads and changes exactly what stands in the table; nobody empties one."""
    for table in (table for table in t.metadata.tables.values() if table.name not in EVERYBODY):
        column = next(iter(table.columns)).name
        tried = {
            "SELECT": f"SELECT * FROM {table.name}",
            "INSERT": _INSERT.get(table.name, f"INSERT INTO {table.name} DEFAULT VALUES"),
            "UPDATE": f"UPDATE {table.name} SET {column} = {column}",
            "DELETE": f"DELETE FROM {table.name} WHERE {column} IS NULL",
            "TRUNCATE": f"TRUNCATE {table.name}",
        }
        passed = {verb for verb, statement in tried.items() if allows(session, statement)}
        assert (table.name, passed) == (table.name, {verb for verb in role.records[table.name] if "(" not in verb})


@pytest.mark.parametrize(
    ("session", "statement", "passes"),
    [
        (DESK, "SELECT secret FROM factors", False),
        (DESK, "DELETE FROM factors WHERE person = 'P-1'", True),
        (DESK, "UPDATE sealing_keys SET wrapped = 'forged'", False),
        (OPERATOR, "UPDATE sealing_keys SET wrapped = 'forged'", False),
        (HUB, "UPDATE sealing_keys SET wrapped = NULL", False),
        (HUB, "UPDATE sessions SET ended_at = '', ended_why = 'logout'", True),
        (HUB, "UPDATE sessions SET ends = '2999'", False),
        (HUB, "UPDATE sessions SET last_activity = 't', idle_ends = 't'", True),
        (DESK, "UPDATE sessions SET last_activity = 't', idle_ends = 't'", True),
        (WARDEN, "UPDATE sessions SET last_activity = 't'", False),
        (DESK, "UPDATE sessions SET ended_at = ''", False),
        (DESK, "UPDATE step_ups SET used = 't'", True),
        (DESK, "UPDATE step_ups SET used = NULL", False),
        (DESK, "UPDATE step_ups SET command = 'another'", False),
        (HUB, "UPDATE step_ups SET used = 't'", False),
        (HUB, "DELETE FROM step_ups WHERE token = 'open' RETURNING proof", True),
        (DESK, "SELECT digest FROM recovery_codes", False),
        (DESK, "DELETE FROM recovery_codes WHERE person = 'P-1'", True),
        (WARDEN, "UPDATE sessions SET ended_at = ''", True),
        (HUB, "UPDATE sessions SET ended_at = NULL", False),
        (WARDEN, "UPDATE sessions SET ended_at = NULL", False),
        (OPERATOR, "UPDATE sessions SET ended_at = NULL", False),
        (HUB, "INSERT INTO sealing_keys VALUES ('P-7', NULL)", False),
        (DESK, "INSERT INTO sealing_keys VALUES ('P-7', NULL)", False),
        (WARDEN, "UPDATE sessions SET person = 'P-2'", False),
    ],
    indirect=["session"],
    ids=lambda value: value.name if isinstance(value, Role) else str(value),
)
def test_each_column(session: psycopg.Connection[Any], statement: str, passes: bool) -> None:
    """MFA-11, E50: the desk erases without reading a secret, and who ends a session changes nothing else of it."""
    assert allows(session, statement) == passes


@pytest.mark.parametrize("session", [HUB, WARDEN, OPERATOR], indirect=True, ids=lambda role: role.name)
def test_an_ended_session_stays_ended(session: psycopg.Connection[Any]) -> None:
    """AUD-11, MFA-11: who may end a session can neither revive one nor move its end."""
    statement = b"UPDATE sessions SET ended_at = 'later', ended_why = 'mine' RETURNING session"
    with session.transaction(force_rollback=True):
        assert session.execute(statement).fetchall() == [("open",)]
    with pytest.raises(InsufficientPrivilege), session.transaction():
        session.execute(b"UPDATE sessions SET ended_at = NULL")
    assert session.execute(b"SELECT count(*) FROM sessions WHERE ended_at IS NULL").fetchone() == (1,)


@pytest.mark.parametrize("session", [HUB, DESK, OPERATOR], indirect=True, ids=lambda role: role.name)
def test_nothing_is_done_in_an_ended_session(session: psycopg.Connection[Any]) -> None:
    """SES-12, AUD-11: who notes activity reaches open sessions alone, and revives none."""
    statement = b"UPDATE sessions SET last_activity = 't', idle_ends = '2999' RETURNING session"
    with session.transaction(force_rollback=True):
        assert session.execute(statement).fetchall() == [("open",)]


@pytest.mark.parametrize("session", [DESK], indirect=True, ids=["desk"])
def test_a_step_up_is_used_once(session: psycopg.Connection[Any]) -> None:
    """MFA-01, AUD-11: what was used is out of reach of the part that uses them."""
    with session.transaction(force_rollback=True):
        assert session.execute(b"UPDATE step_ups SET used = 't' RETURNING token").fetchall() == [("open",)]


@pytest.mark.parametrize("session", [DESK, OPERATOR, None], indirect=True, ids=["desk", "operator", "owner"])
def test_a_key_goes_with_its_fact_only(session: psycopg.Connection[Any]) -> None:
    """AUD-11, E50: nobody erases without an erasure in the facts that names whose key it is."""
    erasing = b"UPDATE sealing_keys SET wrapped = NULL WHERE owner = 'P-1'"
    with pytest.raises(IntegrityError, match="goes with its owner's erasure only"), session.transaction():
        session.execute(erasing)
    session.execute(_ERASURE, ('{"person":"P-11","requests":["DR-1"]}',))
    with pytest.raises(IntegrityError), session.transaction():
        session.execute(erasing)
    session.execute(_ERASURE, ('{"person":"P-1","requests":[]}',))
    assert session.execute(erasing).rowcount == 1


@pytest.mark.parametrize("kind", ["facts", "observations"])
@pytest.mark.parametrize("at", ["2999-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "later"])
@pytest.mark.parametrize(
    "session", [HUB, WARDEN, OPERATOR, None], indirect=True, ids=["hub", "warden", "operator", "owner"]
)
def test_no_row_comes_from_the_future(session: psycopg.Connection[Any], kind: str, at: str) -> None:
    """AUD-11, FLT-12: a part that is broken into cannot stop the log by a row of a later time."""
    of = "WorkspaceEnded" if kind == "facts" else "SessionEnded"
    with pytest.raises(IntegrityError, match="only grows by its next row"):
        session.execute(_LATER.format(kind, of).encode(), (at,))


def test_only_who_seals_makes_keys() -> None:
    """MFA-11: a role makes sealing keys where it appends what is sealed, or keeps second factors."""
    for role in ROLES:
        seals = any(form_of(kind).seals for kind in role.facts | role.observations)
        assert ("INSERT" in role.records["sealing_keys"]) == seals, role.name


@pytest.mark.parametrize("session", ROLES, indirect=True, ids=_IDS)
@pytest.mark.parametrize("table", EVERYBODY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET {key} = {key}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "DROP TABLE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON {} FOR INSERT WITH CHECK (true)",
        "COMMENT ON TABLE {} IS 'mine'",
        "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
)
def test_no_way_around(session: psycopg.Connection[Any], table: str, statement: str) -> None:
    """AUD-11: no role changes, empties, locks or redefines a stream."""
    key = "size" if table.endswith("heads") else "seq"
    with pytest.raises(InsufficientPrivilege):
        session.execute(statement.format(table, key=key).encode())


@pytest.mark.parametrize("session", ROLES, indirect=True, ids=_IDS)
@pytest.mark.parametrize(
    "statement",
    [
        f"SET ROLE {OWNER}",
        f"SET SESSION AUTHORIZATION {OWNER}",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMP TABLE facts (x int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION public.facts_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION public.facts_guard() CASCADE",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "CREATE ROLE mine",
        "UPDATE meta SET value = '1'",
        "COPY facts TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_no_more_rights(session: psycopg.Connection[Any], statement: str) -> None:
    """AUD-11: no role gets at what another may, or makes anything of its own."""
    with pytest.raises(InsufficientPrivilege):
        session.execute(statement.encode())


@pytest.mark.parametrize("session", ROLES, indirect=True, ids=_IDS)
def test_nothing_to_hand_on(session: psycopg.Connection[Any]) -> None:
    """AUD-11: what a role has it cannot give to others; PostgreSQL says so by doing nothing."""
    session.execute(b"GRANT ALL ON facts TO PUBLIC")
    (granted,) = session.execute(b"SELECT has_table_privilege('public', 'facts', 'INSERT')").fetchone() or (True,)
    assert not granted


@pytest.mark.parametrize("session", ROLES, indirect=True, ids=_IDS)
def test_no_other_role(session: psycopg.Connection[Any]) -> None:
    """AUD-11: a part cannot become another part."""
    mine = session.info.user
    for other in (role.name for role in ROLES if role.name != mine):
        assert not allows(session, f"SET ROLE {other}")


@pytest.mark.parametrize("replica", [False, True], ids=["ordinary", "replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET kind = 'x' WHERE seq = 1",
        "UPDATE facts SET kind = 'x' WHERE false",
        "DELETE FROM facts WHERE seq = 2",
        "TRUNCATE facts CASCADE",
        "INSERT INTO facts SELECT 4, at, actor, kind, payload, leaf FROM facts WHERE seq = 2",
        "INSERT INTO facts SELECT 2, at, actor, kind, payload, leaf FROM facts WHERE seq = 2 ON CONFLICT DO NOTHING",
        "INSERT INTO facts SELECT 3, '2001' || substr(at, 5), actor, kind, payload, leaf FROM facts WHERE seq = 2",
        "UPDATE fact_heads SET size = size",
        "DELETE FROM fact_heads",
        "TRUNCATE fact_heads",
        "INSERT INTO fact_heads SELECT 1, root, frontier FROM fact_heads LIMIT 1",
        "INSERT INTO fact_heads SELECT 3, root, frontier FROM fact_heads LIMIT 1",
        "TRUNCATE observations",
        "TRUNCATE observation_heads",
    ],
)
def test_owner(session: psycopg.Connection[Any], statement: str, replica: bool) -> None:
    """AUD-11: the database refuses all but the next row, no earlier than the last, also to the tables' owner."""
    session.execute(b"SET LOCAL session_replication_role = replica" if replica else b"SELECT 1")
    with pytest.raises(IntegrityError, match="only grows by its next row"):
        session.execute(statement.encode())


def test_every_kind_is_somebodys() -> None:
    """AUD-11: each kind is the operator's, and a part's too unless only the command line writes it."""
    of_parts = {kind for role in (HUB, DESK, WARDEN) for kind in role.facts | role.observations}
    assert of_parts | COMMAND_LINE_ONLY == set(FACTS.values()) | set(OBSERVATIONS.values())
    assert not of_parts & COMMAND_LINE_ONLY
    assert OPERATOR.facts | OPERATOR.observations == set(FACTS.values()) | set(OBSERVATIONS.values())


def test_every_table_is_named() -> None:
    """AUD-11: no table is forgotten in the rights of a role."""
    tables = {name for name in t.metadata.tables if name not in EVERYBODY}
    assert [set(role.records) for role in ROLES] == [tables] * len(ROLES)


@pytest.mark.parametrize("how", ["SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB"])
def test_mighty_role(how: str) -> None:
    """AUD-11: a role that could pass by its rights is named, and the log is not made."""
    url = blank_database()
    server().do(f"ALTER ROLE sluis_hub {how}")
    try:
        with pytest.raises(LogUnavailable, match="role `sluis_hub` can pass by its rights"):
            upgrade_server(url)
    finally:
        server().do(f"ALTER ROLE sluis_hub NO{how}")


def test_rights_anew(url: str) -> None:
    """What somebody granted on the side is gone after the next upgrade; doing it twice changes nothing (AUD-11)."""
    server().do("GRANT ALL ON facts, factors TO sluis_warden", _name_of(url))
    before = roles.digest()
    upgrade_server(url)
    with psycopg.connect(url, user=WARDEN.name) as connection:
        assert not allows(connection, "DELETE FROM facts WHERE false")
        assert not allows(connection, "SELECT secret FROM factors")
    assert roles.digest() == before

"""The database's tables: two insert-only streams with their tree heads, and the mutable records beside them.

The streams refuse UPDATE, DELETE and any INSERT that is not the next row (AUD-11; on SQLite by triggers, on PostgreSQL
later by rights). Times are text, RFC 3339 in UTC with six decimals and `Z`, so that the order of the texts is the order
of the times. Nothing here is specific to one database but the triggers. Schema changes are not handled here.
"""

from string import Template
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
)

SCHEMA_VERSION = "1"

metadata = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")  # an INTEGER primary key is SQLite's row id


def _stream(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("seq", _Number, primary_key=True, autoincrement=False, comment="from 1, without gaps"),
        Column("at", String, nullable=False),
        Column("actor", String, nullable=False, comment="JSON"),
        Column("kind", String, nullable=False, comment="the event's class name"),
        Column("payload", LargeBinary, nullable=False, comment="JSON, personal texts sealed"),
        Column("leaf", LargeBinary, nullable=False, comment="RFC 6962 leaf hash of the columns before it"),
    )


def _heads(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("size", _Number, primary_key=True, autoincrement=False, comment="leaves; one head after each append"),
        Column("root", LargeBinary, nullable=False, comment="RFC 6962 root hash"),
        Column("frontier", LargeBinary, nullable=False, comment="the compact range that the next append starts from"),
    )


facts = _stream("facts")
fact_heads = _heads("fact_heads")
observations = _stream("observations")
observation_heads = _heads("observation_heads")

sealing_keys = Table(
    "sealing_keys",
    metadata,
    Column("owner", String, primary_key=True, comment="P-1 or DR-1"),
    Column("wrapped", LargeBinary, comment="under the master key; NULL once erased, so that none is made again"),
)

factors = Table(
    "factors",
    metadata,
    Column("factor", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="sealed with the person's key"),
    Column("last_step", BigInteger, comment="RFC 6238 time step of the newest accepted code"),
    Column("failures", Integer, nullable=False, comment="wrong codes since the last right one"),
    Column("enrolled_at", String, nullable=False),
    Column("pending", Boolean, nullable=False, comment="until the first right code"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session", String, primary_key=True, comment="SHA-256 of the token"),
    Column("person", String, nullable=False),
    Column("begun", String, nullable=False),
    Column("factor_kind", String, nullable=False),
    Column("factor_at", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("ends", String, nullable=False),
    Column("ended_at", String),
    Column("ended_why", String),
    Index("sessions_by_person", "person", "ended_at", "begun"),
    Index("sessions_by_end", "ended_at", "ends"),
)

pending_logins = Table(
    "pending_logins",
    metadata,
    Column("nonce", String, primary_key=True, comment="SHA-256 of the nonce"),
    Column("person", String, nullable=False),
    Column("created", String, nullable=False),
    Column("expires", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("kind", String, nullable=False),
)

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))


_TRIGGER = Template(
    "CREATE TRIGGER ${table}_refuses_$verb BEFORE $verb ON $table WHEN $condition "
    "BEGIN SELECT RAISE(ABORT, '$table only grows by its next row'); END"
)
_NO_NEXT_ROW = Template("NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM $table)")
_NO_LATER_HEAD = Template("NEW.size <= (SELECT coalesce(max(size), 0) FROM $table)")


def _guard(table: Table, wrong_insert: Template) -> None:
    """Refuse every change but the next row; `INSERT OR REPLACE` would pass a guard against DELETE alone."""
    conditions = {"UPDATE": "1", "DELETE": "1", "INSERT": wrong_insert.substitute(table=table.name)}

    def create_triggers(_table: Table, connection: Connection, **_: Any) -> None:
        if connection.dialect.name == "sqlite":
            for verb, condition in conditions.items():
                connection.exec_driver_sql(_TRIGGER.substitute(table=table.name, verb=verb, condition=condition))

    event.listen(table, "after_create", create_triggers)


_guard(facts, _NO_NEXT_ROW)
_guard(observations, _NO_NEXT_ROW)
_guard(fact_heads, _NO_LATER_HEAD)
_guard(observation_heads, _NO_LATER_HEAD)

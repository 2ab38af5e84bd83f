"""Form 1: the two insert-only streams with their tree heads, factors, sessions, pending logins, sealing keys."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from access_policy.log.migrations.guards import guard_1

_tables = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")
_Text = String().with_variant(String(collation="C"), "postgresql")


def _stream(name: str) -> None:
    Table(
        name,
        _tables,
        Column("seq", _Number, primary_key=True, autoincrement=False),
        Column("at", _Text, nullable=False),
        Column("actor", _Text, nullable=False),
        Column("kind", _Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("leaf", LargeBinary, nullable=False),
    )


def _heads(name: str) -> None:
    Table(
        name,
        _tables,
        Column("size", _Number, primary_key=True, autoincrement=False),
        Column("root", LargeBinary, nullable=False),
        Column("frontier", LargeBinary, nullable=False),
    )


_stream("facts")
_heads("fact_heads")
_stream("observations")
_heads("observation_heads")
Table("sealing_keys", _tables, Column("owner", _Text, primary_key=True), Column("wrapped", LargeBinary))
Table(
    "factors",
    _tables,
    Column("factor", _Text, primary_key=True),
    Column("person", _Text, nullable=False, index=True),
    Column("kind", _Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("last_step", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("enrolled_at", _Text, nullable=False),
    Column("pending", Boolean, nullable=False),
)
Table(
    "sessions",
    _tables,
    Column("session", _Text, primary_key=True),
    Column("person", _Text, nullable=False),
    Column("begun", _Text, nullable=False),
    Column("factor_kind", _Text, nullable=False),
    Column("factor_at", _Text, nullable=False),
    Column("zone", _Text, nullable=False),
    Column("ends", _Text, nullable=False),
    Column("ended_at", _Text),
    Column("ended_why", _Text),
    Index("sessions_by_person", "person", "ended_at", "begun"),
    Index("sessions_by_end", "ended_at", "ends"),
)
Table(
    "pending_logins",
    _tables,
    Column("nonce", _Text, primary_key=True),
    Column("person", _Text, nullable=False),
    Column("created", _Text, nullable=False),
    Column("expires", _Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("kind", _Text, nullable=False),
)
Table("meta", _tables, Column("key", _Text, primary_key=True), Column("value", _Text, nullable=False))


def upgrade(operations: Operations) -> None:
    """Make the tables of form 1 in an empty database."""
    _tables.create_all(operations.get_bind())
    guard_1(operations)

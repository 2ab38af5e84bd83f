"""Form 2: no row of a stream is earlier than the one before it, no head is ahead of its rows, and files beside."""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, MetaData, String, Table

from access_policy.log.migrations.guards import guard_2

_tables = MetaData()
_Text = String().with_variant(String(collation="C"), "postgresql")

Table(
    "files",
    _tables,
    Column("digest", _Text, primary_key=True),
    Column("owner", _Text, nullable=False, index=True),
    Column("name", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)


def upgrade(operations: Operations) -> None:
    """Bring the tables of form 1 to form 2."""
    operations.add_column("sessions", Column("proof", _Text))
    _tables.create_all(operations.get_bind())
    guard_2(operations)

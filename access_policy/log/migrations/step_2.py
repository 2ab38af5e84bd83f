"""Form 2: no row of a stream is earlier than the one before it, no head is ahead of its rows, and what is new beside.

While no release has written form 2, it takes new tables from `tables.py` as they stand there; a new column of an older
table is added here, by `operations.add_column`. Once released, they are copied here.
"""

from alembic.operations import Operations
from sqlalchemy import Column, String

from access_policy.log.migrations.guards import guard_2
from access_policy.log.tables import metadata

_Text = String().with_variant(String(collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    """Bring the tables of form 1 to form 2."""
    operations.add_column("sessions", Column("proof", _Text))
    metadata.create_all(operations.get_bind())
    guard_2(operations)

"""Form 3: observations may be cut, as a fact says, once their years are over (E48). No table changes."""

from alembic.operations import Operations

from access_policy.log.migrations.cut_guards import guard_3


def upgrade(operations: Operations) -> None:
    """Bring the guards of form 2 to form 3."""
    guard_3(operations)

"""Form 4: more than one factor, sessions that end by idleness, step-ups, and logins of several providers (S17, S76).

While no release has written form 4, it takes new tables from `tables.py` as they stand there (each is to be named in
`_NEW`); a new column of an older table is added here, by `operations.add_column`. Once released, they are copied here.
"""

from typing import Any

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, LargeBinary, String
from sqlalchemy.types import TypeEngine

from access_policy.log.tables import metadata

_Text = String().with_variant(String(collation="C"), "postgresql")
_NEW = ("recovery_codes", "step_up_asks", "step_ups", "outbox", "outbox_reach", "leases", "drafts")
_FACTORS = ("name", "last_used", "failed_at", "credential", "sign_count")
_SESSIONS = ("provider", "factor", "assurance", "last_activity", "idle_ends", "inside_until")
_LOGINS = ("provider", "identity", "claims", "session")
_OTHERS: dict[str, TypeEngine[Any]] = {"name": LargeBinary(), "claims": LargeBinary(), "sign_count": BigInteger()}
_ADDED = {"factors": _FACTORS, "sessions": _SESSIONS, "pending_logins": _LOGINS}
_INDEX = "factors_by_credential"
_NOT_TOLD = "INSERT INTO outbox_reach SELECT 'facts', seq, 0 FROM (SELECT max(seq) AS seq FROM facts) n WHERE seq > 0"
"""Nobody is told now of what happened before there was an outbox."""


def upgrade(operations: Operations) -> None:
    """Bring the tables of form 3 to form 4."""
    for table, names in _ADDED.items():
        for name in names:
            operations.add_column(table, Column(name, _OTHERS.get(name, _Text)))
    operations.create_index(_INDEX, "factors", ["credential"], unique=True)
    metadata.create_all(operations.get_bind(), tables=[metadata.tables[name] for name in _NEW])
    operations.execute(_NOT_TOLD)


def back_to_3(operations: Operations) -> None:
    """Take away again what form 4 added to a SQLite file: nothing of it counts in a log of the former format."""
    operations.execute("DELETE FROM factors WHERE kind <> 'totp'")
    operations.execute("DELETE FROM sessions WHERE factor_kind <> 'totp'")
    operations.execute("DELETE FROM pending_logins")
    for name in reversed(_NEW):
        operations.drop_table(name)
    operations.drop_index(_INDEX, "factors")
    for table, names in _ADDED.items():
        for name in reversed(names):
            operations.drop_column(table, name)

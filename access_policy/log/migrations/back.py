"""The way back to the release before, as long as the log is of its format: form 4 becomes form 1 again (FLT-10).

What later forms added holds nothing by then that a fact names, since new kinds of facts wait for `sluis upgrade
finish`; for the same reason nothing was cut, which form 3 allows. On PostgreSQL there is no form 1 to go back to.
"""

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, delete, insert

from access_policy.log.errors import UnreadableLog
from access_policy.log.migrations import check_form
from access_policy.log.migrations.cut_guards import guard_back_to_2
from access_policy.log.migrations.guards import guard_back_to_1
from access_policy.log.migrations.step_4 import back_to_3
from access_policy.log.tables import meta

FORMER = "1"
FORMER_FORMAT = 1


def go_back(name: str, connection: Connection, log_format: int) -> None:
    """Bring the tables to the form of the release before, within the caller's transaction. Raises UnreadableLog where
    there is no such form, or where that release could not read a log of this format.
    """
    check_form(name, connection)
    if log_format > FORMER_FORMAT:
        raise UnreadableLog(f"log `{name}` has format {log_format}, which no release before reads; restore a backup")
    if connection.dialect.name != "sqlite":
        raise UnreadableLog(f"log `{name}` has no older form; restore the backup that was made before the upgrade")
    operations = Operations(MigrationContext.configure(connection))
    back_to_3(operations)
    guard_back_to_2(operations)
    guard_back_to_1(operations)
    operations.drop_table("files")
    operations.drop_column("sessions", "proof")
    connection.execute(delete(meta))
    connection.execute(insert(meta), {"key": "schema", "value": FORMER})

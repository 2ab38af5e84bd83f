"""The steps by which the log's tables came to their present form, each in one transaction (FLT-10).

**To change a table:** change it in `tables.py`, which says what is there today, and do the same to a log that exists in
the newest step, `step_4.py`, while no release has written that form; afterwards in a new file `step_N.py`, which goes
into `_STEPS`. A new log goes through all steps; a test compares what comes out with `tables.py`, on both databases. A
step that a release has written is never changed again: it holds its own copy of what it makes.

The form is the number of steps, kept in the table `meta`. On PostgreSQL each run also gives the components' roles their
rights anew (`rights.py`, `roles.py`), since the kinds of events are of a release, and not of a form.
"""

from importlib import import_module

from sqlalchemy import Connection, delete, insert, inspect, select

from access_policy.log.errors import UnreadableLog
from access_policy.log.migrations import roles
from access_policy.log.tables import meta

_STEPS = ("step_1", "step_2", "step_3", "step_4")

FORM = str(len(_STEPS))
"""The form of the tables that this release reads and writes."""


def upgrade(name: str, connection: Connection) -> str:
    """Bring the tables to this release's form, within the caller's transaction; return the form that they had.

    An empty database has the form `0`. Raises UnreadableLog for the form of a later release.
    """
    found = _form(connection) if inspect(connection).has_table(meta.name) else "0"
    _take(_missing(name, found), connection)
    _write(connection, "schema", FORM)
    if connection.dialect.name == "postgresql":
        roles.give(connection)
        _write(connection, "rights", roles.digest())
    return found


def check_form(name: str, connection: Connection) -> None:
    """Raise UnreadableLog where the tables are not of this release's form (FLT-10)."""
    found = _form(connection)
    missing = _missing(name, found)
    if missing:
        raise UnreadableLog(f"log `{name}` has form `{found}`, not `{FORM}`; run `sluis upgrade`")
    if connection.dialect.name == "postgresql" and _value(connection, "rights") != roles.digest():
        raise UnreadableLog(f"log `{name}` has the rights of another release; run `sluis upgrade`")


def _take(steps: tuple[str, ...], connection: Connection) -> None:
    """Take the steps. What they need is imported only here: a log that is opened has no use for it."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for step in steps:
        import_module(f"{__name__}.{step}").upgrade(operations)


def _missing(name: str, found: str) -> tuple[str, ...]:
    if not found.isdecimal() or int(found) > len(_STEPS):
        raise UnreadableLog(f"log `{name}` has form `{found[:20]}`, not `{FORM}`; use its release")
    return _STEPS[int(found) :]


def _form(connection: Connection) -> str:
    return _value(connection, "schema")


def _value(connection: Connection, key: str) -> str:
    return str(connection.scalar(select(meta.c.value).where(meta.c.key == key)))


def _write(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta), {"key": key, "value": value})

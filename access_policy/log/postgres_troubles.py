"""What a PostgreSQL server in trouble says: one line each with what to do next, and nothing was written (FLT-02)."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc as sa

from access_policy.log.database import unavailable
from access_policy.log.errors import LogUnavailable

SILENT = "the server does not answer"
_ANOTHER = "another process holds it; try again"
_AWAY = "check that it runs and can be reached; sluis then goes on by itself"
_WAYS_OUT = {
    "55P03": _ANOTHER,
    "40": _ANOTHER,
    "57014": "it is slow; try again, and look at its machine",
    "53100": "its disk is full; make room",
    "53300": "it has no connection left; try again, or raise its `max_connections`",
    "53": "it lacks memory or disk; look at its machine",
    "25006": "it is read-only; make it writable",
    "25P0": "a write stood still for too long; try again",
    "57P": _AWAY,
    "08": _AWAY,
    "28": "check that the role may log in (LOGIN), its password in PGPASSFILE, and the server's `pg_hba.conf`",
    "3D000": "make the database first, with `createdb`",
    "42P01": "it holds no log; run `sluis init --database` or restore a backup",
    "42501": "the role has no right to this; run `sluis upgrade` as the owner of the tables",
    "XX00": "it is damaged; run `sluis log verify`, then restore a backup",
}
_DAMAGED = ("42P01", "42703", "XX00")  # a table or column that is gone, a page that cannot be read


@contextmanager
def troubles(name: str) -> Iterator[None]:
    """Turn whatever a database raises within the block into LogUnavailable."""
    try:
        yield
    except sa.DBAPIError as error:
        raise _trouble(name, error.orig or error) from error
    except sa.TimeoutError as error:
        raise unavailable(name, "all connections are in use", "try again") from error
    except (psycopg.Error, sa.SQLAlchemyError, OSError) as error:
        raise _trouble(name, error) from error


def _trouble(name: str, error: BaseException) -> LogUnavailable:
    state = getattr(error, "sqlstate", None) or ""
    if not state and isinstance(error, psycopg.OperationalError):
        state = _state_in(str(error))
    way_out = next((text for known, text in _WAYS_OUT.items() if state.startswith(known)), "run `sluis check`")
    cause = str(error).strip().partition("\n")[0][:300] or type(error).__name__
    return unavailable(name, cause, way_out, damaged=state.startswith(_DAMAGED))


def _state_in(text: str) -> str:
    """Return the SQLSTATE of a failed connection, which libpq gives as a text only."""
    known = {
        "does not exist": "3D000" if "database" in text else "28000",
        "not permitted to log in": "28000",
        "permission denied for database": "42501",
        "authentication": "28P01",
        "pg_hba.conf": "28000",
        "no password": "28P01",
        "too many": "53300",
        "remaining connection": "53300",
    }
    return next((state for words, state in known.items() if words in text), "08006")

"""Which database holds an installation's log: `log.sqlite` in the state folder, or the one that the settings name.

On PostgreSQL each part of Sluis connects as its own role, and the command line as the operator's.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from access_policy.log import rights
from access_policy.log.database import Database
from access_policy.log.migrations import FORM
from access_policy.log.sqlite import SqliteDatabase, upgrade_file
from access_policy.log.times import Clock
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.places import Places
from hub_config.settings import load_settings

_ROLES = {Component.HUB: rights.HUB, Component.DESK: rights.DESK, Component.WARDEN: rights.WARDEN}


def database_url(places: Places) -> str:
    """Return the URL of the log's PostgreSQL, empty where the log is a file. Raises SettingsProblem."""
    return load_settings(places.settings).log.database if places.settings.exists() else ""


def log_exists(places: Places) -> bool:
    """Say whether a Sluis was made in this folder; whether its database answers is seen when it is opened."""
    return places.log.exists() or bool(database_url(places))


def open_database(places: Places, part: Component | None, clock: Clock, monotonic: Callable[[], float]) -> Database:
    """Open the log's database as one part of Sluis; None is the command line. Raises LogError, SettingsProblem."""
    url = database_url(places)
    if not url:
        return SqliteDatabase(places.log, clock)
    from access_policy.log.postgres import PostgresDatabase

    role = rights.OPERATOR if part is None else _ROLES[part]
    return PostgresDatabase(url, role.name, monotonic)


def create_database(places: Places, clock: Clock, history: Callable[[], datetime] | None = None) -> Database:
    """Make an empty log where the settings say, for the command line. Raises LogError.

    `history` is the clock of a history that lies in the past; without it the log's own clock stamps what is written.
    """
    url = database_url(places)
    if not url:
        return SqliteDatabase.create(places.log, history or clock)
    from access_policy.log.postgres import PostgresDatabase

    return PostgresDatabase.create(url, rights.OPERATOR.name, lambda: clock().timestamp(), history)


def upgrade_database(places: Places) -> tuple[str, str]:
    """Bring the tables to this release's form; return the form that they had, and what they have. Raises LogError."""
    url = database_url(places)
    if not url:
        return upgrade_file(places.log), FORM
    from access_policy.log.postgres import upgrade_server

    return upgrade_server(url), FORM


def as_stored(places: Places, policy: Policy) -> Path | Database:
    """Return what `verify` reads: the file itself, which it can read where it is damaged, or the open database."""
    database = policy.store.database
    return places.log if isinstance(database, SqliteDatabase) else database

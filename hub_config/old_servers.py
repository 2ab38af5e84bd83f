"""What JupyterHub remembers of servers that do not run: nothing of a request that is over, and no options but ours.

A stopped server stays in the hub's tables with the options that it had. No start believes these (SPW-03), but a value
that the hub cannot show again ends every listing of its users (SPW-01), and old names fill a person's number of servers
(SPW-09). Homes are no matter of the hub's, so that nothing of them is touched. What runs is the warden's and the
spawner's: see `spawner/warden/` and `spawner/decided.py`.
"""

import logging
from collections.abc import Collection
from typing import Any, Protocol

from jupyterhub import orm

_LOGGER = logging.getLogger("sluis.servers")


class Ground(Protocol):
    """Who is asked; `hub_config/gate.py` answers."""

    def has_ground(self, person: str, request: str) -> bool:
        """Say whether the person's workspace of the request could go on now. Raises LogError for no answer."""


class OldServers:
    """Forgets them; one for the hub's process, called by `GatedProxy.check_routes`, first when the hub starts.

    A row goes at the second look that finds it without ground, since at the first one a start may be on its way.
    """

    def __init__(self, gate: Ground, profiles: Collection[str]) -> None:
        self._gate = gate
        self._profiles = frozenset(profiles)
        self._seen: set[int] = set()

    def __call__(self, users: Any) -> None:
        """Look at all of the hub's `UserDict`. Where log or database do not answer, it is tried again."""
        database = users.db
        try:
            self._mend_options(database)
            stopped = [row for row in database.query(orm.Spawner).filter(orm.Spawner.server_id.is_(None)) if row.name]
            groundless = [row for row in stopped if self._is_groundless(users, row)]
            for row in groundless:
                if row.id in self._seen:
                    self._forget(users, row)
            self._seen = {row.id for row in groundless if row not in database.deleted}
            database.commit()
        except Exception:  # no answer of the log or of the tables: nothing is forgotten (POL-04)
            database.rollback()
            _LOGGER.exception("cannot look at old servers; trying again")

    def _mend_options(self, database: Any) -> None:
        for row in database.query(orm.Spawner).filter(orm.Spawner.user_options.is_not(None)):
            if not self._is_ours(row.user_options):
                _LOGGER.warning("server %s of %s had options that are none of ours", row.name, row.user.name)
                row.user_options = {}

    def _is_ours(self, options: object) -> bool:
        if options in (None, {}):
            return True
        return isinstance(options, dict) and set(options) == {"profile"} and self._is_profile(options["profile"])

    def _is_profile(self, name: object) -> bool:
        return isinstance(name, str) and name in self._profiles

    def _is_groundless(self, users: Any, row: Any) -> bool:
        spawner = users[row.user_id].spawners.get(row.name) if row.user_id in users else None
        if spawner is not None and (spawner.active or spawner.pending):
            return False
        return not self._gate.has_ground(row.user.name.upper(), row.name.upper())

    def _forget(self, users: Any, row: Any) -> None:
        """Take the row alone: `delete_forever` of a spawner may take a home with it."""
        _LOGGER.info("forgetting server %s of %s: nothing lets it start", row.name, row.user.name)
        if row.user_id in users:
            users[row.user_id].spawners.pop(row.name, None)
        users.db.delete(row)

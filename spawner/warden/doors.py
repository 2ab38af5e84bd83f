"""The proxies, as the warden uses them: what may not be reached is closed, and one that hangs holds up nothing else."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from access_policy.model.enums import Zone
from access_policy.state import WorkspaceKey


class Routes(Protocol):
    """One proxy's routes to workspaces, and who comes in by it (S78). Given by the composition root."""

    door: Zone

    def open_routes(self) -> Collection[WorkspaceKey]:
        """Return the workspaces that have a route now. Raises OSError where the proxy does not answer."""

    def close(self, key: WorkspaceKey) -> None:
        """Remove a route and with it every connection over it. Raises OSError where the proxy does not answer."""


class Doors:
    """All proxies. `tell` is given a trouble and what else is to be said of it; each is asked no more in that look."""

    def __init__(
        self,
        routes: Sequence[Routes],
        may_reach: Callable[[str, str, Zone], bool],
        tell: Callable[[str, str], None],
    ) -> None:
        self._routes = routes
        self._may_reach = may_reach
        self._tell = tell
        self._away: set[Zone] = set()

    def look_anew(self) -> None:
        """Begin a look: every proxy may answer again."""
        self._away.clear()

    def close_what_may_not_be_reached(self) -> None:
        """Close such routes by each proxy (NET-04)."""
        for routes in self._routes:
            for key in self._open(routes):
                if not self._may_reach(*key, routes.door):
                    self._close_at(routes, key)

    def close(self, key: WorkspaceKey) -> None:
        """Close the routes of one workspace."""
        for routes in self._routes:
            self._close_at(routes, key)

    def _open(self, routes: Routes) -> Collection[WorkspaceKey]:
        if routes.door in self._away:
            return ()
        try:
            return routes.open_routes()
        except OSError as error:
            self._hangs(routes, f"the proxy of {routes.door} does not answer", error)
            return ()

    def _close_at(self, routes: Routes, key: WorkspaceKey) -> None:
        if routes.door in self._away:
            return
        try:
            routes.close(key)
        except OSError as error:
            self._hangs(routes, f"cannot close the route of {'/'.join(key)} at the proxy of {routes.door}", error)

    def _hangs(self, routes: Routes, trouble: str, error: OSError) -> None:
        self._away.add(routes.door)
        self._tell(trouble, f": {error}")

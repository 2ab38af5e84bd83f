"""The fold of facts about homes."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.state import Home, State


def opened(s: State, f: e.Fact, v: e.WorkspaceStarted) -> None:
    """Note that a home has had the datasets of a workspace that starts with it."""
    homes = s.homes.setdefault((v.person, v.request), {})
    home = homes.setdefault(v.home, Home(v.person, v.request, v.home, v.zone, f.at))
    home.datasets.update(v.datasets)


def _set_aside(s: State, f: e.Fact, v: e.HomeSetAside) -> None:
    home = _home(s, v)
    if home is not None:
        home.aside, home.left = f.at, v.datasets


def _released(s: State, f: e.Fact, v: e.HomeReleased) -> None:
    """Only one home of a zone is in use: whichever was is kept in its place."""
    home = _home(s, v)
    if home is None:
        return
    for other in s.homes[v.person, v.request].values():
        if other.zone is home.zone and other.aside is None:
            other.aside, other.left = f.at, ()
    home.aside, home.left, home.datasets = None, (), set(v.datasets)


def _deletion_ordered(s: State, f: e.Fact, v: e.HomeDeletionOrdered) -> None:
    home = _home(s, v)
    if home is not None:
        home.deleting = f.at


def _deleted(s: State, f: e.Fact, v: e.HomeDeleted) -> None:
    home = _home(s, v)
    if home is not None:
        home.deleted = f.at


def _home(s: State, v: e.HomeSetAside | e.HomeReleased | e.HomeDeletionOrdered | e.HomeDeleted) -> Home | None:
    return s.homes.get((v.person, v.request), {}).get(v.home)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.HomeSetAside: _set_aside,
    e.HomeReleased: _released,
    e.HomeDeletionOrdered: _deletion_ordered,
    e.HomeDeleted: _deleted,
}

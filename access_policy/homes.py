"""Which home a workspace opens, and which homes are set aside (S46, S78, S94).

Files in a home may hold whatever its workspaces had. So a home is opened again only where all that it had is open
still; where a dataset left the live request the home is kept unopened, and the person gets a fresh one. An admin
releases it or has it deleted. Homes are numbered for each person and request, and no number is used twice.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from access_policy.decision import decide, supposed_session
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.rules import Query
from access_policy.state import Home, State


def all_homes(state: State) -> Iterator[Home]:
    """Return every home that there ever was."""
    return (home for homes in state.homes.values() for home in homes.values())


def home_in_use(state: State, person: PersonId, request: RequestId, zone: Zone) -> Home | None:
    """Return the home that workspaces of this person, request and zone open; None where there is none yet."""
    homes = state.homes.get((person, request), {})
    return next((one for one in homes.values() if one.zone is zone and one.aside is None), None)


def homes_aside(state: State, person: PersonId, request: RequestId) -> tuple[Home, ...]:
    """Return the homes of a person and request that were set aside for a dataset that left, kept or deleted."""
    return tuple(one for one in state.homes.get((person, request), {}).values() if one.left)


def kept_apart(state: State, person: PersonId, request: RequestId, at: datetime) -> tuple[DatasetName, ...]:
    """Return the datasets for which what a person saved for a request is not opened by their next workspace."""
    homes = [one for one in state.homes.get((person, request), {}).values() if one.deleted is None]
    return tuple(sorted({name for one in homes for name in one.left or left_now(state, one, at)}))


def next_number(state: State, person: PersonId, request: RequestId) -> int:
    """Return the number of the next home of a person and request."""
    return max(state.homes.get((person, request), {}), default=0) + 1


def openable(state: State, person: PersonId, request: RequestId) -> tuple[int, ...]:
    """Return the numbers of the homes that the next start may open: those in use, else the first; and a fresh one."""
    homes, fresh = state.homes.get((person, request), {}).values(), next_number(state, person, request)
    used = tuple(one.number for one in homes if one.aside is None)
    return (*used, fresh) if used else (fresh, fresh + 1)


def left_since(home: Home, opened: Collection[DatasetName]) -> tuple[DatasetName, ...]:
    """Return the datasets that a home had and that an opening does not open any more, by name."""
    return tuple(sorted(home.datasets.difference(opened)))


def left_now(state: State, home: Home, at: datetime) -> tuple[DatasetName, ...]:
    """Return the datasets of a home that left its request, as an opening at `at` would find it.

    None where the person may open nothing at all: then no dataset has left a live request.
    """
    session = supposed_session(state, home.person, at, home.zone)
    opening = decide(state, Query(home.person, home.request, Action.OPEN_WORKSPACE, at, session))
    return left_since(home, [one.name for one in opening.datasets]) if opening.allowed else ()


def stale(state: State, at: datetime) -> list[tuple[Home, tuple[DatasetName, ...]]]:
    """Return the homes that are to be set aside now, and for which datasets: in use, with no workspace that runs."""
    resting = (one for one in all_homes(state) if one.aside is None and not runs(state, one))
    found = ((one, left_now(state, one, at)) for one in resting)
    return [(home, left) for home, left in found if left]


def runs(state: State, home: Home) -> bool:
    """Say whether a workspace runs with a home."""
    workspace = state.workspaces.get((home.person, home.request))
    return workspace is not None and workspace.home == home.number


def to_delete(state: State) -> list[Home]:
    """Return the homes whose deletion was ordered and is not confirmed."""
    return [one for one in all_homes(state) if one.deleting is not None and one.deleted is None]

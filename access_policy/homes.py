"""Which home a workspace opens, and which homes are set aside or held back (S46, S78, S94).

Files in a home may hold whatever its workspaces had. So a home is opened again only where all that it had is open
still. Where a dataset left the live request the home is set aside: an admin releases it or has it deleted. Where its
person only lacks something for a dataset, such as a course, it is held back until they have it. Either way they get
another home, a fresh one where there is none. Homes are numbered for each person and request, and no number is used
twice.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.decision import asked_about, supposed_session, takes_part
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.overview import is_open
from access_policy.rules import Query
from access_policy.rules.case import offered_of
from access_policy.rules.particulars import ignored_from
from access_policy.state import Dataset, Home, State


class Apart(StrEnum):
    """Why the next workspace does not open a home: a dataset that it had left the request, or its person lacks
    something for one, or another home is in its place."""

    LEFT = "left"
    LACKING = "lacking"
    REPLACED = "replaced"


class Kept(msgspec.Struct, frozen=True):
    """A home with what becomes of it: `apart` says why the next workspace does not open it, None where it does.

    `datasets` are those for which it does not; `empty`: the next workspace begins with an empty home instead.
    """

    home: Home
    apart: Apart | None
    datasets: tuple[DatasetName, ...]
    empty: bool


def all_homes(state: State) -> Iterator[Home]:
    """Return every home that there ever was."""
    return (home for homes in state.homes.values() for home in homes.values())


def homes_in_use(state: State, person: PersonId, request: RequestId, zone: Zone) -> tuple[Home, ...]:
    """Return the homes of a person, request and zone that are not set aside, the first one first; those to which
    something is lacking among them."""
    homes = state.homes.get((person, request), {}).values()
    return tuple(sorted((one for one in homes if one.zone is zone and one.aside is None), key=lambda one: one.number))


def fitting(homes: Iterable[Home], opened: Collection[DatasetName]) -> Home | None:
    """Return which of these homes, in their order, an opening of these datasets has: the first that had no other."""
    return next((one for one in homes if not left_since(one, opened)), None)


def next_home(state: State, person: PersonId, request: RequestId, zone: Zone, at: datetime) -> Home | None:
    """Return the home that the next workspace of a person, request and zone opens; None: a fresh one."""
    used = homes_in_use(state, person, request, zone)
    return fitting(used, _opened(state, person, request, zone, at)) if used else None


def why_aside(home: Home) -> Apart | None:
    """Return why a home is set aside; None where it is not."""
    if home.aside is None:
        return None
    return Apart.LEFT if home.left else Apart.REPLACED


def kept(state: State, home: Home, at: datetime) -> Kept:
    """Return what becomes of a home that no workspace runs with: of what was saved in it, if it was the last one."""
    following = next_home(state, home.person, home.request, home.zone, at)
    apart, datasets = _apart(state, home, following, at)
    return Kept(home, apart, datasets, following is None)


def homes_apart(state: State, person: PersonId, request: RequestId, at: datetime) -> tuple[Kept, ...]:
    """Return the homes of a person and request that the next workspace does not open, kept or deleted.

    POL-09: nothing to somebody who has no part in the request.
    """
    homes = state.homes.get((person, request), {}).values() if takes_part(state, person, request) else ()
    found = (kept(state, one, at) for one in homes if not runs(state, one))
    return tuple(one for one in found if one.apart is not None)


def last_kept(state: State, person: PersonId, request: RequestId, at: datetime) -> Kept | None:
    """Return what becomes of the home of the workspace that ended last; None to who has no part in it (POL-09)."""
    ending = state.endings.get((person, request))
    home = None if ending is None else state.homes.get((person, request), {}).get(ending.home)
    return kept(state, home, at) if home is not None and takes_part(state, person, request) else None


def next_number(state: State, person: PersonId, request: RequestId) -> int:
    """Return the number of the next home of a person and request."""
    return max(state.homes.get((person, request), {}), default=0) + 1


def openable(state: State, person: PersonId, request: RequestId, at: datetime) -> tuple[Home, ...]:
    """Return the homes that there are and that a workspace may have: the one that runs, and the next of each zone."""
    homes = state.homes.get((person, request), {}).values()
    following = [next_home(state, person, request, zone, at) for zone in Zone]
    return tuple(one for one in homes if one in following or runs(state, one))


def left_since(home: Home, opened: Collection[DatasetName]) -> tuple[DatasetName, ...]:
    """Return the datasets that a home had and that an opening does not open any more, by name."""
    return tuple(sorted(home.datasets.difference(opened)))


def left_now(state: State, home: Home, at: datetime) -> tuple[DatasetName, ...]:
    """Return the datasets of a home that left its live request: that nobody opens for it from the home's zone now.

    What the person lacks plays no part in it. An opt-out that binds does: it stands with the grant (E72).
    """
    request = state.requests.get(home.request)
    if request is None or request.approved is None or not is_open(request, at):
        return ()
    ignored = ((one, ignored_from(request, one)) for one in offered_of(state, request) if _lies_in(one, home.zone))
    return left_since(home, [one.dataset for one, begins in ignored if begins is None or at < begins])


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


def _apart(
    state: State, home: Home, following: Home | None, at: datetime
) -> tuple[Apart | None, tuple[DatasetName, ...]]:
    if home.aside is not None:
        return why_aside(home), home.left
    left = left_now(state, home, at)
    if left:
        return Apart.LEFT, left
    lacking = left_since(home, _opened(state, home.person, home.request, home.zone, at))
    if lacking:
        return Apart.LACKING, lacking
    return (None if following is home else Apart.REPLACED), ()


def _opened(state: State, person: PersonId, request: RequestId, zone: Zone, at: datetime) -> list[DatasetName]:
    """Return what a workspace of a zone has that starts at `at`, or as soon as all else that is missing is mended."""
    query = Query(person, request, Action.OPEN_WORKSPACE, at, supposed_session(state, person, at, zone))
    return [one.dataset for one in asked_about(state, query) if _lies_in(one, zone)]


def _lies_in(dataset: Dataset, zone: Zone) -> bool:
    """S78: restricted data are in a home of the institute's only."""
    return zone is Zone.INSTITUTE or dataset.zone is Zone.ANYWHERE

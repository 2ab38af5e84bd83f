"""Which network a workspace belongs to: the institute's, where its data or its profile ask for it (S77, S78).

What a browser's own place is, `Session.zone` says; here it is what the place has to be.
"""

from collections.abc import Iterable

from access_policy.model.enums import Zone
from access_policy.model.ids import DatasetName
from access_policy.state import State, Workspace

_ANYWHERE, _INSTITUTE = Zone.ANYWHERE, Zone.INSTITUTE


def workspace_zone(state: State, datasets: Iterable[DatasetName], profile_zone: Zone = _ANYWHERE) -> Zone:
    """Return from where a workspace with these datasets and of this profile may be reached.

    A dataset that nobody knows is for the institute (POL-05).
    """
    if profile_zone is not _ANYWHERE:
        return _INSTITUTE
    known = [state.datasets.get(name) for name in datasets]
    return _ANYWHERE if all(one is not None and one.zone is _ANYWHERE for one in known) else _INSTITUTE


def zone_of(state: State, workspace: Workspace) -> Zone:
    """Return from where a running workspace may be reached now: what it began with, or what became of its data since.

    A dataset that is restricted while a workspace holds it takes the workspace along; one that is let out later
    does not, for its files were written under the rule that stood (S78).
    """
    return workspace_zone(state, workspace.datasets, workspace.zone)


def may_use(profile_zone: Zone, place: Zone | None) -> bool:
    """Say whether a profile may be used from where a browser sits: one of the institute's from there only (S78)."""
    return profile_zone is _ANYWHERE or place is _INSTITUTE

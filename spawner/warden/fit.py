"""Whether a pod that runs is what its start was given: looked at by the warden itself, whoever let it in (DAT-15).

Admission asks the same before a pod comes; this looks at those that came while admission was not there yet, or was
another. It only ever ends something.
"""

from typing import Any

from access_policy.state import State, Workspace
from spawner import cluster_names as names
from spawner.buckets import Bucket, bucket_of
from spawner.manifest import DRIVER
from spawner.storage import DatasetProblem

_HARMLESS = frozenset({"emptyDir", "projected"})  # its own scratch space, and what the storage's sidecar adds
_ONLY = "only-dir="


def misfit(pod: dict[str, Any], workspace: Workspace, allowed: frozenset[Bucket]) -> str | None:
    """Say in a line what a pod has that its start was not given, or None."""
    spec = pod.get("spec", {})
    zone = pod.get("metadata", {}).get("labels", {}).get(names.ZONE)
    if zone != workspace.zone:
        return f"its network is `{zone}`, not `{workspace.zone}`"
    account = spec.get("serviceAccountName")
    if account != names.account(workspace.person):
        return f"it runs as service account `{account}`"
    return next((found for one in spec.get("volumes", ()) if (found := _volume(one, workspace, allowed))), None)


def _volume(volume: dict[str, Any], workspace: Workspace, allowed: frozenset[Bucket]) -> str | None:
    kinds = volume.keys() - {"name"}
    if kinds <= _HARMLESS:
        return None
    if kinds == {"persistentVolumeClaim"}:
        claim = volume["persistentVolumeClaim"].get("claimName")
        return None if claim == names.home(workspace.person, workspace.home) else f"it mounts the claim `{claim}`"
    if kinds != {"csi"} or volume["csi"].get("driver") != DRIVER:
        return f"it has a volume of the kind `{', '.join(sorted(kinds))}`"
    found = _bucket(volume["csi"])
    if found not in allowed:
        return f"it mounts `{found.url}`, which it was not given"
    return None if volume["csi"].get("readOnly") is True else f"it mounts `{found.url}` writable"


def _bucket(csi: dict[str, Any]) -> Bucket:
    attributes = csi.get("volumeAttributes", {})
    only = [one for one in attributes.get("mountOptions", "").split(",") if one.startswith(_ONLY)]
    prefix = only[0].removeprefix(_ONLY) if len(only) == 1 else ",".join(only)
    return Bucket(attributes.get("bucketName", ""), prefix.strip("/"))


def ever_given(state: State, workspace: Workspace) -> frozenset[Bucket]:
    """Return where the datasets of a workspace lie or lay: a newer version ends no workspace by itself (S82)."""
    places = (
        one.location
        for one in state.files
        if one.dataset in workspace.datasets and one.request in (None, workspace.request)
    )
    return frozenset(filter(None, map(_place, places)))


def _place(location: str) -> Bucket | None:
    try:
        return bucket_of(location)
    except DatasetProblem:
        return None

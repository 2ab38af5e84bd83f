"""The pod of a decision: pure, from a `Workspace` and what all workspaces of a cluster share to every field of the pod.

`expected_pod` is the whole pod as the API server is to get it, `pod_traits.py` the same as KubeSpawner's settings, and
`difference` says where a pod that is about to be sent is another one. It decides nothing, and no text in it was typed
by a person: names are numbers, datasets and buckets are checked for their spelling, the rest is the operator's. Not
here: the sidecar of the storage, which the cluster puts in after the pod was sent.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from spawner import cluster_names as names
from spawner.buckets import Bucket, bucket_of
from spawner.limits import temporary_bytes
from spawner.sandbox_command import SERVER_ARGUMENTS
from spawner.server_in_pod import HOME, LAUNCH, environment, instant
from spawner.workspace import DataPath, Mount, Profile, Workspace

UID, GID = 1000, 100
DRIVER = "gcsfuse.csi.storage.gke.io"
MOST_MOUNTS = 50
END_SECONDS = 5  # between SIGTERM and SIGKILL
_MOUNT_OPTIONS = f"uid={UID},gid={GID},file-mode=440,dir-mode=550,gcs-retries:max-retry-attempts:3"
_LOG_SPACE = "1Gi"  # all that a pod writes to its node: what its server prints


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """What the workspaces of a cluster share; `hub_url` is the hub's address without a path, by number (no DNS)."""

    image: str
    hub_url: str
    prefix: str = names.PREFIX
    host_aliases: tuple[tuple[str, str], ...] = ()
    python: str = "/opt/workspace/bin/python"
    pull_policy: str = "IfNotPresent"
    sidecar_cpu: str = "500m"
    sidecar_memory: str = "512Mi"
    sidecar_storage: str = "1Gi"


class Server(msgspec.Struct, frozen=True):
    """What the hub says of one server: its environment as the hub makes it, and the annotations of its spawner."""

    environment: Mapping[str, str]
    annotations: Mapping[str, str] = {}


def expected_pod(workspace: Workspace, cluster: Cluster, server: Server, at: datetime) -> dict[str, Any]:
    """The whole pod, started at `at` (UTC), as JSON. `DatasetProblem` where a dataset lies in no bucket (DAT-05)."""
    folders = mounted(workspace)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": names.pod(workspace.person),
            "namespace": names.namespace(workspace.request, cluster.prefix),
            "labels": _labels(workspace),
            "annotations": _annotations(workspace, cluster) | dict(server.annotations),
        },
        "spec": {
            **_bounds(workspace, at),
            **_isolation(workspace.profile, cluster),
            "imagePullSecrets": [],
            "serviceAccountName": names.account(workspace.person),
            "containers": [_container(workspace, cluster, server)],
            "volumes": [*_own_volumes(workspace), *(_volume(i, bucket) for i, (_, bucket) in enumerate(folders, 1))],
        },
    }


def mounted(workspace: Workspace) -> list[tuple[Mount, Bucket]]:
    """The datasets that are mounted, with where they lie; none where the profile reads them by the storage's API."""
    if len(workspace.mounts) > MOST_MOUNTS:
        raise ValueError(f"`{workspace.identifier}` has more than {MOST_MOUNTS} datasets; grant fewer to one request")
    places = [(mount, bucket_of(mount.source)) for mount in workspace.mounts]
    return places if workspace.profile.data is DataPath.MOUNT else []


def difference(pod: object, expected: object) -> list[str]:
    """Where a pod is not the expected one, as paths such as `spec.containers[0].image`; empty where it is.

    Values are not named: one of them is a token (TOK-04).
    """
    return sorted(_differing(pod, expected, ""))


def _differing(pod: object, expected: object, path: str) -> Iterator[str]:
    if type(pod) is not type(expected):
        yield path or "pod"
    elif isinstance(pod, dict) and isinstance(expected, dict):
        for key in pod.keys() | expected.keys():
            below = f"{path}.{key}" if path else str(key)
            if key in pod and key in expected:
                yield from _differing(pod[key], expected[key], below)
            else:
                yield below
    elif isinstance(pod, list) and isinstance(expected, list):
        if len(pod) != len(expected):
            yield path
        for i, (one, other) in enumerate(zip(pod, expected, strict=False)):
            yield from _differing(one, other, f"{path}[{i}]")
    elif pod != expected:
        yield path


def _labels(workspace: Workspace) -> dict[str, str]:
    """Ours, and those by which KubeSpawner finds its pods again."""
    kubespawner = {
        "app": "jupyterhub",
        "app.kubernetes.io/component": "singleuser-server",
        "app.kubernetes.io/managed-by": "kubespawner",
        "app.kubernetes.io/name": "jupyterhub",
        "component": "singleuser-server",
        "heritage": "jupyterhub",
        "hub.jupyter.org/servername": workspace.server_name,
        "hub.jupyter.org/username": workspace.user_name,
    }
    start = names.pod_labels(workspace.installation, workspace.request, workspace.person, workspace.seq)
    return kubespawner | start | {names.ZONE: str(workspace.zone)}


def _annotations(workspace: Workspace, cluster: Cluster) -> dict[str, str]:
    decided = {
        "hub.jupyter.org/servername": workspace.server_name,
        "hub.jupyter.org/username": workspace.user_name,
        names.INSTALLATION: workspace.installation,
        names.SEQ: str(workspace.seq),
        names.UNTIL: instant(workspace.until),
    }
    if not mounted(workspace):
        return decided
    return decided | {
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/cpu-limit": cluster.sidecar_cpu,
        "gke-gcsfuse/ephemeral-storage-limit": cluster.sidecar_storage,
        "gke-gcsfuse/memory-limit": cluster.sidecar_memory,
    }


def _bounds(workspace: Workspace, at: datetime) -> dict[str, Any]:
    """It runs once, and the node itself ends it when its ground lapses, whoever else is away (POL-03)."""
    bounds: dict[str, Any] = {"restartPolicy": "Never", "terminationGracePeriodSeconds": END_SECONDS}
    if workspace.until is not None:
        bounds["activeDeadlineSeconds"] = max(1, math.ceil((workspace.until - at).total_seconds()))
    return bounds


def _isolation(profile: Profile, cluster: Cluster) -> dict[str, Any]:
    """SPW-10: a plain user, no token of the cluster, no names of services, no DNS."""
    by_address: dict[str, list[str]] = {}
    for address, name in cluster.host_aliases:
        by_address.setdefault(address, []).append(name)
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["127.0.0.1"]},
        "hostAliases": [{"ip": address, "hostnames": hosts} for address, hosts in by_address.items()],
        "securityContext": {
            "fsGroup": GID,
            "fsGroupChangePolicy": "OnRootMismatch",
            "runAsGroup": GID,
            "runAsNonRoot": True,
            "runAsUser": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    chosen = {"runtimeClassName": profile.runtime_class, "nodeSelector": dict(profile.node_selector)}
    return spec | {name: value for name, value in chosen.items() if value}


def _container(workspace: Workspace, cluster: Cluster, server: Server) -> dict[str, Any]:
    profile, given = workspace.profile, environment(workspace, cluster.python, server.environment)
    return {
        "name": names.CONTAINER,
        "image": cluster.image,
        "imagePullPolicy": cluster.pull_policy,
        "command": [cluster.python, "-I", "-c", LAUNCH, str(profile.file_bytes), *SERVER_ARGUMENTS],
        "workingDir": HOME,
        "lifecycle": {},
        "env": [{"name": name, "value": given[name]} for name in sorted(given)],
        "ports": [{"name": "notebook-port", "containerPort": names.PORT}],
        "resources": {
            "limits": _resources(profile.cpus, profile.memory_bytes),
            "requests": _resources(
                profile.cpu_request or profile.cpus, profile.memory_request_bytes or profile.memory_bytes
            ),
        },
        "securityContext": _confinement(),
        "volumeMounts": _volume_mounts(workspace),
    }


def _resources(cpus: float, memory_bytes: int) -> dict[str, str]:
    return {"cpu": f"{max(1, round(cpus * 1000))}m", "memory": str(memory_bytes), "ephemeral-storage": _LOG_SPACE}


def _confinement() -> dict[str, Any]:
    """SPW-10: what the profile *restricted* of Pod Security asks of a container, and a root that nobody writes."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsGroup": GID,
        "runAsNonRoot": True,
        "runAsUser": UID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _volume_mounts(workspace: Workspace) -> list[dict[str, Any]]:
    """The home and what lies in memory, to write; then each dataset, to read."""
    return [
        {"name": "home", "mountPath": HOME},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (the pod's own)
        {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 (the pod's own)
        *[
            {"name": names.volume(i), "mountPath": mount.target, "readOnly": True}
            for i, (mount, _) in enumerate(mounted(workspace), 1)
        ],
    ]


def _own_volumes(workspace: Workspace) -> list[dict[str, Any]]:
    """The home, and two folders in memory, which count as the workspace's."""
    scratch = {"emptyDir": {"medium": "Memory", "sizeLimit": str(temporary_bytes(workspace.profile))}}
    return [
        {"name": "home", "persistentVolumeClaim": {"claimName": names.home(workspace.person, workspace.home)}},
        {"name": "tmp", **scratch},
        {"name": "shm", **scratch},
    ]


def _volume(index: int, bucket: Bucket) -> dict[str, Any]:
    """One dataset, read-only twice over. `only-dir` narrows what is seen; the account's rights say what may be read."""
    part = f"only-dir={bucket.prefix}," if bucket.prefix else ""
    return {
        "name": names.volume(index),
        "csi": {
            "driver": DRIVER,
            "readOnly": True,
            "volumeAttributes": {
                "bucketName": bucket.bucket,
                "metadataCacheTTLSeconds": "0",
                "mountOptions": f"implicit-dirs,{part}{_MOUNT_OPTIONS}",
            },
        },
    }

"""Who makes what in the namespaces of requests, and in which form: by a real API server with the chart's policies."""

from typing import Any

import pytest

from spawner import cluster_names as names
from tests.chart.rendering import NAMESPACE
from tests.cluster.api import Api, RefusedError
from tests.cluster.locks import INSTALLATION, PLACE, Change, Locks, Object, pod, refusal

_101 = [{"person": i, "until": "", "mounts": []} for i in range(1, 102)]
_OTHERS = "sluis: the grant is not for the request of its namespace"
GRANT_CHANGES: dict[str, tuple[str, Change]] = {
    "an older state": ("sluis: a grant does not go back to an older state", lambda spec: spec.update(seq=0)),
    "another request": (_OTHERS, lambda spec: spec.update(request=13)),
    "another installation": (_OTHERS, lambda spec: spec.update(installation="other")),
    "every bucket": ("bucket in body should match", lambda spec: spec["persons"][0]["mounts"][0].update(bucket="_")),
    "a prefix out of the bucket": (
        "prefix in body should match", lambda spec: spec["persons"][0]["mounts"][0].update(prefix="../other"),
    ),
    "101 persons": ("must have at most 100 items", lambda spec: spec.update(persons=_101)),
    "a person twice": ("Duplicate value", lambda spec: spec["persons"].append(spec["persons"][0])),
    "an end that is no instant": (
        "until in body should match", lambda spec: spec["persons"][0].update(until="tomorrow"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "change"), GRANT_CHANGES.values(), ids=GRANT_CHANGES)
def test_a_grant_is_pinned_also_against_the_warden(locks: Locks, words: str, change: Change) -> None:
    """DAT-05: neither its sequence number goes back, nor does it come to mean another request or every bucket."""
    path = f"/apis/sluis.dev/v1/namespaces/{PLACE}/accessgrants/grant"
    grant = locks.admin.read(path)
    change(grant["spec"])
    answer = locks.warden.ask("PUT", path, json=grant, params={"dryRun": "All"})
    assert answer.status_code in (403, 422)
    assert words in answer.text


@pytest.mark.parametrize("who", ["admin", "hub"])
def test_only_the_warden_writes_grants(locks: Locks, who: str) -> None:
    """DAT-14: neither the hub nor an administrator gives anybody data."""
    api: Api = getattr(locks, who)
    words = "sluis: only the warden " if who == "admin" else "cannot"  # two policies say so, and either is quoted
    path = f"/apis/sluis.dev/v1/namespaces/{PLACE}/accessgrants/grant"
    grant = locks.admin.read(path)
    grant["spec"]["seq"] += 1
    for answer in (api.ask("PUT", path, json=grant), api.delete(path)):
        assert answer.status_code == 403
        assert words in answer.text


def _object(version: str, kind: str, name: str, **fields: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": PLACE}, **fields}


_CONTAINERS = [{"name": "c", "image": "x"}]
_ONCE = {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Never", "containers": _CONTAINERS}}
_ALWAYS = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": _CONTAINERS}}
_DEPLOYED = {"selector": {"matchLabels": {"a": "b"}}, "template": _ALWAYS}
_PERSON = {"metadata": {"name": "p-9", "namespace": PLACE, "labels": {"sluis.dev/person": "9"}}}


def _home(**spec: Any) -> Object:
    made = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}} | spec
    one = _object("v1", "PersistentVolumeClaim", "home-p-9", spec=made)
    one["metadata"]["labels"] = {"sluis.dev/person": "9"}
    return one


def _binding(name: str = names.HUB_BINDING, subject: str = "hub") -> Object:
    subjects = [{"kind": "ServiceAccount", "name": subject, "namespace": NAMESPACE}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": names.HUB_ROLE}
    return _object("rbac.authorization.k8s.io/v1", "RoleBinding", name, roleRef=role, subjects=subjects)


FOREIGN = {
    "deployment": _object("apps/v1", "Deployment", "d", spec=_DEPLOYED),
    "daemon set": _object("apps/v1", "DaemonSet", "d", spec=_DEPLOYED),
    "job": _object("batch/v1", "Job", "j", spec={"template": _ONCE}),
    "secret": _object("v1", "Secret", "s"),
    "config map": _object("v1", "ConfigMap", "c"),
    "service": _object("v1", "Service", "s", spec={"ports": [{"port": 80}]}),
    "role": _object("rbac.authorization.k8s.io/v1", "Role", "r", rules=[]),
    "network policy": _object("networking.k8s.io/v1", "NetworkPolicy", "n", spec={"podSelector": {}, "egress": [{}]}),
    "service account": _object("v1", "ServiceAccount", "p-9") | _PERSON,
    "quota": _object("v1", "ResourceQuota", "q", spec={"hard": {"pods": "9"}}),
    "claim": _home(),
    "binding": _binding(),
}  # fmt: skip
WARDENS = {"network policy", "service account", "quota", "claim", "binding"}


@pytest.mark.parametrize("name", FOREIGN)
def test_nobody_else_makes_anything_in_a_place(locks: Locks, name: str) -> None:
    """SPW-14, NET-08: a request's namespace holds workspaces and what the warden makes, whoever asks, in any form."""
    words = "only the warden makes what" if name in WARDENS else "a request's namespace holds workspaces only"
    assert f"denied request: sluis: {words}" in refusal(locks.admin, FOREIGN[name])


GUARDED = [
    "networkpolicies/default-deny",
    "resourcequotas/quota",
    "serviceaccounts/p-3",
    "persistentvolumeclaims/home-p-3",
]


@pytest.mark.parametrize("what", GUARDED)
def test_nobody_else_takes_away_what_guards_a_place(locks: Locks, what: str) -> None:
    """DEP-08: without the default deny a place would be open; only the warden takes away what it made."""
    base = "/apis/networking.k8s.io/v1" if what.startswith("network") else "/api/v1"
    answer = locks.admin.ask("DELETE", f"{base}/namespaces/{PLACE}/{what}", params={"dryRun": "All"})
    assert answer.status_code == 403
    assert "sluis: only the warden" in answer.text


_RIGHTS = "sluis: in a request's namespace only the hub has rights"
_OF_CLOUD = {"annotations": {"iam.gke.io/gcp-service-account": "x@y"}}
_EMPTY = "sluis: a home begins empty"
FORMS: dict[str, tuple[str, Object]] = {
    "another role": ("attempting to grant RBAC permissions", _object(
        "rbac.authorization.k8s.io/v1", "RoleBinding", "hub", roleRef={
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"})),
    "the role for another": (_RIGHTS, _binding(subject="warden")),
    "the role by another name": (_RIGHTS, _binding("other")),
    "an account of another name": (
        "sluis: a service account in a request's namespace is", _object("v1", "ServiceAccount", "other"),
    ),
    "an account of the cloud": (
        "sluis: a person's service account stands for that person alone",
        _object("v1", "ServiceAccount", "p-9") | {"metadata": _PERSON["metadata"] | _OF_CLOUD},
    ),
    "a home on a volume that is there": (_EMPTY, _home(volumeName="pv")),
    "a home that begins with data": (
        _EMPTY, _home(dataSource={"kind": "PersistentVolumeClaim", "name": "home-p-3"}),
    ),
    "a home that many write": (_EMPTY, _home(accessModes=["ReadWriteMany"])),
    "a pod": ('cannot create resource "pods"', pod()),
    "a secret": ('cannot create resource "secrets"', _object("v1", "Secret", "s")),
}  # fmt: skip


@pytest.mark.parametrize(("words", "one"), FORMS.values(), ids=FORMS)
def test_the_warden_makes_nothing_of_another_form(locks: Locks, words: str, one: Object) -> None:
    """DAT-02, DAT-13: a warden that is broken into gives nobody more than a request's place consists of."""
    said = refusal(locks.warden, one)
    assert said.startswith("403")
    assert words in said


_NAMESPACES = "sluis: the warden makes namespaces of requests only"
_OUTSIDE = "sluis: hub and warden change nothing outside"
ELSEWHERE: dict[str, tuple[str, Object]] = {
    "an account": (_OUTSIDE, {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "x", "namespace": NAMESPACE}}),
    "a namespace of no request": (
        _NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}},
    ),
    "a namespace that is not restricted": (_NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "sluis-dr-77", "labels": {"sluis.dev/request": "77", "sluis.dev/installation": INSTALLATION}}}),
    "a namespace of another request's name": (_NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "sluis-dr-78", "labels": names.namespace_labels(INSTALLATION, "DR-77")}}),
}  # fmt: skip


@pytest.mark.parametrize(("words", "one"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_warden_stays_with_the_requests(locks: Locks, words: str, one: Object) -> None:
    """DEP-08, SPW-14: outside the namespaces of requests it changes nothing, and each of those is restricted."""
    said = refusal(locks.warden, one)
    assert said.startswith("403")
    # where two locks hold the same door, the API server names the one that it asked first
    assert words in said or (words == _NAMESPACES and _OUTSIDE in said)


@pytest.mark.parametrize("label", ["sluis.dev/request", "sluis.dev/installation", "pod-security.kubernetes.io/enforce"])
def test_what_a_place_is_known_by_does_not_change(locks: Locks, label: str) -> None:
    """DEP-08: without its label no policy would look at a namespace; nobody takes it off, the warden included."""
    for api in (locks.admin, locks.warden):
        place_now = locks.admin.read(f"/api/v1/namespaces/{PLACE}")
        place_now["metadata"]["labels"].pop(label)
        answer = api.ask("PUT", f"/api/v1/namespaces/{PLACE}", json=place_now)
        assert answer.status_code == 403
        assert "sluis: " in answer.text


@pytest.mark.parametrize("label", ["sluis.dev/request", "sluis.dev/installation", "pod-security.kubernetes.io/enforce"])
@pytest.mark.parametrize("way", ["status", "finalize"])
def test_no_subresource_changes_what_a_place_is_known_by(locks: Locks, way: str, label: str) -> None:
    """DEP-08: labels can be written by way of what is told of a namespace, and of its end."""
    place_now = locks.admin.read(f"/api/v1/namespaces/{PLACE}")
    place_now["metadata"]["labels"].pop(label)
    answer = locks.admin.ask("PUT", f"/api/v1/namespaces/{PLACE}/{way}", json=place_now, params={"dryRun": "All"})
    assert answer.status_code == 403
    assert "sluis: what a request's namespace is known by" in answer.text


def test_pods_stay_held_to_the_newest_standard(locks: Locks) -> None:
    """DEP-08: `restricted` as it was years ago asks for less."""
    place_now = locks.admin.read(f"/api/v1/namespaces/{PLACE}")
    place_now["metadata"]["labels"]["pod-security.kubernetes.io/enforce-version"] = "v1.0"
    answer = locks.admin.ask("PUT", f"/api/v1/namespaces/{PLACE}", json=place_now, params={"dryRun": "All"})
    assert "sluis: only the warden changes our labels" in answer.text


def test_nobody_else_makes_a_namespace_of_a_requests_name(locks: Locks) -> None:
    """SPW-07: it would be the place of a request that the log does not know."""
    labels = names.namespace_labels(INSTALLATION, "DR-79")
    one = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sluis-dr-79", "labels": labels}}
    assert "only the warden makes a request's namespace" in refusal(locks.admin, one)


def test_no_persistent_volume_leads_into_a_bucket(locks: Locks) -> None:
    """DAT-13: a home's claim would otherwise be another way to a bucket, past every check of a pod."""
    csi = {"driver": "gcsfuse.csi.storage.gke.io", "volumeHandle": "liver-data"}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "csi": csi}
    one = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": spec}
    assert "no persistent volume leads into a bucket" in refusal(locks.admin, one)


def _volume(**source: Any) -> Object:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": PLACE, "name": "home-p-3"}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "", **source}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pv"},
        "spec": {"claimRef": claim} | spec,
    }


VOLUMES = {
    "a folder of the node": _volume(hostPath={"path": "/"}),
    "a folder of another machine": _volume(nfs={"server": "198.51.100.9", "path": "/"}),
    "a disk of another driver": _volume(csi={"driver": "disks.example.org", "volumeHandle": "x"}),
    "a volume for whichever claim comes": _volume(claimRef=None, hostPath={"path": "/"}),
}


@pytest.mark.parametrize("one", VOLUMES.values(), ids=VOLUMES)
def test_nobody_lays_out_a_volume_for_a_home(locks: Locks, one: Object) -> None:
    """DAT-13: a home begins empty; the volume of another content would be a way past every check of a pod."""
    assert "sluis: only who makes volumes for claims" in refusal(locks.admin, one)


def test_nobody_makes_a_token_of_a_persons_account(locks: Locks) -> None:
    """DAT-01: with it anybody would be that person to the storage."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = locks.admin.ask("POST", f"/api/v1/namespaces/{PLACE}/serviceaccounts/p-3/token", json=body)
    assert answer.status_code == 403
    assert "sluis: nobody makes tokens" in answer.text


def test_the_hub_has_no_right_outside_places(locks: Locks) -> None:
    """SPW-14: it makes pods where the warden bound it, and nowhere else."""
    one = pod()
    one["metadata"]["namespace"] = NAMESPACE
    with pytest.raises(RefusedError, match="cannot create resource"):
        locks.hub.create(one, dryRun="All")

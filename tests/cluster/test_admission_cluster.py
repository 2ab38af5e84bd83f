"""What a cluster does by itself in the namespaces of requests is let through, and no more, by a real API server."""

import pytest

from spawner import cluster_names as names
from tests.cluster.locks import PLACE, Locks, make_place, place, until


@pytest.mark.parametrize("what", ["resourcequotas/quota", "persistentvolumeclaims/home-p-3"])
def test_only_the_cluster_tells_of_quota_and_home(locks: Locks, what: str) -> None:
    """SPW-14: what is told of a quota is what holds it, and its labels could be written there."""
    path = f"/api/v1/namespaces/{PLACE}/{what}"
    now = locks.admin.read(path)
    now["metadata"]["labels"].pop("sluis.dev/request")
    answer = locks.admin.ask("PUT", f"{path}/status", json=now, params={"dryRun": "All"})
    assert answer.status_code == 403
    assert "sluis: only the warden makes" in answer.text


TOLD_BY = {
    "the scheduler chose a node for a home": ("system:kube-scheduler", "persistentvolumeclaims/home-p-3"),
    "a home is bound": (
        "system:serviceaccount:kube-system:persistent-volume-binder", "persistentvolumeclaims/home-p-3/status",
    ),
    "a quota is counted": (
        "system:serviceaccount:kube-system:resourcequota-controller", "resourcequotas/quota/status",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("who", "what"), TOLD_BY.values(), ids=TOLD_BY)
def test_the_cluster_itself_is_let_through(locks: Locks, who: str, what: str) -> None:
    """SPW-14: without these no home is ever bound, and no quota counts."""
    path = f"/api/v1/namespaces/{PLACE}/{what}"
    now = locks.admin.read(path)
    del now["metadata"]["resourceVersion"]
    now["metadata"].setdefault("annotations", {})["example.org/told"] = "x"
    answer = locks.admin.ask("PUT", path, json=now, params={"dryRun": "All"}, headers={"Impersonate-User": who})
    assert answer.is_success, answer.text


ENDS = {"system:serviceaccount:kube-system:namespace-controller": True, "system:kube-controller-manager": True,
        "system:serviceaccount:kube-system:some-addon": False, "system:kube-scheduler": False}  # fmt: skip
GUARDED = (
    "/apis/networking.k8s.io/v1 networkpolicies/default-deny", "/apis/sluis.dev/v1 accessgrants/grant",
    "resourcequotas/quota", "serviceaccounts/p-3", "persistentvolumeclaims/home-p-3",
)  # fmt: skip


@pytest.mark.parametrize("what", GUARDED)
@pytest.mark.parametrize(("who", "may"), ENDS.items())
def test_only_who_ends_namespaces_takes_away_what_is_in_one(locks: Locks, who: str, may: bool, what: str) -> None:
    """DEP-08: another account of the cluster's own could otherwise open a place, or take its grant away."""
    group, _, name = what.rpartition(" ")
    path = f"{group or '/api/v1'}/namespaces/{PLACE}/{name}"
    headers = {"Impersonate-User": who, "Impersonate-Group": "system:masters"}
    answer = locks.admin.ask("DELETE", path, params={"dryRun": "All"}, headers=headers)
    assert (answer.is_success, "sluis: only the warden" in answer.text) == (may, not may)


def test_a_namespace_that_is_deleted_ends_with_the_locks_in_force(locks: Locks) -> None:
    """DEP-08: the cluster's own controllers take away all that a place consists of, and finish its end."""
    request = "DR-15"
    make_place(locks, request, place(5, request=request))
    path = f"/api/v1/namespaces/{names.namespace(request)}"
    assert locks.admin.read(f"{path}/persistentvolumeclaims")["items"]
    assert locks.admin.delete(path).is_success
    until(lambda: locks.admin.get(path).status_code == 404, "the namespace stays")
    assert locks.admin.get(path).status_code == 404

"""The troubles that other files ask for do happen, and end: a lost node, an API server that is away, dead pods."""

import httpx
import pytest

from tests.cluster.handle import Cluster, restricted_pod
from tests.cluster.test_basics import WAIT


def test_lost_node_keeps_its_pods_undeleted(cluster: Cluster, namespace: str) -> None:
    """The deletion of a pod on a lost node is not confirmed; with the node back it is (FLT-05)."""
    cluster.run(namespace, restricted_pod("p", cluster.image("busybox"), *WAIT))
    with cluster.node_lost():
        cluster.admin.delete(f"/api/v1/namespaces/{namespace}/pods/p", gracePeriodSeconds=1)
        found = cluster.pod(namespace, "p")
        assert found is not None
        assert found["metadata"]["deletionTimestamp"]
    cluster.await_gone(namespace, "p")


def test_api_server_away_hangs_and_dead_refuses(cluster: Cluster) -> None:
    """A stopped API server answers nothing, a dead one refuses; afterwards both serve the same data (FLT-06)."""
    path = "/api/v1/namespaces/default"
    before = cluster.admin.read(path)["metadata"]["uid"]
    with cluster.api_away(), pytest.raises(httpx.TimeoutException):
        cluster.admin.ask("GET", path, timeout=2)
    with cluster.api_dead(), pytest.raises(httpx.TransportError):
        cluster.admin.ask("GET", path, timeout=2)
    assert cluster.admin.read(path)["metadata"]["uid"] == before


def test_restart_replaces_the_pods_of_a_deployment(cluster: Cluster, namespace: str) -> None:
    """The pods that come after a restart are others, and ready."""
    template = restricted_pod("x", cluster.image("busybox"), *WAIT, labels={"app": "d"})
    template["metadata"] = {"labels": {"app": "d"}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}
    pod = {key: template[key] for key in ("metadata", "spec")}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "d"}}, "template": pod}
    cluster.apply({**deployment, "spec": spec}, namespace)
    cluster.await_replicas(namespace, "app=d", 1)
    before = cluster.uids(namespace, "app=d")
    cluster.restart(namespace, "app=d")
    assert cluster.uids(namespace, "app=d").isdisjoint(before)


def test_killed_process_restarts_the_container(cluster: Cluster, namespace: str) -> None:
    """A process killed from the node is a container that died, as by the kernel (FLT-01)."""
    cluster.run(namespace, restricted_pod("p", cluster.image("busybox"), "sleep", "3600"))
    before = cluster.pod(namespace, "p")
    cluster.kill_in(namespace, "p", "sleep 3600")
    cluster.await_restarts(namespace, "p", 1)
    after = cluster.pod(namespace, "p")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert [each["restartCount"] for each in after["status"]["containerStatuses"]] == [1]

"""Network policies between real pods, enforced by this folder's `netpol`.

They show that a policy has the effect that we read in the specification of NetworkPolicy; they are no evidence about a
particular CNI.
"""

from typing import Any

import pytest

from tests.cluster import processes
from tests.cluster.handle import Cluster, restricted_pod
from tests.cluster.setting import API_PORT, NODE_ADDRESS
from tests.cluster.test_basics import SERVE

DENY: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}
TO_B = {"podSelector": {"matchLabels": {"app": "b"}}}
FROM_A = [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}}]


class Pair:
    """Pods `a` and `b` of a namespace, each serving on port 8080 (named `web`)."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        ports = {"ports": [{"name": "web", "containerPort": 8080}]}
        tmp = {"volumes": [{"name": "t", "emptyDir": {}}]}
        for name in ("a", "b"):
            at = [{"name": "t", "mountPath": "/tmp"}]
            command = ("sh", "-c", SERVE)
            pod = restricted_pod(
                name, cluster.image("busybox"), *command, volumeMounts=at, container=dict(ports), **tmp
            )
            cluster.admin.create(pod, namespace)
        self.b = str(cluster.await_phase(namespace, "b")["status"]["podIP"])
        cluster.await_phase(namespace, "a")

    def apply(self, name: str, **spec: Any) -> None:
        kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}}
        self.cluster.apply({**kind, "spec": spec}, self.namespace)

    def reaches(self, address: str, port: int) -> bool:
        line = f"echo | timeout 2 nc {address} {port}"
        return self.cluster.exec(self.namespace, "a", "sh", "-c", line).returncode == 0

    def await_reach(self, reached: bool, address: str, port: int = 8080) -> None:
        what = f"a {'reaches' if reached else 'does not reach'} {address}:{port}"
        processes.until(what, lambda: self.reaches(address, port) is reached, 20)


@pytest.fixture
def pair(cluster: Cluster, namespace: str) -> Pair:
    return Pair(cluster, namespace)


def test_without_policies_everything_is_reached(pair: Pair) -> None:
    """Pods reach each other and the node: a namespace without policies is open (DEP-08)."""
    pair.await_reach(True, pair.b)
    pair.await_reach(True, NODE_ADDRESS, API_PORT)


def test_default_deny_and_what_is_let_through(pair: Pair) -> None:
    """Default deny closes both ways; each rule opens just what it names (NET-08, NET-10)."""
    pair.apply("default-deny", **DENY)
    pair.await_reach(False, pair.b)
    pair.await_reach(False, NODE_ADDRESS, API_PORT)
    pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[{"to": [TO_B], "ports": [{"port": "web"}]}])
    pair.await_reach(False, pair.b)
    pair.apply("in", **TO_B, policyTypes=["Ingress"], ingress=[{"from": FROM_A, "ports": [{"port": 8080}]}])
    pair.await_reach(True, pair.b)
    pair.await_reach(False, NODE_ADDRESS, API_PORT)


def test_address_blocks_with_exceptions(pair: Pair) -> None:
    """An address block opens its addresses and ports, without those excepted (NET-10)."""
    block: dict[str, Any] = {"cidr": "10.211.0.0/24"}
    ports = [{"port": API_PORT - 1, "endPort": API_PORT + 1}]
    pair.apply("default-deny", **DENY)
    pair.apply("node", podSelector={}, policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}], "ports": ports}])
    pair.await_reach(True, NODE_ADDRESS, API_PORT)
    excepted = {"ipBlock": {**block, "except": [f"{NODE_ADDRESS}/32"]}}
    pair.apply("node", podSelector={}, policyTypes=["Egress"], egress=[{"to": [excepted], "ports": ports}])
    pair.await_reach(False, NODE_ADDRESS, API_PORT)


def test_namespaces_are_told_apart(cluster: Cluster, pair: Pair) -> None:
    """A namespace selector opens to the pods of namespaces with the label, and closes with it (NET-03)."""
    spaces = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pair.namespace}}, **TO_B}
    pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[{"to": [spaces]}])
    pair.await_reach(True, pair.b)
    other = {"namespaceSelector": {"matchExpressions": [{"key": "no-such-label", "operator": "Exists"}]}, **TO_B}
    pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[{"to": [other]}])
    pair.await_reach(False, pair.b)

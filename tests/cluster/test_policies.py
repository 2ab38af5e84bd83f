"""Network policies between real pods, enforced by this folder's `netpol`.

They show that a policy has the effect that we read in the specification of NetworkPolicy; they are no evidence about a
particular CNI.
"""

from typing import Any

import pytest

from tests.cluster.handle import Cluster, restricted_pod
from tests.cluster.setting import API_PORT, NODE_ADDRESS
from tests.cluster.test_basics import SERVE
from tests.cluster.ways import OPEN, SILENT

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

    def reach(self, address: str, port: int) -> str:
        """What becomes of a connection; what went wrong with the question itself is neither of the two answers."""
        line = f"echo | timeout 2 nc {address} {port}; echo status $?"
        said = self.cluster.exec(self.namespace, "a", "sh", "-c", line).stdout.splitlines()
        return {"status 0": OPEN, "status 143": SILENT}.get(said[-1] if said else "", f"neither: {said}")

    def reached(self, wanted: str, address: str, port: int = 8080) -> str:
        """What becomes of a connection in the end: policies are in force a little after they are there."""
        said = self.reach(address, port)
        for _ in range(10):
            if said == wanted:
                break
            said = self.reach(address, port)
        return said


@pytest.fixture
def pair(cluster: Cluster, namespace: str) -> Pair:
    return Pair(cluster, namespace)


def test_without_policies_everything_is_reached(pair: Pair) -> None:
    """Pods reach each other and the node: a namespace without policies is open (DEP-08)."""
    assert pair.reached(OPEN, pair.b) == OPEN
    assert pair.reached(OPEN, NODE_ADDRESS, API_PORT) == OPEN


def test_default_deny_and_what_is_let_through(pair: Pair) -> None:
    """Default deny closes both ways; a way that only one end allows is none (NET-08, NET-10)."""
    pair.apply("default-deny", **DENY)
    assert pair.reached(SILENT, pair.b) == SILENT
    assert pair.reached(SILENT, NODE_ADDRESS, API_PORT) == SILENT
    node: dict[str, Any] = {"to": [{"ipBlock": {"cidr": f"{NODE_ADDRESS}/32"}}]}
    out = {"to": [TO_B], "ports": [{"port": "web"}]}
    pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[out, node])
    assert pair.reached(OPEN, NODE_ADDRESS, API_PORT) == OPEN  # so the way out is in force
    assert pair.reach(pair.b, 8080) == SILENT
    pair.apply("in", **TO_B, policyTypes=["Ingress"], ingress=[{"from": FROM_A, "ports": [{"port": 8080}]}])
    assert pair.reached(OPEN, pair.b) == OPEN
    pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[out])
    assert pair.reached(SILENT, NODE_ADDRESS, API_PORT) == SILENT
    assert pair.reach(pair.b, 8080) == OPEN


def test_address_blocks_with_exceptions(pair: Pair) -> None:
    """An address block opens its addresses and ports, without those excepted (NET-10)."""
    block: dict[str, Any] = {"cidr": "10.211.0.0/24"}
    ports = [{"port": API_PORT - 1, "endPort": API_PORT + 1}]
    pair.apply("default-deny", **DENY)
    assert pair.reached(SILENT, NODE_ADDRESS, API_PORT) == SILENT
    pair.apply("node", podSelector={}, policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}], "ports": ports}])
    assert pair.reached(OPEN, NODE_ADDRESS, API_PORT) == OPEN
    excepted = {"ipBlock": {**block, "except": [f"{NODE_ADDRESS}/32"]}}
    pair.apply("node", podSelector={}, policyTypes=["Egress"], egress=[{"to": [excepted], "ports": ports}])
    assert pair.reached(SILENT, NODE_ADDRESS, API_PORT) == SILENT


def test_namespaces_are_told_apart(pair: Pair) -> None:
    """A namespace selector opens to the pods of namespaces with the label, and closes with it (NET-03)."""
    other = {"namespaceSelector": {"matchExpressions": [{"key": "no-such-label", "operator": "Exists"}]}, **TO_B}
    spaces = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pair.namespace}}, **TO_B}
    for peer, wanted in ((other, SILENT), (spaces, OPEN), (other, SILENT)):
        pair.apply("out", podSelector={}, policyTypes=["Egress"], egress=[{"to": [peer]}])
        assert pair.reached(wanted, pair.b) == wanted

"""What the tests' own stand-ins decide, without a cluster: policies to rules, volume attributes to mounts."""

from typing import Any

import pytest

from tests.cluster.driver.options import BOUNDED, Mount, OptionRefusedError, mount_of
from tests.cluster.netpol.render import EGRESS, INGRESS, applies, render, selects, world

RANGE = "10.0.0.0/24"
SPACES = [{"metadata": {"name": name, "labels": {"of": name}}} for name in ("x", "y")]


def pod(name: str, namespace: str, address: str, phase: str = "Running") -> dict[str, Any]:
    port = {"name": "web", "containerPort": 8080}
    spec = {"containers": [{"ports": [port]}]}
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"metadata": metadata, "spec": spec, "status": {"podIP": address, "phase": phase}}


A, B, C = pod("a", "x", "10.0.0.2"), pod("b", "x", "10.0.0.3"), pod("c", "y", "10.0.0.4")


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "n", "namespace": "x"}, "spec": {"podSelector": {}, **spec}}


def rules(*policies: dict[str, Any]) -> str:
    return render(world([A, B, C], SPACES, policies), RANGE)


def lines(chain: str, *policies: dict[str, Any]) -> list[str]:
    """The rules of a chain; pods are numbered by their addresses."""
    text = rules(*policies).partition(f"chain {chain} {{\n")[2].partition("  }\n")[0]
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "a", "tier": "x"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_selectors(selector: dict[str, Any], selected: bool) -> None:
    """A label selector, requirement by requirement (NET-10)."""
    assert selects(selector, {"app": "a"}) is selected


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ({}, True, False),
        ({"egress": [{}]}, True, True),
        ({"policyTypes": ["Egress"]}, False, True),
        ({"podSelector": {"matchLabels": {"app": "z"}}}, False, False),
    ],
)
def test_directions(spec: dict[str, Any], ingress: bool, egress: bool) -> None:
    """Which ways a policy closes, also where it does not say (NET-10)."""
    assert [applies(policy(**spec), A, side) for side in (INGRESS, EGRESS)] == [ingress, egress]


def test_other_namespaces_policies_do_not_count() -> None:
    """A policy isolates its own namespace's pods only."""
    assert not applies(policy(), C, INGRESS)


def test_peers_and_ports() -> None:
    """Pods by selectors, named ports of the destination, ranges, blocks with exceptions (NET-08, NET-10)."""
    to_b = {"podSelector": {"matchLabels": {"app": "b"}}}
    in_y = {"namespaceSelector": {"matchLabels": {"of": "y"}}}
    block = {"ipBlock": {"cidr": "1.0.0.0/8", "except": ["1.2.0.0/16", "1.3.0.0/16"]}}
    egress = [
        {"to": [to_b], "ports": [{"port": "web"}, {"port": "none"}, {"port": 53, "protocol": "UDP"}]},
        {"to": [in_y], "ports": [{"port": 80, "endPort": 90}]},
        {"to": [block]},
    ]
    assert lines("egress_0", policy(policyTypes=["Egress"], egress=egress)) == [
        "ip daddr 10.0.0.3 tcp dport 8080 accept",
        "ip daddr 10.0.0.3 udp dport 53 accept",
        "ip daddr 10.0.0.4 tcp dport 80-90 accept",
        "ip daddr 1.0.0.0/8 ip daddr != { 1.2.0.0/16, 1.3.0.0/16 } accept",
        "counter drop",
    ]


def test_empty_peers_are_everybody() -> None:
    """A rule without peers opens to all, one with an empty selector to the namespace's pods (NET-10)."""
    assert lines("ingress_0", policy(ingress=[{}])) == ["accept", "counter drop"]
    mine = [f"ip saddr {address} accept" for address in ("10.0.0.2", "10.0.0.3")]
    assert lines("ingress_0", policy(ingress=[{"from": [{"podSelector": {}}]}])) == [*mine, "counter drop"]


def test_unknown_addresses_are_dropped() -> None:
    """Nothing passes for a pod whose policies are not known yet, or that has ended."""
    ended = render(world([A, pod("b", "x", "10.0.0.3", "Succeeded")], SPACES, []), RANGE)
    assert f"ip saddr {RANGE} ip saddr != {{ 10.0.0.2 }} counter drop" in ended
    assert f"ip saddr {RANGE} counter drop" in render(world([], SPACES, []), RANGE)


def test_mount_options() -> None:
    """Flags and configuration as GKE's driver reads them; retries are bounded where nothing is said (FLT-13)."""
    options = "implicit-dirs, only-dir=p,gcs-retries:max-retry-attempts:3,file-cache:enable-parallel-downloads:true"
    attributes = {"bucketName": "b", "mountOptions": options, "metadataCacheTTLSeconds": "0"}
    assert mount_of(attributes) == Mount(
        "b",
        ("--implicit-dirs", "--only-dir=p"),
        {
            "gcs-retries": {"max-retry-attempts": 3},
            "file-cache": {"enable-parallel-downloads": True},
            "metadata-cache": {"ttl-secs": 0},
        },
    )
    assert mount_of({"bucketName": "b"}).flags == BOUNDED


def test_bucket_of_a_persistent_volume() -> None:
    """It is the volume's handle; an inline volume has to name it (DAT-13)."""
    assert mount_of({}, "handle", ["only-dir=p"]).bucket == "handle"
    with pytest.raises(OptionRefusedError, match="must be provided"):
        mount_of({"csi.storage.k8s.io/ephemeral": "true"}, "csi-0123")


def test_option_of_the_driver_itself_is_refused() -> None:
    """No option turns a read-only mount into another (DAT-14)."""
    with pytest.raises(OptionRefusedError, match="o=rw"):
        mount_of({"bucketName": "b", "mountOptions": "implicit-dirs,o=rw"})

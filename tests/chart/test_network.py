"""The chart's NetworkPolicies and Services: nobody reaches anybody but by a rule that says who and whom."""

import re
from pathlib import Path
from typing import Any

import pytest

from hub_config.settings import load_settings
from tests.chart.rendering import (
    CHART,
    VARIANTS,
    Object,
    Values,
    doors_of,
    merged,
    named,
    of_kind,
    pod_specs,
    render,
    templates,
    variant,
)
from tests.chart.rendering import REQUIRED as VALUES

SOURCES = sorted(CHART.glob("templates/*/netpol.yaml"))


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_is_let_through_by_default(name: str) -> None:
    """DEP-08, NET-03: every pod of the namespace, both ways."""
    spec = named(variant(name), "NetworkPolicy", "default-deny")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_pod_has_a_policy_of_its_own_both_ways(name: str) -> None:
    """DEP-08: each workload is selected by one policy, which says what comes in and what goes out."""
    policies = [each["spec"] for each in of_kind(variant(name), "NetworkPolicy") if each["spec"]["podSelector"]]
    assert len(policies) == len(pod_specs(variant(name)))
    for pod in pod_specs(variant(name)).values():
        (own,) = [
            each for each in policies if each["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        ]
        assert own["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.parent.name)
def test_every_rule_says_who_reaches_whom(source: Path) -> None:
    """NET-10: each rule is headed `# a --> b`, and one of the two is the part itself."""
    text = templates(WITH_INSTITUTE)[f"sluis/templates/{source.parent.name}/netpol.yaml"].splitlines()
    rules = [i for i, line in enumerate(text) if re.match(r"    - (from|to):", line)]
    heads = [re.fullmatch(r"    # ([\w' ]+) --> ([\w' ]+)", text[i - 1]) for i in rules]
    assert rules
    part = source.parent.name.removesuffix("-institute")  # the doors have their rules from one template
    assert all(head and part in (head[1], head[2].removesuffix("'s API")) for head in heads)


WAYS = {
    ("browsers", "proxy", 8000),
    ("proxy", "hub", 8081), ("desk", "hub", 8081), ("workspaces", "hub", 8081),
    ("hub", "proxy", 8001), ("warden", "proxy", 8001),
    ("hub", "desk", 8082), ("proxy", "desk", 8082),
    ("hub", "workspaces", 8888), ("proxy", "open workspaces", 8888),
    ("hub", "database", 5432), ("desk", "database", 5432), ("warden", "database", 5432), ("prepare", "database", 5432),
    ("hub", "API of the cluster", 443), ("warden", "API of the cluster", 443),
    ("hub", "DNS", 53), ("desk", "DNS", 53), ("warden", "DNS", 53), ("prepare", "DNS", 53),
    ("hub", "login provider", 443),
}  # fmt: skip
INSTITUTE = {
    ("browsers inside", "proxy-institute", 8000),
    ("hub", "proxy-institute", 8001), ("warden", "proxy-institute", 8001),
    ("proxy-institute", "hub", 8081), ("proxy-institute", "desk", 8082), ("proxy-institute", "workspaces", 8888),
}  # fmt: skip
"""What comes on top with the institute's network; its proxy alone reaches the institute's workspaces (NET-04)."""

WITH_INSTITUTE = merged(
    VALUES,
    {
        "origins": {"desk": "", "workspaces": "", "allowShared": True},
        "network": {
            "institute": ["192.0.2.0/24"],
            "url": "https://sluis.inside.example.org",
            "browsers": {"cidrs": ["10.1.0.0/24"]},
        },
    },
)


SAME_NAMES = merged(WITH_INSTITUTE, {"origins": VALUES["origins"] | {"allowShared": False}, "network": {"url": ""}})
"""The same with addresses of their own for hub, desk and workspaces: the institute's proxy has no other (SES-07)."""


@pytest.mark.parametrize(
    ("values", "ways"),
    [(VALUES, WAYS), (WITH_INSTITUTE, WAYS | INSTITUTE), (SAME_NAMES, WAYS | INSTITUTE)],
    ids=["one door", "two doors", "two doors of the same names"],
)
def test_there_is_no_other_way(values: Values, ways: set[tuple[str, str, int]]) -> None:
    """NET-04, NET-08, NET-10: the whole of who reaches whom; workspaces reach the hub and never a proxy or its API."""
    addresses = {"10.0.0.5/32": "database", "10.0.0.2/32": "API of the cluster", "0.0.0.0/0": "login provider",
                 "130.211.0.0/22": "browsers", "10.1.0.0/24": "browsers inside"}  # fmt: skip
    found = set()
    for policy in of_kind(render(values), "NetworkPolicy"):
        own = policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component", "")
        for rule in policy["spec"].get("ingress", []):
            found |= {(_peer(peer, addresses), own, port["port"]) for peer in rule["from"] for port in rule["ports"]}
        for rule in policy["spec"].get("egress", []):
            found |= {(own, _peer(peer, addresses), port["port"]) for peer in rule["to"] for port in rule["ports"]}
    assert found == ways


def test_the_desk_alone_reaches_the_mail_server() -> None:
    """NET-10, S37: where one is set, at its own addresses and port."""
    found = [
        (policy["metadata"]["name"], [port["port"] for port in rule["ports"]])
        for policy in of_kind(variant("kitchen sink"), "NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if {"ipBlock": {"cidr": "198.51.100.25/32"}} in rule["to"]
    ]
    assert found == [("desk", [465])]


def test_prometheus_alone_asks_the_wardens() -> None:
    """NET-10: nobody where no namespace is named; then its pods, at the port of the probes."""
    assert named(variant("required"), "NetworkPolicy", "warden")["spec"]["ingress"] == []
    (rule,) = named(variant("kitchen sink"), "NetworkPolicy", "warden")["spec"]["ingress"]
    assert rule == {
        "from": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
                "podSelector": {"matchLabels": {"app": "prometheus"}},
            }
        ],
        "ports": [{"port": 8084, "protocol": "TCP"}],
    }


def _peer(peer: Object, addresses: dict[str, str]) -> str:
    if "ipBlock" in peer:
        return addresses[peer["ipBlock"]["cidr"]]
    labels: dict[str, Any] = peer["podSelector"]["matchLabels"]
    if labels.get("sluis.dev/part") == "workspace":
        assert peer["namespaceSelector"] == {"matchExpressions": [{"key": "sluis.dev/request", "operator": "Exists"}]}
        return {"": "workspaces", "anywhere": "open workspaces"}[labels.get("sluis.dev/zone", "")]
    if "k8s-app" in labels:
        return "DNS"
    assert "namespaceSelector" not in peer
    return str(labels["app.kubernetes.io/component"])


@pytest.mark.parametrize("name", VARIANTS)
def test_both_ends_of_a_way_within_the_chart_let_it_through(name: str) -> None:
    """NET-10: a way that only one end allows is none."""
    ways = WAYS | INSTITUTE if name == "kitchen sink" else WAYS
    within = {way for way in ways if {way[0], way[1]} <= {"hub", "proxy", "proxy-institute", "desk", "warden"}}
    assert within == _within(name, "ingress", "from") == _within(name, "egress", "to")


def _within(name: str, direction: str, side: str) -> set[tuple[str, str, int]]:
    found = set()
    for policy in of_kind(variant(name), "NetworkPolicy"):
        own = policy["metadata"]["name"]
        for rule in policy["spec"].get(direction, []):
            for peer in rule[side]:
                part = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")
                ends = (own, part) if direction == "egress" else (part, own)
                found |= {(*ends, port["port"]) for port in rule["ports"] if part}
    return found


@pytest.mark.parametrize("name", VARIANTS)
def test_every_rule_names_its_peers_and_ports(name: str) -> None:
    """NET-10: a rule without peers or ports lets everybody, or everything, through."""
    for policy in of_kind(variant(name), "NetworkPolicy"):
        for rule in (*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])):
            assert rule.get("from") or rule.get("to")
            assert all(port["port"] and port["protocol"] in ("TCP", "UDP") for port in rule["ports"])


@pytest.mark.parametrize("name", VARIANTS)
def test_the_metadata_server_is_reached_by_none(name: str) -> None:
    """DAT-01: no part of Sluis has an identity at the cloud; the public ways leave link-local addresses out."""
    blocks = [
        peer["ipBlock"]
        for policy in of_kind(variant(name), "NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    for block in blocks:
        assert block["cidr"] != "0.0.0.0/0" or "169.254.0.0/16" in block["except"]
        assert not block["cidr"].startswith("169.254.169.")


@pytest.mark.parametrize(("name", "kind"), [("required", "ClusterIP"), ("kitchen sink", "LoadBalancer")])
def test_the_proxy_alone_is_reached_from_outside(name: str, kind: str) -> None:
    """NET-03: hub, desk and the proxy's API have addresses inside the cluster only."""
    types = {each["metadata"]["name"]: each["spec"]["type"] for each in of_kind(variant(name), "Service")}
    within = {"hub", "desk", *(f"{door}-api" for door in doors_of(name))}
    assert types == dict.fromkeys(within, "ClusterIP") | dict.fromkeys(doors_of(name), kind)
    assert of_kind(variant(name), "Ingress", "HTTPRoute", "Gateway") == []


@pytest.mark.parametrize(("door", "ranges"), [("proxy", ["130.211.0.0/22"]), ("proxy-institute", ["10.1.0.0/24"])])
def test_a_load_balancer_says_whom_it_lets_in(door: str, ranges: list[str]) -> None:
    """NET-03: else every address of the world would be let in by the balancer, and the policy see the nodes'."""
    spec = named(variant("kitchen sink"), "Service", door)["spec"]
    assert spec["loadBalancerSourceRanges"] == ranges
    assert spec["externalTrafficPolicy"] == "Local"


def test_both_doors_answer_by_the_same_names_where_each_part_has_its_own(tmp_path: Path) -> None:
    """S78, SES-07: inside, DNS leads them to the institute's proxy; both hold workspaces by their hosts."""
    file = tmp_path / "sluis.toml"
    file.write_text(named(render(SAME_NAMES), "ConfigMap", "sluis-config")["data"]["sluis.toml"], encoding="utf-8")
    settings = load_settings(file)
    assert settings.origins.own
    assert settings.network is not None
    specs = pod_specs(render(SAME_NAMES))
    for door in ("proxy", "proxy-institute"):
        (container,) = specs[door]["spec"]["containers"]
        assert "--host-routing" in container["args"]
        assert {"name": "SLUIS_HUB_HOSTS", "value": "sluis.example.org"} in container["env"]


def test_each_door_says_which_one_it_is() -> None:
    """NET-03, NET-04: by its name, with the secret that it shares with the hub; the institute's knows its networks."""
    told = {}
    for door in doors_of("kitchen sink"):
        (container,) = pod_specs(variant("kitchen sink"))[door]["spec"]["containers"]
        told[door] = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    assert told == {
        "proxy": {"SLUIS_HUB_HOSTS": "sluis.example.org", "SLUIS_DOOR": "public"},
        "proxy-institute": {
            "SLUIS_HUB_HOSTS": "sluis.inside.example.org", "SLUIS_DOOR": "institute",
            "SLUIS_INSTITUTE_NETWORKS": "192.0.2.0/24 2001:db8::/32", "SLUIS_BALANCERS": "2",
        },
    }  # fmt: skip

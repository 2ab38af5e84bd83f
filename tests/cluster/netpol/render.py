"""From pods, namespaces and network policies to one nftables table. Pure.

Our reading of the specification of `networking.k8s.io/v1` NetworkPolicy, for pods that are routed (CNI `ptp`). It is no
evidence about a particular CNI. Egress is judged before routing, after service addresses were translated, so by the
real destination, the node's own addresses included; ingress is judged where packets are forwarded, so the node's own
traffic (probes) is never refused. The packets of an address of the pods' range that is not known yet are dropped:
nothing passes before its policies do. Connections that exist outlive a new policy. IPv6 is not handled.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Thing = Mapping[str, Any]
TABLE = "sluis_policies"


@dataclass(frozen=True)
class World:
    """What rules are made from: pods that have an address, labels of namespaces, policies."""

    pods: tuple[Thing, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    policies: tuple[Thing, ...]


@dataclass(frozen=True)
class Direction:
    """The fields of a policy's one half, and how nftables names the other side of a packet."""

    kind: str
    rules: str
    peers: str
    own: str
    other: str


EGRESS = Direction("Egress", "egress", "to", "saddr", "daddr")
INGRESS = Direction("Ingress", "ingress", "from", "daddr", "saddr")


def world(pods: Iterable[Thing], namespaces: Iterable[Thing], policies: Iterable[Thing]) -> World:
    """Leaves out pods that have no address of their own, or have ended."""
    addressed = [pod for pod in pods if _address(pod) and not pod["spec"].get("hostNetwork")]
    live = [pod for pod in addressed if pod["status"].get("phase") not in ("Succeeded", "Failed")]
    labels = {each["metadata"]["name"]: _labels(each) for each in namespaces}
    return World(tuple(sorted(live, key=_address)), labels, tuple(policies))


def render(now: World, pod_range: str) -> str:
    """The whole table, put in place at once by `nft -f`."""
    chains = []
    maps: dict[str, list[str]] = {}
    for number, pod in enumerate(now.pods):
        for side in (EGRESS, INGRESS):
            mine = [each for each in now.policies if applies(each, pod, side)]
            if mine:
                name = f"{side.rules}_{number}"
                chains.append(_chain(name, [*_accepted(now, pod, mine, side), "counter drop"]))
                maps.setdefault(side.rules, []).append(f"{_address(pod)} : jump {name}")
    hooks = [_hook(now, side, maps.get(side.rules, []), pod_range) for side in (EGRESS, INGRESS)]
    return (
        f"table inet {TABLE} {{}}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n{''.join([*chains, *hooks])}}}\n"
    )


def _chain(name: str, lines: Iterable[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _hook(now: World, side: Direction, jumps: list[str], pod_range: str) -> str:
    hook = "prerouting" if side is EGRESS else "forward"
    known = ", ".join(map(_address, now.pods))
    but_known = f" ip {side.own} != {{ {known} }}" if known else ""
    lines = [f"type filter hook {hook} priority 10; policy accept;", "ct state established,related accept"]
    lines.append(f"ip {side.own} {pod_range}{but_known} counter drop")
    lines += [f"ip {side.own} vmap {{ {', '.join(jumps)} }}"] if jumps else []
    return _chain(f"judge_{side.rules}", lines)


def applies(policy: Thing, pod: Thing, side: Direction) -> bool:
    """Whether a policy isolates this pod in this direction."""
    spec = policy["spec"]
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    same = policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and side.kind in kinds and selects(spec.get("podSelector") or {}, _labels(pod))


def selects(selector: Thing, labels: Mapping[str, str]) -> bool:
    """A LabelSelector; an empty one selects everything."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions") or [])


def _meets(requirement: Thing, labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or []
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[requirement["operator"]]


def _accepted(now: World, pod: Thing, policies: list[Thing], side: Direction) -> Iterator[str]:
    """What any of the policies lets through."""
    for policy in policies:
        for rule in policy["spec"].get(side.rules) or []:
            for match, destination in _peers(now, pod, rule.get(side.peers) or [], side):
                for port in rule.get("ports") or [None]:
                    matched = "" if port is None else _port(port, destination)
                    if matched is not None:
                        yield " ".join(filter(None, (match, matched, "accept")))


def _peers(now: World, pod: Thing, peers: list[Thing], side: Direction) -> Iterator[tuple[str, Thing | None]]:
    """How the other side is matched, with the pod whose named ports count; no peers at all means everybody."""
    if not peers:
        yield "", pod if side is INGRESS else None
    for peer in peers:
        if "ipBlock" in peer:
            excepted = ", ".join(peer["ipBlock"].get("except") or [])
            but = f" ip {side.other} != {{ {excepted} }}" if excepted else ""
            yield f"ip {side.other} {peer['ipBlock']['cidr']}{but}", pod if side is INGRESS else None
        else:
            for other in _selected(now, peer, pod["metadata"]["namespace"]):
                yield f"ip {side.other} {_address(other)}", pod if side is INGRESS else other


def _selected(now: World, peer: Thing, namespace: str) -> Iterator[Thing]:
    """The pods that a peer selects: in the policy's namespace, or in those that its namespaceSelector selects."""
    for pod in now.pods:
        where = pod["metadata"]["namespace"]
        spaces = peer.get("namespaceSelector")
        within = where == namespace if spaces is None else selects(spaces, now.namespaces.get(where, {}))
        if within and selects(peer.get("podSelector") or {}, _labels(pod)):
            yield pod


def _port(port: Thing, destination: Thing | None) -> str | None:
    """The match of a port; `None` where a named port is not the destination's."""
    protocol, number = str(port.get("protocol") or "TCP").lower(), port.get("port")
    if number is None:
        return f"meta l4proto {protocol}"
    if isinstance(number, str):
        found = [each for each in _named(destination) if each.get("name") == number]
        same = [each for each in found if str(each.get("protocol") or "TCP").lower() == protocol]
        return f"{protocol} dport {same[0]['containerPort']}" if same else None
    return f"{protocol} dport {number}" + (f"-{port['endPort']}" if port.get("endPort") else "")


def _named(pod: Thing | None) -> list[Thing]:
    containers = [] if pod is None else pod["spec"].get("containers", [])
    return [port for container in containers for port in container.get("ports") or []]


def _address(pod: Thing) -> str:
    return str(pod["status"].get("podIP") or "")


def _labels(thing: Thing) -> Mapping[str, str]:
    return thing["metadata"].get("labels") or {}

"""What a request's workspaces stand on in a cluster: the wanted objects of its namespace, as pure values.

Who and which data is `access_policy`'s answer; this module only writes it down as objects. A request for which somebody
may have a workspace now has an open place; the place of any other stays behind closed: homes are kept, nothing reaches
it, and no pod may be in it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from access_policy.entitlements import Entitlement, entitlements, in_either_zone
from access_policy.entitlements import Place as Granted
from access_policy.model.enums import Zone
from access_policy.model.instants import format_instant
from access_policy.overview import open_emergencies
from access_policy.state import Request, State
from spawner import cluster_names as names
from spawner.buckets import bucket_of
from spawner.storage import DatasetProblem
from spawner.workspace import number

Object = dict[str, Any]

CLOSED = "sluis.dev/closed"
RULE = "sluis.dev/rule"
GROUP = "sluis.dev/v1"
_NETWORK = "networking.k8s.io/v1"
_RIGHTS = "rbac.authorization.k8s.io"
_PART = "app.kubernetes.io/component"
_HUB_PORT = 8081
_POD: Object = {"podSelector": {"matchLabels": {names.PART: names.WORKSPACE}}}


class Metadata(StrEnum):
    """Which addresses a node's metadata server has: it depends on what carries out network policies."""

    DATAPLANE_V2 = "dataplane-v2"
    IPTABLES = "iptables"


_METADATA = {
    Metadata.DATAPLANE_V2: ("169.254.169.254/32", (80, 8080)),
    Metadata.IPTABLES: ("169.254.169.252/32", (987, 988)),
}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the objects depend on beside the facts: settings of the installation, the same for all requests.

    `parts` is the namespace of hub and proxies; an empty `storage_class` is the cluster's own default. `institute` says
    whether there is a proxy of the institute's.
    """

    parts: str = "sluis"
    prefix: str = names.PREFIX
    storage_cidrs: tuple[str, ...] = ()
    metadata: Metadata = Metadata.DATAPLANE_V2
    home_gib: int = 10
    storage_class: str = ""
    pod_security: str = "latest"
    institute: bool = False


class Given(msgspec.Struct, frozen=True):
    """What a request gives now: to whom, and which operators may look into it until when (E37)."""

    request: str
    people: tuple[Entitlement, ...]
    emergency: tuple[tuple[str, datetime], ...]


class Place(msgspec.Struct, frozen=True):
    """The objects of a request in the order in which they are made; `lets_in` are those that let workspaces in."""

    namespace: str
    ground: tuple[Object, ...]
    lets_in: tuple[Object, ...] = ()


def given(state: State, at: datetime) -> tuple[Given, ...]:
    """Return what each request gives at `at`, without those that give nothing to anybody."""
    found = (_given(state, one, at) for one in state.requests.values() if one.approved is not None)
    return tuple(one for one in found if one.people)


def _given(state: State, request: Request, at: datetime) -> Given:
    emergency = tuple((name, one.until) for name, one in open_emergencies(request, at).items())
    return Given(request.request, entitlements(state, request, at), emergency)


def open_place(site: Site, installation: str, one: Given, seq: int) -> Place:
    """Return the place of a request that gives something; `seq` is the fact up to which that was worked out."""
    space, labels = names.namespace(one.request, site.prefix), names.request_labels(installation, one.request)
    made = _Made(space, labels)
    people = [each.person for each in one.people]
    own = {each: names.person_labels(installation, one.request, each) for each in people}
    ground = (
        _namespace(site, installation, one.request, closed=False),
        _default_deny(made),
        *_allowed(site, made),
        _quota(made, len(people)),
        *[_account(_Made(space, own[each]), each) for each in people],
        *[_home(site, _Made(space, own[who.person]), who.person, home) for who in one.people for home in _homes(who)],
    )
    return Place(space, ground, (_grant(made, installation, one, seq), _binding(site, made)))


def closed_place(site: Site, installation: str, request: str) -> Place:
    """Return the place of a request that gives nothing any more: its homes stay, unmounted, and nobody comes in."""
    space = names.namespace(request, site.prefix)
    made = _Made(space, names.request_labels(installation, request))
    return Place(space, (_namespace(site, installation, request, closed=True), _default_deny(made), _quota(made, 0)))


class _Made(msgspec.Struct, frozen=True):
    """Where an object stands, and what it carries."""

    space: str
    labels: Mapping[str, str]

    def object(self, version: str, kind: str, name: str, **fields: Any) -> Object:
        """Return an object of this namespace with these labels."""
        metadata = {"name": name, "namespace": self.space, "labels": dict(self.labels)}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _namespace(site: Site, installation: str, request: str, *, closed: bool) -> Object:
    labels = names.namespace_labels(installation, request, site.pod_security) | {CLOSED: str(closed).lower()}
    metadata = {"name": names.namespace(request, site.prefix), "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _quota(made: _Made, pods: int) -> Object:
    """One pod for each person, and nothing else that takes part in a network or holds a secret."""
    hard = {"pods": str(pods), "secrets": "0", "services": "0"}
    return made.object("v1", "ResourceQuota", names.QUOTA, spec={"hard": hard})


def _account(made: _Made, person: str) -> Object:
    """DAT-02: one for each person; no token of it is mounted unasked."""
    return made.object("v1", "ServiceAccount", names.account(person), automountServiceAccountToken=False)


def _homes(one: Entitlement) -> tuple[int, ...]:
    """Return the homes that are to be there; a fresh one beside them is made once a workspace has it."""
    return tuple(dict.fromkeys(home.number for home in one.homes))


def _home(site: Site, made: _Made, person: str, home: int) -> Object:
    spec: Object = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{site.home_gib}Gi"}},
    }
    if site.storage_class:
        spec["storageClassName"] = site.storage_class
    return made.object("v1", "PersistentVolumeClaim", names.home(person, home), spec=spec)


def _binding(site: Site, made: _Made) -> Object:
    """What lets the hub make pods here, and nowhere else."""
    role = {"apiGroup": _RIGHTS, "kind": "ClusterRole", "name": names.HUB_ROLE}
    subjects = [{"kind": "ServiceAccount", "name": "hub", "namespace": site.parts}]
    return made.object(f"{_RIGHTS}/v1", "RoleBinding", names.HUB_BINDING, roleRef=role, subjects=subjects)


def _grant(made: _Made, installation: str, one: Given, seq: int) -> Object:
    spec = {
        "installation": installation,
        "request": number(one.request, "DR"),
        "seq": seq,
        "persons": [_person(each) for each in one.people],
        "emergency": [{"user": user, "until": format_instant(until)} for user, until in one.emergency],
    }
    return made.object(GROUP, "AccessGrant", names.GRANT, spec=spec)


def _person(one: Entitlement) -> Object:
    mounts = [mount for place in one.places if (mount := _mount(place)) is not None]
    until = "" if one.until is None else format_instant(one.until)
    homes = [{"number": home.number, "zone": str(home.zone)} for home in (*one.homes, *in_either_zone(one.fresh))]
    return {"person": number(one.person, "P"), "until": until, "mounts": mounts, "homes": homes}


def _mount(place: Granted) -> Object | None:
    """A dataset that lies in no bucket is mounted in no pod: nothing is granted, and the hub says so at a start."""
    try:
        found = bucket_of(place.location)
    except DatasetProblem:
        return None
    return {"bucket": found.bucket, "prefix": found.prefix, "dataset": place.dataset, "zone": str(place.zone)}


def _default_deny(made: _Made) -> Object:
    """NET-01: both ways, for every pod of the namespace."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return made.object(_NETWORK, "NetworkPolicy", names.DEFAULT_DENY, spec=spec)


def _allowed(site: Site, made: _Made) -> tuple[Object, ...]:
    """Exactly these ways: no DNS, none between workspaces, none to the proxy."""
    metadata, ports = _METADATA[site.metadata]
    rules = [
        *_ways_in(site, made),
        # workspace --> hub
        _rule(made, "workspace --> hub", {"egress": [{"to": [_part(site, "hub")], "ports": _tcp(_HUB_PORT)}]}),
        # workspace --> metadata server
        _rule(made, "workspace --> metadata server", {"egress": [{"to": _addresses(metadata), "ports": _tcp(*ports)}]}),
    ]
    if site.storage_cidrs:
        # workspace --> storage
        to = [{"to": _addresses(*site.storage_cidrs), "ports": _tcp(443)}]
        rules.append(_rule(made, "workspace --> storage", {"egress": to}))
    return tuple(rules)


def _ways_in(site: Site, made: _Made) -> tuple[Object, ...]:
    """NET-04, NET-08: a workspace of the institute is reached by the institute's proxy, and by the hub that looks."""
    hub, public, inside = (_part(site, one) for one in ("hub", "proxy", "proxy-institute"))
    parts = [public, inside, hub] if site.institute else [public, hub]
    # proxy, hub --> workspace
    open_ones = _rule(made, "proxy, hub --> workspace", {"ingress": [{"from": parts, "ports": _tcp(names.PORT)}]})
    open_ones["spec"] |= _reached_from(Zone.ANYWHERE)
    if not site.institute:
        return (open_ones,)
    # proxy-institute, hub --> workspace
    ways: Object = {"ingress": [{"from": [inside, hub], "ports": _tcp(names.PORT)}]}
    restricted = _rule(made, "proxy-institute, hub --> workspace", ways)
    restricted["spec"] |= _reached_from(Zone.INSTITUTE)
    return open_ones, restricted


def _reached_from(zone: Zone) -> Object:
    return {"podSelector": {"matchLabels": {names.PART: names.WORKSPACE, names.ZONE: str(zone)}}}


def _rule(made: _Made, title: str, ways: Object) -> Object:
    name = "-".join([names.ALLOW, *title.replace(",", "").replace("-->", "to").split()])
    spec = {**_POD, "policyTypes": [way.capitalize() for way in ways], **ways}
    rule = made.object(_NETWORK, "NetworkPolicy", name, spec=spec)
    rule["metadata"]["annotations"] = {RULE: title}
    return rule


def _part(site: Site, part: str) -> Object:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.parts}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "sluis", _PART: part}},
    }


def _tcp(*ports: int) -> list[Object]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _addresses(*cidrs: str) -> list[Object]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]

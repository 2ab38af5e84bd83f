"""Each NetworkPolicy of an installed Sluis between real pods: what it lets through, and what it blocks.

The policies are enforced by this folder's `netpol`. This shows that they have the effect that we read in the
specification of NetworkPolicy; it is no evidence about a particular CNI.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from spawner import cluster_names as names
from tests.chart.test_network import INSTITUTE, WAYS
from tests.cluster import processes
from tests.cluster.api import Api, Thing
from tests.cluster.handle import Cluster, restricted_pod
from tests.cluster.installed import DATABASES, PARTS, Installed
from tests.cluster.setting import API_PORT, BROWSER_ADDRESS, INSTITUTE_ADDRESS, NODE_ADDRESS
from tests.cluster.visits import start
from tests.cluster.ways import OPEN, SERVE, SILENT, Matrix, Place, Target, outside, place_of, shown, tried
from tests.integration.whole import RunningSluis, Visitor

PASSER_BY = "10.211.0.9"
STRANGERS, DNS = "strangers", "kube-system"
_OPEN_ONES, _RESTRICTED = "open workspaces", "the institute's workspaces"
_EACH = {"workspaces": (_OPEN_ONES, _RESTRICTED)}
OWN = {
    (begin, end, port)
    for one, other, port in {*WAYS, *INSTITUTE, ("workspaces", "storage", 443)}
    for begin in _EACH.get(one, (one,))
    for end in _EACH.get(other, (other,))
}
"""The golden table of the chart, and the one way that only the warden's policies open: to the storage."""

PARTS_OWN = {"hub", "proxy", "proxy-institute", "desk", "warden", "prepare", "unknown"}
WORKSPACES = {_OPEN_ONES, _RESTRICTED}
OURS = {*PARTS_OWN, *WORKSPACES}
LISTENS = {
    "hub": [8081], "proxy": [8000, 8001], "desk": [8082, 8083], "warden": [8084],
    "proxy-institute": [8000, 8001], "workspace": [8888], "neighbour": [8888], "of another request": [8888],
    "restricted": [8888], "database": [5432],
}  # fmt: skip
_PORT = 8080
_KUBELET = 10250
_PROVIDER = 9000
_WORKSPACES = (
    ("workspace", _OPEN_ONES), ("neighbour", _OPEN_ONES), ("of another request", _OPEN_ONES),
    ("restricted", _RESTRICTED),
)  # fmt: skip
_REQUESTS = ("DR-11", "DR-11", "DR-2", "DR-3")


@dataclass
class Ground:
    """All places and targets, and what may be done to the policies between them."""

    cluster: Cluster
    installed: Installed
    places: list[Place]
    targets: list[Target]

    def wanted(self, is_open: Callable[[Place, Target], bool]) -> Matrix:
        """Which ways a rule lets through."""
        return {
            (place.name, str(target)): OPEN if is_open(place, target) else SILENT
            for place in self.places
            for target in self.targets
            if place.name != target.place
        }

    def await_ways(self, is_open: Callable[[Place, Target], bool]) -> str:
        """Try until all ways are as a rule says; what is not so in the end, empty for nothing."""
        wanted, said = self.wanted(is_open), "not tried"
        for _ in range(6):
            said = shown(tried(self.places, self.targets), wanted)
            if not said:
                break
        return said


def by_the_table(place: Place, target: Target) -> bool:
    """NET-08, NET-10: the golden table, and nothing else that begins or ends at a pod of ours."""
    return (place.part, target.part, target.said) in OWN or not {place.part, target.part} & OURS


def _stranger(cluster: Cluster, namespace: str, name: str, labels: dict[str, str], port: int = _PORT) -> None:
    """A pod of the tests that answers at a port."""
    command = ("/opt/sluis/bin/python", "-I", "-c", SERVE, str(port))
    pod = restricted_pod(name, cluster.image("sluis"), *command, labels=labels)
    pod["spec"]["securityContext"]["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    cluster.run(namespace, pod)


@contextmanager
def _strangers(cluster: Cluster) -> Iterator[None]:
    """Pods of the tests: in another namespace, among the parts, as DNS, and with the labels of `prepare`."""
    prepare = cluster.admin.read(f"/apis/networking.k8s.io/v1/namespaces/{PARTS}/networkpolicies/prepare")
    pods: list[tuple[str, str, dict[str, str], int]] = [
        (STRANGERS, "stranger", {"app": "stranger"}, _PORT),
        (PARTS, "unknown", {"app": "unknown"}, _PORT),
        (PARTS, "preparing", prepare["spec"]["podSelector"]["matchLabels"], _PORT),
        (DNS, "names", {"k8s-app": "kube-dns"}, 53),
    ]
    cluster.new_namespace(STRANGERS)
    try:
        for each in pods:
            _stranger(cluster, *each)
        yield
    finally:
        for namespace, name, *_ in pods:
            cluster.admin.delete(f"/api/v1/namespaces/{namespace}/pods/{name}", gracePeriodSeconds=1)
        cluster.admin.delete(f"/api/v1/namespaces/{STRANGERS}")


@contextmanager
def _storage() -> Iterator[None]:
    """Something that answers where the settings say that the storage is: the node's address, port 443."""
    with socket.create_server((NODE_ADDRESS, 443)) as server:
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield


def _answer(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def _accepted(installed: Installed, login: str, document: str) -> Visitor:
    """A person of the team's request, who accepts what was still missing, and logs in."""
    visitor = Visitor(cast(RunningSluis, installed), login)
    installed.do("accept-document", visitor.person, person=visitor.person, document=document, version="1")
    visitor.log_in()
    return visitor


@pytest.fixture(scope="module")
def ground(cluster: Cluster, installed: Installed, lotte: Visitor) -> Iterator[Ground]:
    """Four workspaces, of two persons for one request, and two of others, one of them the institute's, and whatever
    they could reach."""
    sofie = Visitor(cast(RunningSluis, installed), "sofie", installed.institute_url)
    sofie.log_in()
    people = (
        _accepted(installed, "bas", "code-of-conduct"), _accepted(installed, "iris", "no-reidentification"), lotte,
        sofie,
    )  # fmt: skip
    visitors = list(zip(people, _REQUESTS, strict=True))
    with ExitStack() as stack:
        around = _around(stack, cluster)
        try:
            for visitor, request in visitors:
                start(visitor, request, profile="tiny")
            found = _ground(cluster, installed, [visitor.person for visitor, _ in visitors])
            yield replace(found, places=[*found.places, *around])
        finally:
            for visitor, request in visitors:
                installed.do("stop-workspace", visitor.person, person=visitor.person, request=request)
            processes.until("no workspace is on record", lambda: installed.workspaces() == [], 60)
            for visitor in (*people[:2], sofie):
                visitor.close()


def _around(stack: ExitStack, cluster: Cluster) -> list[Place]:
    """Serve what lies around: a storage, strangers, and the places outside, which are returned."""
    stack.enter_context(_storage())
    stack.enter_context(_strangers(cluster))
    hosts = (("browser", "browsers", BROWSER_ADDRESS), ("inside", "browsers inside", INSTITUTE_ADDRESS),
             ("passer-by", "passer-by", PASSER_BY))  # fmt: skip
    return [stack.enter_context(outside(cluster, *one)) for one in hosts]


def _ground(cluster: Cluster, installed: Installed, people: list[str]) -> Ground:
    found = [
        place_of(cluster, PARTS, installed.pod_of(part), part, part)
        for part in ("hub", "proxy", "proxy-institute", "desk", "warden")
    ]
    for (name, part), person, request in zip(_WORKSPACES, people, _REQUESTS, strict=True):
        found.append(place_of(cluster, names.namespace(request), names.pod(person), name, part))
    for namespace, pod, name, part in (
        (PARTS, "preparing", "prepare", "prepare"), (PARTS, "unknown", "unknown", "unknown"),
        (STRANGERS, "stranger", "stranger", "stranger"), (DNS, "names", "DNS", "DNS"),
        (DATABASES, "postgres", "database", "database"),
    ):  # fmt: skip
        found.append(place_of(cluster, namespace, pod, name, part))
    places = [place for place, _ in found if place.name not in ("DNS", "database")]
    targets = [target for _, each in found for target in each]
    (dns,) = [each for each in targets if each.part == "DNS"]
    targets.append(Target("DNS", "DNS", 53, dns.address, 53, "udp"))
    for part, said, port in (
        ("API of the cluster", 443, API_PORT), ("login provider", 443, _PROVIDER), ("storage", 443, 443),
        ("node", _KUBELET, _KUBELET),
    ):  # fmt: skip
        targets.append(Target(part, part, said, NODE_ADDRESS, port))
    return Ground(cluster, installed, places, targets)


def test_each_part_listens_where_the_table_says(ground: Ground) -> None:
    """NET-10: a port that nobody knows of would be tried by no row of the table."""
    found: dict[str, list[int]] = {name: [] for name in LISTENS}
    for each in ground.targets:
        if each.place in found and each.kind == "tcp":
            found[each.place].append(each.port)
    assert found == LISTENS


def test_everything_answers_whom_no_policy_holds(ground: Ground) -> None:
    """NET-03: the node itself, whom the enforcer never stops, reaches every target; so silence is a policy's."""
    matrix = tried([Place("the node itself", "")], ground.targets)
    assert {end: said for (_, end), said in matrix.items() if said != OPEN} == {}


def test_the_ways_of_the_table_are_open_and_every_other_is_closed(ground: Ground) -> None:
    """NET-01, NET-03, NET-08, NET-10: from each pod, and from outside, to each port of each other, node and DNS."""
    said = ground.await_ways(by_the_table)
    assert said == "", said


def test_without_the_charts_policies_the_same_ways_are_open(ground: Ground) -> None:
    """DEP-08: it is the chart's policies that close them; without them only a workspace's own place is closed."""
    with _taken_away(ground.cluster.admin, PARTS):
        said = ground.await_ways(_places_alone)
        assert said == "", said
    said = ground.await_ways(by_the_table)
    assert said == "", said


def _places_alone(place: Place, target: Target) -> bool:
    return not WORKSPACES & {place.part, target.part} or by_the_table(place, target)


def _policies(api: Api, namespace: str) -> tuple[str, list[Thing]]:
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
    return path, list(api.read(path)["items"])


@contextmanager
def _taken_away(api: Api, namespace: str) -> Iterator[None]:
    """All policies of a namespace are gone; afterwards they are back."""
    path, found = _policies(api, namespace)
    try:
        for each in found:
            assert api.delete(f"{path}/{each['metadata']['name']}").is_success
        yield
    finally:
        for each in found:
            kept = {key: each["metadata"][key] for key in ("name", "labels", "annotations") if key in each["metadata"]}
            api.apply({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": kept,
                       "spec": each["spec"]}, namespace)  # fmt: skip


def test_a_places_policies_open_what_its_default_deny_closes(ground: Ground) -> None:
    """NET-01, NET-08: default deny alone closes a place, without it what no part closes is open; the warden mends."""
    cluster, spaces = ground.cluster, [names.namespace(request) for request in sorted(set(_REQUESTS))]
    warden = cluster.as_account(PARTS, "warden")
    with ExitStack() as stack:
        for pod in ground.installed.pods_of("warden"):
            stack.enter_context(_stopped(cluster, pod))
        _delete(warden, spaces, lambda name: name != names.DEFAULT_DENY)
        said = ground.await_ways(_parts_alone)
        assert said == "", said
        _delete(warden, spaces, lambda _: True)
        said = ground.await_ways(_without_places)
        assert said == "", said
    processes.until("the warden mends", lambda: all(len(_policies(warden, each)[1]) == 6 for each in spaces), 60)
    said = ground.await_ways(by_the_table)
    assert said == "", said


def _parts_alone(place: Place, target: Target) -> bool:
    return not WORKSPACES & {place.part, target.part} and by_the_table(place, target)


def _without_places(place: Place, target: Target) -> bool:
    """Open: what the table says, and whatever neither begins nor ends at a pod among the parts."""
    return by_the_table(place, target) or not {place.part, target.part} & PARTS_OWN


def _delete(api: Api, spaces: list[str], chosen: Callable[[str], bool]) -> None:
    for space in spaces:
        path, found = _policies(api, space)
        for name in [each["metadata"]["name"] for each in found if chosen(each["metadata"]["name"])]:
            answer: Any = api.delete(f"{path}/{name}")
            assert answer.is_success, answer.text


@contextmanager
def _stopped(cluster: Cluster, pod: str) -> Iterator[None]:
    """A part's processes stand still; afterwards they go on."""
    cluster.kill_in(PARTS, pod, "in_cluster", signal.SIGSTOP)
    try:
        yield
    finally:
        cluster.kill_in(PARTS, pod, "in_cluster", signal.SIGCONT)

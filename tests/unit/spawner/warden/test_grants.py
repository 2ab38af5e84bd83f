"""The objects of a request's place, compared whole; who and which data stand in them is the decision's answer."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from access_policy.commands.base import Refusal
from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import decide, supposed_session
from access_policy.entitlements import entitlements
from access_policy.handle import handle
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import DatasetName, RequestId
from access_policy.rules import Query
from spawner.warden.api import KINDS
from spawner.warden.compare import differs, written_over
from spawner.warden.grants import Metadata, Object, Place, Site, closed_place, given, open_place
from spawner.workspace import number
from tests.unit.access_policy.journeys import JOURNEYS
from tests.unit.access_policy.world import ADMIN, HUB, MINUTE, OPEN, RESEARCHER, STEWARD, World, everything_holds
from tests.unit.spawner.warden.cluster_room import HERE, SITE, good_world, in_buckets

LABELS = {"sluis.dev/installation": "an-installation", "sluis.dev/request": "1"}
PERSONS = {**LABELS, "sluis.dev/person": "3"}
POD = {"podSelector": {"matchLabels": {"sluis.dev/part": "workspace"}}}
OPEN_POD = {"podSelector": {"matchLabels": {"sluis.dev/part": "workspace", "sluis.dev/zone": "anywhere"}}}


def _part(name: str) -> Object:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "sluis"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "sluis", "app.kubernetes.io/component": name}},
    }


def _made(version: str, kind: str, name: str, labels: dict[str, str], **fields: object) -> Object:
    metadata = {"name": name, "namespace": "sluis-dr-1", "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _rule(title: str, name: str, way: str, peers: list[Object], *ports: int) -> Object:
    rules = [{"from" if way == "ingress" else "to": peers, "ports": [{"port": p, "protocol": "TCP"} for p in ports]}]
    spec = {**POD, "policyTypes": [way.capitalize()], way: rules}
    rule = _made("networking.k8s.io/v1", "NetworkPolicy", name, LABELS, spec=spec)
    rule["metadata"]["annotations"] = {"sluis.dev/rule": title}
    return rule


def _bucket(dataset: str) -> dict[str, str]:
    return {"bucket": f"centre-{dataset}", "prefix": "files", "dataset": dataset, "zone": "anywhere"}


def _way_in(title: str, pods: Object, *peers: Object) -> Object:
    name = "allow-" + title.replace(", ", "-").replace(" --> ", "-to-")
    rule = _rule(title, name, "ingress", [*peers], 8888)
    rule["spec"] |= pods
    return rule


DENY = _made(
    "networking.k8s.io/v1", "NetworkPolicy", "default-deny", LABELS,
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
)  # fmt: skip


def _namespace(closed: str) -> Object:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    enforced |= {"pod-security.kubernetes.io/enforce-version": "latest", "sluis.dev/closed": closed}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sluis-dr-1", "labels": LABELS | enforced}}


def _quota(pods: str) -> Object:
    hard = {"pods": pods, "secrets": "0", "services": "0"}
    return _made("v1", "ResourceQuota", "quota", LABELS, spec={"hard": hard})


GOOD = Place(
    "sluis-dr-1",
    (
        _namespace("false"),
        DENY,
        _way_in("proxy, hub --> workspace", OPEN_POD, _part("proxy"), _part("hub")),
        _rule("workspace --> hub", "allow-workspace-to-hub", "egress", [_part("hub")], 8081),
        _rule(
            "workspace --> metadata server", "allow-workspace-to-metadata-server", "egress",
            [{"ipBlock": {"cidr": "169.254.169.254/32"}}], 80, 8080,
        ),
        _rule(
            "workspace --> storage", "allow-workspace-to-storage", "egress",
            [{"ipBlock": {"cidr": "199.36.153.8/30"}}], 443,
        ),
        _quota("1"),
        _made("v1", "ServiceAccount", "p-3", PERSONS, automountServiceAccountToken=False),
        _made(
            "v1", "PersistentVolumeClaim", "home-p-3", PERSONS,
            spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
        ),
    ),
    (
        _made(
            "sluis.dev/v1", "AccessGrant", "grant", LABELS,
            spec={
                "installation": "an-installation",
                "request": 1,
                "seq": 77,
                "persons": [
                    {
                        "person": 3,
                        "until": "2027-09-18T12:59:00Z",
                        "mounts": [
                            _bucket("expressions"),
                            _bucket("tumours"),
                        ],
                        "homes": [
                            {"number": number, "zone": zone} for number in (1, 2) for zone in ("anywhere", "institute")
                        ],
                    }
                ],
                "emergency": [],
            },
        ),
        _made(
            "rbac.authorization.k8s.io/v1", "RoleBinding", "hub", LABELS,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sluis-workspaces"},
            subjects=[{"kind": "ServiceAccount", "name": "hub", "namespace": "sluis"}],
        ),
    ),
)  # fmt: skip


def _place(world: World, site: Site = SITE, request: RequestId = OPEN) -> Place:
    (one,) = [one for one in given(world.state, world.at) if one.request == request]
    return open_place(site, HERE, one, 77)


def test_the_place_of_the_good_request_is_this() -> None:
    """NET-01, DAT-02, SPW-07: every object of it, whole, in the order in which they are made."""
    made = _place(good_world())
    assert [_title(one) for one in (*made.ground, *made.lets_in)] == [
        _title(one) for one in (*GOOD.ground, *GOOD.lets_in)
    ]
    assert made == GOOD


def _title(one: Object) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def test_a_closed_place_is_this() -> None:
    """S46: nothing gets in or out, no pod may be there; homes are not touched."""
    assert closed_place(SITE, HERE, OPEN) == Place("sluis-dr-1", (_namespace("true"), DENY, _quota("0")))


def test_what_a_site_changes() -> None:
    """NET-10: other addresses of the metadata server, another namespace of the parts, a storage class, no storage."""
    site = Site(parts="other", prefix="x-", metadata=Metadata.IPTABLES, home_gib=3, storage_class="fast")
    made = {_title(one): one for one in _place(good_world(), site).ground}
    rule = made["NetworkPolicy allow-workspace-to-metadata-server"]["spec"]["egress"][0]
    assert rule["to"] == [{"ipBlock": {"cidr": "169.254.169.252/32"}}]
    assert [port["port"] for port in rule["ports"]] == [987, 988]
    assert "NetworkPolicy allow-workspace-to-storage" not in made
    home = made["PersistentVolumeClaim home-p-3"]
    assert (home["spec"]["storageClassName"], home["metadata"]["namespace"]) == ("fast", "x-dr-1")
    assert home["spec"]["resources"]["requests"]["storage"] == "3Gi"
    assert _place(good_world(), site).lets_in[1]["subjects"][0]["namespace"] == "other"


def test_no_rule_reaches_further() -> None:
    """NET-01: no DNS, none between workspaces, no way to the proxy, none to everywhere."""
    rules = [one["spec"] for one in _place(good_world()).ground if one["kind"] == "NetworkPolicy"]
    ways = [way for one in rules for way in (*one.get("ingress", ()), *one.get("egress", ()))]
    assert all(way["ports"] and way.get("from", way.get("to")) for way in ways)
    assert not [port for way in ways for port in way["ports"] if port["port"] in (53, 8000, 8001)]
    out = [peer for one in rules for way in one.get("egress", ()) for peer in way["to"]]
    parts = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in out if "podSelector" in peer]
    assert parts == ["hub"]


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__.strip("_"))
def test_a_place_gives_exactly_what_opens(journey: object) -> None:
    """DAT-02, POL-01: after whatever happened, each person with what `decide` opens to them from inside, and nobody."""
    world = everything_holds()
    assert callable(journey)
    journey(world)
    world = in_buckets(world)
    places = {one.request: open_place(SITE, HERE, one, 1) for one in given(world.state, world.at)}
    for request in world.state.requests.values():
        found = {one: _opens(world, request.request, one) for one in request.contacts}
        wanted = {number(one, "P"): data for one, data in found.items() if data}
        place = places.get(request.request)
        persons = place.lets_in[0]["spec"]["persons"] if place is not None else []
        assert {one["person"]: {mount["dataset"] for mount in one["mounts"]} for one in persons} == wanted
        accounts = [one["metadata"]["name"] for one in place.ground if one["kind"] == "ServiceAccount"] if place else []
        assert accounts == [f"p-{one['person']}" for one in persons]


def _opens(world: World, request: RequestId, person: str) -> set[DatasetName]:
    who = world.state.people[person].person  # type: ignore[index]
    session = supposed_session(world.state, who, world.at, Zone.INSTITUTE)
    found = decide(world.state, Query(who, request, Action.OPEN_WORKSPACE, world.at, session))
    return {one.name for one in found.datasets}


@for_all(st.timedeltas(timedelta(0), timedelta(days=1500)))
def test_nothing_is_given_beyond_its_time(later: timedelta) -> None:
    """S75, REQ-08: `until` is when the first condition lapses, half-open; from then on there is no place."""
    world = good_world().wait(later)
    for one in given(world.state, world.at):
        for each in one.people:
            assert each.until is not None
            assert each.until > world.at
            assert entitlements(world.state, world.state.requests[RequestId(one.request)], each.until) == ()


def test_the_institutes_workspaces_are_reached_by_its_own_proxy() -> None:
    """NET-04, NET-08: and by the hub that looks whether they are up; by no other pod, whatever its network."""
    made = _place(good_world(), msgspec.structs.replace(SITE, institute=True))
    inside = {"podSelector": {"matchLabels": {"sluis.dev/part": "workspace", "sluis.dev/zone": "institute"}}}
    ways = [one for one in made.ground if "ingress" in one.get("spec", {})]
    assert ways == [
        _way_in("proxy, hub --> workspace", OPEN_POD, _part("proxy"), _part("proxy-institute"), _part("hub")),
        _way_in("proxy-institute, hub --> workspace", inside, _part("proxy-institute"), _part("hub")),
    ]


def test_what_runs_changes_no_place() -> None:
    """DAT-04: a start with a home that is there, or its end, writes nothing: the next start finds all it may have."""
    world = good_world()
    world.start(OPEN)
    before = _place(world)
    world.end(OPEN)
    assert _place(world) == before
    world.start(OPEN)
    assert _place(world) == before


def _homes(world: World) -> list[tuple[int, str]]:
    (person,) = _place(world).lets_in[0]["spec"]["persons"]
    return [(one["number"], one["zone"]) for one in person["homes"]]


def _claims(world: World) -> list[str]:
    return [one["metadata"]["name"] for one in _place(world).ground if one["kind"] == "PersistentVolumeClaim"]


def test_a_home_is_granted_to_workspaces_of_its_network() -> None:
    """S78, DAT-13: one that is not there yet to either; its claim is made before, or once a workspace has it."""
    world, either = good_world(), ("anywhere", "institute")
    assert (_homes(world), _claims(world)) == ([(n, zone) for n in (1, 2) for zone in either], ["home-p-3"])
    world.start(OPEN)
    assert (_homes(world), _claims(world)) == ([(1, "anywhere"), *[(2, zone) for zone in either]], ["home-p-3"])
    world.end(OPEN)
    command = StartWorkspace(
        person=RESEARCHER, request=OPEN, profile="inside", max_run_seconds=60,
        session=world.login(zone=Zone.INSTITUTE), profile_zone=Zone.INSTITUTE,
    )  # fmt: skip
    started = handle(world.state, command, HUB, world.at)
    assert not isinstance(started, Refusal)
    world.append([(HUB, event) for event in started])
    there = [(1, "anywhere"), (2, "institute")]
    assert _homes(world) == [*there, *[(3, zone) for zone in either]]
    assert _claims(world) == ["home-p-3", "home-p-3-2"]


def test_a_home_that_no_start_would_open_is_granted_to_nobody() -> None:
    """S46, DAT-13: from the fact on with which its dataset leaves, before anybody set it aside; nothing is deleted."""
    world = good_world()
    world.start(OPEN)
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    assert (1, "anywhere") in _homes(world)
    world.end(OPEN)
    assert _homes(world) == [(n, zone) for n in (2, 3) for zone in ("anywhere", "institute")]
    assert _claims(world) == ["home-p-3-2"]


def test_an_extract_lies_where_it_lies() -> None:
    """S3: where an extract was made for a request, its place is mounted and not the dataset's."""
    world = everything_holds()
    world.do(
        "prepare-extract", "P-9", request=OPEN, dataset="tumours", location="gs://extracts/dr-1", manifest="1" * 64,  # type: ignore[arg-type]
        patients=3, attested=True,
    )  # fmt: skip
    mounts = _place(in_buckets(world)).lets_in[0]["spec"]["persons"][0]["mounts"]
    assert {"bucket": "extracts", "prefix": "dr-1", "dataset": "tumours", "zone": "anywhere"} in mounts


def test_a_folder_of_one_machine_is_granted_to_nobody() -> None:
    """DAT-05: a dataset that lies in no bucket is in no grant; the person's place is there for what else they have."""
    (person,) = _place(everything_holds()).lets_in[0]["spec"]["persons"]
    assert person["mounts"] == []


def test_an_emergency_is_in_the_grant_until_its_end() -> None:
    """E37: with the operator's name and the end; at that instant it is out."""
    world = good_world()
    world.agree("grant-emergency-access", request=OPEN, operator="ops@example.org", minutes=5, reason="a question")
    (one,) = _place(world).lets_in[0]["spec"]["emergency"]
    assert one["user"] == "ops@example.org"
    assert _place(world.wait(5 * MINUTE)).lets_in[0]["spec"]["emergency"] == []


def test_what_was_written_differs_no_more() -> None:
    """FLT-04: for every object, what is written over anything at all is as it is wanted."""
    for wanted in (*GOOD.ground, *GOOD.lets_in):
        found = {"metadata": {"name": wanted["metadata"]["name"], "labels": {"theirs": "x"}}, "spec": {"seq": 1}}
        assert not differs(written_over(found, wanted), wanted)
        assert wanted["kind"] in KINDS


def test_everybody_who_is_stopped_leaves_the_place() -> None:
    """S94: with the last person the place is none."""
    world = good_world()
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="left")
    assert given(world.state, world.at) == ()

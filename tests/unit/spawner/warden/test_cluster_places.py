"""The places that the warden makes on a cluster: made, left alone, closed, put back, and never somebody else's."""

from typing import Any

import pytest

from spawner.warden.api import Key
from spawner.warden.claims import ClaimHomes
from spawner.warden.places import AGAIN
from spawner.warden.rights import RIGHTS
from tests.unit.access_policy.test_homes import home_of
from tests.unit.access_policy.world import ADMIN, MINUTE, OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import HERE, SITE, SPACE, WHY, Room, lets_in
from tests.unit.spawner.warden.fake_api import Call, api_of, path_of


def test_places_are_made_and_then_left_alone(here: Room) -> None:
    """FLT-04: the second look, and one that compares everything again, write nothing."""
    here.look()
    assert lets_in(here)
    assert here.cluster.has("PersistentVolumeClaim", SPACE, "home-p-3")
    assert here.machine.not_ready() == []
    before, made = len(here.cluster.written()), here.cluster.told()
    here.look(3)
    here.look(after=AGAIN)
    here.again()
    here.look()
    assert len(here.cluster.written()) == before
    assert here.cluster.told() == made


def test_nothing_new_is_read_while_nothing_changes(here: Room) -> None:
    """A quiet look asks for the pods alone, whatever the number of requests."""
    here.look(2)
    here.cluster.calls.clear()
    here.look(3)
    assert [call.path for call in here.cluster.calls] == ["/api/v1/pods"] * 3


def test_a_place_that_was_closed_keeps_homes_and_nothing_else(here: Room) -> None:
    """S46: the namespace stays, closed, with default deny, no pod allowed in it, and the homes."""
    here.look()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(2)
    left = {path.split(f"/namespaces/{SPACE}/")[1] for path in here.cluster.objects if f"/{SPACE}/" in path}
    assert left == {"networkpolicies/default-deny", "persistentvolumeclaims/home-p-3", "resourcequotas/quota"}
    assert here.cluster.found("ResourceQuota", SPACE, "quota")["spec"]["hard"]["pods"] == "0"
    assert here.cluster.found("Namespace", "", SPACE)["metadata"]["labels"]["sluis.dev/closed"] == "true"


def test_a_suspended_request_is_closed_and_opens_again(here: Room) -> None:
    """E58: what is reinstated gets the same place back, with a later number in its grant."""
    here.look()
    before = here.cluster.told()
    here.do("suspend-request", ADMIN, request=OPEN, **WHY)
    here.look()
    assert not lets_in(here)
    here.do("reinstate-request", ADMIN, request=OPEN, **WHY)
    here.confirm()
    here.look()
    grant = here.cluster.found("AccessGrant", SPACE, "grant")["spec"]
    path = path_of(Key("AccessGrant", SPACE, "grant"))
    assert grant["seq"] > before[path]["spec"]["seq"]
    grant["seq"] = before[path]["spec"]["seq"]
    assert here.cluster.told() == before


FOREIGN = [
    Key("Namespace", "", SPACE),
    Key("NetworkPolicy", SPACE, "default-deny"),
    Key("NetworkPolicy", SPACE, "anything"),
    Key("ResourceQuota", SPACE, "quota"),
    Key("ServiceAccount", SPACE, "p-3"),
    Key("PersistentVolumeClaim", SPACE, "home-p-3"),
    Key("AccessGrant", SPACE, "grant"),
]


@pytest.mark.parametrize("key", FOREIGN, ids=str)
@pytest.mark.parametrize(
    "labels", [{}, {"sluis.dev/installation": "another", "sluis.dev/request": "1"}], ids=["bare", "another's"]
)
def test_what_somebody_else_made_is_never_adopted(key: Key, labels: dict[str, str], here: Room) -> None:
    """SPW-07, DAT-15: it is told and left as it is, and the place lets nobody in; others are not held up."""
    made = here.cluster.put(*key, labels=labels, spec={"theirs": True})
    before = dict(made)
    here.look(2)
    here.look(2, after=AGAIN)
    assert here.cluster.objects[path_of(key)] == before
    assert [line for line in here.machine.told if str(key) in line]
    assert not here.cluster.has("RoleBinding", SPACE, "hub")
    assert here.cluster.has("RoleBinding", "sluis-dr-2", "hub")


def test_a_stray_network_policy_closes_a_place_that_was_open(here: Room) -> None:
    """NET-01: policies add up, so one that is not ours may open what ours close; what lets in goes until it is gone."""
    here.look()
    here.cluster.put("NetworkPolicy", SPACE, "stray", spec={})
    here.look(after=AGAIN)
    assert not lets_in(here)
    here.cluster.gone("NetworkPolicy", SPACE, "stray")
    here.look(after=AGAIN)
    assert lets_in(here)


SPOILT: dict[str, Any] = {
    "a wider rule": (Key("NetworkPolicy", SPACE, "allow-workspace-to-hub"), lambda one: one["spec"].pop("podSelector")),
    "a peer more": (
        Key("NetworkPolicy", SPACE, "allow-workspace-to-hub"),
        lambda one: one["spec"]["egress"].append({}),
    ),
    "no default deny": (Key("NetworkPolicy", SPACE, "default-deny"), lambda one: one["spec"].update(policyTypes=[])),
    "another subject": (Key("RoleBinding", SPACE, "hub"), lambda one: one["subjects"].append({"kind": "Group"})),
    "another role": (Key("RoleBinding", SPACE, "hub"), lambda one: one["roleRef"].update(name="cluster-admin")),
    "another person": (Key("AccessGrant", SPACE, "grant"), lambda one: one["spec"]["persons"].append({"person": 9})),
    "an identity": (
        Key("ServiceAccount", SPACE, "p-3"),
        lambda one: one["metadata"].update(annotations={"iam.gke.io/gcp-service-account": "x"}),
    ),
    "a token": (Key("ServiceAccount", SPACE, "p-3"), lambda one: one.update(automountServiceAccountToken=True)),
    "more pods": (Key("ResourceQuota", SPACE, "quota"), lambda one: one["spec"]["hard"].update(pods="9")),
    "less security": (
        Key("Namespace", "", SPACE),
        lambda one: one["metadata"]["labels"].update({"pod-security.kubernetes.io/enforce": "privileged"}),
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_was_changed_is_put_back(name: str, here: Room) -> None:
    """DAT-15, NET-01: a widened object of ours is as it was within one period."""
    here.look()
    good = here.cluster.told()
    key, spoil = SPOILT[name]
    spoil(here.cluster.objects[path_of(key)])
    here.look(4, after=AGAIN)
    assert here.cluster.told() == good


def test_what_the_server_or_an_operator_adds_is_left_alone(here: Room) -> None:
    """FLT-04: two that write the same object in turn would never end."""
    here.look()
    here.cluster.found("Namespace", "", SPACE)["metadata"]["labels"]["kubernetes.io/metadata.name"] = SPACE
    here.cluster.found("Namespace", "", SPACE)["spec"] = {"finalizers": ["kubernetes"]}
    here.cluster.found("ResourceQuota", SPACE, "quota")["status"] = {"used": {"pods": "1"}}
    here.cluster.found("PersistentVolumeClaim", SPACE, "home-p-3")["spec"]["volumeName"] = "pv-1"
    before = len(here.cluster.written())
    here.look(2, after=AGAIN)
    assert len(here.cluster.written()) == before


def test_a_grant_of_a_later_fact_is_not_written_over(here: Room) -> None:
    """DAT-15: a warden that is behind takes no newer grant back."""
    here.look()
    grant = here.cluster.found("AccessGrant", SPACE, "grant")
    grant["spec"] |= {"seq": 10**6, "persons": []}
    here.look(after=AGAIN)
    assert here.cluster.found("AccessGrant", SPACE, "grant")["spec"]["persons"] == []
    assert any("another warden knows more" in line for line in here.machine.told)


LOCKS: dict[str, Any] = {
    "no policy": lambda here: here.cluster.gone("ValidatingAdmissionPolicy", "", "sluis-workspace-pods"),
    "no binding": lambda here: here.cluster.gone("ValidatingAdmissionPolicyBinding", "", "sluis-grants"),
    "a binding that warns": lambda here: here.cluster.found("ValidatingAdmissionPolicyBinding", "", "sluis-grants")[
        "spec"
    ].update(validationActions=["Warn"]),
    "a policy that lets pass": lambda here: here.cluster.found("ValidatingAdmissionPolicy", "", "sluis-makers")[
        "spec"
    ].update(failurePolicy="Ignore"),
    "not seen yet": lambda here: here.cluster.found("ValidatingAdmissionPolicy", "", "sluis-makers")["metadata"].update(
        generation=2
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_opens_before_the_policies_stand(name: str, here: Room) -> None:
    """DAT-15: no grant, no binding, not ready, and why; the ground is made all the same."""
    LOCKS[name](here)
    here.look()
    assert not lets_in(here)
    assert here.machine.not_ready() != []
    assert any("admission policy" in line or "admission binding" in line for line in here.machine.told)
    assert here.cluster.has("NetworkPolicy", SPACE, "default-deny")


def test_an_emergency_comes_into_the_grant_and_out_of_it_by_the_clock(here: Room) -> None:
    """E37: two admins, one operator, some minutes; nobody's data and nobody's workspace changes by it."""
    here.look()
    before = here.cluster.told()[path_of(Key("AccessGrant", SPACE, "grant"))]["spec"]
    here.do("grant-emergency-access", ADMIN, request=OPEN, operator="ops@example.org", minutes=30, **WHY)
    here.look()
    assert here.cluster.found("AccessGrant", SPACE, "grant")["spec"] == before
    here.confirm()
    until = here.clock.at + 30 * MINUTE
    here.look()
    spec = here.cluster.found("AccessGrant", SPACE, "grant")["spec"]
    assert spec["emergency"] == [{"user": "ops@example.org", "until": until.isoformat().replace("+00:00", "Z")}]
    assert {**spec, "emergency": [], "seq": 0} == {**before, "seq": 0}
    here.look(after=30 * 60.0)
    assert here.cluster.found("AccessGrant", SPACE, "grant")["spec"]["emergency"] == []


_VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete"}


def test_every_call_is_within_the_rights(here: Room) -> None:
    """DEP-04: what the warden asks for in all its doings is in its table of rights, and the table holds no more."""
    here.look()
    here.start()
    here.look()
    here.do("suspend-request", ADMIN, request=OPEN, **WHY)
    here.cluster.found("RoleBinding", "sluis-dr-2", "hub")["subjects"] = []
    here.cluster.found("NetworkPolicy", "sluis-dr-2", "default-deny")["spec"] = {}
    here.cluster.found("AccessGrant", "sluis-dr-2", "grant")["spec"]["persons"] = []
    here.cluster.found("ServiceAccount", "sluis-dr-2", "p-3")["automountServiceAccountToken"] = True
    here.look(3, after=AGAIN)
    ClaimHomes(api_of(here.url, here.seconds), SITE.prefix, HERE).delete(home_of(RESEARCHER, OPEN, 1))
    asked = {_asked(call) for call in here.cluster.calls}
    granted = {(one.group, what, verb) for one in RIGHTS for what in one.resources for verb in one.verbs}
    assert asked == granted - {("rbac.authorization.k8s.io", "clusterroles", "bind")}


def _asked(call: Call) -> tuple[str, str, str]:
    parts = call.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    verb = _VERBS.get(call.method) or ("get" if len(rest) == 2 else "list")
    return group, rest[0], verb

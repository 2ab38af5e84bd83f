"""The warden on a cluster, against an API in memory: withdrawals, faults, lost nodes, what others made, crashes."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from access_policy import events as e
from access_policy.log.errors import LogUnavailable
from access_policy.model.ids import DatasetName
from spawner.warden import api as api_module
from spawner.warden.api import Key, Trouble
from spawner.warden.places import AGAIN
from spawner.warden.rights import RIGHTS
from spawner.warden.warden import SILENCE
from tests.unit.access_policy.world import ADMIN, MINUTE, OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import HERE, KEY, POD, SPACE, Room, pod, room, write_log
from tests.unit.spawner.warden.fake_api import PAGE_BREAKS, Call, Fault, path_of, without_a_wire

WHY = {"reason": "a question"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("log"))


@pytest.fixture
def here(log: Path, tmp_path: Path) -> Iterator[Room]:
    with room(log, tmp_path) as made:
        yield made


def _lets_in(here: Room) -> bool:
    return here.cluster.has("AccessGrant", SPACE, "grant") or here.cluster.has("RoleBinding", SPACE, "hub")


def _ended(here: Room) -> list[str]:
    return [one.why for one in here.facts(e.WorkspaceEnded) if isinstance(one, e.WorkspaceEnded)]


def test_places_are_made_and_then_left_alone(here: Room) -> None:
    """FLT-04: the second look, and one that compares everything again, write nothing."""
    here.look()
    assert _lets_in(here)
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


def test_a_withdrawal_goes_in_its_order(here: Room) -> None:
    """DAT-04, S94: routes, binding and grant, the pod; its end is recorded once the pod is gone, with the reason."""
    here.look()
    here.start()
    here.look()
    here.cluster.calls.clear()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look()
    assert here.routes.closed == [KEY]
    deleted = [call.path.rsplit("/", 2)[1] for call in here.cluster.written() if call.method == "DELETE"]
    assert deleted[:3] == ["rolebindings", "accessgrants", "pods"]
    assert here.runs()
    here.look(2)
    assert here.runs(), "the pod is still there"
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert _ended(here) == ["request_ended"]


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
    assert not _lets_in(here)
    here.do("reinstate-request", ADMIN, request=OPEN, **WHY)
    here.confirm()
    here.look()
    grant = here.cluster.found("AccessGrant", SPACE, "grant")["spec"]
    path = path_of(Key("AccessGrant", SPACE, "grant"))
    assert grant["seq"] > before[path]["spec"]["seq"]
    grant["seq"] = before[path]["spec"]["seq"]
    assert here.cluster.told() == before


@pytest.mark.parametrize("start", ["1", "99999", "", "x", "-4"])
def test_a_pod_that_no_start_knows_is_deleted(start: str, here: Room) -> None:
    """FLT-07: an orphan with our labels that nobody knows of, at the first look of a new warden."""
    here.look()
    made = pod(1)
    made["labels"]["sluis.dev/start"] = start
    here.cluster.put("Pod", SPACE, POD, **made)
    here.again()
    here.look()
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]


@pytest.mark.parametrize(
    ("space", "name", "labels"),
    [
        (SPACE, "p-4", {"sluis.dev/person": "4"}),
        (SPACE, "other", {}),
        ("elsewhere", POD, {}),
        ("sluis-dr-2", POD, {"sluis.dev/request": "2"}),
        (SPACE, "other", {"sluis.dev/part": "", "sluis.dev/start": ""}),
        (SPACE, "other", {"sluis.dev/installation": "another"}),
    ],
    ids=["another person", "another name", "another place", "another request", "no workspace", "of others"],
)
def test_a_pod_of_anothers_making_is_deleted_and_ours_stays(
    space: str, name: str, labels: dict[str, str], here: Room
) -> None:
    """FLT-07, SPW-07: a pod that claims a start is not that start; one in our namespace needs no label to be ours."""
    here.look()
    start = here.start()
    made = pod(start)
    made["labels"] |= labels
    here.cluster.put("Pod", space, name, **made)
    here.look(after=61.0)
    assert "deletionTimestamp" in here.cluster.found("Pod", space, name)["metadata"]
    assert "deletionTimestamp" not in here.cluster.found("Pod", SPACE, POD)["metadata"]
    here.cluster.gone("Pod", space, name)
    here.look()
    assert here.runs()


def test_a_pod_elsewhere_that_is_no_workspace_of_ours_is_left_alone(here: Room) -> None:
    """The hub's own pods, and those of others, are nobody's workspace."""
    here.cluster.put("Pod", "sluis", "hub", labels={"sluis.dev/installation": HERE}, spec={})
    here.cluster.put("Pod", "kube-system", "dns", spec={})
    here.look(2, after=61.0)
    assert [call for call in here.cluster.written() if call.method == "DELETE"] == []


def _bucket(made: dict[str, Any], name: str) -> None:
    made["spec"]["volumes"][0]["csi"]["volumeAttributes"]["bucketName"] = name


MISFITS: dict[str, Any] = {
    "another bucket": lambda made: _bucket(made, "centre-scans"),
    "every bucket": lambda made: _bucket(made, "_"),
    "the whole bucket": lambda made: made["spec"]["volumes"][0]["csi"]["volumeAttributes"].pop("mountOptions"),
    "two prefixes": lambda made: made["spec"]["volumes"][0]["csi"]["volumeAttributes"].update(
        mountOptions="only-dir=files,only-dir=other"
    ),
    "writable": lambda made: made["spec"]["volumes"][0]["csi"].pop("readOnly"),
    "another account": lambda made: made["spec"].update(serviceAccountName="p-4"),
    "another's home": lambda made: made["spec"]["volumes"].append(
        {"name": "x", "persistentVolumeClaim": {"claimName": "home-p-4"}}
    ),
    "a folder of the node": lambda made: made["spec"]["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "another driver": lambda made: made["spec"]["volumes"].append({"name": "x", "csi": {"driver": "other"}}),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_pod_that_is_not_what_it_was_given_ends(name: str, here: Room) -> None:
    """DAT-13, DAT-14, DAT-15: whoever let it in, the warden compares what runs with what was given."""
    here.look()
    start = here.start()
    here.look()
    assert here.machine.running().keys() == {start}
    MISFITS[name](here.cluster.found("Pod", SPACE, POD))
    here.look()
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert not here.runs()


def test_a_newer_version_ends_no_pod_by_itself(here: Room) -> None:
    """S82: a pod that mounts the version of its start goes on; the grant holds the newer one."""
    here.look()
    start = here.start()
    with here.policy.reading() as state:
        state.datasets[DatasetName("tumours")].location = "gs://centre-tumours/newer"
        assert list(here.machine.running()) == [start]
        assert here.machine.unfit(state) == set()


FAULTS = {
    "409": (5, Fault(409)),
    "403": (2, Fault(403)),
    "422": (2, Fault(422)),
    "429 with a wait": (1, Fault(429, (("Retry-After", "3"),))),
    "429 with nonsense": (1, Fault(429, (("Retry-After", "soon"),))),
    "500": (5, Fault(500)),
    "503": (1, Fault(503)),
    "reset": (1, Fault(0)),
    "reset after the deed": (1, Fault(0, after=True)),
    "500 after the deed": (1, Fault(500, after=True)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_fails_is_tried_again(name: str, here: Room) -> None:
    """FLT-04: every single call fails so many times, whatever it is; in the end all is as it is without."""
    times, fault = FAULTS[name]
    left: dict[str, int] = {}

    def faults(call: Call) -> Fault | None:
        key = f"{call.method} {call.path}"
        left[key] = left.get(key, times) - 1
        return fault if left[key] >= 0 else None

    here.cluster.faults = faults
    for _ in range(300):
        here.look(after=AGAIN)
        if max(left.values()) < 0 and here.machine.told == frozenset():
            break
    assert here.machine.told == frozenset()
    before, made = len(here.cluster.written()), here.cluster.told()
    here.cluster.faults = lambda call: None
    here.look(2, after=AGAIN)
    assert len(here.cluster.written()) == before
    here.cluster.objects = {path: one for path, one in here.cluster.objects.items() if not _is_made(path)}
    here.again()
    here.look()
    assert here.cluster.told() == made


def _is_made(path: str) -> bool:
    return "admission" not in path and "/nodes/" not in path


def test_an_api_that_asks_to_wait_is_left_alone(here: Room) -> None:
    """FLT-04: after 429 with Retry-After nothing is asked before its time, and never later than within seconds."""
    here.cluster.faults = lambda call: Fault(429, (("Retry-After", "3600"),))
    here.look()
    asked = len(here.cluster.calls)
    here.look(4, after=1.0)
    assert len(here.cluster.calls) == asked
    here.cluster.faults = lambda call: None
    here.look(3, after=2.0)
    assert _lets_in(here)


def test_a_list_that_expired_is_read_again(here: Room) -> None:
    """FLT-04: 410 in the middle of a long list begins it anew, in one piece."""
    here.look()
    start = here.start()
    here.cluster.page = 1
    here.cluster.faults = lambda call: Fault(410) if "continue" in call.query else None
    here.cluster.put("Pod", SPACE, "p-9", labels=dict(pod(start)["labels"]), spec={})
    assert len(here.machine.running()) == 2
    assert PAGE_BREAKS


def test_an_api_that_never_answers_holds_nothing_up(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-04: 60 s of latency are cut off after seconds, once a look; nothing counts as gone, and it catches up."""
    here.look()
    here.start()
    here.look()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    monkeypatch.setattr(api_module, "_SECONDS", (0.2, 0.2))
    slow = here.cluster
    slow.lock.acquire()
    try:
        here.look(2)
        assert here.routes.closed == [KEY], "routes go at once"
        assert here.runs()
    finally:
        slow.lock.release()
    monkeypatch.undo()
    here.look(4, after=2.0)
    assert not _lets_in(here)
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert _ended(here) == ["request_ended"]


def test_a_withdrawal_while_the_api_is_away_is_carried_out_later(here: Room) -> None:
    """FLT-06: recorded at once, tried until it is confirmed; no workspace is forgotten, none counts as ended."""
    here.look()
    here.start()
    here.look()
    here.cluster.faults = lambda call: Fault(0)
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(120)
    assert here.runs()
    assert _ended(here) == []
    here.cluster.faults = lambda call: None
    here.look(2, after=5.0)
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert _ended(here) == ["request_ended"]


def test_a_pod_that_cannot_be_deleted_holds_up_nothing_else(here: Room) -> None:
    """FLT-06, DAT-04: grant and binding go though the pod's deletion fails, and it is asked for again and again."""
    here.look()
    here.start()
    here.look()
    here.cluster.faults = lambda call: Fault(500) if call.method == "DELETE" and "/pods/" in call.path else None
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(3)
    assert not _lets_in(here)
    assert here.runs()
    here.cluster.faults = lambda call: None
    here.look()
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]


@pytest.mark.parametrize("mended", ["it answers", "it is gone"])
def test_an_end_on_a_lost_node_is_in_doubt_until_the_node_is_known(mended: str, here: Room) -> None:
    """FLT-05: force-deleting the pod confirms nothing; the doubt is told once, also by a warden that came later."""
    here.look()
    here.start()
    here.look()
    here.cluster.node("node-1", "Unknown")
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(2)
    assert not _lets_in(here)
    assert here.facts(e.EndNotConfirmed) == [e.EndNotConfirmed(person=RESEARCHER, request=OPEN, node="node-1")]
    here.cluster.gone("Pod", SPACE, POD)
    here.look(3)
    here.again()
    here.look(3)
    assert here.runs()
    assert len(here.facts(e.EndNotConfirmed)) == 1
    if mended == "it answers":
        here.cluster.node("node-1")
    else:
        here.cluster.gone("Node", "", "node-1")
    here.look()
    assert _ended(here) == ["request_ended"]


def test_a_pod_that_vanishes_with_its_node_is_in_doubt(here: Room) -> None:
    """FLT-05: nobody withdrew anything; the node is lost and its pod was deleted by force between two looks."""
    here.look()
    here.start()
    here.look()
    here.cluster.node("node-1", "False")
    here.cluster.gone("Pod", SPACE, POD)
    here.look(2)
    assert here.runs()
    assert len(here.facts(e.EndNotConfirmed)) == 1


def test_a_start_has_time_before_it_counts_as_over(here: Room) -> None:
    """POL-02: the hub gives a start up after 300 seconds; only then is one without a pod recorded as over."""
    here.look()
    here.start()
    here.cluster.gone("Pod", SPACE, POD)
    here.look(3, after=100.0)
    assert here.runs()
    here.look(after=40.0)
    assert _ended(here) == ["process_ended"]


def test_a_silent_log_ends_all_pods(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-04: after its seconds of silence every pod of ours is deleted; the log's facts stay as they are."""
    here.look()
    here.start()
    here.look()

    def away() -> None:
        raise LogUnavailable("away")

    monkeypatch.setattr(here.policy, "_refresh", away)
    here.look(2)
    assert "deletionTimestamp" not in here.cluster.found("Pod", SPACE, POD)["metadata"]
    here.look(after=SILENCE)
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]


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
    assert not _lets_in(here)
    here.cluster.gone("NetworkPolicy", SPACE, "stray")
    here.look(after=AGAIN)
    assert _lets_in(here)


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
    assert not _lets_in(here)
    assert here.machine.not_ready() != []
    assert any("admission policy" in line or "admission binding" in line for line in here.machine.told)
    assert here.cluster.has("NetworkPolicy", SPACE, "default-deny")


class Crash(BaseException):
    """The warden's process ends, here and now."""


@pytest.mark.parametrize("after", [False, True], ids=["before the deed", "after the deed"])
@pytest.mark.parametrize("made", [False, True], ids=["from nothing", "closing one"])
def test_a_crash_at_any_call_leaves_what_a_second_warden_finishes(
    made: bool, after: bool, here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-01, FLT-04: killed at each call in turn, the next warden comes to the same end as without."""
    if made:
        here.look()
        here.do("end-request", ADMIN, request=OPEN, **WHY)
    begin = deepcopy(here.cluster.objects)
    here.again()
    here.cluster.calls.clear()
    wireless = without_a_wire(here.cluster)
    monkeypatch.setattr(api_module.Api, "_call", wireless)
    here.look()
    calls, good = len(here.cluster.calls), here.cluster.told()
    for number in range(1, calls + 1):
        here.cluster.objects = deepcopy(begin)
        with monkeypatch.context() as patched:
            patched.setattr(api_module.Api, "_call", _crashing(wireless, number, after))
            here.again()
            with pytest.raises(Crash):
                here.look()
        here.again()
        here.look()
        assert here.cluster.told() == good, f"after a crash at call {number}"


def _crashing(real: Callable[..., Any], number: int, after: bool) -> Any:
    """Return the call that ends the process when it comes to this number."""
    left = [number]

    def call(self: Any, *args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Crash
        answer = real(self, *args, **named)
        if left[0] == 0:
            raise Crash
        return answer

    return call


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
    """DEP-01: what the warden asks for in all its doings is in its table of rights, and the table holds no more."""
    here.look()
    here.start()
    here.look()
    here.do("suspend-request", ADMIN, request=OPEN, **WHY)
    here.cluster.found("RoleBinding", "sluis-dr-2", "hub")["subjects"] = []
    here.cluster.found("NetworkPolicy", "sluis-dr-2", "default-deny")["spec"] = {}
    here.cluster.found("AccessGrant", "sluis-dr-2", "grant")["spec"]["persons"] = []
    here.cluster.found("ServiceAccount", "sluis-dr-2", "p-3")["automountServiceAccountToken"] = True
    here.look(3, after=AGAIN)
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


def test_a_trouble_says_whether_it_is_of_all() -> None:
    """FLT-04: one object's trouble is in no other's way."""
    assert [Trouble("", status).of_all for status in (0, 429, 503, 409, 422, 500)] == [True] * 3 + [False] * 3

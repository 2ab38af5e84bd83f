"""No door of the cluster leads into a workspace, and a running one stays what was checked: by a real API server."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.cluster.api import Api
from tests.cluster.locks import PLACE, UNTIL, Locks, Object, place, pod, replace_grant, until

# what the node answers once the policy lets somebody through: the pod here has no container that runs
_BY_THE_NODE = ("101", "container not found", "not found in pod", "pod not found", "does not have a host")
DOORS = {
    "exec": ("GET", "exec?command=id&stdout=true", _BY_THE_NODE),
    "attach": ("GET", "attach?stdout=true", _BY_THE_NODE),
    "port-forward": ("GET", "portforward?ports=8888", _BY_THE_NODE),
    "proxy": ("GET", "proxy/", ("error trying to reach service", "no endpoints", "address not allowed")),
    "ephemeral container": ("PATCH", "ephemeralcontainers", ('"ephemeralContainers":[{"name":"debugger"',)),
}
ANOTHER = {"Impersonate-User": "another", "Impersonate-Group": "system:masters"}
Door = tuple[str, str, tuple[str, ...]]


@pytest.fixture
def running(locks: Locks) -> Iterator[str]:
    """A workspace that is there, and its path; no node has to run it."""
    one = pod("P-4")
    locks.hub.create(one)
    path = f"/api/v1/namespaces/{PLACE}/pods/{one['metadata']['name']}"
    yield path
    locks.admin.delete(path, gracePeriodSeconds=0)


_DEBUGGER = {
    "name": "debugger",
    "image": "x",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
_SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
}


def _emergency(user: str) -> Object:
    """The grant while two admins allow an operator to look."""
    grant = place(20)[-2]
    grant["spec"]["emergency"] = [{"user": user, "until": UNTIL.strftime("%Y-%m-%dT%H:%M:%SZ")}]
    return grant


def _knock(api: Api, path: str, door: Door, **identity: str) -> str:
    """Status and words of the answer, on a connection of its own, which an open door would keep."""
    method, way, _ = door
    headers = {"Authorization": f"Bearer {api.token}"} | identity
    trust = ssl.create_default_context(cafile=api.authority)
    with httpx.Client(base_url=api.server, headers=headers, verify=trust, timeout=20, trust_env=False) as client:
        if method == "PATCH":
            kind = {"Content-Type": "application/strategic-merge-patch+json"}
            answer = client.patch(f"{path}/{way}", json={"spec": {"ephemeralContainers": [_DEBUGGER]}}, headers=kind)
        else:
            with client.stream("GET", f"{path}/{way}", headers={} if way.startswith("proxy") else _SOCKET) as answer:
                if answer.status_code == httpx.codes.SWITCHING_PROTOCOLS:
                    return "101"
                answer.read()
    return f"{answer.status_code} {answer.text}"


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_no_door_into_a_workspace_is_open(locks: Locks, running: str, door: Door) -> None:
    """E37: the cluster's administrator, who may do everything else, does not look into a workspace."""
    answer = _knock(locks.admin, running, door)
    assert answer.startswith("403")
    assert "sluis: nobody looks into a workspace" in answer


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_an_emergency_opens_the_doors_to_whom_it_names(locks: Locks, running: str, door: Door) -> None:
    """E37: while the grant names the operator the policy lets them through, nobody else, and no longer."""
    replace_grant(locks, _emergency("admin"))
    try:
        until(lambda: "sluis: " not in _knock(locks.admin, running, door), "the door stays shut")
        opened, to_another = _knock(locks.admin, running, door), _knock(locks.admin, running, door, **ANOTHER)
    finally:
        replace_grant(locks, place(21)[-2])
    assert any(words in opened for words in door[2]), opened
    assert "sluis: nobody looks into a workspace" in to_another
    until(lambda: "sluis: nobody looks" in _knock(locks.admin, running, door), "the door stays open")


@pytest.mark.parametrize(
    "way", ["exec/x/p-3/notebook", "run/x/p-3/notebook", "attach/x/p-3/notebook", "portForward/x/p-3"]
)
def test_no_door_is_open_by_way_of_a_node(locks: Locks, way: str) -> None:
    """E37: the node's own API is the same door."""
    answer = locks.admin.get(f"/api/v1/nodes/node1/proxy/{way}/{PLACE}/p-3/notebook")
    assert answer.status_code == 403
    assert "by way of its node" in answer.text


_IMAGE, _WHOSE = "sluis: a workspace's image does not change", "sluis: whose workspace it is does not change"
RUNNING_CHANGES: dict[str, tuple[str, Object]] = {
    "image": (_IMAGE, {"spec": {"containers": [{"name": "notebook", "image": "registry.example.org/other:1"}]}}),
    "person": (_WHOSE, {"metadata": {"labels": {"sluis.dev/person": "3"}}}),
    "no part": (_WHOSE, {"metadata": {"labels": {"sluis.dev/part": None}}}),
    "until": (_WHOSE, {"metadata": {"annotations": {"sluis.dev/until": ""}}}),
    "no end": ("must not update from a positive integer to nil", {"spec": {"activeDeadlineSeconds": None}}),
    "a later end": ("must be less than or equal to previous value", {"spec": {"activeDeadlineSeconds": 999_999}}),
}


@pytest.mark.parametrize("label", ["person", "part", "start"])
def test_its_labels_do_not_change_by_way_of_its_status(locks: Locks, running: str, label: str) -> None:
    """SPW-14: what is told of a pod carries its labels too."""
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    change = {"metadata": {"labels": {f"sluis.dev/{label}": "5"}}}
    answer = locks.admin.ask("PATCH", f"{running}/status", json=change, headers=headers)
    assert answer.status_code == 403
    assert "sluis: whose workspace it is" in answer.text


@pytest.mark.parametrize(("words", "change"), RUNNING_CHANGES.values(), ids=RUNNING_CHANGES)
def test_a_running_workspace_stays_what_was_checked(locks: Locks, running: str, words: str, change: Object) -> None:
    """SPW-14: neither its image nor whose it is changes afterwards."""
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    answer = locks.admin.ask("PATCH", running, json=change, headers=headers)
    assert answer.status_code in (403, 422)
    assert words in answer.text

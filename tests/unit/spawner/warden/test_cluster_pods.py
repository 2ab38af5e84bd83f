"""What the warden ends on a cluster, and when an end counts: withdrawals, pods of nobody, misfits, lost nodes."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.log.errors import LogUnavailable
from access_policy.model.ids import DatasetName
from spawner.warden.silence import Silence
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import HERE, KEY, POD, SPACE, WHY, Room, ended, lets_in, pod


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
    assert ended(here) == ["request_ended"]


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
    """FLT-07: the hub's own pods, and those of others, are nobody's workspace."""
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


@pytest.mark.parametrize("mended", ["it answers", "it is gone"])
def test_an_end_on_a_lost_node_is_in_doubt_until_the_node_is_known(mended: str, here: Room) -> None:
    """FLT-05: force-deleting the pod confirms nothing; the doubt is told once, also by a warden that came later."""
    here.look()
    here.start()
    here.look()
    here.cluster.node("node-1", "Unknown")
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(2)
    assert not lets_in(here)
    assert here.facts(e.EndNotConfirmed) == [e.EndNotConfirmed(person=RESEARCHER, request=OPEN, node="node-1")]
    here.cluster.gone("Pod", SPACE, POD)
    here.look(3)
    here.again()
    here.look(3)
    assert here.runs()
    assert len(here.facts(e.EndNotConfirmed)) == 1
    if mended == "it answers":
        here.cluster.node("node-1")
        here.look(after=59.0)
        here.cluster.node("node-1", "Unknown")
        here.look()
        here.cluster.node("node-1")
        here.look(2, after=59.0)  # it needs a minute to end what has no pod any more, and has not had one
        assert here.runs()
        here.look(after=2.0)
    else:
        here.cluster.gone("Node", "", "node-1")
        here.look()
    assert ended(here) == ["request_ended"]


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
    assert ended(here) == ["process_ended"]


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
    here.look(after=Silence().open - 2)
    assert "deletionTimestamp" not in here.cluster.found("Pod", SPACE, POD)["metadata"]
    here.look(after=2)
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]

"""What the cluster says of a pod, in words: each cause has a code and says what to do."""

from typing import Any

import pytest

from spawner import pod_words as words

pytestmark = pytest.mark.unit

SCHEDULED = [{"type": "PodScheduled", "status": "True"}]
UNSCHEDULED = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]


def pod(phase: str = "Pending", **status: Any) -> dict[str, Any]:
    """A pod with this status."""
    return {"metadata": {}, "status": {"phase": phase, "conditions": SCHEDULED} | status}


def events(*reasons: str) -> list[dict[str, Any]]:
    """Events with these reasons, the oldest first."""
    return [{"reason": reason, "message": "bucket secret-name of node gke-7"} for reason in reasons]


def notebook(**state: dict[str, Any]) -> list[dict[str, Any]]:
    """The notebook's status."""
    return [{"name": "notebook", "state": state}]


CAUSES = [
    (pod(conditions=UNSCHEDULED), events("FailedScheduling"), "no_machine"),
    (pod(), events("FailedScheduling", "Scheduled", "FailedMount"), "mount_failed"),
    (pod(), events("FailedAttachVolume"), "mount_failed"),
    (pod(containerStatuses=notebook(waiting={"reason": "ErrImagePull"})), [], "image_missing"),
    (pod(containerStatuses=notebook(waiting={"reason": "ImagePullBackOff"})), events("FailedMount"), "image_missing"),
    (pod(containerStatuses=notebook(waiting={"reason": "CreateContainerConfigError"})), [], "container_refused"),
    (pod(initContainerStatuses=[{"state": {"waiting": {"reason": "ErrImagePull"}}}]), [], "image_missing"),
    (pod("Failed", reason="Evicted"), [], "evicted"),
    (pod("Failed", reason="DeadlineExceeded"), [], "time_over"),
    (pod("Failed", reason="NodeShutdown"), [], "node_shut_down"),
    (pod("Failed", reason="Preempting"), [], "preempted"),
    (pod("Running", reason="NodeLost"), [], "node_lost"),
    (pod("Failed", containerStatuses=notebook(terminated={"reason": "OOMKilled"})), [], "out_of_memory"),
    (pod("Running", containerStatuses=notebook(terminated={"reason": "OOMKilled"})), [], "out_of_memory"),
    (pod("Succeeded", containerStatuses=notebook(terminated={"reason": "Completed"})), [], "server_ended"),
    (pod("Failed"), [], "server_ended"),
]
FINE: list[tuple[Any, Any]] = [
    (None, []),
    (pod(conditions=[]), []),
    (pod(), events("FailedScheduling", "Scheduled")),
    (pod("Running"), events("FailedMount", "Pulled", "Created", "Started")),
    (pod(containerStatuses=notebook(waiting={"reason": "ContainerCreating"})), events("Scheduled")),
    (pod(), events("FailedMount", "Pulled", "Created")),
    ({"metadata": {}}, []),
]


@pytest.mark.parametrize(("one", "said", "code"), CAUSES)
def test_each_cause_is_told_with_what_to_do(one: Any, said: Any, code: str) -> None:
    """FLT-02: Pending, images, mounts, memory, eviction, a lost node."""
    found = words.trouble(one, said)
    assert found is not None
    assert found.code == code
    assert "secret" not in found.words


@pytest.mark.parametrize(("one", "said"), FINE)
def test_what_is_over_or_on_its_way_is_no_trouble(one: Any, said: Any) -> None:
    """FLT-05: an event of before the machine was found says nothing once it is."""
    assert words.trouble(one, said) is None


@pytest.mark.parametrize(
    ("status", "said", "code", "again"),
    [
        (404, "", "place_missing", True),
        (403, "no params found for policy binding", "place_missing", True),
        (403, 'User "hub" cannot create resource "pods" in API group', "place_missing", True),
        (403, "exceeded quota: quota, requested: pods=1, used: pods=5, limited: pods=5", "quota_reached", True),
        (403, "ValidatingAdmissionPolicy denied request", "denied_by_admission", True),
        (403, "violates PodSecurity", "denied_by_admission", True),
        (429, "", "cluster_busy", True),
        (500, "", "cluster_busy", True),
        (504, "", "cluster_busy", True),
        (400, "", "pod_refused", False),
        (422, "", "pod_refused", False),
    ],
)
def test_each_refusal_of_a_pod_is_told(status: int, said: str, code: str, again: bool) -> None:
    """DAT-14, FLT-02: and whether it may pass by itself."""
    found = words.refused_creation(status, said)
    assert (found.code, found.again) == (code, again)


def _every() -> list[words.Trouble]:
    values = [value for value in vars(words).values() if isinstance(value, words.Trouble)]
    tables = [value for value in vars(words).values() if isinstance(value, dict)]
    return values + [one for table in tables for one in table.values() if isinstance(one, words.Trouble)]


def test_every_trouble_says_what_to_do() -> None:
    """S97: a sentence of two halves, the second one an order."""
    known = _every()
    orders = ("try again", "tell the help desk", "start it again", "start a larger one", "your requests say")
    assert [one.code for one in known if not any(order in one.words for order in orders)] == []
    assert len(known) > 20


def test_a_code_means_one_thing() -> None:
    """S97: on record is the code alone, which the desk turns into words again."""
    every = [one for one in _every() if words.TOLD[one.code] != one.words]
    assert every == []
    assert words.TOLD.keys() == {one.code for one in _every()}


def test_the_phases_go_forward() -> None:
    """S97: place, machine, data, software, server."""
    steps = [
        words.phase(None, []),
        words.phase(pod(conditions=[]), []),
        words.phase(pod(), events("Scheduled")),
        words.phase(pod(), events("Scheduled", "Pulling")),
        words.phase(pod(), events("Scheduled", "Pulling", "Pulled", "Created", "Started")),
        words.phase(pod("Running"), []),
    ]
    assert [said.split(" ")[0] for _, said in steps] == [
        "Asking", "Scheduling:", "Mounting", "Fetching", "Starting", "Starting",
    ]  # fmt: skip
    assert [percent for percent, _ in steps] == sorted(percent for percent, _ in steps)


def test_a_phase_tells_its_trouble() -> None:
    """S97: while it may pass by itself."""
    _, said = words.phase(pod(conditions=UNSCHEDULED), events("FailedScheduling"))
    assert said.startswith("Scheduling: looking for a machine with room: no machine has room for this size; try again")

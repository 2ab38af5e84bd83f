"""The policy counts as at work only while it was seen to refuse, lately and in words of its own (DAT-15)."""

import asyncio
from collections.abc import Callable

import pytest

from hub_config.admission import FRESH, POLICY, Admission, Seen, probe_pod, seen

pytestmark = pytest.mark.unit

REFUSED = (403, f"ValidatingAdmissionPolicy '{POLICY}' with binding '{POLICY}' denied request: failed expression: x")
FORBIDDEN = (403, 'pods is forbidden: User "system:serviceaccount:sluis:hub" cannot create resource "pods"')
MISSING = (404, 'namespaces "sluis-dr-1" not found')
MADE = (201, "")


class Cluster:
    """Answers as it is told, and counts; the time is its own."""

    def __init__(self, *answers: tuple[int, str] | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.now = 0.0

    async def send(self, namespace: str) -> tuple[int, str]:
        self.asked.append(namespace)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise OSError("no answer")
        return answer

    def admission(self) -> Admission:
        return Admission(self.send, lambda: self.now)


def ready(admission: Admission, *namespaces: str) -> bool:
    """Ask as the probe does."""
    return asyncio.run(admission.ready(lambda: list(namespaces)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (REFUSED, Seen.REFUSED),
        ((422, REFUSED[1]), Seen.REFUSED),
        ((403, f"ValidatingAdmissionPolicy '{POLICY}' denied request: no params found"), Seen.REFUSED),
        (MADE, Seen.LET_IN),
        (FORBIDDEN, Seen.NO_WAY),
        (MISSING, Seen.NO_WAY),
        ((403, 'violates PodSecurity "restricted:latest"'), Seen.NO_WAY),
        ((403, "ValidatingAdmissionPolicy 'another' with binding 'b' denied request: no"), Seen.NO_WAY),
        ((500, "internal error"), Seen.NO_WAY),
    ],
)
def test_only_the_policys_own_refusal_shows_that_it_is_at_work(answer: tuple[int, str], expected: Seen) -> None:
    """DAT-15: rights, Pod Security or another policy may refuse as well, and would not for a better pod."""
    assert seen(*answer) is expected


def test_what_was_seen_counts_for_a_minute() -> None:
    """DAT-15: a start costs no call meanwhile; after it, the policy may have been changed."""
    cluster = Cluster(REFUSED, MADE)
    admission = cluster.admission()
    for cluster.now in (0.0, FRESH - 1):
        assert asyncio.run(admission.look("sluis-dr-1")) is Seen.REFUSED
    assert len(cluster.asked) == 1
    cluster.now = FRESH
    assert asyncio.run(admission.look("sluis-dr-1")) is Seen.LET_IN
    assert asyncio.run(admission.look("sluis-dr-1")) is Seen.LET_IN
    assert len(cluster.asked) == 3


def test_what_was_seen_counts_for_its_namespace_alone() -> None:
    """DAT-15: the policy is bound by a label of the namespace, which one may lack; what is old is forgotten."""
    cluster = Cluster(REFUSED, MADE, REFUSED)
    admission = cluster.admission()
    assert asyncio.run(admission.look("sluis-dr-1")) is Seen.REFUSED
    assert asyncio.run(admission.look("sluis-dr-2")) is Seen.LET_IN
    assert asyncio.run(admission.look("sluis-dr-1")) is Seen.REFUSED
    assert cluster.asked == ["sluis-dr-1", "sluis-dr-2"]
    cluster.now = FRESH
    assert asyncio.run(admission.look("sluis-dr-3")) is Seen.REFUSED
    assert list(admission._refused_at) == ["sluis-dr-3"]


def test_a_hub_is_ready_once_every_namespace_was_looked_at() -> None:
    """DAT-15: one that refuses says nothing of the next."""
    cluster = Cluster(REFUSED, MADE)
    assert not ready(cluster.admission(), "sluis-dr-1", "sluis-dr-2")
    assert cluster.asked == ["sluis-dr-1", "sluis-dr-2"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([REFUSED], True),
        ([FORBIDDEN], True),
        ([FORBIDDEN, REFUSED], True),
        ([MADE], False),
        ([FORBIDDEN, MADE], False),
        ([None], False),
    ],
)
def test_a_hub_is_ready_where_no_pod_slips_in(answers: list[tuple[int, str] | None], expected: bool) -> None:
    """DAT-15: where it can make no pods there is nothing to refuse; where nobody answers nothing is known."""
    assert ready(Cluster(*answers).admission(), "sluis-dr-1", "sluis-dr-2") is expected


def test_a_hub_without_requests_is_ready() -> None:
    """The first day: nobody could start anything."""
    assert ready(Cluster(None).admission())


def test_a_hub_that_was_ready_stays_so() -> None:
    """A cluster's API that is away for a minute ends no session: starts are held back where pods are made."""
    cluster = Cluster(REFUSED, None)
    admission = cluster.admission()
    assert ready(admission, "sluis-dr-1")
    cluster.now = 2 * FRESH
    assert ready(admission, "sluis-dr-1")
    with pytest.raises(OSError, match="no answer"):
        asyncio.run(admission.look("sluis-dr-1"))


def test_a_probe_is_answered_while_it_is_asked() -> None:
    """DAT-15: a cluster's API that hangs makes a hub not ready; what was seen before counts for the next probe."""
    hung, asked = {"sluis-dr-2"}, []

    async def send(namespace: str) -> tuple[int, str]:
        asked.append(namespace)
        if namespace in hung:
            await asyncio.Event().wait()
        return REFUSED

    admission = Admission(send, lambda: 0.0, probed=0.01)
    assert not ready(admission, "sluis-dr-1", "sluis-dr-2")
    hung.clear()
    assert ready(admission, "sluis-dr-1", "sluis-dr-2")
    assert asked == ["sluis-dr-1", "sluis-dr-2", "sluis-dr-2"]


def every(pod: object, found: Callable[[str], None]) -> None:
    """Call `found` with each key of a nested object."""
    for key, value in pod.items() if isinstance(pod, dict) else enumerate(pod) if isinstance(pod, list) else ():
        found(str(key))
        every(value, found)


def test_the_probe_is_a_harmless_pod_that_is_not_ours() -> None:
    """DAT-15: Pod Security would take it, so what refuses it is the policy: it has no label and no image of ours."""
    keys: list[str] = []
    every(probe_pod(), keys.append)
    assert not {"labels", "annotations", "volumes", "serviceAccountName", "hostNetwork", "privileged"} & set(keys)
    (container,) = probe_pod()["spec"]["containers"]
    assert container["image"].startswith("sluis.invalid/")
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}

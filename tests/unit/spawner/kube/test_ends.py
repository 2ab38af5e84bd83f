"""How a workspace in a cluster ends: withdrawn, given up, over by itself; and when an end counts."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from spawner import kube
from tests.unit.spawner.fake_cluster import PENDING, RUNNING, Asked, FakeCluster, FakePolicy, made
from tests.unit.spawner.kube.doing import URL, Test, refused, until

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("at", range(1, 8))
def test_what_is_withdrawn_while_it_starts_never_runs(run: Callable[[Test], None], at: int) -> None:
    """POL-02: taken away at each request that a start makes of the cluster, and after the last; nothing is left."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING

        def plan(asked: Asked) -> None:
            policy.keep = len(cluster.asked) < at
            if asked.verb == "create":
                asyncio.get_running_loop().call_later(0.1, _runs, cluster)

        cluster.plan = plan
        asyncio.get_running_loop().call_later(1.5, setattr, policy, "keep", False)
        assert await refused(made(policy)) == "no_longer_allowed"
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, "no_longer_allowed")])

    def _runs(cluster: FakeCluster) -> None:
        if at < 7 and cluster.pod() is not None:
            cluster.patch(status=RUNNING)

    run(test)


@pytest.mark.parametrize(("answer", "code"), [(False, "no_longer_allowed"), (None, "no_decision")])
def test_the_last_word_before_anyone_can_reach_it_is_the_policys(
    run: Callable[[Test], None], answer: bool | None, code: str
) -> None:
    """POL-02, POL-04: withdrawn after the pod was seen to run, or no answer then: it is ended."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)

        def may_keep(*_: Any) -> bool:
            if answer is None:
                raise OSError("the log is locked")
            return answer

        def address(*_: Any) -> str:  # the last thing that KubeSpawner asks for
            policy.may_keep = may_keep  # type: ignore[method-assign, assignment]
            return URL

        spawner._get_pod_url = address
        assert await refused(spawner) == code
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, code)])

    run(test)


def test_a_start_that_the_hub_gives_up_leaves_nothing(run: Callable[[Test], None]) -> None:
    """FLT-05: cancelled while the pod waits for a machine."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        spawner = made(policy)
        start = asyncio.ensure_future(spawner.start())
        await until(cluster.pod, "a pod")
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, "start_failed")])

    run(test)


@pytest.mark.parametrize(
    ("change", "event", "code"),
    [
        ({}, None, "start_too_slow"),
        ({}, "FailedScheduling", "no_machine"),
        ({"conditions": RUNNING["conditions"]}, "FailedMount", "mount_failed"),
        (
            {
                "containerStatuses": [
                    {"name": "notebook", "ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
                ]
            },
            None,
            "image_missing",
        ),
    ],
    ids=["slow", "no machine", "mount", "image"],
)
def test_a_pod_that_never_runs_ends_in_words_and_a_retry_works(
    run: Callable[[Test], None], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], event: str | None, code: str
) -> None:
    """FLT-05: bounded, with the cause; the pod is cleaned up."""
    monkeypatch.setattr(kube, "START_SECONDS", 1.5)

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        spawner = made(policy)
        start = asyncio.ensure_future(refused(spawner))
        await until(lambda: cluster.pod() and len(cluster.watchers) == 2, "a pod, and watches")
        cluster.patch(status=change)
        if event:
            cluster.say(event)
        assert await start == code
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, code)])
        cluster.status = RUNNING
        spawner.clear_state()
        assert await spawner.start() == URL

    run(test)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"phase": "Failed", "reason": "Evicted"}, "evicted"),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, "time_over"),
        (
            {
                "phase": "Failed",
                "containerStatuses": [
                    {
                        "name": "notebook",
                        "ready": False,
                        "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                    }
                ],
            },
            "out_of_memory",
        ),
        ({"phase": "Failed", "containerStatuses": []}, "server_ended"),
    ],
    ids=["evicted", "deadline", "memory", "ended"],
)
def test_a_pod_that_ended_is_told_with_its_cause_and_a_retry_works(
    run: Callable[[Test], None], status: dict[str, Any], code: str
) -> None:
    """POL-03: while it starts at once, and while it runs at the next poll."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        spawner = made(policy)
        start = asyncio.ensure_future(refused(spawner))
        await until(lambda: spawner._seen, "seen")
        cluster.patch(status=status)
        assert await start == code
        cluster.status = RUNNING
        spawner.clear_state()
        await spawner.start()
        cluster.patch(status=status)
        await until(lambda: (spawner.pod_now() or {}).get("status", {}).get("phase") == "Failed", "news of the end")
        assert await spawner.poll() == 1
        assert (cluster.pod(), [told[3] for told in policy.told]) == (None, [code, code])

    run(test)


def test_a_pod_that_somebody_ends_while_it_starts_is_not_waited_for(run: Callable[[Test], None]) -> None:
    """POL-02: the warden was faster."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        spawner = made(policy)
        start = asyncio.ensure_future(refused(spawner))
        await until(lambda: spawner._seen, "seen")
        cluster.remove()
        assert await start == "pod_gone"

    run(test)


def test_a_poll_ends_what_may_run_no_longer(run: Callable[[Test], None]) -> None:
    """POL-03: the pod is gone before the poll answers, and the next poll answers the same."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        policy.keep = False
        assert (await spawner.poll(), cluster.pod()) == (1, None)
        assert policy.told == [("P-3", "DR-12", 7, "not_allowed")]
        assert await spawner.poll() == 0

    run(test)


def test_an_end_that_is_not_seen_is_not_told(run: Callable[[Test], None]) -> None:
    """POL-03, FLT-06: the node does not answer, or the cluster; the route goes at once, the log knows later."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        cluster.lingers, policy.keep = True, False
        assert (await spawner.poll(), policy.told) == (1, [])
        cluster.plan = lambda _: (500, "away")
        assert (await spawner.poll(), policy.told) == (1, [])
        policy.keep = True
        with pytest.raises(TimeoutError, match="cannot be confirmed"):
            await spawner.stop()
        cluster.plan = lambda _: None
        cluster.lingers = False
        await spawner.stop()
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, "stopped")])

    run(test)


def test_a_deletion_waits_for_the_nodes_word(run: Callable[[Test], None]) -> None:
    """FLT-05, S46: also where it has to go at once; and a pod that somebody took away by force proves nothing."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        cluster.lingers = True
        with pytest.raises(TimeoutError, match="cannot be confirmed"):
            await spawner.stop(now=True)
        assert ("deletionTimestamp" in (cluster.pod() or {})["metadata"], policy.told) == (True, [])
        cluster.remove()
        await until(lambda: spawner.pod_now() is None, "news of it")
        assert (await spawner.poll(), policy.told) == (1, [])

    run(test)


def test_a_pod_that_is_being_ended_counts_as_over_and_the_warden_says_when(run: Callable[[Test], None]) -> None:
    """S46: a deletion that was asked for is no end that was seen."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        cluster.patch(metadata={"deletionTimestamp": "2026-03-01T12:00:00Z"})
        await until(lambda: "deletionTimestamp" in (spawner.pod_now() or {})["metadata"], "news of it")
        assert (await spawner.poll(), policy.told) == (1, [])

    run(test)

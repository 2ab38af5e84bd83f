"""Pods of the right name that are another start's or somebody else's: neither adopted nor touched."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes_asyncio.client import V1DeleteOptions

from spawner.reflectors import WatchingSpawner
from tests.unit.spawner.fake_cluster import PENDING, RUNNING, FakeCluster, FakePolicy, made
from tests.unit.spawner.kube.doing import URL, Test, first, refused, until

pytestmark = pytest.mark.unit


def test_a_pod_that_somebody_else_made_is_neither_adopted_nor_touched(run: Callable[[Test], None]) -> None:
    """SPW-14: of the right name, with no labels or another installation's."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        for labels in ({}, {"sluis.dev/installation": "other", "sluis.dev/request": "12", "sluis.dev/person": "3"}):
            cluster.put({"metadata": {"name": "p-3", "namespace": "sluis-dr-12", "labels": labels}, "status": RUNNING})
            assert await refused(made(policy)) == "name_taken"
            assert cluster.pod() is not None
            assert "delete" not in {asked.verb for asked in cluster.asked}
            cluster.remove()

    run(test)


def test_a_pod_that_nobody_heard_of_is_not_ended_by_its_name(run: Callable[[Test], None]) -> None:
    """SPW-14: the answer was lost and the watch is late; what stands there by now is somebody else's."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        for verdict in (True, False):
            cluster.remove()
            await until(lambda: spawner.pod_now() is None, "news of its end")
            await WatchingSpawner._stop_all_reflectors()
            cluster.put({"metadata": {"name": "p-3", "namespace": "sluis-dr-12", "labels": {}}, "status": RUNNING})
            cluster.plan = first("get", 0 if verdict else 1, 500)
            assert spawner.pod_now() is None
            assert await spawner._make_delete_pod_request("p-3", _options(), 0, 1) is verdict
            assert cluster.pod() is not None
        assert await spawner._is_gone(True)
        assert cluster.pod() is not None

    run(test)


def test_an_earlier_workspace_that_still_ends_is_waited_for(run: Callable[[Test], None]) -> None:
    """SPW-09: the earlier start's pod is the warden's to end; after it the new one is made."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        await made(policy).start()
        later = made(policy)
        start = asyncio.ensure_future(later.start())
        await until(lambda: later._trouble is not None, "waiting")
        assert later._trouble.code == "still_ending"
        cluster.remove()
        assert await start == URL
        labels = (cluster.pod() or {})["metadata"]["labels"]
        assert labels["sluis.dev/start"] == "8"

    run(test)


def test_a_workspace_outlives_the_hub(run: Callable[[Test], None]) -> None:
    """FLT-01, FLT-14: found again by its start; ended by the next hub."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        before = made(policy)
        await before.start()
        state = before.get_state()
        await WatchingSpawner._stop_all_reflectors()
        after = made(policy)
        after.load_state(state)
        assert await after.poll() is None
        await after.stop()
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, "stopped")])
        nothing = made(policy)
        nothing.load_state({})
        assert await nothing.poll() == 0

    run(test)


@pytest.mark.parametrize(("there", "polled", "told"), [(True, None, []), (False, 1, ["pod_gone"])])
def test_a_hub_killed_during_a_start_knows_of_it_afterwards(
    run: Callable[[Test], None], there: bool, polled: int | None, told: list[str]
) -> None:
    """FLT-01: what is stored by then lets the next hub go on with the pod, or tell that there is none."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        before = made(FakePolicy())  # who is killed tells nobody anything any more
        start = asyncio.ensure_future(before.start())
        await until(cluster.pod, "a pod")
        policy.seq = before.policy.seq
        after = made(policy)
        after.load_state(before.orm_spawner.state)
        cluster.patch(status=RUNNING) if there else cluster.remove()
        await WatchingSpawner._stop_all_reflectors()
        assert await after.poll() == polled
        assert (after.server.ip, [why for *_, why in policy.told]) == ("10.1.0.7" if there else "", told)
        start.cancel()
        await asyncio.wait([start])

    run(test)


def test_a_hub_that_comes_back_adopts_no_other_pod(run: Callable[[Test], None]) -> None:
    """SPW-14: another start's pod of the same name is no server of ours, is not routed to and not ended."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        before = made(policy)
        await before.start()
        pod = cluster.pod() or {}
        cluster.remove()
        pod["metadata"] |= {"uid": "other", "labels": pod["metadata"]["labels"] | {"sluis.dev/start": "8"}}
        pod["status"] |= {"podIP": "10.6.6.6"}
        cluster.put(pod)
        after = made(policy)
        after.load_state(before.get_state())
        await until(lambda: (before.pod_now() or {}).get("metadata", {}).get("uid") == "other", "news of it")
        assert await after.poll() == 1
        assert (after.server.ip, cluster.pod()) == ("", pod)
        assert policy.told == [("P-3", "DR-12", 7, "pod_gone")]

    run(test)


def test_by_its_uid_only_this_starts_pod_is_ended(run: Callable[[Test], None]) -> None:
    """SPW-14: replaced behind the watch's back; the other one stays."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        (cluster.pod() or {})["metadata"]["uid"] = "another"
        assert await spawner._make_delete_pod_request("p-3", _options(), 0, 1) is True
        assert cluster.pod() is not None

    run(test)


def _options() -> Any:
    """What KubeSpawner passes."""
    return V1DeleteOptions()

"""A start in a cluster that crosses its end: at each await of the start, whatever happens there, no pod is left."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from spawner import own_pod
from tests.awaits import Moment
from tests.unit.spawner.fake_cluster import FakeCluster, FakePolicy, made, running_cluster
from tests.unit.spawner.kube.crossed import Crossed, crossed

pytestmark = pytest.mark.unit

AT_LEAST, AT_MOST = 6, 100  # awaits of a start: fewer would mean that they are not seen
END = ("P-3", "DR-12", 7)
moments = pytest.mark.parametrize("moment", Moment, ids=lambda one: one.value)
Crossing = Callable[[FakeCluster, Any], Awaitable[object]]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_pod, "STOP_SECONDS", 5.0)


def each_await(monkeypatch: pytest.MonkeyPatch, moment: Moment, crossing: Crossing, code: str) -> list[list[Any]]:
    """Cross a start at its first await, its second, and on, until it has no more; what the policy was told of each."""

    async def all_of() -> list[list[Any]]:
        told: list[list[Any]] = []
        for number in range(1, AT_MOST):
            async with running_cluster(monkeypatch) as cluster:
                spawner = made(FakePolicy(), kind=Crossed)
                found = await crossed(spawner, (number, moment), partial(crossing, cluster, spawner))
                if not spawner.paused.happened:
                    assert (found, number > AT_LEAST) == (None, True), "the awaits of a start are not seen"
                    await spawner.stop()
                    return told
                assert (number, found, cluster.pod()) == (number, code, None)
                assert await spawner.poll() == 0
                told.append(spawner.policy.told)
        raise AssertionError("a start has no end of awaits")

    return asyncio.run(asyncio.wait_for(all_of(), 120))


@moments
def test_a_withdrawal_at_any_await_of_a_start_leaves_no_pod(monkeypatch: pytest.MonkeyPatch, moment: Moment) -> None:
    """POL-02: the start is refused with the reason, and its end told once the pod is gone."""

    async def withdraw(_: FakeCluster, spawner: Any) -> None:
        spawner.policy.keep = False

    told = each_await(monkeypatch, moment, withdraw, "no_longer_allowed")
    assert told == [[(*END, "no_longer_allowed")]] * len(told)


@moments
def test_a_start_that_is_cancelled_at_any_await_leaves_no_pod(monkeypatch: pytest.MonkeyPatch, moment: Moment) -> None:
    """POL-02: whatever was asked of the cluster and is not answered yet; the end is told once it was seen."""

    async def cancel(_: FakeCluster, spawner: Any) -> None:
        spawner._start_future.cancel()
        if moment is Moment.THERE:
            await asyncio.sleep(0)  # where it arrives

    told = each_await(monkeypatch, moment, cancel, "cancelled")
    assert told == [[(*END, "start_failed")]] * len(told)


@moments
def test_a_pod_that_the_warden_ends_at_any_await_of_its_start_stays_gone(
    monkeypatch: pytest.MonkeyPatch, moment: Moment
) -> None:
    """POL-02: the warden is faster; no second pod is made, and the person reads the reason."""

    async def end(cluster: FakeCluster, spawner: Any) -> None:
        spawner.policy.keep = False
        if cluster.pod() is not None:
            cluster.remove()

    told = each_await(monkeypatch, moment, end, "no_longer_allowed")
    assert told == [[(*END, "no_longer_allowed")]] * len(told)

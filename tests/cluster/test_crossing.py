"""A start of a real pod that crosses its end: at each await of the start, whatever happens there, no pod is left.

The spawner runs in the test, against the cluster's API server; several starts at a time, each in a place of its own,
and each at the next await.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from kubernetes_asyncio.client import Configuration

from access_policy.entitlements import Entitlement, in_either_zone
from access_policy.model.ids import PersonId
from spawner import cluster_names as names
from spawner.manifest import Cluster as Shared
from spawner.warden.grants import Given, Site, open_place
from spawner.workspace import Profile
from tests.awaits import Moment
from tests.cluster.handle import Cluster
from tests.unit.spawner.fake_cluster import AT, INSTALLATION, FakePolicy, client_of, made
from tests.unit.spawner.kube.crossed import Crossed, crossed

PERSON = "P-3"
REQUESTS = tuple(f"DR-{number}" for number in range(31, 37))
AT_LEAST, AT_MOST = 6, 300  # awaits of a start: fewer would mean that they are not seen
BOUND = 600  # seconds
TINY = Profile("small", "Small", 1.0, 1 << 30, 512, 8 << 30, 72 * 3600, cpu_request=0.01, memory_request_bytes=64 << 20)
Crossing = Callable[[str], Awaitable[object]]


@pytest.fixture(scope="module")
def places(cluster: Cluster) -> Iterator[None]:
    """A place for each start, as the warden makes it."""
    for request in REQUESTS:
        who = Entitlement(PersonId(PERSON), AT + timedelta(days=3), (), in_either_zone(1), 2)
        cluster.admin.apply(open_place(Site(), INSTALLATION, Given(request, (who,), ()), 5).ground)
    yield
    for request in REQUESTS:
        cluster.admin.delete(f"/api/v1/namespaces/{names.namespace(request)}")


class Starts:
    """Starts that are crossed one after the other, and several at a time; `pods` are those that were there by then."""

    def __init__(self, cluster: Cluster, moment: Moment, crossing: Crossing) -> None:
        self._cluster, self._moment, self._crossing = cluster, moment, crossing
        shared = Shared(image=cluster.image("workspace"), hub_url="http://10.96.0.7:8081")
        self._kind = type("Here", (Crossed,), {"cluster": shared})
        self._numbers = count(1)
        self.pods: list[str] = []

    async def each_await(self, monkeypatch: pytest.MonkeyPatch) -> int:
        """Cross a start at its first await, its second, and on, until it has no more; how many it has."""
        async with client_of(_configuration(self._cluster), monkeypatch):
            async with asyncio.timeout(BOUND):
                return max(await asyncio.gather(*[self._in_turn(request) for request in REQUESTS]))

    async def _in_turn(self, request: str) -> int:
        for number in self._numbers:
            assert number < AT_MOST, "a start has no end of awaits"
            if not await self._one(request, number):
                return number
        raise AssertionError

    async def _one(self, request: str, number: int) -> bool:
        policy = FakePolicy()
        policy.seq, policy.changes = number, {"profile": TINY, "mounts": ()}
        spawner = made(policy, server=request.lower(), kind=self._kind)
        found = await crossed(spawner, (number, self._moment), lambda: self._cross(spawner, request))
        crossed_here = bool(spawner.paused.happened)
        if not crossed_here:
            assert (number, found) == (number, None)
            await spawner.stop()
        assert (number, await self._pod(request), await spawner.poll()) == (number, None, 0)
        if crossed_here:
            told = [(PERSON, request, number + 1, "no_longer_allowed")]
            assert (number, found, policy.told) == (number, "no_longer_allowed", told)
        return crossed_here

    async def _cross(self, spawner: Any, request: str) -> None:
        pod = await self._pod(request)
        if pod is not None:
            self.pods.append(str(pod["status"]["phase"]))
        spawner.policy.keep = False
        await self._crossing(request)

    async def _pod(self, request: str) -> dict[str, Any] | None:
        return await asyncio.to_thread(self._cluster.pod, names.namespace(request), names.pod(PERSON))


def _configuration(cluster: Cluster) -> Configuration:
    found = Configuration(host=cluster.admin.server, api_key={"BearerToken": f"Bearer {cluster.admin.token}"})
    found.ssl_ca_cert = cluster.admin.authority
    return found


@pytest.mark.usefixtures("places")
def test_a_withdrawal_at_any_await_of_a_start_leaves_no_pod(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-02: the start is refused with the reason, and its end told once the pod is gone."""

    async def nothing_else(_: str) -> None:
        """The hub sees it by itself."""

    starts = Starts(cluster, Moment.THERE, nothing_else)
    assert asyncio.run(starts.each_await(monkeypatch)) > AT_LEAST
    assert "Pending" in starts.pods, "no start was crossed while its pod was made"


@pytest.mark.usefixtures("places")
def test_a_pod_that_the_warden_ends_at_any_await_of_its_start_stays_gone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POL-02: the warden is faster; no second pod is made, and the person reads the reason."""

    async def end(request: str) -> None:
        path = f"/api/v1/namespaces/{names.namespace(request)}/pods/{names.pod(PERSON)}"
        await asyncio.to_thread(cluster.admin.delete, path, gracePeriodSeconds=1)

    starts = Starts(cluster, Moment.ON_ITS_WAY, end)
    assert asyncio.run(starts.each_await(monkeypatch)) > AT_LEAST
    assert "Pending" in starts.pods, "no start was crossed while its pod was made"

"""A workspace in a cluster whose API server refuses, fails, loses answers or is away."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from spawner.reflectors import WatchingSpawner
from tests.unit.spawner.fake_cluster import Asked, FakeCluster, FakePolicy, made
from tests.unit.spawner.kube.doing import URL, Test, first, refused, until

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, 'namespaces "sluis-dr-12" not found'),
        (403, "no params found for policy binding with `Deny` parameterNotFoundAction"),
        (403, 'pods is forbidden: User "hub" cannot create resource "pods"'),
        (403, "exceeded quota: quota, requested: pods=1"),
        (429, "too many requests"),
        (500, "etcdserver: request timed out"),
        (503, "unavailable"),
    ],
)
def test_what_passes_by_itself_is_waited_for(run: Callable[[Test], None], status: int, message: str) -> None:
    """FLT-04: refused twice, made the third time; one pod."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.plan = first("create", 2, status, message)
        spawner = made(policy)
        assert await spawner.start() == URL
        assert (len(cluster.made), policy.told) == (1, [])

    run(test)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (404, "not found", "place_missing"),
        (403, "no params found", "place_missing"),
        (403, "exceeded quota: quota", "quota_reached"),
        (403, "ValidatingAdmissionPolicy 'workspaces' denied request: bucket", "denied_by_admission"),
        (422, "Pod is invalid", "pod_refused"),
        (429, "slow down", "cluster_busy"),
        (500, "internal", "cluster_busy"),
    ],
)
def test_what_does_not_pass_is_a_refusal_in_words_and_a_retry_works(
    run: Callable[[Test], None], status: int, message: str, code: str
) -> None:
    """DAT-14, FLT-04: with a code, what to do, an end in the log, and a cluster where nothing is left."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.plan = lambda asked: (status, message) if asked.verb == "create" else None
        spawner = made(policy)
        spawner.k8s_api_request_retry_timeout = 1
        assert await refused(spawner) == code
        assert (cluster.pod(), policy.told) == (None, [("P-3", "DR-12", 7, code)])
        cluster.plan = lambda _: None
        spawner.clear_state()
        spawner.user_options = {}
        assert await spawner.start() == URL

    run(test)


@pytest.mark.parametrize(("status", "code"), [(403, "place_missing"), (404, "place_missing"), (500, "cluster_silent")])
def test_a_namespace_that_may_not_be_looked_into_yet_is_waited_for(
    run: Callable[[Test], None], status: int, code: str
) -> None:
    """FLT-04: the warden's part of a start may come later, and a watch that failed is not believed the next time."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.plan = first("list", 3, status, "pods is forbidden")
        assert await made(policy).start() == URL
        cluster.plan = lambda asked: (status, "forbidden") if asked.verb == "list" else None
        late = made(policy, "p-4")
        late.k8s_api_request_retry_timeout = 1
        await WatchingSpawner._stop_all_reflectors()
        assert await refused(late) == code
        assert policy.told == [("P-4", "DR-12", 8, code)]

    run(test)


def test_a_lost_answer_leaves_one_pod(run: Callable[[Test], None]) -> None:
    """SPW-09: the pod was made, the answer never came; what is there is known by its labels."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        plain = cluster._create
        lost = [True]

        def create(asked: Asked, body: dict[str, Any]) -> Any:
            answer = plain(asked, body)
            if lost.pop() if lost else False:
                raise ConnectionResetError
            return answer

        cluster._create = create  # type: ignore[method-assign]
        assert await made(policy).start() == URL
        assert len(cluster.made) == 1

    run(test)


def test_a_cluster_that_is_away_ends_nothing_and_is_caught_up_with(run: Callable[[Test], None]) -> None:
    """FLT-04: no start, no forgotten workspace; watches break, give up, and are made anew."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        cluster.plan = lambda _: (503, "away")
        cluster.cut_watches()
        assert await spawner.poll() is None
        reflector = spawner.pod_reflector
        reflector.watch_task.cancel()
        await asyncio.gather(reflector.watch_task, return_exceptions=True)
        assert await spawner.poll() is None
        other = made(policy, "p-4")
        other.k8s_api_request_retry_timeout = 1
        assert await refused(other) == "cluster_silent"
        cluster.remove()
        cluster.plan = lambda _: None
        assert await spawner.poll() == 1
        assert [told for told in policy.told if told[0] == "P-3"] == []  # the warden tells it

    run(test)


def test_a_watch_whose_history_is_gone_is_begun_again(run: Callable[[Test], None]) -> None:
    """FLT-04: 410 on a watch loses no news."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        await until(lambda: cluster.watchers, "a watch")
        cluster.cut_watches()
        cluster.remove()
        await until(lambda: spawner.pod_now() is None, "news of the end")
        assert await spawner.poll() == 1

    run(test)

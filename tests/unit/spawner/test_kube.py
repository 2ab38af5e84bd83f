"""A workspace's life in a cluster, against an API server on loopback that answers as a test wants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException
from kubernetes_asyncio.client import V1Container, V1DeleteOptions

from spawner import kube, own_pod
from spawner.manifest import difference
from spawner.pod_traits import baseline
from spawner.reflectors import WatchingSpawner
from spawner.workspace import WorkspaceRefused
from tests.unit.spawner.fake_cluster import (
    CLUSTER,
    PENDING,
    RUNNING,
    Asked,
    FakeCluster,
    FakePolicy,
    made,
    running_cluster,
)

pytestmark = pytest.mark.unit

Test = Callable[[FakeCluster, FakePolicy], Awaitable[None]]
URL = "http://10.1.0.7:8888"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    """Runs a test against a cluster of its own, with short waits."""
    monkeypatch.setattr(own_pod, "STOP_SECONDS", 2.0)

    async def all_of(test: Test) -> None:
        async with running_cluster(monkeypatch) as cluster:
            await test(cluster, FakePolicy())

    return lambda test: asyncio.run(asyncio.wait_for(all_of(test), 60))


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds, for a bounded time."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never: {what}")


async def refused(spawner: Any) -> str:
    """The code by which a start is refused: always a SpawnException, which the hub does not count as its failure."""
    with pytest.raises(SpawnException) as caught:
        await spawner.start()
    return str(caught.value.reason)


def first(verb: str, times: int, status: int, message: str = "") -> Callable[[Asked], tuple[int, str] | None]:
    """A plan that answers the first so many requests of a kind with an error."""
    left = [times]

    def plan(asked: Asked) -> tuple[int, str] | None:
        if asked.verb != verb or asked.kind != "pods" or left[0] == 0:
            return None
        left[0] -= 1
        return status, message

    return plan


def _notebook(state: dict[str, Any]) -> dict[str, Any]:
    return {"name": "notebook", "image": "i", "imageID": "i", "restartCount": 0, "ready": False, "state": state}


def test_it_starts_runs_and_stops(run: Callable[[Test], None]) -> None:
    """S85: one pod, reached at its address; after the end nothing is left and the policy knows, once."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        assert await spawner.start() == URL
        assert await spawner.poll() is None
        await spawner.stop()
        assert (cluster.pod(), len(cluster.made), await spawner.poll()) == (None, 1, 0)
        assert policy.told == [("P-3", "DR-12", 7, "stopped")]
        assert WatchingSpawner.reflectors == {}

    run(test)


def test_what_was_sent_as_options_is_reduced_to_the_wish(run: Callable[[Test], None]) -> None:
    """SPW-01, SPW-02, SPW-03: neither starts anything else nor stays in the database."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        sent: dict[str, Any]
        for sent in ({"profile": "large", "image": "evil"}, {"volumes": []}, {"profile": ["large"]}):
            spawner.user_options = sent
            assert await refused(spawner) == "wish_not_allowed"
            assert (spawner.orm_spawner.user_options, cluster.made, policy.started) == ({}, [], [])
        spawner.user_options = {"profile": "large"}
        await spawner.start()
        assert spawner.orm_spawner.user_options == {"profile": "large"}

    run(test)


def test_nothing_of_one_start_reaches_the_next_of_the_same_spawner(run: Callable[[Test], None]) -> None:
    """SPW-03: profiles in turn on one object give the pods of new objects; settings between count for nothing."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        one = made(policy)
        order = ["large", "gvisor", "small", "large", "small", "gvisor", "small"]
        for profile in order:
            one.volumes = [{"name": "host", "hostPath": {"path": "/"}}]
            one.environment = {"SECRET": "{username}"}
            one.extra_pod_config = {"hostNetwork": True}
            one.modify_pod_hook = lambda _, pod: pod
            one.clear_state()
            one.api_token, one.user_options = "t0ken", {"profile": profile}
            await one.start()
            await one.stop()
        for i, profile in enumerate(order):
            other = made(FakePolicy())
            other.policy.seq = 6 + i
            other.user_options = {"profile": profile}
            await other.start()
            await other.stop()
        assert difference(cluster.made[: len(order)], cluster.made[len(order) :]) == []

    run(test)


def test_a_refused_decision_starts_nothing(run: Callable[[Test], None]) -> None:
    """SPW-13, POL-04: an entitlement to nothing is a refusal, and no answer is no access."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        for thrown, code in (
            (WorkspaceRefused("grant_missing", "no grant"), "grant_missing"),
            (OSError(), "no_decision"),
        ):

            def start(*_: Any, thrown: Exception = thrown) -> Any:
                raise thrown

            policy.start = start  # type: ignore[method-assign, assignment]
            assert await refused(made(policy)) == code
        assert (cluster.asked, policy.told) == ([], [])

    run(test)


@pytest.mark.parametrize(("user", "server"), [("mallory", "dr-12"), ("p-3", ""), ("p-3", "dr-012"), ("p-3\n", "dr-12")])
def test_a_server_that_is_no_requests_starts_nothing(run: Callable[[Test], None], user: str, server: str) -> None:
    """SPW-07: names are numbers."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        assert await refused(made(policy, user, server)) == "request_unknown"
        assert cluster.asked == []

    run(test)


def _privileged(_: Any, pod: Any) -> Any:
    pod.spec.containers.append(V1Container(name="other", image="evil"))
    return pod


def _another_account(_: Any, pod: Any) -> Any:
    pod.spec.service_account_name = "p-4"
    return pod


@pytest.mark.parametrize("hook", [_privileged, _another_account])
def test_a_pod_that_is_not_the_decided_one_is_not_sent(run: Callable[[Test], None], hook: Callable[..., Any]) -> None:
    """SPW-10: compared at the last moment, whoever changed it; the refusal is recorded as the start's end."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.load_user_options()
        decided = spawner.load_user_options

        async def then_hooked() -> None:
            await decided()
            spawner.modify_pod_hook = hook

        spawner.load_user_options = then_hooked
        assert await refused(spawner) == "pod_differs"
        assert (cluster.made, policy.told) == ([], [("P-3", "DR-12", 8, "pod_differs")])

    run(test)


def test_another_namespace_is_not_the_decided_one(run: Callable[[Test], None]) -> None:
    """SPW-10: where a pod goes is compared as well."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.load_user_options()
        pod = await spawner.get_pod_manifest()
        spawner.namespace = "sluis-dr-13"
        with pytest.raises(SpawnException, match="pod_differs"):
            await spawner._make_create_pod_request(pod, 1)
        assert cluster.made == []

    run(test)


def test_without_a_decision_no_pod_is_sent(run: Callable[[Test], None]) -> None:
    """SPW-10: there is no way round the comparison."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.load_user_options()
        pod = await spawner.get_pod_manifest()
        await spawner.start()
        for without in (made(policy), spawner):
            with pytest.raises(SpawnException, match="pod_differs"):
                await without._make_create_pod_request(pod, 1)
            with pytest.raises(SpawnException, match="pod_differs"):
                await without._make_create_pod_request(await without.get_pod_manifest(), 1)
        assert len(cluster.made) == 1

    run(test)


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
    """FLT-02: refused twice, made the third time; one pod."""

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
    """DAT-14, FLT-02: with a code, what to do, an end in the log, and a cluster where nothing is left."""

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
    """The warden's part of a start may come a moment later, and a watch that failed is not believed the next time."""

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
    """FLT-05: the earlier start's pod is the warden's to end; after it the new one is made."""

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
    """FLT-02: bounded, with the cause; the pod is cleaned up."""
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


def test_a_pod_that_is_being_ended_counts_as_over_and_the_warden_says_when(run: Callable[[Test], None]) -> None:
    """S46: a deletion that was asked for is no end that was seen."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        cluster.patch(metadata={"deletionTimestamp": "2026-03-01T12:00:00Z"})
        await until(lambda: "deletionTimestamp" in (spawner.pod_now() or {})["metadata"], "news of it")
        assert (await spawner.poll(), policy.told) == (1, [])

    run(test)


def test_a_cluster_that_is_away_ends_nothing_and_is_caught_up_with(run: Callable[[Test], None]) -> None:
    """FLT-02: no start, no forgotten workspace; watches break, give up, and are made anew."""

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
        assert ("P-3", "DR-12", 7, "pod_gone") in policy.told

    run(test)


def test_a_watch_whose_history_is_gone_is_begun_again(run: Callable[[Test], None]) -> None:
    """FLT-02: 410 on a watch loses no news."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy)
        await spawner.start()
        await until(lambda: cluster.watchers, "a watch")
        cluster.cut_watches()
        cluster.remove()
        await until(lambda: spawner.pod_now() is None, "news of the end")
        assert await spawner.poll() == 1

    run(test)


def test_a_workspace_outlives_the_hub(run: Callable[[Test], None]) -> None:
    """FLT-05: found again by its start; ended by the next hub."""

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
        before = made(policy)
        start = asyncio.ensure_future(before.start())
        await until(cluster.pod, "a pod")
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


def test_who_waits_reads_the_phases_in_words(run: Callable[[Test], None]) -> None:
    """S97: place, machine, data, server; no sentence of the cluster's."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        cluster.plan = lambda asked: (404, "namespace not found") if asked.verb == "create" else None
        spawner = made(policy)
        read: list[str] = []

        async def page() -> None:
            async for event in spawner.progress():
                read.append(event["message"])  # noqa: PERF401 (read while it goes on)

        reading, start = asyncio.ensure_future(page()), asyncio.ensure_future(spawner.start())
        await until(lambda: any("being made" in one for one in read), "the place")
        cluster.plan = lambda _: None
        await until(lambda: any(one.startswith("Scheduling") for one in read), "the machine")
        cluster.patch(status={"conditions": RUNNING["conditions"]})
        cluster.say("FailedMount", "secret bucket name")
        await until(lambda: any(one.startswith("Mounting") for one in read), "the data")
        cluster.patch(status=RUNNING)
        await start
        await reading
        assert not [one for one in read if "secret" in one]

    run(test)


def test_several_persons_of_one_request_share_its_watches_and_the_last_ends_them(run: Callable[[Test], None]) -> None:
    """Two connections a namespace while it starts, one while it runs, none after."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawners = [made(policy, f"p-{number}") for number in range(1, 5)]
        await asyncio.gather(*(one.start() for one in spawners))
        assert [key[0] for key in WatchingSpawner.reflectors] == ["pods"]
        for one in spawners:
            assert WatchingSpawner.reflectors
            await one.stop()
        assert (WatchingSpawner.reflectors, len(cluster.objects)) == ({}, 0)

    run(test)


def test_the_hub_deletes_no_home_makes_no_namespace_and_no_service() -> None:
    """SPW-10: these are the warden's, or nobody's."""
    off = baseline(CLUSTER)
    names = ("delete_pvc", "storage_pvc_ensure", "enable_user_namespaces", "services_enabled", "profile_list")
    assert [off[name] for name in names] == [False, False, False, False, []]

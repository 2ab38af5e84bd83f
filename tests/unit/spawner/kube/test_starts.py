"""A workspace's start in a cluster: what is sent, and that it is what was decided."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException
from kubernetes_asyncio.client import V1Container

from spawner.manifest import difference
from spawner.pod_traits import baseline
from spawner.reflectors import WatchingSpawner
from spawner.workspace import WorkspaceRefused
from tests.unit.spawner.fake_cluster import CLUSTER, PENDING, RUNNING, FakeCluster, FakePolicy, Spawner, made
from tests.unit.spawner.kube.doing import URL, Test, refused, until

pytestmark = pytest.mark.unit


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


class _Own(Spawner):
    """One whose workspaces have hosts of their own."""

    origin_of = staticmethod(lambda person, request: f"https://{person}-{request}.work.example")  # type: ignore[assignment]

    def __init__(self, **given: Any) -> None:
        super().__init__(proxy_spec="/user/p-3/dr-12/", **given)


def test_a_pods_server_is_told_its_own_web_origin(run: Callable[[Test], None]) -> None:
    """SES-07: its login comes back there, and the hub knows; nothing else of its pod is another."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        spawner = made(policy, kind=_Own)
        spawner.orm_spawner.oauth_client = SimpleNamespace(redirect_uri="")
        await spawner.start()
        pod = cluster.pod()
        assert pod is not None
        told = {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}
        own = "https://p-3-dr-12.work.example/user/p-3/dr-12/"
        assert told["JUPYTERHUB_PUBLIC_URL"] == own
        assert told["JUPYTERHUB_OAUTH_CALLBACK_URL"] == f"{own}oauth_callback"
        assert spawner.orm_spawner.oauth_client.redirect_uri == f"{own}oauth_callback"

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


def test_who_waits_reads_the_phases_in_words(run: Callable[[Test], None]) -> None:
    """FLT-05, S97: place, machine, data, server; no sentence of the cluster's."""

    async def test(cluster: FakeCluster, policy: FakePolicy) -> None:
        cluster.status = PENDING
        cluster.plan = lambda asked: (404, "namespace not found") if asked.verb == "create" else None
        spawner = made(policy)
        read: list[str] = []
        reading, start = asyncio.ensure_future(_page(spawner, read)), asyncio.ensure_future(spawner.start())
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


async def _page(spawner: Any, read: list[str]) -> None:
    """Read what the hub's page is told, while it goes on."""
    async for event in spawner.progress():
        read.append(event["message"])  # noqa: PERF401 (read while it goes on)


def test_several_persons_of_one_request_share_its_watches_and_the_last_ends_them(run: Callable[[Test], None]) -> None:
    """FLT-04: two connections a namespace while it starts, one while it runs, none after."""

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

"""A hub's process without its web server: our spawner with all it stands on, and plain KubeSpawner for the same pod.

Real are the API server, the decision and its log, JupyterHub's own tables, the dry run before a pod, and all rights.
What our spawner does beyond KubeSpawner is on a clock of its own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import jupyterhub.orm as hub
import kubernetes_asyncio.config
from kubernetes_asyncio.client import Configuration
from kubespawner import KubeSpawner
from kubespawner.clients import load_config

from hub_config.admission import Admission
from hub_config.cluster_spawner import ClusterHubSpawner, send_dry
from hub_config.gate import Gate
from spawner.buckets import bucket_of
from spawner.manifest import Cluster, Server, expected_pod
from spawner.pod_traits import baseline, pod_traits
from spawner.reflectors import WatchingSpawner, widen_the_client
from spawner.workspace import Mount, Workspace
from tests.bench.many_requests import DATASETS, INSTALLATION
from tests.bench.on_fake_nodes import Databases
from tests.chart.rendering import NAMESPACE, WORKSPACE_IMAGE
from tests.cluster.handle import Cluster as Real
from tests.cluster.locks import PROFILE

ALIASES = (("199.36.153.8", "storage.example.org"),)
SHARED = Cluster(image=WORKSPACE_IMAGE, hub_url="http://10.96.0.7:8081", host_aliases=ALIASES)
PARTS = ("decision", "objects", "events")


class Spans:
    """Milliseconds of each part of one start, on the clock and of this process; a part within one counts by itself."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget all."""
        self.of: dict[str, tuple[float, float]] = {}
        self._open: list[str] = []
        self._since = both()

    def _turn(self) -> None:
        now = both()
        if self._open:
            clock, process = self.of.get(self._open[-1], (0.0, 0.0))
            self.of[self._open[-1]] = clock + now[0] - self._since[0], process + now[1] - self._since[1]
        self._since = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what is inside."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()


def both() -> tuple[float, float]:
    return time.perf_counter() * 1000, time.process_time() * 1000


class _Apart:
    """The client, with a clock of its own for the request for a pod."""

    def __init__(self, api: Any, spans: Spans) -> None:
        self._api, self._spans = api, spans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    async def create_namespaced_pod(self, *arguments: Any) -> Any:
        with self._spans.part("pod"):
            return await self._api.create_namespaced_pod(*arguments)


class Ours(ClusterHubSpawner):
    """The hub's spawner."""


class Clocked(Ours):
    """The same, with the time of what it does beyond KubeSpawner.

    `watches` and `pod` are what KubeSpawner does itself; during the first the dry run is sent, too.
    """

    spans: ClassVar[Spans] = Spans()

    def _decide(self) -> Workspace:
        with self.spans.part("decision"):
            return super()._decide()

    def _may_keep(self) -> bool:
        with self.spans.part("decision"):
            return super()._may_keep()

    def _check_kept(self) -> None:
        with self.spans.part("decision"):
            super()._check_kept()

    async def load_user_options(self) -> None:
        with self.spans.part("objects"):
            await super().load_user_options()

    async def _place(self) -> bool:
        with self.spans.part("watches"):
            return await super()._place()

    async def _make_create_pod_request(self, pod: Any, request_timeout: int) -> bool:
        api: Any = self.api  # type: ignore[has-type]
        self.api = _Apart(api, self.spans)
        try:
            with self.spans.part("objects"):
                return await super()._make_create_pod_request(pod, request_timeout)
        finally:
            self.api = api

    async def release(self, kind: str) -> None:
        with self.spans.part("events"):
            await super().release(kind)


class Plain(KubeSpawner):  # type: ignore[misc]  # kubespawner ships no types
    """KubeSpawner as it is."""


class Hub:
    """What a hub's process has beside its web server: its tables, its gate, its account at the API server."""

    def __init__(self, databases: Databases) -> None:
        self.policy, self.requests = databases.policy, databases.log.requests
        self.person = databases.log.people[0]
        self._db = hub.new_session_factory(databases.hub)()
        self._user = hub.User(name=self.person.lower())
        self._db.add(self._user)
        self._db.commit()
        self._settings = SimpleNamespace(
            public_host="", url="http://hub", base_url="/hub/", api_url="http://hub:8081/hub/api"
        )
        gate = Gate(self.policy, (PROFILE,))
        Ours.gate = Ours.policy = gate
        Ours.admission = Admission(send_dry, time.monotonic)
        Ours.profiles, Ours.now, Ours.cluster = (PROFILE,), self.policy.now, SHARED

    def spawner(self, kind: type[Any], request: str) -> Any:
        """A spawner as JupyterHub has it before a start."""
        server, person = request.lower(), self._user.name
        record = hub.Spawner(name=server, user=self._user)
        self._db.add(record)
        record.server = hub.Server(base_url=f"/user/{person}/{server}/", cookie_name="c")
        self._db.commit()
        user = SimpleNamespace(name=person, id=3, url=f"/user/{person}/", escaped_name=person, db=self._db)
        made = kind(hub=self._settings, user=user, orm_spawner=record, db=self._db, oauth_client_id="a-client")
        made.api_token, made.user_options = "t0ken", {"profile": PROFILE.name}
        return made

    def forget(self, spawner: Any) -> None:
        """A named server that is deleted."""
        self._db.delete(spawner.orm_spawner)
        self._db.commit()

    def ours(self, request: str) -> Any:
        """Our spawner for a request."""
        return self.spawner(Ours, request)

    def clocked(self, request: str) -> Any:
        """The same on the clock; one start at a time."""
        return self.spawner(Clocked, request)

    def plain(self, request: str) -> Any:
        """KubeSpawner with the settings of the same pod."""
        return self._set(self.spawner(Plain, request), self._pod(request))

    def _pod(self, request: str) -> dict[str, Any]:
        mounts = tuple(Mount(each, "1", f"gs://centre-{each}/files") for each in sorted(DATASETS))
        assert all(bucket_of(each.source) for each in mounts)
        until = self.policy.now() + timedelta(hours=8)
        workspace = Workspace(self.person, request, 1, until, mounts, PROFILE, INSTALLATION)
        return expected_pod(workspace, SHARED, Server({}), self.policy.now())

    @staticmethod
    def _set(spawner: Any, pod: dict[str, Any]) -> Any:
        for name, value in (baseline(SHARED) | pod_traits(pod)).items():
            setattr(spawner, name, value)
        spawner.pod_name, spawner.user_options = pod["metadata"]["name"], {}
        return spawner

    def close(self) -> None:
        """Close its tables."""
        self._db.close()
        self._db.get_bind().dispose()


@asynccontextmanager
async def hub_on(cluster: Real, databases: Databases) -> AsyncIterator[Hub]:
    """A hub with the account that the chart gives it; its watches and connections end with it."""
    account = cluster.as_account(NAMESPACE, "hub")
    configuration = Configuration(host=account.server, api_key={"BearerToken": f"Bearer {account.token}"})
    configuration.ssl_ca_cert = account.authority
    found = lambda: Configuration.set_default(configuration)  # noqa: E731
    setattr(kubernetes_asyncio.config, "load_incluster_config", found)  # noqa: B010
    load_config.cache_clear()
    widen_the_client.cache_clear()
    made = Hub(databases)
    try:
        yield made
    finally:
        await WatchingSpawner._stop_all_reflectors()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        made.close()

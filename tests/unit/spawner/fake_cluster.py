"""A Kubernetes API on loopback that a test can make fail, and spawners that talk to it.

It shows how the spawner meets answers, not how a cluster behaves: that is shown on a real one.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from jupyterhub import orm
from kubernetes_asyncio.client import Configuration
from kubespawner.clients import load_config

from access_policy.model.enums import Zone
from spawner.kube import ClusterSpawner
from spawner.manifest import Cluster
from spawner.reflectors import WatchingSpawner, widen_the_client
from spawner.workspace import DataPath, Mount, Profile, Workspace

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
INSTALLATION = "5a" * 16
IMAGE = "registry.example.org/workspace@sha256:" + "ab" * 32
CLUSTER = Cluster(
    image=IMAGE,
    hub_url="http://10.0.0.9:8081",
    host_aliases=(("199.36.153.8", "storage.googleapis.com"), ("169.254.169.254", "metadata.google.internal")),
)
SMALL = Profile("small", "Small", 1.0, 4 << 30, 512, 8 << 30, 72 * 3600)
LARGE = Profile(
    "large", "Large", 2.5, 12 << 30, 1024, 8 << 30, 72 * 3600, DataPath.MOUNT, "", (("pool", "large"),), 0.5, 2 << 30
)
GVISOR = Profile("gvisor", "Apart", 1.0, 4 << 30, 512, 8 << 30, 72 * 3600, DataPath.API, "gvisor")
PROFILES = (SMALL, LARGE, GVISOR)
MOUNTS = (Mount("trial", "1", "gs://centre-data/trial/v1"), Mount("whole", "2", "gs://centre-whole"))
RUNNING = {
    "phase": "Running",
    "podIP": "10.1.0.7",
    "conditions": [{"type": "PodScheduled", "status": "True"}],
    "containerStatuses": [
        {"name": "notebook", "image": "i", "imageID": "i", "restartCount": 0, "ready": True, "state": {"running": {}}}
    ],
}
PENDING = {"phase": "Pending", "conditions": []}


def workspace(**changes: Any) -> Workspace:
    """P-3's workspace for DR-12, started as fact 7, with two datasets and a day and a half to go."""
    values: dict[str, Any] = {
        "person": "P-3",
        "request": "DR-12",
        "seq": 7,
        "until": AT + timedelta(hours=36, milliseconds=1),
        "mounts": MOUNTS,
        "profile": SMALL,
        "installation": INSTALLATION,
    }
    return Workspace(**(values | changes))


class FakePolicy:
    """Says yes until told otherwise, and keeps what it is told."""

    def __init__(self) -> None:
        self.keep = True
        self.seq = 6
        self.changes: dict[str, Any] = {}
        self.told: list[tuple[str, str, int, str]] = []
        self.started: list[Workspace] = []

    def start(self, person: str, request: str, wish: Any, place: Zone = Zone.ANYWHERE) -> Workspace:
        """Allow it, as the next fact."""
        self.seq += 1
        profile = next(one for one in PROFILES if one.name == wish["profile"])
        values = {"person": person, "request": request, "seq": self.seq, "profile": profile}
        self.started.append(workspace(**(values | self.changes)))
        return self.started[-1]

    def may_keep(self, person: str, request: str, seq: int) -> bool:
        """As long as the test says so, and of a start that there was."""
        return self.keep and seq <= self.seq

    def zone_of(self, person: str, request: str) -> Zone | None:
        """As its start decided."""
        return self.started[-1].zone if self.started else None

    def ended(self, person: str, request: str, seq: int, why: str) -> None:
        """Keep it."""
        self.told.append((person, request, seq, why))


class Asked(NamedTuple):
    """One request: `verb` is list, watch, create, get or delete; `kind` pods or events."""

    verb: str
    kind: str
    namespace: str
    name: str


class FakeCluster:
    """Pods and events of one API server, over HTTP on loopback.

    `plan` sees every request and may answer it; `status` is what a new pod gets from its node at once; `lingers` keeps
    a deleted pod there, as on a node that does not answer.
    """

    def __init__(self) -> None:
        self.status: dict[str, Any] = RUNNING
        self.plan: Callable[[Asked], tuple[int, str] | None] = lambda _: None
        self.lingers = False
        self.made: list[dict[str, Any]] = []
        self.asked: list[Asked] = []
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.watchers: set[tuple[str, str, asyncio.Queue[dict[str, Any]]]] = set()
        self.history: deque[tuple[str, dict[str, Any]]] = deque(maxlen=200)
        self.version = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Every request comes here."""
        _, _, _, _, namespace, kind, *rest = request.path.split("/")
        verb = {"POST": "create", "DELETE": "delete"}.get(request.method, "get" if rest else "list")
        verb = "watch" if request.query.get("watch", "").lower() == "true" else verb
        asked = Asked(verb, kind, namespace, rest[0] if rest else "")
        self.asked.append(asked)
        planned = self.plan(asked)
        if planned is not None:
            return refusal(*planned)
        body = json.loads(await request.read() or b"{}")
        if verb == "watch":
            return await self._watch(request, asked)
        return getattr(self, f"_{verb}")(asked, body)  # type: ignore[no-any-return]

    def _list(self, asked: Asked, _: Any) -> web.Response:
        found = [one for key, one in self.objects.items() if key[:2] == (asked.kind, asked.namespace)]
        return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "items": found})

    def _get(self, asked: Asked, _: Any) -> web.Response:
        found = self.objects.get((asked.kind, asked.namespace, asked.name))
        return web.json_response(found) if found else refusal(404, "not found")

    def _create(self, asked: Asked, body: dict[str, Any]) -> web.Response:
        if (asked.kind, asked.namespace, body["metadata"]["name"]) in self.objects:
            return refusal(409, "already exists")
        self.made.append(json.loads(json.dumps(body)))
        body["metadata"]["namespace"] = asked.namespace
        body["status"] = json.loads(json.dumps(self.status))
        self.put(body)
        return web.json_response(body, status=201)

    def _delete(self, asked: Asked, body: dict[str, Any]) -> web.Response:
        found = self.objects.get((asked.kind, asked.namespace, asked.name))
        if found is None:
            return refusal(404, "not found")
        wanted = (body.get("preconditions") or {}).get("uid")
        if wanted and found["metadata"]["uid"] != wanted:
            return refusal(409, "the UID in the precondition does not match the UID in record")
        if self.lingers and body.get("gracePeriodSeconds") != 0:  # at 0 nobody waits for the node
            self.patch(metadata={"deletionTimestamp": "2026-03-01T12:00:00Z"})
        else:
            self.remove(asked.namespace, asked.name)
        return web.json_response(found)

    async def _watch(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        after = int(request.query.get("resourceVersion", "0"))
        for kind, event in self.history:  # what changed between the list and the watch
            metadata = event["object"]["metadata"]
            if (kind, metadata["namespace"]) == asked[1:3] and int(metadata["resourceVersion"]) > after:
                queue.put_nowait(event)
        mine = (asked.kind, asked.namespace, queue)
        self.watchers.add(mine)
        try:
            while True:
                await response.write(json.dumps(await queue.get()).encode() + b"\n")
        finally:
            self.watchers.discard(mine)

    def pod(self, namespace: str = "sluis-dr-12", name: str = "p-3") -> dict[str, Any] | None:
        """The pod of this name, if there is one."""
        return self.objects.get(("pods", namespace, name))

    def put(self, pod: dict[str, Any], kind: str = "pods") -> None:
        """A new object, of whoever's making."""
        metadata = pod["metadata"]
        self.objects[kind, metadata["namespace"], metadata["name"]] = pod
        metadata.setdefault("uid", f"uid-{self.version + 1}")
        self._tell("ADDED", kind, pod)

    def patch(self, namespace: str = "sluis-dr-12", name: str = "p-3", **change: dict[str, Any]) -> None:
        """What a node, or anybody, changes about a pod."""
        pod = self.objects["pods", namespace, name]
        for part, values in change.items():
            pod[part] = pod.get(part, {}) | values
        self._tell("MODIFIED", "pods", pod)

    def remove(self, namespace: str = "sluis-dr-12", name: str = "p-3") -> None:
        """A pod that is gone, by whoever's doing."""
        self._tell("DELETED", "pods", self.objects.pop(("pods", namespace, name)))

    def say(self, reason: str, message: str = "", namespace: str = "sluis-dr-12", pod: str = "p-3") -> None:
        """An event about a pod."""
        name = f"e{self.version + 1}"
        event = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {"kind": "Pod", "name": pod},
            "reason": reason, "message": message, "type": "Warning", "eventTime": None,
            "lastTimestamp": f"2026-03-01T12:00:{self.version:02}Z",
        }  # fmt: skip
        self.put(event, "events")

    def cut_watches(self) -> None:
        """Every watch breaks with what a server says whose history is too short."""
        for _, _, queue in self.watchers:
            queue.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})

    def _tell(self, what: str, kind: str, one: dict[str, Any]) -> None:
        self.version += 1
        one["metadata"]["resourceVersion"] = str(self.version)
        event = {"type": what, "object": json.loads(json.dumps(one))}
        self.history.append((kind, event))
        for of_kind, namespace, queue in self.watchers:
            if (of_kind, namespace) == (kind, one["metadata"]["namespace"]):
                queue.put_nowait(event)


def refusal(status: int, message: str) -> web.Response:
    """An error as the API server words it."""
    return web.json_response({"kind": "Status", "status": "Failure", "code": status, "message": message}, status=status)


class Session:
    """The hub's database, which keeps nothing."""

    def commit(self) -> None:
        """Done."""

    def refresh(self, *_: Any) -> None:
        """Done."""


class Spawner(ClusterSpawner):
    """The spawner under test, at a time that stands still."""

    cluster: ClassVar[Cluster] = CLUSTER
    profiles: ClassVar[tuple[Profile, ...]] = PROFILES
    now: ClassVar[Callable[[], datetime]] = lambda: AT


def made(policy: FakePolicy, user: str = "p-3", server: str = "dr-12", kind: type[ClusterSpawner] = Spawner) -> Any:
    """A spawner as the hub has it before a start; to be called in a running loop."""
    one = type("Made", (kind,), {"policy": policy})
    base = f"/user/{user}/{server}/"
    orm_server = orm.Server(base_url=base, proto="http", ip="", port=8888, cookie_name="c")
    record = SimpleNamespace(name=server, user_options={"volumes": []}, server=orm_server, state={}, started=None)
    person = SimpleNamespace(name=user, id=3, url=f"/user/{user}/", escaped_name=user, db=Session())
    hub = SimpleNamespace(public_host="", url="http://hub", base_url="/hub/", api_url="http://hub:8081/hub/api")
    spawner = one(hub=hub, user=person, orm_spawner=record, db=Session(), oauth_client_id="jupyterhub-user-p-3-dr-12")
    spawner.api_token, spawner.user_options = "t0ken", {"profile": "small"}
    spawner.k8s_api_request_timeout, spawner.k8s_api_request_retry_timeout = 2, 20
    return spawner


@asynccontextmanager
async def running_cluster(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeCluster]:
    """A fake cluster, and a client that finds it; watches end with it."""
    cluster, application = FakeCluster(), web.Application()
    application.router.add_route("*", "/{anything:.*}", cluster.answer)
    async with TestServer(application) as server:
        configuration = Configuration(host=str(server.make_url("")).rstrip("/"))
        async with client_of(configuration, monkeypatch):
            yield cluster


@asynccontextmanager
async def client_of(configuration: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let spawners talk to a cluster; their watches and connections end with it."""
    monkeypatch.setattr(
        "kubernetes_asyncio.config.load_incluster_config", lambda: Configuration.set_default(configuration)
    )
    load_config.cache_clear()
    widen_the_client.cache_clear()
    try:
        yield
    finally:
        await WatchingSpawner._stop_all_reflectors()
        WatchingSpawner._users.clear()
        await _end_clients()


async def _end_clients() -> None:
    """End the tasks that hold the client's connections, as the hub does when it stops."""
    others = [one for one in asyncio.all_tasks() if "close_client_task" in repr(one)]
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)

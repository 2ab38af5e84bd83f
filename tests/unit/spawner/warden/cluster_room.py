"""A room for the tests of the warden on a cluster: a world with data in buckets, its log, a fake API, the warden."""

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from access_policy import events as e
from access_policy.model.enums import Zone
from access_policy.model.ids import PersonId
from access_policy.state import WorkspaceKey
from access_policy.use_cases import Policy
from spawner import cluster_names as names
from spawner.warden.api import Object
from spawner.warden.cluster import ClusterMachine
from spawner.warden.grants import Site
from spawner.warden.silence import Endings
from spawner.warden.warden import Leash, Warden
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import SetClock, open_log
from tests.unit.access_policy.world import OPEN, RESEARCHER, SECOND_ADMIN, World, everything_holds, of_format_2
from tests.unit.spawner.warden.fake_api import FakeCluster, Seconds, api_of, serving

SITE = Site(storage_cidrs=("199.36.153.8/30",))
HERE = "an-installation"
SPACE, POD = "sluis-dr-1", "p-3"
KEY: WorkspaceKey = (RESEARCHER, OPEN)
WHY = {"reason": "a question"}


def in_buckets(world: World) -> World:
    """Return the same world with each dataset in a bucket of its own, below a prefix."""
    return World.of([msgspec.structs.replace(fact, event=_moved(fact.event)) for fact in world.facts], world.at)


def _moved(event: e.Event) -> e.Event:
    if not isinstance(event, e.DatasetRegistered | e.VersionReleased | e.ExtractPrepared):
        return event
    if event.location.startswith("gs://"):
        return event
    part = "files" if isinstance(event, e.DatasetRegistered) else event.location
    return msgspec.structs.replace(event, location=f"gs://centre-{event.dataset}/{part}")


def good_world() -> World:
    """Return the good world, with its data in buckets."""
    return in_buckets(of_format_2(everything_holds()))


@dataclass
class FakeRoutes:
    """The proxy's routes, in memory."""

    open: set[WorkspaceKey] = field(default_factory=set)
    door: Zone = Zone.ANYWHERE
    away: bool = False
    closed: list[WorkspaceKey] = field(default_factory=list)

    def open_routes(self) -> Collection[WorkspaceKey]:
        if self.away:
            raise OSError("the proxy is away")
        return set(self.open)

    def close(self, key: WorkspaceKey) -> None:
        self.open.discard(key)
        self.closed.append(key)


@dataclass
class Room:
    """All that a test reaches for. `look` is one look of the warden; `again` is a warden that knows nothing yet."""

    cluster: FakeCluster
    url: str
    policy: Policy
    clock: SetClock
    seconds: Seconds
    routes: FakeRoutes
    world: World
    still: Callable[[], None] = lambda: None
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        self.machine = ClusterMachine(api_of(self.url, self.seconds), SITE, HERE, self.seconds)
        leash = Leash(self.seconds, Endings(), failed=self.failed.append, still=self._asked)
        self.warden = Warden(self.policy, self.machine, [self.routes], self._reaches, leash)

    def look(self, times: int = 1, after: float = 0.5) -> None:
        for _ in range(times):
            self.seconds.now += after
            self.clock.go(after)
            self.warden.tick()

    def do(self, name: str, who: PersonId, **arguments: object) -> None:
        """Carry out a command on the log, as a person with a step-up."""
        from access_policy.commands.base import Refusal, parse_command

        self.world.at = self.clock.at
        outcome = self.policy.handle(parse_command(name, arguments), self.world.acting(who))
        assert not isinstance(outcome, Refusal), outcome

    def confirm(self) -> None:
        """Have a second admin confirm the newest proposal."""
        with self.policy.reading() as state:
            number = state.last_proposal
        self.do("confirm-proposal", SECOND_ADMIN, proposal=number)

    def start(self) -> int:
        """Start the researcher's workspace as the hub does, pod and all; return its number."""
        self.world = World.of(list(self.policy.store.facts_since(0)), self.clock.at)
        self.world.start(OPEN)
        fact = self.world.facts[-1]
        self.policy.store.append(fact.seq - 1, lambda _at: [(fact.actor, fact.event)], log_format=2)  # type: ignore[list-item]
        self.cluster.put("Pod", SPACE, POD, **pod(fact.seq))
        self.routes.open.add(KEY)
        return fact.seq

    def runs(self) -> bool:
        with self.policy.reading() as state:
            return KEY in state.workspaces

    def facts(self, kind: type[e.Event]) -> list[e.Event]:
        return [one.event for one in self.policy.store.facts_since(0) if isinstance(one.event, kind)]

    def _asked(self) -> None:
        self.still()

    def _reaches(self, person: str, request: str, _door: Zone) -> bool:
        from access_policy.commands.workspaces import ground_lost
        from spawner.warden.plan import key_of

        with self.policy.reading() as state:
            one = state.workspaces.get(key_of(person, request))
            return one is not None and ground_lost(state, one, self.policy.now()) is None


def lets_in(here: Room, space: str = SPACE) -> bool:
    """Whether anybody could start a workspace in a place."""
    return here.cluster.has("AccessGrant", space, "grant") or here.cluster.has("RoleBinding", space, "hub")


def ended(here: Room) -> list[str]:
    """Return why workspaces ended, as the log has it."""
    return [one.why for one in here.facts(e.WorkspaceEnded) if isinstance(one, e.WorkspaceEnded)]


def pod(start: int, node: str = "node-1") -> Object:
    """Return labels and content of the researcher's pod, as far as the warden looks at them."""
    mounts = [
        {
            "name": f"ds-{number}",
            "csi": {
                "driver": "gcsfuse.csi.storage.gke.io",
                "readOnly": True,
                "volumeAttributes": {"bucketName": f"centre-{name}", "mountOptions": "implicit-dirs,only-dir=files"},
            },
        }
        for number, name in enumerate(("expressions", "tumours"), 1)
    ]
    home = {"name": "home", "persistentVolumeClaim": {"claimName": "home-p-3"}}
    spec = {"serviceAccountName": "p-3", "nodeName": node, "volumes": [*mounts, home, {"name": "tmp", "emptyDir": {}}]}
    return {"labels": names.pod_labels(HERE, OPEN, RESEARCHER, start) | {names.ZONE: "anywhere"}, "spec": spec}


def write_log(folder: Path) -> Path:
    """Write the good world's log once, for all tests to copy."""
    policy, _ = keep(good_world(), folder / "log.db")
    policy.store.close()
    return folder


@contextmanager
def room(log: Path, folder: Path) -> Iterator[Room]:
    """Give a room whose warden has not looked yet, with a copy of the log."""
    world, cluster = good_world(), FakeCluster()
    shutil.copytree(log, folder / "log")
    clock = SetClock(world.at)
    policy = Policy(open_log(folder / "log" / "log.db", clock), clock)
    with serving(cluster) as url:
        yield Room(cluster, url, policy, clock, Seconds(), FakeRoutes(), world)
    policy.store.close()

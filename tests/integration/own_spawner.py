"""The sandbox spawner in the test's own process, on a real log, with real bubblewrap and the real warden.

So a test can stop its start at any await. The server inside is one that answers at once, started by the real launcher;
what of the hub's a spawner needs is as plain as that.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from jupyterhub import orm

from access_policy import events as e
from access_policy.model.enums import Zone
from access_policy.state import WorkspaceKey
from hub_config.gate import Gate
from spawner.sandbox import SandboxSpawner
from spawner.storage import Places, find_host
from spawner.warden.machine import LocalMachine
from spawner.warden.plan import key_of
from spawner.warden.silence import Endings
from spawner.warden.warden import Leash, Warden
from spawner.workspace import Profile
from tests.unit.hub_config.desk.seed import World, full_world
from tests.unit.spawner.fake_cluster import Session

PERSON, REQUEST = "P-8", "DR-1"
KEY = key_of(PERSON, REQUEST)
SMALL = Profile("small", "Small", 1.0, 1 << 30, 100, 1 << 28, 3600)
_MAIN = 'if __name__ == "__main__":'
_SERVES_AT_ONCE = '''
def serve(socket_fd, token, arguments):
    """Answer every connection, in the place of a server that takes seconds to come up."""
    listening = socket.socket(fileno=socket_fd)
    listening.setblocking(True)
    while True:
        connection, _ = listening.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}")
        connection.close()


'''


class _Plain:
    """Whatever of the hub a spawner needs."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@dataclass
class Routes:
    """The proxy's routes, in memory."""

    open: set[WorkspaceKey] = field(default_factory=set)
    door: Zone = Zone.ANYWHERE

    def open_routes(self) -> Collection[WorkspaceKey]:
        return set(self.open)

    def close(self, key: WorkspaceKey) -> None:
        self.open.discard(key)


class Spawners:
    """One state's folders, its log, the gate and a warden. `made` gives a spawner; to be called in a running loop."""

    def __init__(self, folder: Path, world: World | None = None) -> None:
        self.folder = folder
        self.world = world or full_world(_made_folder(folder / "state"))
        self.world.log_in("researcher")
        self.gate = Gate(self.world.policy, (SMALL,))
        self.places = Places(homes=folder / "homes", run=folder / "run", datasets=folder / "datasets")
        (self.places.datasets / "clinical").mkdir(parents=True, exist_ok=True)
        (self.places.datasets / "clinical" / "a.csv").write_text("1\n")
        for path in (folder, self.places.datasets):
            path.chmod(0o755)
        self.routes = Routes()
        self.seconds = 1000.0
        machine = LocalMachine(self.places.run)
        leash = Leash(lambda: self.seconds, Endings())
        self.warden = Warden(self.world.policy, machine, [self.routes], self.gate.may_reach, leash)

    def close(self) -> None:
        self.world.policy.store.close()

    def made(self, kind: type[SandboxSpawner] = SandboxSpawner) -> Any:
        """Return the researcher's spawner as the hub has it before a start."""
        host = msgspec.structs.replace(find_host(), launcher=str(self._launcher()))
        own = {"policy": self.gate, "profiles": (SMALL,), "places": self.places, "host": host}
        user, name = PERSON.lower(), REQUEST.lower()
        base = f"/user/{user}/{name}/"
        server = orm.Server(base_url=base, proto="http", ip="", port=8888, cookie_name="c")
        record = _Plain(name=name, user_options={}, server=server, state={}, started=None)
        person = _Plain(name=user, id=8, url=f"/user/{user}/", escaped_name=user, db=Session())
        hub = _Plain(public_host="", url="http://hub", base_url="/hub/", api_url="http://127.0.0.1:9/hub/api")
        spawner = type("Made", (kind,), own)(
            hub=hub, user=person, orm_spawner=record, db=Session(), oauth_client_id=f"jupyterhub-user-{user}-{name}"
        )
        spawner.api_token, spawner.user_options = "t0ken", {"profile": "small"}
        return spawner

    def _launcher(self) -> Path:
        real = Path(find_host().launcher).read_text(encoding="utf-8")
        path = self.folder / "launcher.py"
        path.write_text(real.replace(_MAIN, _SERVES_AT_ONCE + _MAIN), encoding="utf-8")
        return path

    def withdraw(self) -> None:
        """Take the ground away."""
        self.world.do("suspend-request", "second-admin", request=REQUEST, reason="a question")

    def look(self, times: int = 1) -> None:
        """Let the warden look, half a second apart."""
        for _ in range(times):
            self.seconds += 0.5
            self.world.clock.go(seconds=0.5)
            self.warden.tick()

    def on_record(self) -> bool:
        """Whether the log believes in the workspace."""
        with self.world.policy.reading() as state:
            return KEY in state.workspaces

    def endings(self) -> list[str]:
        """Why workspaces ended, by the log."""
        facts = self.world.policy.store.facts_since(0)
        return [one.event.why for one in facts if isinstance(one.event, e.WorkspaceEnded)]

    def processes(self) -> list[str]:
        """Every process of this machine that names this test's folder, whoever knows of it."""
        return processes_naming(self.folder)


def _made_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def processes_naming(folder: Path) -> list[str]:
    """The first words of every process whose command line names a folder; a zombie has no command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(f"{folder}/" in word for word in words):
                found.append(f"{entry.name} {words[0]}")
    return found

"""Plain JupyterHub with its idle culler, on this machine: how long does somebody read on who may not be here any more?

Its servers are processes of the hub's own user, data are a file on the disk. A right ends by a name taken out of the
list of those who may log in, right after the person did something. All intervals keep the proportions of their
documented defaults: the culler looks, and activity is told, twice in a timeout.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from spawner.processes import Process, process_now
from tests.bench.leash_reader import Slots, are_silent, cell_within, reads
from tests.integration.sandbox_hub import ROOT, SandboxHub, _kill, holds, proxy_command

DOCUMENTED_TIMEOUT = 600
_STARTS = 3
_SERVER = "work"
_PRINTS = "import time\nwhile True:\n    print('.', flush=True)\n    time.sleep(1)"
_START_BOUND, _CELL_BOUND = 180.0, 5.0
_SILENT, _LOOKS = 2.0, 4.0


def configure(c: Any, folder: Path) -> None:
    """Set what differs from the defaults. Called by the generated config file."""
    told = json.loads((folder / "ports.json").read_text())
    c.JupyterHub.authenticator_class, c.JupyterHub.spawner_class = _listed(folder), "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "homes" / "{username}")
    c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser", *(["--allow-root"] if os.geteuid() == 0 else [])]
    c.Spawner.start_timeout = c.Spawner.http_timeout = int(_START_BOUND)
    c.Spawner.environment = {"JUPYTERHUB_ACTIVITY_INTERVAL": str(told["timeout"] // 2)}
    c.JupyterHub.last_activity_interval = told["timeout"] // 2
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url = (f"http://127.0.0.1:{told[one]}" for one in ("proxy", "hub"))
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{told['api']}"
    c.ConfigurableHTTPProxy.command = proxy_command()
    c.JupyterHub.db_url = f"sqlite:///{folder / 'hub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    _give_roles(c, told)


def _listed(folder: Path) -> type[Any]:
    """Return what lets those in whose names stand in a file."""
    from jupyterhub.auth import DummyAuthenticator

    class Listed(DummyAuthenticator):  # type: ignore[misc]
        """Whoever is named there."""

        async def check_allowed(self, username: str, authentication: object = None) -> bool:
            """Called at each login."""
            return username in json.loads((folder / "allowed.json").read_text())

    return Listed


def _give_roles(c: Any, told: dict[str, Any]) -> None:
    """Let the culler do what its documentation says, and the tests what they need."""
    culler = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={told['timeout']}"]
    c.JupyterHub.services = [
        {"name": "tester", "api_token": told["token"]}, {"name": "culler", "command": culler},
    ]  # fmt: skip
    seen = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.load_roles = [
        {"name": "tester", "services": ["tester"], "scopes": ["admin:users", "admin:servers", "access:servers"]},
        {"name": "culler", "services": ["culler"], "scopes": seen},
    ]


class PlainHub(SandboxHub):
    """That hub."""

    def __init__(self, folder: Path, timeout: int) -> None:
        super().__init__(folder)
        self.ports |= {"timeout": timeout}
        self._allowed: set[str] = set()

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.folder / "homes").mkdir()
        (self.folder / "ports.json").write_text(json.dumps(self.ports))
        config = self.folder / "hub.py"
        config.write_text(
            f"from pathlib import Path\nfrom tests.bench.plain_hub import configure\n"
            f"configure(c, Path({str(self.folder)!r}))\n"
        )
        environment = os.environ | {"PYTHONPATH": str(ROOT), "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)}
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        with (self.folder / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self._wait_until_it_answers()

    def list(self, person: str, *, allowed: bool) -> None:
        """Put a name into the list of those who may log in, or take it out."""
        self._allowed = self._allowed | {person} if allowed else self._allowed - {person}
        (self.folder / "allowed.json").write_text(json.dumps(sorted(self._allowed)))


class Reader(NamedTuple):
    """Somebody whose right ended at an instant of the monotonic clock, and what reads for them."""

    person: str
    slots: Slots
    process: Process
    since: float

    @property
    def seconds(self) -> float:
        """From then to the last byte so far."""
        return self.slots.over() - self.since


class Peer(NamedTuple):
    """Seconds to the last byte: of those at whose servers nobody is, and of those in whose kernel a cell prints.

    The latter read on when nobody looked any more, or `ended` is true.
    """

    idle: list[float]
    busy: list[float]
    ended: bool


def _come(hub: PlainHub, person: str, *, busy: bool) -> Reader:
    """Let somebody start a server and read in it; then their right ends."""
    hub.list(person, allowed=True)
    hub.call("POST", f"/hub/api/users/{person}")
    hub.call("POST", f"/hub/api/users/{person}/servers/{_SERVER}")
    assert holds(lambda: hub.server(person, _SERVER).get("ready"), _START_BOUND), hub.log()[-2000:]
    slots = Slots(hub.folder / "homes" / person / ".read")
    server = f"{person}/{_SERVER}"
    kernel = hub.new_kernel(server)
    process = process_now(int(hub.run_cell(server, kernel, cell_within(str(hub.folder / "data.csv"), str(slots.file)))))
    assert holds(slots.read_by_all), "nobody reads"
    if busy:
        with contextlib.suppress(TimeoutError):
            hub.run_cell(server, kernel, _PRINTS, timeout=_CELL_BOUND)
    hub.list(person, allowed=False)
    return Reader(person, slots, process, time.monotonic())


@contextlib.contextmanager
def _readers(hub: PlainHub, people: dict[str, bool]) -> Iterator[list[Reader]]:
    found: list[Reader] = []
    try:
        with ThreadPoolExecutor(_STARTS) as pool:
            found += pool.map(lambda one: _come(hub, one[0], busy=one[1]), people.items())
        yield found
    finally:
        hub.stop()
        for one in found:
            one.slots.close()
            _kill(one.process)


def peer(folder: Path, timeout: int, idle: int, busy: int) -> Peer:
    """Return how long they read on with a culler of that timeout, in seconds; looks for four timeouts at most."""
    (folder / "data.csv").write_text("secret\n")
    hub = PlainHub(folder, timeout)
    hub.start()
    people = {f"busy-{one}": True for one in range(busy)} | {f"idle-{one}": False for one in range(idle)}
    with _readers(hub, people) as readers:
        waiting = [one for one in readers if not people[one.person]]
        over = holds(lambda: are_silent([one.slots for one in waiting], _SILENT), _LOOKS * timeout)
        assert over, "the culler does not end who is idle"
        working = [one for one in readers if people[one.person]]
        ended = not all(reads(one.slots, 5.0) for one in working)
        return Peer([one.seconds for one in waiting], [one.seconds for one in working], ended)

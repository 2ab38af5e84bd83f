"""Hub, proxy, desk and warden as the pods of a cluster would run them, on loopback, against a cluster that is made up.

Each part is the process that its pod would be, with what its pod would have mounted, and comes to the made-up API with
its own token. That API knows the rights of hub and warden, the chart's admission as far as these tests need it, and
sets pods running on a node of its own: a server on a loopback address that answers for the workspace.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hub_config.cli.settings_text import settings_text
from hub_config.demo.people import DEMO_ISSUER
from hub_config.demo.seed import SETTINGS, Elsewhere, seed
from hub_config.login_settings import Login
from hub_config.origins import OriginSettings
from hub_config.places import Places
from hub_config.proxy import proxy_command
from hub_config.running import Running, save_running
from hub_config.settings import Log, Settings
from tests.integration.fake_kubernetes import IMAGE, FakeKubernetes
from tests.integration.sandbox_hub import free_ports
from tests.integration.whole import BOUND, sluis, until
from tests.postgres import blank_database, server
from tests.unit.hub_config.clusters import CLUSTER, SECRETS, mount_sources

BUCKET = "centre-demo-data"


class Pods:
    """The four parts, the demo's provider beside them, and the state folder of who runs the command line."""

    def __init__(self, folder: Path, kubernetes: FakeKubernetes) -> None:
        self.folder = folder
        self.kubernetes = kubernetes
        self.state = folder / "operator"
        names = ("public", "proxy-api", "hub", "desk", "desk-probes", "warden-probes", "provider")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['public']}"
        self.database = blank_database()
        seed(Places(self.state), lambda _: None, elsewhere=Elsewhere(self.database, BUCKET))
        shutil.copytree(self.state / "checkpoints", folder / "shared")
        self._mount()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def _mount(self) -> None:
        """Lay out what the Secret and the ConfigMap would hold."""
        cluster = msgspec.structs.replace(
            CLUSTER, url=self.url, image=IMAGE, hub_database=hub_database(), host_aliases=()
        )
        settings = msgspec.structs.replace(
            SETTINGS,
            login=Login(issuer=f"http://127.0.0.1:{self.ports['provider']}", client_id="sluis"),
            log=Log(database=self.database, checkpoints=str(self.folder / "shared")),
            origins=OriginSettings(allow_shared_origin=True),
            cluster=cluster,
            network=None,
        )
        mount_sources(self.folder / "etc", settings, SECRETS)
        for key in (self.state / "keys").iterdir():
            mounted = self.folder / "etc" / "keys" / key.name
            mounted.unlink(missing_ok=True)
            shutil.copy(key, mounted)

    def change(self, settings: Settings) -> None:
        """Put other settings into the ConfigMap."""
        file = self.folder / "etc" / "sluis.toml"
        file.unlink()
        file.write_text(settings_text(settings, "A test"), encoding="utf-8")

    def start_all(self) -> None:
        """Start everything, and wait until each part says that it is ready."""
        self._start_provider()
        self._start_proxy()
        for part in ("hub", "desk", "warden"):
            self.start(part)
        for part in ("hub", "desk", "warden"):
            until(lambda part=part: self.ready(part))  # type: ignore[misc]
        until(lambda: httpx.get(f"{self.url}/services/desk/reasons", trust_env=False).status_code == 200)

    def start(self, part: str) -> None:
        """Start a part as its pod does."""
        self._run(part, [sys.executable, "-P", "-m", "hub_config.in_cluster", part], self.environment(part))

    def prepare(self) -> subprocess.CompletedProcess[str]:
        """Run the job that comes before a release."""
        command = [sys.executable, "-P", "-m", "hub_config.in_cluster", "prepare"]
        return subprocess.run(
            command, env=self.environment("prepare"), capture_output=True, text=True, timeout=BOUND, check=False
        )

    def environment(self, part: str) -> dict[str, str]:
        """Return what Kubernetes and the chart put into a pod's environment, with ports that are free here."""
        services = {"HUB": "hub", "DESK": "desk", "PROXY_API": "proxy-api"}
        state = self.folder / f"pod-{part}"
        kept = {name: os.environ[name] for name in ("PATH", "PGUSER", "HOME") if name in os.environ}
        return kept | {
            **{f"{name}_SERVICE_HOST": "127.0.0.1" for name in services},
            **{f"{name}_SERVICE_PORT": str(self.ports[port]) for name, port in services.items()},
            "SLUIS_LISTEN": "127.0.0.1",
            "SLUIS_PROBES_PORT": str(self.ports.get(f"{part}-probes", 0)),
            "SLUIS_STATE": str(state),
            "SLUIS_SOURCES": str(self.folder / "etc"),
            "KUBECONFIG": str(self.kubernetes.kubeconfig(self.folder, part)),
        }

    def ready(self, part: str) -> bool:
        """Ask a part's readiness as the kubelet does."""
        assert self._processes[part].poll() is None, self.log(part)[-3000:]
        url = {
            "hub": f"http://127.0.0.1:{self.ports['hub']}/hub/readyz",
            "desk": f"http://127.0.0.1:{self.ports['desk-probes']}/readyz",
            "warden": f"http://127.0.0.1:{self.ports['warden-probes']}/readyz",
        }[part]
        try:
            return httpx.get(url, trust_env=False, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def end(self, part: str, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a part a signal, and wait for its end."""
        process = self._processes[part]
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(BOUND)

    def end_all(self) -> None:
        """End everything that was started, each by its process."""
        for part in self._processes:
            with contextlib.suppress(ProcessLookupError):
                self.end(part, signal.SIGKILL)

    def log(self, part: str) -> str:
        """Return what a part printed."""
        return (self.folder / f"{part}.log").read_text(encoding="utf-8", errors="replace")

    def do(self, command: str, by: str, /, **arguments: str) -> None:
        """Give a command by the command line on behalf of a person."""
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        answer = sluis(self.state, "do", command, *pairs, "--as", by)
        assert answer.returncode == 0, answer.stderr

    def person(self, login: str) -> str:
        """Return the id of one of the demo's people."""
        people = msgspec.json.decode(sluis(self.state, "demo", "people", "--json").stdout)
        return str(next(one["person"] for one in people if one["login"] == login))

    def workspaces(self) -> list[dict[str, Any]]:
        """Return the workspaces that the log believes in."""
        return list(msgspec.json.decode(sluis(self.state, "workspace", "list", "--json").stdout))

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of one kind."""
        answer = sluis(self.state, "log", "show", "--kind", kind, "--json")
        return [dict(msgspec.json.decode(line)) for line in answer.stdout.splitlines()]

    def _start_provider(self) -> None:
        places = Places(self.state)
        issuer = f"http://127.0.0.1:{self.ports['provider']}"
        running = Running(
            url=self.url, demo=True, hub="", issuer=issuer, identity_issuer=DEMO_ISSUER, client_id="sluis",
            client_secret="", supervisor_pid=0, proxy_api="", desk="", proxy_token="", desk_token="", warden_token="",
        )  # fmt: skip
        save_running(places, running)
        self._run("provider", [sys.executable, "-m", "hub_config.parts", "provider", str(self.state)], None)
        address = f"{issuer}/.well-known/openid-configuration"
        until(lambda: _answers(address))

    def _start_proxy(self) -> None:
        hub = f"http://127.0.0.1:{self.ports['hub']}"
        command = [
            *proxy_command(), "--ip", "127.0.0.1", "--port", str(self.ports["public"]), "--api-ip", "127.0.0.1",
            "--api-port", str(self.ports["proxy-api"]), "--default-target", hub, "--error-target", f"{hub}/hub/error",
            "--no-x-forward",
        ]  # fmt: skip
        self._run("proxy", command, {"CONFIGPROXY_AUTH_TOKEN": SECRETS["proxy-token"], "PATH": os.environ["PATH"]})

    def _run(self, part: str, command: list[str], environment: dict[str, str] | None) -> None:
        with (self.folder / f"{part}.log").open("ab") as log:
            self._processes[part] = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True,
            )  # fmt: skip


def hub_database() -> str:
    """Return the URL of a fresh database that belongs to JupyterHub's own role."""
    with server().connect() as connection, contextlib.suppress(Exception):
        connection.execute("CREATE ROLE jupyterhub LOGIN")
    url = blank_database()
    name = url.partition("///")[2].partition("?")[0]
    server().do(f"ALTER DATABASE {name} OWNER TO jupyterhub")
    return re.sub("^postgresql:///", "postgresql://jupyterhub@/", url)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code < 400
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def running_pods(folder: Path) -> Iterator[Pods]:
    """Give the parts, prepared and started."""
    with FakeKubernetes.served() as kubernetes:
        pods = Pods(folder, kubernetes)
        try:
            prepared = pods.prepare()
            assert prepared.returncode == 0, prepared.stderr
            pods.start_all()
            yield pods
        finally:
            pods.end_all()

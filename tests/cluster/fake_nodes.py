"""A cluster without a node: the control plane, and kwok, which plays nodes whose pods run at once with nothing in them.

For numbers only: hundreds of pods on a small machine. It is a cluster of its own, beside one with a real node.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import control_plane, down, processes, up
from tests.cluster.api import Api, close
from tests.cluster.handle import Cluster
from tests.cluster.setting import BIN, POD_RANGE, Setting
from tests.cluster.tools import build

_MODULE = build.HERE / "kwok"
_STAGES = ("node/fast/node-*.yaml", "node/heartbeat-with-lease/node-*.yaml", "pod/fast/pod-*.yaml")
_FILE = "stages.yaml"
_FAKE = "kwok.x-k8s.io/node"
_ROOM = {"cpu": "1000", "memory": "4Ti", "pods": "2000", "ephemeral-storage": "100Ti"}


@contextmanager
def fake_cluster(here: Setting) -> Iterator[Cluster]:
    """Bring it up, enter its network namespace for good, and take it down."""
    build.main(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"])
    stages = _stages()
    down.take_down(here)
    signal.signal(signal.SIGTERM, up.interrupted)
    try:
        here.folder.mkdir(parents=True)
        up.lay_network(here)
        up.enter(here)
        control_plane.start(here)
        admin = Api.of(here.kubeconfig("admin"))
        _start(here, admin, stages)
        yield Cluster(here, admin)
    finally:
        close()
        (here.folder / _FILE).unlink(missing_ok=True)
        down.take_down(here)


def _stages() -> str:
    """What kwok's own module says of how nodes and pods come to life; without stages it plays nothing."""
    words = ["go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"]
    found = subprocess.run(words, cwd=_MODULE, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    files = [each for pattern in _STAGES for each in sorted(Path(found, "kustomize", "stage").glob(pattern))]
    return "\n---\n".join(each.read_text() for each in files)


def _start(here: Setting, admin: Api, stages: str) -> None:
    (here.folder / _FILE).write_text(stages)
    words = [f"--kubeconfig={here.kubeconfig('admin')}", f"--config={here.folder / _FILE}", f"--cidr={POD_RANGE}"]
    words += [f"--manage-nodes-with-annotation-selector={_FAKE}=fake", "--node-lease-duration-seconds=40"]
    processes.start(here, "kwok", [str(BIN / "kwok"), *words, "--node-ip=127.0.0.1"])
    admin.create(_node("fake-1"))
    processes.until("the fake node is ready", lambda: _ready(admin, "fake-1"), 60)


def _node(name: str) -> dict[str, object]:
    metadata = {"name": name, "annotations": {_FAKE: "fake"}, "labels": {"kubernetes.io/hostname": name}}
    status = {"allocatable": _ROOM, "capacity": _ROOM}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def _ready(admin: Api, name: str) -> bool:
    found = admin.read(f"/api/v1/nodes/{name}").get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in found)

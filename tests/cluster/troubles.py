"""The troubles of a cluster: a lost node, an API server or a store that is away, a full node, processes of dead pods.

A trouble is a context: what it takes away it gives back when the test leaves it, if by failure.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cluster import control_plane, node, processes, store
from tests.cluster.api import Api, Thing
from tests.cluster.setting import NODE, Setting

BOUND = 60


@dataclass(frozen=True)
class Troubles:
    """What may go wrong in a cluster. `admin` may do everything."""

    setting: Setting
    admin: Api

    def pids_in(self, uid: str, pattern: str) -> list[int]:
        """The processes of a pod whose command line has this text, whatever the API server knows of them."""
        mark, found = uid.replace("-", ""), []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                here = mark in (entry / "cgroup").read_text().replace("-", "").replace("_", "")
                if here and pattern in (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                    found.append(int(entry.name))
        return found

    @contextmanager
    def node_lost(self, elsewhere: str = "") -> Iterator[None]:
        """The kubelet is dead and the node `Unknown`; its containers run on, unseen. Afterwards the node is back.

        The pods of the namespace `elsewhere` count as ready all the while, as if they stood on another node: there is
        only one here, and no Service leads to a pod that is not ready.
        """
        processes.end(self.setting, "kubelet")
        try:
            grace = control_plane.NODE_GRACE + BOUND
            processes.until("the node is lost", lambda: node.ready(self.setting, "Unknown"), grace)
            if elsewhere:
                self._call_ready(elsewhere)
            yield
        finally:
            node.start_kubelet(self.setting)
            processes.until("the node is back", lambda: node.ready(self.setting), BOUND)

    def _call_ready(self, namespace: str) -> None:
        """Takes back what the loss of the node said of these pods, once it was said of all."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        running = [each for each in self.admin.read(path)["items"] if each["status"]["phase"] == "Running"]
        processes.until("no pod is ready", lambda: not any(map(is_ready, self.admin.read(path)["items"])), BOUND)
        for each in running:
            ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
            self.admin.patch(f"{path}/{each['metadata']['name']}/status", ready)

    @contextmanager
    def node_full(self) -> Iterator[None]:
        """No machine takes another pod; what runs goes on."""
        path = f"/api/v1/nodes/{NODE}"
        self.admin.merge(path, {"spec": {"unschedulable": True}})
        try:
            yield
        finally:
            self.admin.merge(path, {"spec": {"unschedulable": None}})

    @contextmanager
    def api_away(self) -> Iterator[None]:
        """The API server answers nothing; connections hang. Afterwards it goes on where it was."""
        processes.send(self.setting, "kube-apiserver", signal.SIGSTOP)
        try:
            yield
        finally:
            processes.send(self.setting, "kube-apiserver", signal.SIGCONT)
            processes.until("the API server answers", self._answers, BOUND)
            processes.until("the node is there", lambda: node.ready(self.setting), BOUND)

    @contextmanager
    def api_dead(self) -> Iterator[None]:
        """The API server's port is closed; afterwards a new process serves the same data."""
        processes.end(self.setting, "kube-apiserver")
        try:
            yield
        finally:
            processes.start(self.setting, "kube-apiserver", control_plane.command(self.setting, "kube-apiserver"))
            processes.until("the API server answers", self._answers, BOUND)
            # where they lead by a lease they lose it and begin anew; here a watch of theirs may stay behind for minutes
            for part in control_plane.CONTROLLERS:
                processes.end(self.setting, part)
                processes.start(self.setting, part, control_plane.command(self.setting, part))

    @contextmanager
    def store_dead(self) -> Iterator[None]:
        """The object store's port is closed; afterwards a new process serves the same objects."""
        processes.end(self.setting, "store")
        try:
            yield
        finally:
            store.start(self.setting)

    def _answers(self) -> bool:
        try:
            return self.admin.get("/readyz").is_success
        except httpx.TransportError:
            return False


def is_ready(pod: Thing) -> bool:
    """Whether a pod says that it is ready."""
    conditions = pod["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

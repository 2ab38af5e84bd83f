"""What a person reads when the cluster is in trouble, with the whole product in it; afterwards a start works."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from spawner import cluster_names as names
from spawner.pod_words import TOLD
from tests.cluster import processes
from tests.cluster.api import RefusedError
from tests.cluster.handle import Cluster
from tests.cluster.installed import PARTS, Installed
from tests.cluster.visits import BOUND, ask, await_end, start, stop, told, uid
from tests.integration.whole import Visitor, until

WARDEN = "app.kubernetes.io/component=warden"
PLACE = names.namespace("DR-2")
SERVER = "import ctypes"  # of the command line that becomes it
EAT = "eaten = [bytearray(b'x' * 2**20) for _ in range(4096)]"  # more than a tiny one has


@contextmanager
def quota_reached(cluster: Cluster) -> Iterator[None]:
    """The request's quota has room for nobody, and both wardens stand still, which would mend that."""
    warden, path = cluster.as_account(PARTS, "warden"), f"/api/v1/namespaces/{PLACE}/resourcequotas"
    found = cluster.admin.read(f"/api/v1/namespaces/{PARTS}/pods", labelSelector=WARDEN)["items"]
    pods = [str(each["metadata"]["name"]) for each in found]
    (quota,) = warden.read(path)["items"]
    for pod in pods:
        cluster.kill_in(PARTS, pod, "in_cluster", signal.SIGSTOP)
    try:
        full = {**quota, "spec": {"hard": {**quota["spec"]["hard"], "pods": "0"}}}
        warden.ask("PUT", f"{path}/{quota['metadata']['name']}", json=full).raise_for_status()
        yield
    finally:
        for pod in pods:
            cluster.kill_in(PARTS, pod, "in_cluster", signal.SIGCONT)


TROUBLES: dict[str, Callable[[Cluster], AbstractContextManager[None]]] = {
    "no_machine": Cluster.node_full,
    "image_missing": Cluster.image_missing,
    "mount_failed": Cluster.store_dead,
    "quota_reached": quota_reached,
}


def test_who_waits_reads_what_is_wrong_and_gets_in_once_it_is_not(
    cluster: Cluster, installed: Installed, lotte: Visitor, subtests: pytest.Subtests
) -> None:
    """FLT-05: no machine with room, no image, data that cannot be mounted, a full quota; the same start goes on."""
    for code, trouble in TROUBLES.items():
        with subtests.test(code):
            with trouble(cluster):
                ask(lotte, "DR-2", "tiny")
                assert any(TOLD[code] in message for message in told(lotte, "DR-2")), code
            until(lambda: lotte.reaches("DR-2"), BOUND)
            stop(cluster, installed, lotte, "DR-2")


def test_who_used_too_much_memory_reads_it_and_starts_again(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-05: the kernel is killed for memory, and its server with it, as where all of a pod dies together."""
    start(lotte, "DR-2", "tiny")
    before = uid(cluster, lotte, "DR-2")
    kernel = lotte.kernel("DR-2")
    kernel.send(EAT)
    processes.until("the kernel is dead", lambda: not cluster.pids_in(str(before), "ipykernel"), 60)
    cluster.kill_in(PLACE, names.pod(lotte.person), SERVER)
    await_end(cluster, installed, lotte, "DR-2")
    assert TOLD["out_of_memory"] in lotte.http.get("/services/desk/requests/DR-2").text
    start(lotte, "DR-2", "tiny")
    stop(cluster, installed, lotte, "DR-2")


def evict(cluster: Cluster, visitor: Visitor) -> None:
    """Call a pod evicted until it is gone: the node here is well, and may take that word back."""
    path = f"/api/v1/namespaces/{PLACE}/pods/{names.pod(visitor.person)}/status"

    def gone() -> bool:
        with contextlib.suppress(RefusedError):  # it is gone, or was changed meanwhile
            cluster.admin.patch(path, {"status": {"phase": "Failed", "reason": "Evicted"}})
        return uid(cluster, visitor, "DR-2") is None

    processes.until("the evicted pod is gone", gone)


def test_who_was_evicted_reads_it_and_starts_again(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-05: what the node's own program writes where it runs short, here written by an administrator."""
    start(lotte, "DR-2", "tiny")
    evict(cluster, lotte)
    await_end(cluster, installed, lotte, "DR-2")
    assert TOLD["evicted"] in lotte.http.get("/services/desk/requests/DR-2").text
    start(lotte, "DR-2", "tiny")
    stop(cluster, installed, lotte, "DR-2")

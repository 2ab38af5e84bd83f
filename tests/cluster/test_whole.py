"""The whole in a real cluster: from the login to the data and back, with hub, warden and node killed on the way."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from spawner import cluster_names as names
from tests.cluster import processes
from tests.cluster.handle import Cluster
from tests.cluster.installed import DATABASES, PARTS, Installed, provider
from tests.integration.whole import RunningSluis, Visitor, until

READ = "print(open('/data/gbsg2-clinical/patients.csv').readline().count(','))"
WRITE = "\ntry:\n    open('/data/gbsg2-clinical/new', 'w')\nexcept OSError as error:\n    print(error.errno)\n"
EROFS = "30\n"
_BOUND = 180.0


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Iterator[Installed]:
    """A Sluis of this module's own."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-whole-"))
    made = Installed(cluster, folder)
    try:
        made.install()
        with provider(made):
            yield made
    finally:
        for namespace in (PARTS, DATABASES):
            cluster.admin.delete(f"/api/v1/namespaces/{namespace}", propagationPolicy="Background")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def lotte(installed: Installed) -> Iterator[Visitor]:
    """A researcher who logged in with both factors."""
    visitor = Visitor(cast(RunningSluis, installed), "lotte")
    visitor.log_in()
    assert visitor.logged_in()
    yield visitor
    visitor.close()


def start(visitor: Visitor, request: str) -> None:
    """Ask for a workspace, and wait until its server answers through the proxy."""
    assert visitor.spawn(request, profile="small").status_code == 200
    until(lambda: visitor.reaches(request), _BOUND)


def uid(cluster: Cluster, visitor: Visitor, request: str) -> str | None:
    """Return the uid of a person's pod for a request, None where there is none."""
    found = cluster.pod(names.namespace(request), names.pod(visitor.person))
    return None if found is None else str(found["metadata"]["uid"])


def kill(installed: Installed, part: str, pattern: str) -> None:
    """Kill a part's process from the node, and wait until its container runs again."""
    pod = installed.pod_of(part)
    before = (installed.cluster.pod(PARTS, pod) or {})["status"]["containerStatuses"][0]["restartCount"]
    installed.cluster.kill_in(PARTS, pod, pattern)
    installed.cluster.await_restarts(PARTS, pod, before + 1)


def test_a_researcher_reads_the_data_and_loses_it_with_the_request(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """DAT-04, DAT-08, S46: a kernel over a WebSocket reads the mounted data and cannot write; the end takes it all."""
    start(lotte, "DR-1")
    kernel = lotte.kernel("DR-1")
    assert int(kernel.run(READ)) > 5
    assert kernel.run(WRITE) == EROFS
    installed.do("suspend-request", "P-2", request="DR-1", reason="a question")
    assert kernel.ended(30.0)
    processes.until("the pod is gone", lambda: uid(cluster, lotte, "DR-1") is None, 60)
    until(lambda: installed.workspaces() == [])


def test_a_workspace_lives_on_while_hub_and_warden_are_killed(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-01, FLT-07: the same pod, the same kernel; what is withdrawn after ends as ever."""
    start(lotte, "DR-2")
    kernel, before = lotte.kernel("DR-2"), uid(cluster, lotte, "DR-2")
    assert kernel.run("kept = 41") == ""
    kill(installed, "hub", "jupyterhub")
    kill(installed, "warden", "in_cluster")
    until(lambda: lotte.reaches("DR-2"), _BOUND)
    assert (kernel.run("print(kept + 1)"), uid(cluster, lotte, "DR-2")) == ("42\n", before)
    installed.do("stop-workspace", lotte.person, person=lotte.person, request="DR-2")
    processes.until("the pod is gone", lambda: uid(cluster, lotte, "DR-2") is None, 60)
    until(lambda: installed.workspaces() == [])


def test_on_a_lost_node_the_end_is_not_claimed(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-05: grant and binding go; the log says that the end cannot be confirmed, until the node is back."""
    start(lotte, "DR-2")
    grant = f"/apis/sluis.dev/v1/namespaces/{names.namespace('DR-2')}/accessgrants/{names.GRANT}"
    with cluster.node_lost():
        installed.do("suspend-request", "P-2", request="DR-2", reason="a question")
        processes.until("the grant is gone", lambda: cluster.admin.get(grant).status_code == 404, 60)
        (told,) = installed.workspaces()
        assert told["workspace"] == f"{lotte.person}/dr-2"
    processes.until("the pod is gone", lambda: uid(cluster, lotte, "DR-2") is None, _BOUND)
    until(lambda: installed.workspaces() == [], _BOUND)

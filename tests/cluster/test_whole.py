"""The whole in a real cluster: from the login to the data and back, with hub, warden and node killed on the way."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from spawner import cluster_names as names
from tests.cluster import processes
from tests.cluster.click import Click
from tests.cluster.handle import Cluster
from tests.cluster.installed import DATABASES, PARTS, Installed, provider
from tests.cluster.setting import NODE, say
from tests.integration.whole import RunningSluis, Visitor, until

READ = "print(open('/data/gbsg2-clinical/patients.csv').readline().count(','))"
WRITE = "\ntry:\n    open('/data/gbsg2-clinical/new', 'w')\nexcept OSError as error:\n    print(error.errno)\n"
EROFS = "30\n"
_BOUND = 180.0

pytestmark = pytest.mark.timeout(900)  # the first test's includes the installation


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
        made.remove()
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


def stop(cluster: Cluster, installed: Installed, visitor: Visitor, request: str) -> None:
    """Ask for the end of a workspace, and wait until it is gone and on record."""
    installed.do("stop-workspace", visitor.person, person=visitor.person, request=request)
    processes.until("the pod is gone", lambda: uid(cluster, visitor, request) is None, 60)
    until(lambda: installed.workspaces() == [])


def force_delete(cluster: Cluster, namespace: str, pod: str) -> None:
    """Take a pod's object away without its node's word: that confirms nothing."""
    cluster.admin.delete(f"/api/v1/namespaces/{namespace}/pods/{pod}", gracePeriodSeconds=0)
    cluster.await_gone(namespace, pod)


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
    click = Click(cluster.admin, names.namespace("DR-1"))
    start(lotte, "DR-1")
    click.done("server reached")
    kernel = lotte.kernel("DR-1")
    click.done("kernel started")
    assert int(kernel.run(READ)) > 5
    click.done("first cell")
    say(str(click))
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
    stop(cluster, installed, lotte, "DR-2")


def test_a_hub_killed_during_a_start_finds_it_again(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-01: the pod that the killed hub asked for becomes the person's workspace; nothing is in anyone's way."""
    assert lotte.spawn("DR-2", profile="small").status_code == 200
    processes.until("there is a pod", lambda: uid(cluster, lotte, "DR-2"), 60)
    before = uid(cluster, lotte, "DR-2")
    kill(installed, "hub", "jupyterhub")
    until(lambda: lotte.reaches("DR-2"), _BOUND)
    assert (lotte.kernel("DR-2").run("print(1)"), uid(cluster, lotte, "DR-2")) == ("1\n", before)
    stop(cluster, installed, lotte, "DR-2")


def test_proxy_and_database_are_killed_and_a_drained_pod_is_replaced(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-01, FLT-02: the workspace runs on and is reached again; one that was ended from outside is started anew."""
    start(lotte, "DR-2")
    before = uid(cluster, lotte, "DR-2")
    kill(installed, "proxy", "entry.mjs")
    cluster.kill_in(DATABASES, "postgres", "postgres")
    cluster.await_restarts(DATABASES, "postgres", 1)
    until(lambda: lotte.reaches("DR-2") and lotte.logged_in(), _BOUND)
    assert uid(cluster, lotte, "DR-2") == before
    cluster.end(names.namespace("DR-2"), names.pod(lotte.person))
    until(lambda: installed.workspaces() == [])
    until(lambda: "spawn-pending" in lotte.spawn("DR-2", profile="small").url.path)
    until(lambda: lotte.reaches("DR-2"), _BOUND)
    stop(cluster, installed, lotte, "DR-2")


def test_with_the_clusters_api_away_nothing_starts_and_nothing_is_forgotten(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-06: the route goes at once, the end is claimed by nobody; afterwards all is caught up with."""
    start(lotte, "DR-2")
    with cluster.api_away():
        installed.do("suspend-request", "P-2", request="DR-2", reason="a question")
        until(lambda: not lotte.reaches("DR-2"))
        (told,) = installed.workspaces()
        assert told["workspace"] == f"{lotte.person}/dr-2"
    processes.until("the pod is gone", lambda: uid(cluster, lotte, "DR-2") is None, 60)
    until(lambda: installed.workspaces() == [])
    installed.agree("reinstate-request", "P-2", request="DR-2", reason="answered")
    until(lambda: "spawn-pending" in lotte.spawn("DR-2", profile="small").url.path)
    until(lambda: lotte.reaches("DR-2"), _BOUND)
    stop(cluster, installed, lotte, "DR-2")


def test_on_a_lost_node_the_end_is_not_claimed(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-05: grant and binding go; the log says that the end cannot be confirmed, until the node is back."""
    start(lotte, "DR-2")
    place = names.namespace("DR-2")
    grant = f"/apis/sluis.dev/v1/namespaces/{place}/accessgrants/{names.GRANT}"
    binding = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/rolebindings/{names.HUB_BINDING}"
    with cluster.node_lost():
        installed.do("suspend-request", "P-2", request="DR-2", reason="a question")
        processes.until("the grant is gone", lambda: cluster.admin.get(grant).status_code == 404, 60)
        processes.until("the binding is gone", lambda: cluster.admin.get(binding).status_code == 404, 60)
        until(lambda: not lotte.reaches("DR-2"))
        until(lambda: installed.workspaces()[0]["end_not_confirmed"] == NODE, _BOUND)
        force_delete(cluster, place, names.pod(lotte.person))
        installed.do("suspend-request", "P-2", request="DR-3", reason="a question")
        other = grant.replace(place, names.namespace("DR-3"))
        processes.until("the warden has begun a look since", lambda: cluster.admin.get(other).status_code == 404, 60)
        installed.agree("reinstate-request", "P-2", request="DR-3", reason="answered")
        processes.until("the warden has ended a look since", lambda: cluster.admin.get(other).is_success, 60)
        assert installed.workspaces()[0]["end_not_confirmed"] == NODE
    until(lambda: installed.workspaces() == [], _BOUND)

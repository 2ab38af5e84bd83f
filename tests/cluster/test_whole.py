"""The whole in a real cluster: from the login to the data and back, with hub, warden and node killed on the way."""

import time
from datetime import UTC, datetime
from typing import cast

from spawner import cluster_names as names
from spawner.pod_words import TOLD
from tests.cluster import processes
from tests.cluster.click import Click
from tests.cluster.handle import Cluster
from tests.cluster.installed import DATABASES, PARTS, Installed
from tests.cluster.setting import NODE, say
from tests.cluster.visits import BOUND, ask, await_end, reinstate, start, stop, suspend, told, uid
from tests.integration.whole import RunningSluis, Visitor, until

READ = "print(open('/data/gbsg2-clinical/patients.csv').readline().count(','))"
WRITE = "\ntry:\n    open('/data/gbsg2-clinical/new', 'w')\nexcept OSError as error:\n    print(error.errno)\n"
EROFS = "30\n"
GRANT = f"/apis/sluis.dev/v1/namespaces/{{}}/accessgrants/{names.GRANT}"
BINDING = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{{}}/rolebindings/{names.HUB_BINDING}"
AWAY = 60.0  # seconds
LOST = 10.0  # seconds in which a lost node's workspace has no route and no ground any more, and is in doubt


def force_delete(cluster: Cluster, namespace: str, pod: str) -> None:
    """Take a pod's object away without its node's word: that confirms nothing."""
    cluster.admin.delete(f"/api/v1/namespaces/{namespace}/pods/{pod}", gracePeriodSeconds=0)
    cluster.await_gone(namespace, pod)


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds between two instants."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def kill(installed: Installed, part: str, pattern: str) -> None:
    """Kill a part's process from the node, and wait until its container runs again."""
    pod = installed.pod_of(part)
    before = (installed.cluster.pod(PARTS, pod) or {})["status"]["containerStatuses"][0]["restartCount"]
    installed.cluster.kill_in(PARTS, pod, pattern)
    installed.cluster.await_restarts(PARTS, pod, before + 1)


def test_a_researcher_reads_the_data_and_loses_it_with_the_request(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """DAT-04, DAT-08, S46: a kernel over a WebSocket reads the mounted data and cannot write; the end takes it all.

    POL-03: the page that the pod serves has the banner, which asks the hub when it ends.
    """
    click = Click(cluster.admin, names.namespace("DR-1"))
    start(lotte, "DR-1")
    click.done("server reached")
    kernel = lotte.kernel("DR-1")
    click.done("kernel started")
    assert int(kernel.run(READ)) > 5
    click.done("first cell")
    say(str(click))
    assert kernel.run(WRITE) == EROFS
    assert "sluis-leash" in lotte.http.get(f"{lotte.workspace_path('DR-1')}/lab").text
    assert lotte.http.get("/hub/leash/dr-1").json()["until"] is not None
    suspend(installed, "DR-1")
    assert kernel.ended(30.0)
    await_end(cluster, installed, lotte, "DR-1")
    reinstate(installed, "DR-1")


def test_the_institutes_workspace_opens_at_its_own_door_only(installed: Installed, cluster: Cluster) -> None:
    """S77, S78, NET-04, NET-05: at the public door the same person reaches the page that explains, and no server."""
    sofie = Visitor(cast(RunningSluis, installed), "sofie", installed.institute_url)
    sofie.log_in()
    start(sofie, "DR-3", profile="tiny")
    pod = cluster.pod(names.namespace("DR-3"), names.pod(sofie.person))
    assert pod is not None
    assert pod["metadata"]["labels"][names.ZONE] == "institute"
    kernel = sofie.kernel("DR-3")
    assert kernel.run("print(41 + 1)") == "42\n"
    outside = Visitor(cast(RunningSluis, installed), "sofie")
    outside.log_in()
    assert not outside.reaches("DR-3")
    assert "institute" in outside.http.get(f"{outside.workspace_path('DR-3')}/lab").text
    assert kernel.run("print(41 + 1)") == "42\n"
    stop(cluster, installed, sofie, "DR-3")
    assert kernel.ended(30.0)
    outside.close()
    sofie.close()


def test_a_workspace_lives_on_while_hub_and_warden_are_killed(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-01, FLT-07: the same pod, the same kernel; what is withdrawn after ends as ever."""
    start(lotte, "DR-2")
    kernel, before = lotte.kernel("DR-2"), uid(cluster, lotte, "DR-2")
    assert kernel.run("kept = 41") == ""
    kill(installed, "hub", "jupyterhub")
    kill(installed, "warden", "in_cluster")
    until(lambda: lotte.reaches("DR-2"), BOUND)
    assert (kernel.run("print(kept + 1)"), uid(cluster, lotte, "DR-2")) == ("42\n", before)
    stop(cluster, installed, lotte, "DR-2")


def test_a_hub_killed_during_a_start_finds_it_again(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-01: the pod that the killed hub asked for becomes the person's workspace; nothing is in anyone's way."""
    assert lotte.spawn("DR-2", profile="small").status_code == 200
    processes.until("there is a pod", lambda: uid(cluster, lotte, "DR-2"), 60)
    before = uid(cluster, lotte, "DR-2")
    kill(installed, "hub", "jupyterhub")
    until(lambda: lotte.reaches("DR-2"), BOUND)
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
    until(lambda: lotte.reaches("DR-2") and lotte.logged_in(), BOUND)
    assert uid(cluster, lotte, "DR-2") == before
    cluster.end(names.namespace("DR-2"), names.pod(lotte.person))
    until(lambda: installed.workspaces() == [])
    start(lotte, "DR-2")
    stop(cluster, installed, lotte, "DR-2")


def test_with_the_clusters_api_away_a_withdrawn_workspace_is_not_forgotten(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-06: the route goes at once, the end is claimed by nobody; afterwards all is caught up with."""
    start(lotte, "DR-2")
    with cluster.api_away():
        suspend(installed, "DR-2")
        until(lambda: not lotte.reaches("DR-2"))
        assert _believed(installed) == [f"{lotte.person}/dr-2"]
    await_end(cluster, installed, lotte, "DR-2")
    reinstate(installed, "DR-2")
    start(lotte, "DR-2")
    stop(cluster, installed, lotte, "DR-2")


def test_in_a_minute_without_the_clusters_api_nothing_starts_and_nothing_ends(
    cluster: Cluster, installed: Installed, lotte: Visitor
) -> None:
    """FLT-04, FLT-06: who asks reads why and no pod comes of it, then or later; what ran runs on, and is reached."""
    start(lotte, "DR-1", "tiny")
    kernel, before = lotte.kernel("DR-1"), uid(cluster, lotte, "DR-1")
    assert kernel.run("kept = 41") == ""
    with cluster.api_away():
        over = time.monotonic() + AWAY
        ask(lotte, "DR-2", "tiny")
        assert any(TOLD["cluster_silent"] in message for message in told(lotte, "DR-2"))
        until(lambda: _believed(installed) == [f"{lotte.person}/dr-1"])
        processes.until("the minute is over", lambda: time.monotonic() > over, 2 * AWAY)
        assert kernel.run("print(kept + 1)") == "42\n"
    until(lambda: lotte.reaches("DR-1"))
    assert (uid(cluster, lotte, "DR-1"), uid(cluster, lotte, "DR-2")) == (before, None)
    assert (kernel.run("print(kept + 1)"), _believed(installed)) == ("42\n", [f"{lotte.person}/dr-1"])
    stop(cluster, installed, lotte, "DR-1")
    start(lotte, "DR-2", "tiny")
    stop(cluster, installed, lotte, "DR-2")


def _believed(installed: Installed) -> list[str]:
    """Return the workspaces of which the log knows no end."""
    return [each["workspace"] for each in installed.workspaces()]


def test_on_a_lost_node_the_end_is_not_claimed(cluster: Cluster, installed: Installed, lotte: Visitor) -> None:
    """FLT-05: within ten seconds of the fact route, grant and binding are gone and the node is named, not the end.

    A deletion by force confirms nothing: what ran there runs on, until the node is back.
    """
    start(lotte, "DR-2")
    place, before = names.namespace("DR-2"), str(uid(cluster, lotte, "DR-2"))
    with cluster.node_lost(elsewhere=PARTS):
        fact = suspend(installed, "DR-2")
        _await_taken(cluster, place)
        until(lambda: not lotte.reaches("DR-2"))
        taken = seconds_between(fact, datetime.now(UTC).isoformat())
        until(lambda: installed.workspaces()[0]["end_not_confirmed"] == NODE, BOUND)
        doubted = installed.facts("EndNotConfirmed")[-1]
        say(f"lost node: taken away after {taken:.1f} s, in doubt after {seconds_between(fact, doubted['at']):.1f} s")
        assert (doubted["node"], seconds_between(fact, doubted["at"]) <= LOST) == (NODE, True)
        force_delete(cluster, place, names.pod(lotte.person))
        _await_looks(cluster, installed)
        assert installed.workspaces()[0]["end_not_confirmed"] == NODE
        assert cluster.pids_in(before, "jupyter")
    until(lambda: installed.workspaces() == [], BOUND)
    assert not cluster.pids_in(before, "jupyter")
    reinstate(installed, "DR-2")


def _await_taken(cluster: Cluster, place: str) -> None:
    """Wait until grant and binding of a place are gone."""
    paths = [GRANT.format(place), BINDING.format(place)]
    processes.until("they are gone", lambda: all(cluster.admin.get(each).status_code == 404 for each in paths), 60)


def _await_looks(cluster: Cluster, installed: Installed) -> None:
    """Let the warden look twice: it takes another request's grant away, and gives it back."""
    other = GRANT.format(names.namespace("DR-3"))
    suspend(installed, "DR-3")
    processes.until("the warden has begun a look since", lambda: cluster.admin.get(other).status_code == 404, 60)
    reinstate(installed, "DR-3")
    processes.until("the warden has ended a look since", lambda: cluster.admin.get(other).is_success, 60)

"""The parts as pods run them: assembled from what is mounted, on PostgreSQL, against a made-up cluster."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest

from access_policy.model.instants import format_instant
from spawner import cluster_names as names
from tests.integration.pods import BUCKET, Pods, running_pods
from tests.integration.test_desk import give
from tests.integration.whole import RunningSluis, Visitor, until

pytestmark = pytest.mark.integration

REQUEST = "/services/desk/requests/DR-2"
OFFER = "Stop it, to restart"


@pytest.fixture(scope="module")
def pods() -> Iterator[Pods]:
    """The parts, which the tests of this module share."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-pods-"))
    with running_pods(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def lotte(pods: Pods) -> Iterator[Visitor]:
    """A researcher who is logged in, and whose workspaces are gone at the end."""
    visitor = Visitor(cast(RunningSluis, pods), "lotte")
    visitor.log_in()
    assert visitor.logged_in()
    yield visitor
    for one in pods.workspaces():
        if not one["stop_asked"]:
            pods.do("stop-workspace", one["person"], person=one["person"], request=one["request"])
    until(lambda: pods.workspaces() == [] and pods.kubernetes.pods() == {})
    visitor.close()


def start(visitor: Visitor, request: str) -> None:
    """Ask for a workspace, and wait until its server answers through the proxy."""
    assert visitor.spawn(request, profile="small").status_code == 200
    until(lambda: visitor.reaches(request))


def test_a_researcher_gets_the_decided_pod_and_loses_it_with_its_ground(pods: Pods, lotte: Visitor) -> None:
    """SPW-10, DAT-04: from the login to the pod and back; the hub makes pods and nothing else, and nobody else does."""
    start(lotte, "DR-1")
    place = names.namespace("DR-1")
    ((where, pod),) = pods.kubernetes.pods().items()
    assert where == f"{place}/{names.pod(lotte.person)}"
    assert pod["metadata"]["labels"][names.START] == str(pods.facts("WorkspaceStarted")[-1]["seq"])
    mounted = [one["csi"] for one in pod["spec"]["volumes"] if "csi" in one]
    assert [one["volumeAttributes"]["bucketName"] for one in mounted] == [BUCKET] * len(mounted)
    assert mounted
    assert all(one["readOnly"] for one in mounted)
    pods.do("suspend-request", "P-2", request="DR-1", reason="a question")
    until(lambda: pods.kubernetes.pods() == {} and pods.workspaces() == [])
    assert not pods.kubernetes.has("RoleBinding", place, names.HUB_BINDING)
    assert not pods.kubernetes.has("AccessGrant", place, names.GRANT)
    assert not lotte.reaches("DR-1")
    assert {what for who, what in pods.kubernetes.made if who == "hub"} == {"pods"}
    assert "warden" in {who for who, _ in pods.kubernetes.made}
    assert "pods" not in {what for who, what in pods.kubernetes.made if who == "warden"}


@pytest.mark.slow
def test_a_workspace_outlives_its_hub_and_is_found_again(pods: Pods, lotte: Visitor) -> None:
    """FLT-01, FLT-14: killed or told to end, a hub that comes back finds the same pod; nothing is recorded as over."""
    start(lotte, "DR-2")
    before, facts = pods.kubernetes.pods(), len(pods.facts("WorkspaceEnded"))
    for number in (signal.SIGKILL, signal.SIGTERM):
        pods.end("hub", number)
        pods.start("hub")
        until(lambda: pods.ready("hub"))
        until(lambda: lotte.reaches("DR-2"))
    assert pods.kubernetes.pods().keys() == before.keys()
    uid = [one["metadata"]["uid"] for one in before.values()]
    assert [one["metadata"]["uid"] for one in pods.kubernetes.pods().values()] == uid
    assert len(pods.facts("WorkspaceEnded")) == facts


@pytest.mark.slow
def test_what_was_withdrawn_while_the_warden_was_away_ends_when_it_is_back(pods: Pods, lotte: Visitor) -> None:
    """FLT-07: it keeps nothing that matters in memory."""
    start(lotte, "DR-2")
    pods.end("warden", signal.SIGKILL)
    pods.end("hub", signal.SIGKILL)
    pods.do("stop-workspace", lotte.person, person=lotte.person, request="DR-2")
    assert len(pods.kubernetes.pods()) == 1
    pods.start("warden")
    until(lambda: pods.kubernetes.pods() == {} and pods.workspaces() == [])
    pods.start("hub")
    until(lambda: pods.ready("hub") and pods.ready("warden"))


@pytest.mark.slow
def test_parts_that_are_told_to_end_do_and_the_desk_goes_on(pods: Pods, lotte: Visitor) -> None:
    """FLT-14: SIGTERM ends desk and warden in time, also as the first process of a container; a login counts on."""
    ended = pods.facts("WorkspaceEnded")
    for part in ("desk", "warden"):
        pods.end(part, signal.SIGTERM)
        pods.start(part)
        until(lambda part=part: pods.ready(part))  # type: ignore[misc]
    until(lotte.logged_in)
    assert pods.facts("WorkspaceEnded") == ended


def test_no_pod_is_sent_while_nothing_would_refuse_it(pods: Pods, lotte: Visitor) -> None:
    """DAT-15: a hub that does not see its policy refuse a pod is not ready, and starts nothing."""
    pods.end("hub")
    pods.kubernetes.guarded = False
    pods.start("hub")
    until(lambda: _health(pods))
    assert not pods.ready("hub")
    lotte.spawn("DR-2", profile="small")
    until(lambda: "admission_not_seen" in pods.log("hub") or "does not check new workspaces" in pods.log("hub"))
    assert pods.kubernetes.pods() == {}
    pods.kubernetes.guarded = True
    until(lambda: pods.ready("hub"))
    until(lambda: pods.workspaces() == [])
    start(lotte, "DR-2")


@pytest.mark.slow
def test_while_the_cluster_is_away_nothing_starts_and_nothing_is_forgotten(pods: Pods, lotte: Visitor) -> None:
    """FLT-06: what was withdrawn meanwhile ends once it is back; the page is closed to the person at once."""
    start(lotte, "DR-2")
    pods.kubernetes.away.set()
    try:
        pods.do("stop-workspace", lotte.person, person=lotte.person, request="DR-2")
        until(lambda: not lotte.reaches("DR-2"))
        assert [one["workspace"] for one in pods.workspaces()] == [f"{lotte.person}/dr-2"]
    finally:
        pods.kubernetes.away.clear()
    until(lambda: pods.kubernetes.pods() == {} and pods.workspaces() == [])


def test_a_restart_is_how_a_pod_gets_a_later_end(pods: Pods, lotte: Visitor) -> None:
    """FLT-08: where its ground goes on meanwhile the desk offers a stop and a start; the new pod lasts longer."""
    admin = pods.person("anna")
    pods.do("withdraw-verification", admin, person=lotte.person, reason="looked at anew")
    known_for(pods, lotte, timedelta(hours=1))
    start(lotte, "DR-2")
    first = deadline(pods)
    assert OFFER not in lotte.http.get(REQUEST).text
    known_for(pods, lotte, timedelta(days=300))
    assert OFFER in lotte.http.get(REQUEST).text
    assert give(lotte, "stop-workspace", person=lotte.person, request="DR-2").status_code == 200
    until(lambda: pods.kubernetes.pods() == {} and pods.workspaces() == [])
    start(lotte, "DR-2")
    assert deadline(pods) > first + 600
    assert OFFER not in lotte.http.get(REQUEST).text


def known_for(pods: Pods, visitor: Visitor, duration: timedelta) -> None:
    """Let a person be verified for so long from now."""
    ends = format_instant(datetime.now(UTC) + duration)
    pods.do(
        "verify-person", pods.person("anna"), person=visitor.person, method="video-call", evidence="seen", until=ends
    )


def deadline(pods: Pods) -> int:
    """Return for how long the one pod that runs may run, in seconds."""
    (pod,) = pods.kubernetes.pods().values()
    return int(pod["spec"]["activeDeadlineSeconds"])


def test_prepare_refuses_what_no_pod_could_mount(pods: Pods) -> None:
    """DAT-05: one line names the dataset and what to do; what is in force stays."""
    adopted = len(pods.facts("PolicySettingsAdopted"))
    assert pods.prepare().returncode == 0
    steward = pods.person("daan")
    folder = {"dataset": "gbsg2-clinical", "version": "9", "manifest": "0" * 64, "location": "gbsg2-clinical/9"}
    pods.do("release-version", steward, **folder, attested="true")
    refused = pods.prepare()
    last = refused.stderr.strip().splitlines()[-1]
    assert (refused.returncode, "gbsg2-clinical" in last, "gs://bucket/prefix" in last) == (2, True, True)
    assert len(pods.facts("PolicySettingsAdopted")) == adopted


def _health(pods: Pods) -> bool:
    try:
        url = f"http://127.0.0.1:{pods.ports['hub']}/hub/health"
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False

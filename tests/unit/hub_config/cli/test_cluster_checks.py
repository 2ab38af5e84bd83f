"""`sluis check` on a cluster: one line each for its API, its policies and the places of requests."""

from datetime import UTC, datetime

import pytest

from access_policy.state import State
from hub_config.cli.checks import Line
from hub_config.cli.cluster_checks import _places, cluster_lines
from spawner import cluster_names as names
from tests.unit.hub_config.clusters import CLUSTER
from tests.unit.spawner.warden.fake_api import FakeCluster, Fault, Seconds, api_of, serving

pytestmark = pytest.mark.unit

_AT = datetime(2026, 11, 22, tzinfo=UTC)
OURS = {names.INSTALLATION: "ours"}


def lines(cluster: FakeCluster) -> list[Line]:
    """Look at a cluster that is served, for a log that gives nobody anything."""
    state = State()
    with serving(cluster) as url:
        return list(cluster_lines(api_of(url, Seconds()), CLUSTER, state, _AT))


def test_a_cluster_that_is_as_it_should_be() -> None:
    """Three lines, all of them good."""
    found = lines(FakeCluster())
    assert [(one.check, one.ok) for one in found] == [("cluster", True), ("admission", True), ("places", True)]


def test_a_policy_that_is_gone_is_named() -> None:
    """DAT-15: with what to do."""
    cluster = FakeCluster()
    cluster.gone("ValidatingAdmissionPolicy", "", "sluis-workspace-pods")
    line = next(one for one in lines(cluster) if one.check == "admission")
    assert (line.ok, "`sluis-workspace-pods`" in line.text, "install the chart" in line.text) == (False, True, True)


@pytest.mark.parametrize(("status", "words"), [(0, "no answer"), (503, "503"), (403, "may not look")])
def test_a_cluster_that_does_not_answer_or_lets_nobody_look(status: int, words: str) -> None:
    """FLT-04: one line, and nothing more is asked."""
    cluster = FakeCluster()
    cluster.faults = lambda _: Fault(status)
    (line,) = lines(cluster)
    assert (line.ok, words in line.text) == (False, True)


@pytest.mark.parametrize(
    ("labels", "ok", "words"),
    [
        ({"sluis-dr-1": OURS, "sluis-dr-2": OURS}, True, "all 2"),
        ({"sluis-dr-1": OURS}, False, "`sluis-dr-2` is not made yet"),
        ({"sluis-dr-1": OURS, "sluis-dr-2": {}}, False, "`sluis-dr-2` is not of this installation"),
    ],
)
def test_a_place_that_is_missing_or_anothers_is_named(labels: dict[str, dict[str, str]], ok: bool, words: str) -> None:
    """A namespace of that name which somebody else made is never adopted."""
    line = _places({"sluis-dr-1", "sluis-dr-2"}, "ours", labels)
    assert (line.ok, words in line.text) == (ok, True)

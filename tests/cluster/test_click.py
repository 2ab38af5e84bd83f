"""From the click to the first cell: ours beside JupyterHub with plain KubeSpawner, in turn, in one cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spawner import cluster_names as names
from spawner.workspace import Profile
from tests.cluster import plain_hub
from tests.cluster.click import Click, table
from tests.cluster.handle import Cluster
from tests.cluster.installed import Installed
from tests.cluster.setting import say
from tests.cluster.visits import start, stop
from tests.integration.whole import Visitor, until

SEEN = {"made", "container started", "server reached", "kernel started", "first cell"}
READ = "print(open('/data/gbsg2-clinical/patients.csv').readline().count(','))"
ROUNDS = 5
PROFILE = Profile("small", "Small", 1.0, 4 << 30, 512, 8 << 30, 72 * 3600)


@pytest.fixture
def plain(cluster: Cluster, tmp_path: Path) -> Iterator[plain_hub.PlainVisitor]:
    """Somebody at the other hub."""
    with plain_hub.plain_hub(cluster, tmp_path, PROFILE) as visitor:
        yield visitor


def ours(cluster: Cluster, installed: Installed, lotte: Visitor) -> Click:
    """Click, read data in the first cell, end it."""
    click = Click(cluster.admin, names.namespace("DR-1"))
    assert int(_to_first_cell(click, lotte, "DR-1", READ)) > 5
    click.decided(str(installed.facts("WorkspaceStarted")[-1]["at"]))
    stop(cluster, installed, lotte, "DR-1")
    return click


def theirs(cluster: Cluster, visitor: plain_hub.PlainVisitor) -> Click:
    """The same without data."""
    click = Click(cluster.admin, plain_hub.NAMESPACE)
    assert _to_first_cell(click, visitor, "DR-1", "print(41 + 1)") == "42\n"
    visitor.stop()
    cluster.await_gone(plain_hub.NAMESPACE, plain_hub.POD)
    until(lambda: not visitor.reaches("DR-1"))
    return click


def _to_first_cell(click: Click, visitor: Visitor, request: str, cell: str) -> str:
    start(visitor, request)
    click.done("server reached")
    kernel = visitor.kernel(request)
    click.done("kernel started")
    printed = kernel.run(cell)
    click.done("first cell")
    return printed


def test_a_workspace_starts_as_one_of_plain_kubespawner_does(
    cluster: Cluster, installed: Installed, lotte: Visitor, plain: plain_hub.PlainVisitor
) -> None:
    """DAT-04: both come to the first cell by all their parts, which are printed beside each other.

    One of each goes before, which warms the machine up.
    """
    ours(cluster, installed, lotte), theirs(cluster, plain)
    clicks = [(ours(cluster, installed, lotte), theirs(cluster, plain)) for _ in range(ROUNDS)]
    for one, other in clicks:
        assert {"decided", *SEEN} <= one.parts.keys()
        assert other.parts.keys() >= SEEN
    for line in table({"ours": [one for one, _ in clicks], "KubeSpawner": [other for _, other in clicks]}):
        say(line)

"""Fixtures of the cluster tier. They need a cluster that is up: `make test-cluster`, or `python -m tests.cluster.up`.

The pytest process moves into the cluster's network namespace when the first test asks for the cluster; from then on it
reaches API server, pods and store, and nothing else.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from tests.cluster import control_plane, up
from tests.cluster import store as bucket_store
from tests.cluster.api import Api, close
from tests.cluster.handle import Cluster
from tests.cluster.installed import Installed, provider
from tests.cluster.locks import Locks, locked
from tests.cluster.setting import STORE, setting
from tests.integration.whole import RunningSluis, Visitor

DEMO = "sluis-demo"
_WITH_A_SLUIS = 900  # seconds for a test, since the first one's include the installation
_numbers = count(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share the installation come last: others install its locks for themselves, or lose the node."""
    sharing = [each for each in items if "installed" in getattr(each, "fixturenames", ())]
    for each in sharing:
        each.add_marker(pytest.mark.timeout(_WITH_A_SLUIS))
    items[:] = [each for each in items if each not in sharing] + sharing


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster of `CLUSTER`, or this tree's own."""
    here = setting()
    if not here.netns_path.exists():
        pytest.fail(f"no cluster is up in {here.folder}; bring one up: python -m tests.cluster.up", pytrace=False)
    up.enter(here)
    if not control_plane.ready(here):
        pytest.fail(f"the API server does not answer; see {here.logs}", pytrace=False)
    yield Cluster(here, Api.of(here.kubeconfig("admin")))
    close()


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, under Pod Security's `restricted`."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:30].strip("-")
    name = cluster.new_namespace(f"t-{os.getpid()}-{next(_numbers)}-{slug}")
    yield name
    cluster.admin.delete(f"/api/v1/namespaces/{name}", propagationPolicy="Background")


class Store:
    """The object store: makes buckets and objects. `demo` is the bucket of the demo's datasets, each under its name."""

    url, demo = STORE, DEMO
    put = staticmethod(bucket_store.put)
    put_folder = staticmethod(bucket_store.put_folder)


@pytest.fixture(scope="session")
def store(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store, filled with the demo's datasets: `gs://sluis-demo/<dataset>`."""
    import hub_config.cli  # noqa: F401 (first: the demo's data and it import each other)
    from hub_config.demo.data import DATASETS, write_datasets

    folder: Path = tmp_path_factory.mktemp("datasets")
    write_datasets(folder)
    for each in DATASETS:
        bucket_store.put_folder(DEMO, each.dataset, folder / each.location)
    return Store()


@pytest.fixture(scope="module")
def locks(cluster: Cluster) -> Iterator[Locks]:
    """The chart's admission policies and rights, and the place of one request; gone again after the module."""
    with locked(cluster.admin) as found:
        yield found


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Iterator[Installed]:
    """A Sluis of this run's own, for all modules that ask for it; gone again at the end, whatever the end is."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-whole-"))
    made = Installed(cluster, folder)
    try:
        made.remove()  # what a killed run has left
        made.install()
        with provider(made):
            yield made
    finally:
        made.remove()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def lotte(installed: Installed) -> Iterator[Visitor]:
    """A researcher who logged in with both factors."""
    visitor = Visitor(cast(RunningSluis, installed), "lotte")
    page = visitor.log_in()
    assert visitor.logged_in(), f"{page.status_code} {page.url}: {page.text}"
    yield visitor
    visitor.close()

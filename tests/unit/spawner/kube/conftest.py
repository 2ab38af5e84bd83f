"""A cluster of its own for each test of a workspace in a cluster."""

import asyncio
from collections.abc import Callable

import pytest

from spawner import own_pod
from tests.unit.spawner.fake_cluster import FakePolicy, running_cluster
from tests.unit.spawner.kube.doing import Test


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    """Runs a test against a cluster of its own, with short waits."""
    monkeypatch.setattr(own_pod, "STOP_SECONDS", 2.0)

    async def all_of(test: Test) -> None:
        async with running_cluster(monkeypatch) as cluster:
            await test(cluster, FakePolicy())

    return lambda test: asyncio.run(asyncio.wait_for(all_of(test), 60))

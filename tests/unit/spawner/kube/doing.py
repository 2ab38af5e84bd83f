"""What the tests of a workspace in a cluster share: waiting, refusals, faults that pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException

from tests.unit.spawner.fake_cluster import Asked, FakeCluster, FakePolicy

Test = Callable[[FakeCluster, FakePolicy], Awaitable[None]]

URL = "http://10.1.0.7:8888"


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds, for a bounded time."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never: {what}")


async def refused(spawner: Any) -> str:
    """The code by which a start is refused: always a SpawnException, which the hub does not count as its failure."""
    with pytest.raises(SpawnException) as caught:
        await spawner.start()
    return str(caught.value.reason)


def first(verb: str, times: int, status: int, message: str = "") -> Callable[[Asked], tuple[int, str] | None]:
    """A plan that answers the first so many requests of a kind with an error."""
    left = [times]

    def plan(asked: Asked) -> tuple[int, str] | None:
        if asked.verb != verb or asked.kind != "pods" or left[0] == 0:
            return None
        left[0] -= 1
        return status, message

    return plan

"""A start in a cluster at one of whose awaits something else happens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from jupyterhub.spawner import SpawnException

from tests.awaits import Moment, Paused
from tests.unit.spawner.fake_cluster import Spawner


class Crossed(Spawner):
    """One whose start is paused; `crossing` is awaited at the await `at`, whose number counts from 1."""

    at = 0, Moment.THERE
    crossing: Callable[[], Awaitable[object]]
    paused: Paused[str]

    async def _start(self) -> str:
        self.paused = Paused(super()._start(), self.at[0], self.crossing, self.at[1])
        return await self.paused


async def crossed(spawner: Any, at: tuple[int, Moment], crossing: Callable[[], Awaitable[object]]) -> str | None:
    """Start as the hub does, and cross that at one await; the code of its refusal, None where it started."""
    spawner.at, spawner.crossing = at, crossing
    try:
        await spawner.start()
    except SpawnException as refused:
        return str(refused.reason)
    except asyncio.CancelledError:
        return "cancelled"
    return None

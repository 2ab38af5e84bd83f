"""A start of a sandbox that crosses its end: at each await of the start, whatever happens there, nothing is left.

Real bubblewrap, a real log, the real spawner and warden. "Nothing" is no process that names the state's folder, whoever
knows of it, no route, and an end on record.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextvars import Context
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException

from access_policy.log.store import LogStore
from access_policy.use_cases import Policy
from spawner import sandbox
from spawner.running import running_sandboxes
from spawner.warden.plan import START_BOUND
from tests.awaits import Moment, Paused
from tests.integration.own_spawner import KEY, Spawners
from tests.integration.sandbox_hub import holds
from tests.unit.hub_config.desk.seed import KEYS, SetClock, World

pytestmark = pytest.mark.integration

AT_LEAST, AT_MOST = 6, 60  # awaits of a start: fewer would mean that they are not seen
moments = pytest.mark.parametrize("moment", Moment, ids=lambda one: one.value)


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """Fresh folders, one a start, as short as a socket's path has to be."""
    return (tmp_path / str(number) for number in count(1))


def each_await(folders: Iterator[Path], crossing: Callable[[Spawners, int], bool]) -> None:
    """Cross a start of its own at its first await, its second, and on, until it has no more."""
    for number in range(1, AT_MOST):
        folder = next(folders)
        folder.mkdir()
        here = Spawners(folder)
        try:
            crossed = crossing(here, number)
            assert here.processes() == [], f"after await {number}"
        finally:
            here.close()
        if not crossed:
            assert number > AT_LEAST, "the awaits of a start are not seen"
            return
    raise AssertionError("a start has no end of awaits")


async def started_by_the_hub(here: Spawners, start: Any) -> str | None:
    """Wait for a start as the hub does, and open the route where it succeeds; the code of its refusal, else None."""
    try:
        await start
    except SpawnException as refused:
        return str(refused.reason)
    here.routes.open.add(KEY)
    return None


@moments
@pytest.mark.parametrize("warden_is_first", [False, True], ids=["the spawner sees it", "the warden is faster"])
def test_a_withdrawal_at_any_await_of_a_start_leaves_nothing(
    folders: Iterator[Path], moment: Moment, warden_is_first: bool
) -> None:
    """POL-02: the start is refused with the reason; after its last await it is the warden that ends it."""

    async def crossed(here: Spawners, number: int) -> bool:
        async def withdraw() -> None:
            here.withdraw()
            if warden_is_first:
                here.look()

        spawner = here.made()
        start = Paused(spawner.start(), number, withdraw, moment)
        code = await started_by_the_hub(here, start)
        if not start.happened:
            await withdraw()
            here.look(2)
        else:
            assert code == "no_longer_allowed"
        assert here.routes.open == set()
        assert (here.on_record(), here.endings()) == (False, ["request_suspended"])
        await spawner.stop()  # as the hub does with one that it sees to be over
        return start.happened

    each_await(folders, lambda here, number: asyncio.run(crossed(here, number)))


@moments
def test_a_start_that_is_cancelled_at_any_await_leaves_nothing(folders: Iterator[Path], moment: Moment) -> None:
    """POL-02, SBX-04: nobody has to find it later, and its end is on record."""

    async def crossed(here: Spawners, number: int) -> bool:
        async def cancel() -> None:
            starting.cancel()
            if moment is Moment.THERE:
                await asyncio.sleep(0)  # where it arrives

        spawner = here.made()
        start = Paused(spawner.start(), number, cancel, moment)
        starting = asyncio.ensure_future(_awaited(start))
        await asyncio.wait({starting})
        if not start.happened:
            await spawner.stop()
        else:
            assert starting.cancelled()
        assert (here.on_record(), len(here.endings())) == (False, 1)
        assert not list(here.places.run.glob("*/*/process.json"))
        return start.happened

    each_await(folders, lambda here, number: asyncio.run(crossed(here, number)))


@moments
def test_a_stop_at_any_await_of_a_start_leaves_nothing(folders: Iterator[Path], moment: Moment) -> None:
    """POL-02: the hub stops what it waited for too long, while the start goes on."""

    async def crossed(here: Spawners, number: int) -> bool:
        spawner, loop = here.made(), asyncio.get_running_loop()
        stopping: list[asyncio.Task[None]] = []

        async def stop() -> None:
            stopping.append(loop.create_task(spawner.stop(), context=Context()))
            await asyncio.wait(stopping, timeout=0.2)

        start = Paused(spawner.start(), number, stop, moment)
        code = await started_by_the_hub(here, start)
        await asyncio.gather(*stopping)
        if not start.happened:
            assert code is None
            await spawner.stop()
        assert (here.on_record(), len(here.endings())) == (False, 1)  # by whichever of the two saw it first
        return start.happened

    each_await(folders, lambda here, number: asyncio.run(crossed(here, number)))


async def _awaited(start: Paused[str]) -> str:
    return await start


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(Moment.ON_ITS_WAY, 0.0), (Moment.ON_ITS_WAY, 0.004), (Moment.THERE, 0.0)],
    ids=["on its way", "a little later", "there"],
)
def test_a_hub_that_is_killed_at_any_await_of_a_start_leaves_nothing(
    folders: Iterator[Path], moment: Moment, seconds: float
) -> None:
    """FLT-01, FLT-07, SBX-04: what it leaves without a name ends at the warden's next look, as does the rest."""
    for number in range(1, AT_MOST):
        folder = next(folders)
        folder.mkdir()
        killed = _killed_hub(folder, number, moment, seconds)
        here = Spawners(folder, _opened(folder))
        if not killed:
            here.withdraw()
        here.look(2)
        assert holds(lambda here=here: here.processes() == [], 2.0), here.processes()  # type: ignore[misc]
        here.world.clock.go(seconds=START_BOUND.total_seconds())
        here.look(2)
        assert not here.on_record()
        here.close()
        if not killed:
            assert number > AT_LEAST
            return
    raise AssertionError("a start has no end of awaits")


def _killed_hub(folder: Path, number: int, moment: Moment, seconds: float) -> bool:
    """Start in a process of its own, which ends without a word at an await; false where it came to its end."""
    child = os.fork()
    if child == 0:
        asyncio.run(_start_until_killed(Spawners(folder), number, moment, seconds))
        os._exit(0)  # as abruptly: what it started may outlive it
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _opened(folder: Path) -> World:
    """Open the log that another process left, at the time of its newest fact."""
    clock = SetClock()
    store = LogStore.open(folder / "state" / "log.sqlite", KEYS, clock, secrets.token_bytes)
    clock.at = max(fact.at for fact in store.facts_since(0))
    return World(Policy(store, clock), clock, folder)


async def _start_until_killed(here: Spawners, number: int, moment: Moment, seconds: float) -> None:
    async def kill() -> None:
        await asyncio.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    await Paused(here.made().start(), number, kill, moment)


def test_an_end_that_is_not_seen_is_not_told_and_keeps_its_file(
    folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-06, SBX-04: the hub hears that it still counts as running, and the warden, by its file, ends it."""
    folder = next(folders)
    folder.mkdir()
    here = Spawners(folder)

    async def stopped() -> None:
        spawner = here.made()
        await spawner.start()
        with monkeypatch.context() as patched:
            patched.setattr(sandbox, "end_sandbox", lambda _: False)
            with pytest.raises(TimeoutError, match="the warden goes on trying"):
                await spawner.stop(now=True)
        assert (here.on_record(), here.endings(), len(running_sandboxes(here.places.run))) == (True, [], 1)
        here.withdraw()
        here.look(2)
        assert (here.processes(), here.endings()) == ([], ["request_suspended"])
        await spawner.stop()

    asyncio.run(stopped())
    here.close()


def test_nothing_starts_over_one_that_does_not_end(folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """SBX-04: a start takes the place of no sandbox that still runs, whose file it would write over."""
    folder = next(folders)
    folder.mkdir()
    here = Spawners(folder)
    monkeypatch.setattr(sandbox, "end_all_of", lambda _: False)
    assert asyncio.run(started_by_the_hub(here, start_of(here))) == "sandbox"
    assert (here.on_record(), here.endings(), here.processes()) == (False, ["start_failed"], [])
    here.close()


async def start_of(here: Spawners) -> str:
    """Start in the loop that runs."""
    return str(await here.made().start())

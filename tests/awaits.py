"""Pausing a coroutine at its n-th await: something else happens there, and the coroutine goes on (POL-02).

An await counts where the coroutine is really suspended, which is where others come to run; those of the tasks that it
makes count as well. At each one there are two moments: before what it waits for is there, and after, when it is about
to go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from enum import Enum
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Moment(Enum):
    """When, at an await: what is waited for is still on its way, or it is there already."""

    ON_ITS_WAY = "on its way"
    THERE = "there"


class Paused(Generic[T]):
    """To be awaited in the place of `coroutine`: at its `number`-th await (from 1) `act` is awaited in between.

    What waits for the coroutine's own tasks has to be a task outside of it, for which `act` waits a bounded time.
    `happened` says afterwards whether it had as many; else `act` was not called.
    """

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, T],
        number: int,
        act: Callable[[], Awaitable[object]],
        moment: Moment = Moment.THERE,
    ) -> None:
        self.happened = False
        self._awaits = 0
        self._coroutine = coroutine
        self._at = number, moment
        self._act = act

    def __await__(self) -> Generator[Any, Any, T]:
        """Run the coroutine step by step, as a task does; a cancellation reaches it where it waits."""
        asyncio.get_running_loop().set_task_factory(_task)
        _PAUSED.set(self)
        try:
            return (yield from self.steps(self._coroutine))
        finally:
            _PAUSED.set(None)
            self._at = 0, Moment.THERE  # what its tasks still do is no part of it

    def steps(self, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Go through a coroutine's awaits, and pause where it is time."""
        go_on = partial(coroutine.send, None)
        while True:
            try:
                waited = go_on()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            self._awaits += 1
            number, go_on = self._awaits, partial(coroutine.send, None)
            for one in (self._pause(number, Moment.ON_ITS_WAY), _only(waited), self._pause(number, Moment.THERE)):
                try:
                    yield from one
                except BaseException as error:  # as a task: whatever comes out of the waiting goes in
                    go_on = partial(coroutine.throw, error)

    def _pause(self, number: int, moment: Moment) -> Generator[Any, Any, None]:
        if self._at == (number, moment):
            self.happened = True
            yield from self._act().__await__()


_PAUSED: ContextVar[Paused[Any] | None] = ContextVar("paused", default=None)


class _Steps(Generic[T]):
    """One of the tasks of a coroutine that is paused somewhere."""

    def __init__(self, paused: Paused[T], coroutine: Coroutine[Any, Any, T]) -> None:
        self._given = paused, coroutine

    def __await__(self) -> Generator[Any, Any, T]:
        paused, coroutine = self._given
        return paused.steps(coroutine)


def _task(loop: asyncio.AbstractEventLoop, coroutine: Any, **given: Any) -> asyncio.Task[Any]:
    """Called by the loop for every task: those that belong to a paused coroutine are gone through with it."""
    context = given.get("context")
    paused = _PAUSED.get() if context is None else context.get(_PAUSED)
    if paused is None:
        return asyncio.Task(coroutine, loop=loop, **given)
    task = asyncio.Task(_all(_Steps(paused, coroutine)), loop=loop, **given)
    task.add_done_callback(lambda _: coroutine.close())  # one that was cancelled before it began
    return task


async def _all(steps: _Steps[T]) -> T:
    return await steps


def _only(waited: object) -> Generator[Any, Any, None]:
    yield waited

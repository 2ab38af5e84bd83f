"""`sluis run`: the parent of hub, proxy, desk, warden and, in a demo, the login provider, on one machine.

It starts them, says when everything answers, restarts a part that dies, and ends all of them; nothing outlives it: each
child asks the kernel to be killed with it, and each sandbox with the hub. A part that cannot be kept alive ends
everything: no workspace runs on without a warden.
"""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from hub_config.anchor import AnchorKeeper
from hub_config.children import Child
from hub_config.parts import parts_of
from hub_config.places import Places
from hub_config.running import Running, save_running
from hub_config.startup import Surroundings, after_stop, before_start, draw_running

_READY_BOUND = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TRIES = 6


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `sluis run` was asked for."""

    state: Path
    demo: bool = False
    port: int = 8000
    bind: str = "127.0.0.1"
    database: str = ""
    institute_port: int | None = None


class PartFailed(Exception):
    """A part did not come up or could not be kept alive. The text is one line that says where to look."""


def run(options: RunOptions, greet: Callable[[], object]) -> int:
    """Run Sluis in the foreground until SIGINT or SIGTERM; return the exit status.

    `greet` is called once everything answers, before `ready:` is printed: a demo says who may log in.
    Raises StateProblem, SettingsProblem or LogError before anything is started, PartFailed after.
    """
    places = Places(options.state.absolute())
    with before_start(
        places, Surroundings(options.demo, options.bind, options.port, options.database, options.institute_port), _say
    ) as anchor:
        running = draw_running(places, options.bind, options.port, options.institute_port)
        save_running(places, running)
        return Supervisor(places, running, anchor, greet).serve()


class Supervisor:
    """The parent process of one running Sluis."""

    def __init__(self, places: Places, running: Running, anchor: AnchorKeeper, greet: Callable[[], object]) -> None:
        self._greet = greet
        self._anchor = anchor
        self._places = places
        self._running = running
        self._children = [Child(part, places.parts, places.hub) for part in parts_of(places, running)]
        self._failures: dict[str, int] = {}
        self._stopping = False

    def serve(self) -> int:
        """Start the parts, watch them, and end them."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._start()
            while not self._stopping:
                self._watch()
        finally:
            self._end()
        return 0

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _start(self) -> None:
        for child in self._children:
            child.start()
        for child in self._children:
            self._until_ready(child)
        if not self._stopping:
            self._greet()
            if self._running.institute_api:
                sys.stdout.write(f"institute: {self._running.institute_url or self._running.institute_bind}\n")
            sys.stdout.write(f"ready: {self._running.url}\n")
            sys.stdout.flush()

    def _until_ready(self, child: Child) -> None:
        _say(f"waiting for the {child.name} …")
        deadline = time.monotonic() + _READY_BOUND
        while not self._stopping and not answers(child):
            if not child.alive():
                raise PartFailed(f"the {child.name} ended while it started; its last words are in `{child.log}`")
            if time.monotonic() > deadline:
                raise PartFailed(
                    f"the {child.name} does not answer after {_READY_BOUND:.0f} s; look into `{child.log}`"
                )
            time.sleep(0.1)

    def _watch(self) -> None:
        time.sleep(0.2)
        self._anchor.keep()
        for child in self._children:
            if not child.alive() and not self._stopping:
                self._restart(child)

    def _restart(self, child: Child) -> None:
        lasted = child.lifetime()
        failures = 1 if lasted > 60 else self._failures.get(child.name, 0) + 1
        self._failures[child.name] = failures
        if failures > _TRIES:
            raise PartFailed(f"the {child.name} ended {failures} times in a row; look into `{child.log}`")
        pause = min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
        _say(f"the {child.name} ended after {lasted:.0f} s; starting it again in {pause:.1f} s")
        time.sleep(pause)
        child.start()

    def _end(self) -> None:
        _say("ending …")
        for child in reversed(self._children):
            child.ask_to_end()
        for child in reversed(self._children):
            child.end()
        unsigned = after_stop(self._places)
        if unsigned is not None:
            _say(f"the log's head is not signed: {unsigned}")
        _say("ended; nothing runs any more")


def answers(child: Child) -> bool:
    """Say whether a part answers itself: a redirect is the hub's, which knows no such page yet."""
    try:
        answer = httpx.get(child.part.ready, headers=child.part.headers, timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _say(words: str) -> None:
    sys.stderr.write(f"sluis: {words}\n")
    sys.stderr.flush()

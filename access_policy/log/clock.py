"""Time that does not jump: the wall clock while it moves as time does, and what is wrong where it does not (FLT-12).

A clock that is set while Sluis runs would let what is over hold again, or end what holds. So the time goes on by the
clock that nobody can set, which counts while the machine sleeps, until the wall clock comes back into line. Each start
of Sluis believes the wall clock anew: whoever has set it right restarts; what starts beside a running one takes over
its anchor. What jumped while nothing ran shows only where the log's newest row then lies in the future. Reads no clock
of its own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from access_policy.log.times import Clock

TOLERANCE = timedelta(seconds=5)
"""How far clocks may lie apart: steps of NTP are smaller."""

_ANCHORED_EVERY = 3600.0
_MEANWHILE = "until then only what takes access away goes through"

Monotonic = Callable[[], float]
"""Returns seconds since some beginning, sleep included, that nobody can set: as `CLOCK_BOOTTIME` does."""


class Anchor(NamedTuple):
    """An instant at which the wall clock was believed, and what the monotonic clock said then."""

    at: datetime
    seconds: float


class SteadyClock:
    """The wall clock while it moved alike with the monotonic one, within five seconds; else the latter. For threads."""

    def __init__(self, wall: Clock, monotonic: Monotonic, anchor: Anchor | None = None) -> None:
        """Begin at an anchor of this boot, without one at what the wall clock says."""
        self._wall = wall
        self._monotonic = monotonic
        self._lock = Lock()
        self._anchor = anchor or Anchor(wall(), monotonic())

    @property
    def anchor(self) -> Anchor:
        """When the wall clock was believed last."""
        return self._anchor

    def __call__(self) -> datetime:
        """Return the present instant, UTC."""
        wall, steady = self._both()
        return wall if abs(wall - steady) <= TOLERANCE else steady

    def jump(self) -> timedelta | None:
        """Return how far the wall clock is ahead of where it should be (negative: behind), None where it is right."""
        wall, steady = self._both()
        return None if abs(wall - steady) <= TOLERANCE else wall - steady

    def _both(self) -> tuple[datetime, datetime]:
        """Return what each clock says. Once an hour a wall clock that is right is believed anew: quartz drifts."""
        with self._lock:
            wall, seconds = self._wall(), self._monotonic()
            begun, first = self._anchor
            steady = begun + timedelta(seconds=seconds - first)
            if seconds - first >= _ANCHORED_EVERY and abs(wall - steady) <= TOLERANCE:
                self._anchor = Anchor(wall, seconds)
        return wall, steady


class ClockTrouble(NamedTuple):
    """By how many seconds a clock is off (ahead: positive), and one line that says which, and what to do."""

    seconds: int
    text: str


class ClockWatch:
    """Compares the clock that stamps what is appended with this machine's, and both with the newest row.

    `deciding` is `LogStore.now`: on SQLite the machine's clock itself, on PostgreSQL the database's.
    """

    def __init__(self, deciding: Clock, machine: SteadyClock) -> None:
        self._deciding = deciding
        self._machine = machine

    def trouble(self, newest: datetime | None) -> ClockTrouble | None:
        """Return what is wrong with the time; `newest` is the instant of the newest row, if there is one."""
        jump = self._machine.jump()
        if jump is not None:
            return _jumped(jump)
        now = self._deciding()
        apart = now - self._machine()
        if abs(apart) > TOLERANCE:
            return _apart(apart)
        if newest is not None and newest - now > TOLERANCE:
            return _behind(newest - now)
        return None


def _jumped(by: timedelta) -> ClockTrouble:
    off = f"the clock of this machine jumped and is {_span(by)} {'fast' if by > timedelta(0) else 'slow'}"
    return _told(by, f"{off}; set it right, or restart sluis if it is right now; {_MEANWHILE}")


def _apart(by: timedelta) -> ClockTrouble:
    off = f"the database's clock is {_span(by)} {'ahead of' if by > timedelta(0) else 'behind'} that of this machine"
    return _told(by, f"{off}; set right the one that is wrong; {_MEANWHILE}")


def _behind(by: timedelta) -> ClockTrouble:
    off = f"the newest row lies {_span(by)} in the future, so the clock is wrong or was wrong then"
    return _told(-by, f"{off}; set it right, or restore a backup of before; {_MEANWHILE}")


def _told(by: timedelta, text: str) -> ClockTrouble:
    return ClockTrouble(round(by.total_seconds()), text)


def _span(by: timedelta) -> str:
    return f"`{round(abs(by).total_seconds())}` seconds"

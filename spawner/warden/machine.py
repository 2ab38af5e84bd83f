"""Where workspaces run, as the warden sees it: sandboxes of this machine, or pods of a cluster (`cluster.py`).

The warden decides nothing here and a machine knows no rule: it says what runs, ends what it is told to, and keeps up
what workspaces stand on. Everything may be called again and again.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from access_policy.state import State, WorkspaceKey
from spawner.running import RunningSandbox, end_sandbox, running_sandboxes
from spawner.strays import is_left_alone, strays
from spawner.warden.plan import START_BOUND, key_of


class Running(NamedTuple):
    """One workspace that runs: whose it says it is, and how people write it (`P-3/dr-12`)."""

    key: WorkspaceKey
    identifier: str


Still = Callable[[], None]
"""Asked before each change, since many take longer than a lease lasts; what it raises breaks the work off (FLT-03)."""


class Work(Protocol):
    """What workspaces stand on, worked out from one state. What fails is tried at the next look: neither part raises.

    `withdraw` comes before workspaces are ended and takes away what lets new ones in; `provide` comes after.
    """

    def withdraw(self, still: Still, /) -> None:
        """Take away what no decision covers."""

    def provide(self, still: Still, /) -> bool:
        """Make what is missing, mend what differs, and say whether all of it stands; no write where nothing differs."""


class Machine(Protocol):
    """Called by the warden at each look, by one thread."""

    start_bound: timedelta
    """How long a start may be in the log before something of it runs."""
    routes_first: bool
    """Whether ending takes so long that routes are closed before."""

    def running(self) -> Mapping[int, Running]:
        """Return what runs, by the fact of its start; what names none gets a negative number. OSError: no answer."""

    def unfit(self, state: State, /) -> Collection[int]:
        """Return which of those that ran last are not what their start was given, or are over and left lying."""

    def causes(self) -> Mapping[int, str]:
        """Return why starts of the log were seen to be over by themselves, as codes; also of what is gone by now."""

    def end(self, start: int, /) -> bool:
        """End one of those that ran last; True once it is seen to be gone. False: ask again. Raises OSError."""

    def doubt(self, start: int, node: str | None, /) -> str | None:
        """Return the lost node on which a start may still run, though nothing of it is seen; `node` is on record.

        None where it is certain that nothing runs. Raises OSError where that cannot be told now.
        """

    def prepare(self, state: State, at: datetime, /) -> Work:
        """Work out what workspaces stand on now. Called while the state is kept from moving, so it asks nobody."""


class Nothing:
    """The `Work` of a machine whose workspaces stand on nothing but themselves."""

    def withdraw(self, _still: Still, /) -> None:
        """Nothing is to be withdrawn."""

    def provide(self, _still: Still, /) -> bool:
        """Nothing is to be made."""
        return True


class LocalMachine:
    """The sandboxes of this machine, by their process files: the spawner makes all that they need (SBX-04)."""

    start_bound = START_BOUND
    routes_first = False

    def __init__(self, run_folder: Path) -> None:
        self._run = run_folder
        self._last: dict[int, RunningSandbox] = {}

    def running(self) -> Mapping[int, Running]:
        """Return the sandboxes that run now, and what runs of one that no file names (FLT-07)."""
        self._last = {one.seq: one for one in (*strays(self._run), *running_sandboxes(self._run))}
        return {seq: Running(key_of(one.person, one.request), one.identifier) for seq, one in self._last.items()}

    def unfit(self, _state: State, /) -> Collection[int]:
        """Return those that outlived their hub; none else, since a sandbox cannot be another than it was made."""
        return [seq for seq, one in self._last.items() if is_left_alone(one)]

    def causes(self) -> Mapping[int, str]:
        """Return none: the hub has the sandbox's own process, and tells."""
        return {}

    def end(self, start: int, /) -> bool:
        """Kill it, and wait a little for its end."""
        sandbox = self._last[start]
        return end_sandbox(sandbox) or not sandbox.alive()

    def doubt(self, _start: int, _node: str | None, /) -> str | None:
        """Return none: the kernel tells what runs here."""
        return None

    def prepare(self, _state: State, _at: datetime, /) -> Work:
        """Return nothing to do."""
        return Nothing()

"""A whole Sluis on this machine with a workspace in each room, and a reader in each workspace."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from access_policy import events as e
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import Workspace, WorkspaceKey
from hub_config.bootstrap import open_policy
from hub_config.demo.seed import seed
from hub_config.places import Places
from spawner.homes import home_folder
from tests.bench.leash_reader import Slots, cell_alone
from tests.bench.leash_rooms import FILE, Room, Rooms
from tests.integration.sandbox_hub import holds
from tests.integration.whole import Kernel, RunningSluis, Visitor, sluis, until

_STARTS = 3
"""Starts at a time; each keeps a processor busy for seconds."""
_BOUND = 120.0


class Guest(Visitor):
    """The browser of the person of a room."""

    def __init__(self, demo: RunningSluis, me: dict[str, Any]) -> None:
        self.demo, self.url, self.me = demo, demo.url, me
        self.http = httpx.Client(base_url=self.url, follow_redirects=True, timeout=60, trust_env=False)
        self._kernels = []

    def end_kernel(self, kernel: Kernel, request: str) -> None:
        """End a kernel, as JupyterLab does; what it left behind in a session of its own goes on."""
        kernel.close()
        path = self.workspace_path(request)
        answer = self.http.delete(
            kernel.path.partition("/channels")[0], headers={"X-XSRFToken": self._cookie("_xsrf", path)}
        )
        assert answer.is_success, answer.text


class Sandboxes:
    """The rooms with their workspaces, as they run on this machine."""

    profile = "small"

    def __init__(self, demo: RunningSluis, rooms: Rooms) -> None:
        self._sluis, self.rooms = demo, rooms
        self._guests = {room.number: Guest(demo, rooms.guest(room)) for room in rooms.all}
        self.readers: dict[int, Slots] = {}

    def start(self, rooms: Iterable[Room]) -> None:
        """Start a workspace in each of some rooms, some at a time, and in each what reads."""
        with ThreadPoolExecutor(_STARTS) as pool:
            list(pool.map(self._start, rooms))

    def _start(self, room: Room) -> None:
        guest = self._guests[room.number]
        guest.me = self.rooms.guest(room)
        if not guest.logged_in():
            guest.log_in()
        asked = holds(lambda: self._asked(guest, room), _BOUND) and holds(lambda: guest.reaches(room.request), _BOUND)
        assert asked, self._why_not(guest, room)
        name = f".read-{time.monotonic_ns()}"
        kernel = guest.kernel(room.request)
        kernel.run(cell_alone(f"/data/{room.name}/{FILE}", name))
        guest.end_kernel(kernel, room.request)
        if room.number in self.readers:
            self.readers[room.number].close()
        slots = self.readers[room.number] = Slots(self.home(guest, room) / name)
        until(slots.read_by_all, _BOUND)

    def _asked(self, guest: Guest, room: Room) -> bool:
        """Ask for the workspace; who is told that it cannot be just now asks again, as a person does."""
        page = guest.spawn(room.request, profile=self.profile)
        return "spawn-pending" in page.url.path or guest.reaches(room.request)

    def _why_not(self, guest: Guest, room: Room) -> str:
        asked = sluis(self._sluis.state, "explain", guest.person, room.request, "--json")
        told = msgspec.json.decode(asked.stdout)["reasons"]
        return f"no workspace in {room.name}: {[one['code'] for one in told if not one['holds']]}"

    def home(self, guest: Guest, room: Room) -> Path:
        """Return where a workspace's home lies on this machine."""
        running = self.workspace(room)
        assert running is not None, f"no workspace in {room.name}"
        return home_folder(Places(self._sluis.state).homes, guest.person, room.request, running.home)

    def stop(self, room: Room) -> None:
        """Let the person of a room end their workspace, if one runs."""
        found = self.workspace(room)
        if found is not None:
            self.rooms.give(room.login, "stop-workspace", person=found.person, request=found.request)
            until(lambda: self.workspace(room) is None, _BOUND)

    def workspace(self, room: Room) -> Workspace | None:
        """Return the workspace of a room as the log knows it."""
        with self.rooms.policy.reading() as state:
            return state.workspaces.get(self.key(room))

    def running(self) -> int:
        """Return how many workspaces run, as the machine tells."""
        return len(self._sluis.sandboxes())

    def ended(self, after: int) -> dict[WorkspaceKey, e.WorkspaceEnded]:
        """Return the endings on record after a fact."""
        found = [fact.event for fact in self.rooms.policy.store.facts_since(after)]
        return {(one.person, one.request): one for one in found if isinstance(one, e.WorkspaceEnded)}

    def key(self, room: Room) -> WorkspaceKey:
        """Return whose workspace it is, and of which request."""
        return PersonId(self.rooms.person(room.login)), RequestId(room.request)

    def close(self) -> None:
        """Close all browsers, and the files of all readers."""
        for guest in self._guests.values():
            guest.close()
        for reader in self.readers.values():
            reader.close()


def monotonic_of(rooms: Rooms, at: datetime) -> float:
    """Return an instant of the log (UTC) in seconds of the monotonic clock."""
    return time.monotonic() - (rooms.policy.now() - at).total_seconds()


@contextlib.contextmanager
def sandboxes(number: int) -> Iterator[Sandboxes]:
    """Give a running Sluis with so many rooms, in each a workspace and its reader."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-leash-"))
    places, demo = Places(folder / "s"), RunningSluis(folder / "s")
    seed(places, lambda _: None)
    rooms = Rooms(open_policy(places), places, number)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.callback(rooms.policy.store.close)
        rooms.make()
        demo.start()
        stack.callback(demo.stop)
        made = Sandboxes(demo, rooms)
        stack.callback(made.close)
        made.start(rooms.all)
        yield made

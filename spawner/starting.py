"""Starting a sandbox in the hub: bubblewrap, what it inherits, and that it is written down before it does anything.

A sandbox gets its orders only once `process.json` names it, and without them its launcher ends. So a hub that is killed
and a start that is given up leave nothing behind that can read a byte (POL-02, SBX-04); what they leave of bubblewrap
itself is ended here or found by `strays.py`. Whether a workspace may run is decided elsewhere.
"""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from spawner.processes import boot_id, process_now
from spawner.relay import ServerLog, listening_socket, pipe, pipe_with
from spawner.running import RunningSandbox, write_down
from spawner.sandbox_command import SandboxFailed, SandboxHost, SandboxPaths, sandbox_command
from spawner.seccomp import seccomp_program
from spawner.storage import Folders, open_datasets
from spawner.strays import end_all_of, write_starter
from spawner.workspace import Workspace

_START_SECONDS = 10.0

P = ParamSpec("P")
T = TypeVar("T")


class Launch(NamedTuple):
    """All that one start needs; `orders` is what the launcher reads (see `launcher.py`)."""

    workspace: Workspace
    host: SandboxHost
    datasets: Path
    folders: Folders
    orders: dict[str, Any]


async def start_sandbox(launch: Launch) -> "SandboxProcess":
    """Start bubblewrap and wait until it has made the namespaces; `SandboxFailed`, `DatasetProblem` or `OSError`.

    To be called in the main thread: the kernel ends a sandbox with the thread that started it (SBX-04).
    """
    write_starter(launch.folders.run)
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        info, info_fd = pipe(ours, theirs)
        log, log_fd = pipe(ours, theirs)
        orders_fd, orders = pipe(theirs, ours)
        listening = theirs.enter_context(listening_socket(launch.folders.sockets / "server.sock"))
        paths = SandboxPaths(
            home=str(launch.folders.home),
            etc=str(launch.folders.run / "etc"),
            hub_socket=str(launch.folders.sockets / "hub.sock"),
            uid=launch.orders["uid"],
            orders_fd=orders_fd,
            socket_fd=listening.fileno(),
            info_fd=info_fd,
            seccomp_fd=pipe_with(seccomp_program(), theirs),
            dataset_fds=await in_thread(open_datasets, launch.datasets, launch.workspace.mounts, theirs),
        )
        process = _popen(sandbox_command(launch.workspace, launch.host, paths), paths, log_fd)
        theirs.close()
        try:
            running = _identified(process.pid, await _inner_pid(info), launch)
            write_down(running)
        except BaseException as error:
            _give_up(process, launch.folders.run)
            if isinstance(error, ProcessLookupError):
                raise SandboxFailed(f"bubblewrap ended at once ({_last_words(log)})") from None
            raise
        with contextlib.suppress(BrokenPipeError):  # it has ended: whoever waits for its answer sees that
            os.write(orders, json.dumps(launch.orders).encode())
        return SandboxProcess(process, running, ServerLog(os.dup(log)))


async def in_thread(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """As `asyncio.to_thread`; but who is cancelled waits for the thread, which uses what he is about to close."""
    going_on = asyncio.ensure_future(asyncio.to_thread(function, *given, **named))
    try:
        return await asyncio.shield(going_on)
    except asyncio.CancelledError:
        await asyncio.wait({going_on})
        raise


class SandboxProcess:
    """A started sandbox in the hub's hands."""

    def __init__(self, process: subprocess.Popen[bytes], running: RunningSandbox, log: ServerLog) -> None:
        self.running = running
        self.log = log
        self.ended = asyncio.Event()
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._watched = os.pidfd_open(process.pid)
        self._loop.add_reader(self._watched, self._note_end)
        self._callbacks: list[Callable[[], None]] = []

    def when_it_ends(self, callback: Callable[[], None]) -> None:
        """Have `callback` called in the event loop as soon as bubblewrap ends, unless closed before."""
        self._callbacks.append(callback)

    def close(self) -> None:
        """Forget an ended sandbox: no zombie, no descriptor stays."""
        self._loop.remove_reader(self._watched)
        os.close(self._watched)
        self.log.close()
        self.ended.set()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)

    def _note_end(self) -> None:
        self._loop.remove_reader(self._watched)
        self.ended.set()
        for callback in self._callbacks:
            callback()


def _popen(command: list[str], paths: SandboxPaths, log_fd: int) -> subprocess.Popen[bytes]:
    inherited = (paths.orders_fd, paths.socket_fd, paths.info_fd, paths.seccomp_fd, *paths.dataset_fds)
    return subprocess.Popen(
        command,
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=log_fd,
        pass_fds=inherited,
        start_new_session=True,
    )


def _give_up(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End bubblewrap first, so that it makes no other process, then what it made: that may not be bound to it yet."""
    process.kill()
    process.wait()
    end_all_of(folder)


def _identified(outer: int, inner: int | None, launch: Launch) -> RunningSandbox:
    """Return which processes these are now; `ProcessLookupError` where one has ended."""
    if inner is None:
        raise ProcessLookupError
    workspace = launch.workspace
    return RunningSandbox(
        outer=process_now(outer),
        inner=process_now(inner),
        boot_id=boot_id(),
        person=workspace.person,
        request=workspace.request,
        seq=workspace.seq,
        folder=str(launch.folders.run),
        installation=workspace.installation,
    )


def _last_words(log: int) -> str:
    """The last line that is in the pipe; `no message` where it is empty."""
    os.set_blocking(log, False)
    said: list[str] = []
    with contextlib.suppress(BlockingIOError):
        said = os.read(log, 4096).decode(errors="replace").strip().splitlines()[-1:]
    return said[0] if said else "no message"


async def _inner_pid(info_fd: int) -> int | None:
    """The outside id of the namespace's first process, as bubblewrap says it; None where it ended before."""
    said = asyncio.StreamReader()
    file = os.fdopen(os.dup(info_fd), "rb")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(said), file)
    try:
        async with asyncio.timeout(_START_SECONDS):
            text = await said.read()
    except TimeoutError:
        return None
    finally:
        transport.close()
    return int(json.loads(text)["child-pid"]) if text else None

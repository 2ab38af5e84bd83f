"""Sandboxes as processes of this machine: starting them, writing down which run, finding and ending them.

The hub's spawner starts them here and writes `process.json`; the warden reads those files and ends what has to end,
also when the hub is busy or gone. A process is the same one only if process id, start time and boot are the same, and
it is signalled through a descriptor opened before that comparison, so a process id that was given to another program is
never killed. Whether a workspace may run is decided elsewhere.
"""

import asyncio
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from spawner.processes import Process, boot_id, is_running, process_now
from spawner.relay import ServerLog, listening_socket, pipe, pipe_with
from spawner.sandbox_command import SandboxFailed, SandboxHost, SandboxPaths, sandbox_command
from spawner.seccomp import seccomp_program
from spawner.storage import Folders, open_datasets
from spawner.workspace import Workspace

_START_SECONDS = 10.0
PROCESS_FILE = "process.json"


class RunningSandbox(msgspec.Struct, frozen=True):
    """One sandbox: bubblewrap itself (`outer`), the first process of its pid namespace (`inner`), and whose it is."""

    outer: Process
    inner: Process
    boot_id: str
    person: str
    request: str
    seq: int
    folder: str
    installation: str = ""

    @property
    def identifier(self) -> str:
        """`P-3/dr-12`, as people write it."""
        return f"{self.person}/{self.request.lower()}"

    def alive(self) -> bool:
        """Whether anything of it still runs; the inner process ends last, after everything in its namespace."""
        return self.boot_id == boot_id() and any(is_running(process) for process in (self.outer, self.inner))


def write_down(sandbox: RunningSandbox) -> None:
    """Write `process.json` (0600) into its folder, whole or not at all."""
    target = Path(sandbox.folder) / PROCESS_FILE
    draft = target.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(sandbox))
    draft.replace(target)


def running_sandboxes(run_dir: Path) -> list[RunningSandbox]:
    """Every sandbox that runs now, in order of its folder; unreadable or half-written files are left out.

    So is a file that was copied from another state, as with the whole folder: what it names is not ours to end.
    """
    return [
        sandbox for sandbox in map(_read, sorted(run_dir.glob(f"*/*/{PROCESS_FILE}"))) if sandbox and sandbox.alive()
    ]


def end_sandbox(sandbox: RunningSandbox, timeout: float = 5.0) -> bool:
    """Kill it and wait up to `timeout` seconds; True once neither bubblewrap nor anything inside it runs.

    Killing bubblewrap kills the first process of the namespace (`--die-with-parent`), and the kernel kills every other
    process of the namespace before that one is gone.
    """
    deadline = time.monotonic() + timeout
    if sandbox.boot_id != boot_id():
        return True
    gone = [_end(process, signal.SIGKILL, deadline) for process in (sandbox.outer, sandbox.inner)]
    return all(gone)


def ask_to_end(sandbox: RunningSandbox, timeout: float) -> bool:
    """Send SIGTERM to the server inside and wait up to `timeout` seconds; True once everything has ended."""
    children = Path(f"/proc/{sandbox.inner.pid}/task/{sandbox.inner.pid}/children")
    deadline = time.monotonic() + timeout
    with contextlib.suppress(OSError):
        server = children.read_text(encoding="ascii").split()[:1] if is_running(sandbox.inner) else []
        for pid in map(int, server):
            _signal(process_now(pid), signal.SIGTERM)
    gone = [_wait(process, deadline) for process in (sandbox.outer, sandbox.inner)]
    return all(gone)


def clean_up(run_dir: Path) -> list[str]:
    """Remove the folders of sandboxes that run no more (a start does so after a crash); their names `p-3/dr-12`."""
    kept = {sandbox.folder for sandbox in running_sandboxes(run_dir)}
    gone = [folder for folder in sorted(run_dir.glob("*/*")) if folder.is_dir() and str(folder) not in kept]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return ["/".join(folder.parts[-2:]) for folder in gone]


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


class Launch(NamedTuple):
    """All that one start needs; `orders` is what the launcher reads (see `launcher.py`)."""

    workspace: Workspace
    host: SandboxHost
    datasets: Path
    folders: Folders
    orders: dict[str, Any]


async def start_sandbox(launch: Launch) -> SandboxProcess:
    """Start bubblewrap and wait until it has made the namespaces; `SandboxFailed`, `DatasetProblem` or `OSError`.

    To be called in the main thread: the kernel ends a sandbox with the thread that started it (SBX-04).
    """
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        info, info_fd = pipe(ours, theirs)
        log, log_fd = pipe(ours, theirs)
        listening = theirs.enter_context(listening_socket(launch.folders.sockets / "server.sock"))
        paths = SandboxPaths(
            home=str(launch.folders.home),
            etc=str(launch.folders.run / "etc"),
            hub_socket=str(launch.folders.sockets / "hub.sock"),
            uid=launch.orders["uid"],
            orders_fd=pipe_with(json.dumps(launch.orders).encode(), theirs),
            socket_fd=listening.fileno(),
            info_fd=info_fd,
            seccomp_fd=pipe_with(seccomp_program(), theirs),
            dataset_fds=await asyncio.to_thread(open_datasets, launch.datasets, launch.workspace.mounts, theirs),
        )
        process = _popen(sandbox_command(launch.workspace, launch.host, paths), paths, log_fd)
        theirs.close()
        try:
            inner = await asyncio.to_thread(_inner_pid, info)
        except BaseException:  # a start that is given up leaves nothing behind
            process.kill()
            raise
        return _started(process, inner, os.dup(log), launch)


def _read(path: Path) -> RunningSandbox | None:
    try:
        sandbox = msgspec.json.decode(path.read_bytes(), type=RunningSandbox)
        folder = Path(sandbox.folder)
        return sandbox if not folder.exists() or folder.samefile(path.parent) else None
    except (OSError, msgspec.MsgspecError):
        return None


def _end(process: Process, how: signal.Signals, deadline: float) -> bool:
    _signal(process, how)
    return _wait(process, deadline)


def _signal(process: Process, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        try:
            if is_running(process):
                signal.pidfd_send_signal(descriptor, how)
        finally:
            os.close(descriptor)


def _wait(process: Process, deadline: float) -> bool:
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        if is_running(process):
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        return not is_running(process)
    finally:
        os.close(descriptor)


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


def _started(process: subprocess.Popen[bytes], inner: int | None, log: int, launch: Launch) -> SandboxProcess:
    try:
        if inner is None:
            raise ProcessLookupError
        sandbox = _identified(process_now(process.pid), process_now(inner), launch)
    except ProcessLookupError:
        process.kill()
        process.wait()
        raise SandboxFailed(f"bubblewrap ended at once ({_last_words(log)})") from None
    return SandboxProcess(process, sandbox, ServerLog(log))


def _identified(outer: Process, inner: Process, launch: Launch) -> RunningSandbox:
    workspace = launch.workspace
    return RunningSandbox(
        outer=outer,
        inner=inner,
        boot_id=boot_id(),
        person=workspace.person,
        request=workspace.request,
        seq=workspace.seq,
        folder=str(launch.folders.run),
        installation=workspace.installation,
    )


def _last_words(log: int) -> str:
    """The last line that is in the pipe, which is closed; `no message` where it is empty."""
    os.set_blocking(log, False)
    said: list[str] = []
    with contextlib.suppress(BlockingIOError):
        said = os.read(log, 4096).decode(errors="replace").strip().splitlines()[-1:]
    os.close(log)
    return said[0] if said else "no message"


def _inner_pid(info_fd: int) -> int | None:
    """The outside id of the namespace's first process, as bubblewrap says it; None where it ended before."""
    said, deadline = b"", time.monotonic() + _START_SECONDS
    while select.select([info_fd], [], [], max(0.0, deadline - time.monotonic()))[0] and (
        part := os.read(info_fd, 4096)
    ):
        said += part
    return int(json.loads(said)["child-pid"]) if said else None

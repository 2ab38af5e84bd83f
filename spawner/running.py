"""Sandboxes as processes of this machine: writing down which run, finding and ending them.

`starting.py` writes a `process.json` for each in the hub; the warden reads those files and ends what has to end, also
when the hub is busy or gone. What no file names is found by `strays.py`. A process is the same one only if process id,
start time and boot are the same, and it is signalled through a descriptor opened before that comparison, so a process
id that was given to another program is never killed. Whether a workspace may run is decided elsewhere.
"""

import contextlib
import os
import select
import shutil
import signal
import time
from pathlib import Path

import msgspec

from spawner.processes import Process, boot_id, is_running, process_now

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

"""Processes of this machine, known again for certain: a process id alone may have been given to another program."""

from pathlib import Path

import msgspec


class Process(msgspec.Struct, frozen=True):
    """A process of this boot; `start_time` is in the kernel's clock ticks since it (proc(5), field 22)."""

    pid: int
    start_time: int


def boot_id() -> str:
    """This boot's random id."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def process_now(pid: int) -> Process:
    """The process that has this id now; `ProcessLookupError` where none runs (a zombie does not)."""
    fields = _stat(pid)
    if fields[0] in {"Z", "X"}:
        raise ProcessLookupError(f"process `{pid}` has ended")
    return Process(pid, int(fields[19]))


def parent_of(process: Process) -> Process | None:
    """The process that is its parent now; None where either has ended, or there is none."""
    try:
        parent = process_now(int(_stat(process.pid)[1]))
        return parent if is_running(process) else None
    except ProcessLookupError:
        return None


def is_running(process: Process) -> bool:
    """Whether exactly this process runs."""
    try:
        return process_now(process.pid) == process
    except ProcessLookupError:
        return False


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"no process `{pid}`") from None

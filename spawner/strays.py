"""Sandboxes that no process file names: bubblewrap's own processes, found by the folder that their command line names.

A hub that is killed, or a start that is given up, in the moment between bubblewrap's start and the process file leaves
bubblewrap without a name, perhaps not bound to its parent yet (SBX-04). It has no orders, so it reads nothing and
serves nothing, but it holds the datasets open. A start that is on its way has a parent that still runs, the hub, and is
let be. Whether a workspace may run is decided elsewhere.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from spawner.processes import Process, boot_id, is_running, parent_of, process_now
from spawner.running import RunningSandbox, end_sandbox, running_sandboxes
from spawner.workspace import SERVER_NAME

STARTER_FILE = "starter.json"
_PROGRAM = b"bwrap"
_FOLDER = re.compile(rf"(p-[1-9][0-9]{{0,8}})/({SERVER_NAME.pattern})/", re.ASCII)
_GENERATIONS = 64


class Starter(msgspec.Struct, frozen=True):
    """The process that starts a folder's sandbox: the hub."""

    hub: Process
    boot_id: str


def write_starter(folder: Path) -> None:
    """Write down that this process starts a sandbox there; before it does."""
    starter = Starter(process_now(os.getpid()), boot_id())
    draft = (folder / STARTER_FILE).with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(starter))
    draft.replace(folder / STARTER_FILE)


def strays(run_dir: Path) -> list[RunningSandbox]:
    """What runs of sandboxes without a name, each process as a sandbox of no start: its number is negative."""
    found = list(_bubblewraps(run_dir))
    named = {process for one in running_sandboxes(run_dir) for process in (one.outer, one.inner)}
    return [one for one in found if not _is_accounted_for(one, named)]


def is_left_alone(sandbox: RunningSandbox) -> bool:
    """Whether bubblewrap or the hub is gone with which a sandbox should have ended (SBX-04)."""
    starter = _starter(Path(sandbox.folder))
    hub_gone = starter is not None and not is_running(starter)
    return hub_gone or not is_running(sandbox.outer)


def end_all_of(folder: Path) -> bool:
    """End all that runs of the sandboxes of one folder, with a name or without; True once nothing does."""
    run_dir = folder.parent.parent
    named = [one for one in running_sandboxes(run_dir) if one.folder == str(folder)]
    unnamed = [one for one in _bubblewraps(run_dir) if one.folder == str(folder)]
    gone = [end_sandbox(one) for one in (*named, *unnamed)]
    return all(gone)


def _bubblewraps(run_dir: Path) -> Iterator[RunningSandbox]:
    """Every process of bubblewrap's program that names a file of a sandbox's folder below `run_dir`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = entry / "cmdline"
                if _folder_of(command.read_bytes(), run_dir) is None:
                    continue
                process = process_now(int(entry.name))  # and asked again, since the number may be another's by now
                if (folder := _folder_of(command.read_bytes(), run_dir)) is not None:
                    yield _unnamed(process, folder)


def _folder_of(command: bytes, run_dir: Path) -> Path | None:
    program, *words = command.split(b"\0")
    if not program.endswith(_PROGRAM):
        return None
    below = f"{run_dir}/".encode()
    for word in words:
        if word.startswith(below) and (found := _FOLDER.match(word.removeprefix(below).decode(errors="replace"))):
            return run_dir / found[1] / found[2]
    return None


def _unnamed(process: Process, folder: Path) -> RunningSandbox:
    person, request = (part.upper() for part in folder.parts[-2:])
    return RunningSandbox(process, process, boot_id(), person, request, -process.pid, str(folder))


def _is_accounted_for(one: RunningSandbox, named: set[Process]) -> bool:
    """Whether it ends with a sandbox that has a name, or its start is on its way in a hub that runs."""
    hub = _starter(Path(one.folder))
    process: Process | None = one.outer
    for _ in range(_GENERATIONS):
        if process is None or process in named or process == hub:
            return process is not None
        process = parent_of(process)
    return False


def _starter(folder: Path) -> Process | None:
    """The hub that started a folder's sandbox; None where no file says it, or one of another boot does."""
    try:
        starter = msgspec.json.decode((folder / STARTER_FILE).read_bytes(), type=Starter)
    except (OSError, msgspec.MsgspecError):
        return None
    return starter.hub if starter.boot_id == boot_id() else None

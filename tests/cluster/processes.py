"""The programs of a cluster: started detached, found again by a mark in their environment, ended by pid.

The mark (`SLUIS_CLUSTER_PART=<folder>:<part>`) survives the death of whoever started them, so `down` finds what a
killed run has left, and nothing else. Every wait here has a bound.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tests.cluster.setting import Setting

MARK = "SLUIS_CLUSTER_PART"
_WRAPPERS = {"nsenter", "unshare"}


class GaveUpError(RuntimeError):
    """What was waited for did not come within its bound."""


def until(what: str, holds: Callable[[], object], seconds: float = 60) -> None:
    """Tries again and again until it holds; gives up after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise GaveUpError(f"gave up after {seconds:.0f} s: {what}")
        time.sleep(0.05)


def start(
    setting: Setting, part: str, command: list[str], inside: bool = True, environment: Mapping[str, str] | None = None
) -> None:
    """Starts a part, nobody's child, in the cluster's network namespace; it writes to `logs/<part>.log`."""
    prefix = ["nsenter", f"--net={setting.netns_path}"] if inside else []
    marked = {**os.environ, **(environment or {}), MARK: f"{setting.folder}:{part}"}
    setting.logs.mkdir(parents=True, exist_ok=True)
    with (setting.logs / f"{part}.log").open("ab") as log:
        detached = ["setsid", "--fork", *prefix, *command]
        subprocess.run(
            detached, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=marked, cwd="/", timeout=30, check=True
        )


def pids(setting: Setting, part: str | None = None) -> list[int]:
    """The live processes of a part (of all parts), without the wrappers that only entered a namespace for them."""
    return [pid for pid, name, wrapper in _marked(setting) if part in (None, name) and not wrapper]


def end(setting: Setting, part: str | None = None, seconds: float = 10) -> None:
    """Kills a part (all parts) and waits until it is gone; nothing of a cluster needs a clean end."""

    def none_left() -> bool:
        found = [pid for pid, name, _ in _marked(setting) if part in (None, name)]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    until(f"{part or 'all parts'} ended", none_left, seconds)


def send(setting: Setting, part: str, number: signal.Signals) -> None:
    """Sends a signal to a part; says so where there is none."""
    found = pids(setting, part)
    if not found:
        raise ProcessLookupError(f"no `{part}` runs in `{setting.folder}`")
    for pid in found:
        os.kill(pid, number)


def _marked(setting: Setting) -> Iterator[tuple[int, str, bool]]:
    """Pid, part and whether it is a wrapper, of each process that carries this cluster's mark."""
    start = f"{MARK}={setting.folder}:".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            for variable in (entry / "environ").read_bytes().split(b"\0"):
                if variable.startswith(start) and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    wrapper = (entry / "exe").readlink().name in _WRAPPERS
                    yield int(entry.name), variable[len(start) :].decode(), wrapper

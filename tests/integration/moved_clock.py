"""A demo whose processes' wall clocks a test sets: hub, desk, warden, provider, supervisor and commands, each its own.

A library before the C library answers for `CLOCK_REALTIME`; timers and `CLOCK_BOOTTIME` go on, as on a machine whose
clock somebody sets. The supervisor gives its parts next to nothing of its environment, so they are started by an
interpreter that says it anew. Proxies and workspaces keep the machine's time: nothing is decided by it there.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import libfaketime

from tests.integration.whole import BOUND, SLUIS, RunningSluis

RUN = "supervisor"
COMMANDS = "commands"
PARTS = ("hub", "desk", "warden", "provider", RUN)
DAY, HOUR = 86_400, 3_600

_SUPERVISED = """
import sys
from hub_config.cli import main

sys.executable = sys.argv.pop(1)
sys.exit(main())
"""
_INTERPRETER = """#!/bin/sh
part=hub
[ "$3" != hub_config.parts ] || part=$4
export {said} FAKETIME_TIMESTAMP_FILE={folder}/"$part"
echo $$ >> {folder}/started
exec {python} "$@"
"""


class MovedSluis(RunningSluis):
    """A `sluis run` whose clocks, in files of a folder, run right until they are set."""

    def __init__(self, state: Path, folder: Path) -> None:
        super().__init__(state)
        self._folder = folder
        folder.mkdir()
        self.set_clocks(0, *PARTS, COMMANDS)
        interpreter = folder / "python"
        said = " ".join(f"{name}={shlex.quote(value)}" for name, value in _preloaded().items())
        interpreter.write_text(_INTERPRETER.format(said=said, folder=folder, python=sys.executable))
        interpreter.chmod(0o700)
        self.program = [sys.executable, "-P", "-c", _SUPERVISED, str(interpreter)]
        self.environment = self._environment(RUN)

    def set_clocks(self, seconds: int, *of: str) -> None:
        """Let the wall clock of some processes be so many seconds ahead of the true time, from now on."""
        for name in of:
            new = self._folder / "new"
            new.write_text(f"{seconds:+d}\n")
            new.replace(self._folder / name)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the program by the commands' clock."""
        command = [str(SLUIS), *arguments, "--state", str(self.state)]
        given = self._environment(COMMANDS)
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=BOUND, check=False)

    def log_of(self, part: str) -> str:
        """Return what a part has said so far."""
        return (self.state / "parts" / f"{part}.log").read_text(encoding="utf-8", errors="replace")

    def clear(self) -> None:
        """Take away what the library leaves in shared memory of a process that was killed."""
        for pid in (self._folder / "started").read_text().split():
            for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
                Path("/dev/shm", name).unlink(missing_ok=True)
        shutil.rmtree(self._folder)

    def _environment(self, clock: str) -> dict[str, str]:
        return os.environ | _preloaded() | {"FAKETIME_TIMESTAMP_FILE": str(self._folder / clock)}


def _preloaded() -> dict[str, str]:
    """Return what puts the library before the C library, and lets it ask its file each time."""
    said: dict[str, str] = libfaketime.get_reload_information()[1]
    return said

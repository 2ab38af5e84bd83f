"""Child processes that cannot outlive their parent, each with its words in a file of its own."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from hub_config.parts import Part

_PR_SET_PDEATHSIG = 1
_PATIENCE = 8.0
_LOG_BYTES = 20_000_000
_KEPT = ("PATH", "LANG", "HOME", "TZ", "PGPASSFILE", "PGSERVICEFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY")
_LIBC = ctypes.CDLL(None, use_errno=True)


class Child:
    """One part as a process. `start` must be called in the main thread: the kernel ties a child to its thread."""

    def __init__(self, part: Part, logs: Path, folder: Path) -> None:
        self.part = part
        self._folder = folder
        self.name = part.name
        self.log = logs / f"{part.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def start(self) -> None:
        """Start the process; what it prints goes to its log file, which begins anew when it has grown long."""
        parent = os.getpid()

        def die_with_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

        with self._open_log() as log:
            self._process = subprocess.Popen(
                self.part.command,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
                env=_environment() | self.part.environment,
            )
        self._started = time.monotonic()

    def alive(self) -> bool:
        """Say whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def lifetime(self) -> float:
        """Return the seconds since the last start."""
        return time.monotonic() - self._started

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for the end, with SIGKILL to its process group after some seconds."""
        if self._process is None:
            return
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_PATIENCE)

    def _open_log(self) -> IO[bytes]:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _environment() -> dict[str, str]:
    """Return the little that a part needs of the operator's environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}

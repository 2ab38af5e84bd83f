"""What reads inside a workspace all the time, and what tells from outside when it last could.

Three ways to a byte: the file opened anew, a descriptor opened before, and a page mapped before. After each byte it
writes the machine's monotonic clock, which is one for all processes, into a slot of a file in its home; nothing has to
be closed or sent for that to stay, however it is ended.
"""

import os
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from tests.integration.sandbox_hub import holds

WAYS = ("opened anew", "a descriptor", "a page")
EVERY = 0.02
"""Seconds between two tries."""
_FORM = f"<{len(WAYS)}q"
_SIZE = struct.calcsize(_FORM)

_PROGRAM = f"""
import glob, mmap, os, time
path = sorted(glob.glob(path))[0]
source = open(path, "rb")
page = mmap.mmap(source.fileno(), 0, prot=mmap.PROT_READ)
out = os.open(slots, os.O_WRONLY | os.O_CREAT, 0o644)

def anew():
    with open(path, "rb") as again:
        return again.read(1)

ways = (anew, lambda: os.pread(source.fileno(), 1, 0), lambda: page[:1])
while True:
    for number, read in enumerate(ways):
        try:
            if read():
                os.pwrite(out, time.monotonic_ns().to_bytes(8, "little"), 8 * number)
        except OSError:
            pass
    time.sleep({EVERY})
"""


_ALONE = """
import os
os.setsid()
if os.fork():
    os._exit(0)
"""


_DEAF = """
import os, signal
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
if os.fork():
    os._exit(0)
"""


def deaf(path: str, slots: str) -> str:
    """Return a program that does it, started from a terminal, and deaf to what asks programs to end."""
    return _DEAF + _ALONE + _program(path, slots)


def cell_alone(path: str, slots: str) -> str:
    """Return a cell that starts it as nobody's child in a session of its own, so that nothing but its sandbox ends it.

    The cell waits until it has begun.
    """
    return f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_ALONE + _program(path, slots)!r}])"


def cell_within(path: str, slots: str) -> str:
    """Return a cell that starts it within the kernel, whose process id it prints."""
    started = f"threading.Thread(target=exec, args=({_program(path, slots)!r}, {{}}), daemon=True).start()"
    return f"import os, threading; {started}; print(os.getpid())"


def _program(path: str, slots: str) -> str:
    """Return what reads; of a pattern the first file."""
    return f"path, slots = {path!r}, {slots!r}\n{_PROGRAM}"


class Slots:
    """The slots of one reader, from outside; once seen they stay open, wherever the home is put."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._open: BinaryIO | None = None

    def last(self) -> dict[str, float]:
        """Return by each way the instant of the last byte, in seconds of the monotonic clock; 0 for none yet."""
        if self._open is None and self.file.exists():
            self._open = self.file.open("rb", buffering=0)
        content = b"" if self._open is None else os.pread(self._open.fileno(), _SIZE, 0)
        return dict(zip(WAYS, (one / 1e9 for one in struct.unpack(_FORM, content.ljust(_SIZE, b"\0"))), strict=True))

    def close(self) -> None:
        """Let the file go."""
        if self._open is not None:
            self._open.close()

    def read_by_all(self) -> bool:
        """Say whether every way has led to a byte."""
        return all(self.last().values())

    def over(self) -> float:
        """Return the instant of the last byte by any way."""
        return max(self.last().values())

    def over_at(self) -> datetime:
        """Return the same instant in UTC, by a clock that nobody set."""
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - self.over())


def reads(reader: Slots, bound: float) -> bool:
    """Say whether it reads one more byte, within so many seconds."""
    before = reader.over()
    return holds(lambda: reader.over() > before, bound)


def are_silent(readers: list[Slots], seconds: float) -> bool:
    """Say whether none reads a byte for so long."""
    before = [one.last() for one in readers]
    threading.Event().wait(seconds)
    return before == [one.last() for one in readers]

"""Writes small files so that a crash leaves the old one or the new one, on disk, and never half of either.

They are read without waiting for what somebody else may have put there in their place.
"""

import errno
import os
import stat
from pathlib import Path


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet, mode 0600, and wait until it is on disk. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """Make a file or replace it, whole or not at all, mode 0600. Raises OSError."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    write_new(making, data)
    making.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a file. Raises OSError, also for a pipe, which would be waited for (AUD-05)."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        return file.read(most)

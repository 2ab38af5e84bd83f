"""Where checkpoints go: a place outside the database to which whole files are added, and from which nothing is taken.

Today that is a folder; it should lie on another machine's disk, where this one adds files and removes none.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from access_policy.log.errors import LogUnavailable
from access_policy.log.files import read_regular, sync_folder, write_new

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""What a file system answers that knows no second name of a file."""


class Target(Protocol):
    """A place for small files. Each method raises LogUnavailable where the place does not answer."""

    def names(self) -> list[str]:
        """Return the names of all files."""

    def read(self, name: str, most: int) -> bytes:
        """Return the first `most` bytes of a file."""

    def write(self, name: str, data: bytes) -> None:
        """Add a file, whole and once; what stands under the name already stays as it is."""


class Folder(NamedTuple):
    """A folder as a target. With `made` it is made where it is missing; else that is a disk which is not mounted."""

    path: Path
    made: bool = True

    def names(self) -> list[str]:
        """Return the names of all files."""
        try:
            return [path.name for path in self.path.iterdir()]
        except FileNotFoundError as error:
            if self.made:
                return []
            raise self._unavailable("read", error) from None
        except OSError as error:
            raise self._unavailable("read", error) from None

    def read(self, name: str, most: int) -> bytes:
        """Return the first `most` bytes of a file."""
        try:
            return read_regular(self.path / name, most)
        except OSError as error:
            raise LogUnavailable(
                f"checkpoint `{self.path / name}` cannot be read ({error.strerror}); check the file and its rights"
            ) from None

    def write(self, name: str, data: bytes) -> None:
        """Add a file, whole and once: another process that adds the same one changes nothing."""
        making = self.path / f".{name}.{os.uname().nodename}.{os.getpid()}"  # pods share the folder, and process ids
        try:
            if self.made:
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            making.unlink(missing_ok=True)
            self._add(making, name, data)
        except OSError as error:
            raise self._unavailable("written", error) from None

    def _add(self, making: Path, name: str, data: bytes) -> None:
        try:
            write_new(making, data)
            os.link(making, self.path / name)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in _NO_LINKS or (self.path / name).exists():
                raise
            making.replace(self.path / name)
        finally:
            with suppress(PermissionError):  # a folder that lets nothing be removed keeps it, too
                making.unlink(missing_ok=True)
        sync_folder(self.path)

    def _unavailable(self, done: str, error: OSError) -> LogUnavailable:
        way_out = "check the folder, its rights and its disk"
        return LogUnavailable(f"checkpoints in `{self.path}` cannot be {done} ({error.strerror}); {way_out}")


def target_of(where: Target | Path) -> Target:
    """Return a target; a path is a folder that is made where it is missing."""
    return Folder(where) if isinstance(where, Path) else where

"""age (https://age-encryption.org/v1) for streams: encrypting to public keys, decrypting with private ones.

A stream that was cut off or has one changed byte does not decrypt to its end; what was written until then is worth
nothing. Who made a stream is not said by age: that is `archive.py`'s part.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

import pyrage

from access_policy.log.errors import LogError

_CHUNK = 1 << 20
_MODE = 0o600


class ArchiveProblem(LogError):
    """A backup or keys export cannot be made or is not what it should be. Nothing was changed."""


def recipients_of(texts: Sequence[str], setting: str) -> list[Any]:
    """Return age recipients. Raises ArchiveProblem where there is none, or one that is none."""
    if not texts:
        raise ArchiveProblem(f"no recipient is set; put an age public key (`age1…`) into {setting} of sluis.toml")
    found = []
    for text in texts:
        try:
            found.append(pyrage.x25519.Recipient.from_str(text))
        except pyrage.RecipientError:
            raise ArchiveProblem(f"`{text[:70]}` of {setting} is no age public key; `age-keygen -y` shows it") from None
    return found


def identities_of(path: Path) -> list[Any]:
    """Return the private keys in a file as `age-keygen` writes it. Raises ArchiveProblem where there is none."""
    try:
        text = path.read_text(encoding="ascii")
        lines = [line.strip() for line in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise ArchiveProblem(f"`{path}` holds no age private key ({first_line(error)}); name its file") from None
    if not found:
        raise ArchiveProblem(f"`{path}` holds no age private key; name the file that `age-keygen` wrote")
    return found


class _Reading:
    """What age reads from: chunks as they come. Keeps the error that stops it, which age says in its own words only."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        try:
            while not self._rest:
                self._rest = memoryview(next(self._chunks))
        except StopIteration:
            return b""
        except BaseException as error:
            self.error = error
            raise
        found, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return found


class _Writing:
    """What age writes to. Keeps the error that stops it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Write all of the data."""
        self._kept(lambda: self._file.write(data))
        return len(data)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._kept(self._file.flush)

    def _kept(self, step: Callable[[], object]) -> None:
        try:
            step()
        except BaseException as error:
            self.error = error
            raise


def encrypt(part: Path, chunks: Iterator[bytes], to: list[Any]) -> None:
    """Write chunks encrypted into a new file, mode 0600, and wait until it is on disk. Raises OSError."""
    forget(part)
    reading = _Reading(chunks)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        writing = _Writing(file)
        try:
            pyrage.encrypt_io(reading, writing, to)
        except (pyrage.EncryptError, OSError) as error:
            _give_up(reading.error or writing.error or OSError(first_line(error)))
        file.flush()
        os.fsync(file.fileno())


def decrypt(path: Path, tar: Path, identities: list[Any]) -> None:
    """Write a decrypted file. Raises OSError, and ArchiveProblem for one cut off, changed or encrypted to others."""
    with path.open("rb") as source, os.fdopen(os.open(tar, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        reading = _Reading(iter(lambda: source.read(_CHUNK), b""))
        writing = _Writing(file)
        try:
            pyrage.decrypt_io(reading, writing, identities)
        except (pyrage.DecryptError, OSError) as error:
            _give_up(reading.error or writing.error or _refused(path, error))


def _give_up(error: BaseException) -> NoReturn:
    raise error


def _refused(path: Path, error: Exception) -> ArchiveProblem:
    if "No matching keys" in str(error):
        return ArchiveProblem(f"`{path}` is encrypted to another key; give --identity the private key that fits")
    return ArchiveProblem(f"`{path}` is cut off, damaged or no age file ({first_line(error)}); take another one")


def first_line(error: Exception) -> str:
    """Return what an error says, short."""
    return str(error).partition("\n")[0][:100]


def forget(part: Path) -> None:
    """Take a file away that may not be there."""
    try:
        part.unlink()
    except OSError:
        return

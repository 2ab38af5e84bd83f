"""A sealed file of files: what `sluis backup` and `sluis keys export` write, and what `sluis restore` reads.

It is a tar inside age encryption (https://age-encryption.org/v1) to public keys whose private halves are elsewhere.
First in it stands `manifest.json`: whose it is, what it is of, and size and SHA-256 of each file; then its Ed25519
signature by the installation's checkpoint key, since anybody can encrypt to a public key. A file that was cut off, has
one changed byte, is another's or holds anything else than it says is refused (FLT-10). What to put in is the caller's.
"""

import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access_policy.log.age import ArchiveProblem, decrypt, encrypt, first_line, forget
from access_policy.log.files import sync_folder
from access_policy.log.keys import Keys

FORM = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_CONTEXT = b"sluis.dev/archive/v1\n"  # no checkpoint begins like this, so neither can pass for the other
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 10_000_000  # bytes
_MODE = 0o600


class Entry(msgspec.Struct, frozen=True):
    """A file of an archive."""

    size: int
    sha256: str


class TreeHead(msgspec.Struct, frozen=True):
    """Number of rows of a stream, and its RFC 6962 root in hex."""

    size: int
    root: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself: `kind` is `backup` or `keys`, `made_at` RFC 3339 in UTC."""

    kind: str
    form: int = FORM
    release: str
    schema: str
    format: int
    installation: str
    origin: str
    made_at: str
    facts: TreeHead
    observations: TreeHead
    files: dict[str, Entry] = {}


class Source(NamedTuple):
    """A file to put in: its name there, and where its bytes come from: a path, or the bytes themselves."""

    name: str
    content: Path | bytes


def write_archive(path: Path, manifest: Manifest, sources: Sequence[Source], keys: Keys, to: list[Any]) -> Manifest:
    """Write an archive, whole or not at all, mode 0600; return its manifest with the files in it.

    The file is `path` with `.part` behind it until all of it is on disk. Raises ArchiveProblem where that fails.
    """
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        raise ArchiveProblem(f"`{path}` exists already; choose another name, a backup never replaces one")
    try:
        full = msgspec.structs.replace(manifest, files={source.name: _entry(source) for source in sources})
        text = msgspec.json.encode(full)
        head = [Source(MANIFEST, text), Source(SIGNATURE, keys.checkpoint.sign(_CONTEXT + text))]
        encrypt(part, _tar([*head, *sources]), to)
        part.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ArchiveProblem(f"`{path}` cannot be written ({error.strerror or error}); nothing was made") from None
    finally:
        forget(part)
    return full


class Archive:
    """A decrypted archive in a private folder, checked against its own manifest; whose it is, is `check_signature`."""

    def __init__(self, name: str, manifest: Manifest, text: bytes, signature: bytes) -> None:
        self.name = name
        self.manifest = manifest
        self._signed = _CONTEXT + text
        self._signature = signature

    def check_signature(self, key: Ed25519PublicKey) -> None:
        """Raise ArchiveProblem unless the owner of this key made the archive."""
        if not self.is_signed_by(key):
            raise ArchiveProblem(f"`{self.name}` is not of the Sluis that these keys are of; give its own")

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Say whether the owner of this key made the archive."""
        try:
            key.verify(self._signature, self._signed)
        except InvalidSignature:
            return False
        return True


def read_archive(path: Path, kind: str, identities: list[Any], folder: Path, allowed: re.Pattern[str]) -> Archive:
    """Decrypt an archive into an empty folder, which holds its files afterwards. Raises ArchiveProblem.

    Only names that `allowed` matches whole are taken, only plain files, and only with the size and hash that the
    manifest says; folders are made 0700 and files 0600. What stands in the folder after an error is worth nothing.
    """
    tar = folder / ".tar"
    try:
        decrypt(path, tar, identities)
        with tarfile.open(tar, "r:") as members:
            return _unpack(path, kind, members, folder, allowed)
    except (tarfile.TarError, msgspec.MsgspecError, EOFError) as error:
        raise ArchiveProblem(
            f"`{path}` is no {_called(kind)} of a Sluis ({first_line(error)}); take another file"
        ) from None
    except OSError as error:
        where = error.filename or folder
        raise ArchiveProblem(f"`{where}` cannot be used ({error.strerror or error}); nothing was restored") from None
    finally:
        forget(tar)


def _called(kind: str) -> str:
    return "keys export" if kind == "keys" else kind[:20]


def _unpack(path: Path, kind: str, members: tarfile.TarFile, folder: Path, allowed: re.Pattern[str]) -> Archive:
    text = _small(path, members, MANIFEST)
    signature = _small(path, members, SIGNATURE)
    manifest = msgspec.json.decode(text, type=Manifest)
    if manifest.kind != kind:
        raise ArchiveProblem(
            f"`{path}` is a {_called(manifest.kind)} of a Sluis, not a {_called(kind)}; take the other file"
        )
    if manifest.form > FORM:
        raise ArchiveProblem(f"`{path}` was made by the later release `{manifest.release[:40]}`; use that one")
    for name, entry in manifest.files.items():
        if not allowed.fullmatch(name):
            raise ArchiveProblem(
                f"`{path}` holds `{ascii(name)[1:60]}`, which no {_called(kind)} holds; do not trust it"
            )
        _take(path, members, folder / name, (name, entry))
    if members.next() is not None:
        raise ArchiveProblem(f"`{path}` holds more than it says; do not trust it")
    return Archive(str(path), manifest, text, signature)


def _member(path: Path, members: tarfile.TarFile, name: str) -> tuple[tarfile.TarInfo, IO[bytes]]:
    member = members.next()
    file = members.extractfile(member) if member is not None and member.isreg() and member.name == name else None
    if member is None or file is None:
        raise ArchiveProblem(f"`{path}` is not whole: `{name}` is missing; take another file")
    return member, file


def _small(path: Path, members: tarfile.TarFile, name: str) -> bytes:
    member, file = _member(path, members, name)
    if member.size > _LARGEST_MANIFEST:
        raise ArchiveProblem(f"`{path}` has a `{name}` of `{member.size}` bytes; do not trust it")
    return file.read()


def _take(path: Path, members: tarfile.TarFile, target: Path, said: tuple[str, Entry]) -> None:
    name, entry = said
    member, file = _member(path, members, name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed = sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as out:
        while chunk := file.read(_CHUNK):
            hashed.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if (member.size, hashed.hexdigest()) != (entry.size, entry.sha256):
        raise ArchiveProblem(f"`{path}` is not whole: `{name}` is not what it says; take another file")


def _entry(source: Source) -> Entry:
    hashed, size = sha256(), 0
    for chunk in _chunks(source.content):
        hashed.update(chunk)
        size += len(chunk)
    return Entry(size, hashed.hexdigest())


def _tar(sources: Iterable[Source]) -> Iterator[bytes]:
    """Give a tar's bytes, the same for the same files. Raises OSError where a file grows or shrinks meanwhile."""
    for source in sources:
        info = tarfile.TarInfo(source.name)
        info.mode = _MODE
        info.size = len(source.content) if isinstance(source.content, bytes) else source.content.stat().st_size
        yield info.tobuf(tarfile.PAX_FORMAT)
        left = info.size
        for chunk in _chunks(source.content):
            left -= len(chunk)
            yield chunk
        if left:
            raise OSError(f"`{source.name}` changed while it was read")
        yield b"\0" * (-info.size % tarfile.BLOCKSIZE)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _chunks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk

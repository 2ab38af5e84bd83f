"""Uploaded files as records: sealed bytes and a sealed name, found by the hash that a fact holds (INP-01, AUD-01).

Name and content are sealed with the key of the person or request that a file belongs to, so that it goes with them.
Nothing of a file's name is ever part of a path. A file whose stored bytes do not fit the fact is not given out. What a
file may be, and who may send and read it, is decided elsewhere.
"""

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from access_policy.log.errors import UnreadableLog
from access_policy.log.sealing import Sealer
from access_policy.log.tables import files

_CONTENT, _NAME = "file", "file-name"


class SealedFile(NamedTuple):
    """A file as it is stored. `digest` is the SHA-256, in hex, of the sealed content."""

    digest: str
    owner: str
    name: bytes
    content: bytes


class OpenedFile(NamedTuple):
    """A file as it was sent."""

    name: str
    content: bytes


def seal_file(sealer: Sealer, owner: str, name: str, content: bytes) -> SealedFile:
    """Seal a file for its owner. Raises ValueError where the owner was erased."""
    sealed = sealer.seal_bytes(content, owner, _CONTENT)
    digest = sha256(sealed).hexdigest()
    return SealedFile(digest, owner, sealer.seal(name, owner, _NAME, digest), sealed)


def store_file(connection: Connection, file: SealedFile) -> None:
    """Keep a sealed file, in the transaction of the fact that names it."""
    connection.execute(insert(files), file._asdict())


def read_file(connection: Connection, sealer: Sealer, digest: str) -> OpenedFile | None:
    """Return a file by the hash in its fact, None where it is gone. Raises UnreadableLog where it does not fit."""
    row = connection.execute(select(files).where(files.c.digest == digest)).first()
    if row is None:
        return None
    content = bytes(row.content)
    if sha256(content).hexdigest() != digest:
        raise UnreadableLog("the stored bytes of a file are not those that its fact names; run `sluis log verify`")
    opened = sealer.open_bytes(content, row.owner, _CONTENT)
    if opened is None:
        return None
    return OpenedFile(sealer.open(bytes(row.name), row.owner, _NAME, digest), opened)


def delete_file(connection: Connection, digest: str) -> None:
    """Delete a file's bytes and name."""
    connection.execute(delete(files).where(files.c.digest == digest))

"""Uploaded files as records: sealed bytes and a sealed name, found by the hash that a fact holds (INP-01, AUD-01).

Name and content are sealed with the key of the person or request that a file belongs to, so that it goes with them.
Nothing of a file's name is ever part of a path. A file whose stored bytes do not fit the fact is not given out. What a
file may be, and who may send and read it, is decided elsewhere.
"""

from collections.abc import Collection
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from access_policy.log.database import Database
from access_policy.log.errors import UnreadableLog
from access_policy.log.plain_facts import plain_facts
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


def read_names(connection: Connection, sealer: Sealer, digests: Collection[str]) -> dict[str, str]:
    """Return the names of files by the hashes in their facts; without those that are gone or do not open."""
    found = {}
    query = select(files.c.digest, files.c.owner, files.c.name).where(files.c.digest.in_(digests))
    for row in connection.execute(query):
        with suppress(UnreadableLog):
            found[row.digest] = sealer.open(bytes(row.name), row.owner, _NAME, row.digest)
    return found


def file_problems(database: Database) -> list[str]:
    """Say in a line each which files are not those that the facts keep: gone, or other bytes (AUD-11).

    A file that was taken back or whose owner was erased is not asked for. Raises LogUnavailable or UnreadableLog.
    """
    wanted = _wanted(database)
    with database.read() as connection:
        there = {digest: _fits(connection, digest) for digest in connection.scalars(select(files.c.digest)).all()}
    words = {None: "is gone", False: "has other bytes than those that were sent", True: ""}
    found = ((number, owner, words[there.get(digest)]) for digest, (number, owner) in wanted.items())
    return [f"file `{number}` of `{owner}` {what}" for number, owner, what in sorted(found) if what]


def _wanted(database: Database) -> dict[str, tuple[int, str]]:
    """Return number and owner of each file that is kept, by its digest."""
    kept: dict[str, tuple[int, str]] = {}
    for _, kind, fact in plain_facts(database, "FileKept", "FileDropped", "PersonErased"):
        if kind == "FileKept":
            kept[fact.digest] = (fact.file, fact.person or fact.request or "")
        elif kind == "FileDropped":
            kept.pop(fact.digest, None)
        else:
            kept = {digest: which for digest, which in kept.items() if which[1] not in fact.owners}
    return kept


def _fits(connection: Connection, digest: str) -> bool:
    """Compare one file's bytes with the hash that it is kept under; one at a time, since they may be large."""
    content = connection.scalar(select(files.c.content).where(files.c.digest == digest))
    return isinstance(content, bytes | memoryview) and sha256(content).hexdigest() == digest


def delete_file(connection: Connection, digest: str) -> None:
    """Delete a file's bytes and name."""
    connection.execute(delete(files).where(files.c.digest == digest))

"""Whose sealing keys are gone for good: erased with a fact, listed beside the checkpoints, applied again on a restore.

A backup from before an erasure, put back with the sealing keys of that time, would bring a name back. So the list of
erased owners leaves the machine with the checkpoints, as a C2SP signed note (https://c2sp.org/signed-note) of the
origin `<origin>/erased`: the number of owners, then one owner a line, in alphabetical order. It only grows, and a
restore applies the newest one before anybody reads (E50). When somebody may be erased is decided by the core.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from access_policy.events import Event, Fact, FileDropped, PersonErased
from access_policy.log.database import Database
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.file_records import delete_file
from access_policy.log.keys import Keys
from access_policy.log.notes import read_note, sign_note
from access_policy.log.tables import factors, files, pending_logins, sealing_keys, sessions
from access_policy.log.targets import Target, target_of
from access_policy.model.ids import is_person_id, is_request_id

_LIST = re.compile(r"erased-[0-9]{12}\.txt", re.ASCII)
_LARGEST = 50_000_000  # bytes; millions of owners


def owners_of(event: Event) -> tuple[str, ...]:
    """Return whose keys go with a fact: none, for any but an erasure."""
    return (str(event.person), *map(str, event.requests)) if isinstance(event, PersonErased) else ()


def take_away(connection: Connection, facts: Iterable[Fact]) -> None:
    """Delete what goes with these facts, in their transaction, so that neither happens without the other (AUD-08)."""
    for fact in facts:
        erase(connection, owners_of(fact.event))
        if isinstance(fact.event, FileDropped):
            delete_file(connection, fact.event.digest)


def erase(connection: Connection, owners: Iterable[str]) -> None:
    """Let the owners' keys, files, factors, sessions and pending logins go. Their keys are never made again."""
    for owner in owners:
        gone = update(sealing_keys).where(sealing_keys.c.owner == owner).values(wrapped=None)
        if connection.execute(gone).rowcount == 0:  # no key yet: a row is made, then emptied
            connection.execute(insert(sealing_keys), {"owner": owner, "wrapped": b""})
            connection.execute(gone)
        connection.execute(delete(files).where(files.c.owner == owner))
        for table in (factors, sessions, pending_logins):
            connection.execute(delete(table).where(table.c.person == owner))


def erased_owners(database: Database) -> frozenset[str]:
    """Return the people and requests whose keys were erased. Raises LogUnavailable."""
    with database.read() as connection:
        return frozenset(connection.scalars(select(sealing_keys.c.owner).where(sealing_keys.c.wrapped.is_(None))))


def apply_erased(database: Database, owners: Iterable[str]) -> int:
    """Erase all owners of a list that are not erased yet, after a restore; return how many that were."""
    missing = sorted(frozenset(owners) - erased_owners(database))
    with database.write() as connection:
        erase(connection, missing)
    return len(missing)


def write_erased(target: Target | Path, owners: Iterable[str], keys: Keys, origin: str) -> str | None:
    """Write the list with these owners and all that were listed before; return its name, None where nothing is new.

    Raises UntrustedCheckpoint where the newest list there is not ours, LogUnavailable where the target does not answer.
    """
    before = read_erased(target, keys, origin)
    listed = sorted(before | frozenset(owners))
    if len(listed) == len(before):
        return None
    body = "".join(f"{line}\n" for line in (f"{origin}/erased", len(listed), *listed))
    target_of(target).write(_name(len(listed)), sign_note(body, keys, f"{origin}/erased").encode())
    return _name(len(listed))


def read_erased(target: Target | Path, keys: Keys, origin: str) -> frozenset[str]:
    """Return the owners of the newest list, none where there is no list.

    Raises UntrustedCheckpoint for a list that is not signed by this installation, or is none, and LogUnavailable where
    the target does not answer.
    """
    place = target_of(target)
    newest = max((name for name in place.names() if _LIST.fullmatch(name)), default=None)
    return frozenset() if newest is None else _owners(place.read(newest, _LARGEST), newest, keys, f"{origin}/erased")


def _owners(note: bytes, name: str, keys: Keys, origin: str) -> frozenset[str]:
    try:
        found, size, *owners = read_note(note, keys, origin).removesuffix("\n").split("\n")
    except (ValueError, UntrustedCheckpoint):
        raise UntrustedCheckpoint(f"`{name}` is no signed list of `{origin}`; do not trust it") from None
    known = all(is_person_id(one) or is_request_id(one) for one in owners)
    if found != origin or size != str(len(owners)) or name != _name(len(owners)) or not known:
        raise UntrustedCheckpoint(f"`{name}` is no list of `{origin}`; do not trust it")
    return frozenset(owners)


def _name(size: int) -> str:
    return f"erased-{size:012}.txt"

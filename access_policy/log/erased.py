"""Whose sealing keys are gone for good: erased with a fact, listed beside the checkpoints, applied again on a restore.

A backup from before an erasure, put back with the sealing keys of that time, would bring a name back. So the list of
erased owners leaves the machine with the checkpoints, as a C2SP signed note (https://c2sp.org/signed-note) of the
origin `<origin>/erased`: the number of entries, then one a line, in alphabetical order: an owner and the history in
which that one was erased, since a number is given again after an accepted loss. It holds who was erased by a fact, and
nobody else, whatever became of the keys. It only grows, and a restore applies the newest one before anybody reads
(E50). When somebody may be erased is decided by the core.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from access_policy.events import Event, Fact, FileDropped, PersonErased
from access_policy.log.cutting import cut_away
from access_policy.log.database import Database
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.file_records import delete_file
from access_policy.log.keys import Keys
from access_policy.log.notes import NOTE_NAME, sign_note
from access_policy.log.plain_facts import plain_facts
from access_policy.log.signers import Signers, Trusts, refuse_beyond, signers_of
from access_policy.log.tables import (
    drafts,
    factors,
    files,
    outbox,
    pending_logins,
    recovery_codes,
    sealing_keys,
    sessions,
    step_up_asks,
    step_ups,
)
from access_policy.log.targets import Target, target_of
from access_policy.model.ids import is_person_id, is_request_id
from access_policy.state import Loss, epoch_of

_LARGEST = 50_000_000  # bytes; millions of owners
_HISTORY = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)

Entry = tuple[str, int]
"""Who was erased, a person or a request, and in which history (epoch) of the log."""


def owners_of(event: Event) -> tuple[str, ...]:
    """Return whose keys go with a fact: none, for any but an erasure."""
    return (str(event.person), *map(str, event.requests)) if isinstance(event, PersonErased) else ()


def take_away(connection: Connection, facts: Iterable[Fact]) -> None:
    """Delete what goes with these facts, in their transaction, so that neither happens without the other (AUD-08)."""
    for fact in facts:
        erase(connection, owners_of(fact.event))
        if isinstance(fact.event, FileDropped):
            delete_file(connection, fact.event.digest)
        cut_away(connection, fact.event)


def erase(connection: Connection, owners: Iterable[str]) -> None:
    """Let the owners' keys, files, notices, factors, sessions, drafts and half logins go.

    Their keys are never made again.
    """
    for owner in owners:
        gone = update(sealing_keys).where(sealing_keys.c.owner == owner).values(wrapped=None)
        if connection.execute(gone).rowcount == 0:  # no key yet: a row is made, then emptied
            connection.execute(insert(sealing_keys), {"owner": owner, "wrapped": b""})
            connection.execute(gone)
        for table in (files, outbox):
            connection.execute(delete(table).where(table.c.owner == owner))
        for table in (factors, recovery_codes, sessions, step_up_asks, step_ups, pending_logins, drafts):
            connection.execute(delete(table).where(table.c.person == owner))


def entries(erased: Mapping[str, datetime], losses: Sequence[Loss]) -> frozenset[Entry]:
    """Return the list's entries for those whom the facts erased, each with the instant of that."""
    return frozenset((owner, epoch_of([one for one in losses if one.at <= at])) for owner, at in erased.items())


def erased_by_facts(database: Database) -> frozenset[str]:
    """Return the people and requests whose erasure stands in the facts. Raises UnreadableLog, LogUnavailable."""
    return frozenset(owner for _, _, fact in plain_facts(database, "PersonErased") for owner in fact.owners)


def still_meant(database: Database, listed: Iterable[Entry], kept: Mapping[int, int]) -> frozenset[str]:
    """Return whom of a list this log knows by that number; a number may have been lost since and given to another.

    `kept` says how many facts each accepted loss kept, by its epoch (`kept.py`).
    """
    born: dict[str, int] = {}
    for seq, _, fact in plain_facts(database, "PersonRegistered", "IntakeReceived", "RequestOpened"):
        born.setdefault(fact.person or fact.request or "", seq)

    def of_before(owner: str, epoch: int) -> bool:
        return all(born.get(owner, 0) <= size for later, size in kept.items() if later > epoch)

    return frozenset(owner for owner, epoch in listed if of_before(owner, epoch))


def lost_keys(database: Database, erased: Iterable[str]) -> list[str]:
    """Return whose keys are gone though nobody erased them: `erased` are those of the facts and of the list (AUD-11).

    Who was registered has a key. Raises UnreadableLog, LogUnavailable.
    """
    keys = sealing_keys.c
    with database.read() as connection:
        there = frozenset(connection.scalars(select(keys.owner).where(keys.wrapped.is_not(None))))
    known = {fact.person for _, _, fact in plain_facts(database, "PersonRegistered") if fact.person}
    return sorted((erased_owners(database) | known) - there - frozenset(erased))


def erased_owners(database: Database) -> frozenset[str]:
    """Return the people and requests whose keys are gone, whoever took them. Raises LogUnavailable."""
    with database.read() as connection:
        return frozenset(connection.scalars(select(sealing_keys.c.owner).where(sealing_keys.c.wrapped.is_(None))))


def apply_erased(database: Database, owners: Iterable[str]) -> int:
    """Erase all owners of a list that are not erased yet, in the file of a restore; return how many that were."""
    missing = sorted(frozenset(owners) - erased_owners(database))
    with database.write() as connection:
        erase(connection, missing)
    return len(missing)


def write_erased(target: Target | Path, erased: Iterable[Entry], keys: Keys, origin: str) -> str | None:
    """Write the list with these entries and all that were there before; return its name, None where nothing is new.

    Raises UntrustedCheckpoint where the newest list there is not ours, LogUnavailable where the target does not answer.
    """
    before = read_erased(target, keys, origin)
    listed = sorted(before | frozenset(erased))
    if len(listed) == len(before):
        return None
    lines = (f"{owner} {epoch}" for owner, epoch in listed)
    body = "".join(f"{line}\n" for line in (f"{origin}/erased", len(listed), *lines))
    target_of(target).write(_name(len(listed)), sign_note(body, keys, f"{origin}/erased").encode())
    return _name(len(listed))


def read_erased(target: Target | Path, keys: Trusts, origin: str) -> frozenset[Entry]:
    """Return the entries of the newest list, none where there is no list.

    Raises UntrustedCheckpoint for a list that is not signed by this installation, or is none, or that a former key
    signed beyond its reach (AUD-12); LogUnavailable where the target does not answer.
    """
    place, signers = target_of(target), signers_of(target, keys, origin)
    newest = max((name for name in place.names() if _is_list(name)), default=None)
    if newest is None:
        return frozenset()
    return _entries(place.read(newest, _LARGEST), newest, signers, f"{origin}/erased")


def _is_list(name: str) -> bool:
    found = NOTE_NAME.fullmatch(name)
    return found is not None and found["series"] == "erased" and found["epoch"] is None


def _entries(note: bytes, name: str, signers: Signers, origin: str) -> frozenset[Entry]:
    try:
        text, retired = signers.read(note, origin)
        found, size, *lines = text.removesuffix("\n").split("\n")
    except (ValueError, UntrustedCheckpoint):
        raise UntrustedCheckpoint(f"`{name}` is no signed list of `{origin}`; do not trust it") from None
    found_entries = frozenset(map(_entry, lines))
    if None in found_entries or found != origin or size != str(len(lines)) or name != _name(len(found_entries)):
        raise UntrustedCheckpoint(f"`{name}` is no list of `{origin}`; do not trust it")
    try:
        refuse_beyond(retired, "erased", len(found_entries))
    except UntrustedCheckpoint as error:
        raise UntrustedCheckpoint(f"`{name}`: {error}") from None
    return frozenset(one for one in found_entries if one is not None)


def _entry(line: str) -> Entry | None:
    owner, _, epoch = line.partition(" ")
    known = (is_person_id(owner) or is_request_id(owner)) and _HISTORY.fullmatch(epoch)
    return (owner, int(epoch)) if known else None


def _name(size: int) -> str:
    return f"erased-{size:012}.txt"

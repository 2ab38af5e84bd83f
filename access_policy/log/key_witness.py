"""A key note is a witness of the log: it names the root of the facts up to which a former key counts, and the rotation
stands behind them.

Whoever has a former key signs checkpoints within its reach, also of a log that was rewritten there and goes on
otherwise. So a log is held against the key notes as well: it is shorter than one says, has another root there, or holds
another fact where the rotation stood, unless an accepted loss excuses that (AUD-02, AUD-12).
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from access_policy.log.checkpoints import Checkpoint, Series, is_excused
from access_policy.log.database import Database
from access_policy.log.rows import DatabaseRows, Rows
from access_policy.log.signers import KeyNote
from access_policy.state import Loss


def unheld(rows: Rows, notes: Sequence[KeyNote], losses: Collection[Loss]) -> tuple[KeyNote, ...]:
    """Return the key notes whose root or rotation a log lacks; `losses` are those that count, since they are signed."""
    binding = (note for note in notes if not is_excused(after(note), list(losses), Series.FACTS))
    return tuple(note for note in binding if not _is_held(note, rows))


def unheld_in(database: Database, notes: Sequence[KeyNote], losses: Collection[Loss]) -> tuple[KeyNote, ...]:
    """As `unheld`, in an open database. Raises LogUnavailable."""
    if not notes:
        return ()
    with database.read() as connection:
        return unheld(DatabaseRows(connection), notes, losses)


def after(note: KeyNote) -> Checkpoint:
    """Return up to where a log goes at least that a key note tells of; the root behind the rotation is not known."""
    return Checkpoint(note.key.name, note.reach.facts + 1, "", note.reach.epoch)


def difference_from(note: KeyNote, size: int) -> str:
    """Say in a line how a log of `size` facts differs from a key note that it does not hold."""
    seq = note.reach.facts + 1
    if size < seq:
        return f"the log is shorter than `{note.name}` says: `{size}` facts, not `{seq}`"
    return (
        f"the log is different from `{note.name}`: fact `{seq}` is not the rotation that it tells of, or follows others"
    )


def _is_held(note: KeyNote, rows: Rows) -> bool:
    """Say whether the facts are those that the former key reached to, and the rotation follows them."""
    size = note.reach.facts
    return rows.root(size) == note.root and _is_told(note, rows.fact(size + 1))


def _is_told(note: KeyNote, found: tuple[Any, Any] | None) -> bool:
    """Say whether a stored fact, kind and payload, is the rotation of a note."""
    if found is None or found[0] != b"CheckpointKeyRotated":
        return False
    told = {"number": note.number, "former": str(note.former), "key": str(note.key)}
    try:
        fields = json.loads(found[1])
        return {name: fields[name] for name in told} == told
    except (ValueError, TypeError, LookupError):
        return False

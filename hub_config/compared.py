"""What a restored log was compared with, in words that tell an old checkpoint from a new one (AUD-02).

A checkpoint carries no time of its own: it is as old as the newest fact that it signs, where the log holds that fact.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from access_policy.log.checkpoints import Series
from access_policy.log.notes import NOTE_NAME
from access_policy.log.rows import stored
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.times import Clock, from_text
from hub_config.backups import newest_notes


@dataclass(frozen=True)
class Compared:
    """A folder with checkpoints of the facts: how many were compared, how many facts the newest signs, and how many
    days ago the last of these was appended; None where the log does not hold it.
    """

    folder: Path
    checkpoints: int
    newest: int
    days: int | None = None


def found_in(folder: Path) -> Compared | None:
    """Count the checkpoints of the facts in a folder; None where it holds none. Their signatures are checked later."""
    notes = (NOTE_NAME.fullmatch(path.name) for path in newest_notes(folder))
    sizes = [int(note["size"]) for note in notes if note is not None and note["series"] == Series.FACTS]
    return Compared(folder, len(sizes), sizes[-1]) if sizes else None


def dated(log: Path, clock: Clock, compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """Say of each how old its newest checkpoint is, by the log itself. Raises LogError."""
    database = SqliteDatabase(log, clock)
    try:
        return tuple(replace(one, days=_days(database, one.newest, clock())) for one in compared)
    finally:
        database.close()


def _days(database: SqliteDatabase, seq: int, now: datetime) -> int | None:
    row = next(stored(database, "facts", seq, after=seq - 1), None)
    return None if row is None else max(0, (now - from_text(row.at.decode())).days)


def in_words(one: Compared) -> str:
    """Say it in a line: how many, up to where, and how old."""
    plural = "" if one.checkpoints == 1 else "s"
    age = "which this log lacks" if one.days is None else f"{_ago(one.days)} old"
    return f"compared with {one.checkpoints} checkpoint{plural} of `{one.folder}`, newest {one.newest}, {age}"


def _ago(days: int) -> str:
    return "less than a day" if days == 0 else f"{days} day{'' if days == 1 else 's'}"


def doubt(compared: tuple[Compared, ...], facts: int) -> str | None:
    """Say that none of them is as new as the log itself: then nothing shows what else was withdrawn since; or None."""
    newest = max((one.newest for one in compared), default=facts)
    if newest >= facts:
        return None
    return (
        f"the newest {facts - newest} facts of the backup are signed by none of these: the checkpoints are older than "
        "the backup, so nothing shows that no later facts are missing; fetch the newest ones, and restore again"
    )

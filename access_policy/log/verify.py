"""Proves the log whole, or names the first row that does not fit (AUD-01 to AUD-03). `sluis log verify` calls it.

It reads stored bytes alone: no payload is decoded and no sealing key is needed, so an erased person changes nothing. A
SQLite log is read as a file, which works where the file is damaged, too. Rows are streamed; memory stays the same for
any size. A head that fits a rewritten row needs no more than the database, so only checkpoints, which are signed and
lie elsewhere, show a history that was rewritten whole.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from access_policy.log.checkpoints import Checkpoint, Series, all_checkpoints, binding, shorter, signed_losses
from access_policy.log.cutting import FalseCut, Told, newest_cut, uncovered
from access_policy.log.database import Database
from access_policy.log.errors import LogDamaged, LogUnavailable, UntrustedCheckpoint
from access_policy.log.file_rows import FileRows
from access_policy.log.key_witness import difference_from, unheld
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.rows import DatabaseRows, Rows
from access_policy.log.signers import KeyNote, Trusts, key_notes
from access_policy.log.targets import Target
from access_policy.log.times import from_text
from access_policy.state import Loss


class Compared(NamedTuple):
    """How many checkpoints of both streams agreed with the log; how many facts and observations the newest sign."""

    checkpoints: int = 0
    newest: int = 0
    observations: int = 0


class Verification(NamedTuple):
    """What `verify` found: `size` and `root` (hex) of the facts as far as they fit; the first row that does not."""

    ok: bool
    size: int
    root: str
    problem: str | None = None
    row: int | None = None
    compared: Compared = Compared()
    cut: int = 0
    """How many observations are gone, since their years were over, as a fact says (E48)."""


class _Misfit(Exception):
    def __init__(self, row: int | None, problem: str) -> None:
        super().__init__(problem)
        self.row = row


def verify(
    log: Path | Database,
    checkpoints: Target | Path | None,
    keys: Trusts,
    origin: str,
    before_proposal: int = sys.maxsize,
) -> Verification:
    """Recompute every leaf and tree head of the log, and compare it with all checkpoints at a place, if one is given.

    `log` is a SQLite file or an open database, `origin` the name of the installation's first checkpoints,
    `before_proposal` how many facts stood before an admin proposed to accept a loss (`witness.Named`). Raises
    LogUnavailable where it cannot be opened; what is wrong inside it is the answer, not an error. The checkpoints are
    read before the rows, so that one which is signed meanwhile does not look like a loss.
    """
    facts, observations = Frontier(), Frontier()
    walks: list[_Walk] = []
    try:
        signed = _signed(checkpoints, keys, origin)
        notes = key_notes(checkpoints, origin) if checkpoints is not None else ()
        with _rows_of(log) as rows:
            losses = _losses(rows)
            for series, name, tree in zip(Series, ("facts", "observations"), (facts, observations), strict=True):
                walks.append(_Walk(rows, name, tree, binding(signed[series], losses, series)))
                if series is Series.OBSERVATIONS:
                    walks[-1].begin_after(_cut(rows, walks[-1].signed))
                walks[-1].run(before_proposal if series is Series.FACTS else sys.maxsize)
                if series is Series.FACTS:
                    _check_notes(rows, notes, signed_losses(signed[series], losses), min(facts.size, before_proposal))
    except (_Misfit, LogDamaged, UntrustedCheckpoint) as error:
        row = error.row if isinstance(error, _Misfit) else None
        return Verification(False, facts.size, facts.root().hex(), str(error), row, _compared(walks))
    cut, compared = walks[-1].cut.size, _compared(walks)
    bare = uncovered(cut, compared.observations) if compared.checkpoints else None
    return Verification(bare is None, facts.size, facts.root().hex(), bare, None, compared, cut)


def _signed(checkpoints: Target | Path | None, keys: Trusts, origin: str) -> dict[Series, list[Checkpoint]]:
    if checkpoints is None:
        return {series: [] for series in Series}
    return {series: list(all_checkpoints(checkpoints, keys, origin, series)) for series in Series}


def _compared(walks: list["_Walk"]) -> Compared:
    return Compared(sum(walk.compared for walk in walks), *(walk.agreed for walk in walks))


def _losses(rows: Rows) -> list[Loss]:
    """Return the accepted losses before any row is checked; the walk then checks these rows with all others."""
    found = []
    try:
        for at, payload in rows.losses():
            fields = json.loads(payload)
            epoch, kept, lost, observations = (int(fields[name]) for name in ("epoch", "kept", "lost", "observations"))
            found.append(Loss(epoch, kept, lost, observations, from_text(at.decode())))
    except (ValueError, TypeError, LookupError, AttributeError):
        raise _Misfit(None, "an accepted loss cannot be read; restore a backup") from None
    except sqlite3.Error:
        return []  # the walk says what cannot be read
    return found


def _cut(rows: Rows, signed: dict[int, str]) -> Told:
    """Return the newest cut of the observations; the facts that tell of it fit by now (E48)."""
    try:
        return newest_cut(rows.cuts(), signed)
    except FalseCut as error:
        raise _Misfit(error.row, str(error)) from None
    except sqlite3.Error as error:
        raise _Misfit(None, f"the cuts of the observations cannot be read ({error})") from None


def _check_notes(rows: Rows, notes: Sequence[KeyNote], losses: Sequence[Loss], size: int) -> None:
    """AUD-02, AUD-12: the facts, which fit by now, are those that the key notes tell of. Raises _Misfit."""
    for note in unheld(rows, notes, losses):
        raise _Misfit(min(size, note.reach.facts) + 1, difference_from(note, size))


class _Walk:
    """One pass over a stream's rows and heads, side by side."""

    def __init__(self, rows: Rows, name: str, tree: Frontier, signed: dict[int, str]) -> None:
        self.rows = rows
        self.name = name
        self.tree = tree
        self.signed = signed
        self.agreed = 0  # the size at which a checkpoint last agreed
        self.compared = 0  # the number of checkpoints that agreed
        self.covered = 0  # the size at which a head last fitted
        self.last_at = b""
        self.cut = Told()  # what is gone before the first row

    def begin_after(self, cut: Told) -> None:
        """Begin behind a cut: checkpoints of fewer rows are excused, since a fact says that those are gone (E48)."""
        self.cut = cut
        self.signed = {size: root for size, root in self.signed.items() if size >= cut.size}

    def run(self, before_proposal: int) -> None:
        """Go through all rows. Raises _Misfit at the first that does not fit."""
        self.before_proposal = before_proposal
        try:
            self._check_all(self.rows.rows(self.name), self.rows.heads(self.name))
        except sqlite3.Error as error:
            raise self._misfit(self.tree.size + 1, f"cannot be read ({error})") from None

    def _check_all(self, rows: Iterator[tuple[Any, ...]], heads: Iterator[tuple[Any, ...]]) -> None:
        self.heads = heads
        self.head = next(heads, None)
        if self.cut.size:
            rows = self._check_cut(rows)
        if self.tree.size in self.signed:
            self._check_checkpoint()
        for row in rows:
            self._check_row(row)
            if self.head is not None and self.head[0] <= self.tree.size:
                self._check_head(*self.head)
            if self.tree.size in self.signed:
                self._check_checkpoint()
        self._check_end()

    def _check_cut(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Take the head at the cut for the tree so far, once it is the fact's, and see that the row after it stands."""
        size, root, since = self.cut
        found, _, frontier = self.head or (size, b"", b"")
        if found < size:
            raise self._misfit(found, f"was added or put back: a fact says that those up to `{size}` are gone")
        try:
            self.tree = Frontier.from_bytes(size, frontier)
        except (ValueError, TypeError):
            found = 0
        if found != size or self.tree.root().hex() != root:
            raise self._misfit(size, "was cut, but the tree head there was changed or removed")
        self.covered, self.head = size, next(self.heads, None)
        first = next(rows, None)
        if first is None or (first[0] == size + 1 and first[1] != since):
            raise self._misfit(size + 1, "was changed or removed: the fact that cuts those before it tells of it")
        return chain([first], rows)

    def _check_row(self, row: tuple[Any, ...]) -> None:
        seq, at, actor, kind, payload, leaf = row
        expected = self.tree.size + 1
        if seq != expected:
            raise self._misfit(min(seq, expected), "was removed" if seq > expected else "was added")
        if not (type(at) is type(actor) is type(kind) is type(payload) is bytes):
            raise self._misfit(seq, "was changed: a value is of another type")
        computed = leaf_of(seq, at, actor, kind, payload)
        if computed != leaf:
            raise self._misfit(seq, "was changed, added or moved: its content is not what was hashed")
        if at < self.last_at:
            raise self._misfit(seq, "is out of order: it is earlier than the row before it")
        self.last_at = at
        self.tree.append(computed)

    def _check_head(self, size: int, root: bytes, frontier: bytes) -> None:
        if size != self.tree.size or frontier != self.tree.to_bytes() or root != self.tree.root():
            raise self._misfit(self.covered + 1, f"was changed, or one up to `{size}`: the tree head does not fit")
        self.covered = size
        self.head = next(self.heads, None)

    def _check_checkpoint(self) -> None:
        size = self.tree.size
        if self.signed[size] != self.tree.root().hex():
            if size > self.before_proposal:
                raise self._shorter(self.before_proposal)
            row = self.agreed + 1
            raise self._misfit(row, f"was rewritten, or one up to `{size}`: the log is different from its checkpoint")
        self.agreed = size
        self.compared += 1

    def _check_end(self) -> None:
        size = self.tree.size
        if self.head is not None:
            raise self._misfit(size + 1, f"was removed: a tree head of `{self.head[0]}` rows does not fit its rows")
        if self.covered < size:
            raise self._misfit(self.covered + 1, "has no tree head: it was added, or the heads were cut off")
        if max(self.signed, default=0) > size:
            raise self._shorter(min(size, self.before_proposal))

    def _shorter(self, size: int) -> _Misfit:
        return self._misfit(size + 1, f"was removed: {shorter(size, max(self.signed), self.name)}")

    def _misfit(self, row: int, what: str) -> _Misfit:
        return _Misfit(row, f"{self.name} row `{row}` {what}")


@contextmanager
def _rows_of(log: Path | Database) -> Iterator[Rows]:
    if isinstance(log, Path):
        with closing(_open(log)) as connection:
            connection.execute("BEGIN")
            yield FileRows(connection)
    else:
        with log.read() as connection:
            yield DatabaseRows(connection)


def _open(path: Path) -> sqlite3.Connection:
    """Open the file to read only; as one that nobody changes where its folder is read-only, too, and no WAL is left."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _open_uri(uri)
    except sqlite3.OperationalError as error:
        wal = path.with_name(f"{path.name}-wal")
        if not path.is_file() or (wal.exists() and wal.stat().st_size):
            raise LogUnavailable(f"log `{path}` cannot be opened ({error}); check its rights") from None
    except sqlite3.DatabaseError as error:
        raise _Misfit(1, f"facts row `1` cannot be read ({error})") from None
    try:
        return _open_uri(f"{uri}&immutable=1")
    except sqlite3.Error as error:
        raise LogUnavailable(f"log `{path}` cannot be opened ({error}); check its rights") from None


def _open_uri(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    connection.text_factory = bytes
    return connection

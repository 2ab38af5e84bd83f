"""What lies outside the database and speaks for it: is the log the one that was signed, and is its head signed in time?

A log that is shorter than or different from its newest checkpoint decides nothing (AUD-02, AUD-03): an old backup would
bring back what was withdrawn since. Two admins accept the loss; then a new history begins, and only the process that
saw the acceptance itself signs its first checkpoint, since the row alone can be written by who cuts the log. A log
without any checkpoint is believed at its very beginning only: whoever can cut a log may empty the folder as well. What
this machine signed last it knows by itself, too (`mark.py`).

The target may hang, so each look at it and each export waits for a while only and goes on without.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from threading import Lock, Thread
from typing import NamedTuple, Self, TypeVar

from access_policy.log.checkpoints import (
    Checkpoint,
    RootAt,
    Series,
    Signing,
    difference,
    is_excused,
    newest_checkpoint,
    newest_first,
    of_sizes,
    write_checkpoint,
)
from access_policy.log.cutting import uncovered
from access_policy.log.erased import Entry, write_erased
from access_policy.log.errors import KeyRetired, LogError, LogUnavailable, UntrustedCheckpoint
from access_policy.log.key_witness import after, difference_from, unheld_in
from access_policy.log.keys import Keys
from access_policy.log.mark import Mark
from access_policy.log.signers import KeyNote, Known, refuse_retired, signers_of
from access_policy.log.store import Head, LogStore
from access_policy.log.targets import Target
from access_policy.state import Cut, Loss, epoch_of

WAIT_SECONDS = 3.0
"""How long a command waits for the target."""

BEGINNING = 7
"""The facts that a log begins with, in one append: the installation and two admins. Nothing is granted by them."""

_UNSIGNED = -1  # stands for the history of the newest checkpoint, where there is none

T = TypeVar("T")


class Gap(NamedTuple):
    """What two admins accept: proven facts and observations, the size that was signed, and the history to come."""

    kept: int
    lost: int
    epoch: int
    observations: int


class Trouble(NamedTuple):
    """Why nothing is decided, in a line; and the loss that can be accepted, where it is one."""

    text: str
    gap: Gap | None = None


class Named(NamedTuple):
    """Whose log it is, which losses were accepted and who was erased: what the facts say that is signed."""

    origin: str
    losses: Sequence[Loss]
    erased: Collection[Entry] = ()
    before_proposal: int = sys.maxsize
    """How many facts stood before an admin proposed to accept a loss: what was appended since hides no shorter log."""
    seq: int = 0
    """Up to which fact this was read."""
    retired: Collection[str] = ()
    """The checkpoint keys that the facts of this history have retired, as verifier keys (AUD-12)."""
    cut: Cut | None = None
    """The newest cut of the observations: checkpoints of fewer are excused, and one of more has to be there (E48)."""


class Witness:
    """One process's way to the checkpoints of one log. Safe for threads."""

    def __init__(self, store: LogStore, target: Target, keys: Keys, wait: float = WAIT_SECONDS) -> None:
        self._store = store
        self._target = target
        self._keys = keys
        self._wait = wait
        self._mark: Mark | None = None
        self._accepted: int | None = None
        self._busy = Lock()
        self._hangs = False

    def with_mark(self, mark: Mark) -> Self:
        """Hold the log against what this machine signed last as well, and keep that up to date."""
        self._mark = mark
        return self

    def accepted(self, epoch: int) -> None:
        """Take note that this process appended an accepted loss: it may sign the history that began."""
        self._accepted = epoch

    def trouble(self, log: Named) -> Trouble | None:
        """Say why nothing may be decided on the log as it is now, or None. Raises LogError where it cannot be read."""
        try:
            return self._bounded(lambda: self._trouble(log))
        except LogUnavailable as error:
            return Trouble(f"{error}; until then nothing is decided")

    def export(self, log: Named) -> str | None:
        """Sign the heads of facts and observations and write them out; say in a line why that failed, or None.

        Raises UntrustedCheckpoint where what lies there contradicts the log, or is none of its checkpoints, and
        KeyRetired where a rotation replaced the key in hand (AUD-12).
        """
        try:
            self._bounded(lambda: self._export(log))
        except UntrustedCheckpoint:
            raise
        except LogError as error:
            return str(error)
        return None

    def where_to_cut(self, log: Named, after: int, near: int, last: int) -> Checkpoint | None:
        """Return the checkpoint of more than `after` observations up to which they are cut: the largest of at most
        `near`, or else the next one, of at most `last`. The row behind it is signed, too (E48). Raises LogError.
        """
        return self._bounded(lambda: self._where_to_cut(log, after, near, last))

    def _where_to_cut(self, log: Named, after: int, near: int, last: int) -> Checkpoint | None:
        newest = newest_checkpoint(self._target, self._keys, log.origin, Series.OBSERVATIONS)
        if newest is None or newest.epoch != epoch_of(log.losses):
            return None
        end = min(last, newest.size - 1) + 1
        found = next(self._held(log, range(after + 1, min(near + 1, end))[::-1]), None)
        return found or next(self._held(log, range(near + 1, end)), None)

    def _held(self, log: Named, sizes: range) -> Iterator[Checkpoint]:
        """Give the checkpoints of so many observations that hold in the log as it is, in the order of the sizes."""
        series = Series.OBSERVATIONS
        for one in of_sizes(self._target, self._keys, log.origin, series, sizes):
            if not is_excused(one, log.losses, series) and self._store.observation_root_at(one.size) == one.root:
                yield one

    def _bounded(self, call: Callable[[], T]) -> T:
        """Carry a call out in a thread of its own, and wait for it for a while. One at a time: a disk may hang."""
        if not self._busy.acquire(timeout=0 if self._hangs else self._wait):
            raise LogUnavailable("the checkpoints' folder does not answer; check its disk")
        found: list[T | Exception] = []

        def work() -> None:
            try:
                found.append(call())
            except Exception as error:  # handed over to who waits
                found.append(error)
            finally:
                self._hangs = False
                self._busy.release()

        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._wait)
        if not found:
            self._hangs = thread.is_alive()
            raise LogUnavailable(f"the checkpoints' folder did not answer within {self._wait:g} s; check its disk")
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    def _trouble(self, log: Named) -> Trouble | None:
        epoch, origin = epoch_of(log.losses), log.origin
        try:
            newest = {series: newest_checkpoint(self._target, self._keys, origin, series) for series in Series}
            last = max((one.epoch for one in newest.values() if one is not None), default=_UNSIGNED)
            missed = self._missed(log, last)
            outlasted = self._outlasted(log, last)
            if missed is None and not outlasted and self._begins(epoch, last):
                self._export(log)
                return None
        except LogUnavailable:
            raise
        except KeyRetired as error:
            return Trouble(str(error))
        except LogError as error:
            return Trouble(f"{error}; nothing is decided while it is there")
        problems = self._unsigned(newest[Series.FACTS], epoch, last)
        for series, signed in newest.items():
            if signed is None or (last >= epoch and is_excused(signed, log.losses, series)):
                continue
            problems += filter(None, [self._difference(signed, log, series)])
        if missed is not None:
            problems += filter(None, [self._difference(missed, log, Series.FACTS)])
        size = min(self._store.head().size, log.before_proposal)
        problems += [difference_from(note, size) for note in outlasted]
        known = [one for one in (newest[Series.FACTS], missed, *map(after, outlasted)) if one is not None]
        if problems:
            return _lost(problems[0], self._gap(origin, known, max(last, epoch), former=not outlasted))
        return _bare(newest[Series.OBSERVATIONS], log)

    def _gap(self, origin: str, signed: Sequence[Checkpoint], last: int, *, former: bool) -> Gap:
        """Return the loss: what is proven, the largest size that was signed, and the history after all of these."""
        kept, observations = (self._agreed(origin, series, former=former) for series in Series)
        history = max([last, *(one.epoch for one in signed)]) + 1
        return Gap(kept, max((one.size for one in signed), default=0), history, observations)

    def _difference(self, signed: Checkpoint, log: Named, series: Series) -> str | None:
        """Say how the log differs from a checkpoint, whatever was appended since a loss was proposed; else None."""
        if series is Series.OBSERVATIONS and signed.size < _size_of(log.cut):
            return None
        head, root_at = self._streams()[series]
        held = series is not Series.FACTS or root_at(signed.size) == signed.root
        size = head.size if held else min(head.size, log.before_proposal)
        return difference(signed, size, root_at, _WORDS[series])

    def _missed(self, log: Named, last: int) -> Checkpoint | None:
        """Return what this machine signed last where the log does not hold it, and no signed loss excuses that."""
        found = None if self._mark is None else self._mark.newest(self._target, self._keys, log.origin)
        if found is None or self._difference(found, log, Series.FACTS) is None:
            return None
        epoch = epoch_of(log.losses)
        excused = is_excused(found, log.losses, Series.FACTS) and (last >= epoch or epoch == self._accepted)
        return None if excused else found

    def _outlasted(self, log: Named, last: int) -> tuple[KeyNote, ...]:
        """Return the key notes whose root or rotation the log lacks, and no signed loss excuses that (AUD-12)."""
        signed = last if self._accepted is None else max(last, self._accepted)
        notes = signers_of(self._target, self._keys, log.origin).notes
        return unheld_in(self._store.database, notes, [loss for loss in log.losses if loss.epoch <= signed])

    def _begins(self, epoch: int, last: int) -> bool:
        """Say whether to sign a first checkpoint: of a log that has only begun, or after a loss accepted here."""
        begun = epoch == 0 and last == _UNSIGNED and self._store.head().size <= BEGINNING
        return begun or last < epoch == self._accepted

    def _unsigned(self, newest: Checkpoint | None, epoch: int, last: int) -> list[str]:
        """Say what should have been signed and is not: the facts at all, or the history that they are of."""
        if newest is None:
            size = self._store.head().size
            return [f"there is no checkpoint of the log's `{size}` facts: put the folder's files back into it"]
        return [] if last >= epoch else [f"the loss that was accepted as history `{epoch}` is not signed"]

    def _agreed(self, origin: str, series: Series, *, former: bool) -> int:
        """Return the largest size that a checkpoint proves, 0 where none does; by a `former` key only if that counts.

        Where a key note says that the log was cut or rewritten, whoever has a former key may have done it (AUD-12).
        """
        root_at = self._streams()[series][1]
        for checkpoint in newest_first(self._target, self._keys, origin, series, former=former):
            if root_at(checkpoint.size) == checkpoint.root:
                return checkpoint.size
        return 0

    def _streams(self) -> dict[Series, tuple[Head, RootAt]]:
        store = self._store
        return {
            Series.FACTS: (store.head(), store.root_at),
            Series.OBSERVATIONS: (store.observation_head(), store.observation_root_at),
        }

    def _export(self, log: Named) -> None:
        epoch, streams = epoch_of(log.losses), self._streams()
        refuse_retired(self._store.database, self._keys, log.origin, Known(log.seq, log.retired))
        for series, (head, root_at) in streams.items():
            if head.size:
                write_checkpoint(self._target, head, Signing(self._keys, log.origin, epoch, series), root_at)
        if self._mark is not None:
            self._mark.raise_to(streams[Series.FACTS][0], Signing(self._keys, log.origin, epoch), self._target)
        write_erased(self._target, log.erased, self._keys, log.origin)


_WORDS = {Series.FACTS: "facts", Series.OBSERVATIONS: "observations"}


def _size_of(cut: Cut | None) -> int:
    return 0 if cut is None else cut.size


def _bare(newest: Checkpoint | None, log: Named) -> Trouble | None:
    """Say that no checkpoint of the observations speaks for what was cut; no fact is lost, so no loss is offered."""
    signed = 0 if newest is None or is_excused(newest, log.losses, Series.OBSERVATIONS) else newest.size
    problem = uncovered(_size_of(log.cut), signed)
    return None if problem is None else Trouble(f"{problem}; until then nothing is decided")


def _lost(problem: str, gap: Gap) -> Trouble:
    numbers = " ".join(f"{name}={value}" for name, value in gap._asdict().items())
    return Trouble(
        f"{problem}; two admins accept the loss at the desk (`accept-loss {numbers}`), or a newer backup is restored",
        gap,
    )

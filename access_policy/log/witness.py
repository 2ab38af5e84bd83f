"""What lies outside the database and speaks for it: is the log the one that was signed, and is its head signed in time?

A log that is shorter than or different from its newest checkpoint decides nothing (AUD-02, AUD-03): an old backup would
bring back what was withdrawn since. Two admins accept the loss; then a new history begins, and only the process that
saw the acceptance itself signs its first checkpoint, since the row alone can be written by who cuts the log.

The target may hang, so each look at it and each export waits for a while only and goes on without.
"""

from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import NamedTuple, TypeVar

from access_policy.log.checkpoints import (
    RootAt,
    Series,
    Signing,
    difference,
    is_excused,
    newest_checkpoint,
    newest_first,
    write_checkpoint,
)
from access_policy.log.erased import erased_owners, write_erased
from access_policy.log.errors import LogError, LogUnavailable
from access_policy.log.keys import Keys
from access_policy.log.store import Head, LogStore
from access_policy.log.targets import Target
from access_policy.state import Loss, epoch_of

WAIT_SECONDS = 3.0
"""How long a command waits for the target."""

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
    """Whose log it is, and which losses were accepted: what the facts say about checkpoints."""

    origin: str
    losses: Sequence[Loss]


class Witness:
    """One process's way to the checkpoints of one log. Safe for threads."""

    def __init__(self, store: LogStore, target: Target, keys: Keys, wait: float = WAIT_SECONDS) -> None:
        self._store = store
        self._target = target
        self._keys = keys
        self._wait = wait
        self._accepted = 0
        self._busy = Lock()
        self._hangs = False

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
        """Sign the heads of facts and observations and write them out; say in a line why that failed, or None."""
        try:
            self._bounded(lambda: self._export(log))
        except LogError as error:
            return str(error)
        return None

    def _bounded(self, call: Callable[[], T]) -> T:
        """Carry a call out in a thread of its own, and wait for it for a while. One at a time: a disk may hang."""
        if self._hangs or not self._busy.acquire(timeout=self._wait):
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
            last = max((one.epoch for one in newest.values() if one is not None), default=epoch)
            if last < epoch == self._accepted:
                self._export(log)
                return None
        except LogUnavailable:
            raise
        except LogError as error:
            return Trouble(f"{error}; nothing is decided while it is there")
        problems = [] if last >= epoch else [f"the loss that was accepted as history `{epoch}` is not signed"]
        for series, (head, root_at) in self._streams().items():
            signed = newest[series]
            if signed is None or (last >= epoch and is_excused(signed, log.losses, series)):
                continue
            problems += filter(None, [difference(signed, head.size, root_at, _WORDS[series])])
        if not problems:
            return None
        facts = newest[Series.FACTS]
        kept, observations = (self._agreed(origin, series) for series in Series)
        return _lost(problems[0], Gap(kept, facts.size if facts else 0, max(last, epoch) + 1, observations))

    def _agreed(self, origin: str, series: Series) -> int:
        """Return the largest size that a checkpoint proves, 0 where none does."""
        root_at = self._streams()[series][1]
        for checkpoint in newest_first(self._target, self._keys, origin, series):
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
        epoch = epoch_of(log.losses)
        for series, (head, root_at) in self._streams().items():
            if head.size:
                write_checkpoint(self._target, head, Signing(self._keys, log.origin, epoch, series), root_at)
        write_erased(self._target, erased_owners(self._store.database), self._keys, log.origin)


_WORDS = {Series.FACTS: "facts", Series.OBSERVATIONS: "observations"}


def _lost(problem: str, gap: Gap) -> Trouble:
    numbers = " ".join(f"{name}={value}" for name, value in gap._asdict().items())
    return Trouble(
        f"{problem}; two admins accept the loss at the desk (`accept-loss {numbers}`), or a newer backup is restored",
        gap,
    )

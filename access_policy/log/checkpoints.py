"""Signed tree heads that leave the machine: what makes a cut or rewritten log show (AUD-02, AUD-03).

A checkpoint is a C2SP signed note (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint): the log's origin,
its size, its root in base64, and an Ed25519 signature by a key that is not in the database. Facts and observations have
checkpoints of their own. After an accepted loss the log is another history, so another log: its number, the epoch,
stands in the origin and in the files' names. When they are written is up to `witness.py`, and that their folder cannot
be emptied up to the operator.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.keys import Keys
from access_policy.log.notes import NOTE_NAME, decode64, sign_note
from access_policy.log.signers import Signers, Trusts, refuse_beyond, signers_of
from access_policy.log.store import Head
from access_policy.log.targets import Target, target_of
from access_policy.state import Loss

_LARGEST_NOTE = 100_000  # bytes; more than sixteen signatures of any kind need
_ROOT_LENGTH = 44  # characters of 32 bytes in base64


RootAt = Callable[[int], str | None]
"""The root, in hex, of the head that the log stored at a size, as `LogStore.root_at` and `observation_root_at`."""


class Series(StrEnum):
    """Of which of the log's two streams a checkpoint is; the value begins its file's name."""

    FACTS = "checkpoint"
    OBSERVATIONS = "observations"


class Checkpoint(NamedTuple):
    """A tree head that this installation signed: origin, number of rows, RFC 6962 root in hex, and of which history."""

    origin: str
    size: int
    root: str
    epoch: int = 0


def sign_checkpoint(head: Head, keys: Keys, origin: str) -> str:
    """Return the signed note for a head. Raises ValueError for an origin that can be no key name."""
    return sign_note(f"{origin}\n{head.size}\n{b64encode(bytes.fromhex(head.root)).decode()}\n", keys, origin)


def read_checkpoint(
    note: bytes, signers: Signers, origin: str, epoch: int = 0, series: Series = Series.FACTS
) -> Checkpoint:
    """Return what a note says. Raises UntrustedCheckpoint unless it is of this history and stream of an installation's
    log, and signed with our key, or, as far as that one reached, with a former one (AUD-12)."""
    name = origin_of(origin, epoch, series)
    try:
        text, retired = signers.read(note, name)
        found, size, root, *_ = text.split("\n")
        checkpoint = Checkpoint(found, int(size), decode64(root).hex(), epoch)
    except ValueError:
        raise UntrustedCheckpoint("a checkpoint is no signed note of a log; do not trust it") from None
    if found != name or size != str(checkpoint.size) or len(root) != _ROOT_LENGTH:
        raise UntrustedCheckpoint(f"a checkpoint of `{found[:60]}` is none of `{name}`; do not trust it")
    refuse_beyond(retired, series.name.lower(), checkpoint.size, epoch)
    return checkpoint


def log_origin(installation: str) -> str:
    """Return the name under which an installation's checkpoints are signed (C2SP signed note)."""
    return f"sluis.dev/{installation}"


def origin_of(origin: str, epoch: int, series: Series = Series.FACTS) -> str:
    """Return the name under which a stream of one history is signed; `origin` is the installation's."""
    history = f"{origin}/{epoch}" if epoch else origin
    return history if series is Series.FACTS else f"{history}/observations"


class Signing(NamedTuple):
    """In whose name a head is signed: the installation's keys and origin, the history, and which stream."""

    keys: Keys
    origin: str
    epoch: int = 0
    series: Series = Series.FACTS


class _Signed(NamedTuple):
    """Whose notes count, and of which of an installation's streams."""

    signers: Signers
    origin: str
    series: Series


def write_checkpoint(where: Target | Path, head: Head, signing: Signing, root_at: RootAt) -> str | None:
    """Write the checkpoint of a head, whole or not at all; return its name, None where a newer one stands there.

    Raises UntrustedCheckpoint where the log contradicts the newest checkpoint there: then nothing must be signed (C2SP
    tlog-checkpoint); KeyRetired where another key signs by now (AUD-12); LogUnavailable where the target does not
    answer.
    """
    target, (keys, origin, epoch, series) = target_of(where), signing
    newest = newest_checkpoint(target, keys, origin, series)
    if newest is not None and newest.epoch >= epoch:
        same = newest.size != head.size or newest.root == head.root
        if newest.epoch > epoch or root_at(newest.size) != newest.root or not same:
            text = f"head `{head.size}` contradicts the signed checkpoint `{_name(newest, series)}`; not signed"
            raise UntrustedCheckpoint(text)
        if newest.size > head.size:
            return None
    name = _name(Checkpoint(origin, head.size, head.root, epoch), series)
    target.write(name, sign_checkpoint(head, keys, origin_of(origin, epoch, series)).encode())
    return name


def newest_checkpoint(
    where: Target | Path, keys: Trusts, origin: str, series: Series = Series.FACTS
) -> Checkpoint | None:
    """Return the checkpoint of the last history and its largest size, None where there is none.

    Raises as `all_checkpoints`.
    """
    return next(newest_first(where, keys, origin, series), None)


def newest_of_current(
    where: Target | Path, keys: Trusts, origin: str, series: Series = Series.FACTS
) -> Checkpoint | None:
    """Return the newest checkpoint, None where there is none or a former key signed it. Raises as `all_checkpoints`."""
    newest = newest_checkpoint(where, keys, origin, series)
    if newest is None:
        return None
    signed = _Signed(signers_of(where, keys, origin), origin, series)
    return newest if _is_of_current(target_of(where), newest, signed) else None


def newest_first(
    where: Target | Path, keys: Trusts, origin: str, series: Series = Series.FACTS, *, former: bool = True
) -> Iterator[Checkpoint]:
    """Give all checkpoints, the newest first; each is read when it is taken. Raises as `all_checkpoints`.

    Without `former` only those that the key in hand signed (AUD-12).
    """
    target, signed = target_of(where), _Signed(signers_of(where, keys, origin), origin, series)
    for name in reversed(_names(target, series)):
        found = _read(target, name, signed)
        if former or _is_of_current(target, found, signed):
            yield found


def of_sizes(where: Target | Path, keys: Trusts, origin: str, series: Series, sizes: range) -> Iterator[Checkpoint]:
    """Give the checkpoints of these sizes, each read when it is taken, and no other: by history and size, the newest
    first where the sizes go down. Raises as `all_checkpoints`."""
    target, signed = target_of(where), _Signed(signers_of(where, keys, origin), origin, series)
    for name in _names(target, series)[:: 1 if sizes.step > 0 else -1]:
        if _place(name)[1] in sizes:
            yield _read(target, name, signed)


def all_checkpoints(
    where: Target | Path, keys: Trusts, origin: str, series: Series = Series.FACTS
) -> Iterator[Checkpoint]:
    """Give all checkpoints, those of the first history first, and in each the smallest size first.

    Raises UntrustedCheckpoint for a forged or foreign one, also among the key notes, KeyRetired where the key in hand
    was replaced, LogUnavailable where the target does not answer.
    """
    target, signed = target_of(where), _Signed(signers_of(where, keys, origin), origin, series)
    return (_read(target, name, signed) for name in _names(target, series))


def binding(checkpoints: Iterable[Checkpoint], losses: Sequence[Loss], series: Series) -> dict[int, str]:
    """Return size and root of those checkpoints that a log with these accepted losses must hold (AUD-02, AUD-12).

    What was signed before an accepted loss, beyond what that kept, is excused: but only where the history that began
    with it is signed, since a row that says so can be written by who cuts the log.
    """
    signed = list(checkpoints)
    counted = signed_losses(signed, losses)
    return {one.size: one.root for one in signed if not is_excused(one, counted, series)}


def signed_losses(signed: Iterable[Checkpoint], losses: Sequence[Loss]) -> list[Loss]:
    """Return the losses after which a checkpoint was signed: those that excuse anything (AUD-02)."""
    newest = max((one.epoch for one in signed), default=0)
    return [loss for loss in losses if loss.epoch <= newest]


def is_excused(checkpoint: Checkpoint, losses: Sequence[Loss], series: Series) -> bool:
    """Say whether a log with these losses need not hold a checkpoint: one came later, and kept less than it signs."""
    later = [loss for loss in losses if loss.epoch > checkpoint.epoch]
    kept = [loss.kept if series is Series.FACTS else loss.observations for loss in later]
    return checkpoint.size > min(kept, default=checkpoint.size)


def difference(checkpoint: Checkpoint, size: int, root_at: RootAt, what: str = "facts") -> str | None:
    """Say in a line how a log of `size` rows differs from a checkpoint; None where it holds it (AUD-02, AUD-03).

    This reads one row, for each start; `verify` recomputes the whole tree.
    """
    if size < checkpoint.size:
        return shorter(size, checkpoint.size, what)
    if root_at(checkpoint.size) != checkpoint.root:
        return f"{_log_of(what)} different from its newest checkpoint at {what[:-1]} `{checkpoint.size}`"
    return None


def shorter(size: int, signed: int, what: str = "facts") -> str:
    """Say that a log of `size` rows lacks some that are signed; `verify` and the witness say it alike (AUD-02)."""
    return f"{_log_of(what)} shorter than its newest checkpoint: `{size}` {what}, not `{signed}`"


def _log_of(what: str) -> str:
    return "the log is" if what == "facts" else f"the log's {what} are"


def _name(checkpoint: Checkpoint, series: Series) -> str:
    history = f"{checkpoint.epoch}-" if checkpoint.epoch else ""
    return f"{series}-{history}{checkpoint.size:012}.txt"


def _names(target: Target, series: Series) -> list[str]:
    """Return the names of a stream's checkpoints, by history and size."""
    found = [name for name in target.names() if name.startswith(f"{series}-") and name.endswith(".txt")]
    return sorted(found, key=lambda name: (_place(name), name))


def _place(name: str) -> tuple[int, int]:
    """Return history and size as a name says them; what says none comes last, and is then refused."""
    found = NOTE_NAME.fullmatch(name)
    return (int(found["epoch"] or 0), int(found["size"])) if found else (10**9, 0)


def _is_of_current(target: Target, checkpoint: Checkpoint, signed: _Signed) -> bool:
    """Say whether the key that signs now signed a checkpoint, none of the former ones."""
    signers, origin, series = signed
    note = target.read(_name(checkpoint, series), _LARGEST_NOTE)
    return signers.read(note, origin_of(origin, checkpoint.epoch, series))[1] is None


def _read(target: Target, name: str, signed: _Signed) -> Checkpoint:
    (signers, origin, series), epoch = signed, _place(name)[0]
    try:
        checkpoint = read_checkpoint(target.read(name, _LARGEST_NOTE), signers, origin, epoch, series)
    except UntrustedCheckpoint as error:
        raise UntrustedCheckpoint(f"`{ascii(name)[1:-1][:80]}`: {error}") from None
    if name != _name(checkpoint, series):
        raise UntrustedCheckpoint(f"`{name}` holds the checkpoint of size `{checkpoint.size}`; do not trust it")
    return checkpoint

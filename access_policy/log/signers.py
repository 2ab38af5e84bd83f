"""Which keys sign, and signed, an installation's notes, and how far each of them binds (AUD-12).

A rotation leaves a key note beside the checkpoints, `key-000000000001.txt` and so on: a C2SP signed note
(https://c2sp.org/signed-note) of the origin `<origin>/key`, in which both keys say that the one follows the other, up
to which size of which history the former one's notes count, and which root the facts have there. So old notes stay
verifiable, and a former key that leaked signs nothing newer and rewrites nothing older. The chain is trusted from its
end, the key in hand; `lost` stands in a note whose former key was not there to sign. The steps of a rotation are the
caller's.
"""

from base64 import b64encode
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access_policy.log.database import Database
from access_policy.log.errors import KeyRetired, UntrustedCheckpoint
from access_policy.log.merkle import HASH_SIZE
from access_policy.log.notes import (
    VerifierKey,
    decode64,
    is_signed_by_all,
    read_note,
    read_verifier_key,
    sign_with,
    split_note,
)
from access_policy.log.plain_facts import plain_facts
from access_policy.log.targets import Target, target_of

LARGEST = 10_000
"""Bytes; a key note has less than a thousand."""

_LOST = "lost"


class Trusts(Protocol):
    """Whoever knows the key that signs now: all keys of the installation, or a verifier key alone."""

    @property
    def public(self) -> Ed25519PublicKey:
        """Return that key."""


class Reach(NamedTuple):
    """How far the notes of a former key count: up to these sizes of this history, and in all histories before it."""

    epoch: int
    facts: int
    observations: int
    erased: int

    def follows(self, other: "Reach") -> bool:
        """Say whether a rotation can end here after one that ended there: its fact alone makes the log longer."""
        shrunk = self.epoch == other.epoch and self.observations < other.observations
        return self[:2] > other[:2] and not shrunk and self.erased >= other.erased


class KeyNote(NamedTuple):
    """A rotation as its note says it: `former` binds up to `reach`, then `key` signs; both are verifier keys.

    `root`, in hex, is that of the facts' tree there (RFC 6962).
    """

    number: int
    former: VerifierKey
    key: VerifierKey
    reach: Reach
    root: str
    lost: bool = False

    @property
    def name(self) -> str:
        """Return what its file is called."""
        return _name(self.number)

    def text(self, origin: str) -> str:
        """Return what is signed; `origin` is the installation's."""
        sizes = (f"{name} {size}" for name, size in self.reach._asdict().items())
        end = (f"root {b64encode(bytes.fromhex(self.root)).decode()}", *([_LOST] if self.lost else []))
        lines = (f"{origin}/key", self.number, self.former, self.key, *sizes, *end)
        return "".join(f"{line}\n" for line in lines)

    def signed(self, origin: str, *signers: Ed25519PrivateKey) -> bytes:
        """Return the note, signed by these keys: the former and the new one, or the new one where the other is lost."""
        return sign_with(self.text(origin), f"{origin}/key", *signers).encode()


class Signers(NamedTuple):
    """The key that signs now, and the rotations that led to it, the first one first."""

    current: Ed25519PublicKey
    notes: tuple[KeyNote, ...] = ()

    def read(self, note: bytes, name: str) -> tuple[str, KeyNote | None]:
        """Return a note's text, and the rotation that retired the key which signed it; None for the one in force.

        What a former key signed counts up to its reach only: ask `refuse_beyond`. Raises as `notes.read_note`.
        """
        retirements = self.notes[::-1]
        text, place = read_note(note, [self.current, *(one.former.public for one in retirements)], name)
        return text, retirements[place - 1] if place else None


def refuse_beyond(retired: KeyNote | None, stream: str, size: int, epoch: int | None = None) -> None:
    """Raise UntrustedCheckpoint for a note of `size` beyond what its former key may still say (AUD-12).

    `stream` is `facts`, `observations` or `erased`; the list of the erased is of no history.
    """
    if retired is None:
        return
    reach = retired.reach
    most = getattr(reach, stream)
    if size > most if epoch is None else (epoch, size) > (reach.epoch, most):
        raise UntrustedCheckpoint(
            f"it is signed with a key that was retired at `{most}` {stream} by `{retired.name}`; do not trust it"
        )


def signers_of(where: Target | Path, trusts: Trusts, origin: str) -> Signers:
    """Return whose notes count, as the key notes at a place say it; `origin` is the installation's.

    Raises KeyRetired where they replace the key in hand, UntrustedCheckpoint where one of them is forged, missing or
    out of place, LogUnavailable where the place does not answer.
    """
    notes = key_notes(where, origin)
    if not notes or _same(notes[-1].key, trusts.public):
        return Signers(trusts.public, notes)
    if any(_same(note.former, trusts.public) for note in notes):
        raise KeyRetired(
            f"`{notes[-1].name}` retired the key in `checkpoint.key`: start again; where `sluis keys rotate` was "
            "interrupted, run it again, and where an old key was put back, take the newest keys export"
        )
    raise UntrustedCheckpoint(
        f"`{notes[-1].name}` names another key than `checkpoint.key`; if that file was replaced, put the right one "
        "back, else do not trust the note"
    )


def key_notes(where: Target | Path, origin: str) -> tuple[KeyNote, ...]:
    """Return the key notes at a place, the first one first: each is whole, and follows the one before.

    Whoever can write there could have made all of them, so what counts is to which key they lead. Raises as
    `signers_of`.
    """
    target = target_of(where)
    names = sorted(name for name in target.names() if name.startswith("key-") and name.endswith(".txt"))
    expected = [_name(number) for number in range(1, len(names) + 1)]
    if names != expected:
        odd = next(name for name, other in zip(names, expected, strict=True) if name != other)
        raise UntrustedCheckpoint(f"`{ascii(odd)[1:-1][:80]}` has no place among the key notes; one of them is missing")
    notes = tuple(_read(target.read(name, LARGEST), name, origin) for name in names)
    for note, following in pairwise(notes):
        if not (_same(following.former, note.key.public) and following.reach.follows(note.reach)):
            raise UntrustedCheckpoint(f"`{following.name}` does not follow `{note.name}`; do not trust it")
    return notes


class Known(NamedTuple):
    """What is known of the facts' rotations in this history: up to which fact, and which keys they retired."""

    seq: int = 0
    retired: Collection[str] = ()


def refuse_retired(database: Database, trusts: Trusts, origin: str, known: Known) -> None:
    """Raise KeyRetired where the facts retired the key in hand: those that are known, or one that came since.

    To be asked when a head was read and before it is signed. It holds off whoever has the former key in memory: a head
    that passes was there before the rotation, so it lies within the reach of its key, whenever it is written (AUD-12).
    """
    ours = str(VerifierKey(origin, trusts.public))
    later = (fact.former for _, _, fact in plain_facts(database, "CheckpointKeyRotated", after=known.seq))
    if ours in known.retired or ours in later:
        raise KeyRetired(
            "a rotation has retired the key in `checkpoint.key`, which signs nothing any more: start again; where "
            "`sluis keys rotate` was interrupted, run it again"
        )


def _read(note: bytes, name: str, origin: str) -> KeyNote:
    try:
        text, _ = split_note(note)
        found = _parsed(text)
        signers = [found.key.public, *([] if found.lost else [found.former.public])]
        ours = found.text(origin) == text and found.name == name and {found.former.name, found.key.name} == {origin}
        if ours and is_signed_by_all(note, signers, f"{origin}/key"):
            return found
    except (ValueError, UntrustedCheckpoint):
        pass
    raise UntrustedCheckpoint(f"`{name}` is no key note of `{origin}`; do not trust it")


def _parsed(text: str) -> KeyNote:
    """Read a key note's text; that it is written as we write it is checked afterwards. Raises ValueError."""
    _, number, former, key, *sizes = text.removesuffix("\n").split("\n")
    numbers = [int(line.partition(" ")[2]) for line in sizes[: len(Reach._fields)]]
    line, *more = sizes[len(Reach._fields) :]
    root = decode64(line.partition(" ")[2])
    if len(root) != HASH_SIZE:
        raise ValueError("that is no root")
    keys = read_verifier_key(former), read_verifier_key(key)
    return KeyNote(int(number), *keys, Reach(*numbers), root.hex(), more == [_LOST])


def _same(key: VerifierKey, public: Ed25519PublicKey) -> bool:
    return key.public.public_bytes_raw() == public.public_bytes_raw()


def _name(number: int) -> str:
    return f"key-{number:012}.txt"

"""Which key made a backup, and whose notes a restore trusts: the export's key, or one to which key notes lead (AUD-12).

After a rotation an older backup is signed by a former key, which the newer key vouches for up to where it was retired.
An older keys export holds a former key: it vouches for its followers, each of which it or the one before has named, but
it signs nothing any more.
"""

from pathlib import Path
from typing import NamedTuple

from access_policy.log.age import ArchiveProblem
from access_policy.log.archive import Archive, Manifest
from access_policy.log.errors import KeyRetired, UntrustedCheckpoint
from access_policy.log.keys import Keys
from access_policy.log.notes import VerifierKey
from access_policy.log.signers import KeyNote, Trusts, key_notes, refuse_beyond, signers_of

LOST_KEY_BEHIND = (
    "log_behind: --lost-key takes only a backup that holds all that is signed, since its key is to be rotated, which "
    "no log that is behind lets be done; give the newest backup and the newest checkpoints"
)


class Maker(NamedTuple):
    """Whose notes count; the rotation that retired the key which made the backup; the key that is to be replaced."""

    trusts: Trusts
    retired: KeyNote | None
    lost: VerifierKey | None


def maker_of(backup: Archive, notes: Path, keys: Keys, lost_key: bool) -> Maker:
    """Return who made a backup, as the key notes in a folder say. Raises ArchiveProblem for anybody else's.

    With `lost_key` the keys may be of before a rotation, where each key since was vouched for by the one before.
    """
    origin = backup.manifest.origin
    lost = _follower(notes, keys, origin, lost_key)
    trusts = keys if lost is None else lost
    signers = signers_of(notes, trusts, origin)
    for retired in (None, *reversed(signers.notes)):
        if backup.is_signed_by(signers.current if retired is None else retired.former.public):
            return Maker(trusts, retired, lost)
    raise ArchiveProblem(
        f"`{backup.name}` is not of the Sluis that these keys are of; give its own, or, where the checkpoint key was "
        "rotated since, --checkpoints DIR with the key notes"
    )


def check_reach(maker: Maker, manifest: Manifest, epoch: int) -> None:
    """Raise ArchiveProblem for a backup beyond what the former key that made it may still say."""
    try:
        refuse_beyond(maker.retired, "facts", manifest.facts.size, epoch)
        refuse_beyond(maker.retired, "observations", manifest.observations.size, epoch)
    except UntrustedCheckpoint as error:
        raise ArchiveProblem(f"the backup is not believed: {error}") from None


def _follower(notes: Path, keys: Keys, origin: str, lost_key: bool) -> VerifierKey | None:
    """Return the key that the exported one leads to, None where that is the newest itself."""
    try:
        signers_of(notes, keys, origin)
    except KeyRetired:
        chain = key_notes(notes, origin)
        if not lost_key:
            raise ArchiveProblem(
                f"the keys are older than the rotation of `{chain[-1].name}`; give the newest keys export, or, where "
                "there is none, --lost-key"
            ) from None
        return _led_to(chain, keys)
    return None


def _led_to(chain: tuple[KeyNote, ...], keys: Keys) -> VerifierKey:
    first = next(place for place, note in enumerate(chain) if note.former.public == keys.public)
    for note in chain[first:]:
        if note.lost:
            raise ArchiveProblem(f"`{note.name}` replaced a lost key, which vouches for none; give a later keys export")
    return chain[-1].key

"""The newest checkpoint of the facts that this machine signed, kept in a small file away from the target (AUD-02).

Whoever cuts the log and empties the checkpoints' folder, or takes the newest ones out of it, leaves a log that looks
like an earlier one, down to its very beginning. This file then says otherwise. It only ever speaks against a log: what
it holds replaces no checkpoint in the folder, and without it everything is as it would be. It is in no backup.
"""

from pathlib import Path

import msgspec

from access_policy.log.checkpoints import Checkpoint, Signing, origin_of, read_checkpoint, sign_checkpoint
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.files import read_regular, write_whole
from access_policy.log.signers import Trusts, signers_of
from access_policy.log.store import Head
from access_policy.log.targets import Target

_LARGEST = 10_000  # bytes; a note has a few hundred


class _Written(msgspec.Struct, frozen=True):
    """The file: of which history the checkpoint is, and the signed note itself."""

    epoch: int
    note: str


class Mark:
    """The file of one state folder; several processes may raise it, and the last one to do so may be a little late."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def newest(self, target: Target, trusts: Trusts, origin: str) -> Checkpoint | None:
        """Return what was signed last, None where nothing can be read there that our keys signed for this log.

        A file that is forged says no more than one that is gone: who can write it can take it away. Raises as
        `signers_of`.
        """
        signers = signers_of(target, trusts, origin)
        try:
            written = msgspec.json.decode(read_regular(self._path, _LARGEST), type=_Written)
            return read_checkpoint(written.note.encode(), signers, origin, written.epoch)
        except (OSError, ValueError, msgspec.MsgspecError, UntrustedCheckpoint):
            return None

    def raise_to(self, head: Head, signing: Signing, target: Target) -> None:
        """Write down that this head is signed, unless a newer one stands there. A folder that takes no file has none.

        Raises as `newest`.
        """
        keys, origin, epoch, _ = signing
        found = self.newest(target, keys, origin)
        if found is not None and (found.epoch, found.size) > (epoch, head.size):
            return
        written = _Written(epoch, sign_checkpoint(head, keys, origin_of(origin, epoch)))
        try:
            write_whole(self._path, msgspec.json.encode(written))
        except OSError:
            return  # a mark that stays lower is still true

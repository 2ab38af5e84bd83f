"""What signs a pack: a fresh checkpoint of each stream, the public key, and a manifest of all files."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from access_policy.log.checkpoints import (
    Series,
    Signing,
    log_origin,
    newest_checkpoint,
    origin_of,
    sign_checkpoint,
    write_checkpoint,
)
from access_policy.log.errors import LogUnavailable
from access_policy.log.keys import Keys
from access_policy.log.notes import VerifierKey, sign_note
from access_policy.log.signers import LARGEST, Known, refuse_retired, signers_of
from access_policy.log.store import Head, LogStore
from access_policy.log.targets import Target, target_of
from access_policy.state import State, epoch_of, retired_keys

FORMAT = 1
_PIECE = 1 << 20


class Signer(NamedTuple):
    """The installation's keys, its name, which history of its log this is, and which keys that has retired."""

    keys: Keys
    installation: str
    epoch: int
    known: Known = Known()

    @property
    def name(self) -> str:
        """Return the name under which facts are signed."""
        return origin_of(self.installation, self.epoch)


class Tree(NamedTuple):
    """A signed tree: how many rows, the root in hex, and the C2SP note that says so."""

    size: int
    root: str
    note: str


def signer_of(keys: Keys, state: State) -> Signer:
    """Return who signs for the log that this state was folded from."""
    known = Known(state.seq, retired_keys(state))
    return Signer(keys, log_origin(state.installation), epoch_of(state.losses), known)


def vkey(keys: Keys, name: str) -> str:
    """Return the public key under which checkpoints are signed, as a C2SP verifier key."""
    return str(VerifierKey(name, keys.public))


def signed_trees(store: LogStore, where: Target | Path, signer: Signer) -> dict[Series, Tree]:
    """Sign the newest heads into the checkpoints' place and return them; the newest ones there where that is read-only.

    Raises UntrustedCheckpoint where the log contradicts what was signed, KeyRetired where another key signs by now
    (AUD-12), LogUnavailable where nothing was signed yet.
    """
    streams = {
        Series.FACTS: (store.head(), store.root_at),
        Series.OBSERVATIONS: (store.observation_head(), store.observation_root_at),
    }
    refuse_retired(store.database, signer.keys, signer.installation, signer.known)
    found = {}
    for series, (head, root_at) in streams.items():
        signing = Signing(signer.keys, signer.installation, signer.epoch, series)
        try:
            write_checkpoint(where, head, signing, root_at)
            found[series] = tree_of(head, signing)
        except LogUnavailable:
            found[series] = tree_of(_newest(where, signing), signing)
    return found


def tree_of(head: Head, signing: Signing) -> Tree:
    """Return a head with its note; the same head always gives the same note."""
    name = origin_of(signing.origin, signing.epoch, signing.series)
    return Tree(head.size, head.root, sign_checkpoint(head, signing.keys, name))


def _newest(where: Target | Path, signing: Signing) -> Head:
    newest = newest_checkpoint(where, signing.keys, signing.origin, signing.series)
    if newest is None or newest.epoch != signing.epoch:
        raise LogUnavailable("no checkpoint of this log can be written and none is there; check their folder")
    return Head(newest.size, newest.root, None)


def write_key_notes(folder: Path, where: Target | Path, signer: Signer) -> None:
    """Copy the key notes, by which whoever has an older public key comes to the newest (AUD-12)."""
    target = target_of(where)
    for note in signers_of(target, signer.keys, signer.installation).notes:
        (folder / note.name).write_bytes(target.read(note.name, LARGEST))


def write_manifest(folder: Path, about: dict[str, Any], names: Sequence[str], signer: Signer) -> None:
    """Write `manifest.json`, which lists all files but itself, and `manifest.sig`, the signed note of its digest."""
    files = {name: _listed(folder / name) for name in sorted(names)}
    data = json.dumps({"format": FORMAT, **about, "files": files}, indent=1).encode() + b"\n"
    (folder / "manifest.json").write_bytes(data)
    body = f"{signer.name}/audit-pack\n{sha256(data).hexdigest()}\n"
    (folder / "manifest.sig").write_text(sign_note(body, signer.keys, signer.name), encoding="utf-8")


def _listed(path: Path) -> dict[str, Any]:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}

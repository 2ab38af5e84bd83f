"""The installation's own keys, in files that only its user reads; they are never in the database.

`master.key` wraps the sealing keys (AES-256-GCM), `lookup.key` finds a login identity without storing it
(HMAC-SHA-256), `checkpoint.key` signs tree heads (Ed25519 seed). Whoever has these files and the database can read
everything, so the two are backed up apart. `checkpoint.key` is replaced by a rotation (AUD-12), and meanwhile its
successor lies beside it.
"""

import hmac
import os
import shutil
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access_policy.log.errors import UnusableKeys
from access_policy.log.files import sync_folder, write_new, write_whole
from access_policy.log.times import RandomBytes

KEY_SIZE = 32
NAMES = ("master.key", "lookup.key", "checkpoint.key")
SUCCESSOR = "checkpoint.key.new"
"""What `checkpoint.key` becomes when the rotation that made it ends: while it is there, one is under way."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Keys:
    """The keys in memory. Their bytes never show in a traceback's representation."""

    master: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    checkpoint: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        """Return what checkpoints are verified with."""
        return self.checkpoint.public_key()


def create_keys(folder: Path, random_bytes: RandomBytes) -> Keys:
    """Make the key files once, folder 0700 and files 0600, all or none. Raises UnusableKeys where the folder exists."""
    if folder.exists():
        raise UnusableKeys(f"`{folder}` exists already; keys are made once, move it away to make new ones")
    making = folder.with_name(f"{folder.name}.new")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        for name in NAMES:
            write_new(making / name, random_bytes(KEY_SIZE))
        making.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise UnusableKeys(f"keys cannot be made in `{folder}` ({error.strerror}); check the folder's rights") from None
    return load_keys(folder)


def load_keys(folder: Path) -> Keys:
    """Read the key files. Raises UnusableKeys for one that is missing, damaged, another user's or open to others."""
    _check(folder, _status(folder))
    master, lookup, checkpoint = (_read(folder / name) for name in NAMES)
    return Keys(master, lookup, Ed25519PrivateKey.from_private_bytes(checkpoint))


def load_keys_with(folder: Path, checkpoint: bytes) -> Keys:
    """Read the key files, but take these bytes for the checkpoint key. Raises as `load_keys`."""
    _check(folder, _status(folder))
    master, lookup = (_read(folder / name) for name in NAMES[:2])
    return Keys(master, lookup, Ed25519PrivateKey.from_private_bytes(checkpoint))


def read_successor(folder: Path) -> bytes | None:
    """Return the bytes of the key that a rotation under way leads to, None where none is. Raises as `load_keys`."""
    return _read(folder / SUCCESSOR) if (folder / SUCCESSOR).exists() else None


def keep_successor(folder: Path, checkpoint: bytes) -> None:
    """Write the key that a rotation leads to, whole or not at all. Raises UnusableKeys."""
    try:
        write_whole(folder / SUCCESSOR, checkpoint)
    except OSError as error:
        raise UnusableKeys(f"`{folder}` takes no new key ({error.strerror}); check its rights and its disk") from None


def install_successor(folder: Path) -> None:
    """Let the successor be the checkpoint key, in one step. Raises UnusableKeys."""
    try:
        (folder / SUCCESSOR).replace(folder / NAMES[2])
        sync_folder(folder)
    except OSError as error:
        raise UnusableKeys(f"`{folder}` takes no new key ({error.strerror}); check its rights and its disk") from None


def identity_digest(keys: Keys, iss: str, sub: str) -> str:
    """Return the HMAC-SHA-256, in hex, by which a login identity (`iss` and `sub` of OpenID Connect) is looked up.

    Each part stands behind its length, so that no two pairs share an encoding (ID-04).
    """
    parts = [part.encode() for part in (iss, sub)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(keys.lookup, message, sha256).hexdigest()


def _read(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            _check(path, os.fstat(file.fileno()))
            data = file.read(KEY_SIZE + 1)
    except OSError as error:
        raise UnusableKeys(f"key file `{path}` cannot be read ({error.strerror}); {_way_out(path)}") from None
    if len(data) != KEY_SIZE:
        raise UnusableKeys(f"key file `{path}` does not hold `{KEY_SIZE}` bytes; {_way_out(path)}")
    return data


def _way_out(path: Path) -> str:
    """Say what to do about a file that is gone or damaged (AUD-12)."""
    if path.name == SUCCESSOR:
        return "move it away, then run `sluis keys rotate` again"
    lost = path.name == NAMES[2]
    return "restore it from its backup" + (", or replace it with `sluis keys rotate --lost`" if lost else "")


def _status(folder: Path) -> os.stat_result:
    try:
        return folder.stat()
    except OSError as error:
        raise UnusableKeys(f"key folder `{folder}` cannot be read ({error.strerror}); run `sluis init`") from None


def _check(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise UnusableKeys(f"`{path}` belongs to user `{status.st_uid}`; it must belong to the one that runs sluis")
    if status.st_mode & _OTHERS:
        raise UnusableKeys(f"`{path}` has mode `{stat.S_IMODE(status.st_mode):o}`; run `chmod go= {path}`")

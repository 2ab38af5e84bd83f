"""Signed tree heads that leave the machine: what makes a cut or rewritten log show (AUD-02, AUD-03).

A checkpoint is a C2SP signed note (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint): the log's origin,
its size, its root in base64, and an Ed25519 signature by a key that is not in the database. Only facts have checkpoints
for now. When they are written, and that their folder cannot be emptied, is up to the caller and the operator.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access_policy.log.errors import LogUnavailable, UntrustedCheckpoint
from access_policy.log.files import write_whole
from access_policy.log.keys import Keys
from access_policy.log.store import Head

_ED25519 = b"\x01"  # the signature type of C2SP signed-note
_LARGEST_NOTE = 100_000  # bytes; more than sixteen signatures of any kind need
_ROOT_LENGTH = 44  # characters of 32 bytes in base64
_DASH = "\N{EM DASH} "


class Checkpoint(NamedTuple):
    """A tree head that this installation signed: origin, number of facts, RFC 6962 root in hex."""

    origin: str
    size: int
    root: str


def sign_checkpoint(head: Head, keys: Keys, origin: str) -> str:
    """Return the signed note for a head. Raises ValueError for an origin that can be no key name."""
    if not origin or not origin.isprintable() or any(character.isspace() or character == "+" for character in origin):
        raise ValueError(f"`{origin}` cannot name a log; write it like `example.org/sluis`, without spaces and `+`")
    body = f"{origin}\n{head.size}\n{b64encode(bytes.fromhex(head.root)).decode()}\n"
    signature = _key_id(keys.checkpoint.public_key(), origin) + keys.checkpoint.sign(body.encode())
    return f"{body}\n{_DASH}{origin} {b64encode(signature).decode()}\n"


def read_checkpoint(note: bytes, keys: Keys, origin: str) -> Checkpoint:
    """Return what a note says. Raises UntrustedCheckpoint unless it is of this origin and signed with our key."""
    try:
        body, _, signatures = note.decode().rpartition("\n\n")
        _verify(f"{body}\n".encode(), signatures, keys.checkpoint.public_key(), origin)
        found_origin, size, root, *_ = body.split("\n")
        checkpoint = Checkpoint(found_origin, int(size), _decode64(root).hex())
    except InvalidSignature:
        raise UntrustedCheckpoint(f"a checkpoint has no valid signature of `{origin}`; do not trust it") from None
    except ValueError:
        raise UntrustedCheckpoint("a checkpoint is no signed note of a log; do not trust it") from None
    if found_origin != origin or size != str(checkpoint.size) or len(root) != _ROOT_LENGTH:
        raise UntrustedCheckpoint(f"a checkpoint of `{found_origin[:60]}` is none of `{origin}`; do not trust it")
    return checkpoint


def write_checkpoint(folder: Path, head: Head, keys: Keys, origin: str) -> Path:
    """Write the checkpoint of a head into a folder, whole or not at all; return its file.

    Raises UntrustedCheckpoint where the head contradicts the newest checkpoint there, which must never be signed
    (C2SP tlog-checkpoint), and LogUnavailable where the folder cannot be written.
    """
    newest = newest_checkpoint(folder, keys, origin)
    if newest is not None and (newest.size > head.size or (newest.size == head.size and newest.root != head.root)):
        raise UntrustedCheckpoint(f"head `{head.size}` contradicts the signed checkpoint `{newest.size}`; not signed")
    path = folder / f"checkpoint-{head.size:012}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, sign_checkpoint(head, keys, origin).encode())
    except OSError as error:
        raise LogUnavailable(f"checkpoint `{path}` cannot be written ({error.strerror}); check its folder") from None
    return path


def newest_checkpoint(folder: Path, keys: Keys, origin: str) -> Checkpoint | None:
    """Return the checkpoint of the largest size in a folder, None where there is none. Raises as `all_checkpoints`."""
    paths = _paths(folder)
    return _read(paths[-1], keys, origin) if paths else None


def all_checkpoints(folder: Path, keys: Keys, origin: str) -> Iterator[Checkpoint]:
    """Give all checkpoints in a folder, smallest size first. Raises UntrustedCheckpoint for a forged or foreign one."""
    return (_read(path, keys, origin) for path in _paths(folder))


def difference(checkpoint: Checkpoint, size: int, root_at: Callable[[int], str | None]) -> str | None:
    """Say in a line how a log of `size` facts differs from a checkpoint; None where it holds it (AUD-02, AUD-03).

    `root_at` is `LogStore.root_at`: this reads one row, for each start; `verify` recomputes the whole tree.
    """
    if size < checkpoint.size:
        return f"the log is shorter than its newest checkpoint: `{size}` facts, not `{checkpoint.size}`"
    if root_at(checkpoint.size) != checkpoint.root:
        return f"the log is different from its newest checkpoint at fact `{checkpoint.size}`"
    return None


def _paths(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.match("checkpoint-*.txt"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LogUnavailable(f"checkpoints in `{folder}` cannot be read ({error.strerror}); check its rights") from None


def _read(path: Path, keys: Keys, origin: str) -> Checkpoint:
    try:
        with path.open("rb") as file:
            checkpoint = read_checkpoint(file.read(_LARGEST_NOTE), keys, origin)
    except OSError as error:
        raise LogUnavailable(f"checkpoint `{path}` cannot be read ({error.strerror}); check its rights") from None
    except UntrustedCheckpoint as error:
        raise UntrustedCheckpoint(f"`{path.name}`: {error}") from None
    if path.name != f"checkpoint-{checkpoint.size:012}.txt":
        raise UntrustedCheckpoint(f"`{path.name}` holds the checkpoint of size `{checkpoint.size}`; do not trust it")
    return checkpoint


def _verify(body: bytes, signatures: str, key: Ed25519PublicKey, name: str) -> None:
    """Check our signature among the lines; those of other keys are ignored (C2SP signed-note)."""
    if not signatures.endswith("\n"):
        raise ValueError("the note was cut off; get a whole one")
    ours = _key_id(key, name)
    verified = False
    for line in signatures[:-1].split("\n"):
        signer, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        signature = _decode64(encoded)
        if line.startswith(_DASH) and signer == name and signature[:4] == ours:
            key.verify(signature[4:], body)
            verified = True
    if not verified:
        raise InvalidSignature


def _key_id(key: Ed25519PublicKey, name: str) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _decode64(text: str) -> bytes:
    """Decode base64 that has one spelling only, so that no changed character passes (AUD-10)."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError(f"`{text[:20]}` is not canonical base64")
    return data

"""C2SP signed notes (https://c2sp.org/signed-note): a text, an empty line, and Ed25519 signatures under it.

The key is the installation's checkpoint key, which is not in the database. A note's name is its origin, so that a note
of one kind is never taken for one of another. What a text says, and what follows from it, is its caller's.
"""

import re
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.keys import Keys

NOTE_NAME = re.compile(
    r"(?P<series>checkpoint|observations|erased)-((?P<epoch>[1-9][0-9]{0,5})-)?(?P<size>[0-9]{12,15})\.txt", re.ASCII
)
"""What the file of a note is called: of which kind it is, of which history, and how many rows or lines it signs."""

_ED25519 = b"\x01"  # the signature type of C2SP signed-note
_DASH = "\N{EM DASH} "


def sign_note(body: str, keys: Keys, name: str) -> str:
    """Return the signed note of a text that ends with a line break. Raises ValueError for what can be no key name."""
    if not name or not name.isprintable() or any(character.isspace() or character == "+" for character in name):
        raise ValueError(f"`{name}` cannot name a log; write it like `example.org/sluis`, without spaces and `+`")
    signature = key_id(keys.checkpoint.public_key(), name) + keys.checkpoint.sign(body.encode())
    return f"{body}\n{_DASH}{name} {b64encode(signature).decode()}\n"


def read_note(note: bytes, keys: Keys, name: str) -> str:
    """Return the text of a note that is signed with our key under this name. Raises UntrustedCheckpoint or ValueError.

    Signatures of other keys are ignored, as the specification says.
    """
    body, _, signatures = note.decode().rpartition("\n\n")
    text = f"{body}\n"
    if not signatures.endswith("\n"):
        raise ValueError("the note was cut off; get a whole one")
    if not _is_signed(text.encode(), signatures, keys.checkpoint.public_key(), name):
        if _other_key(signatures, name, key_id(keys.checkpoint.public_key(), name)):
            raise UntrustedCheckpoint(
                f"a note of `{name}` is signed with another key than `checkpoint.key`; if that file was replaced, put "
                "the right one back, else do not trust the note"
            )
        raise UntrustedCheckpoint(f"a note has no valid signature of `{name}`; do not trust it")
    return text


def key_id(key: Ed25519PublicKey, name: str) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _is_signed(body: bytes, signatures: str, key: Ed25519PublicKey, name: str) -> bool:
    signed = False
    for line in signatures[:-1].split("\n"):
        signer, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        signature = decode64(encoded)
        if line.startswith(_DASH) and signer == name and signature[:4] == key_id(key, name):
            try:
                key.verify(signature[4:], body)
            except InvalidSignature:
                return False
            signed = True
    return signed


def _other_key(signatures: str, name: str, ours: bytes) -> bool:
    """Say whether who signed under this name has another key than ours."""
    lines = [
        line.removeprefix(f"{_DASH}{name} ") for line in signatures.split("\n") if line.startswith(f"{_DASH}{name} ")
    ]
    return bool(lines) and all(decode64(line)[:4] != ours for line in lines)


def decode64(text: str) -> bytes:
    """Decode base64 that has one spelling only, so that no changed character passes (AUD-10)."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError(f"`{text[:20]}` is not canonical base64")
    return data

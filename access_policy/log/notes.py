"""C2SP signed notes (https://c2sp.org/signed-note): a text, an empty line, and Ed25519 signatures under it.

The key is the installation's checkpoint key, which is not in the database. A note's name is its origin, so that a note
of one kind is never taken for one of another. What a text says, and what follows from it, is its caller's; which keys
count, and for how much, is up to `signers.py`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.keys import Keys

NOTE_NAME = re.compile(
    r"(?P<series>checkpoint|observations|erased|key)-((?P<epoch>[1-9][0-9]{0,5})-)?(?P<size>[0-9]{12,15})\.txt",
    re.ASCII,
)
"""What the file of a note is called: of which kind it is, of which history, and how many rows or lines it signs; that
of a key note says which rotation it tells of."""

_ED25519 = b"\x01"  # the signature type of C2SP signed-note
_DASH = "\N{EM DASH} "


class VerifierKey(NamedTuple):
    """A public key and whose it is, as C2SP signed-note writes it: name, the key's id in hex, and base64."""

    name: str
    public: Ed25519PublicKey

    def __str__(self) -> str:
        """Return it as it is written."""
        encoded = b64encode(_ED25519 + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{key_id(self.public, self.name).hex()}+{encoded}"


def read_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key. Raises ValueError for what is none, or is written in another way."""
    name, _, encoded = text.split("+", 2)
    raw = decode64(encoded)
    key = VerifierKey(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
    if str(key) != text:
        raise ValueError(f"`{text[:60]}` is no verifier key")
    return key


def sign_note(body: str, keys: Keys, name: str) -> str:
    """Return the signed note of a text that ends with a line break. Raises ValueError for what can be no key name."""
    return sign_with(body, name, keys.checkpoint)


def sign_with(body: str, name: str, *signers: Ed25519PrivateKey) -> str:
    """Return the note of a text that each of these keys signed; as `sign_note`."""
    if not name or not name.isprintable() or any(character.isspace() or character == "+" for character in name):
        raise ValueError(f"`{name}` cannot name a log; write it like `example.org/sluis`, without spaces and `+`")
    signatures = (key_id(one.public_key(), name) + one.sign(body.encode()) for one in signers)
    return f"{body}\n" + "".join(f"{_DASH}{name} {b64encode(signature).decode()}\n" for signature in signatures)


def read_note(note: bytes, keys: Sequence[Ed25519PublicKey], name: str) -> tuple[str, int]:
    """Return the text of a note that one of our keys signed under this name, and the place of the first that did.

    Signatures of other keys are ignored, as the specification says. Raises UntrustedCheckpoint or ValueError.
    """
    text, signatures = split_note(note)
    signed = [place for place, key in enumerate(keys) if _is_signed(text.encode(), signatures, key, name)]
    if signed:
        return text, signed[0]
    if _other_key(signatures, name, {key_id(key, name) for key in keys}):
        raise UntrustedCheckpoint(
            f"a note of `{name}` is signed with another key than `checkpoint.key`; if that file was replaced, put "
            "the right one back, else do not trust the note"
        )
    raise UntrustedCheckpoint(f"a note has no valid signature of `{name}`; do not trust it")


def split_note(note: bytes) -> tuple[str, str]:
    """Return the text and the lines of signatures. Raises ValueError for a note that was cut off."""
    body, _, signatures = note.decode().rpartition("\n\n")
    if not signatures.endswith("\n"):
        raise ValueError("the note was cut off; get a whole one")
    return f"{body}\n", signatures


def is_signed_by_all(note: bytes, keys: Sequence[Ed25519PublicKey], name: str) -> bool:
    """Say whether each of these keys signed a note, one line each, and nobody else. Raises ValueError."""
    text, signatures = split_note(note)
    signed = all(_is_signed(text.encode(), signatures, key, name) for key in keys)
    return signed and signatures.count("\n") == len(keys)


def key_id(key: Ed25519PublicKey, name: str) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _is_signed(body: bytes, signatures: str, key: Ed25519PublicKey, name: str) -> bool:
    """Say whether a key signed. Raises UntrustedCheckpoint for a signature of it that does not fit."""
    signed = False
    for line in signatures[:-1].split("\n"):
        signer, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        signature = decode64(encoded)
        if line.startswith(_DASH) and signer == name and signature[:4] == key_id(key, name):
            try:
                key.verify(signature[4:], body)
            except InvalidSignature:
                raise UntrustedCheckpoint(f"a note has no valid signature of `{name}`; do not trust it") from None
            signed = True
    return signed


def _other_key(signatures: str, name: str, ours: set[bytes]) -> bool:
    """Say whether who signed under this name has another key than ours."""
    lines = [
        line.removeprefix(f"{_DASH}{name} ") for line in signatures.split("\n") if line.startswith(f"{_DASH}{name} ")
    ]
    return bool(lines) and all(decode64(line)[:4] not in ours for line in lines)


def decode64(text: str) -> bytes:
    """Decode base64 that has one spelling only, so that no changed character passes (AUD-10)."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError(f"`{text[:20]}` is not canonical base64")
    return data

"""An authenticator in software, for the tests of passkeys: it makes keys and signs, also what it should not.

Written after WebAuthn Level 3 (6.1, 6.5), without the library that checks it; `cbor2` writes the maps.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    """And back."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Says(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator and its browser say otherwise than they should; empty is the truth."""

    origin: str = ""
    rp_id: str = ""
    flags: int = PRESENT | VERIFIED
    count: int | None = None
    challenge: str = ""
    user: str | None = None
    kind: str = ""
    cross: bool = False
    forged: bool = False


class Authenticator:
    """One authenticator with one passkey. It answers the options that the hub gave, as a browser would send it on."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = secrets.token_bytes(32)
        self.user = b""
        self.count = 0

    def make(self, options: str, says: Says | None = None) -> str:
        """Answer what `navigator.credentials.create` was asked."""
        asked, says = json.loads(options), says or Says()
        self.user = raw(asked["user"]["id"])
        data = self._data(says.rp_id or asked["rp"]["id"], says, ATTESTED) + self._attested()
        client = self._client(asked, says, "webauthn.create")
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=text(client), attestationObject=text(attestation))

    def give(self, options: str, says: Says | None = None) -> str:
        """Answer what `navigator.credentials.get` was asked."""
        asked, says = json.loads(options), says or Says()
        self.count += 1
        data, client = self._data(says.rp_id or asked["rpId"], says, 0), self._client(asked, says, "webauthn.get")
        key = ec.generate_private_key(ec.SECP256R1()) if says.forged else self.key
        signature = key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        user = text(self.user) if says.user is None else says.user
        return self._answer(
            clientDataJSON=text(client), authenticatorData=text(data), signature=text(signature), userHandle=user
        )

    def _answer(self, **response: str) -> str:
        known = text(self.credential)
        return json.dumps({"id": known, "rawId": known, "type": "public-key", "response": response})

    def _client(self, asked: dict[str, Any], says: Says, kind: str) -> bytes:
        said = {
            "type": says.kind or kind, "challenge": says.challenge or asked["challenge"],
            "origin": says.origin or self.origin, "crossOrigin": says.cross,
        }  # fmt: skip
        return json.dumps(said).encode()

    def _data(self, rp_id: str, says: Says, flags: int) -> bytes:
        count = self.count if says.count is None else says.count
        return sha256(rp_id.encode()).digest() + bytes([says.flags | flags]) + count.to_bytes(4, "big")

    def _attested(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(key)

"""Seals personal texts with a key per person or request, so that erasing one key erases them all, also from history.

A sealing key is 32 random bytes, kept in `sealing_keys` under the installation's master key. A text is sealed by
AES-256-GCM with what it belongs to as associated data, so that a ciphertext that is moved to another row does not open
(MFA-11). An owner whose key is gone reads as `ERASED`; a key that is there and does not open is an error, never a
blank. When somebody may be erased is not decided here.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select

from access_policy.log.errors import UnreadableLog
from access_policy.log.keys import KEY_SIZE
from access_policy.log.tables import sealing_keys
from access_policy.log.times import RandomBytes
from access_policy.model.texts import ERASED

_NONCE_SIZE = 12  # bytes, NIST SP 800-38D section 8.2.2


class Keyring:
    """The sealing keys that this process has seen. Safe for threads: it only ever adds whole entries."""

    def __init__(self, master: bytes, random_bytes: RandomBytes) -> None:
        self._master = AESGCM(master)
        self.random_bytes = random_bytes
        self._known: dict[str, AESGCM] = {}

    def on(self, connection: Connection) -> "Sealer":
        """Return what seals and opens within one transaction."""
        return Sealer(self, connection)

    def adopt(self, sealer: "Sealer") -> None:
        """Remember the keys that a transaction made, once it is committed."""
        self._known.update(sealer.made)

    def forget(self, owners: Iterable[str]) -> None:
        """Drop the keys of owners that were erased."""
        for owner in owners:
            self._known.pop(owner, None)

    def prefetch(self, connection: Connection) -> None:
        """Read all keys at once, before a long read of the log."""
        for owner, wrapped in connection.execute(select(sealing_keys.c.owner, sealing_keys.c.wrapped)).all():
            if wrapped is not None and owner not in self._known:
                self._known[owner] = self.unwrap(owner, wrapped)

    def known(self, owner: str) -> AESGCM | None:
        """Return the owner's key where this process has seen it."""
        return self._known.get(owner)

    def remember(self, owner: str, wrapped: bytes) -> AESGCM:
        """Unwrap a committed key and keep it."""
        return self._known.setdefault(owner, self.unwrap(owner, wrapped))

    def unwrap(self, owner: str, wrapped: bytes) -> AESGCM:
        """Return the key under the master key. Raises UnreadableLog where it does not open."""
        try:
            return AESGCM(self._master.decrypt(wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:], _label("key", owner)))
        except (InvalidTag, ValueError):
            raise UnreadableLog(f"the sealing key of `{owner}` does not open; use the key files of this log") from None

    def wrap(self, owner: str, key: bytes) -> bytes:
        """Return the key under the master key, bound to its owner."""
        return seal_bytes(self._master, key, _label("key", owner), self.random_bytes)


class Sealer:
    """Seals and opens within one transaction; makes the key of an owner who has none yet."""

    def __init__(self, keyring: Keyring, connection: Connection) -> None:
        self._keyring = keyring
        self._connection = connection
        self.made: dict[str, AESGCM] = {}
        self._asked: dict[str, AESGCM] = {}

    def seal(self, text: str, owner: str, *place: str) -> bytes:
        """Seal a text for an owner (`P-3`, `DR-12`) at its place (event kind and field, or a record's purpose).

        Raises ValueError where the owner was erased: nothing personal may be written about them any more.
        """
        return self.seal_bytes(text.encode(), owner, *place)

    def open(self, sealed: bytes, owner: str, *place: str) -> str:
        """Open what `seal` made, or return `ERASED` where the owner has no key. Raises UnreadableLog otherwise."""
        opened = self.open_bytes(sealed, owner, *place)
        try:
            return ERASED if opened is None else opened.decode()
        except ValueError:
            raise _does_not_open(owner, *place) from None

    def seal_bytes(self, data: bytes, owner: str, *place: str) -> bytes:
        """Seal bytes, such as those of a file; as `seal`."""
        return seal_bytes(self._key_to_seal(owner), data, _label(owner, *place), self._keyring.random_bytes)

    def open_bytes(self, sealed: bytes, owner: str, *place: str) -> bytes | None:
        """Open what `seal_bytes` made, or return None where the owner has no key. Raises UnreadableLog otherwise."""
        key = self._key_to_open(owner)
        if key is None:
            return None
        try:
            return key.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], _label(owner, *place))
        except (InvalidTag, ValueError):
            raise _does_not_open(owner, *place) from None

    def seal_text(self, text: str, owner: str, *place: str) -> str:
        """Seal a text into base64url, as it stands in a payload."""
        return urlsafe_b64encode(self.seal(text, owner, *place)).decode()

    def open_text(self, sealed: str, owner: str, *place: str) -> str:
        """Open what `seal_text` made; as `open`."""
        try:
            raw = b64decode(sealed.encode(), altchars=b"-_", validate=True)
        except ValueError:
            raise UnreadableLog(f"a sealed text of `{owner}` is no base64url; run `sluis log verify`") from None
        return self.open(raw, owner, *place)

    def _key_to_open(self, owner: str) -> AESGCM | None:
        key = self.made.get(owner) or self._keyring.known(owner)
        if key is not None:
            return key
        wrapped = self._connection.scalar(select(sealing_keys.c.wrapped).where(sealing_keys.c.owner == owner))
        return None if wrapped is None else self._keyring.remember(owner, wrapped)

    def _key_to_seal(self, owner: str) -> AESGCM:
        """Ask the database, whatever this process remembers: another one may have erased the owner.

        Once in a transaction is enough, for whoever writes stands in line.
        """
        found = self.made.get(owner) or self._asked.get(owner)
        if found is not None:
            return found
        row = self._connection.execute(select(sealing_keys.c.wrapped).where(sealing_keys.c.owner == owner)).first()
        if row is None:
            return self._make(owner)
        if row.wrapped is None:
            raise ValueError(f"`{owner}` was erased; no personal text about them can be written")
        self._asked[owner] = self._keyring.known(owner) or self._keyring.remember(owner, row.wrapped)
        return self._asked[owner]

    def _make(self, owner: str) -> AESGCM:
        key = self._keyring.random_bytes(KEY_SIZE)
        self._connection.execute(insert(sealing_keys), {"owner": owner, "wrapped": self._keyring.wrap(owner, key)})
        self.made[owner] = AESGCM(key)
        return self.made[owner]


def seal_bytes(key: AESGCM, data: bytes, label: bytes, random_bytes: RandomBytes) -> bytes:
    """Return a fresh nonce and the ciphertext of `data`, bound to `label`."""
    nonce = random_bytes(_NONCE_SIZE)
    return nonce + key.encrypt(nonce, data, label)


def _does_not_open(*where: str) -> UnreadableLog:
    return UnreadableLog(f"the sealed text of `{' '.join(where)}` does not open; run `sluis log verify`")


def _label(*parts: str) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"".join([len(part).to_bytes(4, "big") + part for part in encoded])

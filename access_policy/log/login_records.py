"""Half-finished logins as records: what a browser waits for between two pages (S76, MFA-07).

What the provider said about somebody whom nobody knows yet is sealed with the nonce, which the browser alone holds: the
database cannot open it, and nothing of a half login stands in a cookie.
"""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Row, delete, insert, select, update

from access_policy.log.record_base import RecordBase, columns_of, token_digest
from access_policy.log.sealing import seal_bytes
from access_policy.log.tables import pending_logins
from access_policy.log.times import to_text
from access_policy.model.ids import PersonId

_LABEL = b"sluis: what a login provider said"
_NONCE_SIZE = 12  # bytes, as in sealing.py


class PendingKind(StrEnum):
    """What a pending login waits for: a known factor, the proof of a new one, who somebody is, a fresh proof."""

    LOGIN = "login"
    ENROL = "enrol"
    WHO = "who"
    STEP_UP = "step-up"


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login whose second factor is still to come; `nonce` is the SHA-256 of what the browser holds.

    `person` is empty where nobody is known by the `identity` yet. `claims` are sealed (`seal_claims`); `session` is the
    digest of the session that asks for a fresh proof.
    """

    nonce: str
    person: PersonId
    created: datetime
    expires: datetime
    kind: PendingKind
    tries: int = 0
    provider: str | None = None
    identity: str | None = None
    claims: bytes | None = None
    session: str | None = None


class LoginRecords(RecordBase):
    """Pending logins."""

    def create_pending_login(self, pending: PendingLogin) -> None:
        """Keep a login that waits for its second factor."""
        with self._write() as connection:
            connection.execute(insert(pending_logins), columns_of(pending))

    def pending_login(self, digest: str, at: datetime) -> PendingLogin | None:
        """Return a pending login by its nonce's digest, unless its time is over."""
        mine = pending_logins.c.nonce == digest
        query = select(pending_logins).where(mine, pending_logins.c.expires > to_text(at))
        return next(map(_pending, self._all(query)), None)

    def count_try(self, digest: str) -> int:
        """Count one try on a pending login; return how many there were, 0 where it is gone."""
        mine = pending_logins.c.nonce == digest
        with self._write() as connection:
            connection.execute(update(pending_logins).where(mine).values(tries=pending_logins.c.tries + 1))
            return connection.scalar(select(pending_logins.c.tries).where(mine)) or 0

    def delete_pending_login(self, digest: str) -> bool:
        """Delete a pending login; True for one caller only, so that it is used once, also in parallel."""
        return self._change(delete(pending_logins).where(pending_logins.c.nonce == digest)) == 1

    def delete_overdue_logins(self, at: datetime) -> int:
        """Delete the pending logins whose time is over; return how many there were."""
        return self._change(delete(pending_logins).where(pending_logins.c.expires <= to_text(at)))

    def seal_claims(self, nonce: str, claims: str) -> bytes:
        """Seal what a provider said with the nonce that the browser holds, at least 128 random bits."""
        return seal_bytes(_key(nonce), claims.encode(), _LABEL, self._keyring.random_bytes)


def open_claims(nonce: str, pending: PendingLogin) -> str | None:
    """Return what the provider said, for the browser that holds the nonce; None for any other, or where it is not."""
    if pending.claims is None or token_digest(nonce) != pending.nonce:
        return None
    try:
        opened = _key(nonce).decrypt(pending.claims[:_NONCE_SIZE], pending.claims[_NONCE_SIZE:], _LABEL)
    except (InvalidTag, ValueError):
        return None
    return opened.decode()


def _key(nonce: str) -> AESGCM:
    """Return a key that nobody has without the nonce; its digest in the table is another hash of it."""
    return AESGCM(sha256(b"sluis: claims of a pending login\x00" + nonce.encode()).digest())


def _pending(row: Row[Any]) -> PendingLogin:
    return msgspec.convert(row, PendingLogin, from_attributes=True)

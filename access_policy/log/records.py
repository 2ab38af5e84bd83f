"""Records: factor secrets, sessions and pending logins, which change and go, in the same database as the log.

No decision reads a record that a fact does not name. Tokens are never stored, only their SHA-256 (MFA-11); secrets are
sealed with their person's key. All instants are aware and UTC, and a session or pending login holds in the half-open
interval up to its end. How long they live, and how many failures are too many, is decided by their callers.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from access_policy.log.file_records import OpenedFile, SealedFile, read_file, read_names, seal_file, store_file
from access_policy.log.sealing import Keyring, Sealer
from access_policy.log.tables import factors, pending_logins, sessions
from access_policy.log.times import to_text
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId

Transaction = Callable[[], AbstractContextManager[Connection]]
_PURPOSE = "totp-secret"


class PendingKind(StrEnum):
    """What a pending login waits for: a code of a known factor, or the proof of a new one."""

    LOGIN = "login"
    ENROL = "enrol"


class Factor(msgspec.Struct, frozen=True):
    """A second factor without its secret. `last_step` is the RFC 6238 time step of the newest accepted code."""

    factor: FactorId
    person: PersonId
    kind: FactorKind
    last_step: int | None
    failures: int
    enrolled_at: datetime
    pending: bool


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A full login (S76): `session` is the SHA-256 of its token, `factor_at` when the second factor was given, `proof`
    the id of that, which is none in a login of an older release."""

    session: str
    person: PersonId
    begun: datetime
    factor_kind: FactorKind
    factor_at: datetime
    zone: Zone
    ends: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None
    proof: str | None = None


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login whose second factor is still to come; `nonce` is the SHA-256 of what the browser holds."""

    nonce: str
    person: PersonId
    created: datetime
    expires: datetime
    kind: PendingKind
    tries: int = 0


def token_digest(token: str) -> str:
    """Return the SHA-256 in hex under which a random token is kept."""
    return sha256(token.encode()).hexdigest()


class Records:
    """All records. Every method raises LogUnavailable where the database does not answer."""

    def __init__(self, read: Transaction, write: Transaction, keyring: Keyring, sealer: Sealer | None = None) -> None:
        self._read = read
        self._write = write
        self._keyring = keyring
        self._sealer = sealer

    def within(self, connection: Connection, sealer: Sealer) -> "Records":
        """Return the records as a part of a transaction that is under way."""

        @contextmanager
        def joined() -> Iterator[Connection]:
            yield connection

        return Records(joined, joined, self._keyring, sealer)

    # Factors

    def save_pending_factor(
        self, factor: FactorId, person: PersonId, kind: FactorKind, secret: str, at: datetime
    ) -> None:
        """Keep a new factor's secret, sealed; it is pending until `activate_factor`."""
        with self._write() as connection:
            sealer = self._sealer or self._keyring.on(connection)
            sealed = sealer.seal(secret, person, _PURPOSE, factor)
            values = {"factor": factor, "person": person, "kind": kind.value, "secret": sealed, "last_step": None}
            connection.execute(insert(factors), {**values, "failures": 0, "enrolled_at": to_text(at), "pending": True})
        if self._sealer is None:
            self._keyring.adopt(sealer)

    def activate_factor(self, factor: FactorId) -> bool:
        """Make a pending factor count; say whether it was pending."""
        change = update(factors).where(factors.c.factor == factor, factors.c.pending).values(pending=False)
        return self._change(change) == 1

    def factors_of(self, person: PersonId) -> list[Factor]:
        """Return a person's factors, pending ones too, oldest first."""
        order = (factors.c.enrolled_at, factors.c.factor)
        return [_factor(row) for row in self._all(select(factors).where(factors.c.person == person).order_by(*order))]

    def factor_secret(self, factor: FactorId) -> str | None:
        """Return a factor's secret, or None where there is no such factor. Raises UnreadableLog where it is damaged."""
        with self._read() as connection:
            row = connection.execute(select(factors).where(factors.c.factor == factor)).first()
            if row is None:
                return None
            sealer = self._sealer or self._keyring.on(connection)
            return sealer.open(bytes(row.secret), row.person, _PURPOSE, factor)

    def accept_step(self, factor: FactorId, step: int) -> bool:
        """Accept a time step once, and only a later one than before, also in parallel; failures start anew (MFA-01)."""
        later = or_(factors.c.last_step.is_(None), factors.c.last_step < step)
        change = update(factors).where(factors.c.factor == factor, later).values(last_step=step, failures=0)
        return self._change(change) == 1

    def count_failure(self, factor: FactorId) -> int:
        """Count one wrong code; return how many there are since the last right one."""
        mine = factors.c.factor == factor
        with self._write() as connection:
            connection.execute(update(factors).where(mine).values(failures=factors.c.failures + 1))
            return connection.scalar(select(factors.c.failures).where(mine)) or 0

    def delete_factor(self, factor: FactorId) -> bool:
        """Delete a factor and its secret; say whether it was there."""
        return self._change(delete(factors).where(factors.c.factor == factor)) == 1

    # Files

    def seal_file(self, owner: str, name: str, content: bytes) -> SealedFile:
        """Seal an uploaded file, kept with the fact that names it. Raises ValueError for an erased owner."""
        with self._write() as connection:
            sealer = self._sealer or self._keyring.on(connection)
            sealed = seal_file(sealer, owner, name, content)
        if self._sealer is None:
            self._keyring.adopt(sealer)
        return sealed

    def store_file(self, file: SealedFile) -> None:
        """Keep a sealed file."""
        with self._write() as connection:
            store_file(connection, file)

    def file(self, digest: str) -> OpenedFile | None:
        """Return a file by its fact's hash, None where it is gone. Raises UnreadableLog where its bytes do not fit."""
        with self._read() as connection:
            return read_file(connection, self._sealer or self._keyring.on(connection), digest)

    def file_names(self, digests: Collection[str]) -> dict[str, str]:
        """Return the names of files by their facts' hashes, as far as they can be read."""
        with self._read() as connection:
            return read_names(connection, self._sealer or self._keyring.on(connection), digests)

    # Sessions

    def begin_session(self, session: Session) -> None:
        """Keep a new session."""
        with self._write() as connection:
            connection.execute(insert(sessions), _columns(session))

    def session(self, digest: str) -> Session | None:
        """Return a session by its token's digest, live or over."""
        return next(map(_session, self._all(select(sessions).where(sessions.c.session == digest))), None)

    def newest_live_session(self, person: PersonId, at: datetime) -> Session | None:
        """Return the live session of a person that began last, if there is one."""
        query = _live(at).where(sessions.c.person == person).order_by(sessions.c.begun.desc()).limit(1)
        return next(map(_session, self._all(query)), None)

    def end_sessions_of(self, person: PersonId, at: datetime, why: str) -> list[Session]:
        """End all sessions of a person that were not ended; return them as they were."""
        return self._end(sessions.c.person == person, at, why)

    def end_overdue_sessions(self, at: datetime, why: str) -> list[Session]:
        """Mark as ended the sessions whose time is over; return them as they were, each to one caller only."""
        return self._end(sessions.c.ends <= to_text(at), at, why)

    # Pending logins

    def create_pending_login(self, pending: PendingLogin) -> None:
        """Keep a login that waits for its second factor."""
        with self._write() as connection:
            connection.execute(insert(pending_logins), _columns(pending))

    def pending_login(self, digest: str, at: datetime) -> PendingLogin | None:
        """Return a pending login by its nonce's digest, unless its time is over."""
        mine = pending_logins.c.nonce == digest
        query = select(pending_logins).where(mine, pending_logins.c.expires > to_text(at))
        return next(map(_pending, self._all(query)), None)

    def delete_pending_login(self, digest: str) -> bool:
        """Delete a pending login; True for one caller only, so that it is used once, also in parallel."""
        return self._change(delete(pending_logins).where(pending_logins.c.nonce == digest)) == 1

    def delete_overdue_logins(self, at: datetime) -> int:
        """Delete the pending logins whose time is over; return how many there were."""
        return self._change(delete(pending_logins).where(pending_logins.c.expires <= to_text(at)))

    def _all(self, query: Any) -> list[Row[Any]]:
        with self._read() as connection:
            return list(connection.execute(query))

    def _change(self, statement: Any) -> int:
        with self._write() as connection:
            return int(connection.execute(statement).rowcount)

    def _end(self, which: Any, at: datetime, why: str) -> list[Session]:
        open_ones = (which, sessions.c.ended_at.is_(None))
        with self._write() as connection:
            found = connection.execute(
                select(sessions).where(*open_ones).order_by(sessions.c.begun, sessions.c.session)
            )
            ending = [_session(row) for row in found]
            connection.execute(update(sessions).where(*open_ones).values(ended_at=to_text(at), ended_why=why))
        return ending


def _live(at: datetime) -> Any:
    now = to_text(at)
    return select(sessions).where(sessions.c.ended_at.is_(None), sessions.c.begun <= now, sessions.c.ends > now)


def _columns(record: Session | PendingLogin) -> dict[str, Any]:
    values = msgspec.structs.asdict(record)
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _factor(row: Row[Any]) -> Factor:
    return msgspec.convert(row, Factor, from_attributes=True)


def _session(row: Row[Any]) -> Session:
    return msgspec.convert(row, Session, from_attributes=True)


def _pending(row: Row[Any]) -> PendingLogin:
    return msgspec.convert(row, PendingLogin, from_attributes=True)

"""Second factors as records: sealed secrets, what was accepted last, wrong answers, and recovery codes (S17, MFA-01).

A factor counts only where a fact names it. Secrets and names are sealed with their person's key, so that they go with
it and open nowhere else (MFA-11). How many failures are too many is decided by the callers.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, or_, select, true, update

from access_policy.log.record_base import RecordBase
from access_policy.log.tables import factors, recovery_codes
from access_policy.log.times import to_text
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId

_PURPOSES = {
    FactorKind.TOTP: "totp-secret",
    FactorKind.PASSKEY: "passkey",
    FactorKind.RECOVERY: "recovery",
    FactorKind.PROVIDER: "provider",
}
_NAME = "factor-name"


class Factor(msgspec.Struct, frozen=True):
    """A second factor without its secret. `last_step` is the RFC 6238 time step of the newest accepted code.

    `failures` are wrong answers since the last right one, `failed_at` when the newest came; `credential` and
    `sign_count` are of a passkey: the SHA-256 of its credential id, and its counter.
    """

    factor: FactorId
    person: PersonId
    kind: FactorKind
    last_step: int | None
    failures: int
    enrolled_at: datetime
    pending: bool
    last_used: datetime | None = None
    failed_at: datetime | None = None
    credential: str | None = None
    sign_count: int | None = None


class NewFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor to be kept, pending until `activate_factor`. `secret` is what proves it: a seed, a public key."""

    factor: FactorId
    person: PersonId
    kind: FactorKind
    secret: str
    name: str = ""
    credential: str | None = None
    sign_count: int | None = None


class FactorRecords(RecordBase):
    """Second factors and recovery codes."""

    def save_pending_factor(
        self, factor: FactorId, person: PersonId, kind: FactorKind, secret: str, at: datetime
    ) -> None:
        """Keep a new factor's secret, sealed; it is pending until `activate_factor`."""
        self.save_factor(NewFactor(factor=factor, person=person, kind=kind, secret=secret), at)

    def save_factor(self, new: NewFactor, at: datetime) -> None:
        """Keep a new factor, secret and name sealed; it is pending until `activate_factor`.

        Raises LogUnavailable for a passkey that is somebody's already (MFA-15), ValueError for an erased person.
        """
        with self._sealing() as (connection, sealer):
            values = {
                "factor": new.factor, "person": new.person, "kind": new.kind.value, "last_step": None, "failures": 0,
                "secret": sealer.seal(new.secret, new.person, _PURPOSES[new.kind], new.factor),
                "name": sealer.seal(new.name, new.person, _NAME, new.factor) if new.name else None,
                "enrolled_at": to_text(at), "pending": True, "credential": new.credential, "sign_count": new.sign_count,
            }  # fmt: skip
            connection.execute(insert(factors), values)

    def activate_factor(self, factor: FactorId) -> bool:
        """Make a pending factor count; say whether it was pending."""
        change = update(factors).where(factors.c.factor == factor, factors.c.pending).values(pending=False)
        return self._change(change) == 1

    def factors_of(self, person: PersonId) -> list[Factor]:
        """Return a person's factors, pending ones too, oldest first."""
        order = (factors.c.enrolled_at, factors.c.factor)
        return [_factor(row) for row in self._all(select(factors).where(factors.c.person == person).order_by(*order))]

    def factor_of_credential(self, credential: str) -> Factor | None:
        """Return the passkey of a credential id, by its SHA-256, whoever's it is (MFA-15)."""
        return next(map(_factor, self._all(select(factors).where(factors.c.credential == credential))), None)

    def factor_secret(self, factor: FactorId) -> str | None:
        """Return a factor's secret, or None where there is no such factor. Raises UnreadableLog where it is damaged."""
        with self._read() as connection:
            row = connection.execute(select(factors).where(factors.c.factor == factor)).first()
            if row is None:
                return None
            purpose = _PURPOSES[FactorKind(row.kind)]
            return self._opening(connection).open(bytes(row.secret), row.person, purpose, factor)

    def factor_names(self, person: PersonId) -> dict[FactorId, str]:
        """Return what a person calls their factors, those that have a name. Raises UnreadableLog for damage."""
        query = select(factors.c.factor, factors.c.name).where(factors.c.person == person, factors.c.name.is_not(None))
        with self._read() as connection:
            sealer = self._opening(connection)
            rows = connection.execute(query.order_by(factors.c.factor)).all()
            return {row.factor: sealer.open(bytes(row.name), person, _NAME, row.factor) for row in rows}

    def rename_factor(self, factor: FactorId, person: PersonId, name: str) -> bool:
        """Give a person's factor another name; say whether it is theirs. Raises ValueError for an erased person."""
        with self._sealing() as (connection, sealer):
            sealed = sealer.seal(name, person, _NAME, factor)
            mine = (factors.c.factor == factor, factors.c.person == person)
            return connection.execute(update(factors).where(*mine).values(name=sealed)).rowcount == 1

    def accept_step(self, factor: FactorId, step: int, at: datetime | None = None) -> bool:
        """Accept a time step once, and only a later one than before, also in parallel; failures start anew (MFA-01)."""
        later = or_(factors.c.last_step.is_(None), factors.c.last_step < step)
        return self._used(factor, later, at, last_step=step)

    def accept_count(self, factor: FactorId, count: int, at: datetime) -> bool:
        """Accept a passkey's signature counter where it grew, or was and is 0 (WebAuthn Level 3, 6.1.1; MFA-15)."""
        stands = factors.c.sign_count
        grew = or_(stands.is_(None), stands < max(count, 1))  # 0 after 0: an authenticator that counts nothing
        return self._used(factor, grew, at, sign_count=count)

    def accept_recovery_code(self, factor: FactorId, digest: str, at: datetime) -> bool:
        """Accept a recovery code by its SHA-256 once, also in parallel; failures start anew (MFA-12)."""
        codes = recovery_codes.c
        this = update(recovery_codes).where(codes.factor == factor, codes.digest == digest, codes.used_at.is_(None))
        return self._change(this.values(used_at=to_text(at))) == 1 and self.note_use(factor, at)

    def note_use(self, factor: FactorId, at: datetime) -> bool:
        """Note that a factor was given rightly; failures start anew. Say whether it is there."""
        return self._used(factor, true(), at)

    def forget_failures(self, factor: FactorId) -> None:
        """Let a factor's count of wrong answers start anew: another one proved that it is its person who types."""
        self._change(update(factors).where(factors.c.factor == factor).values(failures=0))

    def count_failure(self, factor: FactorId, at: datetime | None = None) -> int:
        """Count one wrong answer; return how many there are since the last right one."""
        mine = factors.c.factor == factor
        values: dict[str, Any] = {"failures": factors.c.failures + 1}
        with self._write() as connection:
            noted = values if at is None else values | {"failed_at": to_text(at)}
            connection.execute(update(factors).where(mine).values(**noted))
            return connection.scalar(select(factors.c.failures).where(mine)) or 0

    def save_recovery_codes(self, factor: FactorId, person: PersonId, digests: Iterable[str]) -> None:
        """Keep the codes of a recovery factor, as SHA-256 of at least 100 random bits each; those before are dead."""
        with self._write() as connection:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.factor == factor))
            rows = [{"factor": factor, "digest": one, "person": person, "used_at": None} for one in digests]
            if rows:
                connection.execute(insert(recovery_codes), rows)

    def recovery_codes_left(self, factor: FactorId) -> int:
        """Return how many codes of a recovery factor were not used yet."""
        codes = recovery_codes.c
        query = select(func.count()).select_from(recovery_codes).where(codes.factor == factor, codes.used_at.is_(None))
        return int(self._all(query)[0][0])

    def delete_factor(self, factor: FactorId) -> bool:
        """Delete a factor with its secret and codes; say whether it was there."""
        with self._write() as connection:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.factor == factor))
            return connection.execute(delete(factors).where(factors.c.factor == factor)).rowcount == 1

    def _used(self, factor: FactorId, where: Any, at: datetime | None, **values: int) -> bool:
        noted: dict[str, Any] = {"failures": 0, **values} | ({} if at is None else {"last_used": to_text(at)})
        return self._change(update(factors).where(factors.c.factor == factor, where).values(**noted)) == 1


def _factor(row: Row[Any]) -> Factor:
    return msgspec.convert(row, Factor, from_attributes=True)

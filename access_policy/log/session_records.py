"""Sessions as records, and the step-ups given in them (S76): what holds until when, and what was used once.

A session holds in the half-open interval up to its end, and up to the instant at which it has been idle for too long.
Tokens are never stored, only their SHA-256 (MFA-11). How long anything lives is decided by the callers.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from access_policy.log.record_base import RecordBase, columns_of
from access_policy.log.tables import sessions, step_ups
from access_policy.log.times import to_text
from access_policy.model.enums import Assurance, FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A full login (S76): `session` is the SHA-256 of its token, `factor_at` when the second factor was given, `proof`
    the id of that, which is none in a login of an older release.

    `provider` is the login provider's name, `assurance` the level that it stated, `factor` the second factor given.
    The session is over at `idle_ends` unless something is done in it before; where that is None, at `ends` alone.
    `zone` is where it began; it is inside up to `inside_until`, unless its browser is seen inside again (S78).
    """

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
    provider: str | None = None
    factor: FactorId | None = None
    assurance: Assurance | None = None
    last_activity: datetime | None = None
    idle_ends: datetime | None = None
    inside_until: datetime | None = None


class StepUpAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What a step-up was given for: one person in one session, and one command by the SHA-256 of its canonical form.

    `token` is the SHA-256 of what the browser brings back.
    """

    token: str
    person: PersonId
    session: str
    command: str


class StepUp(StepUpAsked, frozen=True, kw_only=True):
    """A second factor that was given for one command; `proof` is its id, by which facts name it."""

    proof: str
    factor: FactorId
    created: datetime
    expires: datetime
    used: datetime | None = None


class SessionRecords(RecordBase):
    """Sessions and step-ups."""

    def begin_session(self, session: Session) -> None:
        """Keep a new session."""
        with self._write() as connection:
            connection.execute(insert(sessions), columns_of(session))

    def session(self, digest: str) -> Session | None:
        """Return a session by its token's digest, live or over."""
        return next(map(_session, self._all(select(sessions).where(sessions.c.session == digest))), None)

    def newest_live_session(self, person: PersonId, at: datetime) -> Session | None:
        """Return the live session of a person that began last, if there is one."""
        query = _live(at).where(sessions.c.person == person).order_by(sessions.c.begun.desc()).limit(1)
        return next(map(_session, self._all(query)), None)

    def live_sessions(self, at: datetime, person: PersonId | None = None) -> list[Session]:
        """Return the live sessions, of one person or of all, oldest first."""
        query = _live(at) if person is None else _live(at).where(sessions.c.person == person)
        return [_session(row) for row in self._all(query.order_by(sessions.c.begun, sessions.c.session))]

    def note_activity(self, digest: str, at: datetime, idle_ends: datetime) -> bool:
        """Note that the person did something in a session; say whether it is live, and stays so up to `idle_ends`.

        A session that is over stays over, and none is noted back in time (SES-12).
        """
        earlier = or_(sessions.c.last_activity.is_(None), sessions.c.last_activity <= to_text(at))
        mine = (sessions.c.session == digest, *_lives(at))
        change = update(sessions).where(*mine, earlier)
        if self._change(change.values(last_activity=to_text(at), idle_ends=to_text(idle_ends))) == 1:
            return True
        return bool(self._all(select(sessions.c.session).where(*mine)))

    def note_place(self, digest: str, at: datetime, inside_until: datetime | None) -> bool:
        """Note up to when a live session counts as inside, or that it does not (NET-05); say whether that is noted.

        One of an older release has no place before something is done in it.
        """
        until = None if inside_until is None else to_text(inside_until)
        mine = (sessions.c.session == digest, sessions.c.last_activity.is_not(None), *_lives(at))
        return self._change(update(sessions).where(*mine).values(inside_until=until)) == 1

    def end_stays(self, at: datetime) -> list[Session]:
        """Note of sessions that were not seen inside in time that they are not; return them, each to one caller."""
        over = (sessions.c.ended_at.is_(None), sessions.c.inside_until <= to_text(at))
        change = update(sessions).where(*over).values(inside_until=None).returning(*sessions.c)
        with self._write() as connection:
            return [_session(row) for row in connection.execute(change)]

    def end_session(self, digest: str, at: datetime, why: str) -> Session | None:
        """End one session; return it as it was, or None where it had ended, or never began."""
        return next(iter(self._end(sessions.c.session == digest, at, why)), None)

    def end_sessions_of(self, person: PersonId, at: datetime, why: str, keep: str | None = None) -> list[Session]:
        """End all sessions of a person that were not ended, but the one with the digest `keep` (MFA-08).

        Return them as they were.
        """
        mine = sessions.c.person == person
        return self._end(mine if keep is None else mine & (sessions.c.session != keep), at, why)

    def end_overdue_sessions(self, at: datetime, why: str) -> list[Session]:
        """Mark as ended the sessions whose time is over; return them as they were, each to one caller only."""
        return self._end(or_(sessions.c.ends <= to_text(at), sessions.c.idle_ends <= to_text(at)), at, why)

    def create_step_up(self, step_up: StepUp) -> None:
        """Keep a second factor that was given for one command."""
        with self._write() as connection:
            connection.execute(insert(step_ups), columns_of(step_up))

    def step_up(self, asked: StepUpAsked, at: datetime) -> StepUp | None:
        """Return the step-up that was given for exactly this, while it can be used."""
        query = select(step_ups).where(*_this(asked), *_fresh(at))
        return next((msgspec.convert(row, StepUp, from_attributes=True) for row in self._all(query)), None)

    def use_step_up(self, asked: StepUpAsked, at: datetime) -> str | None:
        """Use a step-up for exactly what it was given for; return its proof, once, also in parallel, else None."""
        change = update(step_ups).where(*_this(asked), *_fresh(at)).values(used=to_text(at))
        with self._write() as connection:
            if connection.execute(change).rowcount != 1:
                return None
            return str(connection.scalar(select(step_ups.c.proof).where(step_ups.c.token == asked.token)))

    def take_step_up(self, asked: StepUpAsked, at: datetime) -> str | None:
        """Do the same by taking it away: for the part that keeps step-ups, and may mark none as used (AUD-11)."""
        taking = delete(step_ups).where(*_this(asked), *_fresh(at)).returning(step_ups.c.proof)
        with self._write() as connection:
            proof = connection.scalar(taking)
            return None if proof is None else str(proof)

    def delete_overdue_step_ups(self, at: datetime) -> int:
        """Delete the step-ups whose time is over, used or not; return how many there were."""
        return self._change(delete(step_ups).where(step_ups.c.expires <= to_text(at)))

    def _end(self, which: Any, at: datetime, why: str) -> list[Session]:
        open_ones = (which, sessions.c.ended_at.is_(None))
        with self._write() as connection:
            found = connection.execute(
                select(sessions).where(*open_ones).order_by(sessions.c.begun, sessions.c.session)
            )
            ending = [_session(row) for row in found]
            connection.execute(update(sessions).where(*open_ones).values(ended_at=to_text(at), ended_why=why))
        return ending


def _this(asked: StepUpAsked) -> tuple[ColumnElement[bool], ...]:
    row = step_ups.c
    same = (row.token == asked.token, row.person == asked.person)
    return (*same, row.session == asked.session, row.command == asked.command)


def _fresh(at: datetime) -> tuple[ColumnElement[bool], ...]:
    row = step_ups.c
    return row.used.is_(None), row.created <= to_text(at), row.expires > to_text(at)


def _lives(at: datetime) -> tuple[ColumnElement[bool], ...]:
    now, row = to_text(at), sessions.c
    awake = or_(row.idle_ends.is_(None), row.idle_ends > now)
    return row.ended_at.is_(None), row.begun <= now, row.ends > now, awake


def _live(at: datetime) -> Any:
    return select(sessions).where(*_lives(at))


def _session(row: Row[Any]) -> Session:
    return msgspec.convert(row, Session, from_attributes=True)

"""The outbox: notices that wait to be sent, each one sealed with the key of whom it is about (S37, S67, E50).

The facts themselves are what a notice rests on: `put` adds the notices of facts and notes in the same transaction up to
which fact that was done, so a kill between a fact and its notice loses none and doubles none. What is new has one key
for each occasion, which is taken once.

A notice is sent by whoever claimed it, one at a time for all processes. Before the last word to the mail server it is
handed over: who dies earlier leaves it to the next, who dies later leaves a doubt, and nobody sends it again by itself.
All instants are aware and UTC; how long a claim holds is decided by the caller. An address is never in a message here.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from access_policy.log.database import Database
from access_policy.log.record_base import RecordBase
from access_policy.log.sealing import Sealer
from access_policy.log.tables import facts, outbox, outbox_reach
from access_policy.log.times import to_text
from access_policy.model.texts import ERASED

_FACTS = "facts"
_ADDRESS, _CONTENT = "outbox-address", "outbox-content"
_ID_SIZE = 16  # bytes


class Standing(StrEnum):
    """What became of a notice. From `handed-over` on the mail server may have it."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    HANDED_OVER = "handed-over"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


_HELD = (Standing.CLAIMED, Standing.HANDED_OVER)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent because of the fact `seq`: to an address, of a template with its values. `owner` is the person
    or request whose key seals it; `key` names the occasion."""

    key: str
    seq: int
    owner: str
    template: str
    address: str = msgspec.field(default="")
    content: dict[str, str] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A notice without what it says, and to which address. `answer` is the mail server's last one (RFC 5321)."""

    id: str
    owner: str
    template: str
    state: Standing
    created: datetime
    due: datetime
    tries: int
    claim: str | None = None
    settled: datetime | None = None
    answer: int | None = None
    message_id: str | None = None


class Outbox(RecordBase):
    """All notices. Every method raises LogUnavailable where the database does not answer."""

    def reached(self) -> int:
        """Return the number of the newest fact whose notices were put."""
        with self._read() as connection:
            return _reach(connection)[0]

    def put(self, letters: Iterable[Letter], reached: int, at: datetime, lost: int = 0) -> int:
        """Add the notices of the facts up to `reached`, but none twice, and none about somebody erased; return how
        many. What follows from facts before a restore, or up to `lost`, leaves a doubt: it may have been sent."""
        with self._sealing() as (connection, sealer):
            before, doubtful = _reach(connection)
            if lost > doubtful:
                doubtful = lost
                _doubt(connection, at)
            new = [one for one in letters if one.seq > before]
            known = _known(connection, [one.key for one in new])
            rows = [self._row(sealer, one, at, one.seq <= doubtful) for one in new if one.key not in known]
            added = {row["key"]: row for row in rows if row is not None}
            if added:
                connection.execute(insert(outbox), list(added.values()))
            _reaches(connection, max(before, reached), doubtful)
        return len(added)

    def is_due(self, at: datetime) -> bool:
        """Say whether there is something to claim, or left behind by somebody who died; changes nothing."""
        with self._read() as connection:
            return connection.scalar(select(outbox.c.id).where(or_(_free(at), _overdue(at))).limit(1)) is not None

    def left_behind(self, at: datetime) -> list[Entry]:
        """Return the notices that were handed over, and whose sender said no more."""
        mine = and_(outbox.c.state == Standing.HANDED_OVER, _overdue(at))
        return [_entry(row) for row in self._all(select(outbox).where(mine).order_by(outbox.c.id))]

    def unsent_since(self, before: datetime) -> list[Entry]:
        """Return the notices that were due before an instant, and were never tried."""
        mine = and_(outbox.c.state == Standing.WAITING, outbox.c.due < to_text(before), outbox.c.tries == 0)
        return [_entry(row) for row in self._all(select(outbox).where(mine).order_by(outbox.c.id))]

    def claim(self, at: datetime, until: datetime) -> Entry | None:
        """Take the notice that has been due for longest, for one caller only; None while anybody holds another."""
        with self._write() as connection:
            held = select(outbox.c.id).where(outbox.c.state.in_(_HELD), outbox.c.held_until > to_text(at))
            if connection.scalar(held.limit(1)) is not None:
                return None
            order = (outbox.c.due, outbox.c.seq, outbox.c.id)
            row = connection.execute(select(outbox).where(_free(at)).order_by(*order).limit(1)).first()
            if row is None:
                return None
            mine = {"state": Standing.CLAIMED.value, "claim": self._word(), "held_until": to_text(until)}
            connection.execute(update(outbox).where(outbox.c.id == row.id).values(tries=outbox.c.tries + 1, **mine))
            return _entry(connection.execute(select(outbox).where(outbox.c.id == row.id)).one())

    def letter(self, claimed: Entry) -> Letter | None:
        """Return what a claimed notice says; None where its owner was erased. Raises UnreadableLog for damage."""
        with self._read() as connection:
            row = connection.execute(select(outbox).where(_held_by(claimed))).first()
            if row is None or row.address is None or row.content is None:
                return None
            sealer = self._opening(connection)
            address = sealer.open(bytes(row.address), row.owner, _ADDRESS, row.id)
            content = sealer.open(bytes(row.content), row.owner, _CONTENT, row.id)
        if ERASED in (address, content):
            return None
        values = msgspec.json.decode(content, type=dict[str, str])
        return Letter(key=row.key, seq=row.seq, owner=row.owner, template=row.template, address=address, content=values)

    def hand_over(self, claimed: Entry, message_id: str, until: datetime) -> bool:
        """Note that the mail server gets it now. False: it is no longer ours, or gone; then it must not be sent."""
        mine = and_(_held_by(claimed), outbox.c.state == Standing.CLAIMED)
        values = {"state": Standing.HANDED_OVER.value, "message_id": message_id, "held_until": to_text(until)}
        return self._change(update(outbox).where(mine).values(**values)) == 1

    def put_back(self, claimed: Entry, due: datetime, answer: int | None) -> bool:
        """Let it be tried again from `due` on: the mail server does not have it. False: it is no longer ours."""
        values = {"state": Standing.WAITING.value, "due": to_text(due), "answer": answer, "message_id": None}
        mine = and_(_held_by(claimed), outbox.c.state.in_(_HELD))
        return self._change(update(outbox).where(mine).values(held_until=None, **values)) == 1

    def settle(self, claimed: Entry, state: Standing, at: datetime, answer: int | None = None) -> bool:
        """Note what became of it; also of one that was in doubt meanwhile. False: it is no longer ours, or gone.

        Address and content of one that was sent go; of another they stay, so that an operator can send it again.
        """
        values: dict[str, Any] = {"state": state.value, "settled": to_text(at), "answer": answer, "held_until": None}
        if state is Standing.SENT:
            values |= {"address": None, "content": None}
        mine = and_(_held_by(claimed), outbox.c.state.in_((*_HELD, Standing.WAITING, Standing.UNCERTAIN)))
        return self._change(update(outbox).where(mine).values(**values)) == 1

    def send_again(self, notice: str, at: datetime) -> bool:
        """Let a notice that failed or is in doubt be sent once more; False where there is none such."""
        again = (Standing.FAILED, Standing.UNCERTAIN)
        mine = and_(outbox.c.id == notice, outbox.c.state.in_(again), outbox.c.address.is_not(None))
        values = {"state": Standing.WAITING.value, "due": to_text(at), "tries": 0, "settled": None, "claim": ""}
        return self._change(update(outbox).where(mine).values(answer=None, message_id=None, **values)) == 1

    def forget(self, before: datetime) -> int:
        """Delete what was settled before an instant; return how many those were."""
        return self._change(delete(outbox).where(outbox.c.settled < to_text(before)))

    def entries(self) -> list[Entry]:
        """Return all notices, oldest first."""
        return [_entry(row) for row in self._all(select(outbox).order_by(outbox.c.seq, outbox.c.id))]

    def counts(self) -> dict[Standing, int]:
        """Return how many notices there are of each standing."""
        rows: list[Any] = [*self._all(select(outbox.c.state, func.count()).group_by(outbox.c.state))]
        return {Standing(row[0]): int(row[1]) for row in rows}

    def _row(self, sealer: Sealer, letter: Letter, at: datetime, doubtful: bool) -> dict[str, Any] | None:
        notice, now = self._word(), to_text(at)
        try:
            address = sealer.seal(letter.address, letter.owner, _ADDRESS, notice)
            content = sealer.seal(msgspec.json.encode(letter.content).decode(), letter.owner, _CONTENT, notice)
        except ValueError:  # erased since
            return None
        return {
            "id": notice, "key": letter.key, "owner": letter.owner, "seq": letter.seq, "template": letter.template,
            "address": address, "content": content, "created": now, "due": now, "tries": 0, **_begins(doubtful, now),
        }  # fmt: skip

    def _word(self) -> str:
        return self._keyring.random_bytes(_ID_SIZE).hex()


def doubt_unsent(database: Database, at: datetime) -> None:
    """Leave a doubt about what a log that was put back holds unsent, and about its facts: all may have been sent since.

    A sender finds them as if somebody had died who sent them, tells of each, and sends none. Raises LogUnavailable.
    """
    with database.write() as connection:
        _doubt(connection, at)
        newest = connection.scalar(select(func.max(facts.c.seq))) or 0
        _reaches(connection, _reach(connection)[0], newest)


def _doubt(connection: Connection, at: datetime) -> None:
    waiting = outbox.c.state.in_((Standing.WAITING, Standing.CLAIMED))
    connection.execute(update(outbox).where(waiting).values(**_begins(True, to_text(at))))


def _begins(doubtful: bool, now: str) -> dict[str, Any]:
    state = Standing.HANDED_OVER if doubtful else Standing.WAITING
    return {"state": state.value, "held_until": now if doubtful else None, "claim": ""}


def _reach(connection: Connection) -> tuple[int, int]:
    row = connection.execute(select(outbox_reach).where(outbox_reach.c.name == _FACTS)).first()
    return (0, 0) if row is None else (row.seq, row.doubtful)


def _reaches(connection: Connection, seq: int, doubtful: int) -> None:
    values = {"seq": seq, "doubtful": doubtful}
    if connection.execute(update(outbox_reach).where(outbox_reach.c.name == _FACTS).values(**values)).rowcount == 0:
        connection.execute(insert(outbox_reach), {"name": _FACTS, **values})


def _known(connection: Connection, keys: list[str]) -> frozenset[str]:
    return frozenset(connection.scalars(select(outbox.c.key).where(outbox.c.key.in_(keys)))) if keys else frozenset()


def _free(at: datetime) -> Any:
    """Return what can be claimed: what is due, and what was claimed by somebody who died before handing it over."""
    now = to_text(at)
    waiting = and_(outbox.c.state == Standing.WAITING, outbox.c.due <= now)
    return or_(waiting, and_(outbox.c.state == Standing.CLAIMED, outbox.c.held_until <= now))


def _overdue(at: datetime) -> Any:
    return and_(outbox.c.state.in_(_HELD), outbox.c.held_until <= to_text(at))


def _held_by(claimed: Entry) -> Any:
    return and_(outbox.c.id == claimed.id, outbox.c.claim == claimed.claim)


def _entry(row: Row[Any]) -> Entry:
    return msgspec.convert(row, Entry, from_attributes=True)

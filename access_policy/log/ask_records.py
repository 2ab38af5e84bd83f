"""Commands that wait for a fresh second factor, as records: what the desk asks the hub for (S76).

The desk writes what is asked, the hub writes that a factor was given for it (`step_ups`), and neither writes the
other's. What is asked is sealed with the key of who asks.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select

from access_policy.log.record_base import RecordBase
from access_policy.log.sealing import Sealer
from access_policy.log.session_records import StepUpAsked
from access_policy.log.tables import step_up_asks
from access_policy.log.times import to_text
from access_policy.model.ids import PersonId
from access_policy.model.texts import ERASED

_PURPOSE = "step-up"
MOST_WAITING = 20
"""How many asks of one person wait at a time; the oldest give way."""


class Ask(StepUpAsked, frozen=True, kw_only=True):
    """A command, in its one form, for which a factor is asked. `back` says where the browser goes on afterwards."""

    form: str
    back: str
    created: datetime
    expires: datetime


class AskRecords(RecordBase):
    """What waits for a fresh second factor."""

    def create_ask(self, ask: Ask) -> None:
        """Keep an ask, sealed. Raises ValueError for an erased person."""
        with self._sealing() as (connection, sealer):
            values = {
                "token": ask.token, "person": ask.person, "session": ask.session, "command": ask.command,
                "form": sealer.seal(ask.form, ask.person, _PURPOSE, ask.token), "back": ask.back,
                "created": to_text(ask.created), "expires": to_text(ask.expires),
            }  # fmt: skip
            connection.execute(delete(step_up_asks).where(step_up_asks.c.expires <= to_text(ask.created)))
            mine = select(step_up_asks.c.token).where(step_up_asks.c.person == ask.person)
            order = (step_up_asks.c.created.desc(), step_up_asks.c.token)
            too_many = connection.scalars(mine.order_by(*order).offset(MOST_WAITING - 1)).all()
            connection.execute(delete(step_up_asks).where(step_up_asks.c.token.in_(too_many)))
            connection.execute(insert(step_up_asks), values)

    def ask(self, token: str, at: datetime) -> Ask | None:
        """Return an ask by its token's digest, unless its time is over. Raises UnreadableLog where it is damaged."""
        query = select(step_up_asks).where(step_up_asks.c.token == token, step_up_asks.c.expires > to_text(at))
        with self._read() as connection:
            row = connection.execute(query).first()
            return None if row is None else _ask(row, self._opening(connection))

    def delete_ask(self, token: str) -> bool:
        """Delete an ask; True for one caller only, so that it is used once, also in parallel."""
        return self._change(delete(step_up_asks).where(step_up_asks.c.token == token)) == 1

    def asks_of(self, person: PersonId) -> int:
        """Return how many asks of a person are kept."""
        return len(self._all(select(step_up_asks.c.token).where(step_up_asks.c.person == person)))


def _ask(row: Row[Any], sealer: Sealer) -> Ask | None:
    form = sealer.open(bytes(row.form), row.person, _PURPOSE, row.token)
    if form == ERASED:
        return None
    return msgspec.convert({str(name): value for name, value in row._mapping.items()} | {"form": form}, Ask)

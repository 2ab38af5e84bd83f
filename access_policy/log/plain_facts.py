"""Ids and numbers of a few kinds of facts as they are stored, for what looks after erasures and files without a state.

No seal is opened for it, so it needs no key. What a fact means is the fold's.
"""

from collections.abc import Iterator

import msgspec
from sqlalchemy import select

from access_policy.log.database import Database
from access_policy.log.errors import UnreadableLog
from access_policy.log.tables import facts


class Plain(msgspec.Struct):
    """What is read of a fact; a field that its kind does not have is empty."""

    person: str | None = None
    request: str | None = None
    requests: tuple[str, ...] = ()
    epoch: int = 0
    kept: int = 0
    file: int = 0
    digest: str = ""
    former: str = ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Return the person and the requests that an erasure names."""
        return (*([self.person] if self.person else []), *self.requests)


def plain_facts(database: Database, *kinds: str, after: int = 0) -> Iterator[tuple[int, str, Plain]]:
    """Give number, kind and fields of each fact of these kinds after one, in order. Raises UnreadableLog,
    LogUnavailable."""
    query = select(facts.c.seq, facts.c.kind, facts.c.payload).where(facts.c.kind.in_(kinds), facts.c.seq > after)
    with database.read() as connection:
        rows = connection.execute(query.order_by(facts.c.seq)).all()
    for seq, kind, payload in rows:
        yield seq, kind, _plain(seq, payload)


def _plain(seq: int, payload: bytes) -> Plain:
    try:
        return msgspec.json.decode(bytes(payload), type=Plain)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise UnreadableLog(f"fact `{seq}` cannot be read ({error}); run `sluis log verify`") from None

"""Forms that are not sent in yet, as records: the desk's own, sealed with their person's key, gone with it (AUD-08).

A draft is no event: nobody decides on one. How many somebody may keep, and how large one may be, is decided elsewhere.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, select, update

from access_policy.drafts import Draft
from access_policy.log.errors import UnreadableLog
from access_policy.log.record_base import RecordBase
from access_policy.log.sealing import Sealer
from access_policy.log.tables import drafts
from access_policy.log.times import to_text
from access_policy.model.ids import PersonId

_PURPOSE = "draft"
_decode = msgspec.json.Decoder(Draft).decode


class KeptDraft(msgspec.Struct, frozen=True):
    """A draft under its name, and when it was changed last (UTC)."""

    draft: str
    changed: datetime
    form: Draft


class DraftRecords(RecordBase):
    """What people have begun to fill in."""

    def create_draft(self, name: str, person: PersonId, form: Draft, at: datetime, most: int) -> bool:
        """Keep a new draft, sealed; False, and nothing kept, where the person has `most` of them.

        Raises ValueError for an erased person.
        """
        mine = select(func.count()).select_from(drafts).where(drafts.c.person == person)
        with self._sealing() as (connection, sealer):
            if (connection.scalar(mine) or 0) >= most:
                return False
            row = {"draft": name, "person": person, "content": _sealed(sealer, name, person, form)}
            connection.execute(insert(drafts), {**row, "changed": to_text(at)})
            return True

    def change_draft(self, name: str, person: PersonId, form: Draft, at: datetime) -> bool:
        """Put other answers in the place of a person's draft; False where they have none of that name."""
        change = update(drafts).where(drafts.c.draft == name, drafts.c.person == person)
        with self._sealing() as (connection, sealer):
            values = {"content": _sealed(sealer, name, person, form), "changed": to_text(at)}
            return connection.execute(change.values(values)).rowcount == 1

    def drafts_of(self, person: PersonId) -> list[KeptDraft]:
        """Return a person's drafts, the one that was changed last first; without those that do not open."""
        query = select(drafts).where(drafts.c.person == person).order_by(drafts.c.changed.desc(), drafts.c.draft)
        with self._read() as connection:
            sealer, rows = self._opening(connection), list(connection.execute(query))
            return [one for row in rows for one in _opened(sealer, row)]

    def delete_draft(self, name: str, person: PersonId) -> bool:
        """Delete a person's draft; False where they have none of that name."""
        return self._change(delete(drafts).where(drafts.c.draft == name, drafts.c.person == person)) == 1


def _sealed(sealer: Sealer, name: str, person: PersonId, form: Draft) -> bytes:
    return sealer.seal_bytes(msgspec.json.encode(form), person, _PURPOSE, name)


def _opened(sealer: Sealer, row: object) -> Iterator[KeptDraft]:
    kept = msgspec.convert(row, _Row, from_attributes=True)
    with suppress(UnreadableLog, msgspec.DecodeError):
        content = sealer.open_bytes(kept.content, kept.person, _PURPOSE, kept.draft)
        if content is not None:
            yield KeptDraft(kept.draft, kept.changed, _decode(content))


class _Row(msgspec.Struct, frozen=True):
    draft: str
    person: str
    content: bytes
    changed: datetime

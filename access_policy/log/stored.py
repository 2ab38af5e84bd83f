"""Reads back what stands in a row: SQLite takes any type in any column, so each value is looked at first (AUD-01).

What a row holds is not verified here; that is `verify.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from access_policy.events import Event, Fact
from access_policy.log.codec import decode_actor, decode_event
from access_policy.log.errors import UnreadableLog
from access_policy.log.sealing import Sealer
from access_policy.log.times import from_text


def stored_fact(row: Sequence[Any], kinds: Mapping[str, type[Event]], sealer: Sealer) -> Fact:
    """Return the fact or observation of a row. Raises UnreadableLog."""
    seq, at, actor, kind, payload, _ = row
    where = f"row `{seq}`"
    if not (type(actor) is type(kind) is str):
        raise _spoilt(where)
    event = decode_event(kinds, kind, stored_bytes(payload, where), sealer)
    return Fact(seq, stored_time(at, where), decode_actor(actor), event)


def stored_bytes(value: object, where: str) -> bytes:
    """Return bytes of a column of bytes. Raises UnreadableLog, which says where it stands."""
    if not isinstance(value, bytes | memoryview):
        raise _spoilt(where)
    return bytes(value)


def stored_time(value: object, where: str) -> datetime:
    """Return the instant of a column of times. Raises as `stored_bytes`."""
    try:
        return from_text(value)  # type: ignore[arg-type]  # another type is refused as it is read
    except (TypeError, ValueError):
        raise _spoilt(where) from None


def _spoilt(where: str) -> UnreadableLog:
    return UnreadableLog(f"{where} holds a value that Sluis did not write; run `sluis log verify`")

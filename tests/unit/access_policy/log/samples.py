"""What the log's tests share: keys, clocks, events of every type, and writers that run in processes of their own."""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from access_policy.actor import Actor, person
from access_policy.events import Event, FactEvent, PersonDisabled, PersonRegistered
from access_policy.log import Keys, LogStore, StaleState
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import OPERATOR
from access_policy.model.ids import InstitutionName, PersonId, RequestId

ORIGIN = "sluis.example/log"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADMIN = person(PersonId("P-1"))
KEYS = Keys(b"m" * 32, b"l" * 32, Ed25519PrivateKey.from_private_bytes(b"c" * 32))


Where = Path | str
"""A SQLite file, or the URL of a PostgreSQL database."""


class SetClock:
    """A clock that stands where a test sets it."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def registered(number: int = 1, name: str = "Ada Lovelace") -> PersonRegistered:
    return PersonRegistered(
        person=PersonId(f"P-{number}"), name=name, email="ada@hospital.example", institution=InstitutionName("centre")
    )


def disabled(number: int = 1, reason: str = "left") -> PersonDisabled:
    return PersonDisabled(person=PersonId(f"P-{number}"), reason=reason)


def add(store: LogStore, *events: FactEvent, actor: Actor = ADMIN) -> None:
    store.append(store.newest(), lambda at: [(actor, event) for event in events])


def open_log(where: Where, clock: SetClock | None = None) -> LogStore:
    """Open a log in either database, on PostgreSQL as the operator; a set clock is that of what is appended."""
    clock = clock or SetClock()
    if isinstance(where, Path):
        return LogStore.open(where, KEYS, clock, secrets.token_bytes)
    database = PostgresDatabase(where, OPERATOR.name, time.monotonic, clock)
    return LogStore(database, KEYS, secrets.token_bytes)


def write_facts(where: Where, count: int, acknowledged: Connection) -> None:
    """Append facts, deciding again after each StaleState, and send the number of each once it is acknowledged."""
    store = open_log(where)
    done = 0
    while done < count:
        try:
            (fact,) = store.append(store.newest(), lambda at: [(ADMIN, disabled(reason="left"))])
        except StaleState:
            continue
        done += 1
        acknowledged.send(fact.seq)
    acknowledged.close()


def received(connection: Connection) -> Iterator[int]:
    """Give what a writer sent, until it is gone."""
    try:
        while connection.poll(60):
            yield connection.recv()
    except EOFError:
        return


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=50)
_TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    PersonId: st.integers(1, 50).map("P-{}".format),
    RequestId: st.integers(1, 50).map("DR-{}".format),
    str: _TEXTS,
    int: st.integers(0, 2**50),
    bool: st.booleans(),
    datetime: _TIMES,
    type(None): st.none(),
}


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Make events of one type with any values that its annotations allow."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{name: _values(hint) for name, hint in hints.items() if name != "v"})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    if isinstance(hint, NewType):
        return st.from_regex(r"[a-z](-?[a-z0-9]){0,10}", fullmatch=True)
    if get_origin(hint) is Annotated:
        return _values(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([_values(option) for option in get_args(hint)])
    if get_origin(hint) is tuple:
        return st.lists(_values(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    raise TypeError(f"`{hint}` has no samples; add them")

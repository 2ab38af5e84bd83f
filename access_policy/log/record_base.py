"""What all records share: a way to read and to write, alone or as a part of a transaction that is under way."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

import msgspec
from sqlalchemy import Connection, Row

from access_policy.log.sealing import Keyring, Sealer
from access_policy.log.times import to_text

Transaction = Callable[[], AbstractContextManager[Connection]]


def token_digest(token: str) -> str:
    """Return the SHA-256 in hex under which a random token is kept."""
    return sha256(token.encode()).hexdigest()


def columns_of(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as a row: its times as text."""
    values = msgspec.structs.asdict(record)
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in values.items()}


class RecordBase:
    """Reads and writes rows. Every method of a subclass raises LogUnavailable where the database does not answer."""

    def __init__(self, read: Transaction, write: Transaction, keyring: Keyring, sealer: Sealer | None = None) -> None:
        self._read = read
        self._write = write
        self._keyring = keyring
        self._sealer = sealer

    def within(self, connection: Connection, sealer: Sealer) -> Self:
        """Return the records as a part of a transaction that is under way."""

        @contextmanager
        def joined() -> Iterator[Connection]:
            yield connection

        return type(self)(joined, joined, self._keyring, sealer)

    @contextmanager
    def _sealing(self) -> Iterator[tuple[Connection, Sealer]]:
        """Give a connection that may write with what seals on it, whose new keys are remembered once it is done."""
        with self._write() as connection:
            sealer = self._sealer or self._keyring.on(connection)
            yield connection, sealer
        if self._sealer is None:
            self._keyring.adopt(sealer)

    def _opening(self, connection: Connection) -> Sealer:
        return self._sealer or self._keyring.on(connection)

    def _all(self, query: Any) -> list[Row[Any]]:
        with self._read() as connection:
            return list(connection.execute(query))

    def _change(self, statement: Any) -> int:
        with self._write() as connection:
            return int(connection.execute(statement).rowcount)

"""The streams as a SQLite file holds them, which may be damaged: what `verify.py` reads without the database layer."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from access_policy.log.cutting import KINDS


class FileRows:
    """The rows of a SQLite file, within one read transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def losses(self) -> Iterator[tuple[bytes, bytes]]:
        """As `Rows`."""
        query = "SELECT at, CAST(payload AS BLOB) FROM facts WHERE kind = 'LossAccepted' ORDER BY seq"
        return iter(self._connection.execute(query).fetchall())

    def cuts(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """As `Rows`."""
        return self._connection.execute(_CUTS, KINDS)

    def fact(self, seq: int) -> tuple[Any, Any] | None:
        """As `Rows`."""
        found: tuple[Any, Any] | None = self._connection.execute(_FACT, [seq]).fetchone()
        return found

    def root(self, size: int) -> str | None:
        """As `Rows`."""
        found = self._connection.execute(_ROOT, [size]).fetchone()
        return None if found is None else bytes(found[0]).hex()

    def rows(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """As `Rows`."""
        return self._connection.execute(_ROWS[stream])

    def heads(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """As `Rows`."""
        return self._connection.execute(_HEADS[stream])


_CUTS = "SELECT seq, at, kind, CAST(payload AS BLOB) FROM facts WHERE kind IN (?, ?) ORDER BY seq"
_FACT = "SELECT kind, CAST(payload AS BLOB) FROM facts WHERE seq = ?"
_ROOT = "SELECT CAST(root AS BLOB) FROM fact_heads WHERE size = ?"
_ROWS = {
    "facts": "SELECT seq, at, actor, kind, payload, leaf FROM facts ORDER BY seq",
    "observations": "SELECT seq, at, actor, kind, payload, leaf FROM observations ORDER BY seq",
}
_HEADS = {
    "facts": "SELECT size, root, frontier FROM fact_heads ORDER BY size",
    "observations": "SELECT size, root, frontier FROM observation_heads ORDER BY size",
}

"""The streams as they are stored: bytes, without decoding a payload or opening a seal.

What verifies, proves or copies the log reads it through here, page by page, so that memory stays the same for any size.
`DatabaseRows` speaks to either database; a SQLite file that may be damaged is read by `file_rows.py`.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from sqlalchemy import ColumnElement, Connection, Select, String, Table, bindparam, func, select

from access_policy.log import tables
from access_policy.log.cutting import KINDS
from access_policy.log.database import Database
from access_policy.log.proofs import Leaves
from access_policy.log.stored import stored_bytes

if TYPE_CHECKING:
    import psycopg

STREAMS: dict[str, tuple[Table, Table]] = {
    "facts": (tables.facts, tables.fact_heads),
    "observations": (tables.observations, tables.observation_heads),
}
_PAGE = 2_000
_BEFORE_ALL = -(2**63) + 1


class Row(NamedTuple):
    """A stored row: its sequence number, and its other columns as the bytes that were hashed."""

    seq: int
    at: bytes
    actor: bytes
    kind: bytes
    payload: bytes
    leaf: bytes


class Rows(Protocol):
    """A log as it is stored, each stream in the order of its numbers; all of it in one consistent view."""

    def losses(self) -> Iterator[tuple[bytes, bytes]]:
        """Give time and payload of each fact that accepted a loss."""

    def cuts(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Give number, time, kind and payload of each fact that `cutting.newest_cut` reads."""

    def fact(self, seq: int) -> tuple[Any, Any] | None:
        """Return kind and payload of one fact, None where there is none."""

    def root(self, size: int) -> str | None:
        """Return the root, in hex, of the facts' head that was stored at `size`; None where there is none."""

    def rows(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """Give the columns of `Row`."""

    def heads(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """Give size, root and frontier of each tree head."""


class DatabaseRows:
    """The rows of a database, within one read transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def losses(self) -> Iterator[tuple[bytes, bytes]]:
        """As `Rows`."""
        facts = tables.facts.c
        query = select(facts.at, facts.payload).where(facts.kind == "LossAccepted").order_by(facts.seq)
        return ((at.encode(), bytes(payload)) for at, payload in self._connection.execute(query).all())

    def cuts(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """As `Rows`."""
        facts = tables.facts.c
        columns = (facts.seq, facts.at, facts.kind, facts.payload)
        found = self._connection.execute(select(*columns).where(facts.kind.in_(KINDS)).order_by(facts.seq)).all()
        return ((seq, at.encode(), kind.encode(), bytes(payload)) for seq, at, kind, payload in found)

    def fact(self, seq: int) -> tuple[Any, Any] | None:
        """As `Rows`."""
        facts = tables.facts.c
        found = self._connection.execute(select(facts.kind, facts.payload).where(facts.seq == seq)).one_or_none()
        return None if found is None else (found.kind.encode(), bytes(found.payload))

    def root(self, size: int) -> str | None:
        """As `Rows`."""
        heads = tables.fact_heads.c
        found = self._connection.scalar(select(heads.root).where(heads.size == size))
        return None if found is None else stored_bytes(found, f"tree head `{size}`").hex()

    def rows(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """As `Rows`."""
        for found in self._pages(STREAMS[stream][0]):
            yield from found

    def heads(self, stream: str) -> Iterator[tuple[Any, ...]]:
        """As `Rows`."""
        for found in self._pages(STREAMS[stream][1]):
            yield from found

    def _pages(self, table: Table) -> Iterator[list[tuple[Any, ...]]]:
        server, last = self._connection.dialect.name == "postgresql", _BEFORE_ALL
        ask = self._of_server(table) if server else self._of_file(table)
        while found := ask(last):
            yield found
            last = found[-1][0]

    def _of_file(self, table: Table) -> Callable[[int], list[tuple[Any, ...]]]:
        query = _page_behind(table, *table.columns)

        def ask(last: int) -> list[tuple[Any, ...]]:
            found = self._connection.execute(query, {"last": last}).all()
            return [tuple(one.encode() if isinstance(one, str) else one for one in row) for row in found]

        return ask

    def _of_server(self, table: Table) -> Callable[[int], list[tuple[Any, ...]]]:
        """Ask the driver itself, in the same transaction: bytes as they were sent, with no object for each row."""
        columns = [func.convert_to(one, "UTF8") if isinstance(one.type, String) else one for one in table.columns]
        query = _page_behind(table, *columns).compile(self._connection)
        raw: psycopg.Connection[Any] = cast("Any", self._connection.connection.driver_connection)
        cursor = raw.cursor(binary=True)
        return lambda last: cursor.execute(str(query).encode(), {**query.params, "last": last}).fetchall()


def _page_behind(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the question for the rows behind the number `last`, a page of them."""
    (key,) = table.primary_key.columns
    return select(*columns).where(key > bindparam("last")).order_by(key).limit(_PAGE)


def stored(database: Database, stream: str, size: int, after: int = 0) -> Iterator[Row]:
    """Give a stream's rows `after` one number up to `size`, in a transaction for each page. Raises LogUnavailable."""
    table, last = STREAMS[stream][0], after
    query = select(table).order_by(table.c.seq).limit(_PAGE).where(table.c.seq <= size)
    while True:
        with database.read() as connection:
            found = [tuple(row) for row in connection.execute(query.where(table.c.seq > last)).all()]
        yield from map(_as_bytes, found)
        if len(found) < _PAGE:
            return
        last = found[-1][0]


def leaves_of(database: Database, stream: str) -> Leaves:
    """Return what a `Prover` reads a stream's stored leaf hashes by: the one column, page by page."""
    table = STREAMS[stream][0]

    def leaves(begin: int, end: int) -> Iterator[bytes]:
        for first in range(begin, end, _PAGE):
            last = min(end, first + _PAGE)
            query = select(table.c.leaf).where(table.c.seq > first, table.c.seq <= last).order_by(table.c.seq)
            with database.read() as connection:
                found = connection.scalars(query).all()
            yield from map(bytes, found)

    return leaves


def _as_bytes(row: tuple[Any, ...]) -> Row:
    seq, at, actor, kind, payload, leaf = row
    return Row(seq, at.encode(), actor.encode(), kind.encode(), bytes(payload), bytes(leaf))

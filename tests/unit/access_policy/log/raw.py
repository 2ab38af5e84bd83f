"""A log's database as somebody sees it who stands above all rights: the file itself, or the server's owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, create_engine, inspect, text

from tests.postgres import OWNER
from tests.unit.access_policy.log.samples import Where


@contextmanager
def raw(where: Where) -> Iterator[Connection]:
    """Give a connection that may do everything, in one transaction that is committed at the end."""
    if isinstance(where, Path):
        engine = create_engine(f"sqlite:///{where}")
    else:
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(where, user=OWNER))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def stored_bytes(where: Where) -> bytes:
    """Return what lies in the files, or all values of all tables on the server."""
    if isinstance(where, Path):
        return b"".join(path.read_bytes() for path in where.parent.iterdir() if path.is_file())
    with raw(where) as connection:
        tables = inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    values = (value for row in rows for value in row)
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)

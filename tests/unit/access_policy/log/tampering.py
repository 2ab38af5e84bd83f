"""What somebody does who stands above all rights, for the tests of verification: changes rows, hashes them anew."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text

from access_policy.log import LogStore
from access_policy.log.checkpoints import Series, Signing, write_checkpoint
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.verify import Verification, verify
from tests.unit.access_policy.log.raw import raw
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, Where

Tamper = Callable[[Connection], object]
_POSTGRES = {"zeroblob(32)": "decode(repeat('00', 32), 'hex')", "x''": "''::bytea"}


def verified(where: Where, store: LogStore, checkpoints: Path | None = None) -> Verification:
    """Verify a file as one, and a server through its open database."""
    return verify(where if isinstance(where, Path) else store.database, checkpoints, KEYS, ORIGIN)


def sign(folder: Path, store: LogStore, series: Series = Series.FACTS, epoch: int = 0) -> str:
    """Sign the newest head into a folder; return the file's name."""
    facts = series is Series.FACTS
    head, root_at = (store.head(), store.root_at) if facts else (store.observation_head(), store.observation_root_at)
    return write_checkpoint(folder, head, Signing(KEYS, ORIGIN, epoch, series), root_at) or ""


def tamper(where: Where, change: Tamper) -> None:
    """Change the rows as their owner can: without the triggers."""
    with raw(where) as connection:
        if isinstance(where, Path):
            triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for (name,) in triggers:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("facts", "fact_heads", "observations", "observation_heads", "sealing_keys"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        change(connection)


def sql(*statements: str) -> Tamper:
    def change(connection: Connection) -> None:
        for statement in statements:
            if connection.dialect.name != "sqlite":
                for ours, theirs in _POSTGRES.items():
                    statement = statement.replace(ours, theirs)  # noqa: PLW2901
            connection.exec_driver_sql(statement)

    return change


def rehash(connection: Connection, heads: bool = True) -> bool:
    """Recompute what a forger with the database alone can recompute: all leaves and, if asked, all heads."""
    frontier = Frontier()
    sizes = set(connection.scalars(text("SELECT size FROM fact_heads")).all())
    rows = connection.execute(text("SELECT seq, at, actor, kind, payload FROM facts ORDER BY seq")).all()
    for seq, at, actor, kind, payload in rows:
        leaf = leaf_of(seq, at.encode(), actor.encode(), kind.encode(), bytes(payload))
        frontier.append(leaf)
        connection.execute(text("UPDATE facts SET leaf = :leaf WHERE seq = :seq"), {"leaf": leaf, "seq": seq})
        if heads and frontier.size in sizes:
            head = {"root": frontier.root(), "frontier": frontier.to_bytes(), "size": frontier.size}
            connection.execute(
                text("UPDATE fact_heads SET root = :root, frontier = :frontier WHERE size = :size"), head
            )
    return heads

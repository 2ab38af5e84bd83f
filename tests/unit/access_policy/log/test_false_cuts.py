"""Who cuts more than was due, or makes a fact that says so, is found or kept from it; on both databases (E48)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from access_policy.actor import component
from access_policy.events import ObservationsCut
from access_policy.log import LogStore, LogUnavailable, UnreadableLog
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.log.rights import DESK, HUB, OPERATOR, WARDEN, Role
from access_policy.model.enums import Component
from access_policy.use_cases import Done, Policy, cut_observations
from tests.unit.access_policy.log.aged import DAY, OLD, Aged, aged, as_role
from tests.unit.access_policy.log.raw import raw
from tests.unit.access_policy.log.samples import SetClock, Where
from tests.unit.access_policy.log.tampering import sql, tamper

BY_WARDEN = component(Component.WARDEN)
NEWEST = OLD + 1


@pytest.fixture
def log(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> Iterator[Aged]:
    found = aged(where, clock, store, checkpoints)
    found.observe(3)
    found.sign()
    yield found
    found.policy.store.close()


@pytest.fixture
def gone(log: Aged) -> Aged:
    """A log of which nine observations were cut, and signed since."""
    assert isinstance(cut_observations(log.policy), Done)
    log.sign()
    return log


def without_rows(size: int) -> tuple[str, str]:
    return f"DELETE FROM observations WHERE seq <= {size}", f"DELETE FROM observation_heads WHERE size < {size}"


def appended(connection: Connection, kind: str, payload: str, at: str) -> None:
    """Add a fact and its head, as `store.append` does, without asking anybody."""
    head = connection.execute(text("SELECT size, frontier FROM fact_heads ORDER BY size DESC LIMIT 1")).one()
    tree = Frontier.from_bytes(head.size, bytes(head.frontier))
    seq, actor = head.size + 1, '{"component":"warden"}'
    leaf = leaf_of(seq, at.encode(), actor.encode(), kind.encode(), payload.encode())
    tree.append(leaf)
    row = {"seq": seq, "at": at, "actor": actor, "kind": kind, "payload": payload.encode(), "leaf": leaf}
    connection.execute(text("INSERT INTO facts VALUES (:seq, :at, :actor, :kind, :payload, :leaf)"), row)
    head_row = {"size": seq, "root": tree.root(), "frontier": tree.to_bytes()}
    connection.execute(text("INSERT INTO fact_heads VALUES (:size, :root, :frontier)"), head_row)


def false_cut(log: Aged, after: int, **changes: str) -> Callable[[Connection], None]:
    """Return what appends the fact of a cut of so many, true but for the changes."""
    stands = next(iter(log.store.observations_since(after)), None)
    fields = {
        "root": f'"{log.store.observation_root_at(after)}"',
        "since": f'"{stands.at.isoformat() if stands is not None else "2020-01-01T00:00:00+00:00"}"',
        "size": str(after),
        **changes,
    }
    payload = ",".join(f'"{name}":{value}' for name, value in fields.items())
    at = log.clock.at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return lambda connection: appended(connection, "ObservationsCut", f'{{{payload},"v":1}}', at)


FORGERIES: dict[str, tuple[int, dict[str, str], str]] = {
    "younger rows, up to a checkpoint": (NEWEST, {}, "which were to be kept for longer"),
    "younger rows, with a false time": (NEWEST, {"since": '"2015-01-01T00:00:00+00:00"'}, "was changed or removed"),
    "all rows that are signed": (NEWEST + 3, {}, "row `15` was changed or removed"),
    "another root than was signed": (9, {"root": f'"{"ab" * 32}"'}, "with another root than was signed"),
    "a root where nothing was signed": (8, {"root": f'"{"ab" * 32}"'}, "the tree head there was changed"),
    "a fact that cannot be read": (9, {"since": '"yesterday"'}, "in a way that cannot be read"),
    "a size that is none": (9, {"size": '"all"'}, "in a way that cannot be read"),
    "no rows": (9, {"size": "0"}, "up to where they were cut already"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_false_fact_is_found(log: Aged, name: str) -> None:
    """AUD-02, E48: rows that went with a forged fact, all heads fitting, are missed by who verifies."""
    size, changes, problem = FORGERIES[name]
    add = false_cut(log, size, **changes)
    tamper(log.where, lambda connection: (sql(*without_rows(size))(connection), add(connection)))
    found = log.verified()
    assert (found.ok, problem in (found.problem or "")) == (False, True), found.problem


@pytest.mark.parametrize("name", ["younger rows, up to a checkpoint", "no rows"])
def test_a_false_fact_decides_nothing(log: Aged, name: str) -> None:
    """AUD-02: whoever starts then is told of the fact that does not fit; nothing is decided."""
    size, changes, _ = FORGERIES[name]
    tamper(log.where, false_cut(log, size, **changes))
    with pytest.raises(UnreadableLog, match=r"were not to be cut; run `sluis log verify`"), Policy(log.store).reading():
        pass


CHANGES: dict[str, tuple[tuple[str, ...], str]] = {
    "more rows than were cut": (("DELETE FROM observations WHERE seq <= 10",), "row `10` was removed"),
    "all rows": (("DELETE FROM observations",), "row `10` was changed or removed"),
    "more rows and their heads": (without_rows(11), "the tree head there was changed or removed"),
    "the head at the cut": (("DELETE FROM observation_heads WHERE size = 9",), "`9` was cut, but the tree head"),
    "another head at the cut": (("UPDATE observation_heads SET frontier = x'' WHERE size = 9",), "`9` was cut, but"),
    "the root of that head": (("UPDATE observation_heads SET root = zeroblob(32) WHERE size = 11",), "does not fit"),
    "the time of the first that stands": (
        ("UPDATE observations SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 10",), "row `10` was changed",
    ),
    "a later row": (("UPDATE observations SET kind = 'X' WHERE seq = 12",), "row `12` was changed"),
    "the fact of the cut": (("DELETE FROM facts WHERE kind = 'ObservationsCut'",), "facts row"),
    "another kind of that fact": (("UPDATE facts SET kind = 'X' WHERE kind = 'ObservationsCut'",), "facts row"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_around_a_cut_is_found(gone: Aged, name: str) -> None:
    """AUD-01, AUD-02: the cut hides nothing that was changed beside it."""
    changes, problem = CHANGES[name]
    tamper(gone.where, sql(*changes))
    found = gone.verified()
    assert (found.ok, problem in (found.problem or "")) == (False, True), found.problem


def test_rows_that_a_fact_says_are_gone(log: Aged) -> None:
    """AUD-02: a fact without its cut is no cut."""
    tamper(log.where, false_cut(log, 9))
    found = log.verified()
    assert (found.ok, found.problem) == (
        False,
        "observations row `1` was added or put back: a fact says that those up to `9` are gone",
    )


def test_rows_cut_without_a_fact(log: Aged) -> None:
    """AUD-01: as any other rows that were removed."""
    tamper(log.where, sql(*without_rows(9)))
    found = log.verified()
    assert (found.ok, found.problem) == (False, "observations row `1` was removed")


def test_a_cut_excuses_checkpoints_below_it_only(gone: Aged) -> None:
    """AUD-02: what was signed from the cut on has to be there; what was signed of the rows before it, is excused."""
    names = {path.name for path in gone.folder.iterdir() if path.name.startswith("observations-")}
    assert {f"observations-{size:012}.txt" for size in (3, 6, 9, 11, 14)} == names
    tamper(gone.where, sql("DELETE FROM observations WHERE seq > 12", "DELETE FROM observation_heads WHERE size > 12"))
    found = gone.verified()
    assert found.row == 13
    assert "the log's observations are shorter than its newest checkpoint" in (found.problem or "")
    trouble = gone.policy.trouble()
    assert trouble is None, "a process that saw the log whole goes on until its next checkpoint"
    assert (Policy(gone.store).trouble(), gone.policy.sign() is None) == (None, False)


# What the database itself refuses


def deleted(where: Where, statement: str) -> bool:
    """Try a statement as the owner of all tables, who keeps the triggers; say whether it passed."""
    try:
        with raw(where) as connection:
            connection.execute(text(statement))
    except IntegrityError as error:
        return "only grows by its next row, or is cut as its newest fact says" not in str(error)
    return True


@pytest.mark.parametrize("statement", [*without_rows(9), "DELETE FROM observations", "DELETE FROM observation_heads"])
def test_nothing_goes_without_a_fact(log: Aged, statement: str) -> None:
    """AUD-11: not by the owner's hand either."""
    assert not deleted(log.where, statement)
    assert log.verified().ok


@pytest.mark.parametrize("statement", [*without_rows(10), "DELETE FROM observations", "DELETE FROM observation_heads"])
def test_nothing_goes_beyond_the_newest_fact(log: Aged, statement: str) -> None:
    """AUD-11: with the fact of a cut as the newest, no row behind it goes, and not the head there."""
    appending = false_cut(log, 9)
    with raw(log.where) as connection:
        appending(connection)
    assert not deleted(log.where, statement)
    assert deleted(log.where, without_rows(9)[0])
    assert deleted(log.where, without_rows(9)[1])
    assert log.verified().ok


def test_nothing_goes_by_an_older_fact(gone: Aged) -> None:
    """AUD-11: what a cut left stays, whatever comes after it."""
    assert not deleted(gone.where, "DELETE FROM observations WHERE seq = 10")
    assert not deleted(gone.where, "DELETE FROM observation_heads WHERE size = 9")
    for table in ("facts", "fact_heads"):
        with pytest.raises(IntegrityError, match="only grows by its next row"), raw(gone.where) as connection:
            connection.execute(text(f"DELETE FROM {table}"))


def test_a_server_keeps_the_years_of_the_law(log: Aged) -> None:
    """E48, AUD-11: on PostgreSQL not even a forged fact lets a row go that is younger than a year."""
    if isinstance(log.where, Path):
        return  # who writes the file can take its triggers away
    with raw(log.where) as connection:
        false_cut(log, NEWEST, since='"2015-01-01T00:00:00+00:00"')(connection)
    assert not deleted(log.where, without_rows(NEWEST)[0])


CALL = "SELECT public.cut_observations(9)"


@pytest.mark.parametrize("role", [HUB, DESK, WARDEN, OPERATOR], ids=lambda role: role.name)
def test_only_the_warden_cuts(log: Aged, role: Role) -> None:
    """AUD-11: on PostgreSQL no other role may, whatever it can append; nobody deletes by hand."""
    if isinstance(log.where, Path):
        return  # a file has no roles
    with psycopg.connect(log.where, user=role.name) as connection:
        for statement, allowed in ((CALL, role.cuts), ("DELETE FROM observations", False)):
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                assert not allowed
            except psycopg.errors.IntegrityError:
                assert allowed
            else:
                raise AssertionError(f"`{statement}` passed without a fact")
            connection.rollback()


def test_a_cut_by_another_role_leaves_nothing(log: Aged) -> None:
    """AUD-08, AUD-11: the fact of who may append it, but not cut, is not there either."""
    if isinstance(log.where, Path):
        return
    store = as_role(log.where, log.clock, OPERATOR)
    event = ObservationsCut(
        size=9, root=store.observation_root_at(9) or "", since=next(iter(store.observations_since(9))).at
    )
    newest = store.newest()
    with pytest.raises(LogUnavailable, match="permission denied"):
        store.append(newest, lambda _at: [(BY_WARDEN, event)])
    assert store.newest() == newest
    store.close()


def test_a_log_begins_after_its_cut_only(gone: Aged) -> None:
    """AUD-11: an emptied stream does not begin anywhere else."""
    tamper_free = (
        "INSERT INTO observations SELECT {seq}, at, actor, kind, payload, leaf FROM observations WHERE seq = 14"
    )
    with pytest.raises(IntegrityError, match="only grows by its next row"), raw(gone.where) as connection:
        connection.execute(text(tamper_free.format(seq=17)))
    assert gone.clock.at - DAY < gone.clock.at

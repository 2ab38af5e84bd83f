"""Where no checkpoint lies beyond a cut, verification and the witness say one thing, without a loss (AUD-02, E48)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from access_policy.actor import Actor
from access_policy.events import LossAccepted
from access_policy.log import LogStore
from access_policy.log.cutting import uncovered
from access_policy.log.leaves import leaf_of
from access_policy.log.merkle import Frontier
from access_policy.model.ids import PersonId
from access_policy.use_cases import Done, Policy, cut_observations
from tests.unit.access_policy.log.aged import OLD, Aged, aged, warden
from tests.unit.access_policy.log.samples import SetClock, Where, add
from tests.unit.access_policy.log.tampering import sql, tamper
from tests.unit.access_policy.log.test_false_cuts import false_cut, without_rows

GONE = 9
NEWEST = OLD + 1
BARE = "the observations up to `9` were cut, and no checkpoint of more is there: put the folder's files back into it"
KEPT = {"the cut's own": (3, 6, 9), "one below the cut": (3,), "none": ()}


@pytest.fixture
def gone(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> Iterator[Aged]:
    """A log of which nine observations were cut, and signed since."""
    log = aged(where, clock, store, checkpoints)
    assert isinstance(cut_observations(log.policy), Done)
    log.sign()
    yield log
    log.policy.store.close()


def keep(log: Aged, sizes: tuple[int, ...]) -> None:
    """Leave only these of the observations' checkpoints in the folder."""
    for path in log.folder.glob("observations-*"):
        if int(path.stem.rpartition("-")[2]) not in sizes:
            path.rename(log.folder.parent / path.name)


def put_back(log: Aged) -> None:
    """Put the folder's files back into it."""
    for path in log.folder.parent.glob("observations-*"):
        path.rename(log.folder / path.name)


def started(log: Aged) -> Policy:
    """Return the policy of a part that starts now."""
    return warden(log.where, log.clock, log.folder)


@pytest.mark.parametrize("kept", KEPT)
def test_one_answer_to_files_that_are_away(gone: Aged, kept: str) -> None:
    """AUD-02: who verifies and who starts are told alike; no loss is offered; put back, it goes on."""
    keep(gone, KEPT[kept])
    found, policy = gone.verified(), started(gone)
    trouble = policy.trouble()
    assert trouble is not None
    assert (found.ok, found.problem, found.row, found.cut) == (False, BARE, None, GONE)
    assert (trouble.text, trouble.gap) == (f"{BARE}; until then nothing is decided", None)
    put_back(gone)
    assert (gone.verified().ok, policy.trouble(), policy.sign()) == (True, None, None)
    policy.store.close()


def test_files_that_go_under_a_running_part(gone: Aged) -> None:
    """AUD-02: what lies below the cut is taken for nothing else by it, either."""
    keep(gone, (3,))
    gone.observe()
    assert gone.policy.sign() is not None
    trouble = gone.policy.trouble()
    assert (trouble is not None and trouble.text.startswith(BARE)) is True
    put_back(gone)
    assert gone.policy.sign() is None


def test_files_that_are_gone_for_good(gone: Aged) -> None:
    """AUD-02: without any checkpoint it is a loss like any other, which two admins accept; then all is signed anew."""
    for path in gone.folder.iterdir():
        path.unlink()
    policy = started(gone)
    trouble = policy.trouble()
    assert trouble is not None
    assert trouble.gap is not None
    assert trouble.gap.epoch == 1
    add(gone.store, LossAccepted(**trouble.gap._asdict()), actor=Actor(person=PersonId("P-1"), step_up="f"))
    assert policy._witness is not None
    policy._witness.accepted(1)
    assert policy.trouble() is None
    found = gone.verified()
    assert (found.ok, found.problem, found.compared.observations) == (True, None, NEWEST)
    policy.store.close()


def test_a_loss_beside_it_is_offered(gone: Aged) -> None:
    """AUD-02: where facts are missing as well, that is what is said, and what can be accepted."""
    keep(gone, (3,))
    for path in gone.folder.glob("checkpoint-*"):
        path.unlink()
    policy = started(gone)
    trouble = policy.trouble()
    assert trouble is not None
    assert trouble.text.startswith("there is no checkpoint of the log's ")
    assert trouble.gap is not None
    policy.store.close()


def observed_long_ago(connection: Connection) -> None:
    """Add an observation of an old date behind all others, with a head that fits."""
    head = connection.execute(text("SELECT size, frontier FROM observation_heads ORDER BY size DESC LIMIT 1")).one()
    tree, seq, at = Frontier.from_bytes(head.size, bytes(head.frontier)), head.size + 1, "2015-01-01T00:00:00.000000Z"
    leaf = leaf_of(seq, at.encode(), b"{}", b"LogRead", b"{}")
    tree.append(leaf)
    row = {"seq": seq, "at": at, "leaf": leaf, "root": tree.root(), "frontier": tree.to_bytes(), "payload": b"{}"}
    connection.execute(text("INSERT INTO observations VALUES (:seq, :at, '{}', 'LogRead', :payload, :leaf)"), row)
    connection.execute(text("INSERT INTO observation_heads VALUES (:seq, :root, :frontier)"), row)


def test_a_row_of_an_old_date_covers_no_cut(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> None:
    """AUD-02: who cuts all that is signed, in front of an old row of their own making, is found by both."""
    log = aged(where, clock, store, checkpoints)
    log.policy.store.close()
    forged = false_cut(log, NEWEST, since='"2015-01-01T00:00:00+00:00"')
    for change in (observed_long_ago, forged, sql(*without_rows(NEWEST))):
        tamper(where, change)
    found, policy = log.verified(), started(log)
    trouble = policy.trouble()
    assert trouble is not None
    assert trouble.gap is None
    assert found.problem == BARE.replace("`9`", f"`{NEWEST}`")
    assert trouble.text.startswith(found.problem)
    policy.store.close()


@pytest.mark.parametrize(("cut", "signed", "is_said"), [(0, 0, False), (9, 10, False), (9, 9, True), (9, 0, True)])
def test_what_is_not_covered(cut: int, signed: int, is_said: bool) -> None:
    """E48: a cut is covered by a checkpoint of more observations than it took."""
    assert (uncovered(cut, signed) is not None) == is_said

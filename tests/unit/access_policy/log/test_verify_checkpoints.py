"""Verification against checkpoints: what only signatures show, and what an accepted loss excuses; on both databases."""

from pathlib import Path
from typing import NamedTuple

import pytest

from access_policy.events import LogRead, LossAccepted
from access_policy.log import LogStore
from access_policy.log.checkpoints import Series, origin_of, sign_checkpoint
from access_policy.log.targets import Folder
from access_policy.log.verify import Compared, Verification, verify
from tests.unit.access_policy.log.samples import ADMIN, KEYS, ORIGIN, Where, add, registered
from tests.unit.access_policy.log.tampering import rehash, sign, sql, tamper, verified


@pytest.mark.parametrize("left", [2, 6])
def test_cut_off_whole(whole: Where, store: LogStore, checkpoints: Path, left: int) -> None:
    """Newest rows that were cut off with their heads are found through the checkpoint (AUD-02)."""
    folder = checkpoints
    sign(folder, store)
    tamper(whole, sql(f"DELETE FROM facts WHERE seq > {left}", f"DELETE FROM fact_heads WHERE size > {left}"))
    assert verified(whole, store).ok
    found = verified(whole, store, folder)
    assert (found.ok, found.row) == (False, left + 1)
    text = f"was removed: the log is shorter than its newest checkpoint: `{left}` facts, not `8`"
    assert found.problem == f"facts row `{left + 1}` {text}"


def test_rewritten_whole(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """A history rewritten with all its hashes is found through checkpoints, after the last that agrees (AUD-03)."""
    folder = checkpoints
    folder.mkdir()
    for size in (2, 6):
        head = store.head()._replace(size=size, root=store.root_at(size) or "")
        (folder / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(head, KEYS, ORIGIN))
    tamper(whole, lambda rows: (sql("UPDATE facts SET kind = 'X' WHERE seq = 4")(rows), rehash(rows)))
    assert verified(whole, store).ok
    found = verified(whole, store, folder)
    assert (found.ok, found.row) == (False, 3)
    assert found.problem == "facts row `3` was rewritten, or one up to `6`: the log is different from its checkpoint"


@pytest.mark.parametrize("series", Series)
def test_forged_checkpoint(whole: Where, store: LogStore, checkpoints: Path, series: Series) -> None:
    """A forged checkpoint is an answer of its own, not a crash (AUD-03)."""
    path = checkpoints / sign(checkpoints, store, series)
    lines = path.read_text().split("\n")
    path.write_text("\n".join([lines[0], "7", *lines[2:]]))
    found = verified(whole, store, checkpoints)
    assert (found.ok, found.row) == (False, None)
    assert "has no valid signature" in (found.problem or "")


@pytest.mark.parametrize("other", ["sluis.example/other", f"{ORIGIN}/observations", f"{ORIGIN}/1"])
def test_checkpoint_of_another_log(whole: Where, store: LogStore, checkpoints: Path, other: str) -> None:
    """A checkpoint that our own key signed for another log, stream or history, under a name of ours (AUD-03)."""
    checkpoints.mkdir()
    (checkpoints / "checkpoint-000000000008.txt").write_text(sign_checkpoint(store.head(), KEYS, other))
    found = verified(whole, store, checkpoints)
    assert (found.ok, found.row) == (False, None)
    assert f"has no valid signature of `{ORIGIN}`" in (found.problem or "")


def test_cut_off_observations(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """The newest observations, cut off with their heads, are missed by their checkpoint (AUD-02)."""
    sign(checkpoints, store, Series.OBSERVATIONS)
    tamper(whole, sql("DELETE FROM observations WHERE seq > 1", "DELETE FROM observation_heads WHERE size > 1"))
    assert verified(whole, store).ok
    found = verified(whole, store, checkpoints)
    assert (found.ok, found.size, found.row) == (False, 8, 2)
    text = "the log's observations are shorter than its newest checkpoint: `1` observations, not `3`"
    assert text in (found.problem or "")


class Busy(NamedTuple):
    """A folder of checkpoints; each time somebody looks into it, the log has grown and its heads were just signed."""

    store: LogStore
    folder: Folder

    def names(self) -> list[str]:
        add(self.store, registered())
        self.store.observe(ADMIN, LogRead(what="all"))
        for series in Series:
            sign(self.folder.path, self.store, series)
        return self.folder.names()

    def read(self, name: str, most: int) -> bytes:
        return self.folder.read(name, most)

    def write(self, name: str, data: bytes) -> None:
        self.folder.write(name, data)


def test_what_is_signed_meanwhile_is_no_loss(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """A log that goes on while it is verified is whole: the checkpoints are read before the rows (AUD-02)."""
    log = whole if isinstance(whole, Path) else store.database
    found = verify(log, Busy(store, Folder(checkpoints)), KEYS, ORIGIN)
    assert (found.ok, found.problem, found.size) == (True, None, 13)  # eight, and five looks at the folder


def cut(whole: Where, left: int) -> None:
    """Let the log be as an old backup has it."""
    tamper(whole, sql(f"DELETE FROM facts WHERE seq > {left}", f"DELETE FROM fact_heads WHERE size > {left}"))


def test_accepted_loss(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """What was signed before an accepted loss binds what it kept, and no more, once the new history is signed."""
    checkpoints.mkdir()
    for size in (2, 8):
        head = store.head()._replace(size=size, root=store.root_at(size) or "")
        (checkpoints / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(head, KEYS, ORIGIN))
    cut(whole, 5)
    add(store, LossAccepted(epoch=1, kept=5, lost=8, observations=3))
    unsigned = verified(whole, store, checkpoints)
    assert (unsigned.ok, unsigned.row) == (False, 7)
    sign(checkpoints, store, epoch=1)
    assert verified(whole, store, checkpoints) == Verification(True, 6, store.head().root, compared=Compared(2, 6))
    tamper(whole, lambda rows: (sql("UPDATE facts SET kind = 'X' WHERE seq = 2")(rows), rehash(rows)))
    found = verified(whole, store, checkpoints)
    assert (found.ok, found.row) == (False, 1)
    assert "the log is different from its checkpoint" in (found.problem or "")


@pytest.mark.parametrize("proposals", [0, 1, 3, 5])
def test_a_proposed_loss(whole: Where, store: LogStore, checkpoints: Path, proposals: int) -> None:
    """AUD-02: what was appended since an admin proposed to accept a loss makes no rewritten log of a shorter one."""
    sign(checkpoints, store)
    cut(whole, 5)
    add(store, *(registered() for _ in range(proposals)))
    log = whole if isinstance(whole, Path) else store.database
    found = verify(log, checkpoints, KEYS, ORIGIN, 5)
    assert (found.ok, found.row) == (False, 6)
    assert (
        found.problem == "facts row `6` was removed: the log is shorter than its newest checkpoint: `5` facts, not `8`"
    )


def test_a_proposal_excuses_nothing(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """AUD-02, AUD-03: what was rewritten before it stays rewritten; what holds all that is signed stays whole."""
    log = whole if isinstance(whole, Path) else store.database
    checkpoints.mkdir()
    for size in (2, 6):
        head = store.head()._replace(size=size, root=store.root_at(size) or "")
        (checkpoints / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(head, KEYS, ORIGIN))
    assert verify(log, checkpoints, KEYS, ORIGIN, 4).ok
    tamper(whole, lambda rows: (sql("UPDATE facts SET kind = 'X' WHERE seq = 2")(rows), rehash(rows)))
    found = verify(log, checkpoints, KEYS, ORIGIN, 4)
    assert (found.ok, found.row) == (False, 1)
    assert "the log is different from its checkpoint" in (found.problem or "")


def test_loss_that_the_database_alone_accepts(whole: Where, store: LogStore, checkpoints: Path) -> None:
    """Who can write rows but not sign cannot excuse what they cut off (AUD-02)."""
    sign(checkpoints, store)
    cut(whole, 5)
    add(store, LossAccepted(epoch=1, kept=5, lost=8, observations=3), *(registered() for _ in range(4)))
    assert verified(whole, store).ok
    assert not verified(whole, store, checkpoints).ok


def test_loss_that_cannot_be_read(whole: Where, store: LogStore) -> None:
    """A row that claims to be an accepted loss and is none is an answer, not a crash."""
    tamper(whole, sql("UPDATE facts SET kind = 'LossAccepted' WHERE seq = 4"))
    found = verified(whole, store)
    assert (found.ok, found.problem) == (False, "an accepted loss cannot be read; restore a backup")


def test_names_of_histories() -> None:
    """Each history and stream has a name of its own (C2SP tlog-checkpoint)."""
    assert origin_of(ORIGIN, 2, Series.OBSERVATIONS) == f"{ORIGIN}/2/observations"

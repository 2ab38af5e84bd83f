"""A log is as long as its key notes say, and holds their rotations; on both databases (AUD-02, AUD-12)."""

from itertools import islice
from pathlib import Path

import pytest

from access_policy.events import FactEvent, LossAccepted
from access_policy.log import LogStore
from access_policy.log.checkpoints import origin_of, sign_checkpoint
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.key_witness import unheld_in
from access_policy.log.merkle import Frontier
from access_policy.log.rows import stored
from access_policy.log.signers import Reach, key_notes
from access_policy.log.targets import Folder
from access_policy.log.verify import Verification, verify
from access_policy.log.witness import Named, Witness
from access_policy.state import Loss
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, Where, add, registered
from tests.unit.access_policy.log.test_signers import SECOND, THIRD, rotated, rotation

NOTE = "key-000000000001.txt"


def sign(folder: Path, store: LogStore, size: int, epoch: int = 0) -> None:
    """Sign with the former key, as far as it reaches."""
    head = store.head()._replace(size=size, root=store.root_at(size) or "")
    name = f"checkpoint-{f'{epoch}-' if epoch else ''}{size:012}.txt"
    (folder / name).write_text(sign_checkpoint(head, SECOND if epoch else KEYS, origin_of(ORIGIN, epoch)))


def logged(store: LogStore, folder: Path, *facts: FactEvent, root: str | None = None) -> None:
    """Leave a log of two facts and these, a key note that ends the former key there, and a checkpoint by that one."""
    for fact in (registered(1), registered(2), *facts):
        add(store, fact)
    rotated(folder, KEYS, SECOND, reach=Reach(0, 2, 0, 0), root=root or store.root_at(2) or "")
    sign(folder, store, 2)


def looked_at(where: Where, store: LogStore, folder: Path) -> tuple[Verification, str | None]:
    """Return what `verify` and the witness say."""
    stored = where if isinstance(where, Path) else store.database
    trouble = Witness(store, Folder(folder), SECOND).trouble(Named(ORIGIN, ()))
    return verify(stored, folder, SECOND, ORIGIN), trouble and trouble.text


def test_a_log_that_holds_it(where: Where, store: LogStore, tmp_path: Path) -> None:
    """AUD-12: the rotation stands where the note says."""
    logged(store, tmp_path, rotation(KEYS, SECOND), registered(3))
    found, trouble = looked_at(where, store, tmp_path)
    assert (found.ok, found.problem, trouble) == (True, None, None)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([], f"the log is shorter than `{NOTE}` says: `2` facts, not `3`"),
        ([registered(3)], "fact `3` is not the rotation"),
        ([registered(3), rotation(KEYS, SECOND)], "fact `3` is not the rotation"),
        ([rotation(KEYS, SECOND, 2)], "fact `3` is not the rotation"),
        ([rotation(KEYS, THIRD)], "fact `3` is not the rotation"),
        ([rotation(THIRD, SECOND)], "fact `3` is not the rotation"),
    ],
    ids=["short", "another", "later", "another number", "another key", "another former key"],
)
def test_a_log_that_does_not(facts: list[FactEvent], said: str, where: Where, store: LogStore, tmp_path: Path) -> None:
    """AUD-02, AUD-12: `verify` names the row, and the witness lets nothing be decided, though a checkpoint agrees."""
    logged(store, tmp_path, *facts)
    found, trouble = looked_at(where, store, tmp_path)
    assert (found.ok, found.row, said in (found.problem or "")) == (False, 3, True)
    assert said in (trouble or "")


@pytest.mark.parametrize("root", ["", "5a" * 31, "5a" * 33])
def test_a_note_without_a_root_is_none(tmp_path: Path, root: str) -> None:
    """AUD-12: it names the root of the facts that it reaches to, which is a SHA-256."""
    rotated(tmp_path, KEYS, SECOND, root=root)
    with pytest.raises(UntrustedCheckpoint, match="is no key note"):
        key_notes(tmp_path, ORIGIN)


def test_a_log_that_was_rewritten_below_it(where: Where, store: LogStore, tmp_path: Path) -> None:
    """AUD-02, AUD-12: padded to the same length, with the same rotation: both keys signed another root."""
    logged(store, tmp_path, rotation(KEYS, SECOND), registered(3), root="5a" * 32)
    said = f"the log is different from `{NOTE}`"
    found, trouble = looked_at(where, store, tmp_path)
    assert (found.ok, found.row, said in (found.problem or ""), said in (trouble or "")) == (False, 3, True, True)


def test_rows_appended_at_once_have_no_root_between(store: LogStore, tmp_path: Path) -> None:
    """AUD-12: a log that has no tree head where the note says is another: a rotation is appended alone."""
    tree = Frontier()
    add(store, registered(1), registered(2), rotation(KEYS, SECOND))
    for row in islice(stored(store.database, "facts", 3), 2):
        tree.append(row.leaf)
    rotated(tmp_path, KEYS, SECOND, reach=Reach(0, 2, 0, 0), root=tree.root().hex())
    assert len(unheld_in(store.database, key_notes(tmp_path, ORIGIN), [])) == 1


@pytest.mark.parametrize("held", [True, False])
def test_a_former_key_proves_nothing_of_what_was_rewritten(held: bool, store: LogStore, tmp_path: Path) -> None:
    """AUD-02, AUD-12: its checkpoint fits the log that it was made for; a loss is offered as if it were not there."""
    logged(store, tmp_path, rotation(KEYS, SECOND), registered(3), root=None if held else "5a" * 32)
    (tmp_path / "checkpoint-000000000009.txt").write_text(
        sign_checkpoint(store.head()._replace(size=9), SECOND, ORIGIN)
    )
    trouble = Witness(store, Folder(tmp_path), SECOND).trouble(Named(ORIGIN, ()))
    assert trouble is not None
    assert trouble.gap is not None
    assert (trouble.gap.kept, trouble.gap.lost) == (2 if held else 0, 9)


@pytest.mark.parametrize(("epoch", "kept", "excused"), [(1, 2, True), (1, 3, False), (0, 2, False)])
def test_an_accepted_loss_excuses_it(epoch: int, kept: int, excused: bool, store: LogStore, tmp_path: Path) -> None:
    """AUD-02, AUD-12: one that came later and kept less; a row alone, with no checkpoint of its history, does not."""
    logged(store, tmp_path)
    losses = [Loss(epoch, kept, 3, 0, NOON)]
    assert bool(unheld_in(store.database, key_notes(tmp_path, ORIGIN), losses)) is not excused


def test_a_row_alone_excuses_nothing(where: Where, store: LogStore, tmp_path: Path) -> None:
    """AUD-02: whoever cuts the log can append a false acceptance, too; only the history that it began is signed."""
    logged(store, tmp_path, LossAccepted(epoch=1, kept=2, lost=3, observations=0))
    stored = where if isinstance(where, Path) else store.database
    assert not verify(stored, tmp_path, SECOND, ORIGIN).ok
    losses, witness = [Loss(1, 2, 3, 0, NOON)], Witness(store, Folder(tmp_path), SECOND)
    assert witness.trouble(Named(ORIGIN, losses)) is not None
    witness.accepted(1)
    assert witness.trouble(Named(ORIGIN, losses)) is None
    assert verify(stored, tmp_path, SECOND, ORIGIN).ok

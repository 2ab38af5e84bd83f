"""How many facts an accepted loss kept, for whom the list of the erased means (E50, AUD-12); on both databases."""

from pathlib import Path

import pytest

from access_policy.actor import Actor
from access_policy.events import LossAccepted
from access_policy.log import LogStore
from access_policy.log.checkpoints import origin_of, sign_checkpoint
from access_policy.log.erased import read_erased, still_meant, write_erased
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.kept import kept_by_losses
from access_policy.log.signers import Reach
from access_policy.log.store import Head
from access_policy.log.targets import Folder
from access_policy.log.witness import Named, Witness
from access_policy.model.ids import PersonId
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, add, registered
from tests.unit.access_policy.log.test_key_witness import sign
from tests.unit.access_policy.log.test_signers import SECOND, rotated

ADMIN = Actor(person=PersonId("P-1"), step_up="f")


def lost_below(store: LogStore, folder: Path, *, root: str | None = None) -> LossAccepted:
    """Leave a log of three facts, two of them signed, that had ten when its key was rotated; return what is offered."""
    add(store, registered(1), registered(2))
    sign(folder, store, 2)
    add(store, registered(3))
    rotated(folder, KEYS, SECOND, reach=Reach(0, 10, 0, 5), root=root or "5a" * 32)
    trouble = Witness(store, Folder(folder), SECOND).trouble(Named(ORIGIN, ()))
    assert trouble is not None
    assert trouble.gap is not None
    return LossAccepted(**trouble.gap._asdict())


def test_who_was_erased_in_what_was_lost_stays_erased(store: LogStore, tmp_path: Path) -> None:
    """E50, AUD-12: below a rotation the loss itself counts nothing as kept, and the old key's checkpoint still tells
    whom the list means; who got a number afterwards, or where nothing is signed, is another one."""
    loss = lost_below(store, tmp_path)
    assert loss.kept == 0
    write_erased(tmp_path, {("P-1", 0), ("P-2", 0), ("P-3", 0), ("P-4", 0)}, SECOND, ORIGIN)
    add(store, loss, actor=ADMIN)
    add(store, registered(4))
    kept = kept_by_losses(store.database, tmp_path, SECOND, ORIGIN)
    assert kept == {1: 2}
    assert still_meant(store.database, read_erased(tmp_path, SECOND, ORIGIN), kept) == {"P-1", "P-2"}


@pytest.mark.parametrize(("size", "root"), [(3, "5a" * 32), (4, None), (5, None)], ids=["other", "loss", "later"])
def test_only_a_root_that_the_log_held_before_counts(
    store: LogStore, tmp_path: Path, size: int, root: str | None
) -> None:
    """AUD-02: not one of another history, nor one of what was written since."""
    add(store, lost_below(store, tmp_path), actor=ADMIN)
    add(store, registered(5))
    head = Head(size, root or store.root_at(size) or "5a" * 32, None)
    (tmp_path / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(head, KEYS, ORIGIN))
    assert kept_by_losses(store.database, tmp_path, SECOND, ORIGIN) == {1: 2}


def test_a_checkpoint_of_the_history_that_began_proves_nothing_kept(store: LogStore, tmp_path: Path) -> None:
    """AUD-02: it says what came of the log, not what was there before."""
    add(store, lost_below(store, tmp_path), actor=ADMIN)
    head = Head(3, store.root_at(3) or "", None)
    (tmp_path / "checkpoint-1-000000000003.txt").write_text(sign_checkpoint(head, SECOND, origin_of(ORIGIN, 1)))
    assert kept_by_losses(store.database, tmp_path, SECOND, ORIGIN) == {1: 2}


def test_what_the_loss_counted_is_enough_without_a_checkpoint(store: LogStore, tmp_path: Path) -> None:
    """E50: a folder that was emptied since takes nothing away from what two admins saw."""
    add(store, registered(1), registered(2), LossAccepted(epoch=1, kept=1, lost=9, observations=0))
    assert kept_by_losses(store.database, tmp_path, KEYS, ORIGIN) == {1: 1}


def test_a_checkpoint_beyond_a_former_keys_reach_is_refused(store: LogStore, tmp_path: Path) -> None:
    """AUD-12: a former key that leaked makes nobody erased beyond where it was retired."""
    for number in (1, 2, 3):
        add(store, registered(number))
    rotated(tmp_path, KEYS, SECOND, reach=Reach(0, 1, 0, 0), root="5a" * 32)
    sign(tmp_path, store, 2)
    add(store, LossAccepted(epoch=1, kept=0, lost=9, observations=0), actor=ADMIN)
    with pytest.raises(UntrustedCheckpoint, match="was retired at"):
        kept_by_losses(store.database, tmp_path, SECOND, ORIGIN)

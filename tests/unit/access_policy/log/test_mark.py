"""What this machine signed last, kept away from the checkpoints' folder: it speaks against a log, and never for one."""

import shutil
from pathlib import Path

import pytest

from access_policy.events import LossAccepted
from access_policy.log import LogStore
from access_policy.log.checkpoints import Signing
from access_policy.log.mark import Mark
from access_policy.log.targets import Folder
from access_policy.log.witness import BEGINNING, Gap, Named, Witness
from access_policy.state import Loss
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, Where, add, registered
from tests.unit.access_policy.log.tampering import sql, tamper
from tests.unit.access_policy.log.test_witness import NAMED, another

LARGER = 9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "signed.json"


def witness_of(store: LogStore, folder: Path, file: Path) -> Witness:
    return Witness(store, Folder(folder), KEYS).with_mark(Mark(file))


def marked(folder: Path, file: Path) -> tuple[int, int] | None:
    """Return history and size as the file has them."""
    found = Mark(file).newest(Folder(folder), KEYS, ORIGIN)
    return None if found is None else (found.epoch, found.size)


@pytest.fixture
def signed(store: LogStore, folder: Path, file: Path) -> LogStore:
    """A log with checkpoints of its first rows, of more, and of all."""
    witness = witness_of(store, folder, file)
    for size in (BEGINNING, BEGINNING + 1, LARGER):
        add(store, *(registered(number) for number in range(store.newest() + 1, size + 1)))
        assert witness.export(NAMED) is None
    assert marked(folder, file) == (0, LARGER)
    return store


def cut(where: Where, left: int) -> None:
    tamper(where, sql(f"DELETE FROM facts WHERE seq > {left}", f"DELETE FROM fact_heads WHERE size > {left}"))


def test_a_log_cut_to_its_beginning(signed: LogStore, where: Where, folder: Path, file: Path) -> None:
    """AUD-02: in an emptied folder it looks new, but for what this machine signed; without that file it still does."""
    cut(where, BEGINNING)
    shutil.rmtree(folder)
    trouble = witness_of(signed, folder, file).trouble(NAMED)
    assert trouble is not None
    assert trouble.gap == Gap(kept=0, lost=LARGER, epoch=1, observations=0)
    assert not folder.exists()
    file.unlink()
    assert witness_of(signed, folder, file).trouble(NAMED) is None


def test_a_log_cut_to_an_older_checkpoint(signed: LogStore, where: Where, folder: Path, file: Path) -> None:
    """AUD-02: with the newest ones taken out of the folder it looks whole, but for what this machine signed."""
    cut(where, BEGINNING + 1)
    (folder / f"checkpoint-{LARGER:012}.txt").unlink()
    assert Witness(signed, Folder(folder), KEYS).trouble(NAMED) is None
    trouble = witness_of(signed, folder, file).trouble(NAMED)
    assert trouble is not None
    assert trouble.text.startswith(f"the log is shorter than its newest checkpoint: `8` facts, not `{LARGER}`")
    assert trouble.gap == Gap(kept=8, lost=LARGER, epoch=1, observations=0)


def test_a_log_that_was_rewritten(signed: LogStore, folder: Path, file: Path, tmp_path: Path) -> None:
    """AUD-03: another history of the same length is found as well."""
    other = another(tmp_path / "other.db", LARGER)
    shutil.rmtree(folder)
    trouble = witness_of(other, folder, file).trouble(NAMED)
    other.close()
    assert trouble is not None
    assert trouble.gap is not None
    assert trouble.gap.lost == LARGER


def test_it_speaks_for_no_log(signed: LogStore, folder: Path, file: Path) -> None:
    """AUD-02: a log that holds what was signed here, in an emptied folder, is believed no more than before."""
    shutil.rmtree(folder)
    trouble = witness_of(signed, folder, file).trouble(NAMED)
    assert trouble == Witness(signed, Folder(folder), KEYS).trouble(NAMED)
    assert trouble is not None
    assert trouble.gap == Gap(kept=0, lost=0, epoch=1, observations=0)


def test_two_admins_accept_the_loss(signed: LogStore, where: Where, folder: Path, file: Path) -> None:
    """AUD-02: as any other; then the mark is of the new history, and one that another machine kept excused."""
    cut(where, BEGINNING)
    shutil.rmtree(folder)
    elsewhere = file.with_name("elsewhere.json")
    shutil.copy(file, elsewhere)
    add(signed, LossAccepted(epoch=1, kept=0, lost=LARGER, observations=0))
    named, witness = Named(ORIGIN, [Loss(1, 0, LARGER, 0, NOON)]), witness_of(signed, folder, file)
    assert witness.trouble(named) is not None
    witness.accepted(1)
    assert witness.trouble(named) is None
    assert marked(folder, file) == (1, BEGINNING + 1)
    assert witness_of(signed, folder, file).trouble(named) is None
    assert witness_of(signed, folder, elsewhere).trouble(named) is None


def test_a_row_that_accepts_a_loss_excuses_nothing(signed: LogStore, where: Where, folder: Path, file: Path) -> None:
    """AUD-02: who cuts the log can write that row, too; only a signed history excuses what was signed before."""
    cut(where, BEGINNING)
    shutil.rmtree(folder)
    add(signed, LossAccepted(epoch=1, kept=0, lost=LARGER, observations=0))
    trouble = witness_of(signed, folder, file).trouble(Named(ORIGIN, [Loss(1, 0, LARGER, 0, NOON)]))
    assert trouble is not None
    assert trouble.gap is not None
    assert trouble.gap.epoch == 2


@pytest.mark.parametrize(
    "text",
    ["", "rubbish", "[]", '{"epoch":0,"note":""}', '{"epoch":1,"note":"THE NOTE"}', '{"epoch":0,"note":"X THE NOTE"}'],
    ids=["empty", "rubbish", "a list", "no note", "of another history", "changed"],
)
def test_a_file_that_cannot_be_read_is_none(text: str, signed: LogStore, folder: Path, file: Path) -> None:
    """AUD-02: whoever can write it can take it away, so it stops nobody, and is written anew."""
    note = file.read_text().partition('"note":"')[2].removesuffix('"}')
    file.write_text(text.replace("THE NOTE", note))
    assert marked(folder, file) is None
    witness = witness_of(signed, folder, file)
    assert witness.trouble(NAMED) is None
    assert witness.export(NAMED) is None
    assert marked(folder, file) == (0, LARGER)


def test_it_is_never_lowered(signed: LogStore, folder: Path, file: Path) -> None:
    """AUD-02: a process that read its head a little earlier leaves the newer one."""
    head = signed.head()._replace(size=BEGINNING, root=signed.root_at(BEGINNING) or "")
    Mark(file).raise_to(head, Signing(KEYS, ORIGIN), Folder(folder))
    assert marked(folder, file) == (0, LARGER)


def test_a_folder_that_takes_no_file(store: LogStore, folder: Path, tmp_path: Path) -> None:
    """AUD-05: where it cannot be written the checkpoint is signed all the same."""
    add(store, registered())
    witness = witness_of(store, folder, tmp_path / "away" / "signed.json")
    assert witness.export(NAMED) is None
    assert (folder / "checkpoint-000000000001.txt").exists()
    assert witness.trouble(NAMED) is None

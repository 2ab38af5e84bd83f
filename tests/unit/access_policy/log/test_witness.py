"""The witness: whether a log is the one that was signed, and that its heads leave the machine without holding it up."""

import multiprocessing
import secrets
import threading
from pathlib import Path

import pytest

from access_policy.events import CommandRefused, LossAccepted
from access_policy.log import LogStore
from access_policy.log.checkpoints import Series, Signing, all_checkpoints, write_checkpoint
from access_policy.log.erased import read_erased
from access_policy.log.errors import UntrustedCheckpoint
from access_policy.log.targets import Folder
from access_policy.log.witness import BEGINNING, Gap, Named, Trouble, Witness
from access_policy.state import Loss
from access_policy.use_cases import Beginning, FirstAdmin, begin
from tests.unit.access_policy.log.samples import ADMIN, KEYS, NOON, ORIGIN, SetClock, Where, add, open_log, registered
from tests.unit.access_policy.log.tampering import sql, tamper

NAMED = Named(ORIGIN, [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


@pytest.fixture
def signed(store: LogStore, folder: Path) -> Witness:
    """A log of two facts and one observation, with their checkpoints."""
    witness = Witness(store, Folder(folder), KEYS)
    add(store, registered(1))
    store.observe(ADMIN, CommandRefused(command="x", code="y"))
    add(store, registered(2))
    assert witness.export(NAMED) is None
    return witness


def another(path: Path, count: int) -> LogStore:
    """Return another log, in which the same people were registered: an old backup of the one that is signed."""
    store = LogStore.create(path, KEYS, SetClock(), secrets.token_bytes)
    for number in range(1, count + 1):
        add(store, registered(number))
    return store


def test_a_log_that_grew_is_whole(signed: Witness, store: LogStore, folder: Path) -> None:
    """A log that holds its newest checkpoints is whole, however much came after; facts and observations are signed."""
    add(store, registered(3))
    assert signed.trouble(NAMED) is None
    names = {path.name for path in folder.iterdir()}
    assert names == {"checkpoint-000000000002.txt", "observations-000000000001.txt"}


def test_the_list_of_the_erased_is_what_the_facts_say(signed: Witness, where: Where, folder: Path) -> None:
    """AUD-11, E50: a key that somebody took away is not signed as erased, for good, with the next checkpoint."""
    tamper(where, sql("UPDATE sealing_keys SET wrapped = NULL WHERE owner = 'P-1'"))
    assert signed.export(NAMED) is None
    assert read_erased(folder, KEYS, ORIGIN) == frozenset()
    assert signed.export(NAMED._replace(erased={("P-2", 0)})) is None
    assert read_erased(folder, KEYS, ORIGIN) == {("P-2", 0)}


def test_nothing_signed_yet(store: LogStore, folder: Path) -> None:
    """A log that has only begun has nothing to be compared with, and is signed then and there."""
    add(store, *(registered(number) for number in range(1, BEGINNING + 1)))
    assert Witness(store, Folder(folder), KEYS).trouble(NAMED) is None
    assert [one.size for one in all_checkpoints(folder, KEYS, ORIGIN)] == [BEGINNING]


def test_nothing_signed_any_more(store: LogStore, folder: Path) -> None:
    """AUD-02: a longer log without a checkpoint of its facts is not believed: who cuts it may empty the folder, too."""
    add(store, *(registered(number) for number in range(1, BEGINNING + 2)))
    store.observe(ADMIN, CommandRefused(command="x", code="y"))
    write_checkpoint(
        folder, store.observation_head(), Signing(KEYS, ORIGIN, 0, Series.OBSERVATIONS), store.observation_root_at
    )
    witness = Witness(store, Folder(folder), KEYS)
    trouble = witness.trouble(NAMED)
    assert trouble is not None
    assert trouble.gap == Gap(kept=0, lost=0, epoch=1, observations=1)
    assert trouble.text.startswith("there is no checkpoint of the log's `8` facts")
    add(store, LossAccepted(epoch=1, kept=0, lost=0, observations=1))
    named = Named(ORIGIN, [Loss(1, 0, 0, 1, NOON)])
    assert witness.trouble(named) is not None
    witness.accepted(1)
    assert witness.trouble(named) is None
    assert Witness(store, Folder(folder), KEYS).trouble(named) is None
    assert [(one.epoch, one.size) for one in all_checkpoints(folder, KEYS, ORIGIN)] == [(1, 9)]


def test_what_a_log_begins_with(store: LogStore) -> None:
    """AUD-02: `BEGINNING` is as long as the first append."""
    admin = FirstAdmin("Ada", "", "1" * 64, "https://login.example", "1")
    begin(store, Beginning("test", False, (admin, admin)))
    assert store.newest() == BEGINNING


def test_a_log_that_was_cut(signed: Witness, store: LogStore, folder: Path, tmp_path: Path) -> None:
    """AUD-02: of a shorter log it says so, and what two admins can accept."""
    old = another(tmp_path / "old.db", 1)
    trouble = Witness(old, Folder(folder), KEYS).trouble(NAMED)
    old.close()
    assert trouble is not None
    assert trouble.gap == Gap(kept=0, lost=2, epoch=1, observations=0)
    assert trouble.text.startswith(
        "the log is shorter than its newest checkpoint: `1` facts, not `2`; two admins accept"
    )
    assert "kept=0 lost=2 epoch=1 observations=0" in trouble.text


def test_a_log_that_was_rewritten(signed: Witness, folder: Path, tmp_path: Path) -> None:
    """AUD-03: of one that is as long and another it says that, too."""
    other = another(tmp_path / "other.db", 5)
    trouble = Witness(other, Folder(folder), KEYS).trouble(NAMED)
    other.close()
    assert trouble is not None
    assert trouble.text.startswith("the log is different from its newest checkpoint at fact `2`")


@pytest.mark.parametrize("count", [2, 5])
def test_a_loss_that_was_proposed(count: int, signed: Witness, folder: Path, tmp_path: Path) -> None:
    """AUD-02: what was appended since makes a shorter log no rewritten one; a log that is whole is no shorter one."""
    assert signed.trouble(NAMED._replace(before_proposal=1)) is None
    other = another(tmp_path / "other.db", count)
    trouble = Witness(other, Folder(folder), KEYS).trouble(NAMED._replace(before_proposal=1))
    other.close()
    assert trouble is not None
    assert trouble.text.startswith("the log is shorter than its newest checkpoint: `1` facts, not `2`")


def test_observations_count(store: LogStore, folder: Path) -> None:
    """AUD-02: a log whose facts are whole, and whose observations are not, is behind as well."""
    witness = Witness(store, Folder(folder), KEYS)
    add(store, registered(1))
    witness.export(NAMED)
    text = (folder / "checkpoint-000000000001.txt").read_text()
    assert text.startswith(f"{ORIGIN}\n1\n")
    forge_observations(folder, store)
    trouble = witness.trouble(NAMED)
    assert trouble is not None
    assert trouble.gap == Gap(kept=1, lost=1, epoch=1, observations=0)
    assert trouble.text.startswith("the log's observations are shorter than its newest checkpoint: `0` observations")


def forge_observations(folder: Path, store: LogStore) -> None:
    """Sign five observations that this log does not hold."""
    head = store.head()._replace(size=5)
    write_checkpoint(folder, head, Signing(KEYS, ORIGIN, 0, Series.OBSERVATIONS), lambda _: None)


def test_an_acceptance_counts_once_signed(signed: Witness, folder: Path, tmp_path: Path) -> None:
    """AUD-02: the row that accepts a loss excuses nothing by itself; who saw the acceptance signs the new history."""
    old = another(tmp_path / "old.db", 1)
    add(old, LossAccepted(epoch=1, kept=0, lost=2, observations=0))
    named = Named(ORIGIN, [Loss(1, 0, 2, 0, NOON)])
    witness, reader = (Witness(old, Folder(folder), KEYS) for _ in range(2))
    forged = witness.trouble(named)
    assert forged is not None
    assert forged.text.startswith("the loss that was accepted as history `1` is not signed")
    assert forged.gap == Gap(kept=0, lost=2, epoch=2, observations=0)
    witness.accepted(1)
    assert witness.trouble(named) is None
    assert reader.trouble(named) is None
    assert [(one.epoch, one.size) for one in all_checkpoints(folder, KEYS, ORIGIN)] == [(0, 2), (1, 2)]
    old.close()


def test_an_old_backup_of_an_ended_history(signed: Witness, folder: Path, tmp_path: Path) -> None:
    """AUD-02: a backup from before an accepted loss is behind the history that began then; the next one has its own."""
    old = another(tmp_path / "old.db", 1)
    add(old, LossAccepted(epoch=1, kept=0, lost=2, observations=0))
    witness = Witness(old, Folder(folder), KEYS)
    witness.accepted(1)
    assert witness.trouble(Named(ORIGIN, [Loss(1, 0, 2, 0, NOON)])) is None
    old.close()
    older = another(tmp_path / "older.db", 1)
    trouble = Witness(older, Folder(folder), KEYS).trouble(NAMED)
    older.close()
    assert trouble is not None
    assert trouble.gap is not None
    assert trouble.gap.epoch == 2


@pytest.mark.parametrize("text", ["", "rubbish", "sluis.example/log\n9\nAAAA\n\n\N{EM DASH} sluis.example/log AAAA\n"])
def test_a_forged_checkpoint(text: str, signed: Witness, folder: Path) -> None:
    """AUD-03: a file that is no checkpoint of ours decides nothing either, is named, and cannot be accepted."""
    (folder / "checkpoint-000000000009.txt").write_text(text)
    trouble = signed.trouble(NAMED)
    assert trouble is not None
    assert trouble.gap is None
    assert trouble.text.startswith("`checkpoint-000000000009.txt`: ")
    with pytest.raises(UntrustedCheckpoint):
        signed.export(NAMED)
    (folder / "checkpoint-000000000009.txt").unlink()
    assert signed.trouble(NAMED) is None


def test_a_checkpoint_of_another_log(signed: Witness) -> None:
    """AUD-03: checkpoints of another installation are none of ours."""
    trouble = signed.trouble(Named("sluis.example/other", []))
    assert trouble is not None
    assert "no valid signature of `sluis.example/other`" in trouble.text


def test_a_folder_that_goes_and_comes_back(signed: Witness, store: LogStore, folder: Path, tmp_path: Path) -> None:
    """AUD-05: while it cannot be written that is said, and it goes on by itself."""
    witness = Witness(store, Folder(folder, made=False), KEYS)
    folder.rename(tmp_path / "away")
    assert "cannot be" in (witness.export(NAMED) or "")
    trouble = witness.trouble(NAMED)
    assert trouble is not None
    assert trouble.gap is None
    assert trouble.text.endswith("until then nothing is decided")
    (tmp_path / "away").rename(folder)
    add(store, registered(3))
    assert witness.export(NAMED) is None
    assert (folder / "checkpoint-000000000003.txt").exists()


class _FullDisk(Folder):
    def write(self, name: str, data: bytes) -> None:
        raise self._unavailable("written", OSError(28, "No space left on device"))


def test_a_full_disk(signed: Witness, store: LogStore, folder: Path) -> None:
    """AUD-05: a target without room says so, and leaves nothing half-written."""
    add(store, registered(3))
    said = Witness(store, _FullDisk(folder), KEYS).export(NAMED)
    assert said is not None
    assert "No space left on device" in said
    assert len(list(folder.iterdir())) == 2


class _Hanging(Folder):
    released: threading.Event

    def names(self) -> list[str]:
        self.released.wait(60)
        return super().names()


def test_a_target_that_hangs(signed: Witness, store: LogStore, folder: Path) -> None:
    """AUD-05: nobody waits long for it, later calls do not wait at all, and it goes on once it answers."""
    target = _Hanging(folder)
    _Hanging.released = threading.Event()
    witness = Witness(store, target, KEYS, wait=0.05)
    assert "did not answer within 0.05 s" in (witness.export(NAMED) or "")
    assert witness.trouble(NAMED) == Trouble(
        "the checkpoints' folder does not answer; check its disk; until then nothing is decided"
    )
    _Hanging.released.set()
    assert witness._busy.acquire(timeout=60), "the hanging call never ended"
    witness._busy.release()
    witness._hangs = True  # as where the waiting ends while the call does
    witness._wait = 60
    assert witness.trouble(NAMED) is None
    assert witness.export(NAMED) is None


def _sign(where: Where, folder: Path) -> None:
    store = open_log(where)
    witness = Witness(store, Folder(folder), KEYS, wait=60)
    for _ in range(20):
        problem = witness.export(NAMED)
        assert problem is None, problem
    store.close()


def test_two_processes_sign_at_once(store: LogStore, where: Where, folder: Path) -> None:
    """Two processes that sign while a third appends never contradict each other, and leave whole files only."""
    add(store, registered(1))
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_sign, args=(where, folder)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in range(2, 30):
        add(store, registered(number))
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert Witness(store, Folder(folder), KEYS).export(NAMED) is None
    assert Witness(store, Folder(folder), KEYS).trouble(NAMED) is None
    assert list(all_checkpoints(folder, KEYS, ORIGIN))[-1].size == 29
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]

"""Backups and keys exports of before and after rotations: which fit each other, and what is said else (AUD-12)."""

import re
from pathlib import Path

import pytest

from access_policy.log.keys import load_keys
from access_policy.log.notes import VerifierKey
from access_policy.use_cases import Policy
from hub_config.places import Places
from tests.unit.hub_config.cli.backing_up import Desk, add_fact, desk_of, erase, names
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit


@pytest.fixture
def desk(sluis: Sluis, places: Places, tmp_path: Path) -> Desk:
    return desk_of(sluis, places, tmp_path)


def rotate(desk: Desk, state: Path | None = None) -> None:
    """Rotate the key, and let the key note go where the other machine's checkpoints lie as well."""
    assert desk.sluis("keys", "rotate", state=state or desk.places.state).status == 0
    copy_notes(desk)


def copy_notes(desk: Desk) -> None:
    desk.elsewhere.mkdir(exist_ok=True)
    for path in desk.places.checkpoints.iterdir():
        (desk.elsewhere / path.name).write_bytes(path.read_bytes())


def test_an_older_backup_with_newer_keys(desk: Desk) -> None:
    """AUD-12: a former key made the backup, and the newer one vouches for it; what is missing of it is told as ever."""
    backup = desk.back_up()
    rotate(desk)
    rotate(desk)
    said = desk.restore(backup, keys := desk.export())
    assert (said.status, "log_behind" in said.err) == (3, True)
    said = desk.restore(backup, keys, "--behind")
    assert said.status == 0, said.err
    assert "shorter than its newest checkpoint" in desk.sluis("explain", "P-12", "DR-1", state=desk.new().state).err
    alone = desk.restore_alone(backup, keys, "--unwitnessed", state="alone")
    assert (alone.status, "--checkpoints DIR with the key notes" in alone.err) == (2, True)


def test_a_newer_backup_with_newer_keys(desk: Desk) -> None:
    """AUD-12, FLT-10: everything comes back after two rotations, and goes on with a third."""
    rotate(desk)
    rotate(desk)
    desk.change(add_fact)
    assert desk.restore(desk.back_up(), desk.export()).status == 0
    state = desk.new().state
    verified = desk.sluis("log", "verify", state=state)
    assert (verified.status, "the newest of 791 facts" in verified.out) == (0, True)
    assert desk.sluis("keys", "rotate", "--json", state=state).json["rotation"] == 3
    assert desk.sluis("log", "verify", state=state).status == 0


def test_keys_of_before_a_rotation(desk: Desk) -> None:
    """AUD-12: refused, in words that say what to do; on purpose it is put back, and the key replaced as lost."""
    old = desk.export("old")
    rotate(desk)
    rotate(desk)
    former = str(VerifierKey(desk.origin, load_keys(desk.places.keys).public))
    backup = desk.back_up()
    said = desk.restore(backup, old)
    assert (said.status, said.err.count("\n"), desk.new().state.exists()) == (2, 2, False)
    assert "the keys are older than the rotation of `key-000000000002.txt`; give the newest keys export" in said.err
    said = desk.restore(backup, old, "--lost-key")
    assert said.status == 0, said.err
    assert f"sluis keys rotate --lost --former {former}" in said.err
    state = desk.new().state
    for command in (("explain", "P-12", "DR-1"), ("keys", "rotate"), ("person", "list")):
        refused = desk.sluis(*command, state=state)
        assert (refused.status, "take the newest keys export" in refused.err) == (2, True)
    assert desk.sluis("keys", "rotate", "--lost", "--former", former, state=state).status == 0
    assert desk.sluis("log", "verify", state=state).status == 0
    assert desk.sluis("explain", "P-12", "DR-1", state=state).status == 0


def test_keys_of_before_a_loss_vouch_for_none(desk: Desk) -> None:
    """AUD-12: what a lost key did not sign is not believed by who has only that key or an earlier one."""
    old = desk.export("old")
    rotate(desk)
    former = str(VerifierKey(desk.origin, load_keys(desk.places.keys).public))
    (desk.places.keys / "checkpoint.key").unlink()
    assert desk.sluis("keys", "rotate", "--lost", "--former", former).status == 0
    copy_notes(desk)
    said = desk.restore(desk.back_up(), old, "--lost-key")
    assert (said.status, "`key-000000000002.txt` replaced a lost key" in said.err) == (2, True)


def test_a_lost_key_and_a_log_that_is_behind(desk: Desk) -> None:
    """AUD-02, AUD-12: no key could sign what two admins accept, so that is not put back."""
    old = desk.export("old")
    rotate(desk)
    backup = desk.back_up()
    desk.change(add_fact)
    desk.sign()
    copy_notes(desk)
    said = desk.restore(backup, old, "--lost-key", "--behind")
    assert (said.status, "no log that is behind" in said.err, desk.new().state.exists()) == (3, True, False)


def test_who_was_erased_stays_erased(desk: Desk) -> None:
    """E50, AUD-12: the list that a former key signed is applied, and the one that the newer key went on with."""
    backup = desk.back_up()
    desk.change(erase("P-5"))
    rotate(desk)
    desk.change(erase("P-4"))
    rotate(desk)
    keys = desk.export()
    assert desk.restore(backup, keys, "--behind").status == 0
    found = names(desk, desk.places.state)
    assert (found["P-5"], found["P-4"]) == ("[erased]", "[erased]")
    said = desk.sluis("log", "show", "--kind", "PersonRegistered", "--json", state=desk.new().state)
    registered = {one["person"]: one["name"] for one in said.lines}
    assert (registered["P-5"], registered["P-4"]) == ("[erased]", "[erased]")


def test_who_was_erased_in_what_was_lost_below_a_rotation_stays_erased(desk: Desk) -> None:
    """E50, AUD-12: the database of before was put back as it was, keys and all, and the accepted loss counts nothing as
    kept; the checkpoint that a former key signed tells a restore whom the list of the erased means."""
    desk.sign()
    before = desk.places.log.read_bytes()
    rotate(desk)
    desk.change(erase("P-5"))
    desk.change(Policy.sign)
    desk.places.log.write_bytes(before)
    assert accepted(desk) == "kept=0"
    later = desk.folder / "later.age"
    assert desk.sluis("backup", str(later)).status == 0
    said = desk.restore(later, desk.export(), "--checkpoints", str(desk.places.checkpoints))
    assert said.status == 0, said.err
    found = names(desk, desk.new().state)
    assert (found["P-5"], found["P-4"] == "[erased]") == ("[erased]", False)


def accepted(desk: Desk) -> str:
    """Let two admins accept the loss that is offered; return what counts as kept in it."""
    numbers = re.findall("(?:kept|lost|epoch|observations)=[0-9]+", desk.sluis("explain", "P-12", "DR-1").err)
    proposed = desk.sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    confirmed = desk.sluis("do", "confirm-proposal", f"proposal={proposed[-1]['proposal']}", "--as", "P-2")
    assert confirmed.status == 0, confirmed.err
    return str(numbers[0])


def test_a_stolen_former_key_makes_no_newer_backup(desk: Desk, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-12: a backup that it made beyond its end is refused, whatever its own checkpoints say."""
    stolen = (places.keys / "checkpoint.key").read_bytes()
    rotate(desk)
    keys = desk.export()
    for name in ("key-000000000001.txt", "checkpoint-000000000789.txt"):
        (places.checkpoints / name).unlink()
    (places.keys / "checkpoint.key").write_bytes(stolen)
    forged = str(desk.folder / "forged.age")
    said = desk.sluis("backup", forged)
    assert (said.status, "a rotation has retired the key" in said.err) == (2, True)
    monkeypatch.setattr("hub_config.backups.refuse_retired", lambda *_given: None)
    assert desk.sluis("backup", forged).status == 0
    said = desk.restore(Path(forged), keys)
    assert (said.status, desk.new().state.exists()) == (2, False)
    assert "retired at `788` facts" in said.err

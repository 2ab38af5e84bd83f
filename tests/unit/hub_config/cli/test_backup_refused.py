"""What `sluis backup` and `sluis restore` refuse: one line, and nothing is left behind (FLT-10, AUD-02, AUD-03)."""

import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyrage
import pytest

from access_policy.events import PersonRegistered
from access_policy.model.ids import CENTRE, PersonId
from hub_config.places import Places
from tests.unit.hub_config.cli.backing_up import (
    BACKUP,
    KEYS,
    Desk,
    add_fact,
    append,
    change,
    desk_of,
    erase,
    names,
    set_recipients,
)
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.room import room_for

pytestmark = pytest.mark.unit


@pytest.fixture
def desk(sluis: Sluis, places: Places, tmp_path: Path) -> Desk:
    return desk_of(sluis, places, tmp_path)


def test_a_log_behind_its_checkpoint_is_not_restored(desk: Desk) -> None:
    """Exit status 3, and by how many; nothing is left behind (AUD-02)."""
    backup, keys = desk.back_up(), desk.export()
    for _ in range(3):
        desk.change(add_fact)
    desk.sign()
    options = ("--checkpoints", str(desk.places.checkpoints))
    said = desk.restore(backup, keys, *options)
    assert (said.status, desk.new().state.exists()) == (3, False)
    assert "log_behind: this backup lacks `3` facts and `1` observations" in said.err
    assert desk.restore(backup, keys, *options, "--behind").status == 0
    shown = desk.sluis("log", "verify", state=desk.new().state)
    assert (shown.status, "shorter than its" in shown.out) == (1, True)


def test_a_backup_that_nothing_speaks_for_is_not_restored(desk: Desk) -> None:
    """AUD-02: an old backup is whole by its own checkpoints; 3 unless asked for, and then nothing is decided."""
    backup, keys = desk.back_up(), desk.export()
    assert desk.sluis("do", "end-request", "request=DR-1", "reason=x", "--as", "P-1").status == 0
    (desk.folder / "empty").mkdir()
    for options in ((), ("--behind",), ("--checkpoints", str(desk.folder / "empty"))):
        said = desk.restore_alone(backup, keys, *options)
        assert (said.status, desk.new().state.exists()) == (3, False)
        assert "refused: nothing_to_compare: " in said.err
    said = desk.restore_alone(backup, keys, "--unwitnessed", "--json")
    assert (said.status, said.json["witnessed"], "it decides nothing" in said.err) == (0, False, True)
    asked = desk.sluis("explain", "P-12", "DR-1", state=desk.new().state)
    assert (asked.status, "two admins accept the loss" in asked.err) == (2, True)
    assert desk.sluis("check", state=desk.new().state).status == 1


def test_a_folder_that_was_named_is_told(desk: Desk) -> None:
    """AUD-02: one that is not there is wrong usage (2); one without checkpoints is not asked for again."""
    backup, keys = desk.back_up(), desk.export()
    said = desk.restore_alone(backup, keys, "--checkpoints", "/nope", "--unwitnessed")
    assert (said.status, "there is no folder `/nope`" in said.err, "decrypting" in said.err) == (2, True, False)
    empty = desk.folder / "empty"
    empty.mkdir()
    said = desk.restore_alone(backup, keys, "--checkpoints", str(empty))
    assert (said.status, f"`{empty}` holds no checkpoint of a log" in said.err) == (3, True)
    assert "give --checkpoints" not in said.err


def test_two_admins_accept_a_backup_that_nothing_speaks_for(desk: Desk) -> None:
    """AUD-02, E58: then it is another history, and every grant is suspended."""
    backup, keys = desk.back_up(), desk.export()
    assert desk.restore_alone(backup, keys, "--unwitnessed").status == 0
    state = desk.new().state
    numbers = ("kept=0", "lost=0", "epoch=1", "observations=0")
    said = desk.sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json", state=state)
    proposal = f"proposal={said.json['events'][-1]['proposal']}"
    assert desk.sluis("do", "confirm-proposal", proposal, "--as", "P-2", state=state).status == 0
    assert desk.sluis("explain", "P-12", "DR-1", state=state).status == 1
    assert desk.sluis("log", "verify", state=state).status == 0


def test_a_log_of_another_history_is_not_restored(desk: Desk) -> None:
    """A fork that the same keys signed elsewhere: also not with --behind (AUD-03)."""
    other = Places(desk.folder / "other")
    shutil.copytree(desk.places.state, other.state)
    desk.change(add_fact)
    backup, keys = desk.back_up(), desk.export()
    change(other, erase("P-7"))
    Desk(desk.sluis, other, desk.folder).sign()
    said = desk.restore(backup, keys, "--behind", "--checkpoints", str(other.checkpoints))
    assert (said.status, "different from its checkpoint" in said.err, desk.new().state.exists()) == (2, True, False)


def test_a_forged_checkpoint_stops_a_restore(desk: Desk) -> None:
    """It names the file (AUD-03)."""
    desk.sign()
    backup, keys = desk.back_up(), desk.export()
    note = next(desk.places.checkpoints.glob("checkpoint-*.txt"))
    forged = desk.folder / "forged"
    forged.mkdir()
    (forged / "checkpoint-000000999999.txt").write_bytes(note.read_bytes())
    said = desk.restore(backup, keys, "--checkpoints", str(forged))
    assert (said.status, "do not trust it" in said.err, said.err.count("\n")) == (2, True, 3)


def test_checkpoints_lie_where_the_settings_say(desk: Desk) -> None:
    """A folder of another name comes back under it; one outside the state is compared without being named (AUD-02)."""
    outside = desk.folder / "outside"
    outside.mkdir()
    text = desk.places.settings.read_text(encoding="utf-8")

    def set_folder(folder: str) -> None:
        changed = text.replace('checkpoints = "checkpoints"', f'checkpoints = "{folder}"')
        desk.places.settings.write_text(changed, encoding="utf-8")
        desk.sign(desk.places.state / folder)

    set_folder("signed/notes")
    assert desk.restore(desk.back_up("inside"), desk.export("inside"), state="inside").status == 0
    assert len(list((desk.folder / "inside" / "signed" / "notes").glob("checkpoint-*.txt"))) == 1
    set_folder(str(outside))
    backup, keys = desk.back_up("outside"), desk.export("outside")
    desk.change(add_fact)
    desk.sign(outside)
    said = desk.restore_alone(backup, keys)
    assert (said.status, "lacks `1` facts" in said.err) == (3, True)
    shutil.rmtree(outside)
    assert desk.restore(backup, keys, state="away").status == 0
    assert not outside.exists()
    outside.mkdir()
    assert desk.restore(backup, keys, state="there").status == 0
    assert desk.sluis("person", "list", state=desk.folder / "there").status == 0


def test_keys_of_another_installation_are_refused(desk: Desk, tmp_path: Path) -> None:
    """Nothing is left behind."""
    other = Places(tmp_path / "another")
    admins = ("--admin", "https://login.example", "1", "--admin", "https://login.example", "2")
    assert desk.sluis("init", *admins, state=other.state).status == 0
    set_recipients(other)
    backup = desk.back_up()
    desk.sluis("keys", "export", str(tmp_path / "foreign.age"), state=other.state)
    said = desk.restore(backup, tmp_path / "foreign.age")
    assert (said.status, "is not of the Sluis" in said.err, desk.new().state.exists()) == (2, True, False)


def test_keys_older_than_the_backup_lack_who_came_since(desk: Desk) -> None:
    """It says how many; with --lose-texts they read [erased], and the rest is there."""
    keys = desk.export()
    late = PersonId("P-999")
    comer = PersonRegistered(person=late, name="Late Comer", email="late@hospital.example", institution=CENTRE)
    desk.change(lambda policy: append(policy, comer))
    before = names(desk, desk.places.state)
    backup = desk.back_up()
    said = desk.restore(backup, keys)
    assert (said.status, f"({late}, …)" in said.err, desk.new().state.exists()) == (2, True, False)
    assert desk.restore(backup, keys, "--lose-texts").status == 0
    assert names(desk, desk.new().state) == before | {late: "[erased]"}


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {"cut": whole[:-70_000], "flip": whole[:middle] + b"\0\1" + whole[middle + 2 :], "empty": b""}[how]
    )


@pytest.mark.parametrize("which", ["backup", "keys"])
@pytest.mark.parametrize("how", ["cut", "flip", "empty"])
def test_a_damaged_file_is_refused(desk: Desk, which: str, how: str) -> None:
    """One line, nothing left behind (FLT-10)."""
    files = {"backup": desk.back_up(), "keys": desk.export()}
    damage(files[which], how)
    said = desk.restore(files["backup"], files["keys"])
    assert (said.status, said.err.count("\n"), desk.new().state.exists()) == (2, 2, False)
    assert str(files[which]) in said.err


def test_a_wrong_identity_or_file_is_refused(desk: Desk) -> None:
    """Whatever is given for another thing: one line that says what to give."""
    backup, keys = desk.back_up(), desk.export()
    for given, said in (
        ((keys, backup), "a keys export of a Sluis, not a backup|a backup of a Sluis, not a keys export"),
        ((backup, desk.folder / "gone"), "No such file"),
        ((backup, desk.places.settings), "no age file"),
    ):
        answer = desk.restore(*given)
        assert (answer.status, any(one in answer.err for one in said.split("|"))) == (2, True), answer.err
        assert not desk.new().state.exists()
    (desk.folder / "backup.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n", encoding="ascii")
    answer = desk.restore(backup, keys)
    assert (answer.status, "--identity" in answer.err, desk.new().state.exists()) == (2, True, False)


def test_a_state_that_holds_a_sluis_is_left_alone(desk: Desk) -> None:
    """Exit status 2."""
    backup, keys = desk.back_up(), desk.export()
    before = desk.places.log.read_bytes()
    said = desk.restore(backup, keys, state="state")
    assert (said.status, "holds a Sluis already" in said.err) == (2, True)
    assert desk.places.log.read_bytes() == before


@pytest.mark.parametrize("room", [50_000, 300_000, 500_000])
def test_a_full_disk_leaves_nothing(desk: Desk, room: int) -> None:
    """Neither half a backup nor half a state; the same goes through once there is room (AUD-05)."""
    backup, keys = desk.back_up(), desk.export()
    size = backup.stat().st_size
    assert size > 500_000
    state = sorted(path.name for path in desk.places.state.iterdir())
    with room_for(room):
        said = desk.sluis("backup", str(desk.folder / "backup-full.age"))
        assert (said.status, list(desk.folder.glob("backup-full*"))) == (2, []), said.err
        said = desk.restore(backup, keys)
        assert (said.status, desk.new().state.exists()) == (2, False), said.err
    assert sorted(path.name for path in desk.places.state.iterdir()) == state
    assert desk.restore(backup, keys).status == 0


def test_a_target_that_cannot_be_written_leaves_nothing(desk: Desk) -> None:
    """A folder that is not there, a file in the way of the state, a file that is there: one line."""
    backup, keys = desk.back_up(), desk.export()
    assert desk.sluis("backup", str(desk.folder / "nowhere" / "b.age")).status == 2
    assert desk.sluis("backup", str(backup)).status == 2
    (desk.folder / "file").write_text("", encoding="ascii")
    assert desk.restore(backup, keys, state="file/new").status == 2


@pytest.mark.parametrize("recipients", ["[]", '["age1nonsense"]', '["AGE-SECRET-KEY-1X"]'])
def test_without_a_recipient_nothing_is_written(desk: Desk, recipients: str) -> None:
    """The line names the setting and the value."""
    text = desk.places.settings.read_text(encoding="utf-8")
    text = text.replace(f'["{BACKUP.to_public()}"]', recipients).replace(f'["{KEYS.to_public()}"]', recipients)
    desk.places.settings.write_text(text, encoding="utf-8")
    for command, setting in ((("backup",), "`recipients`"), (("keys", "export"), "`key_recipients`")):
        said = desk.sluis(*command, str(desk.folder / "x.age"))
        assert (said.status, setting in said.err, (desk.folder / "x.age").exists()) == (2, True, False)


@pytest.mark.parametrize(
    "value", ["CAST(replace(payload, 'P-1', 'P-2') AS BLOB)", "replace(payload, 'P-1', 'P-2')", "7"]
)
def test_a_log_that_does_not_verify_gives_no_backup(desk: Desk, value: str) -> None:
    """The copy is verified, so that no backup is worthless (AUD-01)."""
    with closing(sqlite3.connect(desk.places.log)) as connection, connection:
        connection.execute("DROP TRIGGER facts_refuses_UPDATE")
        change = f"UPDATE facts SET payload = {value} WHERE seq = 2"
        connection.execute(change)
    said = desk.sluis("backup", str(desk.folder / "x.age"))
    assert (said.status, "log verify" in said.err, list(desk.folder.glob("x.age*"))) == (2, True, [])


def test_two_backups_at_once_are_refused(desk: Desk) -> None:
    """And what a killed one left behind is taken away by the next."""
    left = desk.places.state / ".backup"
    (left / "checkpoints").mkdir(parents=True)
    (left / "log.sqlite").write_bytes(b"half")
    lock = os.open(left, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    said = desk.sluis("backup", str(desk.folder / "x.age"))
    assert (said.status, "another backup is being made" in said.err) == (2, True)
    os.close(lock)
    assert desk.sluis("backup", str(desk.folder / "x.age")).status == 0
    assert not left.exists()

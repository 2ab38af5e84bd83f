"""`sluis backup`, `keys export`, `restore`: everything comes back, but nothing that was taken away (FLT-10, E50)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from access_policy.log.erased import write_erased
from access_policy.log.keys import load_keys
from hub_config.places import Places
from hub_config.settings import load_settings
from tests.postgres import blank_database
from tests.unit.hub_config.cli.backing_up import (
    BACKUP,
    KEYS,
    Desk,
    add_fact,
    appends,
    desk_of,
    erase,
    names,
    rows,
    set_recipients,
)
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit


@pytest.fixture
def desk(sluis: Sluis, places: Places, tmp_path: Path) -> Desk:
    return desk_of(sluis, places, tmp_path)


def test_everything_comes_back(desk: Desk) -> None:
    """The log, its names, its answers, the documents and the settings are those of before; all of it verifies."""
    desk.sign()
    assert desk.restore(desk.back_up(), desk.export()).status == 0
    new, asked = desk.new(), ("person", "list", "--json")
    assert desk.sluis(*asked, state=new.state).out == desk.sluis(*asked).out
    assert desk.sluis("log", "verify", state=new.state).out == desk.sluis("log", "verify").out
    for name in ("person", "request", "dataset"):
        before = desk.sluis(name, "list", "--json")
        assert desk.sluis(name, "list", "--json", state=new.state).out == before.out
    request = desk.sluis("request", "list", "--json").json[0]["request"]
    now = desk.sluis("explain", "P-3", request, "--json", state=new.state)
    assert now.status in (0, 1)
    assert new.settings.read_bytes() == desk.places.settings.read_bytes()
    documents = [sorted(path.name for path in one.documents.iterdir()) for one in (desk.places, new)]
    assert documents[0] == documents[1] != []
    assert {path.stat().st_mode & 0o077 for path in (new.log, new.settings, new.keys, *new.keys.iterdir())} == {0}


def test_a_backup_holds_no_key_and_no_login(desk: Desk) -> None:
    """Sealing keys are left out under a mark, erased ones stay empty, sessions and pending logins are gone (MFA-11)."""
    desk.change(erase("P-3"))
    with closing(sqlite3.connect(desk.places.log)) as connection, connection:
        connection.execute(
            "INSERT INTO sessions (session, person, begun, factor_kind, factor_at, zone, ends) "
            "VALUES ('s', 'P-1', 't', 'totp', 't', 'anywhere', 't')"
        )
    folder = desk.open(desk.back_up())
    assert set(rows(folder / "log.sqlite", "SELECT wrapped FROM sealing_keys")) == {(b"",), (None,)}
    assert rows(folder / "log.sqlite", "SELECT owner FROM sealing_keys WHERE wrapped IS NULL") == [("P-3",)]
    assert rows(folder / "log.sqlite", "SELECT count(*) FROM sessions, pending_logins") == [(0,)]
    assert rows(folder / "log.sqlite", "SELECT count(*) > 0 FROM factors") == [(1,)]
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    secrets = [(desk.places.keys / name).read_bytes() for name in ("master.key", "lookup.key", "checkpoint.key")]
    kept = [row[0] for row in rows(desk.places.log, "SELECT wrapped FROM sealing_keys WHERE wrapped IS NOT NULL")]
    assert [secret for secret in (*secrets, *kept) if secret in everything] == []


def test_who_was_erased_stays_erased(desk: Desk) -> None:
    """Back up, erase, restore: the name stays gone, also with the keys export of before (E50)."""
    desk.sign()
    backup, keys = desk.back_up(), desk.export()
    name = names(desk, desk.places.state)["P-5"]
    desk.change(erase("P-5"))
    write_erased(desk.places.checkpoints, [("P-5", 0)], load_keys(desk.places.keys), desk.origin)
    said = desk.restore(backup, keys, "--checkpoints", str(desk.places.checkpoints), "--json")
    assert (said.status, said.json["erased_again"]) == (0, 1)
    assert names(desk, desk.new().state)["P-5"] == "[erased]" != name
    later = desk.restore(desk.back_up("2"), keys, state="later")
    assert (later.status, names(desk, desk.new("later").state)["P-5"]) == (0, "[erased]")
    for state in (desk.new(), desk.new("later")):
        assert rows(state.log, "SELECT wrapped FROM sealing_keys WHERE owner = 'P-5'") == [(None,)]


def test_the_same_recipient_for_both_is_warned_of(desk: Desk) -> None:
    """It is written all the same."""
    text = desk.places.settings.read_text(encoding="utf-8")
    desk.places.settings.write_text(text.replace(str(KEYS.to_public()), str(BACKUP.to_public())), encoding="utf-8")
    said = desk.sluis("keys", "export", str(desk.folder / "k.age"))
    assert (said.status, "the same age key" in said.err) == (0, True)


def test_taking_a_copy_is_recorded(desk: Desk) -> None:
    """Who took which, as an observation (E51)."""
    desk.sluis("backup", str(desk.folder / "b.age"), "--operator", "olga")
    desk.sluis("keys", "export", str(desk.folder / "k.age"), "--operator", "olga")
    seen = desk.sluis("log", "show", "--observations", "--kind", "LogRead", "--json").lines
    assert [(one["what"], "olga" in one["actor"]) for one in seen[:2]] == [("backup", True), ("keys export", True)]


def test_appends_go_on_while_a_backup_is_made(desk: Desk) -> None:
    """Each backup is one consistent view of a log that moves on; none of the appends fails (AUD-08)."""
    keys = desk.export()
    with appends(desk.places) as made:
        for number in ("1", "2"):
            before = len(made)
            backup = desk.back_up(number)
            assert len(made) > before
            said = desk.restore(backup, keys, "--json", state=number)
            assert (said.status, desk.sluis("log", "verify", state=desk.folder / number).status) == (0, 0), said.err
    assert made == list(range(made[0], made[0] + len(made)))


def test_a_restored_state_can_be_backed_up_and_restored_again(desk: Desk) -> None:
    """What comes out is what went in, twice."""
    assert desk.restore(desk.back_up(), desk.export()).status == 0
    again = Desk(desk.sluis, desk.new(), desk.folder)
    backup, keys = desk.folder / "b2.age", desk.folder / "k2.age"
    assert desk.sluis("backup", str(backup), state=again.places.state).status == 0
    assert desk.sluis("keys", "export", str(keys), state=again.places.state).status == 0
    assert desk.restore(backup, keys, state="newer").status == 0
    assert names(desk, desk.new("newer").state) == names(desk, desk.places.state)


def test_a_log_on_a_server_is_backed_up_and_restored_there(desk: Desk, tmp_path: Path) -> None:
    """The same file format, whatever the database; a database that holds a log already is refused (FLT-10)."""
    state = tmp_path / "server"
    admins = ("--admin", "https://login.example", "1", "--admin", "https://login.example", "2")
    assert desk.sluis("init", *admins, "--database", blank_database(), state=state).status == 0
    set_recipients(Places(state))
    backup, keys = tmp_path / "b.age", tmp_path / "k.age"
    assert desk.sluis("backup", str(backup), state=state).status == 0
    assert desk.sluis("keys", "export", str(keys), state=state).status == 0
    assert rows(desk.open(backup) / "log.sqlite", "SELECT DISTINCT wrapped FROM sealing_keys") == [(b"",)]
    said = desk.restore(backup, keys, "--unwitnessed")
    assert (said.status, "is not empty" in said.err, desk.new().state.exists()) == (2, True, False)


def test_a_log_moves_to_a_server_and_back_by_a_restore(desk: Desk) -> None:
    """AUD-11, FLT-10: by commands alone; it answers, proves and names the same there, and goes on there."""
    desk.change(erase("P-3"))
    desk.sign()
    before, url = names(desk, desk.places.state), blank_database()
    keys, checkpoints = desk.export(), ("--checkpoints", str(desk.places.checkpoints))
    said = desk.restore(desk.back_up(), keys, *checkpoints, "--database", url)
    assert (said.status, desk.new().log.exists()) == (0, False), said.err
    moved = Desk(desk.sluis, desk.new(), desk.folder)
    assert names(desk, moved.places.state) == before
    assert desk.sluis("log", "verify", state=moved.places.state).status == 0
    there, old = load_settings(moved.places.settings), load_settings(desk.places.settings)
    assert (there.log.database, replace(there, log=old.log)) == (url, old)
    moved.change(add_fact)
    assert desk.sluis("backup", str(desk.folder / "back.age"), state=moved.places.state).status == 0
    said = desk.restore(desk.folder / "back.age", keys, *checkpoints, "--database", "file", state="back")
    assert (said.status, desk.new("back").log.exists()) == (0, True), said.err
    verified = [desk.sluis("log", "verify", state=desk.folder / state).out for state in ("new", "back")]
    assert verified[0] == verified[1]
    assert load_settings(desk.new("back").settings) == old


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://me:hush@h/x", ""])
def test_an_unusable_database_restores_nothing(desk: Desk, url: str) -> None:
    """MFA-11: wrong usage, and a password that stood in it is not repeated."""
    said = desk.restore(desk.folder / "b.age", desk.folder / "k.age", "--database", url)
    assert (said.status, "hush" in said.err, desk.new().state.exists()) == (2, False, False)

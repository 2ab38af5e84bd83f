"""What the command line says of a log whose old observations were cut; and that it is backed up and restored (E48)."""

import json
from pathlib import Path

import pytest

from hub_config.places import Places
from tests.postgres import blank_database
from tests.unit.hub_config.aged_places import OLD, SIGNED, count, cut, grow_old, sign
from tests.unit.hub_config.cli.backing_up import Desk, desk_of
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit
GONE = SIGNED[-1]


@pytest.fixture
def gone(places: Places) -> Places:
    """A demo with ten observations of six years ago, of which eight were cut."""
    grow_old(places)
    cut(places)
    assert count(places) == OLD - GONE
    return places


def test_verify_and_check_say_what_was_cut(gone: Places, sluis: Sluis) -> None:
    """E48, AUD-02: the log is whole, and how many observations are gone is said in words and in JSON."""
    said = sluis("log", "verify")
    assert (said.status, said.err) == (0, "")
    assert f"its observations 1 to {GONE} were cut after their years; a fact says so" in said.out
    found = sluis("log", "verify", "--json").json
    assert (found["ok"], found["cut"]) == (True, GONE)
    assert f"whole; observations 1 to {GONE} were cut after their years" in sluis("check").out


def test_show_says_what_is_not_there(gone: Places, sluis: Sluis) -> None:
    """E48: on standard error, so that what is read by a program stays as it was; facts show the cut."""
    said = sluis("log", "show", "--observations", "--json")
    assert [line["seq"] for line in said.lines][:2] == [GONE + 1, GONE + 2]
    assert f"observations 1 to {GONE} were cut after their years; the oldest is of " in said.err
    assert sluis("log", "show", "--observations", "--since", str(GONE)).err == ""
    (fact,) = sluis("log", "show", "--kind", "ObservationsCut", "--json").lines
    assert (fact["size"], fact["actor"]) == (GONE, "component warden")


def test_nobody_gives_the_command(gone: Places, sluis: Sluis) -> None:
    """E48: only the warden does."""
    given = ("size=10", f"root={'0' * 64}", "since=2020-01-01T00:00:00Z")
    said = sluis("do", "cut-observations", *given, "--as", "P-1")
    assert (said.status, said.err.split(":")[:2]) == (3, ["refused", " not_permitted"])


@pytest.mark.parametrize("database", [False, True], ids=["file", "server"])
def test_a_log_that_was_cut_comes_back(sluis: Sluis, places: Places, tmp_path: Path, database: bool) -> None:
    """FLT-10: into a file or a server, with its cut; older checkpoints, beside and in the backup, are no loss."""
    desk: Desk = desk_of(sluis, places, tmp_path)
    grow_old(places)
    desk.sign(desk.elsewhere)
    cut(places)
    for path in places.checkpoints.iterdir():
        (desk.elsewhere / path.name).write_bytes(path.read_bytes())
    options = ("--database", blank_database()) if database else ()
    said = desk.restore(desk.back_up(), desk.export(), *options)
    assert said.status == 0, said.err
    found = sluis("log", "verify", "--json", state=desk.new().state)
    assert (found.status, found.json["cut"]) == (0, GONE)
    shown = sluis("log", "show", "--observations", "--json", state=desk.new().state)
    assert shown.lines[0]["seq"] == GONE + 1


def test_a_backup_of_before_a_cut(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """E48: it lacks the fact of the cut, so it is a loss; put back as one, its old rows are there to be cut again."""
    desk = desk_of(sluis, places, tmp_path)
    grow_old(places)
    backup, keys = desk.back_up(), desk.export()
    cut(places)
    sign(places)
    options = ("--checkpoints", str(places.checkpoints))
    refused = desk.restore(backup, keys, *options)
    assert (refused.status, "log_behind" in refused.err) == (3, True)
    assert desk.restore(backup, keys, *options, "--behind").status == 0
    assert count(desk.new()) >= OLD


def test_a_pack_of_a_cut_log(gone: Places, sluis: Sluis, tmp_path: Path) -> None:
    """E53, AUD-10: proofs lead to the checkpoint all the same, and manifest, page and verifier say what is gone."""
    from hub_config.audit import verify

    for about in (("--installation",), ("--request", "DR-10")):
        out = tmp_path / about[-1].strip("-")
        assert sluis("audit", "pack", *about, "--out", str(out)).status == 0
        assert verify.main([str(out)]) == 0
        manifest = json.loads((out / "manifest.json").read_text())
        assert manifest["trees"]["observations"]["cut"] == GONE
        assert f"Observations 1 to {GONE} are not in it" in " ".join((out / "index.html").read_text().split())
        events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
        assert [one["kind"] for one in events].count("ObservationsCut") == 1

"""`sluis upgrade` and `sluis upgrade finish`: the tables first, the format once nobody wants to go back (FLT-10)."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from access_policy.events import FORMAT
from access_policy.log.migrations import FORM
from hub_config.cli import main
from hub_config.lock import only_one
from hub_config.places import Places
from tests.unit.access_policy.log.recorded import RECORDED, unpacked
from tests.unit.hub_config.cli.conftest import Said, Sluis

Old = Callable[..., Said]


@pytest.fixture
def old(tmp_path: Path) -> Places:
    """A state folder of the release before formats."""
    return unpacked(RECORDED[0], tmp_path / "old")


@pytest.fixture
def sluis_old(old: Places, capsys: pytest.CaptureFixture[str]) -> Old:
    """Call `sluis` on it."""

    def call(*arguments: str) -> Said:
        status = main([*arguments, "--state", str(old.state)])
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call


def test_an_old_log_says_what_to_do(sluis_old: Old) -> None:
    """FLT-10: one line, which names the command; nothing is read."""
    said = sluis_old("log", "head")
    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "run `sluis upgrade`" in said.err


def test_the_tables_are_upgraded_once(sluis_old: Old) -> None:
    """FLT-10: says what it did; the log stays of its format, and the second time there is nothing to do."""
    first, second = sluis_old("upgrade"), sluis_old("upgrade")
    assert (first.status, second.status) == (0, 0)
    assert first.out.startswith(f"the tables had form 1 and have form {FORM}\n")
    assert f"the log is of format 1; this release's is {FORMAT}\n" in first.out
    assert second.out.startswith(f"nothing left to do but to finish: form {FORM}\n")
    assert "sluis upgrade finish --yes" in second.err
    assert sluis_old("upgrade", "--json").json == {
        "tables": {"before": FORM, "now": FORM}, "format": 1, "newest_format": FORMAT,
    }  # fmt: skip


def test_it_is_finished_only_on_purpose(sluis_old: Old) -> None:
    """FLT-10: without `--yes` nothing happens but a line that says what is lost: the way back."""
    sluis_old("upgrade")
    size = sluis_old("log", "head", "--json").json["size"]
    said = sluis_old("upgrade", "finish")
    assert said.status == 2
    assert "there is no way back" in said.err
    assert sluis_old("log", "head", "--json").json["size"] == size


def test_it_is_finished_once(sluis_old: Old) -> None:
    """FLT-10, REQ-10: one fact by the operator; the second time there is nothing to do, and nothing is written."""
    sluis_old("upgrade")
    size = sluis_old("log", "head", "--json").json["size"]
    assert sluis_old("upgrade", "finish", "--yes", "--operator", "olga").status == 0
    (fact,) = sluis_old("log", "show", "--since", str(size), "--json").lines
    assert (fact["kind"], fact["format"]) == ("UpgradeFinished", FORMAT)
    assert "operator olga" in fact["actor"]
    again = sluis_old("upgrade", "finish", "--json")
    assert (again.status, again.json) == (0, {"before": FORMAT, "now": FORMAT})
    assert sluis_old("log", "head", "--json").json["size"] == size + 1
    assert sluis_old("log", "verify").status == 0


def _schema(places: Places) -> tuple[object, object]:
    """Return the tables' columns and the triggers of a log file."""
    with closing(sqlite3.connect(places.log)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        columns = {name: raw.execute(f"PRAGMA table_info({name})").fetchall() for name in tables}
        return columns, sorted(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())


def test_until_it_is_finished_there_is_a_way_back(sluis_old: Old, old: Places) -> None:
    """FLT-10: the tables are again those of the release before, with all rows; and it can be upgraded again."""
    before = _schema(old)
    sluis_old("upgrade")
    size = sluis_old("log", "head", "--json").json["size"]
    assert _schema(old) != before
    assert sluis_old("upgrade", "back").status == 0
    assert _schema(old) == before
    assert "run `sluis upgrade`" in sluis_old("log", "head").err
    assert sluis_old("upgrade").status == 0
    assert sluis_old("log", "head", "--json").json["size"] == size


def test_once_it_is_finished_there_is_none(sluis_old: Old) -> None:
    """FLT-10: the release before could not read it; a line says so, and nothing happens.

    No rule of the policy refuses: there is nothing to go back to, as on PostgreSQL.
    """
    sluis_old("upgrade")
    sluis_old("upgrade", "finish", "--yes")
    said = sluis_old("upgrade", "back")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert "has format 2, which no release before reads; restore a backup" in said.err
    assert sluis_old("log", "verify").status == 0


def test_it_is_not_finished_before_the_tables_are_upgraded(sluis_old: Old) -> None:
    """FLT-10: the order is kept."""
    said = sluis_old("upgrade", "finish", "--yes")
    assert said.status == 2
    assert "run `sluis upgrade`" in said.err


def test_a_running_sluis_is_not_upgraded(sluis_old: Old, old: Places) -> None:
    """FLT-10: the tables are not changed under a process that reads them."""
    before = old.log.read_bytes()
    with only_one(old):
        said = sluis_old("upgrade")
    assert said.status == 2
    assert "runs already" in said.err
    assert old.log.read_bytes() == before


def test_a_new_log_has_nothing_to_upgrade(sluis: Sluis) -> None:
    """A log begins with the newest format."""
    said = sluis("upgrade")
    assert (said.status, said.err) == (0, "")
    assert said.out == f"nothing to do: form {FORM}\nthe log is of format {FORMAT}; this release's is {FORMAT}\n"
    assert sluis("upgrade", "finish").out == f"nothing to do: the log is of format {FORMAT} already\n"


def test_nothing_is_upgraded_where_nothing_is(tmp_path: Path, sluis: Sluis) -> None:
    """A folder without a log stays as it is."""
    said = sluis("upgrade", state=tmp_path / "nowhere")
    assert said.status == 2
    assert "there is no Sluis in" in said.err
    assert not (tmp_path / "nowhere" / "log.sqlite").exists()

"""Exit statuses: 0 and 1 answer on standard output; 2, 3 and 4 say one line on standard error."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub_config import supervisor
from hub_config.bootstrap import open_policy
from hub_config.cli import lists
from hub_config.places import Places
from hub_config.supervisor import PartFailed, RunOptions
from tests.unit.hub_config.cli.conftest import Sluis

PROGRAM = str(Path(sys.executable).with_name("sluis"))

WRONG_USAGE = {
    "no command": (),
    "an unknown command": ("simulate",),
    "an unknown option": ("person", "list", "--frobnicate"),
    "an abbreviated option": ("person", "list", "--js"),
    "a missing argument": ("explain", "P-12"),
    "one argument too many": ("person", "list", "P-12"),
    "an unknown person": ("explain", "P-999", "DR-1"),
    "a person of another alphabet": ("explain", "P-\u0661", "DR-1"),
    "an unknown request": ("explain", "P-12", "DR-999"),
    "an unknown zone": ("explain", "P-12", "DR-1", "--zone", "home"),
    "an unknown action": ("explain", "P-12", "DR-1", "--action", "own_workspace"),
    "an unknown person in next-steps": ("next-steps", "P-0", "DR-1"),
    "an unknown command to do": ("do", "obey", "--as", "P-1"),
    "a base class as a command": ("do", "of-person", "person=P-1", "--as", "P-1"),
    "nobody to do it for": ("do", "end-request", "request=DR-1", "reason=x"),
    "somebody unknown to do it for": ("do", "end-request", "request=DR-1", "reason=x", "--as", "P-999"),
    "a field without a value": ("do", "end-request", "request", "--as", "P-1"),
    "a field given twice": ("do", "end-request", "request=DR-1", "request=DR-2", "reason=x", "--as", "P-1"),
    "a field that is missing": ("do", "end-request", "request=DR-1", "--as", "P-1"),
    "a field that is unknown": ("do", "end-request", "request=DR-1", "reason=x", "force=true", "--as", "P-1"),
    "a file that is not there": ("do", "end-request", "--input", "/nonexistent/file.json", "--as", "P-1"),
    "an identity that is typed": (
        "do",
        "link-identity",
        "person=P-1",
        "identity=ab",
        "issuer=i",
        "subject=s",
        "--as",
        "P-2",
    ),
    "an unknown kind of event": ("log", "show", "--kind", "Coffee"),
    "events of somebody unknown": ("log", "show", "--person", "p-12"),
    "events of an unknown request": ("log", "show", "--request", "12"),
    "a number that is none": ("log", "show", "--since", "-1"),
    "checkpoints that are not there": ("log", "verify", "--checkpoints", "/nonexistent"),
    "a dataset folder that is not there": ("dataset", "manifest", "nowhere/1.0"),
    "a dataset folder elsewhere": ("dataset", "manifest", "../keys"),
    "an operator without a name": ("log", "head", "--operator", ""),
    "an operator with a line end": ("log", "head", "--operator", "a\nb"),
    "a port that is none": ("run", "--port", "65536"),
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_is_two_and_one_line(arguments: tuple[str, ...], sluis: Sluis) -> None:
    """Nothing on standard output, what to do in one line on standard error."""
    said = sluis(*arguments)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("sluis: ")


@pytest.mark.parametrize("command", [("person", "list"), ("explain", "P-1", "DR-1"), ("log", "verify"), ("check",)])
def test_a_folder_without_a_sluis_is_two(command: tuple[str, ...], sluis: Sluis, tmp_path: Path) -> None:
    """Asking makes nothing."""
    said = sluis(*command, state=tmp_path / "empty")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "empty").exists()


def test_a_state_that_is_a_file_is_two(sluis: Sluis, tmp_path: Path) -> None:
    """Whatever lies in its place."""
    (tmp_path / "file").touch()
    assert sluis("person", "list", state=tmp_path / "file").status == 2


def test_an_unknown_settings_key_is_two_where_settings_count(sluis: Sluis, places: Places) -> None:
    """`sluis dataset manifest` reads them; the key is named."""
    with places.settings.open("a", encoding="utf-8") as file:
        file.write("\n[surprise]\nkey = 1\n")
    said = sluis("dataset", "manifest", "gbsg2-clinical/1.0")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "surprise" in said.err


def test_a_refusal_is_three_with_its_code(sluis: Sluis, people: dict[str, str]) -> None:
    """One line with the reason code; no fact changed."""
    before = sluis("log", "head", "--json").json["size"]
    said = sluis("do", "end-request", "request=DR-1", "reason=x", "--as", people["lotte"])
    assert (said.status, said.out, said.err) == (3, "", "refused: not_permitted: `end-request` is not yours to give\n")
    assert sluis("log", "head", "--json").json["size"] == before


def test_the_unexpected_is_four_in_one_line(sluis: Sluis, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, unless it is asked for."""

    def fail(_value: object) -> None:
        raise RuntimeError("lines\nof\ttrouble")

    monkeypatch.delenv("SLUIS_DEBUG", raising=False)
    monkeypatch.setattr(lists, "show_json", fail)
    said = sluis("request", "list", "--json")
    assert (said.status, said.out, said.err.count("\n")) == (4, "", 1)
    monkeypatch.setenv("SLUIS_DEBUG", "1")
    assert "Traceback" in sluis("request", "list", "--json").err


def test_run_hands_its_options_to_the_supervisor(sluis: Sluis, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a part that cannot be kept alive is an unexpected failure, in the supervisor's own words."""
    asked: list[RunOptions] = []

    def fail(options: RunOptions, _greet: object) -> int:
        asked.append(options)
        raise PartFailed("the hub ended; look into `hub.log`")

    monkeypatch.setattr(supervisor, "run", fail)
    said = sluis("run", "--demo", "--port", "8123", "--bind", "::1")
    assert asked == [RunOptions(state=places.state, demo=True, port=8123, bind="::1")]
    assert (said.status, said.err) == (4, "sluis: the hub ended; look into `hub.log`\n")


def test_an_interruption_is_130(sluis: Sluis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C says nothing more."""

    def interrupt(_value: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lists, "show_json", interrupt)
    assert sluis("request", "list", "--json").status == 130


def test_the_program_itself_keeps_the_statuses(places: Places, tmp_path: Path) -> None:
    """As a process of its own: yes, no, wrong, refused."""
    state = ["--state", str(places.state)]
    allowed = ["explain", "P-12", "DR-1"]
    denied = ["explain", "P-12", "DR-3"]
    refused = ["do", "end-request", "request=DR-1", "reason=x", "--as", "P-12"]
    commands = {0: allowed, 1: denied, 2: ["explain"], 3: refused}
    found = {
        status: subprocess.run([PROGRAM, *state, *command], capture_output=True, check=False, cwd=tmp_path).returncode
        for status, command in commands.items()
    }
    assert found == {0: 0, 1: 1, 2: 2, 3: 3}


def test_a_reader_that_goes_away_is_no_yes(places: Places) -> None:
    """`sluis explain … | true`: no traceback, and not the status that means allow."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [PROGRAM, "explain", "P-12", "DR-1", "--state", str(places.state)]
    said = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (said.returncode, said.stderr) == (4, b"")
    assert said.returncode != -signal.SIGPIPE


def test_yes_and_no_look_different_in_any_encoding(places: Places) -> None:
    """On a terminal that knows ASCII only."""
    command = [PROGRAM, "explain", "P-12", "DR-3", "--state", str(places.state)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert "\n  + person_disabled" in said.stdout
    assert "\n  - zone" in said.stdout


def test_a_full_disk_behind_standard_output_is_no_yes(places: Places) -> None:
    """The answer could not be written."""
    command = [PROGRAM, "explain", "P-12", "DR-1", "--state", str(places.state)]
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (said.returncode, said.stderr.count(b"\n")) == (2, 1)


@pytest.mark.parametrize(
    "command", [("explain", "P-12", "DR-1"), ("request", "list"), ("log", "verify"), ("log", "head")]
)
def test_questions_are_answered_while_somebody_writes(command: tuple[str, ...], sluis: Sluis, places: Places) -> None:
    """`sluis run` has the log open and may be in the middle of an append."""
    policy = open_policy(places)
    with closing(sqlite3.connect(places.log, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        assert sluis(*command).status == 0
        writing.execute("ROLLBACK")
    policy.store.close()


def test_state_comes_from_the_environment_too(
    sluis: Sluis, places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`--state`, then `$SLUIS_STATE`, then `.sluis` in the present folder."""
    monkeypatch.setenv("SLUIS_STATE", str(places.state))
    assert sluis("log", "head", state=None).status == 0
    monkeypatch.setenv("SLUIS_STATE", "")
    monkeypatch.chdir(tmp_path)
    assert sluis("log", "head", state=None).status == 2
    places.state.rename(tmp_path / ".sluis")
    assert sluis("log", "head", state=None).status == 0


@pytest.mark.parametrize("command", [("person", "list"), ("log", "head"), ("explain", "P-12", "DR-1")])
def test_shared_options_stand_before_or_after(command: tuple[str, ...], sluis: Sluis, places: Places) -> None:
    """Also between the two words of a command."""
    after = sluis(*command, "--json")
    before = sluis("--json", *command)
    between = sluis(command[0], "--json", *command[1:])
    assert [type(said.json) for said in (before, between)] == [type(after.json)] * 2


def test_help_is_zero(sluis: Sluis) -> None:
    """On standard output."""
    said = sluis("--help", state=None)
    assert said.status == 0
    assert "next-steps" in said.out

"""`sluis keys rotate`: another checkpoint key, whenever it is interrupted and whoever holds the former one (AUD-12)."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, parse_command
from access_policy.log.checkpoints import Signing, sign_checkpoint, write_checkpoint
from access_policy.log.errors import LogBehind, UntrustedCheckpoint
from access_policy.log.keys import NAMES, SUCCESSOR, load_keys
from access_policy.log.signers import key_notes
from access_policy.log.store import Head
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.lock import only_one
from hub_config.places import Places
from tests.postgres import blank_database
from tests.unit.access_policy.log.recorded import RECORDED, unpacked
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.hub_config.cli.rotating import bytes_of, key_of, lose, origin_of, rotate_lost, rotations, sign_ahead

pytestmark = pytest.mark.unit


def test_two_rotations(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-12: the log shows both, everything verifies and is proven, old checkpoints bind, keys are private."""
    keys = [key_of(places)]
    for number in (1, 2):
        said = sluis("keys", "rotate", "--json", "--operator", "mia")
        assert (said.status, said.json["rotation"], said.json["former"]) == (0, number, keys[-1])
        keys.append(key_of(places))
        assert said.json["key"] == keys[-1]
    found = rotations(sluis)
    assert [(one["number"], one["former"], one["key"], one["lost"]) for one in found] == [
        (1, keys[0], keys[1], False), (2, keys[1], keys[2], False),
    ]  # fmt: skip
    assert all("mia" in str(one["actor"]) for one in found)
    verified = sluis("log", "verify")
    assert (verified.status, "3 checkpoints signed" in verified.out) == (0, True)
    assert sluis("log", "prove", "3").status == 0
    assert sluis("log", "prove", "--from", "788", "--to", "790").status == 0
    assert sorted(path.name for path in places.keys.iterdir()) == sorted(NAMES)
    assert {path.stat().st_mode & 0o077 for path in places.keys.iterdir()} == {0}
    text = sluis("keys", "rotate").out
    assert (text.count("\n"), keys[2] in text) == (3, True)


def test_a_check_says_which_key_signs(sluis: Sluis, places: Places) -> None:
    """AUD-12: which, since when, how many before it; a key note that was taken away is missed."""

    def line() -> tuple[bool, str]:
        (found,) = [one for one in sluis("check", "--json").json if one["check"] == "signing key"]
        return found["ok"], found["text"]

    assert line() == (True, f"{key_of(places)}, since the beginning, 0 before it")
    sluis("keys", "rotate")
    ok, text = line()
    assert (ok, text.startswith(f"{key_of(places)}, since 20"), text.endswith(", 1 before it")) == (True, True, True)
    for path in places.checkpoints.iterdir():
        if path.name != "checkpoint-000000000789.txt":
            path.unlink()
    assert line() == (
        False,
        "rotation `1` has left its key note, and only `0` lie beside the checkpoints; put them back",
    )
    said = sluis("keys", "rotate")
    assert (said.status, "put them back" in said.err) == (2, True)


STEPS = {
    "before the new key is there": ("keep_successor", "before"),
    "once the new key is there": ("keep_successor", "after"),
    "once the fact stands": ("_fact", "after"),
    "once the erased are listed": ("write_erased", "after"),
    "once the key note is there": ("key_notes", "second"),
    "before the new key takes its place": ("install_successor", "before"),
    "once it took it": ("install_successor", "after"),
}
KILLED = """
import os, signal, sys
from hub_config.cli import main
from hub_config import rotating
state, name, when = sys.argv[1:]
real, calls = getattr(rotating, name), []
def step(*given):
    calls.append(given)
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*given)
    if when == "after" or len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(rotating, name, step)
main(["keys", "rotate", "--state", state])
"""


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step(step: str, sluis: Sluis, places: Places) -> None:
    """AUD-12: the log verifies or says to run it again, nothing is decided wrongly, a start waits, it ends."""
    before = key_of(places)
    command = [sys.executable, "-c", KILLED, str(places.state), *STEPS[step]]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    begun = (places.keys / SUCCESSOR).exists()
    assert begun == (step not in ("before the new key is there", "once it took it"))
    if begun:
        started = sluis("run", "--demo")
        assert (started.status, started.err.count("\n"), "run `sluis keys rotate` again" in started.err) == (2, 1, True)
    verified = sluis("log", "verify")
    assert verified.status == 0 or "`sluis keys rotate` was interrupted" in verified.out
    assert sluis("explain", "P-12", "DR-1").status in ((0, 2) if verified.status else (0,))
    if step == "once it took it":
        assert key_of(places) != before
        return
    assert sluis("keys", "rotate").status == 0
    assert not (places.keys / SUCCESSOR).exists()
    (rotation,) = rotations(sluis)
    assert (rotation["former"], rotation["key"]) == (before, key_of(places))
    assert (sluis("log", "verify").status, len(key_notes(places.checkpoints, origin_of(places)))) == (0, 1)


def test_a_new_key_that_was_lost_halfway(sluis: Sluis, places: Places) -> None:
    """AUD-12: the fact stands and the key that it names is gone: the rotation is begun again under its number."""
    command = [sys.executable, "-c", KILLED, str(places.state), "_fact", "after"]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == -signal.SIGKILL
    (places.keys / SUCCESSOR).unlink()
    assert "not signed" in caught(sluis, places)
    assert sluis("keys", "rotate").status == 0
    assert [one["number"] for one in rotations(sluis)] == [1, 1]
    assert (sluis("log", "verify").status, rotations(sluis)[-1]["key"]) == (0, key_of(places))


def caught(sluis: Sluis, places: Places) -> str:
    """Return what is said where somebody would sign, and is not let."""
    policy = open_policy(places)
    try:
        said = policy.sign()
        assert said is not None
        assert "a rotation has retired the key" in said
        return f"not signed: {said}"
    finally:
        policy.store.close()


def test_not_while_sluis_runs(sluis: Sluis, places: Places) -> None:
    """AUD-12: the parts hold the former key in memory; 2, and nothing changed."""
    before = bytes_of(places)
    with only_one(places):
        said = sluis("keys", "rotate")
    assert (said.status, "Sluis runs already" in said.err, bytes_of(places)) == (2, True, before)


def test_not_on_a_log_that_is_behind(sluis: Sluis, places: Places) -> None:
    """AUD-02, AUD-12: nothing is rotated on a log that is not trusted."""
    sign_ahead(places)
    before = bytes_of(places)
    said = sluis("keys", "rotate")
    assert (said.status, "shorter than its newest checkpoint" in said.err, bytes_of(places)) == (2, True, before)


def test_not_in_a_log_of_format_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FLT-10: the release before knows no such fact: the upgrade is finished first."""
    old = unpacked(RECORDED[0], tmp_path / "old")
    assert main(["upgrade", "--state", str(old.state)]) == 0
    before = bytes_of(old)
    capsys.readouterr()
    assert main(["keys", "rotate", "--state", str(old.state)]) == 3
    assert "upgrade_first" in capsys.readouterr().err
    assert bytes_of(old) == before
    assert main(["upgrade", "finish", "--yes", "--state", str(old.state)]) == 0
    assert main(["keys", "rotate", "--state", str(old.state)]) == 0


def test_a_process_that_began_before(sluis: Sluis, places: Places) -> None:
    """AUD-12: it signs nothing, decides nothing once it tried, and what it withdrew meanwhile stands."""
    policy = open_policy(places)
    with policy.reading():
        pass
    assert sluis("keys", "rotate").status == 0
    names = sorted(path.name for path in places.checkpoints.iterdir())
    ended = parse_command("end-request", {"request": "DR-1", "reason": "misuse"})
    assert not isinstance(policy.handle(ended, Actor(operator="mia", person="P-1")), Refusal)  # type: ignore[arg-type]
    assert sorted(path.name for path in places.checkpoints.iterdir()) == names
    with pytest.raises(LogBehind, match="start again"), policy.reading():
        pass
    policy.store.close()
    assert sluis("explain", "P-12", "DR-1").status == 1
    assert sluis("log", "verify").status == 0


def test_a_stolen_former_key_forges_nothing_newer(sluis: Sluis, places: Places) -> None:
    """AUD-12: a checkpoint by it beyond its end is named; all stands still until that file is gone."""
    stolen = load_keys(places.keys)
    assert sluis("keys", "rotate").status == 0
    policy = open_policy(places)
    with pytest.raises(UntrustedCheckpoint, match="start again"):
        write_checkpoint(
            places.checkpoints, policy.store.head(), Signing(stolen, origin_of(places)), policy.store.root_at
        )
    policy.store.close()
    forged = places.checkpoints / "checkpoint-000000000795.txt"
    forged.write_text(sign_checkpoint(Head(795, "5a" * 32, None), stolen, origin_of(places)))
    verified, asked = sluis("log", "verify"), sluis("explain", "P-12", "DR-1")
    assert (verified.status, asked.status) == (1, 2)
    for text in (verified.out, asked.err):
        assert "`checkpoint-000000000795.txt`" in text
        assert "retired at `788` facts" in text
    forged.unlink()
    assert (sluis("log", "verify").status, sluis("explain", "P-12", "DR-1").status) == (0, 0)


def test_a_loss_that_takes_the_fact_away(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-02, AUD-12: the key note and the new key go on; two admins accept it, and the next is number 2."""
    shutil.copy(places.log, tmp_path / "old")
    assert sluis("keys", "rotate").status == 0
    for extra in ("-wal", "-shm"):
        places.log.with_name(places.log.name + extra).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old", places.log)
    policy = open_policy(places)
    trouble = policy.trouble()
    policy.store.close()
    assert trouble is not None
    assert trouble.gap is not None
    assert sluis("keys", "rotate").status == 2
    numbers = [f"{name}={value}" for name, value in trouble.gap._asdict().items()]
    proposed = sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    assert sluis("do", "confirm-proposal", f"proposal={proposed[-1]['proposal']}", "--as", "P-2").status == 0
    assert (sluis("log", "verify").status, rotations(sluis)) == (0, [])
    (line,) = [one for one in sluis("check", "--json").json if one["check"] == "signing key"]
    assert (line["ok"], "since a history that was lost, 1 before it" in line["text"]) == (True, True)
    assert sluis("keys", "rotate", "--json").json["rotation"] == 2
    assert (sluis("log", "verify").status, len(key_notes(places.checkpoints, origin_of(places)))) == (0, 2)


def test_a_folder_that_takes_no_file(sluis: Sluis, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-02: the checkpoints' disk is gone when the key note is due: one line, and it is finished once it is back."""

    def fails(*_given: object) -> None:
        raise OSError(5, "Input/output error", str(places.checkpoints))

    with monkeypatch.context() as broken:
        broken.setattr("hub_config.rotating.KeyNote.signed", fails)
        said = sluis("keys", "rotate")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert sluis("keys", "rotate").status == 0
    assert (sluis("log", "verify").status, len(rotations(sluis))) == (0, 1)


@pytest.mark.parametrize(
    "arguments",
    [["--lost"], ["--former", "x"], ["--lost", "--former", "x"], ["--lost", "--former", ""], ["x"]],
    ids=str,
)
def test_wrong_usage(sluis: Sluis, places: Places, arguments: list[str]) -> None:
    """One line that says what it takes (2)."""
    before = bytes_of(places)
    said = sluis("keys", "rotate", *arguments)
    assert (said.status, said.err.count("\n"), bytes_of(places)) == (2, 1, before)


def test_no_sluis(sluis: Sluis, tmp_path: Path) -> None:
    """One line, and no folder is made."""
    said = sluis("keys", "rotate", state=tmp_path / "none")
    assert (said.status, "there is no Sluis" in said.err, (tmp_path / "none").exists()) == (2, True, False)


def test_on_postgresql(sluis: Sluis, tmp_path: Path) -> None:
    """AUD-12: the operator's role appends the fact; rotated twice, and once lost, it verifies."""
    state, issuer = Places(tmp_path / "new"), "https://login.hospital.example"
    admins = ("--admin", issuer, "1", "--admin", issuer, "2")
    assert sluis("init", *admins, "--database", blank_database(), state=state.state).status == 0
    for _ in range(2):
        assert sluis("keys", "rotate", state=state.state).status == 0
    assert rotate_lost(sluis, lose(state), state=state.state).status == 0
    assert [one["lost"] for one in rotations(sluis, state.state)] == [False, False, True]
    assert sluis("log", "verify", state=state.state).status == 0


def test_the_former_key_is_gone_from_the_disk(sluis: Sluis, places: Places) -> None:
    """AUD-12, MFA-11: nothing keeps it, and no file or line tells a private half."""
    former = (places.keys / "checkpoint.key").read_bytes()
    said = sluis("keys", "rotate", "--json")
    new = (places.keys / "checkpoint.key").read_bytes()
    everything = b"".join(path.read_bytes() for path in places.state.rglob("*") if path.is_file())
    assert former not in everything
    assert new not in (said.out + said.err).encode() + b"".join(
        path.read_bytes() for path in places.checkpoints.iterdir()
    )

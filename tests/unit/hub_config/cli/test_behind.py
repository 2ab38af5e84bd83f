"""`sluis` on a log that is behind its newest checkpoint: each command says so, and two admins lead out of it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from access_policy.log.checkpoints import log_origin, sign_checkpoint
from access_policy.log.errors import LogBehind
from access_policy.log.keys import load_keys
from access_policy.log.witness import BEGINNING
from access_policy.model.enums import Action
from access_policy.model.ids import PersonId, RequestId
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from hub_config.startup import Surroundings, _check_log, _record_all_ended
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit

LINE = "the log is shorter than its newest checkpoint"


def sign(places: Places) -> None:
    policy = open_policy(places)
    assert policy.sign() is None
    policy.store.close()


@pytest.fixture
def behind(sluis: Sluis, places: Places, tmp_path: Path) -> dict[str, str]:
    """Put an old backup back, after DR-1 was ended; return the loss as `accept-loss` takes it."""
    sign(places)
    shutil.copy(places.log, tmp_path / "old")
    assert sluis("do", "end-request", "request=DR-1", "reason=misuse", "--as", "P-1").status == 0
    for extra in ("-wal", "-shm"):
        places.log.with_name(places.log.name + extra).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old", places.log)
    policy = open_policy(places)
    trouble = policy.trouble()
    policy.store.close()
    assert trouble is not None
    assert trouble.gap is not None
    return {name: str(value) for name, value in trouble.gap._asdict().items()}


COMMANDS = (
    ["explain", "P-12", "DR-1"], ["next-steps", "P-12", "DR-1"], ["person", "list"], ["request", "list"],
    ["log", "head"], ["do", "enable-person", "person=P-12", "--as", "P-1"],
    ["do", "end-request", "request=DR-1", "reason=x", "--as", "P-1"],
)  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_each_command_says_so_in_one_line(arguments: list[str], behind: dict[str, str], sluis: Sluis) -> None:
    """AUD-02: nothing is read from it, nothing changes, and the line says what to do next."""
    said = sluis(*arguments)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert LINE in said.err
    assert "two admins accept the loss" in said.err


def test_admins_see_what_is_left(behind: dict[str, str], sluis: Sluis) -> None:
    """AUD-02: the events that are there can be read, so that two admins know what they accept."""
    said = sluis("log", "show", "--request", "DR-1", "--json")
    assert (said.status, "RequestApproved" in [one["kind"] for one in said.lines]) == (0, True)
    assert "RequestEnded" not in [one["kind"] for one in said.lines]


def test_checks_name_it(behind: dict[str, str], sluis: Sluis) -> None:
    """AUD-02: `sluis check` has a line for it, and `sluis log verify` names the first row that is missing."""
    said = sluis("check", "--json")
    assert said.status == 1
    (line,) = [one for one in said.json if one["check"] == "checkpoints"]
    assert not line["ok"]
    assert LINE in line["text"]
    assert sluis("log", "verify").status == 1


def test_a_start_goes_on_for_its_admins(behind: dict[str, str], places: Places) -> None:
    """AUD-02: it says so and starts, so that admins can log in; nothing is adopted or recorded."""
    policy = open_policy(places)
    newest = policy.store.newest()
    assert LINE in (_check_log(places, policy, Surroundings(True, "127.0.0.1", 8000)) or "")
    _record_all_ended(policy, "sluis_was_killed")
    assert policy.store.newest() == newest
    policy.store.close()


def test_two_admins_accept_it(behind: dict[str, str], sluis: Sluis) -> None:
    """AUD-02, E58: in a demo at the command line; afterwards the log verifies, and no grant opens anything."""
    numbers = [f"{name}={value}" for name, value in behind.items()]
    assert sluis("do", "accept-loss", *numbers[:-1], "observations=9999", "--as", "P-1").status == 3
    proposed = sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    proposal = f"proposal={proposed[-1]['proposal']}"
    assert sluis("do", "confirm-proposal", proposal, "--as", "P-1").status == 3
    closed, verified = sluis("explain", "P-12", "DR-1"), sluis("log", "verify")
    assert (closed.status, "shorter than its newest" in closed.err, "different" in closed.err) == (2, True, False)
    said = closed.err.strip().removeprefix("sluis: ").partition(";")[0]
    assert (verified.status, f"was removed: {said}" in verified.out) == (1, True)
    accepted = sluis("do", "confirm-proposal", proposal, "--as", "P-2", "--json")
    assert [one["kind"] for one in accepted.json["events"]] == ["ProposalConfirmed", "LossAccepted"]
    assert sluis("log", "verify").status == 0
    assert "checkpoints" in [one["check"] for one in sluis("check", "--json").json if one["ok"]]
    assert sluis("explain", "P-12", "DR-1").status == 1


def test_nothing_to_accept(sluis: Sluis, places: Places) -> None:
    """AUD-02: on a whole log it is refused."""
    sign(places)
    said = sluis("do", "accept-loss", "kept=1", "lost=2", "epoch=1", "observations=0", "--as", "P-1")
    assert said.status == 3
    assert "the log holds all that was signed" in said.err


def test_a_foreign_checkpoint(sluis: Sluis, places: Places) -> None:
    """AUD-03: a file that is none of ours stops all, by name; without it everything goes on."""
    sign(places)
    forged = places.checkpoints / "checkpoint-000000999999.txt"
    forged.write_text("sluis.dev/other\n999999\nAAAA\n\n\N{EM DASH} sluis.dev/other AAAA\n")
    said = sluis("explain", "P-12", "DR-1")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "checkpoint-000000999999.txt" in said.err
    forged.unlink()
    assert sluis("explain", "P-12", "DR-1").status in (0, 1)


def test_checkpoints_elsewhere(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-02, AUD-05: a folder outside the state is never made: while its disk is not there nothing is decided."""
    away = tmp_path / "away"
    text = places.settings.read_text()
    places.settings.write_text(text.replace('checkpoints = "checkpoints"', f'checkpoints = "{away}"'))
    said = sluis("explain", "P-12", "DR-1")
    assert said.status == 2
    assert "cannot be read" in said.err
    away.mkdir()
    said = sluis("explain", "P-12", "DR-1")
    assert (said.status, "put the folder's files back" in said.err) == (2, True)
    for note in places.checkpoints.iterdir():
        shutil.copy(note, away)
    assert sluis("explain", "P-12", "DR-1").status in (0, 1)
    sign(places)
    assert min(path.name for path in away.iterdir()).startswith("checkpoint-")
    (line,) = [one for one in sluis("check", "--json").json if one["check"] == "checkpoints"]
    assert str(away) in line["text"]
    assert "lost together" not in line["text"]


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_an_emptied_folder(cut: bool, sluis: Sluis, places: Places) -> None:
    """AUD-02: a log without any checkpoint is not believed, or signed anew, whether or not it was cut as well."""
    shutil.rmtree(places.checkpoints)
    if cut:
        cut_at(places, 700)
    policy = open_policy(places)
    newest = policy.store.newest()
    said = _check_log(places, policy, Surroundings(True, "127.0.0.1", 8000))
    assert f"there is no checkpoint of the log's `{newest}` facts" in (said or "")
    assert policy.sign() == said
    policy.store.close()
    assert (newest == 700, places.checkpoints.exists()) == (cut, False)
    assert (sluis("explain", "P-12", "DR-1").status, sluis("check").status) == (2, 1)


@pytest.mark.parametrize("left", [BEGINNING, 700])
def test_the_machine_knows_what_it_signed(left: int, sluis: Sluis, places: Places) -> None:
    """AUD-02: a log that was cut in an emptied folder, even to its beginning, is found; two admins lead out of it."""
    signed = open_policy(places).store.newest()
    cut_at(places, left)
    shutil.rmtree(places.checkpoints)
    said, verified = sluis("explain", "P-12", "DR-1"), sluis("log", "verify")
    assert (said.status, f"kept=0 lost={signed} epoch=1" in said.err) == (2, True)
    assert verified.status == 1
    assert f"shorter than its newest checkpoint: `{left}` facts, not `{signed}`" in verified.out
    numbers = ("kept=0", f"lost={signed}", "epoch=1", "observations=0")
    proposed = sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    assert sluis("do", "confirm-proposal", f"proposal={proposed[-1]['proposal']}", "--as", "P-2").status == 0
    assert (sluis("log", "verify").status, sluis("person", "list").status) == (0, 0)


def cut_at(places: Places, size: int) -> None:
    """Take the newest facts and their heads away, up to an append's end, as who may write the file can."""
    with closing(sqlite3.connect(places.log)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM facts WHERE seq > ?", (size,))
        raw.execute("DELETE FROM fact_heads WHERE size > ?", (size,))
        raw.commit()


def test_two_admins_accept_that_nothing_is_signed(sluis: Sluis, places: Places) -> None:
    """AUD-02, E58: then another history begins, and every grant is suspended."""
    shutil.rmtree(places.checkpoints)
    numbers = ("kept=0", "lost=0", "epoch=1", "observations=0")
    assert " ".join(numbers) in sluis("explain", "P-12", "DR-1").err
    proposed = sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    sluis("do", "confirm-proposal", f"proposal={proposed[-1]['proposal']}", "--as", "P-2")
    assert min(path.name for path in places.checkpoints.iterdir()).startswith("checkpoint-1-")
    assert sluis("explain", "P-12", "DR-1").status == 1
    assert sluis("log", "verify").status == 0


def test_a_log_that_has_only_begun(sluis: Sluis, tmp_path: Path) -> None:
    """AUD-02: `sluis init` signs it; killed in between, the next start does, before it appends anything."""
    new = Places(tmp_path / "new")
    admins = ("--admin", "https://login.example", "1", "--admin", "https://login.example", "2")
    assert sluis("init", *admins, state=new.state).status == 0
    names = [path.name for path in new.checkpoints.iterdir()]
    assert names == [f"checkpoint-{BEGINNING:012}.txt"]
    shutil.rmtree(new.checkpoints)
    policy = open_policy(new)
    assert policy.store.newest() == BEGINNING
    assert _check_log(new, policy, Surroundings(False, "127.0.0.1", 8000)) is None
    policy.store.close()
    assert [path.name for path in new.checkpoints.iterdir()] == names


def test_a_log_that_changes_under_way(places: Places) -> None:
    """AUD-02, AUD-03: once what is to be signed contradicts what was signed, this process decides nothing any more."""
    policy, asked = open_policy(places), (PersonId("P-12"), RequestId("DR-1"), Action.OPEN_WORKSPACE)
    with policy.reading() as state:
        origin = log_origin(state.installation)
    forked = policy.store.head()._replace(size=policy.store.newest() + 1, root="0" * 64)
    note = places.checkpoints / f"checkpoint-{forked.size:012}.txt"
    note.write_text(sign_checkpoint(forked, load_keys(places.keys), origin))
    policy.suppose(*asked)
    assert "contradicts the signed checkpoint" in (policy.sign() or "")
    assert not policy.is_whole
    with pytest.raises(LogBehind, match=LINE):
        policy.suppose(*asked)
    note.unlink()
    policy.suppose(*asked)
    policy.store.close()


def test_a_demo_begins_signed(sluis: Sluis, places: Places) -> None:
    """AUD-02: its two years are there at once, so its checkpoint is, too; `sluis check` says how many it compared."""
    (note,) = places.checkpoints.glob("checkpoint-*.txt")
    policy = open_policy(places)
    assert int(note.stem.rpartition("-")[2]) == policy.store.newest()
    policy.store.close()
    (line,) = [one for one in sluis("check", "--json").json if one["check"] == "checkpoints"]
    assert f"`{len(list(places.checkpoints.iterdir()))}` agree with it" in line["text"]
    assert "inside the state folder, and are lost together with it" in line["text"]

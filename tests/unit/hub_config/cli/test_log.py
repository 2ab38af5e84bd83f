"""`sluis log`, and what every command does with a log that was tampered with."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access_policy.actor import person
from access_policy.events import Fact, ProposalDropped
from access_policy.log.checkpoints import Signing, log_origin, write_checkpoint
from access_policy.log.keys import load_keys
from access_policy.model.ids import PersonId
from hub_config.bootstrap import open_policy
from hub_config.cli.shown import fact_json, fact_line
from hub_config.places import Places
from tests.postgres import blank_database
from tests.unit.access_policy.log.raw import raw
from tests.unit.hub_config.cli.conftest import Sluis


def test_head_has_size_root_and_time(sluis: Sluis) -> None:
    """Field by field."""
    found = sluis("log", "head", "--json").json
    assert list(found) == ["size", "root", "at"]
    assert (found["size"] > 400, len(found["root"]), found["at"][-1]) == (True, 64, "Z")


def test_show_gives_a_json_object_a_line(sluis: Sluis) -> None:
    """`{seq, at, actor, kind, …}`, from the first fact on."""
    lines = sluis("log", "show", "--json").lines
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(list(line)[:4] == ["seq", "at", "actor", "kind"] for line in lines)
    assert (lines[0]["kind"], lines[0]["actor"], lines[0]["demo"]) == (
        "InstallationBegun",
        "component installation",
        True,
    )


def test_show_names_the_step_up() -> None:
    """MFA-11: where a person acted for themselves after a step-up, its id stands beside them."""
    event = ProposalDropped(proposal=1)
    fact = Fact(7, datetime(2026, 11, 22, tzinfo=UTC), person(PersonId("P-1"), "5" * 32), event)
    assert (fact_json(fact)["actor"], fact_json(fact)["step_up"]) == ("P-1", "5" * 32)
    assert f"  P-1 (step-up {'5' * 32})  ProposalDropped  " in fact_line(fact)
    without = Fact(7, fact.at, person(PersonId("P-1")), event)
    assert "step_up" not in fact_json(without)
    assert "step-up" not in fact_line(without)


def test_show_keeps_a_field_that_is_named_kind(sluis: Sluis) -> None:
    """It does not take the place of the event's kind."""
    (line, *_) = sluis("log", "show", "--kind", "DatasetRegistered", "--json").lines
    assert (line["kind"], line["its_kind"]) == ("DatasetRegistered", "clinical")


def test_show_filters(sluis: Sluis, people: dict[str, str]) -> None:
    """By number, kind, person (about or by) and request, together."""
    size = sluis("log", "head", "--json").json["size"]
    assert [line["seq"] for line in sluis("log", "show", "--since", str(size - 2), "--json").lines] == [size - 1, size]
    assert sluis("log", "show", "--since", "999999", "--json").out == ""
    approvals = sluis("log", "show", "--kind", "RequestApproved", "--request", "DR-1", "--json").lines
    assert [(line["kind"], line["request"]) for line in approvals] == [("RequestApproved", "DR-1")]
    mine = sluis("log", "show", "--person", people["milan"], "--json").lines
    assert {line["kind"] for line in mine} >= {"PersonRegistered", "PersonVerified", "FactorEnrolled", "ContactNamed"}
    assert all(people["milan"] in (line.get("person"), line["actor"].split()[-1]) for line in mine)


def test_show_names_the_nearest_kinds(sluis: Sluis) -> None:
    """INP-01: three, not all; whatever the case of its letters."""
    said = sluis("log", "show", "--kind", "requestaproved")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert "`requestaproved`; the nearest are RequestApproved, " in said.err
    assert sluis("log", "show", "--kind", "Nope").err.count(", ") == 2


def test_reading_is_recorded(sluis: Sluis) -> None:
    """Who, and what they asked for (E51)."""
    sluis("log", "show", "--kind", "RequestApproved", "--operator", "mia")
    reads = sluis("log", "show", "--kind", "LogRead", "--json").lines
    assert (reads[0]["actor"], reads[0]["what"]) == (
        "operator mia, on behalf of nobody",
        "log show --kind 'RequestApproved'",
    )


def test_refusals_are_in_the_stream_of_observations(sluis: Sluis, people: dict[str, str]) -> None:
    """A command that was refused is evidence."""
    sluis("do", "end-request", "request=DR-1", "reason=x", "--as", people["lotte"])
    refusal, reading = sluis("log", "show", "--observations", "--json").lines[:2]
    assert reading["what"] == "log show --observations"
    assert (refusal["kind"], refusal["command"], refusal["code"]) == ("CommandRefused", "end-request", "not_permitted")


def test_text_obeys_no_terminal(sluis: Sluis, people: dict[str, str]) -> None:
    """What people wrote reaches a terminal without its control characters (AUD-06)."""
    for hidden in ("\x1b[2J", "\u202e", "\u009b", "\u200b"):
        assert sluis("do", "end-request", "request=DR-1", f"reason={hidden}gone", "--as", people["rosa"]).status == 2
    sluis("do", "end-request", "request=DR-1", "reason=gone\nnext", "--as", people["rosa"])
    shown = sluis("log", "show", "--kind", "RequestEnded", "--request", "DR-1").out
    assert shown.count("\n") == 1
    assert not {"\x1b", "\u202e", "\u009b"} & set(shown)
    assert "gone\\nnext" in sluis("log", "show", "--kind", "RequestEnded", "--request", "DR-1", "--json").out


def test_verify_says_yes_to_a_whole_log(sluis: Sluis) -> None:
    """Field by field."""
    said = sluis("log", "verify", "--json")
    head = sluis("log", "head", "--json").json
    expected = {"ok": True, "size": head["size"], "root": head["root"], "problem": None, "row": None}
    compared = {"compared": 1, "newest": head["size"], "observations": 0}
    assert (said.status, said.json) == (0, expected | {"checkpoints": compared, "cut": 0})
    shown = sluis("log", "verify").out
    assert shown.startswith("the log is whole: ")
    assert f"it holds what 1 checkpoint signed, the newest of {head['size']} facts" in shown


def test_verify_says_that_nothing_was_compared(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-02: whole by its own rows alone is not enough (1); a folder that was named without any is wrong (2)."""
    for path in places.checkpoints.iterdir():
        path.unlink()
    shown = sluis("log", "verify")
    assert (shown.status, "there is no checkpoint of it" in shown.out) == (1, True)
    assert sluis("log", "verify", "--json").json["checkpoints"] == {"compared": 0, "newest": 0, "observations": 0}
    said = sluis("log", "verify", "--checkpoints", str(tmp_path))
    assert (said.status, "holds no checkpoint" in said.err, said.err.count("\n")) == (2, True, 1)


RUINS: dict[str, Callable[[Places], object]] = {
    "an empty file": lambda places: places.log.write_bytes(b""),
    "something else": lambda places: places.log.write_bytes(b"nothing of the kind" * 100),
    "half of it": lambda places: places.log.write_bytes(places.log.read_bytes()[: places.log.stat().st_size // 2]),
    "no form": lambda places: change(places, "DROP TABLE meta"),
    "no facts": lambda places: change(places, "DROP TABLE facts"),
    "no heads": lambda places: change(places, "DROP TABLE fact_heads"),
}


@pytest.mark.parametrize("ruin", RUINS.values(), ids=RUINS)
def test_a_ruined_log_is_an_answer(ruin: Callable[[Places], object], sluis: Sluis, places: Places) -> None:
    """AUD-01: 1 and what cannot be read, never the advice to run the command that was just run."""
    ruin(places)
    said = sluis("log", "verify", "--json")
    assert (said.status, said.json["ok"], said.err) == (1, False, "")
    assert "log verify" not in said.json["problem"]
    assert sluis("log", "verify").out.startswith("the log is not whole: ")
    assert sluis("check").status == 1


def test_a_ruined_log_on_a_server_is_an_answer(sluis: Sluis, tmp_path: Path) -> None:
    """AUD-01: as of a file; a server that does not answer stays a trouble of the surroundings (2)."""
    state, url = tmp_path / "server", blank_database()
    admins = ("--admin", "https://login.example", "1", "--admin", "https://login.example", "2")
    assert sluis("init", *admins, "--database", url, state=state).status == 0
    with raw(url) as connection:
        connection.exec_driver_sql("DROP TABLE facts CASCADE")
    said = sluis("log", "verify", "--json", state=state)
    assert (said.status, said.json["ok"], "facts" in said.json["problem"]) == (1, False, True)


def change(places: Places, statement: str) -> None:
    """Change the database behind the program's back, as somebody with the file's rights can."""
    with closing(sqlite3.connect(places.log)) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(statement)


TAMPERED: dict[str, tuple[str, int]] = {
    "a role that lasts longer": (
        "UPDATE facts SET payload = replace(payload, '\"until\":\"20', '\"until\":\"21') WHERE seq = 4", 4,
    ),
    "another role": (
        "UPDATE facts SET payload = CAST(replace(payload, 'admin', 'board-member') AS BLOB) WHERE seq = 4", 4,
    ),
    "another kind": ("UPDATE facts SET kind = 'RoleEnded' WHERE seq = 30", 30),
    "another actor": ("UPDATE facts SET actor = '{\"person\":\"P-2\"}' WHERE seq = 31", 31),
    "another time": ("UPDATE facts SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 32", 32),
    "a payload that is no JSON": ("UPDATE facts SET payload = CAST('x' AS BLOB) WHERE seq = 33", 33),
    "a row less": ("DELETE FROM facts WHERE seq = 34", 34),
    "the first row less": ("DELETE FROM facts WHERE seq = 1", 1),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "row"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_log_verifies_not_and_answers_nothing(
    statement: str, row: int, sluis: Sluis, places: Places
) -> None:
    """`log verify` names the row (1); every other question and command is refused (2), in one line."""
    change(places, statement)
    said = sluis("log", "verify", "--json")
    assert (said.status, said.json["ok"], said.json["row"]) == (1, False, row)
    assert f"`{row}`" in said.json["problem"]
    assert f"`{row}`" in sluis("log", "verify").out
    for command in (
        ("explain", "P-12", "DR-1"),
        ("next-steps", "P-12", "DR-1"),
        ("person", "list"),
        ("demo", "people"),
        ("log", "head"),
        ("log", "show"),
        ("do", "end-request", "request=DR-1", "reason=x", "--as", "P-7"),
    ):
        refused = sluis(*command)
        assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1), command
        assert refused.err.count("run `sluis log verify`") <= 1, refused.err
    assert sluis("check").status == 1


DAMAGES: dict[str, Callable[[Places], object]] = {
    "no database": lambda places: places.log.write_bytes(b"nothing of the kind" * 100),
    "an empty file": lambda places: places.log.write_bytes(b""),
    "no keys": lambda places: places.keys.rename(places.keys.with_name("away")),
    "keys open to others": lambda places: (places.keys / "master.key").chmod(0o644),
    "another master key": lambda places: (places.keys / "master.key").write_bytes(bytes(32)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_log_that_cannot_be_read_is_two(damage: Callable[[Places], object], sluis: Sluis, places: Places) -> None:
    """One line that says what and what to do."""
    damage(places)
    said = sluis("explain", "P-12", "DR-1")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def checkpoint(places: Places, folder: Path) -> Path:
    """Sign the log's head into a folder."""
    policy = open_policy(places)
    with policy.reading() as state:
        origin = log_origin(state.installation)
    store = policy.store
    name = write_checkpoint(folder, store.head(), Signing(load_keys(places.keys), origin), store.root_at)
    store.close()
    return folder / str(name)


def test_a_log_that_was_cut_off_contradicts_its_checkpoint(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """Rows and heads fit each other; only a signed checkpoint, here or elsewhere, shows what is missing (AUD-02)."""
    checkpoint(places, tmp_path / "signed")
    size = sluis("log", "head", "--json").json["size"]
    last = sluis("log", "show", "--since", str(size - 1), "--json").lines
    assert len(last) == 1
    change(places, f"DELETE FROM facts WHERE seq = {size}")
    change(places, f"DELETE FROM fact_heads WHERE size = {size}")
    shutil.rmtree(places.checkpoints)
    for row in (size, None):
        alone = sluis("log", "verify", "--json")
        assert (alone.status, alone.json["row"], alone.json["checkpoints"]["compared"]) == (1, row, 0)
        places.signed.unlink(missing_ok=True)
    said = sluis("log", "verify", "--checkpoints", str(tmp_path / "signed"), "--json")
    assert (said.status, said.json["row"]) == (1, size)


def test_the_states_own_checkpoints_are_the_default(sluis: Sluis, places: Places) -> None:
    """A forged one among them is told."""
    path = checkpoint(places, places.checkpoints)
    assert sluis("log", "verify").status == 0
    path.write_bytes(path.read_bytes().replace(b"\n\n", b"0\n\n"))
    assert sluis("log", "verify").status == 1
    assert sluis("explain", "P-12", "DR-1").status == 2

"""`sluis do`: commands on behalf of people, with their events, their refusals and their fields."""

import json
from pathlib import Path

import pytest

from access_policy.commands.base import Command, name_of
from access_policy.permissions import TABLE
from hub_config.bootstrap import identity_of
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis


def test_a_command_leaves_its_events_with_their_numbers(sluis: Sluis, people: dict[str, str]) -> None:
    """`actor: operator NAME, on behalf of P-n`."""
    before = sluis("log", "head", "--json").json["size"]
    command = ("do", "end-request", "request=DR-1", "reason=the study is over", "--as", people["rosa"])
    said = sluis(*command, "--operator", "mia", "--json")
    (event,) = said.json["events"]
    assert said.status == 0
    assert list(event) == ["seq", "at", "actor", "kind", "request", "reason"]
    assert event == event | {
        "seq": before + 1, "actor": f"operator mia, on behalf of {people['rosa']}", "kind": "RequestEnded",
        "request": "DR-1", "reason": "the study is over",
    }  # fmt: skip
    assert sluis("explain", people["lotte"], "DR-1").status == 1


def test_fields_stand_on_both_sides_of_an_option(sluis: Sluis, people: dict[str, str]) -> None:
    """Also values with `=` and leading dashes in them."""
    said = sluis("do", "--as", people["rosa"], "end-request", "request=DR-1", "--json", "reason=--a=b")
    assert said.json["events"][0]["reason"] == "--a=b"


def test_fields_come_from_a_file_too(sluis: Sluis, people: dict[str, str], tmp_path: Path) -> None:
    """A JSON object; the rest may be typed."""
    file = tmp_path / "fields.json"
    file.write_text(json.dumps({"reason": "line one\nline two"}), encoding="utf-8")
    said = sluis("do", "end-request", "request=DR-1", "--input", str(file), "--as", people["rosa"], "--json")
    assert said.json["events"][0]["reason"] == "line one\nline two"


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b'"x"', b"{", b'{"reason": NaN}', b"\xff", b'{"reason": "a", "request": "DR-1"}', b'{"reason": 5}'],
    ids=["empty", "list", "string", "cut off", "NaN", "no UTF-8", "a field twice", "a number"],
)
def test_a_file_that_cannot_be_used_is_two(text: bytes, sluis: Sluis, people: dict[str, str], tmp_path: Path) -> None:
    """One line; nothing done."""
    file = tmp_path / "fields.json"
    file.write_bytes(text)
    said = sluis("do", "end-request", "request=DR-1", "--input", str(file), "--as", people["rosa"])
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


BAD_TIMES = ["9999-01-01T00:00:00Z", "2027-01-01T00:00:00", "+275760-09-13T00:00:00Z", "NaN", "Infinity", "1e400", ""]


@pytest.mark.parametrize("time", BAD_TIMES)
def test_a_time_that_is_none_is_two(time: str, sluis: Sluis, people: dict[str, str]) -> None:
    """REQ-11."""
    verify = ("do", "verify-person", f"person={people['lotte']}", "method=in-person", "evidence=x", f"until={time}")
    said = sluis(*verify, "--as", people["anna"])
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 4001], ids=["NUL", "half a character", "too long"])
def test_a_text_that_has_no_place_in_the_log_is_two(text: str, sluis: Sluis, people: dict[str, str]) -> None:
    """AUD-06."""
    said = sluis("do", "end-request", "request=DR-1", f"reason={text}", "--as", people["rosa"])
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_lists_are_joined_by_commas(sluis: Sluis, people: dict[str, str]) -> None:
    """As in the settings of an institution."""
    fields = ("institution=north-hospital", "domains=north-hospital.example, old-north.example")
    said = sluis("do", "declare-domains", *fields, "--as", people["anna"], "--json")
    assert said.json["events"][0]["domains"] == ["north-hospital.example", "old-north.example"]
    assert sluis("explain", people["olaf"], "DR-10").status == 0


def test_an_appointment_waits_for_a_second_person(sluis: Sluis, people: dict[str, str]) -> None:
    """The first admin proposes and is told how it goes on; the second one confirms."""
    fields = (f"person={people['lotte']}", "role=assessor", "until=2027-01-01T00:00:00Z")
    said = sluis("do", "appoint-role", *fields, "--as", people["anna"], "--json")
    proposal = said.json["events"][0]["proposal"]
    assert sluis("do", "appoint-role", *fields, "--as", people["anna"]).status == 3
    fields = (f"person={people['lotte']}", "role=trainer", "until=2027-01-01T00:00:00Z")
    again = sluis("do", "appoint-role", *fields, "--as", people["anna"])
    assert f"confirm-proposal proposal={proposal + 1} --as PERSON" in again.err
    confirm = ("do", "confirm-proposal", f"proposal={proposal}", "--json", "--as")
    assert sluis(*confirm, people["anna"]).status == 3
    assert [one["kind"] for one in sluis(*confirm, people["joris"]).json["events"]] == [
        "ProposalConfirmed",
        "RoleAppointed",
    ]


def test_an_identity_is_computed_from_issuer_and_subject(sluis: Sluis, places: Places, people: dict[str, str]) -> None:
    """Nobody types an HMAC."""
    person = ("name=Noor Visser", "email=noor@centre.example", "institution=centre")
    new = sluis("do", "register-person", *person, "--as", people["anna"], "--json").json["events"][0]["person"]
    link = ("do", "link-identity", f"person={new}", "issuer=https://login.example", "subject=noor")
    said = sluis(*link, "--as", people["anna"], "--json")
    assert said.json["events"][0]["identity"] == identity_of(places, "https://login.example", "noor")


@pytest.mark.parametrize(
    "command",
    [
        ("adopt-settings", "session_hours=1", "term_days_longest=1"),
        ("enrol-factor", "person=P-12", "factor=x", "kind=totp"),
        ("record-ending", "person=P-12", "request=DR-1", "started=1", "seen=gone"),
    ],
    ids=lambda command: command[0],
)
def test_what_only_a_part_of_the_program_does_is_refused(command: tuple[str, ...], sluis: Sluis) -> None:
    """By the table, whoever asks."""
    said = sluis("do", *command, "--as", "P-1")
    assert (said.status, said.err.split(":")[:2]) == (3, ["refused", " not_permitted"])


def test_a_personal_command_is_refused_outside_a_demo(sluis: Sluis, tmp_path: Path) -> None:
    """No operator verifies anybody on behalf of an admin."""
    state = tmp_path / "real"
    admins = ("--admin", "https://login.example", "a", "--admin", "https://login.example", "b")
    assert sluis("init", *admins, state=state).status == 0
    fields = ("person=P-2", "method=in-person", "until=2027-01-01T00:00:00Z", "evidence=a passport")
    said = sluis("do", "verify-person", *fields, "--as", "P-1", state=state)
    assert (said.status, said.err.split(":")[1]) == (3, " personal_command")


@pytest.mark.parametrize("asked", ["--list", "--help", "-h"])
def test_the_list_names_every_command_of_the_table(asked: str, sluis: Sluis) -> None:
    """With its fields and who may give it; no state is needed."""
    said = sluis("do", asked, state=None)
    assert said.status == 0
    for command in TABLE:
        assert f"\n{name_of(command)}" in said.out
    assert "link-identity  person=TEXT issuer=TEXT subject=TEXT\n" in said.out


def test_the_list_in_json(sluis: Sluis) -> None:
    """One entry for each row, with its columns."""
    rows = sluis("do", "--list", "--json", state=None).json
    assert {row["command"] for row in rows} == {name_of(command) for command in TABLE} <= set(Command.registered)
    approve = next(row for row in rows if row["command"] == "approve-request")
    assert (approve["given_by"], approve["statuses"], approve["personal"]) == (["board-member"], ["assessed"], True)
    assert approve["fields"][0] == {"name": "request", "form": "TEXT", "required": True}

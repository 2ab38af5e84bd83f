"""`sluis person`: listed in parts, searched, shown, and what an operator does with one."""

from datetime import UTC, datetime, timedelta

import pytest

from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis

UNTIL = "2028-01-31"


def reads(sluis: Sluis) -> list[str]:
    return [one["what"] for one in sluis("log", "show", "--kind", "LogRead", "--json").lines]


def test_a_list_comes_in_parts(sluis: Sluis) -> None:
    """`--limit` and `--after` give every person once, in order, and say how many follow."""
    everybody = [row["person"] for row in sluis("person", "list", "--json").json]
    first = sluis("person", "list", "--json", "--limit", "3")
    last = first.json[-1]["person"]
    rest = sluis("person", "list", "--json", "--after", last)
    assert [row["person"] for row in first.json + rest.json] == everybody
    assert first.err == f"sluis: {len(everybody) - 3} more; add --after {last}\n"
    assert rest.err == ""


@pytest.mark.parametrize("wanted", ["TESSA", "tessa@", "hoekstra"])
def test_a_search_looks_at_name_and_address(sluis: Sluis, wanted: str) -> None:
    """In any case; the log holds that somebody searched, and not for whom (E51, AUD-06)."""
    assert [row["name"] for row in sluis("person", "list", "--json", "--search", wanted).json] == ["Tessa Hoekstra"]
    assert reads(sluis)[-2:] == ["person list --search", "log show --kind 'LogRead'"]


def test_a_search_that_finds_nobody(sluis: Sluis) -> None:
    """A heading alone, and 0."""
    said = sluis("person", "list", "--search", "nobody of this name")
    assert (said.status, len(said.out.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    "options", [("--limit", "0"), ("--limit", "-1"), ("--limit", "x"), ("--after", "tessa"), ("--after", "P-0")]
)
def test_parts_that_cannot_be_meant(sluis: Sluis, options: tuple[str, str]) -> None:
    """One line, 2."""
    said = sluis("person", "list", *options)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_a_person_is_shown_and_that_is_recorded(sluis: Sluis, people: dict[str, str]) -> None:
    """E51: the fields of the list and more, factors by id; who reads it stands in the log first."""
    who = people["lotte"]
    shown = sluis("person", "show", who, "--json").json
    (row,) = [one for one in sluis("person", "list", "--json").json if one["person"] == who]
    assert shown.items() >= row.items()
    assert [one["kind"] for one in shown["factors"]] == ["totp"]
    assert shown["verification"]["until"] == row["verified_until"]
    assert f"person show {who}" in reads(sluis)
    assert f"person            {who}" in sluis("person", "show", who).out.splitlines()


def test_nothing_secret_is_shown(sluis: Sluis, people: dict[str, str]) -> None:
    """MFA-13: no secret of a factor, at no option."""
    (secret,) = [one["totp_secret"] for one in sluis("demo", "people", "--json").json if one["login"] == "lotte"]
    assert secret not in sluis("person", "show", people["lotte"], "--json").out
    assert secret not in sluis("person", "list", "--json").out


def test_stopping_somebody_is_a_command(sluis: Sluis, people: dict[str, str]) -> None:
    """S94, ID-15: the fact names operator and admin; a second time is refused, and so is who may not."""
    call = ("person", "disable", people["lotte"], "--as", people["anna"], "--reason", "asked for", "--operator", "olga")
    first, second = sluis(*call), sluis(*call)
    assert (first.status, second.status) == (0, 3)
    assert second.err.startswith("refused: wrong_state")
    (fact,) = sluis("log", "show", "--kind", "PersonDisabled", "--person", people["lotte"], "--json").lines
    assert fact["actor"] == f"operator olga, on behalf of {people['anna']}"
    assert sluis("person", "disable", people["anna"], "--as", people["lotte"], "--reason", "x").status == 3
    assert sluis("person", "disable", people["anna"], "--as", people["anna"], "--reason", "x").status == 3


def test_a_reset_is_proposed_only(sluis: Sluis, people: dict[str, str]) -> None:
    """S76, MFA-08: the factors stay until another admin confirms; the operator's own admin cannot."""
    who = people["lotte"]
    said = sluis("person", "reset-factor", who, "--as", people["anna"], "--json")
    assert [one["kind"] for one in said.json["events"]] == ["CommandProposed"]
    assert sluis("person", "show", who, "--json").json["factors"] != []
    proposal = str(said.json["events"][0]["proposal"])
    confirm = ("do", "confirm-proposal", f"proposal={proposal}", "--as")
    assert sluis(*confirm, people["anna"]).status == 3


def test_a_verification_is_a_command(sluis: Sluis, people: dict[str, str]) -> None:
    """S73, E26: method, level, end and factors come from the options; never by the person themselves."""
    who, until = people["lotte"], (datetime.now(UTC) + timedelta(days=725)).date().isoformat()
    (factor,) = [one["factor"] for one in sluis("person", "show", who, "--json").json["factors"]]
    when = ("--method", "in-person", "--until", until)
    options = (*when, "--assurance", "high", "--factor", factor, "--evidence", "passport seen")
    assert sluis("person", "verify", who, "--as", who, *options).status == 3
    said = sluis("person", "verify", who, "--as", people["anna"], *options)
    assert said.status == 0, said.err
    found = sluis("person", "show", who, "--json").json["verification"]
    assert (found["by"], found["method"], found["assurance"]) == (people["anna"], "in-person", "high")
    assert found["until"] == f"{until}T00:00:00Z"


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "P-3", "--as", "P-1", "--method", "by-post", "--until", UNTIL, "--evidence", "x"),
        ("verify", "P-3", "--as", "P-1", "--method", "in-person", "--until", "soon", "--evidence", "x"),
        ("verify", "P-3", "--method", "in-person", "--until", UNTIL, "--evidence", "x"),
        ("verify", "P-3", "--as", "P-1", "--method", "in-person", "--until", UNTIL),
        ("disable", "P-3", "--as", "P-1"),
        ("disable", "P-999", "--as", "P-1", "--reason", "x"),
        ("reset-factor", "P-3", "--as", "anna"),
        ("show", "P-999"),
        ("show",),
    ],
)
def test_what_cannot_be_meant_changes_nothing(sluis: Sluis, command: tuple[str, ...]) -> None:
    """One line on standard error, 2, and no fact."""
    before = sluis("log", "head", "--json").json
    said = sluis("person", *command)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert sluis("log", "head", "--json").json == before


def test_outside_a_demo_personal_commands_are_the_persons_own(sluis: Sluis, places: Places) -> None:
    """MFA-08: on a state that is no demo's neither verifying nor a reset can be typed by an operator (3)."""
    real = places.state.with_name("real")
    admins = ("--admin", "https://login.example.org", "anna", "--admin", "https://login.example.org", "bram")
    assert sluis("init", *admins, state=real).status == 0
    options = ("--method", "in-person", "--until", UNTIL, "--evidence", "x")
    for command in (("verify", "P-2", "--as", "P-1", *options), ("reset-factor", "P-2", "--as", "P-1")):
        said = sluis("person", *command, state=real)
        assert (said.status, said.err.startswith("refused: personal_command")) == (3, True), said.err

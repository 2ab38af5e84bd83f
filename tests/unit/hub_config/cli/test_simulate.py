"""`sluis simulate`: what would happen, as text and as JSON; nothing is written; a bad file says what is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access_policy.model.instants import format_instant
from tests.unit.hub_config.cli.conftest import Said, Sluis

Simulate = Callable[..., Said]


@pytest.fixture
def simulate(sluis: Sluis, tmp_path: Path) -> Simulate:
    """Write the steps to a file and ask."""

    def call(steps: Any, *options: str) -> Said:
        file = tmp_path / "steps.json"
        file.write_text(steps if isinstance(steps, str) else json.dumps(steps))
        return sluis("simulate", str(file), *options)

    return call


def end_request(people: dict[str, str], **changed: Any) -> dict[str, Any]:
    """Return the step that ends DR-1."""
    fields = {"request": "DR-1", "reason": "misuse"}
    return {"command": "end-request", "as": people["anna"], "fields": fields} | changed


def test_without_steps_nothing_changes(simulate: Simulate) -> None:
    """Simulating nothing equals now."""
    said = simulate([], "--json")
    assert (said.status, said.json["changes"], said.json["letters"]) == (0, [], [])
    assert simulate([]).out.startswith("nobody would gain or lose anything until ")


def test_an_ended_request_takes_its_datasets(simulate: Simulate, people: dict[str, str], sluis: Sluis) -> None:
    """S94: who loses what, from when until when, and why; and the log is as it was."""
    head = sluis("log", "head", "--json").json
    at = format_instant(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
    said = simulate([end_request(people, at=at)], "--json")
    (change,) = said.json["changes"]
    assert said.status == 0
    assert change["until"].endswith("Z")
    del change["until"]
    assert change == {
        "person": people["lotte"], "request": "DR-1", "gains": [], "loses": ["gbsg2-clinical", "gse7390-expression"],
        "at": at, "codes": ["request_ended"], "running": False,
    }  # fmt: skip
    assert sluis("log", "head", "--json").json["root"] == head["root"]


def test_people_read_it_line_by_line(simulate: Simulate, people: dict[str, str]) -> None:
    """One line for each loss."""
    line, *told = simulate([end_request(people)]).out.splitlines()
    assert told
    assert all(" would be told: " in one and " about DR-1, at " in one for one in told)
    assert line.startswith(f"{people['lotte']} loses gbsg2-clinical, gse7390-expression of DR-1 from ")
    assert "request_ended" in line


def test_a_fact_can_be_supposed(simulate: Simulate, people: dict[str, str]) -> None:
    """A dated fact, without a command that would give it."""
    fact = {"fact": "ContactRemoved", "fields": {"request": "DR-1", "person": people["lotte"]}}
    (change,) = simulate([fact], "--json").json["changes"]
    assert change["codes"] == ["not_a_contact"]


def test_a_refused_step_is_refused(simulate: Simulate, people: dict[str, str]) -> None:
    """Exit 3 with the code, and which step it was."""
    said = simulate([end_request(people, **{"as": people["bram"]})])
    assert said.status == 3
    assert said.err.startswith("refused: not_permitted: step 1:")


ENDED = {"country": "KR", "scope": "full", "ends": "2027-01-01T00:00:00Z", "act": "a judgment"}
INVERTED = {
    "request": "DR-1", "improves_treatment": True, "public_interest": True, "reason": "x",
    "begins": "2030-01-02T00:00:00Z", "ends": "2030-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("{", "no JSON list"),
        ('{"command": "end-request"}', "no JSON list"),
        ([{"command": "end-request", "fact": "RequestEnded", "as": "P-1"}], "either a `command` or a `fact`"),
        ([{}], "either a `command` or a `fact`"),
        ([{"command": "end-request"}], "somebody who gives it"),
        ([{"command": "unheard-of", "as": "P-1"}], "no command is named"),
        ([{"fact": "UnheardOf"}], "no fact is named"),
        ([{"fact": "RequestEnded", "fields": {"request": "DR-1"}}], "reason"),
        ([{"fact": "RequestEnded", "fields": {"request": "DR-999", "reason": "x"}}], "there is no request `DR-999`"),
        (
            [{"command": "end-request", "as": "P-99", "fields": {"request": "DR-1", "reason": "x"}}],
            "there is no person `P-99`",
        ),
        ([{"command": "end-request", "as": "P-1", "at": "9999-01-01T00:00:00Z"}], "step 1"),
        ([{"command": "end-request", "as": "P-1", "at": "2027-01-01T00:00:00"}], "no time zone"),
        ([{"fact": "AdequacyEnded", "fields": ENDED | {"ends": "2027-01-01T00:00:00"}}], "no time zone"),
        ([{"fact": "AdequacyEnded", "fields": ENDED | {"ends": "9999-01-01T00:00:00Z"}}], "outside the years"),
        ([{"fact": "AdequacyEnded", "fields": ENDED | {"country": "K\x00"}}], "cannot be seen"),
        ([{"fact": "AdequacyEnded", "fields": ENDED | {"act": "\ud800"}}], "half of a surrogate pair"),
        ([{"fact": "ClockResumed", "fields": {"request": "DR-1"}}], "not stand still"),
        ([{"fact": "ProposalConfirmed", "fields": {"proposal": 99}}], "no such proposal"),
        ([{"fact": "RequestApproved", "fields": INVERTED}], "`ends` has to lie after `begins`"),
        ([{"unheard": 1}], "no JSON list"),
        ("x" * 1_100_000, "is too large"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_bad_file_says_what_is_wrong(simulate: Simulate, steps: Any, says: str) -> None:
    """Exit 2, one line, nothing on standard output."""
    said = simulate(steps)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert says in said.err


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "soon"])
def test_the_look_ahead_is_bounded(simulate: Simulate, until: str) -> None:
    """REQ-11: in the future, ten years at most."""
    said = simulate([], "--until", until)
    assert said.status == 2
    assert "--until" in said.err


def test_a_file_that_is_not_there(sluis: Sluis) -> None:
    """Exit 2 with its name."""
    said = sluis("simulate", "no-such-file.json")
    assert said.status == 2
    assert "no-such-file.json" in said.err

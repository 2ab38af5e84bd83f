"""`explain` and `next-steps`: the decision's JSON field by field, times, zones, and stored decisions."""

from datetime import UTC, datetime, timedelta

import pytest

from access_policy.model.instants import format_instant
from access_policy.reasons import REASONS
from tests.unit.hub_config.cli.conftest import Sluis

DECISION = [
    "effect", "person", "request", "action", "at", "zone", "session", "seq", "rules", "installation", "until",
    "reasons", "datasets",
]  # fmt: skip
REASON = ["code", "holds", "since", "until", "requirement", "text", "next_step", "owner"]

BAD_TIMES = {
    "year 9999": "9999-12-31T23:59:59Z",
    "year 2200": "2200-01-01T00:00:00Z",
    "year 1969": "1969-12-31T23:59:59Z",
    "year 1 far east": "0001-01-01T00:00:00+23:59",
    "no zone": "2026-11-22T08:30:00",
    "a date": "2026-11-22",
    "JavaScript's last day": "+275760-09-13T00:00:00Z",
    "not a number": "NaN",
    "infinity": "inf",
    "seconds": "1795334400",
    "half a minute": "2026-11-22T08:30:60Z",
    "29 February": "2027-02-29T00:00:00Z",
    "nothing": "",
    "words": "tomorrow",
    "other digits": "\u0662\u0660\u0662\u0666-11-22T08:30:00Z",
    "a line end": "2026-11-22T08:30:00Z\n",
    "very long": "9" * 100_000,
}


def then(days: float) -> str:
    """Return an instant so many days from the present."""
    return format_instant(datetime.now(UTC) + timedelta(days=days))


def test_an_allowed_decision_field_by_field(sluis: Sluis, people: dict[str, str]) -> None:
    """Every key of docs/reference/command-line.md, in its form."""
    said = sluis("explain", people["lotte"], "DR-1", "--json")
    found = said.json
    assert (said.status, list(found)) == (0, DECISION)
    assert (found["effect"], found["person"], found["request"]) == ("allow", people["lotte"], "DR-1")
    assert (found["action"], found["zone"], found["session"]["supposed"]) == ("open_workspace", "anywhere", True)
    assert found["at"].endswith("Z")
    assert found["until"] == found["session"]["ends"]
    assert all(list(reason) == REASON and reason["holds"] for reason in found["reasons"])
    assert {reason["code"] for reason in found["reasons"]} == {*REASONS} - {"dataset_withdrawn", "run_time_over"}
    assert found["datasets"] == [
        {"name": name, "version": "1.0", "mount": f"/data/{name}", "access": "read"}
        for name in ("gbsg2-clinical", "gse7390-expression")
    ]


def test_a_denied_decision_opens_nothing(sluis: Sluis, people: dict[str, str]) -> None:
    """No dataset, no `until`; the failing reason says what to do and who can."""
    said = sluis("explain", people["lotte"], "DR-3", "--json")
    failing = [reason for reason in said.json["reasons"] if not reason["holds"]]
    assert (said.status, said.json["effect"], said.json["until"], said.json["datasets"]) == (1, "deny", None, [])
    assert [(reason["code"], reason["requirement"], reason["owner"]) for reason in failing] == [("zone", "S77", "you")]
    assert failing[0]["next_step"] == "connect from the institute's network"


def test_a_zone_can_be_supposed(sluis: Sluis, people: dict[str, str]) -> None:
    """From the institute's network the same request opens."""
    said = sluis("explain", people["lotte"], "DR-3", "--zone", "institute", "--json")
    assert (said.status, said.json["zone"]) == (0, "institute")


def test_the_wardens_question_needs_no_session(sluis: Sluis, people: dict[str, str]) -> None:
    """`keep_workspace` asks neither for a session nor for a zone."""
    said = sluis("explain", people["lotte"], "DR-3", "--action", "keep_workspace", "--json")
    assert (said.status, said.json["session"], said.json["action"]) == (0, None, "keep_workspace")


def test_the_past_is_decided_on_the_facts_of_then(sluis: Sluis, people: dict[str, str]) -> None:
    """Vera was stopped twelve days ago; the day before she could open the team's request."""
    assert sluis("explain", people["vera"], "DR-11").status == 1
    assert sluis("explain", people["vera"], "DR-11", "--at", then(-13)).status == 0


def test_the_future_is_decided_on_the_facts_of_now(sluis: Sluis, people: dict[str, str]) -> None:
    """Yara's term begins in 90 days; Lotte's ends in 400."""
    assert sluis("explain", people["yara"], "DR-12", "--at", then(89)).status == 1
    assert sluis("explain", people["yara"], "DR-12", "--at", then(91)).status == 0
    assert sluis("explain", people["lotte"], "DR-1", "--at", then(401)).status == 1


def test_before_anything_was_known_everything_is_denied(sluis: Sluis, people: dict[str, str]) -> None:
    """There was no such person and no such request then."""
    assert sluis("explain", people["lotte"], "DR-1", "--at", "1970-01-01T00:00:00Z").status == 1


def test_other_zones_of_the_clock_mean_the_same_instant(sluis: Sluis, people: dict[str, str]) -> None:
    """RFC 3339 in, UTC out."""
    found = sluis("explain", people["lotte"], "DR-1", "--at", "2026-03-01T01:00:00+02:00", "--json").json
    assert found["at"] == "2026-02-28T23:00:00Z"


@pytest.mark.parametrize("text", BAD_TIMES.values(), ids=BAD_TIMES)
def test_a_time_that_is_none_is_two(text: str, sluis: Sluis, people: dict[str, str]) -> None:
    """One short line that names it (REQ-11)."""
    said = sluis("explain", people["lotte"], "DR-1", f"--at={text}")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert len(said.err) < 300


def test_a_workspaces_own_decision_is_shown(sluis: Sluis, people: dict[str, str]) -> None:
    """Bram worked on an afternoon 21 days ago; the answer that allowed it is in the log."""
    started = sluis("log", "show", "--kind", "WorkspaceStarted", "--json").lines[0]
    said = sluis("explain", people["bram"], "DR-10", "--at", started["at"], "--json")
    stored = said.json["started_with"]
    assert list(stored) == DECISION
    assert (stored["effect"], stored["seq"], stored["at"]) == ("allow", started["seq"] - 1, started["at"])
    assert said.json["differs"] == []
    text = sluis("explain", people["bram"], "DR-10", "--at", started["at"]).out
    assert "today's rules would answer the same" in text


def test_without_a_workspace_there_is_no_stored_decision(sluis: Sluis, people: dict[str, str]) -> None:
    """Neither now nor on a day when none ran."""
    assert "started_with" not in sluis("explain", people["bram"], "DR-10", "--json").json
    assert "started_with" not in sluis("explain", people["bram"], "DR-10", "--at", then(-40), "--json").json


def test_the_text_names_each_condition(sluis: Sluis, people: dict[str, str]) -> None:
    """A mark for each, the next step below what fails."""
    lines = sluis("explain", people["esra"], "DR-11").out.splitlines()
    assert lines[0].startswith(f"deny: {people['esra']} open_workspace DR-11 at ")
    assert sum(line.startswith("  ✓") for line in lines) == 37
    (failing,) = [number for number, line in enumerate(lines) if line.startswith("  ✗ training_expired (S74)")]
    assert lines[failing + 1] == "      next: pass the course again; its trainer then certifies the person (trainer)"


def test_next_steps_in_order_with_their_owners(sluis: Sluis, people: dict[str, str]) -> None:
    """From the assessment on, three steps are left."""
    said = sluis("next-steps", people["yara"], "DR-15", "--json")
    assert said.status == 0
    assert [(step["step"], step["code"], step["owner"]) for step in said.json] == [
        (1, "request_not_approved", "board"),
        (2, "licence_not_signed", "signing parties"),
        (3, "not_made_available", "data steward"),
    ]
    assert list(said.json[0]) == ["step", "code", "text", "next_step", "owner", "requirement"]


def test_no_step_is_left_where_all_holds(sluis: Sluis, people: dict[str, str]) -> None:
    """An empty list, and words for people."""
    assert sluis("next-steps", people["lotte"], "DR-1", "--json").json == []
    assert "nothing is left" in sluis("next-steps", people["lotte"], "DR-1").out

"""`sluis session`: who is logged in, and an end to it that is on record."""

from contextlib import closing
from datetime import datetime, timedelta

import pytest

from access_policy.log.records import Session
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import PersonId
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis

FIELDS = [
    "session", "person", "begun", "last_activity", "idle_ends", "ends", "provider", "kind", "factor", "assurance",
    "zone", "inside_until",
]  # fmt: skip
SESSIONS = {"a" * 64: "P-3", "b" * 64: "P-3", "c" * 64: "P-4"}


@pytest.fixture(autouse=True)
def live(places: Places) -> None:
    """Three live sessions, one after the other, and one whose time is over."""
    with closing((policy := open_policy(places)).store):
        now = policy.now()
        for number, (digest, who) in enumerate(SESSIONS.items(), 1):
            policy.records.begin_session(_session(digest, who, now - timedelta(minutes=10 - number), 12))
        policy.records.begin_session(_session("d" * 64, "P-3", now - timedelta(hours=5), 4))


def _session(digest: str, who: str, begun: datetime, hours: int) -> Session:
    return Session(
        session=digest, person=PersonId(who), begun=begun, factor_kind=FactorKind.TOTP, factor_at=begun,
        zone=Zone.ANYWHERE, ends=begun + timedelta(hours=hours), last_activity=begun,
    )  # fmt: skip


def listed(sluis: Sluis, *options: str) -> list[str]:
    return [row["session"][0] for row in sluis("session", "list", "--json", *options).json]


def ended(sluis: Sluis) -> list[tuple[str, str, str, str]]:
    lines = sluis("log", "show", "--kind", "SessionEnded", "--json").lines
    return [(one["session"][0], one["person"], one["why"], one["actor"]) for one in lines if one["why"] == "operator"]


def test_live_sessions_are_listed_and_that_is_recorded(sluis: Sluis) -> None:
    """S76, E51: the newest first, none that is over; of one person, or so many."""
    assert all(list(row) == FIELDS for row in sluis("session", "list", "--json").json)
    assert listed(sluis) == ["c", "b", "a"]
    assert listed(sluis, "--person", "P-3") == ["b", "a"]
    said = sluis("session", "list", "--limit", "1")
    assert [line.split()[0] for line in said.out.splitlines()] == ["session", "c" * 12]
    assert said.err == "sluis: 2 older ones are left out; raise --limit\n"
    reads = [one["what"] for one in sluis("log", "show", "--kind", "LogRead", "--json").lines]
    assert {"session list", "session list P-3"} <= set(reads)


def test_the_list_says_where_each_browser_sits_now(sluis: Sluis, places: Places) -> None:
    """S77, NET-05: where it was seen of late, and not where it began; up to when a look counts."""
    with closing((policy := open_policy(places)).store):
        now = policy.now()
        until = {"a": now + timedelta(hours=1), "b": now - timedelta(seconds=1), "c": None}
        for digest, ends in until.items():
            assert policy.records.note_place(digest * 64, now, ends)
    rows = {row["session"][0]: row for row in sluis("session", "list", "--json").json}
    assert {name: row["zone"] for name, row in rows.items()} == {"a": "institute", "b": "anywhere", "c": "anywhere"}
    assert [rows[name]["inside_until"] is None for name in "abc"] == [False, False, True]
    assert "institute" in sluis("session", "list").out


def test_one_session_is_ended(sluis: Sluis) -> None:
    """SES-11: by the beginning of its id; the record names the operator; the person's other one goes on."""
    said = sluis("session", "end", "a" * 12, "--operator", "olga", "--json")
    assert (said.status, said.json) == (0, {"ended": [{"session": "a" * 64, "person": "P-3"}]})
    assert ended(sluis) == [("a", "P-3", "operator", "operator olga, on behalf of nobody")]
    assert listed(sluis) == ["c", "b"]
    assert sluis("session", "end", "a" * 12).status == 2


def test_all_sessions_of_a_person_are_ended(sluis: Sluis) -> None:
    """SES-11: the live ones, each on record once; a second call finds none."""
    assert sluis("session", "end", "--person", "P-3").out.startswith("2 sessions ended")
    assert sluis("session", "end", "--person", "P-3").out.startswith("0 sessions ended")
    assert [one[:2] for one in ended(sluis)] == [("a", "P-3"), ("b", "P-3")]
    assert listed(sluis) == ["c"]


@pytest.mark.parametrize(
    "options",
    [(), ("a" * 12, "--person", "P-3"), ("a" * 7,), ("e" * 12,), ("",), ("--person", "P-999"), ("%" * 12,)],
    ids=ascii,
)
def test_what_cannot_be_meant_ends_nothing(sluis: Sluis, options: tuple[str, ...]) -> None:
    """One line, 2."""
    said = sluis("session", "end", *options)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert listed(sluis) == ["c", "b", "a"]

"""Logs of every format ever written are read, verified and decided on as on the day when they were recorded."""

import json
import lzma
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from access_policy.actor import Actor, component
from access_policy.commands.base import Refusal, parse_command
from access_policy.events import FORMAT, Fact
from access_policy.log import UnreadableLog
from access_policy.log.backup import copy_log
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import OPERATOR
from access_policy.log.sqlite import SqliteDatabase
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy, present, upgrade_tables
from hub_config.cli.reading import opened
from hub_config.places import Places
from tests.postgres import new_database
from tests.unit.access_policy.log.recorded import RECORDED, format_of, unpacked
from tests.vectors.logs.record import decisions


@pytest.fixture(params=RECORDED, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def places(folder: Path, tmp_path: Path) -> Places:
    return unpacked(folder, tmp_path / "state")


def _finished(places: Places) -> None:
    with opened(places) as policy, policy.reading() as state:
        if state.format < FORMAT:
            command = parse_command("finish-upgrade", {"format": FORMAT})
            assert not isinstance(Policy(policy.store).handle(command, component(Component.INSTALLATION)), Refusal)


def _expected(folder: Path) -> Any:
    return json.loads(lzma.decompress((folder / "decisions.json.xz").read_bytes()))


LATER = frozenset({"session_factor_not_confirmed"})
"""The conditions that a later release asks besides: each holds wherever a log of before says nothing about it."""


def _answers(found: Any) -> dict[tuple[str, str, str, str], Any]:
    """Return the answer to each question: at an instant, to do what, by whom, on which request."""
    assert all(answer["holds"].get(code, True) for answer in found["answers"] for code in LATER)
    answers = [
        answer | {"holds": {code: holds for code, holds in answer["holds"].items() if code not in LATER}}
        for answer in found["answers"]
    ]
    return {
        (at, action, person, request): answers[number]
        for at, actions in found["asked"].items()
        for action, people in actions.items()
        for person, numbers in people.items()
        for request, number in zip(found["requests"], numbers, strict=True)
    }


def _move_to_server(places: Places) -> None:
    """Let the log be in PostgreSQL from now on, with its settings."""
    url = new_database()
    source, target = SqliteDatabase(places.log, present), PostgresDatabase(url, OPERATOR.name, time.monotonic)
    try:
        copy_log(source, target, lambda _text: None, keys=True)
    finally:
        source.close()
        target.close()
    places.log.unlink()
    places.settings.write_text(f'[log]\ndatabase = "{url}"\n', encoding="utf-8")


@pytest.mark.parametrize("kept", ["sqlite", "postgresql"])
@pytest.mark.parametrize("finished", [False, True], ids=["upgraded", "finished"])
def test_a_recorded_log_is_decided_on_alike(folder: Path, places: Places, finished: bool, kept: str) -> None:
    """FLT-10, POL-05: with the tables of today it verifies, and every answer at every instant is as it was recorded."""
    upgrade_tables(places)
    if kept == "postgresql":
        _move_to_server(places)
    if finished:
        _finished(places)
    expected = _expected(folder)
    with opened(places) as policy:
        found = _answers(decisions(policy, list(expected["asked"])))
    assert found == _answers(expected)
    assert any(answer["allowed"] for answer in found.values())


def test_nothing_is_upgraded_by_opening(folder: Path, places: Places) -> None:
    """FLT-10: a log whose tables are older is refused in a line that says what to do, and stays as it is."""
    before = places.log.read_bytes()
    if format_of(folder) == 1:
        with pytest.raises(UnreadableLog, match=r"has form `1`, not .*; run `sluis upgrade`"):
            open_policy(places)
        assert places.log.read_bytes()[100:] == before[100:], "but for the header, in which SQLite notes its mode"
    upgrade_tables(places)
    with opened(places) as policy, policy.reading() as state:
        assert state.format == format_of(folder)


def _newest_rows(places: Places, count: int) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(places.log)) as raw:
        rows = raw.execute("SELECT payload FROM facts ORDER BY seq DESC LIMIT ?", (count,)).fetchall()
    return [json.loads(payload) for (payload,) in rows]


def test_a_withdrawal_goes_through_in_every_format(places: Places) -> None:
    """FLT-10: access is taken away in a log of any format, in a form that its release reads."""
    upgrade_tables(places)
    with opened(places) as policy, policy.reading() as state:
        admins = [who for who, one in state.people.items() if any(role.role == "admin" for role in one.appointments)]
        dataset = next(iter(state.datasets))
        operator = Actor(person=PersonId(admins[0]), operator="root")
        command = parse_command("withdraw-dataset", {"dataset": dataset, "reason": "consent"})
        done = policy.handle(command, operator)
        assert not isinstance(done, Refusal)
        again = list(policy.store.facts_since(state.seq - len(done.facts)))
        old = state.format == 1
    assert again == list(done.facts)
    assert _newest_rows(places, 1)[0]["v"] == (1 if old else 2)


def test_the_release_before_is_told_to_go(places: Places) -> None:
    """FLT-10: once the upgrade is finished, the log says so in a fact that the release before does not know."""
    upgrade_tables(places)
    _finished(places)
    with opened(places) as policy:
        facts: list[Fact] = list(policy.store.facts_since(0))
        kinds = {type(fact.event).__name__: getattr(fact.event, "format", None) for fact in facts}
    assert FORMAT in (kinds["InstallationBegun"], kinds.get("UpgradeFinished"))

"""Settings that decisions depend on are facts: a changed file changes no past decision (POL-05, E48)."""

from datetime import datetime

import pytest

from hub_config.bootstrap import open_policy
from hub_config.places import Places
from hub_config.settings import load_settings
from hub_config.startup import adopt_settings
from tests.unit.hub_config.cli.conftest import Sluis


def _restart(places: Places) -> None:
    """Adopt what stands in the file, as a start does."""
    policy = open_policy(places)
    try:
        adopt_settings(load_settings(places.settings), policy)
    finally:
        policy.store.close()


def _hours(answer: dict[str, str]) -> float:
    """Return for how long an answer holds."""
    return (datetime.fromisoformat(answer["until"]) - datetime.fromisoformat(answer["at"])).total_seconds() / 3600


@pytest.fixture
def allowed(people: dict[str, str]) -> tuple[str, str]:
    """A person and a request that opens to them."""
    return people["lotte"], "DR-1"


def test_a_changed_file_changes_no_past_decision(sluis: Sluis, places: Places, allowed: tuple[str, str]) -> None:
    """POL-05, S76: what counted on a day is what had been adopted by then; the new value counts from its fact on."""
    _restart(places)
    then = sluis("log", "head", "--json").json["at"]
    before = sluis("explain", *allowed, "--at", then, "--json")
    text = places.settings.read_text(encoding="utf-8")
    changed = text.replace("session_hours = 12", "session_hours = 1")
    assert changed != text
    places.settings.write_text(changed, encoding="utf-8")
    assert sluis("explain", *allowed, "--at", then, "--json").json == before.json, "the file alone says nothing"
    assert _hours(sluis("explain", *allowed, "--json").json) == pytest.approx(12)
    _restart(places)
    (fact,) = sluis("log", "show", "--kind", "PolicySettingsAdopted", "--json").lines[-1:]
    assert fact["session_hours"] == 1
    assert sluis("explain", *allowed, "--at", then, "--json").json == before.json
    assert _hours(sluis("explain", *allowed, "--json").json) == pytest.approx(1)
    assert _hours(sluis("explain", *allowed, "--at", fact["at"], "--json").json) == pytest.approx(1)


def test_a_start_that_finds_nothing_changed_writes_nothing(sluis: Sluis, places: Places) -> None:
    """POL-05: settings are adopted once."""
    _restart(places)
    size = sluis("log", "head", "--json").json["size"]
    _restart(places)
    assert sluis("log", "head", "--json").json["size"] == size

"""Why a workspace ended, in words: every code that may be on record has a sentence of its own."""

import re
from pathlib import Path

import pytest

from access_policy.reasons import REASONS, ReasonCode
from access_policy.state import Ending
from hub_config.desk.endings import ENDINGS, ending_texts
from spawner import pod_words
from tests.unit.access_policy.world import NOON

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[4]
_RECORDS = re.compile(r"_finish\(|refusal\(\"|reason=|record = |self\.ended\(")
_CODE = re.compile(r"\"([a-z]+(?:_[a-z]+)*)\"")
_NO_CAUSES = frozenset({"reason", "request_unknown"})  # the name of an attribute; refused before there is a start


def told(why: str) -> list[str]:
    """Return the texts of an ending with this cause."""
    return ending_texts(Ending(NOON, why, None))


@pytest.mark.parametrize("code", sorted(pod_words.TOLD))
def test_every_word_about_a_pod_is_one_about_an_ending(code: str) -> None:
    """S97: out of memory, evicted, a lost node: what happened, and what to do."""
    assert told(code) == [pod_words.TOLD[code]]


def test_every_cause_that_is_recorded_has_its_words() -> None:
    """S97: by the lines that record one; a code without words would be shown bare."""
    files = [*(ROOT / "spawner").rglob("*.py"), ROOT / "hub_config/gate.py", ROOT / "hub_config/cluster_spawner.py"]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if _RECORDS.search(line)]
    codes = {code for line in lines for code in _CODE.findall(line)} - _NO_CAUSES
    assert {"stopped", "process_ended", "ended_by_warden", "admission_not_seen", "hub_stopped"} <= codes
    assert sorted(codes - ENDINGS.keys()) == []


def test_a_reason_of_the_rules_is_told_as_such() -> None:
    """S46: what took the ground away stands before what was seen."""
    codes = [ReasonCode.LICENCE_SUPERSEDED, ReasonCode.CONDUCT_NOT_ACCEPTED]
    assert told(", ".join(codes)) == [REASONS[code].failing for code in codes]


def test_a_cause_that_nobody_knows_is_shown_as_it_is() -> None:
    """What an older version recorded."""
    assert told("some_cause") == ["some cause"]

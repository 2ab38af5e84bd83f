"""The table of endings is whole: whatever can take the ground from a running workspace is tried in a real sandbox."""

import pytest

from access_policy import events as e
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.model.enums import Action
from access_policy.rules import RULES
from access_policy.withdrawals import MAY_TAKE, TAKING
from tests.integration.endings import FACTS, LAPSES, NO_ENDING, NO_LAPSE

pytestmark = pytest.mark.unit

KEEPING = frozenset(rule.code for rule in RULES if Action.KEEP_WORKSPACE in rule.actions)
ENDS = {kind for code in KEEPING for kind in FLIPPED_BY[code]} & (TAKING | MAY_TAKE) | {e.WorkspaceStopAsked}
TRIED = {one.kind for one in FACTS}


def test_each_kind_of_fact_that_may_end_a_workspace_is_tried_or_said_not_to() -> None:
    """S46, S78, S94, POL-03: a new kind of withdrawal needs a case, or a reason why it ends nothing that runs."""
    assert TRIED | set(NO_ENDING) == ENDS
    assert TRIED & set(NO_ENDING) == set()


def test_each_condition_that_lapses_by_itself_is_tried_or_said_not_to() -> None:
    """POL-03: every instant that `until` may name."""
    lapsing = {code for one in LAPSES for code in one.why}
    assert lapsing | set(NO_LAPSE) == BY_CLOCK & KEEPING
    assert lapsing & set(NO_LAPSE) == set()


def test_each_ending_has_a_name_of_its_own() -> None:
    """A failing one is found by its name."""
    assert len({one.name for one in FACTS}) == len(FACTS)

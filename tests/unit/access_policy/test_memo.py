"""What is kept on a sequence number is what would be worked out anew: at every instant, and gone with the next fact."""

import gc
import weakref
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy.decision import Decision, decide, next_change
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import Finding, Query, Session
from access_policy.state.memo import Kept, Memo
from tests.unit.access_policy.denials import BINDS, DENIALS, Denial
from tests.unit.access_policy.world import ADMIN, DAY, OPEN, RESEARCHER, TICK, World, description, everything_holds

DECADE = 3653 * DAY


def fresh(world: World, query: Query) -> Decision:
    """Answer without anything that was kept."""
    world.state.memo.clear()
    return decide(world.state, query)


def instants(world: World, query: Query) -> list[datetime]:
    """Return every instant at which an answer changes by the clock within a decade, and its neighbours."""
    at, found = query.at, [query.at]
    while (change := next_change(fresh(world, msgspec.structs.replace(query, at=at)).findings, at)) is not None:
        found += [change - TICK, change, change + TICK]
        if change > query.at + DECADE:
            break
        at = change
    return found


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
@given(data=st.data())
@settings(max_examples=5)
def test_a_kept_answer_equals_a_fresh_one(denial: Denial, data: st.DataObject) -> None:
    """POL-08: whatever was asked before, at whichever instants and in whichever order, the answer is the same."""
    world = everything_holds()
    query, _ = denial.way(world)
    moments = instants(world, query)
    asked = data.draw(st.lists(st.sampled_from(moments), min_size=2, max_size=8))
    spread = data.draw(st.lists(st.integers(0, 3652), max_size=4))
    queries = [msgspec.structs.replace(query, at=at) for at in (*asked, *(query.at + days * DAY for days in spread))]
    expected = [fresh(world, each) for each in queries]
    world.state.memo.clear()
    assert [decide(world.state, each) for each in queries] == expected


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
def test_nothing_changes_but_at_the_instants_that_were_named(denial: Denial) -> None:
    """S46, REQ-08: between two named instants no condition changes its value; at each of them at least one does."""
    world = everything_holds()
    query, _ = denial.way(world)
    moments = sorted({at for at in instants(world, query) if at >= query.at})
    for before, after in pairwise(moments):
        middle = fresh(world, msgspec.structs.replace(query, at=before + (after - before) / 2))
        assert _values(middle) == _values(fresh(world, msgspec.structs.replace(query, at=before)))


def _values(decision: Decision) -> list[bool]:
    return [finding.holds for finding in decision.findings]


def test_the_next_fact_empties_what_is_kept() -> None:
    """POL-08: an answer that was kept is not given after a fact, whatever the fact is about."""
    world = everything_holds()
    assert world.decide().allowed
    assert world.state.memo
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="another person")
    assert not world.state.memo
    assert not world.decide().allowed


def test_since_is_the_same_on_both_sides_of_the_day_the_law_binds() -> None:
    """E2, E13: a condition that holds throughout has held since the request began, whenever it is asked."""
    world = everything_holds(at=BINDS - 20 * DAY)
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    before, after = (Query(RESEARCHER, request, Action.KEEP_WORKSPACE, BINDS + days * DAY) for days in (-1, 1))
    assert _of_country(fresh(world, before)) == _of_country(fresh(world, after))


def _of_country(decision: Decision) -> Finding:
    return next(one for one in decision.findings if one.code is ReasonCode.COUNTRY_NOT_ELIGIBLE)


def test_sessions_are_never_kept() -> None:
    """S76: the same question with another session is answered for that session."""
    world = everything_holds()
    query = world.query()
    assert decide(world.state, query).allowed
    assert query.session is not None
    for session in (None, msgspec.structs.replace(query.session, factor=None)):
        assert not decide(world.state, msgspec.structs.replace(query, session=session)).allowed
    assert decide(world.state, query).allowed


@pytest.mark.parametrize("session", [None, "another"], ids=["no session", "the session of another person"])
def test_the_session_of_another_is_none_also_where_the_ground_was_kept(session: str | None) -> None:
    """S76: a kept ground lends nobody's session to anybody."""
    world = everything_holds()
    assert world.decide().allowed
    other = None if session is None else world.login(ADMIN)
    assert isinstance(other, Session | None)
    query = Query(RESEARCHER, OPEN, Action.OPEN_WORKSPACE, world.at, other)
    assert [str(code) for code in decide(world.state, query).codes] == ["session_missing"]


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """REQ-14: asking about many people fills no memory without end."""
    monkeypatch.setattr(Memo, "MOST", 10)
    world = everything_holds()
    for number in range(1, 100):
        decide(world.state, Query(PersonId(f"P-{number}"), RequestId("DR-1"), Action.KEEP_WORKSPACE, world.at))
        assert 0 < len(world.state.memo) <= 10


def test_what_is_kept_holds_half_open() -> None:
    """REQ-08: from the instant on at which it was worked out, and not at the instant at which it changes."""
    world = everything_holds()
    query = world.query(Action.KEEP_WORKSPACE)
    decide(world.state, query)
    (kept,) = world.state.memo.values()
    assert kept.begins == query.at
    assert kept.ends is not None
    world.state.memo.keep("probe", Kept(query.at, query.at + timedelta(days=1), 1))
    assert world.state.memo["probe"].value == 1


class _Mark:
    """Something that can be watched while it hangs on a state."""


def test_a_state_that_keeps_answers_is_freed() -> None:
    """POL-08: what is kept holds the state that keeps it; a state of the past still goes with its last user."""
    world, mark = everything_holds(), _Mark()
    assert world.decide().allowed
    world.state.proposals[0] = mark  # type: ignore[assignment]
    hangs = weakref.ref(mark)
    del world, mark
    gc.collect()
    assert hangs() is None

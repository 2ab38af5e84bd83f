"""Taking a fact out that gives access never gives access: for every kind of fact that was ever seen to give some."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.decision import decide
from access_policy.flips import FLIPPED_BY
from access_policy.fold import fold
from access_policy.model.enums import Action, DocumentKind, FactorKind, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Query, Session
from access_policy.state import State
from tests.unit.access_policy.journeys import JOURNEYS
from tests.unit.access_policy.test_flips import DECADE, _values
from tests.unit.access_policy.world import DAY, DIGEST, NO_REQUEST, RESEARCHER, everything_holds

ASKING = (RESEARCHER, PersonId("P-13"))
"""The researcher, and the one abroad where there is one."""

FACTS = frozenset(kind for kinds in FLIPPED_BY.values() for kind in kinds if issubclass(kind, e.FactEvent))
TAKING = frozenset(
    {
        e.ContactRemoved, e.DatasetWithdrawn, e.FactorsReset, e.PersonLeft, e.RequestRefused, e.RequestWithdrawn,
        e.VerificationWithdrawn,
    }
)  # fmt: skip
"""What takes something away, and with it a lack: what is not there is neither too low nor unconfirmed."""

Journey = Callable[..., object]
Kind = type[e.Event]
History = tuple[e.Fact, ...]


def _name(journey: Journey) -> str:
    return journey.__name__.strip("_")


@cache
def _history(journey: Journey) -> History:
    world = everything_holds()
    journey(world)
    return tuple(world.facts)


@cache
def _turned(journey: Journey) -> dict[int, set[bool]]:
    """Replay a journey; say of each fact which values it turned conditions to, for anybody who asks."""
    state, turned = State(), {}
    for fact in _history(journey):
        subjects = [(who, request) for who in ASKING for request in (*state.requests, NO_REQUEST)]
        before = [_values(state, subject, fact) for subject in subjects]
        fold(state, fact)
        after = [_values(state, subject, fact) for subject in subjects]
        turned[fact.seq] = {
            now[code] for then, now in zip(before, after, strict=True) for code in then if then[code] != now[code]
        }
    return turned


@cache
def _kinds() -> dict[Kind, set[bool]]:
    """Return to which values each kind of fact was seen to turn conditions, in all journeys."""
    found: dict[Kind, set[bool]] = defaultdict(set)
    for journey in JOURNEYS:
        for fact in _history(journey):
            found[type(fact.event)] |= _turned(journey)[fact.seq]
    return found


def _giving(journey: Journey) -> list[e.Fact]:
    """Return the facts of a journey's own that gave: that turned something to hold, or whose kind does nothing else."""
    given_before = len(everything_holds().facts)
    return [
        fact
        for fact in _history(journey)
        if fact.seq > given_before or len(_history(journey)) < given_before
        if True in _turned(journey)[fact.seq] or _kinds()[type(fact.event)] == {True}
        if type(fact.event) not in TAKING
    ]


NEUTRAL = e.DocumentPublished(
    document=DocumentKind.FAQ, version="9", language="en", title="Questions", digest=DIGEST, binding=False
)
"""What stands in the place of a fact that is taken out, so that all others keep their numbers."""


def _take(state: State, fact: e.Fact) -> None:
    """Fold a fact, unless it speaks of what only the fact that is gone had made."""
    try:
        fold(state, fact)
    except LookupError:
        fold(state, msgspec.structs.replace(fact, event=NEUTRAL))


def _allowed(state: State, fact: e.Fact) -> set[tuple[PersonId, RequestId, Action]]:
    """Return what is allowed at the instant of a fact, inside and outside the institute, with an old session."""
    begun, ends = fact.at - DAY, fact.at + DECADE
    return {
        (who, request, action)
        for who in ASKING
        for zone in Zone
        for request in state.requests
        for action in Action
        if decide(
            state, Query(who, request, action, fact.at, Session("old", who, begun, ends, FactorKind.TOTP, zone))
        ).allowed
    }


def _allowed_without(facts: History, gone: e.Fact) -> Iterator[str]:
    """Replay facts with and without one of them; say what only the shorter history allows, after each fact."""
    whole, short = State(), State()
    for fact in facts:
        fold(whole, fact)
        _take(short, fact if fact is not gone else msgspec.structs.replace(fact, event=NEUTRAL))
        if fact.seq >= gone.seq:
            for question in _allowed(short, fact) - _allowed(whole, fact):
                yield f"{question} after `{fact.seq}` {type(fact.event).__name__}"


@pytest.mark.parametrize("journey", JOURNEYS, ids=_name)
def test_a_history_without_a_fact_that_gave_allows_no_more(journey: Journey) -> None:
    """POL-12: at every instant after it, for every kind of fact that was seen to turn a condition to hold."""
    for gone in _giving(journey):
        assert list(_allowed_without(_history(journey), gone)) == [], f"without {type(gone.event).__name__}"


def test_every_kind_of_fact_that_can_give_is_taken_out_somewhere() -> None:
    """POL-12: whatever kind was seen to turn a condition to hold, in any journey, is tried above."""
    giving = {kind for kind, values in _kinds().items() if True in values}
    tried = {type(fact.event) for journey in JOURNEYS for fact in _giving(journey)}
    assert giving - tried <= TAKING
    assert len(giving - TAKING) > 25
    assert giving <= FACTS
    assert {e.PersonVerified, e.FactorConfirmed, e.RequestApproved, e.ContactChecked, e.CountryListed} <= giving


@given(journey=st.sampled_from(JOURNEYS), data=st.data())
@settings(max_examples=150)
def test_a_history_without_one_of_its_first_facts_allows_no_more(journey: Journey, data: st.DataObject) -> None:
    """POL-12: also where the fact was given long before, and everything else came after it."""
    facts = _history(journey)
    kinds = {kind for kind, values in _kinds().items() if True in values} - TAKING
    first = [fact for fact in facts[: len(everything_holds().facts)] if type(fact.event) in kinds]
    gone = data.draw(st.sampled_from(first or facts))
    whole, short = State(), State()
    for fact in facts:
        fold(whole, fact)
        _take(short, fact if fact is not gone else msgspec.structs.replace(fact, event=NEUTRAL))
    assert _allowed(short, facts[-1]) <= _allowed(whole, facts[-1]), f"without {type(gone.event).__name__}"

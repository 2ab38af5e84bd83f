"""`FLIPPED_BY` is what happens: histories are replayed fact by fact, and what each fact flipped is written down."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.fold import fold
from access_policy.model.enums import (
    Action,
    FactorKind,
    Zone,
)
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.reasons import ReasonCode as R
from access_policy.rules import RULES, Query, Session, case_of
from access_policy.state import State
from tests.unit.access_policy.journeys import JOURNEYS
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    MINUTE,
    NO_REQUEST,
    NOON,
    OPEN,
    RESEARCHER,
    World,
    everything_holds,
)

Flip = tuple[R, type[e.Event]]
FACTS_OF: set[Flip] = {
    (code, kind) for code, events in FLIPPED_BY.items() for kind in events if issubclass(kind, e.FactEvent)
}


def _name(flip: Flip) -> str:
    return f"{flip[0]} by {flip[1].__name__}"


IN_ORDER: list[Flip] = sorted(FACTS_OF, key=_name)
OF_THE_PERSON = list(R)[: list(R).index(R.REQUEST_NOT_APPROVED)]
DECADE = timedelta(days=3650)


def _flips_of(world: World) -> Iterator[Flip]:
    """Replay a world's facts; before and after each, look at every condition of every question at its instant."""
    replayed = State()
    for fact in world.facts:
        people = (RESEARCHER, ADMIN, PersonId("P-13"))  # the third one is the researcher abroad
        subjects = [(who, request) for who in people for request in (*world.state.requests, NO_REQUEST)]
        before = {subject: _values(replayed, subject, fact) for subject in subjects}
        fold(replayed, fact)
        for subject, values in before.items():
            after = _values(replayed, subject, fact)
            yield from ((code, type(fact.event)) for code, held in values.items() if held != after[code])


def _flips_of_sessions(world: World) -> Iterator[Flip]:
    """As `_flips_of`, for sessions of which it is known what was given, and when something was done in them."""
    replayed, subject = State(), (RESEARCHER, OPEN)
    for fact in world.facts:
        sessions = [_early(RESEARCHER, given=FactorId(one)) for one in ("first", "second", "third")]
        sessions.append(_early(RESEARCHER, active=fact.at - 30 * MINUTE))
        before = [_values(replayed, subject, fact, one) for one in sessions]
        fold(replayed, fact)
        for session, values in zip(sessions, before, strict=True):
            after = _values(replayed, subject, fact, session)
            yield from ((code, type(fact.event)) for code, held in values.items() if held != after[code])


def _early(who: PersonId, **known: Any) -> Session:
    return Session("early", who, NOON - DAY, NOON + DECADE, FactorKind.TOTP, Zone.ANYWHERE, **known)


def _values(
    state: State, subject: tuple[PersonId, RequestId], fact: e.Fact, coming: Session | None = None
) -> dict[R, bool]:
    """Return whether each condition holds, of those that have something to speak of yet."""
    who, request = subject
    session = coming or _early(who)
    case = case_of(state, Query(who, request, Action.REACH_WORKSPACE, fact.at, session))
    known = [] if case.person is None else OF_THE_PERSON if case.request is None else list(R)
    return {rule.code: rule.evaluate(case).holds for rule in RULES if rule.code in known}


@pytest.fixture(scope="module")
def seen() -> set[Flip]:
    """Return which facts flipped which conditions in any journey."""
    found: set[Flip] = set()
    for journey in JOURNEYS:
        world = everything_holds()
        journey(world)
        found |= {*_flips_of(world), *_flips_of_sessions(world)}
    return found


@pytest.mark.parametrize("flip", IN_ORDER, ids=_name)
def test_each_listed_fact_flips_its_condition(flip: Flip, seen: set[Flip]) -> None:
    """What `FLIPPED_BY` lists for a condition was seen to flip it."""
    assert flip in seen


def test_no_other_fact_flips_a_condition(seen: set[Flip]) -> None:
    """What was seen to flip a condition is listed: the table is whole."""
    assert seen - FACTS_OF == set()


def test_every_condition_can_flip() -> None:
    """Each condition has an event, or the clock, that changes it."""
    assert set(FLIPPED_BY) == set(R)
    assert {code for code in R if not FLIPPED_BY[code]} <= BY_CLOCK


def test_sessions_flip_the_conditions_of_sessions_only() -> None:
    """SessionBegun and SessionEnded stand where a rule looks at the session, and nowhere else (S76, S77)."""
    of_sessions = {code for code, kinds in FLIPPED_BY.items() if e.SessionBegun in kinds}
    assert of_sessions == {
        R.SESSION_MISSING, R.SESSION_OVER, R.SESSION_WITHOUT_FACTOR, R.SESSION_FACTOR_NOT_CONFIRMED, R.ZONE,
    }  # fmt: skip
    assert {code for code, kinds in FLIPPED_BY.items() if e.SessionEnded in kinds} == {R.SESSION_OVER}

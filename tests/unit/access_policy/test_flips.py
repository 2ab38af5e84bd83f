"""`FLIPPED_BY` is what happens: histories are replayed fact by fact, and what each fact flipped is written down."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.fold import fold
from access_policy.model.enums import Action, FactorKind, RequestStatus, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode as R
from access_policy.rules import RULES, Query, Session, case_of
from access_policy.state import State
from tests.unit.access_policy.denials import DENIALS
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    NOON,
    RESEARCHER,
    RESTRICTED,
    RUN,
    SIGNATORY,
    STEWARD,
    TRAINER,
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


def _mended(world: World) -> None:
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    world.do("enable-person", ADMIN, person=RESEARCHER)
    world.do("end-agreement", ADMIN, institution="hospital")
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + DECADE)
    world.do("declare-domains", ADMIN, institution="hospital", domains="clinic.example")
    world.do("declare-domains", ADMIN, institution="hospital", domains="hospital.example")
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied")
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")


def _expired_and_mended(world: World) -> None:
    _agreement_for(world, DECADE)
    world.wait(720 * DAY).do("verify-person", ADMIN, person=RESEARCHER, method="in-person", until=world.at + DAY)
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")


def _expired_and_taken_back(world: World) -> None:
    _agreement_for(world, DECADE)
    world.wait(720 * DAY).do("withdraw-verification", ADMIN, person=RESEARCHER, reason="another person")
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied")


def _unconfirmed_and_reset(world: World) -> None:
    world.agree("reset-factors", person=RESEARCHER)
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")
    world.agree("reset-factors", person=RESEARCHER)


def _contact_corrected(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    for email in ("rosa@gmail.example", "rosa@hospital.example", "rosa@gmail.example"):
        world.do("name-contact", RESEARCHER, request=request, person=RESEARCHER, email=email)
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)


def _datasets_come_and_go(world: World) -> None:
    world.do("open-request", RESEARCHER, title="Scans", purpose="Which treatment helps")
    world.do("request-dataset", RESEARCHER, request="DR-3", dataset="scans", necessity="the outcome")
    world.start(RESTRICTED, Zone.INSTITUTE)
    world.do("withdraw-dataset", STEWARD, dataset="scans", reason="consent")
    world.do("reopen-dataset", STEWARD, dataset="scans")


def _ended_after_a_withdrawal(world: World) -> None:
    world.start()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    world.end()


def _ended_after_its_time(world: World) -> None:
    world.start()
    world.wait(RUN).end()


def _taken_back_as_a_draft(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT)
    world.do("withdraw-request", RESEARCHER, request=request)


def _agreement_for(world: World, duration: timedelta) -> None:
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + duration)


JOURNEYS: tuple[Callable[[World], object], ...] = (
    *(denial.way for denial in DENIALS),
    _mended,
    _expired_and_mended,
    _expired_and_taken_back,
    _unconfirmed_and_reset,
    _contact_corrected,
    _datasets_come_and_go,
    _ended_after_a_withdrawal,
    _ended_after_its_time,
    _taken_back_as_a_draft,
)


def _flips_of(world: World) -> Iterator[Flip]:
    """Replay a world's facts; before and after each, look at every condition of every question at its instant."""
    replayed = State()
    for fact in world.facts:
        subjects = [(who, request) for who in (RESEARCHER, ADMIN) for request in world.state.requests]
        before = {subject: _values(replayed, subject, fact) for subject in subjects}
        fold(replayed, fact)
        for subject, values in before.items():
            after = _values(replayed, subject, fact)
            yield from ((code, type(fact.event)) for code, held in values.items() if held != after[code])


def _values(state: State, subject: tuple[PersonId, RequestId], fact: e.Fact) -> dict[R, bool]:
    """Return whether each condition holds, of those that have something to speak of yet."""
    who, request = subject
    session = Session("early", who, NOON - DAY, NOON + DECADE, FactorKind.TOTP, Zone.ANYWHERE)
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
        found |= set(_flips_of(world))
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
    assert of_sessions == {R.SESSION_MISSING, R.SESSION_OVER, R.SESSION_WITHOUT_FACTOR, R.ZONE}
    assert {code for code, kinds in FLIPPED_BY.items() if e.SessionEnded in kinds} == {R.SESSION_OVER}

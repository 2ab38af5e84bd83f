"""The laws of the decision, over random histories: default deny, monotony, order, exact times, an unchanged past."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.decision import Decision, Effect, as_json, decide
from access_policy.model.enums import Action, FactorKind, RequestStatus, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import Query, Session
from access_policy.state import State
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    MINUTE,
    NO_REQUEST,
    NOBODY,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    STEWARD,
    STRANGER,
    TICK,
    TRAINER,
    World,
    appoint,
    dataset_arguments,
    everything_holds,
    register_dataset,
)

ACTIONS = st.sampled_from(Action)
ZONES = st.sampled_from(Zone)
REQUESTS = st.sampled_from([OPEN, RESTRICTED])

Move = tuple[str, PersonId, dict[str, Any]]
_REASON = {"reason": "a reason"}
_TEXT = {"version": "2", "language": "en", "title": "Next", "digest": "1" * 64}
_HIM = {"person": RESEARCHER}
_IN_PERSON = {"method": "in-person", "evidence": "a passport"}

GRANTS: tuple[Move, ...] = (
    ("certify-person", TRAINER, _HIM | {"course": "privacy"}),
    ("enable-person", ADMIN, _HIM),
    ("reopen-dataset", STEWARD, {"dataset": "tumours"}),
    ("reopen-dataset", STEWARD, {"dataset": "expressions"}),
    ("verify-person", ADMIN, _HIM | _IN_PERSON | {"until": 730 * DAY}),
    ("record-agreement", ADMIN, {"institution": "hospital", "begins": 0 * DAY, "ends": 3000 * DAY}),
    ("record-agreement", ADMIN, {"institution": "hospital", "begins": 9 * DAY, "ends": 3000 * DAY}),
)
WITHDRAWALS: tuple[Move, ...] = (
    ("revoke-certification", TRAINER, _HIM | {"course": "privacy"} | _REASON),
    ("disable-person", ADMIN, _HIM | _REASON),
    ("withdraw-dataset", STEWARD, {"dataset": "tumours"} | _REASON),
    ("withdraw-dataset", STEWARD, {"dataset": "expressions"} | _REASON),
    ("withdraw-verification", ADMIN, _HIM | _REASON),
    ("end-agreement", ADMIN, {"institution": "hospital"}),
    ("end-request", REPRESENTATIVE, {"request": OPEN} | _REASON),
)
UNRELATED: tuple[Move, ...] = (
    ("certify-person", TRAINER, {"person": COLLEAGUE, "course": "privacy"}),
    ("verify-person", ADMIN, _IN_PERSON | {"person": COLLEAGUE, "until": 30 * DAY}),
    ("disable-person", ADMIN, {"person": STRANGER} | _REASON),
    ("enable-person", ADMIN, {"person": STRANGER}),
    ("publish-document", ADMIN, _TEXT | {"document": "faq"}),
    ("publish-document", ADMIN, _TEXT | {"document": "licence-non-eea", "binding": False}),
    ("register-course", ADMIN, {"course": "extra", "title": "Extra", "validity_days": 9, "required": False}),
    ("open-request", COLLEAGUE, {"title": "Another", "purpose": "another question"}),
    ("withdraw-dataset", STEWARD, {"dataset": "unrelated"} | _REASON),
    ("reopen-dataset", STEWARD, {"dataset": "unrelated"}),
    ("end-request", REPRESENTATIVE, {"request": "DR-3"} | _REASON),
    ("register-person", ADMIN, {"name": "Nel", "email": "nel@hospital.example", "institution": "hospital"}),
)


def _moves(*pools: tuple[Move, ...]) -> st.SearchStrategy[list[Move]]:
    return st.lists(st.sampled_from([move for pool in pools for move in pool]), max_size=8)


def _go(world: World, moves: list[Move]) -> World:
    """Try each move; those that the state refuses change nothing. Spans of time count from now."""
    for name, actor, arguments in moves:
        times = {key: world.at + value if isinstance(value, timedelta) else value for key, value in arguments.items()}
        world.attempt(name, actor, **times)
        for waiting in tuple(world.state.proposals):
            world.do("confirm-proposal", ADMIN, proposal=waiting)
    return world


def _world() -> World:
    """Return the good world with something that does not concern the researcher's two requests."""
    world = everything_holds()
    register_dataset(world, "unrelated")
    assert world.ask(RequestStatus.ACTIVE, ("unrelated",), contact=COLLEAGUE) == "DR-3"
    return world


def _substance(decision: Decision) -> tuple[object, ...]:
    """Return what a decision says but for its sequence number and instants."""
    held = tuple((finding.code, finding.holds) for finding in decision.findings)
    return decision.effect, held, decision.datasets


@given(
    person=st.sampled_from([RESEARCHER, COLLEAGUE, NOBODY, PersonId("")]),
    request=st.sampled_from([OPEN, NO_REQUEST, RequestId("")]),
    action=ACTIONS,
    zone=ZONES,
)
def test_default_deny(person: PersonId, request: RequestId, action: Action, zone: Zone) -> None:
    """Unknown people and requests, and people of other requests, are denied whatever they ask; one pair is not."""
    world = everything_holds()
    decision = decide(world.state, Query(person, request, action, world.at, world.login(person, zone)))
    assert decision.allowed == ((person, request) == (RESEARCHER, OPEN))


@given(action=ACTIONS, zone=ZONES)
def test_the_empty_state_allows_nothing(action: Action, zone: Zone) -> None:
    """POL-05: where nothing is known nothing is allowed, and almost every condition of the question fails."""
    session = Session("a-session", RESEARCHER, NOON, NOON + DAY, FactorKind.TOTP, zone)
    decision = decide(State(), Query(RESEARCHER, OPEN, action, NOON, session))
    assert decision.effect is Effect.DENY
    assert ReasonCode.PERSON_DISABLED in decision.codes
    assert ReasonCode.REQUEST_ENDED in decision.codes


@given(other=st.sampled_from([COLLEAGUE, ADMIN, NOBODY]), action=st.sampled_from(list(Action)[:2]))
def test_the_session_of_another_opens_nothing(other: PersonId, action: Action) -> None:
    """S76: a session counts for the person who began it only."""
    world = everything_holds()
    decision = decide(world.state, Query(RESEARCHER, OPEN, action, world.at, world.login(other)))
    assert decision.codes == (ReasonCode.SESSION_MISSING,)


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
@given(before=_moves(GRANTS, UNRELATED))
@settings(max_examples=15)
def test_removing_any_single_condition_removes_access(denial: Denial, before: list[Move]) -> None:
    """S27: whatever was granted before, one lost condition denies, and is named."""
    world = _go(everything_holds(), before)
    assert world.decide().allowed
    query, _ = denial.way(world)
    decision = world.decide(query)
    assert decision.effect is Effect.DENY
    assert denial.code in decision.codes


@given(before=_moves(GRANTS, WITHDRAWALS), after=_moves(UNRELATED), action=ACTIONS, zone=ZONES, request=REQUESTS)
def test_what_is_unrelated_changes_nothing(
    before: list[Move], after: list[Move], action: Action, zone: Zone, request: RequestId
) -> None:
    """Other people's certifications, requests, datasets and licences change no finding of this person's."""
    world = _go(_world(), before)
    query = world.query(action, request, zone)
    first = world.decide(query)
    later = _go(world, after).decide(query)
    assert msgspec.structs.replace(later, seq=first.seq) == first


@given(history=_moves(GRANTS, WITHDRAWALS), grant=st.sampled_from(GRANTS), request=REQUESTS)
def test_adding_a_grant_never_removes_access(history: list[Move], grant: Move, request: RequestId) -> None:
    """Whoever has access has it after any grant more: certified again, verified for longer, a dataset reopened."""
    world = _go(everything_holds(), history)
    before = world.decide(world.query(Action.KEEP_WORKSPACE, request))
    after = _go(world, [grant]).decide(world.query(Action.KEEP_WORKSPACE, request))
    assert after.allowed or not before.allowed
    assert set(before.datasets) <= set(after.datasets) or not before.allowed


_ASKING_MORE: tuple[dict[str, Any], ...] = (
    {}, {"trainings": "extra"}, {"assurance": "high"}, {"zone": "institute"}, {"kind": "biobank"},
)  # fmt: skip


@given(history=_moves(GRANTS), added=st.lists(st.sampled_from(_ASKING_MORE), max_size=3), zone=ZONES)
@settings(max_examples=40)
def test_adding_a_dataset_never_removes_access(history: list[Move], added: list[dict[str, Any]], zone: Zone) -> None:
    """S3, S74, S77, E26: whatever it asks for by itself, the others stay open, and the workspace that runs goes on."""
    world = _go(everything_holds(), history)
    world.do("register-course", ADMIN, course="extra", title="Extra", validity_days=9, required=False)
    world.start(zone=zone)
    for number, asks in enumerate(added, 1):
        before = {action: world.decide(world.query(action, zone=zone)) for action in Action}
        _add(world, f"more-{number}", number, asks)
        for action, then in before.items():
            now = world.decide(world.query(action, zone=zone))
            assert (now.allowed, set(now.datasets) >= set(then.datasets)) == (then.allowed, True), (action, now.codes)


def _add(world: World, name: str, number: int, asks: dict[str, Any]) -> None:
    """Let an amendment add a dataset, and make it available."""
    world.do("register-dataset", STEWARD, **dataset_arguments(name) | asks)
    wanted = {"datasets": name, "necessities": "the size", "reason": "more"}
    world.do("propose-amendment", RESEARCHER, request=OPEN, **wanted)
    world.do("approve-amendment", BOARD_MEMBER, request=OPEN, amendment=number, reason="good")
    world.do("make-available", STEWARD, request=OPEN)


@given(mine=_moves(GRANTS, WITHDRAWALS), others=_moves(UNRELATED), data=st.data())
def test_the_order_of_unrelated_facts_does_not_matter(
    mine: list[Move], others: list[Move], data: st.DataObject
) -> None:
    """Two histories that do not touch give the same answer however they are interleaved."""
    mixed, rest = list(mine), list(others)
    place = 0
    while rest:
        place = data.draw(st.integers(place, len(mixed)))
        mixed.insert(place, rest.pop(0))
        place += 1
    one, other = _go(_world(), mine + others), _go(_world(), mixed)
    for request in (OPEN, RESTRICTED, RequestId("DR-3")):
        assert _substance(one.decide(one.query(request=request))) == _substance(
            other.decide(other.query(request=request))
        )


@given(before=_moves(GRANTS, UNRELATED), days=st.integers(0, 400), action=ACTIONS, data=st.data())
def test_until_is_the_first_instant_at_which_the_answer_changes(
    before: list[Move], days: int, action: Action, data: st.DataObject
) -> None:
    """Up to a microsecond before `until` the answer stays allow, with the same `until`; at `until` it is deny."""
    world = _go(everything_holds(), before).wait(days * DAY)
    query = world.query(action)
    now = decide(world.state, query)
    if not now.allowed:
        return
    assert now.until is not None
    between = query.at + (now.until - query.at) * data.draw(st.floats(0, 0.999))
    for at in (between, now.until - TICK):
        then = decide(world.state, msgspec.structs.replace(query, at=at))
        assert (then.effect, then.until) == (Effect.ALLOW, now.until)
    assert decide(world.state, msgspec.structs.replace(query, at=now.until)).effect is Effect.DENY


@given(history=_moves(GRANTS, WITHDRAWALS, UNRELATED), more=_moves(GRANTS, WITHDRAWALS, UNRELATED), action=ACTIONS)
def test_a_past_decision_is_changed_by_nothing_that_comes_later(
    history: list[Move], more: list[Move], action: Action
) -> None:
    """Folding the facts up to a moment gives the decision of that moment, whatever was appended since."""
    world = _go(_world(), history)
    query, size = world.query(action), len(world.facts)
    then = world.decide(query)
    written = msgspec.json.encode(as_json(then))
    _go(world.wait(DAY), more)
    again = World.of(world.facts[:size], query.at).decide(query)
    assert again == then
    assert msgspec.json.encode(as_json(then)) == written


_GIVING = (
    e.PersonVerified,
    e.FactorEnrolled,
    e.FactorConfirmed,
    e.PersonCertified,
    e.ContactNamed,
    e.RequestApproved,
    e.DocumentAccepted,
    e.LicenceSigned,
    e.RequestMadeAvailable,
    e.PersonEnabled,
    e.AgreementRecorded,
    e.DatasetReopened,
)


@given(history=_moves(GRANTS, WITHDRAWALS), data=st.data(), request=REQUESTS)
@settings(max_examples=300)
def test_taking_one_giving_fact_out_never_allows(history: list[Move], data: st.DataObject, request: RequestId) -> None:
    """POL-12: a history without one of the facts that give something is never allowed what the whole one is denied."""
    world = _go(everything_holds(), history)
    query = world.query(request=request, zone=Zone.INSTITUTE)
    gone = data.draw(st.sampled_from([fact for fact in world.facts if isinstance(fact.event, _GIVING)]))
    kept = [fact for fact in world.facts if fact is not gone and not _rests_on(fact, gone)]
    numbered = [msgspec.structs.replace(fact, seq=number) for number, fact in enumerate(kept, 1)]
    without = World.of(numbered, query.at).decide(query)
    assert not without.allowed or world.decide(query).allowed


def _rests_on(fact: e.Fact, gone: e.Fact) -> bool:
    """Say whether a fact speaks of the factor whose enrolment is taken out: without it, it could not be folded."""
    return (
        isinstance(gone.event, e.FactorEnrolled)
        and isinstance(fact.event, e.FactorConfirmed)
        and fact.event.person == gone.event.person
    )


@given(history=_moves(GRANTS, WITHDRAWALS, UNRELATED), request=REQUESTS, action=ACTIONS, zone=ZONES)
def test_since_is_true(history: list[Move], request: RequestId, action: Action, zone: Zone) -> None:
    """A condition had its present value at `since` already, on the facts that were known then."""
    world = _world()
    settled = world.at - MINUTE
    _go(world, history)
    query = world.query(action, request, zone)
    for finding in world.decide(query).findings:
        if finding.since is None or finding.since >= query.at:
            continue
        at = max(finding.since, settled)  # before that, the request was still being made
        known = [fact for fact in world.facts if fact.at <= at]
        then = World.of(known, at).decide(msgspec.structs.replace(query, at=at))
        (found,) = (one for one in then.findings if one.code is finding.code)
        assert found.holds == finding.holds, finding


def test_who_loses_a_role_keeps_no_access_by_it() -> None:
    """A role opens no data: a board member, an admin and a steward are denied what they are no contact of (S75)."""
    world = everything_holds()
    appoint(world, COLLEAGUE, "admin")
    world.make_ready(COLLEAGUE)
    session = world.login(COLLEAGUE)
    assert decide(world.state, Query(COLLEAGUE, OPEN, Action.OPEN_WORKSPACE, world.at, session)).codes == (
        ReasonCode.NOT_A_CONTACT,
    )

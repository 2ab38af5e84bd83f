"""Each condition by itself: it holds in the good world, one fact flips it, and its times are exact to the instant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.decision import Decision, Effect, as_json, decide, next_steps
from access_policy.flips import BY_CLOCK
from access_policy.model.enums import Action, RequestStatus, TransferBasis, Zone
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import EEA, AdequacyScope, ModelClauses
from access_policy.reasons import REASONS
from access_policy.reasons import ReasonCode as R
from access_policy.rules import RULES, Finding, Query
from access_policy.state import State
from tests.unit.access_policy.abroad import abroad, basis, clauses
from tests.unit.access_policy.denials import BINDS, DENIALS, Denial
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    MINUTE,
    NOON,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    RUN,
    STEWARD,
    TICK,
    TRAINER,
    World,
    approval,
    everything_holds,
    find,
)

ALL = set(Action)
WITH_SESSION = {Action.OPEN_WORKSPACE, Action.REACH_WORKSPACE}
RUNNING = {Action.REACH_WORKSPACE, Action.KEEP_WORKSPACE}
SESSION_CODES = {
    R.SESSION_MISSING, R.SESSION_OVER, R.SESSION_WITHOUT_FACTOR, R.SESSION_FACTOR_NOT_CONFIRMED, R.ZONE,
}  # fmt: skip
RUNNING_CODES = {R.DATASET_WITHDRAWN, R.RUN_TIME_OVER}


def finding(decision: Decision, code: R) -> Finding:
    """Return what a decision found on one condition."""
    return next(one for one in decision.findings if one.code is code)


@pytest.mark.parametrize("action", Action)
def test_everything_holds_in_the_good_world(action: Action) -> None:
    """With nothing flipped, each of the three questions is answered with allow, and all its conditions hold."""
    world = everything_holds()
    world.start()
    decision = world.decide(world.query(action))
    assert decision.effect is Effect.ALLOW
    assert decision.codes == ()
    assert {one.code for one in decision.findings} == {rule.code for rule in RULES if action in rule.actions}
    assert next_steps(decision) == []


@pytest.mark.parametrize("code", R)
def test_a_rule_says_since_when_it_holds(code: R) -> None:
    """In the good world each finding that holds says since when, never in the future."""
    world = everything_holds()
    world.start(RESTRICTED, Zone.INSTITUTE)
    query = world.query(Action.REACH_WORKSPACE, RESTRICTED, Zone.INSTITUTE)
    held = finding(world.decide(query), code)
    assert held.holds
    assert held.since is not None
    assert held.since <= world.at


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
def test_one_flipped_fact_denies_with_exactly_its_reason(denial: Denial) -> None:
    """The flipped condition fails, with those that a request then has before it, and no other."""
    world = everything_holds()
    query, since = denial.way(world)
    decision = world.decide(query)
    assert decision.effect is Effect.DENY
    assert decision.codes == denial.codes
    assert finding(decision, denial.code).since == since
    assert decision.datasets == ()
    assert decision.until is None


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.name)
def test_a_denial_says_what_to_do_and_who_can_do_it(denial: Denial) -> None:
    """The first next step of a denial is the flipped condition's, with its text, owner and requirement."""
    world = everything_holds()
    query, _ = denial.way(world)
    steps = next_steps(world.decide(query))
    assert [step["code"] for step in steps] == [str(code) for code in denial.codes]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    assert all(step["next_step"] and step["owner"] and step["text"] and step["requirement"] for step in steps)


@pytest.mark.parametrize("code", R)
def test_every_reason_code_has_a_way_to_be_seen(code: R) -> None:
    """No code is without a fact, a time or a session that makes exactly it fail (S26, S27, S73, S74, S76, S77)."""
    assert code in {denial.code for denial in DENIALS}


def test_every_reason_code_is_one_rule_with_one_text() -> None:
    """Rules, codes and texts are the same set, in the same order: that of mending."""
    assert [rule.code for rule in RULES] == list(R)
    assert list(REASONS) == list(R)
    assert all(text.held and text.failing and text.next_step for text in REASONS.values())


@pytest.mark.parametrize("code", R)
def test_each_rule_belongs_to_its_questions(code: R) -> None:
    """Sessions matter to open and reach, a running workspace to reach and keep, everything else to all three."""
    (rule,) = (rule for rule in RULES if rule.code is code)
    expected = WITH_SESSION if code in SESSION_CODES else RUNNING if code in RUNNING_CODES else ALL
    assert set(rule.actions) == expected


class Edge(NamedTuple):
    """A condition whose value changes by itself at an instant, and the world in which it does.

    `who` asks: the researcher of the good world, or the one abroad.
    """

    code: R
    make: Callable[[World], datetime]
    holds_before: bool
    action: Action = Action.KEEP_WORKSPACE
    who: PersonId = RESEARCHER


def _agreement_ends(world: World) -> datetime:
    term = world.state.institutions[InstitutionName("hospital")].agreement
    assert term is not None
    return term.ends


def _agreement_begins(world: World) -> datetime:
    world.do("end-agreement", ADMIN, institution="hospital")
    begins = world.at + 5 * DAY
    world.do("record-agreement", ADMIN, institution="hospital", begins=begins, ends=begins + DAY)
    return begins


def _verification_ends(world: World) -> datetime:
    verification = world.state.people[RESEARCHER].verification
    assert verification is not None
    return verification.until


def _certification_ends(world: World) -> datetime:
    world.do("register-course", ADMIN, course="short", title="Short", validity_days=5)
    world.do("certify-person", TRAINER, person=RESEARCHER, course="short")
    return world.at - MINUTE + 5 * DAY


def _renewed_certification_ends(world: World) -> datetime:
    first = _certification_ends(world)
    world.wait(DAY).do("certify-person", TRAINER, person=RESEARCHER, course="short")
    assert world.at - MINUTE + 5 * DAY > first
    return world.at - MINUTE + 5 * DAY


def _term_ends(world: World) -> datetime:
    term = world.state.requests[OPEN].term
    assert term is not None
    return term.ends


def _run_ends(world: World) -> datetime:
    world.start()
    return world.at - MINUTE + RUN


def _session_ends(world: World) -> datetime:
    return world.at + timedelta(hours=10)


def _exclusion_ends(world: World) -> datetime:
    until = world.at + 5 * DAY
    shut = e.OrganisationExcluded(institution=InstitutionName("hospital"), until=until, reason="misuse")
    world.append([(person(ADMIN), shut)])
    return until


def _adequacy_ends(world: World) -> datetime:
    abroad(world)
    ends = world.at + 5 * DAY
    _record(world, e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=ends, act="a judgment"))
    return ends


def _another_decision_follows_without_a_gap(world: World) -> datetime:
    ends = _adequacy_ends(world)
    again = ends + 5 * DAY
    _record(world, e.AdequacyDecided(country="KR", scope=AdequacyScope.FULL, begins=ends, ends=again, act="another"))
    return again


def _adequacy_comes_back(world: World) -> datetime:
    begins = _adequacy_ends(world) + DAY
    _record(world, e.AdequacyDecided(country="KR", scope=AdequacyScope.FULL, begins=begins, ends=None, act="another"))
    return begins


def _old_clauses_end(world: World) -> datetime:
    world.become(everything_holds(at=OLD_CLAUSES_END - 20 * DAY))
    party = abroad(world)
    concluded = OLD_CLAUSES_END - 700 * DAY
    _record(world, clauses(party.request, world, clauses=ModelClauses.PROCESSORS_2010, concluded=concluded))
    return OLD_CLAUSES_END


def _clauses_to_be_concluded(world: World) -> datetime:
    concluded = world.at + 5 * DAY
    _record(world, clauses(abroad(world).request, world, concluded=concluded))
    return concluded


def _leaves_the_eea(world: World) -> datetime:
    ends = EEA["GB"].ends
    assert ends is not None
    world.become(everything_holds(at=ends - 20 * DAY))
    request = abroad(world, "GB").request
    _record(world, basis(request, basis=TransferBasis.NONE, scope=None))
    return ends


def _ehds_binds(world: World) -> datetime:
    world.become(everything_holds(at=BINDS - 20 * DAY))
    abroad(world, regime="ehds")
    return BINDS


def _country_is_listed(world: World) -> datetime:
    _ehds_binds(world)
    begins = BINDS + 5 * DAY
    _record(world, e.CountryListed(country="KR", begins=begins, ends=None, act="an implementing act"))
    return begins


def _country_is_unlisted(world: World) -> datetime:
    ends = _country_is_listed(world) + 5 * DAY
    _record(world, e.CountryUnlisted(country="KR", ends=ends, act="another one"))
    return ends


def _opt_out_binds(world: World) -> datetime:
    (denial,) = (one for one in DENIALS if one.code is R.OPT_OUT_IGNORED)
    denial.way(world)
    return BINDS


def _record(world: World, event: e.FactEvent) -> None:
    world.append([(person(ADMIN), event)])


ABROAD = PersonId("P-13")
OLD_CLAUSES_END = datetime(2022, 12, 27, 23, tzinfo=UTC)

EDGES = (
    Edge(R.ORGANISATION_EXCLUDED, _exclusion_ends, False),
    Edge(R.TRANSFER_BASIS_LAPSED, _adequacy_ends, True, who=ABROAD),
    Edge(R.TRANSFER_BASIS_LAPSED, _another_decision_follows_without_a_gap, True, who=ABROAD),
    Edge(R.TRANSFER_BASIS_LAPSED, _adequacy_comes_back, False, who=ABROAD),
    Edge(R.TRANSFER_BASIS_LAPSED, _old_clauses_end, True, who=ABROAD),
    Edge(R.TRANSFER_BASIS_LAPSED, _clauses_to_be_concluded, False, who=ABROAD),
    Edge(R.TRANSFER_BASIS_MISSING, _leaves_the_eea, True, who=ABROAD),
    Edge(R.LICENCE_SUPERSEDED, _adequacy_ends, True, who=ABROAD),
    Edge(R.LICENCE_SUPERSEDED, _adequacy_comes_back, False, who=ABROAD),
    Edge(R.LICENCE_SUPERSEDED, _leaves_the_eea, True, who=ABROAD),
    Edge(R.COUNTRY_NOT_ELIGIBLE, _ehds_binds, True, who=ABROAD),
    Edge(R.COUNTRY_NOT_ELIGIBLE, _country_is_listed, False, who=ABROAD),
    Edge(R.COUNTRY_NOT_ELIGIBLE, _country_is_unlisted, True, who=ABROAD),
    Edge(R.OPT_OUT_IGNORED, _opt_out_binds, True),
    Edge(R.INSTITUTION_NOT_TRUSTED, _agreement_ends, True),
    Edge(R.INSTITUTION_NOT_TRUSTED, _agreement_begins, False),
    Edge(R.VERIFICATION_EXPIRED, _verification_ends, True),
    Edge(R.TRAINING_EXPIRED, _certification_ends, True),
    Edge(R.TRAINING_EXPIRED, _renewed_certification_ends, True),
    Edge(R.TERM_OVER, _term_ends, True),
    Edge(R.RUN_TIME_OVER, _run_ends, True),
    Edge(R.SESSION_OVER, _session_ends, True, Action.OPEN_WORKSPACE),
)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.code} at {edge.make.__name__.strip('_')}")
def test_terms_are_half_open_to_the_microsecond(edge: Edge) -> None:
    """REQ-08: one microsecond before the instant the old value stands, at the instant and after it the new one."""
    world = everything_holds()
    instant = edge.make(world)
    session = world.login()
    request = OPEN if instant.year < 2029 and edge.who is RESEARCHER else RequestId("DR-3")

    def at(moment: datetime) -> Finding:
        return finding(decide(world.state, Query(edge.who, request, edge.action, moment, session)), edge.code)

    before, sharp, after = at(instant - TICK), at(instant), at(instant + TICK)
    assert (before.holds, sharp.holds, after.holds) == (edge.holds_before, not edge.holds_before, not edge.holds_before)
    assert sharp.since == after.since == instant
    assert before.until == (instant if edge.holds_before else None)
    assert before.holds_from == (None if edge.holds_before else instant)


def test_a_term_holds_its_first_instant() -> None:
    """REQ-08, S39: term_not_begun fails a microsecond before the term begins, and holds at the beginning itself."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    begins = world.at + 5 * DAY
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request, begins=begins))
    world.bring(request, RequestStatus.ACTIVE)
    waits = decide(world.state, Query(RESEARCHER, request, Action.KEEP_WORKSPACE, begins - TICK))
    assert finding(waits, R.TERM_NOT_BEGUN).holds_from == begins
    codes = [
        decide(world.state, Query(RESEARCHER, request, Action.KEEP_WORKSPACE, at)).codes
        for at in (begins - TICK, begins, begins + TICK)
    ]
    assert codes == [(R.TERM_NOT_BEGUN,), (), ()]


@pytest.mark.parametrize("hours", [14, -12])
def test_the_zone_of_a_clock_changes_nothing(hours: int) -> None:
    """REQ-08: the same instant written in another time zone gives the same answer, on both sides of an end."""
    world = everything_holds()
    ends = _term_ends(world)
    elsewhere = [at.astimezone(timezone(timedelta(hours=hours))) for at in (ends - TICK, ends)]
    codes = [decide(world.state, Query(RESEARCHER, OPEN, Action.KEEP_WORKSPACE, at)).codes for at in elsewhere]
    assert codes == [(), (R.TERM_OVER,)]


def test_logging_out_closes_the_way_in_and_keeps_the_computation() -> None:
    """S76: after logout a running workspace can be neither opened nor reached, and is kept."""
    world = everything_holds()
    world.start()
    gone = msgspec.structs.replace(world.login(), ended=world.at)
    effects = {action: decide(world.state, Query(RESEARCHER, OPEN, action, world.at, gone)).effect for action in Action}
    assert effects == {
        Action.OPEN_WORKSPACE: Effect.DENY,
        Action.REACH_WORKSPACE: Effect.DENY,
        Action.KEEP_WORKSPACE: Effect.ALLOW,
    }


def test_going_home_closes_the_way_in_and_keeps_the_computation() -> None:
    """S77, S78, NET-04: off the institute's network a restricted workspace is not opened nor reached, and is kept."""
    world = everything_holds()
    world.start(RESTRICTED, Zone.INSTITUTE)
    assert {action: world.decide(world.query(action, RESTRICTED)).codes for action in Action} == {
        Action.OPEN_WORKSPACE: (R.ZONE,),
        Action.REACH_WORKSPACE: (R.ZONE,),
        Action.KEEP_WORKSPACE: (),
    }


@pytest.mark.parametrize("zone", Zone)
def test_data_without_a_restriction_open_from_anywhere(zone: Zone) -> None:
    """S96: where nothing asks for the institute's network, it does not matter where the browser sits."""
    world = everything_holds()
    assert world.decide(world.query(zone=zone)).allowed


def test_a_factor_reset_ends_what_logging_out_leaves() -> None:
    """S76: without a second factor on the account nothing is kept, though no session is asked about."""
    world = everything_holds()
    world.start()
    world.agree("reset-factors", person=RESEARCHER)
    assert world.decide(world.query(Action.KEEP_WORKSPACE)).codes == (R.FACTOR_MISSING,)


def test_only_what_is_offered_of_the_request_is_mounted() -> None:
    """S3, S75, S82: the mounts are exactly the request's datasets that are not withdrawn, read-only."""
    world = everything_holds()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    (granted,) = world.decide().datasets
    assert (granted.name, granted.mount, granted.access) == ("expressions", "/data/expressions", "read")


def test_a_mounted_dataset_that_goes_is_named_by_its_own_time() -> None:
    """S82: dataset_withdrawn counts from the mounted dataset's withdrawal, whatever happens to others later."""
    world = everything_holds()
    world.do("withdraw-dataset", STEWARD, dataset="expressions", reason="consent")
    world.start()
    since = world.at
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    world.agree("reopen-dataset", STEWARD, dataset="expressions")
    world.do("withdraw-dataset", STEWARD, dataset="expressions", reason="again")
    assert finding(world.decide(world.query(Action.KEEP_WORKSPACE)), R.DATASET_WITHDRAWN).since == since


def test_mending_in_the_order_of_the_steps_opens_the_data() -> None:
    """Each next step that is taken disappears, and after the last one the answer is allow."""
    world = everything_holds()
    request = world.ask(RequestStatus.SUBMITTED)
    seen = []
    for status in (RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE):
        seen.append([step["code"] for step in next_steps(world.decide(world.query(request=request)))])
        world.bring(request, status)
    assert seen == [
        ["request_not_approved", "licence_not_signed", "not_made_available"],
        ["licence_not_signed", "not_made_available"],
        ["not_made_available"],
    ]
    assert world.decide(world.query(request=request)).allowed


def test_a_decision_as_json_has_the_promised_form() -> None:
    """The promised keys of a decision and of each reason, times ending in Z, no datasets on a denial."""
    world = everything_holds()
    query, _ = next(denial for denial in DENIALS if denial.code is R.TRAINING_REVOKED).way(world)
    answer = as_json(world.decide(query))
    assert list(answer) == [
        "effect", "person", "request", "action", "at", "zone", "session", "seq", "rules", "installation", "until",
        "reasons", "datasets",
    ]  # fmt: skip
    failing = [reason for reason in answer["reasons"] if not reason["holds"]]
    assert [list(reason) for reason in failing] == [
        ["code", "holds", "since", "until", "requirement", "text", "next_step", "owner"]
    ]
    assert answer["at"].endswith("Z")
    assert answer["datasets"] == []


def test_every_condition_of_the_clock_has_an_edge() -> None:
    """REQ-08: no condition that lapses or begins by itself is left out of the tests to the microsecond."""
    assert {edge.code for edge in EDGES} | {R.TERM_NOT_BEGUN} == BY_CLOCK


def test_what_is_unknown_fails_in_every_rule() -> None:
    """POL-05: of an unknown person and request each condition fails, but those of a workspace that does not run."""
    decision = decide(State(), Query(RESEARCHER, OPEN, Action.KEEP_WORKSPACE, NOON))
    assert set(decision.codes) == set(R) - SESSION_CODES - RUNNING_CODES


def test_without_a_session_the_institute_is_not_where_one_is() -> None:
    """S77: a query without a session is from nowhere; restricted data stay closed."""
    world = everything_holds()
    decision = decide(world.state, Query(RESEARCHER, RESTRICTED, Action.OPEN_WORKSPACE, world.at))
    assert decision.codes == (R.SESSION_MISSING, R.ZONE)

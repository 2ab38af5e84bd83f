"""The answer as a whole: what it carries, what is shown to whom, and the form in which it leaves the program."""

from datetime import timedelta

import msgspec
import pytest

from access_policy.decision import (
    RULES_VERSION,
    Effect,
    GrantedDataset,
    as_json,
    decide,
    next_change,
    next_steps,
    shown,
    supposed_session,
)
from access_policy.model.enums import Action, FactorKind, RequestStatus, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.reasons import REASONS
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, Query, Session
from access_policy.state import Extract
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DIGEST,
    MINUTE,
    NO_REQUEST,
    NOBODY,
    NOON,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    STEWARD,
    STRANGER,
    TICK,
    TRAINER,
    World,
    everything_holds,
)

ALL_SHOWN = (R.TRAINING_REVOKED, R.SESSION_MISSING)


def asked_by(who: PersonId, request: RequestId, world: World) -> Query:
    """Return the question of somebody without a session, so that more than one condition fails."""
    return Query(who, request, Action.OPEN_WORKSPACE, world.at)


def shown_to(who: PersonId, request: RequestId, world: World) -> tuple[R, ...]:
    """Return the codes that somebody reads of their own denial."""
    return tuple(one.code for one in shown(world.state, decide(world.state, asked_by(who, request, world))))


def revoked() -> World:
    """Return the good world in which the researcher's certification is revoked."""
    world = everything_holds()
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied answers")
    return world


def test_who_has_a_part_reads_every_failing_finding() -> None:
    """POL-09: applicant and contact of a request read all that fails, in order, and nothing that holds."""
    assert shown_to(RESEARCHER, OPEN, revoked()) == ALL_SHOWN


def test_a_contact_who_is_not_the_applicant_reads_every_failing_finding() -> None:
    """POL-09: a download contact has a part in the request although another applied."""
    world = everything_holds()
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    assert R.NOT_A_CONTACT not in shown_to(COLLEAGUE, request, world)
    assert shown_to(COLLEAGUE, request, world) == decide(world.state, asked_by(COLLEAGUE, request, world)).codes
    assert R.PERSON_NOT_VERIFIED in shown_to(COLLEAGUE, request, world)


def test_an_applicant_who_is_no_contact_reads_every_failing_finding() -> None:
    """POL-09: the applicant has a part in the request although others fetch its data."""
    world = everything_holds()
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    assert shown_to(RESEARCHER, request, world) == (R.NOT_A_CONTACT, R.SESSION_MISSING)


@pytest.mark.parametrize("who", [STRANGER, NOBODY])
@pytest.mark.parametrize("request_", [OPEN, NO_REQUEST])
def test_a_stranger_reads_the_same_of_any_request(who: PersonId, request_: RequestId) -> None:
    """POL-09, REQ-03: who has no part learns only that, whether the request exists or not."""
    assert shown_to(who, request_, everything_holds()) == (R.NOT_A_CONTACT,)


def test_of_an_allow_nothing_is_shown() -> None:
    """POL-09: only failing findings are shown."""
    world = everything_holds()
    assert shown(world.state, world.decide()) == ()


def test_the_effects_and_the_rules_have_their_names() -> None:
    """The words that other programs read."""
    assert [str(effect) for effect in Effect] == ["allow", "deny"]
    assert RULES_VERSION == "2026-11"


def test_a_decision_carries_what_determined_it() -> None:
    """Query, sequence number, installation, end, findings and datasets, for allow and for deny."""
    world = everything_holds()
    query = world.query()
    allowed = world.decide(query)
    assert (allowed.effect, allowed.allowed, allowed.query) == (Effect.ALLOW, True, query)
    assert (allowed.seq, allowed.installation) == (world.state.seq, "an-installation")
    assert allowed.until == world.at + timedelta(hours=10)
    assert allowed.findings == allowed.ground + allowed.coming
    assert [one.code for one in allowed.coming] == [
        R.SESSION_MISSING, R.SESSION_OVER, R.SESSION_WITHOUT_FACTOR, R.SESSION_FACTOR_NOT_CONFIRMED, R.ZONE,
    ]  # fmt: skip
    late = world.decide(msgspec.structs.replace(query, at=query.at + timedelta(hours=10)))
    assert (late.effect, late.allowed, late.until, late.datasets) == (Effect.DENY, False, None, ())
    assert (late.seq, late.installation) == (world.state.seq, "an-installation")
    assert [one.code for one in late.failing] == list(late.codes) == [R.SESSION_OVER]


def test_an_allow_ends_with_the_ground_where_that_comes_first() -> None:
    """REQ-08: `until` is the first of all ends, of the ground and of the session."""
    world = everything_holds()
    term = world.state.requests[OPEN].term
    assert term is not None
    world.at = term.ends - MINUTE
    assert world.decide().until == term.ends
    assert world.decide(world.query(Action.KEEP_WORKSPACE)).until == term.ends


def test_a_decision_opens_the_datasets_of_the_request_read_only() -> None:
    """S3, S75: each dataset with its version and its place in the workspace, always read-only."""
    assert everything_holds().decide().datasets == (
        GrantedDataset(DatasetName("tumours"), "1", "/data/tumours", "read"),
        GrantedDataset(DatasetName("expressions"), "1", "/data/expressions", "read"),
    )


def test_an_extract_is_marked_as_one() -> None:
    """S3: a dataset of which the request has an extract says so in its version, the others do not."""
    world = everything_holds()
    extract = Extract("1", "tumours/of-one", DIGEST, 10, world.at)
    world.state.requests[OPEN].extracts[DatasetName("tumours")] = extract
    assert [one.version for one in world.decide().datasets] == ["1, extract", "1"]


def test_a_kept_answer_is_not_given_outside_of_its_time() -> None:
    """REQ-08: what was worked out for one instant is not the answer for one before it, nor from its end on."""
    world = everything_holds()
    term = world.state.requests[OPEN].term
    assert term is not None
    asked = world.query(Action.KEEP_WORKSPACE)
    assert decide(world.state, asked).allowed
    codes = [
        decide(world.state, msgspec.structs.replace(asked, at=at)).codes
        for at in (term.ends - TICK, term.ends, term.begins - TICK, term.begins)
    ]
    assert codes[0] == ()
    assert codes[1] == (R.TERM_OVER,)
    assert R.TERM_NOT_BEGUN in codes[2]
    assert codes[3] == ()


def test_the_ground_is_worked_out_once() -> None:
    """Asked again at the same instant or later, with another session of the same zone, only the session counts anew."""
    world = everything_holds()
    first = world.decide()
    again = [world.decide(), world.wait(MINUTE).decide(), world.decide()]
    assert all(one.ground is first.ground for one in again)
    assert world.decide(world.query(zone=Zone.INSTITUTE)).ground is not first.ground
    world.do("disable-person", ADMIN, person=COLLEAGUE, reason="a question")
    assert world.decide().ground is not first.ground


def test_a_kept_answer_is_given_to_its_own_question_only() -> None:
    """POL-05: asked in any order, each person, request and action has its own answer."""
    world = everything_holds()
    questions = [
        Query(who, request, action, world.at)
        for who in (RESEARCHER, STRANGER)
        for request in (OPEN, RESTRICTED)
        for action in Action
    ]
    answers = [decide(world.state, query) for query in questions]
    for query, answer in zip(questions, answers, strict=True):
        world.state.memo.clear()
        assert decide(world.state, query) == answer


def test_a_fresh_login_is_supposed_for_the_hours_of_the_settings() -> None:
    """S76: the supposed session begins now, has a factor, ends by its age, and says that nobody has it."""
    world = everything_holds()
    expected = Session(
        "supposed", RESEARCHER, NOON, NOON + timedelta(hours=10), FactorKind.TOTP, Zone.INSTITUTE, None, True
    )
    assert supposed_session(world.state, RESEARCHER, NOON, Zone.INSTITUTE) == expected


def test_the_steps_that_are_left_are_told_whole() -> None:
    """Number, code, text, next step, owner and requirement of each failing finding, in order."""
    world = everything_holds()
    steps = next_steps(decide(world.state, asked_by(RESEARCHER, RESTRICTED, world)))
    assert steps == [
        {
            "step": 1,
            "code": "session_missing",
            "text": "the person is not logged in",
            "next_step": "log in with both factors",
            "owner": "you",
            "requirement": "S76",
        },
        {
            "step": 2,
            "code": "zone",
            "text": "the data open from the institute's network only",
            "next_step": "connect from the institute's network",
            "owner": "you",
            "requirement": "S77",
        },
    ]
    assert all(type(step[key]) is str for step in steps for key in ("code", "owner"))


def test_the_next_change_is_the_first_one_after_an_instant() -> None:
    """REQ-08: of all ends and beginnings the first after, not at, the instant; none where nothing changes."""
    ends = Finding(R.TERM_OVER, True, None, NOON + 2 * DAY)
    begins = Finding(R.TERM_NOT_BEGUN, False, None, None, NOON + DAY)
    still = Finding(R.ZONE, True, NOON)
    found = [next_change([still, ends, begins], at) for at in (NOON, NOON + DAY - TICK, NOON + DAY, NOON + 2 * DAY)]
    assert found == [NOON + DAY, NOON + DAY, NOON + 2 * DAY, None]
    assert next_change([still], NOON) is None


def reason(finding: Finding) -> dict[str, object]:
    """Return the promised form of a finding that holds or that fails."""
    text = REASONS[finding.code]
    return {
        "code": finding.code.value,
        "holds": finding.holds,
        "since": None if finding.since is None else format_instant(finding.since),
        "until": None if finding.until is None else format_instant(finding.until),
        "requirement": text.requirement,
        "text": text.held if finding.holds else text.failing,
        "next_step": "" if finding.holds else text.next_step,
        "owner": text.owner.value,
    }


def test_an_allow_as_json_is_whole() -> None:
    """An allow with a session, its zone, its end and its datasets, to the letter."""
    world = everything_holds()
    query = world.query(request=RESTRICTED, zone=Zone.INSTITUTE)
    assert query.session is not None
    session = msgspec.structs.replace(query.session, session="0123456789abcdefghij")
    decision = world.decide(msgspec.structs.replace(query, session=session))
    now, ends = format_instant(world.at), format_instant(world.at + timedelta(hours=10))
    assert as_json(decision) == {
        "effect": "allow",
        "person": "P-3",
        "request": "DR-2",
        "action": "open_workspace",
        "at": now,
        "zone": "institute",
        "session": {
            "id": "0123456789abcdef",
            "supposed": False,
            "begun": now,
            "ends": ends,
            "factor": "totp",
            "zone": "institute",
        },
        "seq": world.state.seq,
        "rules": "2026-11",
        "installation": "an-installation",
        "until": ends,
        "reasons": [reason(one) for one in decision.findings],
        "datasets": [{"name": "scans", "version": "1", "mount": "/data/scans", "access": "read"}],
    }


def test_a_denial_as_json_is_whole() -> None:
    """A denial without a session comes from anywhere, ends never and opens nothing."""
    world = everything_holds()
    decision = decide(world.state, asked_by(RESEARCHER, RESTRICTED, world))
    assert as_json(decision) == {
        "effect": "deny",
        "person": "P-3",
        "request": "DR-2",
        "action": "open_workspace",
        "at": format_instant(world.at),
        "zone": "anywhere",
        "session": None,
        "seq": world.state.seq,
        "rules": "2026-11",
        "installation": "an-installation",
        "until": None,
        "reasons": [reason(one) for one in decision.findings],
        "datasets": [],
    }


def test_a_reason_as_json_is_whole() -> None:
    """A condition that holds has no next step; one that fails names it; times are null where there are none."""
    world = everything_holds()
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    session = msgspec.structs.replace(world.login(), factor=None)
    decision = world.decide(msgspec.structs.replace(world.query(), session=session))
    reasons = {one["code"]: one for one in as_json(decision)["reasons"]}
    assert reasons["person_disabled"] == {
        "code": "person_disabled",
        "holds": False,
        "since": format_instant(world.at - MINUTE),
        "until": None,
        "requirement": "S94",
        "text": "the centre has stopped this person's access",
        "next_step": "ask an admin why, and to let the person act again",
        "owner": "admin",
    }
    assert reasons["session_over"] == {
        "code": "session_over",
        "holds": True,
        "since": format_instant(world.at),
        "until": format_instant(world.at + timedelta(hours=10)),
        "requirement": "S76",
        "text": "the session is live",
        "next_step": "",
        "owner": "you",
    }
    assert as_json(decision)["session"]["factor"] is None


def test_a_supposed_session_says_so() -> None:
    """S76: an answer about a session that nobody has is marked as such."""
    world = everything_holds()
    session = supposed_session(world.state, RESEARCHER, world.at, Zone.ANYWHERE)
    answer = as_json(world.decide(msgspec.structs.replace(world.query(), session=session)))
    assert answer["session"] == {
        "id": "supposed",
        "supposed": True,
        "begun": format_instant(world.at),
        "ends": format_instant(world.at + timedelta(hours=10)),
        "factor": "totp",
        "zone": "anywhere",
    }


def test_words_of_the_json_are_plain_text() -> None:
    """Enums leave the program as text, which any JSON writer takes."""
    world = everything_holds()
    answer = as_json(world.decide())
    assert {type(answer[key]) for key in ("effect", "action", "zone")} == {str}
    assert {type(answer["session"][key]) for key in ("factor", "zone")} == {str}
    assert {type(one[key]) for one in answer["reasons"] for key in ("code", "owner")} == {str}


def test_a_withdrawn_dataset_is_not_among_those_that_open() -> None:
    """S82: what is not offered is not in the answer."""
    world = everything_holds()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    assert [one["name"] for one in as_json(world.decide())["datasets"]] == ["expressions"]

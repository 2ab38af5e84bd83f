"""Every reason can be seen in the demo: for each code there is a person and a request, alone where that is possible."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import pytest

from access_policy.actor import component, operator
from access_policy.commands.base import Command, Refusal, parse_command
from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import Decision, decide, supposed_session
from access_policy.events import Fact
from access_policy.fold import fold
from access_policy.handle import handle
from access_policy.model.enums import Action, Component, DocumentKind, RequestStatus, Role, Route, Zone
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import Query, Session
from access_policy.state import Person, State
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy
from hub_config.texts import text_of
from tests.unit.hub_config.demo.seeded import seeded_demo

LOTTE, OPEN, FIRST = "lotte", Action.OPEN_WORKSPACE, RequestId("DR-1")

# A later step cannot have been taken where an earlier one never was: these never fail alone.
ALONG = {
    ReasonCode.REQUEST_NOT_APPROVED: {"licence_not_signed", "not_made_available"},
    ReasonCode.REQUEST_REFUSED: {"licence_not_signed", "not_made_available"},
    ReasonCode.REQUEST_WITHDRAWN: {"not_made_available"},
    ReasonCode.LICENCE_NOT_SIGNED: {"not_made_available"},
    ReasonCode.CONTACT_MOVED: {"contact_email_differs"},
    ReasonCode.FACTOR_MISSING: {"not_made_available"},
    ReasonCode.FACTOR_NOT_CONFIRMED: {"not_made_available"},
    ReasonCode.CONTACT_EMAIL_DIFFERS: {"not_made_available"},
}
OF_SESSIONS = {
    ReasonCode.SESSION_MISSING, ReasonCode.SESSION_OVER, ReasonCode.SESSION_WITHOUT_FACTOR,
    ReasonCode.SESSION_FACTOR_NOT_CONFIRMED,
}  # fmt: skip
OF_RUNNING = {ReasonCode.DATASET_WITHDRAWN, ReasonCode.RUN_TIME_OVER}
NOT_SHOWN = {
    ReasonCode.ORGANISATION_EXCLUDED: "it shuts a whole organisation out, and each of the demo's shows something else",
    ReasonCode.TRAINING_OUTDATED: "a required course lasts a year: who missed its revision is over",
    ReasonCode.COUNTRY_NOT_ELIGIBLE: "the rules of the EHDS bind from 2029 on",
    ReasonCode.OPT_OUT_IGNORED: "the rules of the EHDS bind from 2029 on",
    ReasonCode.TRANSFER_BASIS_LAPSED: "a decision of the Commission would have to end, and the demo invents no law",
}


@pytest.fixture(scope="module")
def policy() -> Iterator[Policy]:
    opened = open_policy(seeded_demo())
    yield opened
    opened.store.close()


@pytest.fixture
def now(policy: Policy) -> datetime:
    return policy.now()


@pytest.fixture
def state(policy: Policy, now: datetime) -> State:
    """A state of the test's own, which it may change."""
    return policy.state_at(now)


def by_name(state: State, login: str) -> PersonId:
    """Return the id of the person whose address begins with a login."""
    return next(person for email, person in state.emails.items() if email.startswith(f"{login}@"))


def pairs(state: State) -> Iterator[tuple[PersonId, RequestId]]:
    """Give everybody together with each request that they take part in."""
    for request in state.requests.values():
        for person in dict.fromkeys((request.applicant, *request.contacts)):
            if person is not None:
                yield person, request.request


def holders(state: State, role: Role, at: datetime) -> list[Person]:
    """Return the people who hold a role."""
    return [
        one for one in state.people.values() if any(held.role is role and held.holds(at) for held in one.appointments)
    ]


def suppose(state: State, person: PersonId, request: RequestId, at: datetime, zone: Zone = Zone.ANYWHERE) -> Decision:
    """Decide as after a fresh login."""
    return decide(state, Query(person, request, OPEN, at, supposed_session(state, person, at, zone)))


def give(state: State, command: Command, by: object, at: datetime) -> None:
    """Carry a command out in memory."""
    outcome = handle(state, command, by, at)  # type: ignore[arg-type]
    assert not isinstance(outcome, Refusal), outcome
    for event in outcome:
        fold(state, Fact(state.seq + 1, at, by, event))  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [code for code in REASONS if code not in {*OF_SESSIONS, *OF_RUNNING, *NOT_SHOWN}])
def test_a_demo_person_and_request_show_each_reason(code: ReasonCode, state: State, now: datetime) -> None:
    """Denied because of this code, and because of nothing else that could be mended first."""
    expected = {code, *ALONG.get(code, set())}
    shown = [
        (person, request)
        for person, request in pairs(state)
        if set(suppose(state, person, request, now).codes) == expected
    ]
    assert shown, f"nobody in the demo is denied because of {sorted(expected)}"


@pytest.mark.parametrize("code", sorted(OF_SESSIONS))
def test_a_session_that_is_missing_over_or_factorless_is_the_only_reason(
    code: ReasonCode, state: State, now: datetime
) -> None:
    """Lotte may open her first request, and only her session stands in the way."""
    lotte = by_name(state, LOTTE)
    live = supposed_session(state, lotte, now, Zone.ANYWHERE)
    sessions: dict[ReasonCode, Session | None] = {
        ReasonCode.SESSION_MISSING: None,
        ReasonCode.SESSION_OVER: msgspec.structs.replace(live, ended=now),
        ReasonCode.SESSION_WITHOUT_FACTOR: msgspec.structs.replace(live, factor=None),
        ReasonCode.SESSION_FACTOR_NOT_CONFIRMED: msgspec.structs.replace(live, given=FactorId("another")),
    }
    assert decide(state, Query(lotte, FIRST, OPEN, now, sessions[code])).codes == (code,)


def started(state: State, now: datetime) -> PersonId:
    """Start Lotte's workspace in memory, with the hub's own command."""
    lotte = by_name(state, LOTTE)
    session = supposed_session(state, lotte, now, Zone.ANYWHERE)
    command = StartWorkspace(person=lotte, request=FIRST, profile="small", max_run_seconds=3600, session=session)
    give(state, command, component(Component.HUB), now)
    return lotte


def test_a_running_workspace_ends_with_a_dataset_in_it(state: State, now: datetime) -> None:
    """One of two datasets is withdrawn: a new start would be allowed, the running workspace is not."""
    lotte = started(state, now)
    withdraw = parse_command("withdraw-dataset", {"dataset": "gbsg2-clinical", "reason": "an error was found"})
    give(state, withdraw, operator("test", by_name(state, "daan")), now + timedelta(seconds=1))
    later = now + timedelta(seconds=2)
    assert decide(state, Query(lotte, FIRST, Action.KEEP_WORKSPACE, later)).codes == (ReasonCode.DATASET_WITHDRAWN,)
    assert suppose(state, lotte, FIRST, later).allowed


def test_a_running_workspace_ends_with_its_time(state: State, now: datetime) -> None:
    """It may be kept up to the instant at which its size's time is over, and not at it (REQ-08)."""
    lotte = started(state, now)
    end = now + timedelta(hours=1)
    before = decide(state, Query(lotte, FIRST, Action.KEEP_WORKSPACE, end - timedelta(microseconds=1)))
    assert before.allowed
    assert decide(state, Query(lotte, FIRST, Action.KEEP_WORKSPACE, end)).codes == (ReasonCode.RUN_TIME_OVER,)


@pytest.mark.parametrize("status", list(RequestStatus))
def test_a_request_is_in_each_status(status: RequestStatus, state: State) -> None:
    """The first page can show every status."""
    assert [request for request in state.requests.values() if request.status is status]


@pytest.mark.parametrize("role", list(Role))
def test_somebody_has_each_role(role: Role, state: State, now: datetime) -> None:
    """Somebody who is verified, with a confirmed factor, so that they can act."""
    held = holders(state, role, now)
    assert held
    assert all(person.verification and any(one.confirmed for one in person.factors.values()) for person in held)


def test_a_researcher_has_two_open_requests_and_one_for_the_institute(state: State, now: datetime) -> None:
    """Lotte: two allowed from anywhere, the third from the institute's network only (S77)."""
    lotte = by_name(state, LOTTE)
    anywhere = {request: suppose(state, lotte, request, now).allowed for request in state.requests_of[lotte]}
    assert anywhere == {"DR-1": True, "DR-2": True, "DR-3": False}
    assert suppose(state, lotte, RequestId("DR-3"), now, Zone.INSTITUTE).allowed


def test_those_who_look_at_requests_are_of_different_institutions(state: State, now: datetime) -> None:
    """Nobody assesses or decides on a request of their own institution (S20)."""
    for role in (Role.BOARD_MEMBER, Role.ASSESSOR):
        assert {one.institution for one in holders(state, role, now)} == {"centre", "north-hospital"}


def test_a_reason_that_is_not_shown_is_denied_to_nobody(state: State, now: datetime) -> None:
    """What the demo leaves out it leaves out wholly."""
    denied = {code for person, request in pairs(state) for code in suppose(state, person, request, now).codes}
    assert not denied & NOT_SHOWN.keys()


def test_a_clinical_request_opens_without_board_or_licence(state: State, now: datetime) -> None:
    """S49, S50, S54: two investigators approved, nobody signed a licence; the contact works."""
    request = state.requests[RequestId("DR-18")]
    assert (request.route, len(request.investigators), request.decided_by) == (Route.CLINICAL, 2, None)
    assert not any(entity.signatures for entity in request.entities.values())
    assert suppose(state, by_name(state, "freja"), request.request, now).allowed


def test_every_kind_of_text_is_published_and_lies_there(state: State) -> None:
    """S4, S65: each of them, and its file under its hash says what was published."""
    assert set(state.documents) == set(DocumentKind)
    digests = [
        one for document in state.documents.values() for each in document.versions for one in each.digests.values()
    ]
    assert all(text_of(seeded_demo().documents, digest) for digest in digests)


def test_the_first_admins_verified_each_other(state: State) -> None:
    """P-1 and P-2; nobody verifies themselves."""
    by = [state.people[PersonId(each)].verification for each in ("P-1", "P-2")]
    assert [one.by for one in by if one is not None] == ["P-2", "P-1"]

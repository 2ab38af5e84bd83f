"""Conditions on the request, the contact, the run and the session: since and until when, where instants compete."""

from datetime import datetime

import msgspec
import pytest

from access_policy.model.enums import FactorKind, RequestStatus, Zone
from access_policy.model.ids import DatasetName, FactorId, InstitutionName, PersonId
from access_policy.model.instants import Term
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, Session, case_of
from access_policy.rules.case import asked_with
from access_policy.state import Contact, Entity, Factor, Workspace
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import COLLEAGUE, NO_REQUEST, OPEN, RESEARCHER, STRANGER, TICK

CODES = tuple(R)
OF_REQUESTS = CODES[CODES.index(R.REQUEST_NOT_APPROVED) : CODES.index(R.DATASET_WITHDRAWN)]
UNDECIDED = ("intake", "invited", "draft", "submitted", "assessed")


@pytest.mark.parametrize("code", OF_REQUESTS)
def test_of_no_request_each_condition_fails_since_never(code: R) -> None:
    """POL-05: what is not known gives nothing, and there is no instant to name."""
    assert Asking(request=NO_REQUEST).found(code) == Finding(code, False)


@pytest.mark.parametrize("code", [R.DATASET_WITHDRAWN, R.RUN_TIME_OVER, R.ZONE])
def test_what_does_not_run_fails_nothing(code: R) -> None:
    """S82, S86: without a workspace there is none to end; it holds since the request was opened, where there is one."""
    asking = Asking()
    asking.request.opened = day(1)
    assert asking.found(code) == Finding(code, True, day(1))
    assert Asking(request=NO_REQUEST).found(code) == Finding(code, True)


@pytest.mark.parametrize("status", RequestStatus)
def test_each_status_of_a_request_fails_its_own_condition(status: RequestStatus) -> None:
    """S22, S94: undecided, refused, withdrawn or ended; each other condition holds."""
    asking = Asking()
    request = asking.request
    request.status, request.opened, request.status_since, request.approved = status, day(1), day(3), day(2)
    failing = {"refused": R.REQUEST_REFUSED, "withdrawn": R.REQUEST_WITHDRAWN, "ended": R.REQUEST_ENDED}
    for code in failing.values():
        own = failing.get(status.value) is code
        assert asking.found(code) == Finding(code, not own, day(3) if own else day(1))
    undecided = status.value in UNDECIDED
    code = R.REQUEST_NOT_APPROVED
    assert asking.found(code) == Finding(code, not undecided, day(1) if undecided else day(2))
    request.approved = None
    over = status.value in failing
    assert asking.found(code) == Finding(code, over, day(3) if over else day(1))


def test_a_suspension_counts_from_its_instant_and_its_end_from_its_own() -> None:
    """E58: since the request was opened, suspended or reinstated."""
    asking = Asking()
    code = R.REQUEST_SUSPENDED
    asking.request.opened = day(1)
    assert asking.found(code) == Finding(code, True, day(1))
    asking.request.suspended = day(2)
    assert asking.found(code) == Finding(code, False, day(2))
    asking.request.suspended, asking.request.reinstated = None, day(3)
    assert asking.found(code) == Finding(code, True, day(3))


def test_who_is_no_contact_has_one_lack_only() -> None:
    """S27: since the request was opened or they were removed; what is asked of a contact holds for want of one."""
    asking = Asking(who=STRANGER)
    asking.request.opened, asking.request.available = day(1), day(2)
    assert asking.found(R.NOT_A_CONTACT) == Finding(R.NOT_A_CONTACT, False, day(1))
    asking.request.contacts_removed[STRANGER] = day(3)
    assert asking.found(R.NOT_A_CONTACT) == Finding(R.NOT_A_CONTACT, False, day(3))
    assert asking.found(R.CONTACT_EMAIL_DIFFERS) == Finding(R.CONTACT_EMAIL_DIFFERS, True, day(1))
    assert asking.found(R.CONTACT_MOVED) == Finding(R.CONTACT_MOVED, True, day(1))
    assert asking.found(R.NOT_MADE_AVAILABLE) == Finding(R.NOT_MADE_AVAILABLE, True, day(2))


@pytest.mark.parametrize("code", [R.CONTACT_EMAIL_DIFFERS, R.CONTACT_MOVED])
def test_a_contact_who_is_not_known_does_not_fit(code: R) -> None:
    """POL-05: without a person, or without a request, there is nothing to compare."""
    asking = Asking(who=PersonId("P-999"))
    assert asking.found(code) == Finding(code, False)


def _contact(asking: Asking, **values: datetime | None) -> Contact:
    hospital = InstitutionName("hospital")
    contact = Contact("rosa@hospital.example", values.get("since") or day(2), hospital, values.get("available"))
    contact.left = values.get("left")
    asking.request.contacts[RESEARCHER] = contact
    return contact


@pytest.mark.parametrize(("named", "address"), [(1, 2), (2, 1)])
def test_the_address_of_a_contact_counts_since_both_are_there(named: int, address: int) -> None:
    """S16, S27: since the later of the naming and the address, whether they are the same or not."""
    asking = Asking()
    contact = _contact(asking, since=day(named))
    asking.person.email_since = day(address)
    code = R.CONTACT_EMAIL_DIFFERS
    assert asking.found(code) == Finding(code, True, day(2))
    contact.email = "rosa@other.example"
    assert asking.found(code) == Finding(code, False, day(2))
    assert asking.found(R.NOT_A_CONTACT) == Finding(R.NOT_A_CONTACT, True, day(named))


def test_a_contact_who_left_stays_away() -> None:
    """S33: since they were named, or since they left; one who was named for no institution never worked there."""
    asking = Asking()
    code = R.CONTACT_MOVED
    contact = _contact(asking, since=day(2))
    assert asking.found(code) == Finding(code, True, day(2))
    contact.left = day(3)
    assert asking.found(code) == Finding(code, False, day(3))
    contact.left, contact.institution = None, None
    assert asking.found(code) == Finding(code, False, day(2))


def test_making_available_is_for_the_request_and_for_each_contact() -> None:
    """S38, S100: each by its own instant."""
    asking = Asking()
    code = R.NOT_MADE_AVAILABLE
    asking.request.available, asking.request.status_since = None, day(1)
    contact = _contact(asking, since=day(3), available=day(5))
    assert asking.found(code) == Finding(code, False, day(1))
    asking.request.available = day(2)
    assert asking.found(code) == Finding(code, True, day(5))
    contact.available = None
    assert asking.found(code) == Finding(code, False, day(3))


def test_a_term_holds_its_beginning_and_not_its_end() -> None:
    """S39, S46, REQ-08: each half of the term by itself, to the microsecond."""
    asking = Asking()
    request = asking.request
    request.opened, request.approved, request.term_set = day(1), day(2), day(3)
    request.term = Term(day(4), day(6))
    begun, over = R.TERM_NOT_BEGUN, R.TERM_OVER
    assert asking.found(begun, day(4) - TICK) == Finding(begun, False, day(2), None, day(4))
    assert asking.found(begun, day(4)) == Finding(begun, True, day(4))
    assert asking.found(over, day(6) - TICK) == Finding(over, True, day(3), day(6))
    assert asking.found(over, day(6)) == Finding(over, False, day(6))
    request.term = None
    assert asking.found(begun) == Finding(begun, True, day(1))
    assert asking.found(over) == Finding(over, True, day(1))


def test_a_workspace_runs_for_its_time() -> None:
    """S86, REQ-08: since it was started, until its end, half-open."""
    asking = Asking()
    code = R.RUN_TIME_OVER
    names = (DatasetName("tumours"),)
    workspace = Workspace(RESEARCHER, OPEN, "small", day(2), 1, names, day(4), day(9))
    asking.state.workspaces[RESEARCHER, OPEN] = workspace
    assert asking.found(code, day(4) - TICK) == Finding(code, True, day(2), day(4))
    assert asking.found(code, day(4)) == Finding(code, False, day(4))


def _session(begun: float = 2, ends: float = 6, ended: float | None = None, who: PersonId = RESEARCHER) -> Session:
    over = None if ended is None else day(ended)
    return Session("a-session", who, day(begun), day(ends), FactorKind.TOTP, Zone.INSTITUTE, over)


def test_without_a_session_only_one_condition_fails() -> None:
    """S76: who is not logged in has no session that is over or lacks a factor; somebody else's is none."""
    for session in (None, _session(who=COLLEAGUE)):
        found = [Asking().found(code, None, session) for code in CODES if code.value.startswith("session")]
        assert found == [
            Finding(R.SESSION_MISSING, False),
            Finding(R.SESSION_OVER, True),
            Finding(R.SESSION_WITHOUT_FACTOR, True),
            Finding(R.SESSION_FACTOR_NOT_CONFIRMED, True),
        ]


def test_a_session_is_there_since_it_began() -> None:
    """S76: with a factor or without one."""
    asking = Asking()
    session = _session()
    assert asking.found(R.SESSION_MISSING, None, session) == Finding(R.SESSION_MISSING, True, day(2))
    code = R.SESSION_WITHOUT_FACTOR
    assert asking.found(code, None, session) == Finding(code, True, day(2))
    bare = Session("a-session", RESEARCHER, day(2), day(6), None, Zone.ANYWHERE)
    assert asking.found(code, None, bare) == Finding(code, False, day(2))


@pytest.mark.parametrize(
    ("ended", "voided", "over"),
    [
        (None, None, 6),
        (5, None, 5),
        (7, None, 6),
        (None, 4, 4),
        (None, 7, 6),
        (5, 4, 4),
        (4, 5, 4),
        (None, 1, 6),
        (None, 2, 2),
    ],
)
def test_a_session_is_over_at_the_first_of_its_ends(ended: float | None, voided: float | None, over: float) -> None:
    """S76, ID-15, REQ-08: its age, the logout, and what ended all sessions that had begun by then."""
    asking = Asking()
    code = R.SESSION_OVER
    asking.person.sessions_void = None if voided is None else day(voided)
    session = _session(ended=ended)
    assert asking.found(code, day(over), session) == Finding(code, False, day(over))
    if over > 2:
        assert asking.found(code, day(over) - TICK, session) == Finding(code, True, day(2), day(over))
        assert asking.found(code, day(2), session) == Finding(code, True, day(2), day(over))


@pytest.mark.parametrize(("active", "over"), [(None, 6), (2, 3), (4.5, 5.5), (5, 6), (9, 6)])
def test_a_session_is_over_once_it_was_idle_for_too_long(active: float | None, over: float) -> None:
    """S76, SES-12, REQ-08: so long after the person last did something, and never after its age."""
    asking, code = Asking(), R.SESSION_OVER
    asking.state.settings.idle_minutes = 24 * 60
    session = msgspec.structs.replace(_session(), active=None if active is None else day(active))
    assert asking.found(code, day(over) - TICK, session) == Finding(code, True, day(2), day(over))
    assert asking.found(code, day(over), session) == Finding(code, False, day(over))


@pytest.mark.parametrize(("removed", "over"), [(None, 6), (1, 6), (2, 2), (4, 4)])
def test_a_session_is_over_with_the_factor_that_it_began_with(removed: float | None, over: float) -> None:
    """S76, MFA-08: where that was removed since; another one's loss ends nothing."""
    asking, code, first = Asking(), R.SESSION_OVER, FactorId("first")
    asking.person.factors_removed = {FactorId("second"): day(3)} | ({} if removed is None else {first: day(removed)})
    session = msgspec.structs.replace(_session(), given=first)
    assert asking.found(code, day(over), session) == Finding(code, False, day(over))
    if over > 2:
        assert asking.found(code, day(over) - TICK, session) == Finding(code, True, day(2), day(over))


def test_the_factor_of_the_session_is_the_one_that_counts() -> None:
    """S76: not another one of the person's; one that is gone or nobody's counts nothing."""
    asking, code, given = Asking(), R.SESSION_FACTOR_NOT_CONFIRMED, FactorId("given")
    session = msgspec.structs.replace(_session(), given=given)
    assert asking.found(code, day(3), session) == Finding(code, False, day(2))
    asking.person.factors_removed[given] = day(2.5)
    assert asking.found(code, day(3), session) == Finding(code, False, day(2.5))
    for enrolled, confirmed, holds, since in (
        (1, None, False, 2),
        (2.5, None, False, 2.5),
        (1, 1, True, 2),
        (1, 3, True, 3),
    ):
        since_when = None if confirmed is None else day(confirmed)
        asking.person.factors[given] = Factor(FactorKind.PASSKEY, day(enrolled), since_when)
        assert asking.found(code, day(4), session) == Finding(code, holds, day(since))
    nobody = Asking(who=PersonId("P-999"))
    assert nobody.found(code, day(3), msgspec.structs.replace(session, person=PersonId("P-999"))) == Finding(
        code, False, day(2)
    )


def test_a_session_of_later_begins_by_itself() -> None:
    """S76, REQ-08: before its first instant it is not live, at that instant it is."""
    asking = Asking()
    code = R.SESSION_OVER
    assert asking.found(code, day(2) - TICK, _session()) == Finding(code, False, None, None, day(2))
    assert asking.found(code, day(2), _session()) == Finding(code, True, day(2), day(6))
    nobody = Asking(who=PersonId("P-999"))
    session = _session(who=PersonId("P-999"))
    assert nobody.found(code, day(3), session) == Finding(code, True, day(2), day(6))


def test_a_case_holds_what_the_question_speaks_of() -> None:
    """POL-05: each part looked up once; asked again with another session, only that and the instant change."""
    asking = Asking()
    asking.world.start()
    case = case_of(asking.state, asking.query(day(3), _session()))
    assert (case.person, case.institution, case.request) == (asking.person, asking.institution, asking.request)
    assert case.contact is asking.request.contacts[RESEARCHER]
    assert case.entity is asking.request.entities[InstitutionName("hospital")]
    assert case.workspace is asking.state.workspaces[RESEARCHER, OPEN]
    assert (case.session, case.at) == (_session(), day(3))
    again = asked_with(case, asking.query(day(4), _session(3)))
    assert again == case_of(asking.state, asking.query(day(4), _session(3)))
    assert asked_with(case, asking.query(day(4), _session(who=COLLEAGUE))).session is None
    assert asked_with(case, asking.query(day(4))).session is None


def test_a_contact_stands_with_the_organisation_that_they_are_of() -> None:
    """S68: a contact's own entity; of who is no contact that of the request; none where neither has one."""
    asking = Asking()
    centre, hospital = InstitutionName("centre"), InstitutionName("hospital")
    asking.request.entities[centre] = Entity(centre, day(1))
    contact = _contact(asking)
    contact.institution = centre
    assert case_of(asking.state, asking.query()).entity is asking.request.entities[centre]
    stranger = Asking(asking.world, STRANGER)
    assert case_of(stranger.state, stranger.query()).entity is asking.request.entities[hospital]
    contact.institution = None
    assert case_of(asking.state, asking.query()).entity is None
    asking.request.institution = None
    assert case_of(stranger.state, stranger.query()).entity is None

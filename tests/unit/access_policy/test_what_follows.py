"""What follows from a fact: what `simulate` foresees, the steps that are left, who is told, and what came out of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import parse_command
from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.decision import decide
from access_policy.fold import APPLIERS
from access_policy.log.errors import UnreadableLog
from access_policy.log.store import LogStore
from access_policy.model.enums import Action, FactorKind, RequestStatus, Role, TransferBasis, Zone
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.next_steps import plan
from access_policy.notices import NoticeKind, reminders
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query, Session
from access_policy.simulate import Change, Step, simulate
from access_policy.state import State, WorkspaceKey
from access_policy.supposed import read_fact
from access_policy.use_cases import Policy
from tests.unit.access_policy.abroad import abroad
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.happenings import HOSPITAL, OVERSEAS, happens, joins, signs_for
from tests.unit.access_policy.situations import ask_under_ehds, ask_with_abroad, reached
from tests.unit.access_policy.telling import EVERYBODY, three_parts, told
from tests.unit.access_policy.test_laws import GRANTS, UNRELATED, WITHDRAWALS, Move
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    RUN,
    SIGNATORY,
    STRANGER,
    WARDEN,
    World,
    everything_holds,
    publish,
    sign,
)

HORIZON = timedelta(days=800)
K = NoticeKind


def supposed(world: World, *steps: Step) -> tuple[Change, ...]:
    """Return what would change."""
    return simulate(world.state, steps, world.at, world.at + HORIZON).changes


def test_what_is_lost_after_the_running_time_is_told() -> None:
    """S86, S46: who runs a workspace now loses the data in ten days, though the workspace is over by then."""
    world = everything_holds()
    world.start()
    end = parse_command("end-request", {"request": OPEN, "reason": "misuse"})
    (change,) = supposed(world, Step(world.at + 10 * DAY, person(ADMIN), end))
    assert (change.at, change.loses, change.running) == (world.at + 10 * DAY, ("expressions", "tumours"), True)
    assert change.codes == (R.REQUEST_ENDED,)


def test_an_adequacy_decision_that_ends_names_who_works_now() -> None:
    """S67: a party abroad with a running workspace loses at the end of the decision, not never."""
    world = everything_holds()
    party = abroad(world)
    started = e.WorkspaceStarted(
        person=party.researcher, request=party.request, profile="small", datasets=(DatasetName("tumours"),),
        run_ends=world.at + RUN, until=world.at + RUN, decision="{}",
    )  # fmt: skip
    happens(world, started)
    ends = world.at + 30 * DAY
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=ends, act="a judgment")
    (change,) = supposed(world, Step(world.at, person(ADMIN), gone))
    assert (change.person, change.at, change.running) == (party.researcher, ends, True)


@pytest.mark.parametrize("name", ["stop-workspace", "record-ending"])
def test_a_workspace_can_be_supposed_to_end(name: str) -> None:
    """S94: a step that stops or ends a workspace that runs is carried out, and takes nothing from anybody."""
    world = everything_holds()
    world.start()
    arguments: dict[str, Any] = {"person": RESEARCHER, "request": OPEN}
    if name == "record-ending":
        arguments |= {"started": world.state.workspaces[RESEARCHER, OPEN].seq, "seen": "gone"}
    by = WARDEN if name == "record-ending" else person(RESEARCHER)
    assert supposed(world, Step(world.at, by, parse_command(name, arguments))) == ()


def _moved(world: World, moves: list[Move]) -> World:
    """Try each move; those that are refused change nothing. Spans of time count from now."""
    for name, actor, arguments in moves:
        times = {key: world.at + value if isinstance(value, timedelta) else value for key, value in arguments.items()}
        world.attempt(name, actor, **times)
    return world


def _held(state: State, key: WorkspaceKey, at: datetime) -> tuple[str, ...]:
    """Return what `decide` opens on the state itself to somebody who logs in at `at`."""
    session = Session("a-session", key[0], at, at + timedelta(hours=1), FactorKind.TOTP, Zone.INSTITUTE)
    found = decide(state, Query(*key, Action.OPEN_WORKSPACE, at, session)).datasets
    return tuple(sorted(one.name for one in found))


@given(
    moves=st.lists(st.sampled_from((*GRANTS, *WITHDRAWALS, *UNRELATED)), max_size=6),
    running=st.sets(st.sampled_from([OPEN, RESTRICTED])),
    ended=st.timedeltas(timedelta(0), timedelta(days=400)),
    after=st.timedeltas(timedelta(0), timedelta(days=399)),
)
@settings(max_examples=60, deadline=None)
def test_simulate_with_no_change_equals_now(
    moves: list[Move], running: set[RequestId], ended: timedelta, after: timedelta
) -> None:
    """What everybody loses by the end of all requests is what `decide` gives them on the state as it is now.

    Whatever happened before, whether workspaces run or not, and at any instant; and without a step nobody loses.
    """
    world = everything_holds()
    for request in sorted(running):
        world.start(request, Zone.INSTITUTE)
    _moved(world, moves)
    first, later = world.at + ended, world.at + ended + after
    ends = [Step(first, person(ADMIN), e.RequestEnded(request=one, reason="x")) for one in world.state.requests]
    assert supposed(world) == ()
    found = supposed(world, *ends)
    keys = [(who, one.request) for one in world.state.requests.values() for who in one.contacts]
    for at in (first, later):
        lost = {(one.person, one.request): one.loses for one in found if _lasts(one, at)}
        assert lost == {key: held for key in keys if (held := _held(world.state, key, at))}
    assert {one.running for one in found if one.request in running} <= {True}


def _lasts(change: Change, at: datetime) -> bool:
    return change.at <= at and (change.until is None or at < change.until)


ADEQUACY = {"country": "KR", "scope": "full", "act": "a judgment"}


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00"}, "no time zone"),
        ("AdequacyEnded", ADEQUACY | {"ends": "9999-01-01T00:00:00Z"}, "outside the years"),
        ("AdequacyEnded", ADEQUACY | {"ends": 5}, "no RFC 3339 time"),
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00Z", "act": "\ud800"}, "cannot be seen"),
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00Z", "country": "K\x00"}, "cannot be seen"),
        ("PersonVerified", {"person": "P-3", "method": "in-person", "until": "2027-01-01T00:00:00"}, "no time zone"),
        ("ExtensionGranted", {"request": "DR-1", "ends": "2028-01-01T00:00:00", "reason": "x"}, "no time zone"),
        ("ProposalConfirmed", {"proposal": 10**13}, "is no number"),
        ("ProposalConfirmed", {}, "`proposal` is missing"),
        ("SessionBegun", {}, "no fact is named"),
    ],
    ids=[
        "an end without a zone", "the year 9999", "a number for a time", "half a character", "a NUL in a country",
        "a verification without a zone", "an extension without a zone", "a number without bounds", "a field too few",
        "no fact",
    ],
)  # fmt: skip
def test_a_supposed_fact_is_read_as_strictly_as_a_command(name: str, fields: dict[str, Any], says: str) -> None:
    """REQ-11: times have a zone and a year that counts, texts no hidden character; else a ValueError says so."""
    with pytest.raises(ValueError, match=says):
        read_fact(name, fields)


def _approved(world: World, begins: datetime, ends: datetime) -> e.FactEvent:
    return e.RequestApproved(
        request=OPEN, improves_treatment=True, public_interest=True, reason="x", begins=begins, ends=ends
    )


MISFITS: dict[str, tuple[Callable[[World], e.FactEvent], str]] = {
    "an inverted term": (lambda w: _approved(w, w.at + 9 * DAY, w.at + 8 * DAY), "after `begins`"),
    "an empty term": (lambda w: _approved(w, w.at + 9 * DAY, w.at + 9 * DAY), "after `begins`"),
    "a term that is over": (lambda w: _approved(w, w.at - 9 * DAY, w.at), "over already"),
    "a role that is over": (
        lambda w: e.RoleAppointed(person=STRANGER, role=Role.ADMIN, scope=None, until=w.at), "over already",
    ),
    "an extension that shortens": (
        lambda w: e.ExtensionGranted(request=OPEN, ends=w.at + DAY, reason="x"), "after the term",
    ),
    "an unknown proposal": (lambda _: e.ProposalConfirmed(proposal=99), "no such proposal"),
    "an unknown country": (
        lambda w: e.AdequacyEnded(country="K\x00", scope=AdequacyScope.FULL, ends=w.at, act="x"), "no country",
    ),
    "a clock that goes on without a pause": (lambda _: e.ClockResumed(request=OPEN), "not stand still"),
    "an unknown request": (
        lambda _: e.RequestEnded(request=RequestId("DR-9"), reason="x"),
        "there is no request `DR-9`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_fact_that_no_command_could_leave_is_no_step(name: str) -> None:
    """REQ-11, S39: it is refused with the number of the step, and not silently taken for something else."""
    world = everything_holds()
    make, says = MISFITS[name]
    with pytest.raises(ValueError, match=f"step 2.*{says}"):
        supposed(
            world,
            Step(world.at, person(ADMIN), e.PersonEnabled(person=RESEARCHER)),
            Step(world.at, person(ADMIN), make(world)),
        )


def test_an_end_of_law_can_lie_in_the_past() -> None:
    """S59: as a judgment that makes a decision void from before."""
    world = everything_holds()
    party = abroad(world)
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at - DAY, act="a judgment")
    assert [one.person for one in supposed(world, Step(world.at, person(ADMIN), gone))] == [party.researcher]


class _Log:
    """A log that holds these facts."""

    def __init__(self, facts: list[e.Fact]) -> None:
        self._facts = facts

    def facts_since(self, seq: int) -> Iterator[e.Fact]:
        return iter(self._facts[seq:])


@pytest.mark.parametrize("error", [KeyError, IndexError, ValueError, TypeError], ids=lambda error: error.__name__)
def test_a_log_whose_facts_do_not_follow_cannot_be_read(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """POL-05: whatever a fact looks for in vain, the reader stops with an error of the log, which denies."""

    def fails(*_: object) -> None:
        raise error("nothing there")

    world = everything_holds()
    monkeypatch.setitem(cast(dict[Any, Any], APPLIERS), e.PersonEnabled, fails)
    fact = e.Fact(len(world.facts) + 1, world.at, person(ADMIN), e.PersonEnabled(person=RESEARCHER))
    policy = Policy(cast(LogStore, _Log([*world.facts, fact])), lambda: world.at)
    with pytest.raises(UnreadableLog, match="does not fit"):
        policy.state_at(world.at)


def steps_of(world: World, request: RequestId, who: PersonId = RESEARCHER) -> list[dict[str, Any]]:
    """Return the plan of somebody for a request."""
    query = Query(who, request, Action.OPEN_WORKSPACE, world.at, world.login(who))
    return plan(world.state, world.decide(query))


def _ours(world: World) -> RequestId:
    """The applicant's own organisation lies outside the EEA."""
    request = world.ask(RequestStatus.ASSESSED)
    found = world.state.institutions[HOSPITAL]
    moved = e.InstitutionRegistered(
        institution=HOSPITAL, name=found.name, country="US", domains=tuple(found.domains), centre=False
    )
    happens(world, moved)
    return request


@pytest.mark.parametrize(
    "way",
    [_ours, lambda world: ask_with_abroad(world, RequestStatus.ASSESSED)],
    ids=["of the person's organisation", "of another organisation"],
)
def test_the_ground_is_recorded_before_the_board_decides(way: Callable[[World], RequestId]) -> None:
    """S60, S68: since an approval is refused without the ground of each organisation."""
    world = everything_holds()
    steps = steps_of(world, way(world))
    owners = [step["owner"] for step in steps if step["code"] in ("transfer_basis_missing", "request_not_approved")]
    assert owners == ["data access office", "board"]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))


def test_within_the_eea_no_ground_is_waited_for() -> None:
    """S57: the board decides at once."""
    world, request = reached(RequestStatus.ASSESSED)
    assert "transfer_basis_missing" not in [step["code"] for step in steps_of(world, request)]


WHO_SIGNS = {
    "researcher": ("the researcher signs", "applicant"),
    "licensee": ("the licensee's signatory signs", "signatory"),
    "representative": ("the centre's representative signs", "signing parties"),
}


@pytest.mark.parametrize("missing", WHO_SIGNS)
def test_the_party_that_has_not_signed_is_named(missing: str) -> None:
    """S23, S26: with two of three signatures the plan names the third party, and who it is up to."""
    world, request = reached(RequestStatus.APPROVED)
    sign(world, request, *[party for party in WHO_SIGNS if party != missing])
    (step,) = [one for one in steps_of(world, request) if one["code"] == "licence_not_signed"]
    says, owner = WHO_SIGNS[missing]
    assert step["next_step"].startswith(says)
    assert step["owner"] == owner


def test_the_party_that_has_not_signed_anew_is_named() -> None:
    """S25: of a new version too."""
    world = everything_holds()
    publish(world, "licence-eea", "2")
    sign(world, OPEN, "researcher")
    (step,) = steps_of(world, OPEN)
    assert step["code"] == "licence_superseded"
    assert step["next_step"] == (
        "the licensee's signatory and the centre's representative sign the licence that is in force"
    )


@pytest.mark.parametrize("status", [RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED])
def test_a_request_that_is_over_has_no_later_steps(status: RequestStatus) -> None:
    """S22, S94: nothing is signed or made available any more; a new request is sent in."""
    world, request = reached(status)
    steps = steps_of(world, request)
    assert steps[-1]["code"] == f"request_{status}"
    assert "new request" in steps[-1]["next_step"]
    assert not {"licence_not_signed", "not_made_available"} & {step["code"] for step in steps}


_TRAINING = [one for one in DENIALS if one.code.startswith("training_")]


@pytest.mark.parametrize("denial", _TRAINING, ids=lambda denial: denial.name)
def test_the_course_is_named(denial: Denial) -> None:
    """S74: a step about training says which course it is about."""
    world = everything_holds()
    query, _ = denial.way(world)
    (step,) = [one for one in plan(world.state, world.decide(query)) if one["code"] == denial.code]
    titles = {course.title for course in world.state.courses.values()}
    assert any(step["next_step"].startswith(f"{title}: ") for title in titles)


def test_under_the_ehds_a_contact_comes_by_an_amendment() -> None:
    """E19: proposed by the licensee's side, decided by the board, then given by the steward."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    steps = [step for step in steps_of(world, request, COLLEAGUE) if step["code"] == "not_a_contact"]
    assert [step["owner"] for step in steps] == ["signatory", "board", "data steward"]


def _asked(world: World) -> None:
    asked = e.ContactAsked(request=OPEN, person=COLLEAGUE, name="Cas", position="nurse", email="cas@hospital.example")
    happens(world, asked, by=SIGNATORY)


def _checked(world: World) -> None:
    _asked(world)
    happens(world, e.ContactChecked(request=OPEN, person=COLLEAGUE))


@pytest.mark.parametrize(
    ("before", "event", "kind"),
    [
        (_asked, e.ContactChecked(request=OPEN, person=COLLEAGUE), K.CONTACT_CHECKED),
        (_asked, e.ContactRefused(request=OPEN, person=COLLEAGUE, reason="because"), K.CONTACT_REFUSED),
        (_checked, e.ContactMadeAvailable(request=OPEN, person=COLLEAGUE), K.CONTACT_MADE_AVAILABLE),
    ],
    ids=["checked", "refused", "made available"],
)
def test_a_new_contact_is_told_how_it_goes_on(
    before: Callable[[World], None], event: e.FactEvent, kind: NoticeKind
) -> None:
    """S32, S37, S38: the contact and the signatory of their organisation, with the reason; nobody of another one."""
    world = everything_holds()
    before(world)
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    found = told(world, event)
    assert {one.to for one in found} == {COLLEAGUE, SIGNATORY}
    assert {(one.kind, one.about) for one in found} == {(kind, OPEN)}
    reason = getattr(event, "reason", None)
    assert [dict(one.values).get("reason") for one in found] == [reason, reason]


def test_an_organisation_that_is_shut_out_learns_it() -> None:
    """E59: the parties and the contacts of each open request that it takes part in, with the end and the reason."""
    world = three_parts()
    until = world.at + 100 * DAY
    shut = e.OrganisationExcluded(institution=HOSPITAL, until=until, reason="misuse")
    found = told(world, shut)
    assert {one.to for one in found if one.about == OPEN} == EVERYBODY
    assert {one.to for one in found if one.about == RESTRICTED} == {RESEARCHER, SIGNATORY}
    assert {(one.kind, dict(one.values)["reason"]) for one in found} == {(K.ORGANISATION_EXCLUDED, "misuse")}


def test_the_contacts_of_another_organisation_are_not_shut_out() -> None:
    """E59, S68: a further organisation that is shut out takes nothing from the licensee's own contacts."""
    world = three_parts()
    joins(world)
    shut = e.OrganisationExcluded(institution=OVERSEAS, until=world.at + DAY, reason="misuse")
    assert {one.to for one in told(world, shut)} == {RESEARCHER, SIGNATORY}
    gone = e.OrganisationExcluded(institution=InstitutionName("centre"), until=world.at + DAY, reason="misuse")
    assert told(world, gone) == ()


def test_a_withdrawn_dataset_is_told_to_those_who_have_it() -> None:
    """S82, S94: the contacts of live requests that hold it, with the reason."""
    world = three_parts()
    (letter,) = told(world, e.DatasetWithdrawn(dataset=DatasetName("tumours"), reason="consent"))
    assert (letter.kind, letter.to, letter.about) == (K.DATASET_WITHDRAWN, COLLEAGUE, OPEN)
    assert dict(letter.values) == {"dataset": "tumours", "reason": "consent"}
    happens(world, e.RequestEnded(request=OPEN, reason="done"))
    assert told(world, e.DatasetWithdrawn(dataset=DatasetName("expressions"), reason="consent")) == ()


def _resting_on(world: World, ends: datetime) -> None:
    """Let an organisation of a country take part, whose decision was made until `ends`."""
    decided = e.AdequacyDecided(country="JP", scope=AdequacyScope.FULL, begins=world.at, ends=ends, act="an act")
    happens(world, decided)
    joins(world, country="JP")


def _adequacy_reminders(world: World) -> list[tuple[str, str, datetime]]:
    found = reminders(world.state, world.at, world.at + HORIZON)
    return [(one.to, one.about, one.at) for one in found if one.kind is K.ADEQUACY_ENDS]


def test_a_decision_that_ends_by_its_own_date_is_reminded_of() -> None:
    """S67: the office and the licensee of each request that rests on it, at each threshold before the end."""
    world = everything_holds()
    office = world.register("ofra", "centre")
    role = e.RoleAppointed(person=office, role=Role.DATA_ACCESS_OFFICE, scope=None, until=world.at + 900 * DAY)
    happens(world, role)
    ends = world.at + 40 * DAY
    _resting_on(world, ends)
    expected = {(who, OPEN, ends - days * DAY) for days in (30, 14, 7, 1) for who in (office, RESEARCHER, SIGNATORY)}
    found = _adequacy_reminders(world)
    assert set(found) == expected
    assert len(found) == len(expected)


def _another_ground(world: World) -> None:
    happens(
        world,
        e.TransferBasisRecorded(
            request=OPEN, institution=OVERSEAS, basis=TransferBasis.NONE, scope=None, clauses=None, concluded=None,
            protection_adequate=False, contractual_measures=False, technical_measures=False,
        ),
    )  # fmt: skip


def _another_decision(world: World) -> None:
    again = e.AdequacyDecided(
        country="JP", scope=AdequacyScope.FULL, begins=world.at + DAY, ends=None, act="another act"
    )
    happens(world, again)


@pytest.mark.parametrize(
    ("then", "days"),
    [
        (_another_ground, 40),
        (_another_decision, 40),
        (lambda world: happens(world, e.RequestEnded(request=OPEN, reason="done")), 40),
        (lambda _: None, 700),
    ],
    ids=["another ground", "a decision that follows", "an ended request", "a term that ends before"],
)
def test_nobody_is_reminded_of_a_decision_that_takes_nothing(then: Callable[[World], Any], days: int) -> None:
    """S67: where nothing rests on it any more, or it goes on, or the term is over first."""
    world = everything_holds()
    _resting_on(world, world.at + days * DAY)
    then(world)
    assert _adequacy_reminders(world) == []


PAPER = {"request": OPEN, "title": "Survival of rats.", "acknowledgement": ACKNOWLEDGEMENT}


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("survival  of RATS", "https://journal.example/2"),
        ("\uff33urvival of rats", "https://journal.example/2"),
        ("Another title", "10.5555/RATS-2027-Y"),
        ("Another title", "doi:10.5555/rats-2027-y"),
        ("Another title", "https://doi.org/10.5555/rats-2027-y"),
    ],
    ids=["other letters and gaps", "a wide letter", "a DOI in capitals", "a DOI with its name", "behind the resolver"],
)
def test_the_same_publication_is_recorded_once(title: str, link: str) -> None:
    """S69: by its title or by its link, however they are written."""
    world = everything_holds()
    world.do("record-publication", RESEARCHER, **PAPER | {"link": "10.5555/rats-2027-y"})
    again = PAPER | {"title": title, "link": link}
    assert world.refusal("record-publication", RESEARCHER, **again) == "already_exists"


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://journal.example/a#results", True),
        ("https://journal.example/a/", True),
        ("https://journal.example/A", False),
        ("https://journal.example/a?page=2", False),
    ],
    ids=["a part of the page", "a last slash", "another path", "another query"],
)
def test_a_link_is_the_same_where_it_leads_to_the_same(link: str, same: bool) -> None:
    """S69: a page is the same with a slash or a fragment; its path and query count."""
    world = everything_holds()
    world.do("record-publication", RESEARCHER, **PAPER | {"link": "https://journal.example/a"})
    outcome = world.attempt("record-publication", RESEARCHER, **PAPER | {"title": "Another", "link": link})
    assert isinstance(outcome, tuple) is not same

"""The way to data follows what happened: each step is the one that can be taken now, and it names what is missing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import parse_command
from access_policy.model.enums import RequestStatus, Role, TransferBasis
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from access_policy.next_steps import plan
from access_policy.notices import NoticeKind
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query
from access_policy.simulate import Step, StepRefused, simulate
from tests.unit.access_policy.abroad import abroad, basis, clauses
from tests.unit.access_policy.happenings import HOSPITAL, OVERSEAS, adequacy_ended, happens, joins, signs_for
from tests.unit.access_policy.situations import Clinical, ask_under_ehds
from tests.unit.access_policy.telling import three_parts, to_whom, told
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    NO_REQUEST,
    NOBODY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    STRANGER,
    World,
    dataset_arguments,
    everything_holds,
)

K = NoticeKind
TUMOURS, EXPRESSIONS = DatasetName("tumours"), DatasetName("expressions")
HORIZON = 800 * DAY


def steps(world: World, request: RequestId = OPEN, who: PersonId = RESEARCHER) -> list[dict[str, Any]]:
    """Return the steps that are left to somebody's data."""
    query = Query(who, request, world.query().action, world.at, world.login(who))
    return plan(world.state, world.decide(query))


def words(world: World, request: RequestId = OPEN, who: PersonId = RESEARCHER) -> list[tuple[str, str]]:
    """Return what to do and who does it."""
    return [(step["next_step"], step["owner"]) for step in steps(world, request, who)]


def _withdrawn(world: World, *names: DatasetName) -> None:
    for name in names:
        world.do("withdraw-dataset", STEWARD, dataset=name, reason="a question")


def _reopened(world: World, *names: DatasetName) -> None:
    _withdrawn(world, *names)
    happens(world, *[e.DatasetReopened(dataset=name) for name in names])


def _proposed(world: World, name: DatasetName, contact: PersonId | None = None, request: RequestId = OPEN) -> None:
    contacts = () if contact is None else (contact,)
    asked = e.AmendmentProposed(
        request=request, amendment=1, datasets=(name,) if contact is None else (), contacts=contacts, reason="more",
        necessities="needed" if contact is None else "",
    )  # fmt: skip
    happens(world, asked, by=SIGNATORY)


def _granted(world: World, name: DatasetName) -> None:
    _proposed(world, name)
    approved = e.AmendmentApproved(request=OPEN, amendment=1, reason="good")
    happens(world, approved, by=BOARD_MEMBER)


def _course(world: World) -> None:
    world.do("register-course", ADMIN, course="genomics", title="Genomics", validity_days=30, required=False)
    world.do("register-dataset", STEWARD, **dataset_arguments("more") | {"trainings": "genomics"})
    _granted(world, DatasetName("more"))
    world.do("make-available", STEWARD, request=OPEN)


def _one_more(world: World) -> None:
    world.do("register-dataset", STEWARD, **dataset_arguments("more"))
    _granted(world, DatasetName("more"))


def _anew_proposed(world: World) -> None:
    _reopened(world, TUMOURS)
    _proposed(world, TUMOURS)


AMEND = ("the applicant or the signatory proposes an amendment with the dataset", "signatory")
GRANT = ("the data access board decides on the amendment, and grants it anew", "board")
HAND_OUT = ("a data steward makes the granted dataset available", "data steward")
OFFER = ("ask the data steward when the data are offered again", "data steward")


@pytest.mark.parametrize(
    ("happened", "name", "expected"),
    [
        (_course, "more", [("Genomics: take the course; its trainer then certifies the person", "trainer")]),
        (_one_more, "more", [("a data steward makes the data available", "data steward")]),
        (lambda world: _withdrawn(world, TUMOURS), "tumours", [OFFER]),
        (lambda world: _reopened(world, TUMOURS), "tumours", [AMEND, GRANT, HAND_OUT]),
        (_anew_proposed, "tumours", [GRANT, HAND_OUT]),
    ],
    ids=["a course", "granted later", "withdrawn", "withdrawn and reopened", "proposed anew"],
)
def test_what_an_opening_leaves_out_has_its_own_steps(
    happened: Callable[[World], None], name: str, expected: list[tuple[str, str]]
) -> None:
    """S3, S74, S82, REQ-10: an opening that is allowed names, for each dataset that it leaves out, what is left."""
    world = everything_holds()
    assert steps(world) == []
    happened(world)
    assert world.decide().allowed
    assert words(world) == [(f"{name}: {step}", owner) for step, owner in expected]
    found = steps(world)
    assert [step["step"] for step in found] == list(range(1, len(found) + 1))
    assert all(step["text"].startswith(f"{name}: ") for step in found)
    assert all(set(step) == {"step", "code", "text", "next_step", "owner", "requirement"} for step in found)


def test_a_form_is_filled_before_it_is_sent_in() -> None:
    """S5, S15: of a new draft the contact, the dataset and the form come before the signature and the board."""
    world = everything_holds()
    world.do("open-request", RESEARCHER, title="Survival", purpose="Which treatment helps")
    request = RequestId(f"DR-{len(world.state.requests)}")
    found = [step for step in steps(world, request) if step["owner"] in ("applicant", "board")]
    assert [step["next_step"] for step in found] == [
        "the applicant names the person as a download contact in the form",
        "the applicant asks for a dataset in the form",
        "the applicant fills in the form",
        "the applicant signs the form and sends it in",
        "the data access board decides",
    ]
    assert found[1]["text"] == "no dataset is asked for in this request yet"
    assert world.refusal("submit-request", RESEARCHER, request=request) == "not_complete"


def test_a_contact_who_was_asked_for_is_checked_next() -> None:
    """S31-S33, S38: the signatory asked already, so the office checks, and the data are made available."""
    world = everything_holds()
    world.make_ready(COLLEAGUE)
    asked = {"person": COLLEAGUE, "name": "Cas", "position": "nurse", "email": "cas@hospital.example"}
    world.do("ask-contact", SIGNATORY, request=OPEN, **asked)
    assert [owner for _, owner in words(world, who=COLLEAGUE)] == ["data access office", "data steward"]


def test_a_person_whom_an_amendment_names_waits_for_the_board() -> None:
    """E19: what was proposed is not proposed again."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    _proposed(world, TUMOURS, COLLEAGUE, request)
    of_contact = [step["owner"] for step in steps(world, request, COLLEAGUE) if step["code"] == "not_a_contact"]
    assert of_contact == ["board", "data steward"]


def test_the_investigator_who_has_not_approved_is_named() -> None:
    """S49, S50: after one approval the way names the place that is missing, and says nothing of a board."""
    clinical = Clinical()
    first = steps(clinical.world, clinical.request)[0]
    assert first["next_step"] == "the central and the local investigator of the study approve"
    assert "board" not in first["text"]
    clinical.world.do("approve-clinical", clinical.local, **clinical.approval())
    second = steps(clinical.world, clinical.request)[0]
    assert second["next_step"] == "the central investigator of the study approves as well"
    assert second["text"] == "the central investigator of the study has not approved this request yet"
    assert second["owner"] == "investigators"


def test_after_the_hearing_the_centre_decides() -> None:
    """E58: once the hearing is on record the applicant has nothing left to answer."""
    world = everything_holds()
    happens(world, e.RequestSuspended(request=OPEN, reason="a question"))
    assert [owner for _, owner in words(world)] == ["applicant"]
    happens(world, e.HearingRecorded(request=OPEN, heard="nothing was copied"))
    assert words(world) == [("the centre reinstates or ends the grant: the hearing is on record", "admin")]


def _all_lapsed(world: World) -> None:
    _reopened(world, TUMOURS, EXPRESSIONS)


def _lapsed_and_gone(world: World) -> None:
    _all_lapsed(world)
    _withdrawn(world, TUMOURS, EXPRESSIONS)


def _granted_again(world: World) -> None:
    _all_lapsed(world)
    _granted(world, TUMOURS)


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (lambda world: _withdrawn(world, TUMOURS, EXPRESSIONS), [OFFER]),
        (_all_lapsed, [AMEND, GRANT, HAND_OUT]),
        (_lapsed_and_gone, [OFFER, AMEND, GRANT, HAND_OUT]),
        (_granted_again, [HAND_OUT]),
    ],
    ids=["withdrawn", "withdrawn and reopened", "withdrawn again", "granted again"],
)
def test_no_dataset_is_open_for_different_causes(
    happened: Callable[[World], None], expected: list[tuple[str, str]]
) -> None:
    """S52, S82, REQ-10: what is offered again is granted anew, what is granted is made available."""
    world = everything_holds()
    happened(world)
    assert {step["code"] for step in steps(world)} == {"no_dataset_open"}
    assert words(world) == expected


def test_a_grant_is_given_anew_before_the_data_are_made_available() -> None:
    """REQ-10, S100: also where nothing was made available before, the board comes before the steward."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED)
    _reopened(world, TUMOURS)
    assert [owner for _, owner in words(world, request)] == ["signatory", "board", "data steward"]


def test_a_clinical_request_that_lost_its_dataset_is_sent_in_anew() -> None:
    """REQ-10, E19: a clinical request is not amended."""
    clinical = Clinical()
    for who in (clinical.local, clinical.central):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    clinical.world.do("make-available", STEWARD, request=clinical.request)
    _reopened(clinical.world, DatasetName("biopsies"))
    expected = [("send in a new request: a clinical one is not amended", "applicant")]
    assert words(clinical.world, clinical.request) == expected


def _supposed(world: World, name: str, by: PersonId = ADMIN, **arguments: Any) -> Any:
    step = Step(world.at + DAY, person(by), parse_command(name, arguments))
    return simulate(world.state, [step], world.at, world.at + HORIZON)


def test_who_loses_one_of_several_datasets_is_told_why() -> None:
    """S67, S3, S82: the reasons are those of the dataset that is lost, and the rest stays."""
    world = everything_holds()
    (change,) = _supposed(world, "withdraw-dataset", STEWARD, dataset="tumours", reason="a question").changes
    assert (change.loses, change.codes) == (("tumours",), (R.NO_DATASET_OPEN,))
    again = e.DatasetReopened(dataset=TUMOURS)
    gone = e.DatasetWithdrawn(dataset=TUMOURS, reason="a question")
    taken = [Step(world.at + days * DAY, person(STEWARD), what) for days, what in ((1, gone), (2, again))]
    changes = simulate(world.state, taken, world.at, world.at + HORIZON).changes
    assert [(one.loses, one.codes) for one in changes] == [
        (("tumours",), (R.NO_DATASET_OPEN,)),
        (("tumours",), (R.REQUEST_NOT_APPROVED,)),
    ]


def test_a_course_that_is_lost_is_the_reason_of_its_dataset() -> None:
    """S74, S67: the other datasets open without it."""
    world = everything_holds()
    _course(world)
    world.do("certify-person", PersonId("P-5"), person=RESEARCHER, course="genomics")
    revoked = e.CertificationRevoked(person=RESEARCHER, course="genomics", reason="a mistake")  # type: ignore[arg-type]
    found = simulate(world.state, [Step(world.at, person(ADMIN), revoked)], world.at, world.at + 10 * DAY)
    (change,) = found.changes
    assert (change.loses, change.codes) == (("more",), (R.TRAINING_REVOKED,))


def test_the_end_of_an_agreement_is_told_to_those_who_lose_by_it() -> None:
    """S72, S67: the signatory and the contacts of each open request, though another organisation learns nothing."""
    world = three_parts()
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    letters = _supposed(world, "end-agreement", institution=HOSPITAL).letters
    assert to_whom(letters) == sorted(
        [(COLLEAGUE, OPEN), (SIGNATORY, OPEN), (RESEARCHER, RESTRICTED), (SIGNATORY, RESTRICTED)]
    )
    assert {(one.kind, one.values) for one in letters} == {(K.AGREEMENT_ENDED, (("institution", HOSPITAL),))}


def test_an_agreement_that_was_over_takes_nothing_from_anybody() -> None:
    """S72: half-open; also a request that is ended has nobody who is told."""
    world = everything_holds()
    other, ended = world.copy(), e.AgreementEnded(institution=HOSPITAL)
    term = world.state.institutions[HOSPITAL].agreement
    assert term is not None
    world.at = term.ends
    assert told(world, ended) == ()
    happens(other, *[e.RequestEnded(request=one, reason="done") for one in (OPEN, RESTRICTED)])
    assert told(other, ended) == ()


def test_a_stopped_person_is_told_and_so_is_who_signs_for_them() -> None:
    """S94, ID-15: of each open request whose contact they are; the reason is not said, others learn nothing."""
    world = three_parts()
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    letters = _supposed(world, "disable-person", person=COLLEAGUE, reason="a secret").letters
    assert to_whom(letters) == sorted([(COLLEAGUE, COLLEAGUE), (SIGNATORY, OPEN)])
    assert {one.kind for one in letters} == {K.PERSON_DISABLED}
    assert "secret" not in str(letters)


def test_a_stopped_signatory_still_leaves_the_applicants_without_one() -> None:
    """S31, S34, S94: who is stopped signs no more, which the applicants are told as before."""
    world = everything_holds()
    found = told(world, e.PersonDisabled(person=SIGNATORY, reason="a question"))
    assert {(one.kind, one.to) for one in found} == {(K.PERSON_DISABLED, SIGNATORY), (K.NO_SIGNATORY, RESEARCHER)}


@pytest.mark.parametrize(
    ("by", "what", "says"),
    [
        (NOBODY, parse_command("end-request", {"request": OPEN, "reason": "x"}), "there is no person `P-999`"),
        (ADMIN, e.RequestEnded(request=NO_REQUEST, reason="x"), "there is no request `DR-999`"),
        (ADMIN, e.PersonDisabled(person=NOBODY, reason="x"), "there is no person `P-999`"),
    ],
    ids=["a command by nobody", "a fact about no request", "a fact about nobody"],
)
def test_what_is_not_there_is_said(by: PersonId, what: Any, says: str) -> None:
    """REQ-11: a step by or about somebody or something unknown is no refusal of the rules, and says what is missing."""
    world = everything_holds()
    with pytest.raises(ValueError, match=f"^step 1: {says}$"):
        simulate(world.state, [Step(world.at, person(by), what)], world.at, world.at + HORIZON)


def test_who_comes_by_an_earlier_step_can_act() -> None:
    """REQ-11: they are looked for in the supposed state; what is not theirs to give is then refused."""
    world = everything_holds()
    who = PersonId(f"P-{len(world.state.people) + 1}")
    given = {"name": "New", "email": "new@hospital.example", "institution": HOSPITAL}
    known = Step(world.at, person(SECOND_ADMIN), parse_command("register-person", given))
    ends = Step(world.at, person(who), parse_command("end-request", {"request": OPEN, "reason": "x"}))
    with pytest.raises(StepRefused, match=r"step 2: .*not yours to give"):
        simulate(world.state, [known, ends], world.at, world.at + HORIZON)


def _no_ground(request: RequestId, _: World) -> e.TransferBasisRecorded:
    return basis(request, basis=TransferBasis.NONE, scope=None)


def _clauses(request: RequestId, world: World) -> e.TransferBasisRecorded:
    return clauses(request, world, clauses=ModelClauses.GDPR_2021)


def _other_scope(request: RequestId, _: World) -> e.TransferBasisRecorded:
    return basis(request, scope=next(one for one in AdequacyScope if one is not AdequacyScope.FULL))


@pytest.mark.parametrize(
    ("recorded", "rests"),
    [(basis, True), (_no_ground, False), (_clauses, True), (_other_scope, False)],
    ids=["the decision", "no ground", "clauses, with the licence of an adequate country", "a decision for some"],
)
def test_only_who_rests_on_an_adequacy_decision_hears_of_its_end(recorded: Callable[..., Any], rests: bool) -> None:
    """S67, S58, S63: by the recorded ground, or by the licence that was signed because of the decision."""
    world = everything_holds()
    party = abroad(world)
    if recorded is not basis:
        happens(world, recorded(party.request, world))
    later: datetime = world.at + 10 * DAY
    found = {one.to for one in told(world, adequacy_ended(world, ends=later))}
    assert found == ({party.researcher, party.signatory} if rests else set())
    assert Role.SIGNATORY in {one.role for one in world.state.people[party.signatory].appointments}

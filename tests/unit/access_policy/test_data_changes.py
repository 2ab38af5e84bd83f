"""Datasets and institutions that change under running requests: grants, versions, consents, stewards, countries."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.instants import Term
from access_policy.reasons import ReasonCode
from tests.unit.access_policy.abroad import OVERSEAS, abroad
from tests.unit.access_policy.situations import Clinical
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    appoint,
    approval,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
)

TUMOURS, SCANS, EXPRESSIONS = DatasetName("tumours"), DatasetName("scans"), DatasetName("expressions")
HOSPITAL, CENTRE = InstitutionName("hospital"), InstitutionName("centre")
SUBJECT = "1" * 64
VERSION: dict[str, Any] = {
    "dataset": "tumours", "version": "2", "location": "tumours-2", "manifest": "a" * 64, "attested": True,
}  # fmt: skip
EXTRACT: dict[str, Any] = {
    "request": OPEN, "dataset": "tumours", "location": "dr-1/cut", "manifest": "b" * 64, "patients": 4,
    "attested": True,
}  # fmt: skip


def _withdraw(world: World, name: str = "tumours") -> None:
    world.do("withdraw-dataset", STEWARD, dataset=name, reason="looking into it")


def _close(world: World, name: str = "tumours", by: PersonId = STEWARD) -> None:
    world.do("record-consent-withdrawal", by, dataset=name, subject=SUBJECT)


def _reopen(world: World, name: str = "tumours") -> None:
    world.agree("reopen-dataset", STEWARD, dataset=name)


def _grant_again(world: World, request: RequestId = OPEN, name: str = "tumours") -> None:
    more = {"datasets": name, "necessities": "the outcome", "reason": "offered again"}
    world.do("propose-amendment", RESEARCHER, request=request, **more)
    number = world.state.requests[request].last_amendment
    world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=number, reason="yes")


def _mounted(world: World, request: RequestId = OPEN) -> list[str]:
    return [str(one.name) for one in world.decide(world.query(request=request)).datasets]


@pytest.mark.parametrize("close", [_withdraw, _close], ids=["withdrawn", "closed by a withdrawn consent"])
def test_the_board_grants_nothing_that_is_not_offered(close: Any) -> None:
    """S82, REQ-10: an approval that names, or takes along, a dataset that is not offered is refused."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "expressions"))
    find(world, request)
    close(world)
    for named in ({}, {"datasets": "tumours"}, {"datasets": "tumours,expressions"}):
        arguments = approval(world, request) | named
        assert world.refusal("approve-request", BOARD_MEMBER, request=request, **arguments) == "changed_meanwhile"
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request, datasets="expressions"))
    assert set(world.state.requests[request].granted) == {EXPRESSIONS}


def test_the_board_grants_what_is_offered_again() -> None:
    """S82, REQ-10: what was withdrawn and reopened before the decision is granted as if nothing had been."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED)
    _withdraw(world)
    _reopen(world)
    world.bring(request, RequestStatus.ACTIVE)
    assert _mounted(world, request) == ["tumours"]


@pytest.mark.parametrize("close", [_withdraw, _close], ids=["withdrawn", "closed by a withdrawn consent"])
def test_investigators_grant_nothing_that_is_not_offered(close: Any) -> None:
    """S82, REQ-10: neither the first nor the second investigator approves while the data are not offered."""
    clinical = Clinical()
    world, first = clinical.world, clinical.world.copy()
    close(first, "biopsies")
    assert first.refusal("approve-clinical", clinical.central, **clinical.approval()) == "changed_meanwhile"
    world.do("approve-clinical", clinical.central, **clinical.approval())
    close(world, "biopsies")
    assert world.refusal("approve-clinical", clinical.local, **clinical.approval()) == "changed_meanwhile"


def test_a_grant_older_than_the_withdrawal_stays_dead() -> None:
    """S82, REQ-10: reopening revives no grant; it needs the board, and then a step that makes it available."""
    world = everything_holds()
    _withdraw(world)
    _reopen(world)
    assert _mounted(world) == ["expressions"]
    assert world.refusal("make-available", STEWARD, request=OPEN) == "wrong_state"
    _grant_again(world)
    assert _mounted(world) == ["expressions"]
    world.do("make-available", STEWARD, request=OPEN)
    assert sorted(_mounted(world)) == ["expressions", "tumours"]


def test_a_grant_of_one_dataset_that_died_waits_for_both_steps() -> None:
    """S100, REQ-10: where nothing is left of a grant, what is granted anew is not available at once either."""
    world = everything_holds()
    request = world.ask(RequestStatus.ACTIVE)
    assert _mounted(world, request) == ["tumours"]
    _withdraw(world)
    _reopen(world)
    query = world.query(request=request)
    assert world.decide(query).codes == (ReasonCode.NO_DATASET_OPEN,)
    _grant_again(world, request)
    assert world.decide(world.query(request=request)).codes == (ReasonCode.NO_DATASET_OPEN,)
    world.do("make-available", STEWARD, request=request)
    assert _mounted(world, request) == ["tumours"]


def test_a_workspace_of_before_the_withdrawal_ends_after_the_reopening_too() -> None:
    """S82, REQ-10: what is mounted since before is not kept because it is offered again."""
    world = everything_holds()
    world.start()
    _withdraw(world)
    _reopen(world)
    decision = world.decide(world.query(Action.KEEP_WORKSPACE))
    assert decision.codes == (ReasonCode.DATASET_WITHDRAWN,)


def test_other_requests_and_datasets_keep_their_grants() -> None:
    """S82, REQ-10: only grants of the dataset that was withdrawn die, and each time that it is withdrawn."""
    world = everything_holds()
    _withdraw(world)
    _reopen(world)
    granted = {request: set(one.granted) for request, one in world.state.requests.items()}
    assert granted == {OPEN: {EXPRESSIONS}, RESTRICTED: {SCANS}}
    _grant_again(world)
    world.do("make-available", STEWARD, request=OPEN)
    _withdraw(world)
    _reopen(world)
    assert _mounted(world) == ["expressions"]


def test_a_new_version_revives_the_grants_that_a_withdrawn_consent_closed() -> None:
    """S82: closing a version is no withdrawal: without the child the grants hold again."""
    world = everything_holds()
    _close(world)
    assert _mounted(world) == ["expressions"]
    world.do("release-version", STEWARD, **VERSION, excluded=SUBJECT)
    assert sorted(_mounted(world)) == ["expressions", "tumours"]


def _a_part(world: World, who: PersonId) -> None:
    email = world.state.people[who].email
    world.append([(person(RESEARCHER), e.ContactNamed(request=OPEN, person=who, email=email))])


@pytest.mark.parametrize("how", ["applicant", "contact"])
def test_nobody_reopens_by_a_version_what_they_would_get(how: str) -> None:
    """REQ-01, REQ-02, S82: a steward with a part in a request releases no version, of closed data or not."""
    world = everything_holds()
    who = RESEARCHER if how == "applicant" else STEWARD
    if how == "applicant":
        appoint(world, RESEARCHER, "data-steward")
    else:
        _a_part(world, STEWARD)
    assert world.refusal("release-version", who, **VERSION) == "four_eyes"
    _close(world, by=ADMIN)
    assert world.refusal("release-version", who, **VERSION, excluded=SUBJECT) == "four_eyes"


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [("release-version", VERSION, e.VersionReleased), ("prepare-extract", EXTRACT, e.ExtractPrepared)],
    ids=["a version", "an extract"],
)
def test_each_version_and_extract_is_attested(name: str, arguments: dict[str, Any], kind: type[e.Event]) -> None:
    """S83: that nobody can be traced is attested anew, and stands in the fact; without it, it is refused."""
    world = everything_holds()
    assert world.refusal(name, STEWARD, **arguments | {"attested": False}) == "not_complete"
    with pytest.raises(ValueError, match="attested"):
        world.attempt(name, STEWARD, **{key: value for key, value in arguments.items() if key != "attested"})
    (event,) = world.do(name, STEWARD, **arguments)
    assert type(event) is kind
    assert isinstance(event, e.VersionReleased | e.ExtractPrepared)
    assert event.attested


def _with_study() -> World:
    """Return a world with three datasets of one study, one of them published as open data."""
    world = everything_holds()
    world.do("register-study", STEWARD, study="relapse", title="Relapse", purpose="why")
    for name, consent in (("one", "informed-consent"), ("two", "informed-consent"), ("three", "published-open-data")):
        changed = {"study": "relapse", "consent": consent, "manifest": name.encode().hex().ljust(64, "0")}
        world.do("register-dataset", STEWARD, **dataset_arguments(name) | changed)
    return world


def _closed_by(world: World, **named: Any) -> list[str]:
    events = world.do("record-consent-withdrawal", STEWARD, subject=SUBJECT, **named)
    return [str(event.dataset) for event in events if isinstance(event, e.ConsentWithdrawn)]


def test_a_consent_is_withdrawn_for_a_whole_study() -> None:
    """S82: every dataset of the study that rests on consent closes, by a fact for each; the others stay open."""
    world = _with_study()
    assert _closed_by(world, study="relapse") == ["one", "two"]
    still_open = {str(name) for name, one in world.state.datasets.items() if one.open}
    assert still_open == {"tumours", "expressions", "scans", "three"}


def test_a_consent_that_is_withdrawn_for_one_dataset_already_closes_the_others() -> None:
    """S82: what was recorded is not recorded twice, and a withdrawn dataset is not forgotten."""
    world = _with_study()
    assert _closed_by(world, dataset="one") == ["one"]
    _withdraw(world, "two")
    assert _closed_by(world, study="relapse") == ["two"]
    arguments = {"study": "relapse", "subject": SUBJECT}
    assert world.refusal("record-consent-withdrawal", STEWARD, **arguments) == "already_exists"


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({}, "not_complete"),
        ({"dataset": "one", "study": "relapse"}, "not_complete"),
        ({"study": "unheard-of"}, "not_found"),
        ({"study": "empty"}, "not_found"),
        ({"dataset": "unheard-of"}, "not_found"),
    ],
    ids=["neither", "both", "an unknown study", "a study without data", "an unknown dataset"],
)
def test_a_withdrawn_consent_names_a_dataset_or_a_study(named: dict[str, str], code: str) -> None:
    """S82: one of the two, and one that has data which rest on consent."""
    world = _with_study()
    world.do("register-study", STEWARD, study="empty", title="Empty", purpose="nothing yet")
    assert world.refusal("record-consent-withdrawal", STEWARD, subject=SUBJECT, **named) == code


@pytest.mark.parametrize(
    ("offset", "code"), [(-TICK, "not_allowed_value"), (0 * DAY, None), (DAY, None)],
    ids=["a tick shorter", "as long", "longer"],
)  # fmt: skip
def test_an_agreement_is_cut_short_by_nothing_but_its_end(offset: Any, code: str | None) -> None:
    """S72, REQ-11: a record that ends before the one in force is refused; first the one in force is ended."""
    world = everything_holds()
    present = world.state.institutions[HOSPITAL].agreement
    assert present is not None
    term = {"institution": "hospital", "begins": world.at, "ends": present.ends + offset}
    if code is not None:
        assert world.refusal("record-agreement", REPRESENTATIVE, **term) == code
        assert world.state.institutions[HOSPITAL].agreement == present
        world.do("end-agreement", REPRESENTATIVE, institution="hospital")
    world.do("record-agreement", REPRESENTATIVE, **term)
    assert world.state.institutions[HOSPITAL].agreement == Term(term["begins"], term["ends"])


def _with_sam() -> tuple[World, PersonId]:
    """Return a world with a second data steward."""
    world = everything_holds()
    sam = world.register("sam", "centre")
    appoint(world, sam, "data-steward")
    return world, sam


@pytest.mark.parametrize("who", [STEWARD, ADMIN], ids=["a steward", "an admin"])
def test_a_dataset_is_handed_over(who: PersonId) -> None:
    """S99: to another steward, once; the fact says to whom."""
    world, sam = _with_sam()
    assert world.do("hand-over-dataset", who, dataset="tumours", steward=sam) == (
        e.DatasetHandedOver(dataset=TUMOURS, steward=sam),
    )
    assert world.state.datasets[TUMOURS].steward == sam
    assert world.state.datasets[SCANS].steward == STEWARD
    assert world.refusal("hand-over-dataset", who, dataset="tumours", steward=sam) == "already_exists"


@pytest.mark.parametrize(
    ("dataset", "steward", "code"),
    [("nothing", STEWARD, "not_found"), ("tumours", COLLEAGUE, "not_found"), ("tumours", "P-999", "not_found")],
    ids=["an unknown dataset", "without the role", "nobody"],
)
def test_a_dataset_is_handed_over_to_a_steward_only(dataset: str, steward: str, code: str) -> None:
    """S99: who keeps data is appointed for it."""
    assert everything_holds().refusal("hand-over-dataset", ADMIN, dataset=dataset, steward=steward) == code


@pytest.mark.parametrize("who", [RESEARCHER, REPRESENTATIVE, SIGNATORY], ids=["a researcher", "the centre", "another"])
def test_others_hand_over_no_dataset(who: PersonId) -> None:
    """REQ-06, S99: stewards and admins name a steward, and nobody else."""
    world, sam = _with_sam()
    assert world.refusal("hand-over-dataset", who, dataset="tumours", steward=sam) == "not_permitted"


@pytest.mark.parametrize("how", ["record-departure", "move-person"])
def test_who_left_is_no_steward_of_a_dataset(how: str) -> None:
    """S99: a dataset whose steward left the institution has none, until it is handed over."""
    world, sam = _with_sam()
    world.do("hand-over-dataset", ADMIN, dataset="tumours", steward=sam)
    elsewhere = {} if how == "record-departure" else {"institution": "hospital", "email": "sam@hospital.example"}
    world.do(how, ADMIN, person=sam, **elsewhere)
    assert [world.state.datasets[name].steward for name in (TUMOURS, SCANS)] == [None, STEWARD]
    world.do("hand-over-dataset", ADMIN, dataset="tumours", steward=STEWARD)
    assert world.state.datasets[TUMOURS].steward == STEWARD


def _right(**changed: Any) -> dict[str, Any]:
    arguments = {"institution": "hospital", "name": "The Hospital", "country": "BE", "reason": "misread"}
    return arguments | changed


def test_an_institution_is_corrected_by_two_admins() -> None:
    """S57, S58: nothing changes until another admin confirms; then name and country are as they should be."""
    world = everything_holds()
    assert kinds(world.do("correct-institution", ADMIN, **_right())) == [e.CommandProposed]
    assert world.state.institutions[HOSPITAL].country == "NL"
    _, event = world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
    assert event == e.InstitutionCorrected(
        institution=HOSPITAL, name="The Hospital", country="BE", writer=ADMIN, reason="misread"
    )
    found = world.state.institutions[HOSPITAL]
    assert (found.name, found.country, found.domains) == ("The Hospital", "BE", frozenset({"hospital.example"}))
    assert world.decide().allowed


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"institution": "nowhere"}, "not_found"),
        ({"country": "XX"}, "not_allowed_value"),
        ({"country": "be"}, "not_allowed_value"),
        ({"name": "Hospital", "country": "NL"}, "already_exists"),
    ],
    ids=["an unknown institution", "no country", "small letters", "nothing that changes"],
)
def test_a_correction_is_refused(changed: dict[str, str], code: str) -> None:
    """S57, S58: of a registered institution, to a country of ISO 3166, and to something else than it is."""
    assert everything_holds().refusal("correct-institution", ADMIN, **_right(**changed)) == code


def test_the_grounds_follow_the_country_that_is_corrected() -> None:
    """S58, S60: outside the EEA the institution's people need a ground, and lose access without one."""
    world = everything_holds()
    world.agree("correct-institution", **_right(country="US"))
    assert ReasonCode.TRANSFER_BASIS_MISSING in world.decide().codes


def test_an_adequacy_decision_counts_for_the_country_that_is_corrected() -> None:
    """S58, S59: a ground that was recorded for another country's decision carries no longer."""
    world = everything_holds()
    party = abroad(world)
    world.agree("correct-institution", **_right(institution=OVERSEAS, name="Overseas", country="US"))
    asked = world.query(request=party.request)
    refused = world.decide(type(asked)(party.researcher, party.request, asked.action, world.at, None)).codes
    assert ReasonCode.TRANSFER_BASIS_LAPSED in refused


def _draft(world: World) -> RequestId:
    request = world.ask(RequestStatus.DRAFT)
    world.do("name-entity", RESEARCHER, request=request, institution="centre")
    return request


def test_an_organisation_is_dropped_from_a_draft() -> None:
    """S68: one that was named by mistake is in the form no more, and may be named again."""
    world = everything_holds()
    request = _draft(world)
    assert world.do("drop-entity", RESEARCHER, request=request, institution="centre") == (
        e.EntityDropped(request=request, institution=CENTRE),
    )
    assert set(world.state.requests[request].entities) == {HOSPITAL}
    assert world.refusal("drop-entity", RESEARCHER, request=request, institution="centre") == "not_found"
    world.do("name-entity", RESEARCHER, request=request, institution="centre")
    assert world.state.requests[request].entities[CENTRE].since == world.at - MINUTE


@pytest.mark.parametrize(
    ("institution", "code"), [("hospital", "not_allowed_value"), ("centre", "wrong_state"), ("nowhere", "not_found")],
    ids=["the applicant's own", "one with a contact", "one that takes no part"],
)  # fmt: skip
def test_an_organisation_is_not_dropped(institution: str, code: str) -> None:
    """S68: not the applicant's own, and not one whose people would get the data, until they are taken out."""
    world = everything_holds()
    request = _draft(world)
    email = world.state.people[STEWARD].email
    world.do("name-contact", RESEARCHER, request=request, person=STEWARD, email=email)
    assert world.refusal("drop-entity", RESEARCHER, request=request, institution=institution) == code
    if code == "wrong_state":
        world.do("remove-contact", RESEARCHER, request=request, person=STEWARD)
        assert kinds(world.do("drop-entity", RESEARCHER, request=request, institution="centre")) == [e.EntityDropped]


def test_an_organisation_is_dropped_from_drafts_only() -> None:
    """REQ-04, S68: a form that was signed is not changed, and only its applicant changes it."""
    world = everything_holds()
    request = _draft(world)
    assert world.refusal("drop-entity", COLLEAGUE, request=request, institution="centre") == "not_permitted"
    assert world.refusal("drop-entity", RESEARCHER, request=OPEN, institution="hospital") == "wrong_state"

"""What a form says: for what, which data and why, which organisations and contacts (S3, S9, S15, S33, S61, S68)."""

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Confirmation, PurposeKind, Regime
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from tests.unit.access_policy.parties import exclude, register_institution
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    NOBODY,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    TICK,
    World,
    description,
    everything_holds,
    kinds,
    on_behalf_of,
)

NEXT = RequestId("DR-3")
HOSPITAL = InstitutionName("hospital")


def _draft() -> World:
    world = everything_holds()
    world.do("open-request", RESEARCHER, title="Survival", purpose="Which treatment helps")
    return world


def test_the_form_says_for_what_and_under_which_rules() -> None:
    """S48, S71, S80, E1, E70: purpose, field of work, regime, controller and processor are recorded as written."""
    world = _draft()
    arguments = description(purpose_kind="original-study", regime="ehds", tools="Python")
    (event,) = world.do("describe-request", RESEARCHER, request=NEXT, **arguments)
    assert event == e.RequestDescribed(
        request=NEXT, purpose_kind=PurposeKind.ORIGINAL_STUDY, field_of_work="childhood leukaemia",
        tests_treatment=False, regime=Regime.EHDS, controller="the hospital", processor="the centre", physician="",
        tools="Python",
    )  # fmt: skip
    assert world.state.requests[NEXT].regime is Regime.EHDS


@pytest.mark.parametrize("field", ["purpose_kind", "field_of_work", "tests_treatment", "controller", "processor"])
def test_the_form_lacks_nothing(field: str) -> None:
    """S71, S80, E70: none of these can be left out."""
    arguments = {key: value for key, value in description().items() if key != field}
    with pytest.raises(ValueError, match=field):
        _draft().attempt("describe-request", RESEARCHER, request=NEXT, **arguments)


@pytest.mark.parametrize("purpose", PurposeKind)
def test_no_treatment_is_tested_in_children(purpose: PurposeKind) -> None:
    """S80: not even by somebody who says so."""
    arguments = description(
        purpose_kind=purpose, tests_treatment=True, physician="dr. Vos", physician_institution="hospital"
    )
    assert _draft().refusal("describe-request", RESEARCHER, request=NEXT, **arguments) == "not_allowed_value"


def test_a_treatment_names_the_physician() -> None:
    """S9: the treating one, on whose behalf it is asked; other purposes need none."""
    world = _draft()
    arguments = {"request": NEXT, **description(purpose_kind="treatment")}
    assert world.refusal("describe-request", RESEARCHER, **arguments) == "not_complete"
    named = {"physician": "dr. Vos", "physician_institution": "hospital"}
    (event,) = world.do("describe-request", RESEARCHER, **arguments, **named)
    assert isinstance(event, e.RequestDescribed)
    assert (event.physician, event.physician_institution, event.physician_person) == ("dr. Vos", HOSPITAL, None)


def test_a_dataset_is_dropped() -> None:
    """S3: what is not needed is taken out of the form, once; what was not asked for cannot be."""
    world = _draft()
    for name in ("tumours", "scans"):
        world.do("request-dataset", RESEARCHER, request=NEXT, dataset=name, necessity="the outcome")
    (event,) = world.do("drop-dataset", RESEARCHER, request=NEXT, dataset="scans")
    assert event == e.DatasetDropped(request=NEXT, dataset=DatasetName("scans"))
    assert world.state.requests[NEXT].datasets == {"tumours": "the outcome"}
    assert world.refusal("drop-dataset", RESEARCHER, request=NEXT, dataset="scans") == "not_found"
    assert world.refusal("drop-dataset", RESEARCHER, request=NEXT, dataset="nothing") == "not_found"


def test_a_further_organisation_takes_part() -> None:
    """S68: a registered one, with a country test and a licence of its own; once."""
    world = _draft()
    (event,) = world.do("name-entity", RESEARCHER, request=NEXT, institution="centre")
    assert event == e.EntityNamed(request=NEXT, institution=InstitutionName("centre"))
    assert set(world.state.requests[NEXT].entities) == {"hospital", "centre"}
    for name, code in (("centre", "already_exists"), ("hospital", "already_exists"), ("nowhere", "not_found")):
        assert world.refusal("name-entity", RESEARCHER, request=NEXT, institution=name) == code


def test_organisations_of_a_request_are_bounded() -> None:
    """REQ-14, S68: twenty, with the applicant's own."""
    world = _draft()
    for number in range(20):
        register_institution(world, f"lab{number}")
    for number in range(19):
        world.do("name-entity", RESEARCHER, request=NEXT, institution=f"lab{number}")
    assert world.refusal("name-entity", RESEARCHER, request=NEXT, institution="lab19") == "not_allowed_value"


def test_an_excluded_organisation_takes_part_in_nothing() -> None:
    """E59, REQ-08: until the instant at which the exclusion ends."""
    world = _draft()
    register_institution(world, "clinic")
    until = exclude(world, InstitutionName("clinic"))
    world.at = until - TICK
    assert world.refusal("name-entity", RESEARCHER, request=NEXT, institution="clinic") == "not_permitted"
    world.at = until
    assert kinds(world.do("name-entity", RESEARCHER, request=NEXT, institution="clinic")) == [e.EntityNamed]


def test_protection_is_confirmed_for_an_organisation_that_takes_part() -> None:
    """S61, S68: each confirmation once; a later answer takes the place of an earlier one."""
    world = _draft()
    arguments = {"request": NEXT, "institution": "hospital"}
    given = "no-onward-transfer,independent-supervision,no-onward-transfer"
    (event,) = world.do("confirm-protection", RESEARCHER, **arguments, confirmations=given)
    assert event == e.ProtectionConfirmed(
        request=NEXT, institution=HOSPITAL,
        confirmations=(Confirmation.INDEPENDENT_SUPERVISION, Confirmation.NO_ONWARD_TRANSFER),
    )  # fmt: skip
    world.do("confirm-protection", RESEARCHER, **arguments, confirmations="no-onward-transfer")
    assert world.state.requests[NEXT].entities[HOSPITAL].confirmations == {Confirmation.NO_ONWARD_TRANSFER}
    other = arguments | {"institution": "centre", "confirmations": "no-onward-transfer"}
    assert world.refusal("confirm-protection", RESEARCHER, **other) == "not_found"


def test_a_signatory_confirms_for_their_own_organisation_only() -> None:
    """S61, S68: the applicant answers for all in the form, a signatory for the one that they sign for."""
    world = _draft()
    world.do("name-entity", RESEARCHER, request=NEXT, institution="centre")
    arguments = {"request": NEXT, "confirmations": "no-onward-transfer"}
    world.do("confirm-protection", SIGNATORY, institution="hospital", **arguments)
    world.do("confirm-protection", RESEARCHER, institution="centre", **arguments)
    assert world.refusal("confirm-protection", SIGNATORY, institution="centre", **arguments) == "not_permitted"
    assert world.refusal("confirm-protection", COLLEAGUE, institution="hospital", **arguments) == "not_permitted"
    by_operator = on_behalf_of(RESEARCHER)
    assert world.refusal("confirm-protection", by_operator, institution="hospital", **arguments) == "personal_command"


def test_each_dataset_has_its_own_necessity() -> None:
    """S3: a dataset is asked for with why the research needs it, and the grant holds no other."""
    world = _draft()
    world.do("request-dataset", RESEARCHER, request=NEXT, dataset="tumours", necessity="the outcome")
    assert world.state.requests[NEXT].datasets == {"tumours": "the outcome"}
    with pytest.raises(ValueError, match="necessity"):
        world.attempt("request-dataset", RESEARCHER, request=NEXT, dataset="scans")


def test_a_withdrawn_dataset_looks_like_one_that_never_was() -> None:
    """POL-09, REQ-10: the same code, and the same words but for the name."""
    world = _draft()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    answers = [
        str(world.attempt("request-dataset", RESEARCHER, request=NEXT, dataset=name, necessity="x")).replace(name, "?")
        for name in ("tumours", "nothing")
    ]
    assert "not_found" in answers[0]
    assert answers[0] == answers[1]


def test_a_contact_is_named_with_one_form_of_the_address() -> None:
    """S15, S16: the address in the form is kept in the same form as that of an account."""
    world = _draft()
    world.do("name-contact", RESEARCHER, request=NEXT, person=COLLEAGUE, email="Cas@Hospital.Example.")
    assert world.state.requests[NEXT].contacts[COLLEAGUE].email == "cas@hospital.example"


@pytest.mark.parametrize(
    ("who", "email", "code"),
    [
        (STRANGER, "vera@hospital.example", None),
        (STEWARD, "dora@centre.example", "not_found"),
        (NOBODY, "nobody@hospital.example", "not_found"),
        (COLLEAGUE, "cas at hospital", "not_allowed_value"),
    ],
    ids=["a colleague", "somebody of another organisation", "nobody", "no address"],
)
def test_a_contact_works_in_an_organisation_that_takes_part(who: PersonId, email: str, code: str | None) -> None:
    """S33: a contact is a person of an organisation of the request."""
    world = _draft()
    arguments = {"request": NEXT, "person": who, "email": email}
    if code is None:
        assert kinds(world.do("name-contact", RESEARCHER, **arguments)) == [e.ContactNamed]
    else:
        assert world.refusal("name-contact", RESEARCHER, **arguments) == code


def test_a_further_organisation_may_have_contacts_too() -> None:
    """S33, S68: once it takes part, its people can be named, and the contact belongs to it."""
    world = _draft()
    arguments = {"request": NEXT, "person": STEWARD, "email": "dora@centre.example"}
    assert world.refusal("name-contact", RESEARCHER, **arguments) == "not_found"
    world.do("name-entity", RESEARCHER, request=NEXT, institution="centre")
    world.do("name-contact", RESEARCHER, **arguments)
    assert world.state.requests[NEXT].contacts[STEWARD].institution == "centre"


def test_who_left_is_nobodys_contact() -> None:
    """S33: a person without an institution works in no organisation of a request."""
    world = _draft()
    world.append([(person(ADMIN), e.PersonLeft(person=COLLEAGUE))])
    arguments = {"request": NEXT, "person": COLLEAGUE, "email": "cas@hospital.example"}
    assert world.refusal("name-contact", RESEARCHER, **arguments) == "not_found"

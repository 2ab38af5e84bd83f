"""Institutions, their domains and their agreements: what is recorded, and what is refused (S57, S72, S73)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.ids import InstitutionName
from tests.unit.access_policy.world import ADMIN, DAY, REPRESENTATIVE, begun, everything_holds, kinds

CLINIC = {"institution": "clinic", "name": "Clinic", "country": "DE", "domains": "clinic.example"}


def test_an_institution_is_registered_with_its_country_and_domains() -> None:
    """S57, S73: the country and the declared domains, in one form each, stand in the fact."""
    (event,) = everything_holds().do("register-institution", ADMIN, **CLINIC | {"domains": "B.Example., a.example"})
    assert event == e.InstitutionRegistered(
        institution=InstitutionName("clinic"),
        name="Clinic",
        country="DE",
        domains=("a.example", "b.example"),
        centre=False,
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"institution": "hospital"}, "already_exists"),
        ({"country": "de"}, "not_allowed_value"),
        ({"country": "D1"}, "not_allowed_value"),
        ({"country": "Germany"}, "not_allowed_value"),
        ({"centre": True}, "not_allowed_value"),
        ({"domains": ""}, "not_complete"),
        ({"domains": "hospital.example"}, "already_exists"),
        ({"domains": "HOSPITAL.example."}, "already_exists"),
        ({"domains": "example"}, "not_allowed_value"),
        ({"domains": "h\u043espital.example"}, "not_allowed_value"),
        ({"domains": "*.example"}, "not_allowed_value"),
    ],
    ids=[
        "a name twice", "a country in small letters", "a country with a digit", "a country in full", "a second centre",
        "no domain", "a domain of another", "a domain of another (ID-05)", "one label", "a homoglyph (ID-04)",
        "a wildcard",
    ],
)  # fmt: skip
def test_an_institution_is_refused(changed: dict[str, Any], code: str) -> None:
    """S57, S73, ID-04, ID-05: one name, two capital letters, and domains of its own that are whole and ASCII."""
    assert everything_holds().refusal("register-institution", ADMIN, **CLINIC | changed) == code


def test_the_centre_has_one_name() -> None:
    """S73: the institution that needs no agreement is the one named `centre`, and it says so."""
    arguments = CLINIC | {"institution": "centre", "centre": False}
    assert begun().refusal("register-institution", ADMIN, **arguments) == "not_allowed_value"


def test_domains_are_replaced() -> None:
    """S73: what is declared from now on counts, and nothing of before."""
    world = everything_holds()
    world.do("declare-domains", ADMIN, institution="hospital", domains="new.example")
    assert world.state.institutions[InstitutionName("hospital")].domains == {"new.example"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"institution": "nowhere"}, "not_found"),
        ({"domains": "centre.example"}, "already_exists"),
        ({"domains": ""}, "not_complete"),
    ],
    ids=["an unknown institution", "a domain of another", "none"],
)
def test_domains_are_refused(changed: dict[str, Any], code: str) -> None:
    """S73: every domain belongs to one institution."""
    arguments = {"institution": "hospital", "domains": "new.example"} | changed
    assert everything_holds().refusal("declare-domains", ADMIN, **arguments) == code


def test_an_agreement_is_recorded_and_ended() -> None:
    """S72: with its term; it can end before."""
    world = everything_holds()
    assert kinds(world.do("end-agreement", REPRESENTATIVE, institution="hospital")) == [e.AgreementEnded]
    assert world.refusal("end-agreement", ADMIN, institution="hospital") == "wrong_state"
    ends = world.at + DAY
    events = world.do("record-agreement", REPRESENTATIVE, institution="hospital", begins=world.at, ends=ends)
    assert kinds(events) == [e.AgreementRecorded]


@pytest.mark.parametrize(
    ("institution", "begins", "ends", "code"),
    [
        ("nowhere", 0, 1, "not_found"),
        ("hospital", 2, 1, "not_allowed_value"),
        ("hospital", 1, 1, "not_allowed_value"),
        ("hospital", -2, 0, "not_allowed_value"),
        ("hospital", 1, 9, "not_allowed_value"),
    ],
    ids=["an unknown institution", "inverted", "empty", "over already", "the next one while one is in force"],
)
def test_an_agreement_is_refused(institution: str, begins: int, ends: int, code: str) -> None:
    """S72, REQ-11: a term ends after it begins and has not ended yet; the next one does not cut the present one off."""
    world = everything_holds()
    term = {"begins": world.at + begins * DAY, "ends": world.at + ends * DAY}
    assert world.refusal("record-agreement", ADMIN, institution=institution, **term) == code


def test_the_agreement_of_an_unknown_institution_does_not_end() -> None:
    """S72: an institution that is not registered has no agreement."""
    assert everything_holds().refusal("end-agreement", ADMIN, institution="nowhere") == "not_found"

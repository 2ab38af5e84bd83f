"""Institutions, their domains, agreements and exclusion: what is recorded, and what is refused (S57, S72, S73, E59)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.ids import InstitutionName
from access_policy.reasons import ReasonCode
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    REPRESENTATIVE,
    STRANGER,
    TICK,
    World,
    appoint,
    begun,
    everything_holds,
    kinds,
)

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
        ({"country": "XX"}, "not_allowed_value"),
        ({"country": "UK"}, "not_allowed_value"),
        ({"country": "EL"}, "not_allowed_value"),
        ({"centre": True}, "not_allowed_value"),
        ({"domains": ""}, "not_complete"),
        ({"domains": "hospital.example"}, "already_exists"),
        ({"domains": "HOSPITAL.example."}, "already_exists"),
        ({"domains": "example"}, "not_allowed_value"),
        ({"domains": "h\u043espital.example"}, "not_allowed_value"),
        ({"domains": "*.example"}, "not_allowed_value"),
    ],
    ids=[
        "a name twice", "a country in small letters", "a country with a digit", "a country in full", "no country",
        "a reserved code", "a code of the Union's own", "a second centre",
        "no domain", "a domain of another", "a domain of another (ID-05)", "one label", "a homoglyph (ID-04)",
        "a wildcard",
    ],
)  # fmt: skip
def test_an_institution_is_refused(changed: dict[str, Any], code: str) -> None:
    """S57, S73, ID-04, ID-05: one name, a country of ISO 3166, and domains of its own that are whole and ASCII."""
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
        ("hospital", 0, 3654, "not_allowed_value"),
    ],
    ids=[
        "an unknown institution", "inverted", "empty", "over already", "the next one while one is in force",
        "more than ten years",
    ],
)  # fmt: skip
def test_an_agreement_is_refused(institution: str, begins: int, ends: int, code: str) -> None:
    """S72, REQ-11: a term ends after it begins and has not ended yet; the next one does not cut the present one off."""
    world = everything_holds()
    term = {"begins": world.at + begins * DAY, "ends": world.at + ends * DAY}
    assert world.refusal("record-agreement", ADMIN, institution=institution, **term) == code


def test_the_agreement_of_an_unknown_institution_does_not_end() -> None:
    """S72: an institution that is not registered has no agreement."""
    assert everything_holds().refusal("end-agreement", ADMIN, institution="nowhere") == "not_found"


def test_an_agreement_lasts_ten_years_at_most() -> None:
    """S72, REQ-11: up to the last microsecond of the bound, and from now on, whenever it began."""
    world = everything_holds()
    term = {"institution": "hospital", "begins": world.at - 5 * DAY}
    assert world.refusal("record-agreement", ADMIN, **term, ends=world.at + 3653 * DAY + TICK) == "not_allowed_value"
    world.do("record-agreement", ADMIN, **term, ends=world.at + 3653 * DAY)


def test_the_data_access_office_registers_institutions_but_not_the_centre() -> None:
    """S94, ID-01: who the centre is, and so who needs no agreement, is an admin's to say."""
    world = begun()
    hospital = CLINIC | {"institution": "hospital", "domains": "hospital.example"}
    world.do("register-institution", ADMIN, **hospital)
    vera = world.register("vera")
    appoint(world, vera, "data-access-office")
    centre = CLINIC | {"institution": "centre", "centre": True}
    assert world.refusal("register-institution", vera, **centre) == "not_permitted"
    assert kinds(world.do("register-institution", vera, **CLINIC)) == [e.InstitutionRegistered]
    assert kinds(world.do("register-institution", ADMIN, **centre | {"domains": "c.example"})) == [
        e.InstitutionRegistered
    ]


def _shut_out(world: World, until: datetime, who: Any = REPRESENTATIVE) -> tuple[e.FactEvent, ...]:
    return world.do("exclude-organisation", who, institution="hospital", until=until, reason="misuse")


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE], ids=["an admin", "the representative"])
def test_an_organisation_is_shut_out_until_a_date(who: Any) -> None:
    """E59: its people get in no more, up to the last microsecond before the end, and then again."""
    world = everything_holds()
    until = world.at + 100 * DAY
    (event,) = _shut_out(world, until, who)
    hospital = InstitutionName("hospital")
    assert event == e.OrganisationExcluded(institution=hospital, until=until, writer=who, reason="misuse")
    assert ReasonCode.ORGANISATION_EXCLUDED in world.decide().codes
    world.at = until - TICK
    assert ReasonCode.ORGANISATION_EXCLUDED in world.decide().codes
    world.at = until
    assert ReasonCode.ORGANISATION_EXCLUDED not in world.decide().codes


@pytest.mark.parametrize(
    ("institution", "span", "code"),
    [
        ("nowhere", DAY, "not_found"),
        ("centre", DAY, "not_allowed_value"),
        ("hospital", timedelta(0), "not_allowed_value"),
        ("hospital", -DAY, "not_allowed_value"),
        ("hospital", 1827 * DAY, "not_allowed_value"),
    ],
    ids=["an unknown institution", "the centre itself", "it ends now", "it ended", "more than five years"],
)
def test_an_exclusion_is_refused(institution: str, span: timedelta, code: str) -> None:
    """E59, REQ-11: of another than the centre, with an end to come, within five years."""
    world = everything_holds()
    arguments = {"institution": institution, "until": world.at + span, "reason": "misuse"}
    assert world.refusal("exclude-organisation", ADMIN, **arguments) == code


@pytest.mark.parametrize(
    ("at", "latest"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2031, 11, 22, 12, tzinfo=UTC)),
        (datetime(2027, 3, 1, tzinfo=UTC), datetime(2032, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2033, 2, 28, tzinfo=UTC)),
    ],
    ids=["one leap day", "two leap days", "from a leap day"],
)
def test_an_exclusion_lasts_five_years_at_most(at: datetime, latest: datetime) -> None:
    """E59, REQ-08: five years of the calendar to the microsecond, leap days or not."""
    world = begun(at=at - 10 * DAY)
    world.do("register-institution", ADMIN, **CLINIC)
    world.at = at
    arguments = {"institution": "clinic", "reason": "misuse"}
    assert world.refusal("exclude-organisation", ADMIN, **arguments, until=latest + TICK) == "not_allowed_value"
    world.do("exclude-organisation", ADMIN, **arguments, until=latest)


def test_an_exclusion_is_prolonged_and_never_shortened_by_one_person() -> None:
    """E59: a later end, within five years of its beginning; an earlier one is a lifting, which takes two people."""
    world = everything_holds()
    begins, until = world.at, world.at + 100 * DAY
    _shut_out(world, until)
    again = {"institution": "hospital", "reason": "more of it"}
    assert world.refusal("exclude-organisation", ADMIN, **again, until=until) == "not_allowed_value"
    latest = begins.replace(year=begins.year + 5)
    assert world.refusal("exclude-organisation", ADMIN, **again, until=latest + TICK) == "not_allowed_value"
    world.do("exclude-organisation", ADMIN, **again, until=latest)
    hospital = world.state.institutions[InstitutionName("hospital")]
    assert (hospital.excluded, hospital.excluded_until) == (begins, latest)


def test_an_exclusion_after_one_that_is_over_is_a_new_one() -> None:
    """E59, REQ-08: from the instant on at which the first is over, five years are counted anew."""
    world = everything_holds()
    until = world.at + 100 * DAY
    _shut_out(world, until)
    world.at = until
    _shut_out(world, until.replace(year=until.year + 5))
    assert world.state.institutions[InstitutionName("hospital")].excluded == until


def test_an_exclusion_is_lifted_by_two() -> None:
    """E59: before its date, by somebody and another admin; there is nothing to lift before, after, or elsewhere."""
    world = everything_holds()
    assert world.refusal("lift-exclusion", ADMIN, institution="hospital") == "wrong_state"
    assert world.refusal("lift-exclusion", ADMIN, institution="nowhere") == "not_found"
    until = world.at + 100 * DAY
    _shut_out(world, until)
    events = world.agree("lift-exclusion", institution="hospital")
    assert kinds(events) == [e.ProposalConfirmed, e.ExclusionLifted]
    assert ReasonCode.ORGANISATION_EXCLUDED not in world.decide().codes
    assert world.refusal("lift-exclusion", ADMIN, institution="hospital") == "wrong_state"


def test_an_exclusion_that_is_over_is_not_lifted() -> None:
    """E59, REQ-08: up to its last microsecond, and not at its end."""
    world = everything_holds()
    until = world.at + 100 * DAY
    _shut_out(world, until)
    world.at = until
    assert world.refusal("lift-exclusion", ADMIN, institution="hospital") == "wrong_state"
    world.at = until - TICK
    assert kinds(world.do("lift-exclusion", ADMIN, institution="hospital")) == [e.CommandProposed]


@pytest.mark.parametrize("name", ["exclude-organisation", "lift-exclusion"])
def test_a_stranger_shuts_nobody_out(name: str) -> None:
    """E59: only the centre's admins and its representative do."""
    world = everything_holds()
    term = {"until": world.at + DAY, "reason": "envy"} if name == "exclude-organisation" else {}
    assert world.refusal(name, STRANGER, institution="hospital", **term) == "not_permitted"

"""People who move, leave, are stopped twice, or ask to be erased (S33, S73, S94, E48, E50)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Role
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.reasons import ReasonCode
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    INSTALLATION,
    NOBODY,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    SIGNATORY,
    STRANGER,
    THIRD_ADMIN,
    TRAINER,
    World,
    appoint,
    everything_holds,
    kinds,
)

HOSPITAL, CLINIC = InstitutionName("hospital"), InstitutionName("clinic")


def _with_clinic() -> World:
    world = everything_holds()
    world.do("register-institution", ADMIN, institution="clinic", name="Clinic", country="DE", domains="clinic.example")
    return world


def _to_clinic(**changed: Any) -> dict[str, Any]:
    return {"person": RESEARCHER, "institution": "clinic", "email": "Rosa@Clinic.example"} | changed


def test_a_person_moves_to_another_institution() -> None:
    """S16, S33, S73: with its address; the grant that rests on the old one ends, and the old address is free."""
    world = _with_clinic()
    at = world.at
    (event,) = world.do("move-person", ADMIN, **_to_clinic())
    assert event == e.PersonMoved(person=RESEARCHER, institution=CLINIC, email="rosa@clinic.example")
    rosa = world.state.people[RESEARCHER]
    assert (rosa.institution, rosa.email, rosa.moved, rosa.email_since) == (CLINIC, "rosa@clinic.example", at, at)
    assert world.state.emails["rosa@clinic.example"] == RESEARCHER
    assert "rosa@hospital.example" not in world.state.emails
    assert ReasonCode.CONTACT_MOVED in world.decide().codes


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"person": NOBODY}, "not_found"),
        ({"institution": "nowhere"}, "not_found"),
        ({"institution": "hospital", "email": "rosa.b@hospital.example"}, "wrong_state"),
        ({"email": "rosa@hospital.example"}, "not_allowed_value"),
        ({"email": "rosa@"}, "not_allowed_value"),
        ({"email": "carla@clinic.example"}, "already_exists"),
    ],
    ids=["nobody", "an unknown institution", "the same institution", "the old address", "no address", "taken"],
)
def test_a_move_is_refused(changed: dict[str, Any], code: str) -> None:
    """S16, S73: to another registered institution, with an address of it that is nobody else's."""
    world = _with_clinic()
    world.register("carla", "clinic")
    assert world.refusal("move-person", ADMIN, **_to_clinic(**changed)) == code


def test_a_person_keeps_the_address_where_its_domain_moves_along() -> None:
    """S16: two hospitals merge, and the domain is declared by the other one from then on."""
    world = everything_holds()
    world.do("declare-domains", ADMIN, institution="hospital", domains="old.example")
    clinic = {"institution": "clinic", "name": "Clinic", "country": "DE", "domains": "hospital.example"}
    world.do("register-institution", ADMIN, **clinic)
    world.do("move-person", ADMIN, **_to_clinic(email="rosa@hospital.example"))
    assert world.state.emails["rosa@hospital.example"] == RESEARCHER


def test_a_person_leaves_their_institution() -> None:
    """S33, S73: works nowhere, is trusted by nobody, and the address is free again; once."""
    world = everything_holds()
    assert world.do("record-departure", REPRESENTATIVE, person=RESEARCHER) == (e.PersonLeft(person=RESEARCHER),)
    assert world.state.people[RESEARCHER].institution is None
    assert "rosa@hospital.example" not in world.state.emails
    assert ReasonCode.INSTITUTION_NOT_TRUSTED in world.decide().codes
    assert world.refusal("record-departure", ADMIN, person=RESEARCHER) == "wrong_state"
    assert world.refusal("correct-email", ADMIN, person=RESEARCHER, email="r@hospital.example") == "wrong_state"


def test_a_person_who_left_comes_back() -> None:
    """S73: to any registered institution, the one that they left as well."""
    world = everything_holds()
    world.do("record-departure", ADMIN, person=RESEARCHER)
    back = _to_clinic(institution="hospital", email="rosa@hospital.example")
    assert kinds(world.do("move-person", ADMIN, **back)) == [e.PersonMoved]
    assert world.state.people[RESEARCHER].institution == HOSPITAL


@pytest.mark.parametrize("name", ["record-departure", "move-person"])
@pytest.mark.parametrize(
    ("who", "ended"),
    [(TRAINER, [Role.TRAINER]), (SIGNATORY, []), (THIRD_ADMIN, [Role.ADMIN])],
    ids=["a trainer", "a signatory", "an admin"],
)
def test_no_role_outlives_the_place_that_it_rests_on(name: str, who: PersonId, ended: list[Role]) -> None:
    """S33, S73, ID-15: the roles end with the work; a signing right ends with the fact itself."""
    world = _with_clinic()
    moved = {"institution": "clinic", "email": "x@clinic.example"} if name == "move-person" else {}
    first, *others = world.do(name, ADMIN, person=who, **moved)
    assert type(first) in (e.PersonLeft, e.PersonMoved)
    assert others == [e.RoleEnded(person=who, role=role) for role in ended]
    assert not any(one.holds(world.at) for one in world.state.people[who].appointments)


def _bram_goes(world: World, name: str) -> str:
    moved = {"institution": "clinic", "email": "bram@clinic.example"} if name == "move-person" else {}
    return world.refusal(name, ADMIN, person=SECOND_ADMIN, **moved)


@pytest.mark.parametrize("name", ["record-departure", "move-person"])
@pytest.mark.parametrize("why", ["left", "stopped", "elsewhere"])
def test_two_admins_of_the_centre_are_left(name: str, why: str) -> None:
    """S94: who left, is stopped, or works elsewhere is none of the two that have to stay."""
    world = _with_clinic()
    if why == "elsewhere":
        appoint(world, STRANGER, "admin")
    if why == "stopped":
        world.do("disable-person", ADMIN, person=THIRD_ADMIN, reason="a question")
    else:
        world.do("record-departure", ADMIN, person=THIRD_ADMIN)
    assert _bram_goes(world, name) == "four_eyes"
    appoint(world, world.register("anton", "centre"), "admin")
    assert kinds(world.do("record-departure", ADMIN, person=SECOND_ADMIN)) == [e.PersonLeft, e.RoleEnded]


@pytest.mark.parametrize("name", ["record-departure", "move-person"])
def test_nobody_records_their_own_leaving(name: str) -> None:
    """S73, ID-15: another admin does, or the representative, and no researcher does."""
    world = _with_clinic()
    moved = {"institution": "clinic", "email": "anna@clinic.example"} if name == "move-person" else {}
    assert world.refusal(name, ADMIN, person=ADMIN, **moved) == "four_eyes"
    assert world.refusal(name, COLLEAGUE, person=ADMIN, **moved) == "not_permitted"


def test_a_stop_never_gives_sessions_back() -> None:
    """S76, ID-15, POL-12: of two stops the later one counts, in whatever order they are read."""
    world = everything_holds()
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    void = world.state.people[RESEARCHER].sessions_void
    world.do("enable-person", ADMIN, person=RESEARCHER)
    world.at -= 2 * DAY
    world.append([(person(ADMIN), e.PersonDisabled(person=RESEARCHER, reason="another"))])
    world.append([(person(ADMIN), e.FactorsReset(person=RESEARCHER))])
    assert world.state.people[RESEARCHER].sessions_void == void


@pytest.mark.parametrize("years", [1, 5, 50])
@pytest.mark.parametrize("who", [RESEARCHER, ADMIN], ids=["the person", "an admin for them"])
def test_erasure_waits_until_the_logs_may_go(who: PersonId, years: int) -> None:
    """E48, E50: asked once; it says until when, which is the retention after now, in the longest years."""
    world = everything_holds()
    settings = {"session_hours": 10, "term_days_longest": 1096, "retention_years": years, "board_quorum": 2}
    world.do("adopt-settings", INSTALLATION, **settings)
    not_before = world.at + years * 366 * DAY
    (event,) = world.do("ask-erasure", who, person=RESEARCHER)
    assert event == e.ErasureAsked(person=RESEARCHER, not_before=not_before)
    assert world.state.people[RESEARCHER].erasure_not_before == not_before
    assert world.refusal("ask-erasure", who, person=RESEARCHER) == "already_exists"
    assert world.state.people[RESEARCHER].erasure_not_before == not_before


def test_nobody_asks_that_another_person_be_erased() -> None:
    """E50: the person does, or an admin who got a letter."""
    world = everything_holds()
    assert world.refusal("ask-erasure", COLLEAGUE, person=RESEARCHER) == "not_permitted"
    assert world.refusal("ask-erasure", ADMIN, person=NOBODY) == "not_found"

"""Nobody alone takes the centre's admins away, and one admin does not become two (S94, E28, ID-09)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.lockout import ADMINS_LEFT, LASTING_DAYS, acting_admins
from access_policy.model.enums import Role
from access_policy.model.ids import CourseName, InstitutionName, PersonId
from access_policy.standing import acts_as
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    COLLEAGUE,
    DAY,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    STRANGER,
    THIRD_ADMIN,
    TICK,
    TRAINER,
    World,
    appoint,
    begun,
    everything_holds,
    kinds,
)

ADMINS = (ADMIN, SECOND_ADMIN, THIRD_ADMIN)
EVERYBODY = ("admin", "representative", "board-member", "data-steward")
RUNNING: dict[str, Any] = {"course": "running", "title": "Running it", "validity_days": 300, "required": False}


def _trained(*admins: PersonId) -> World:
    """Return a world whose admins are bound to a course that these have passed."""
    world = everything_holds()
    world.do("register-course", ADMIN, **RUNNING)
    for admin in ADMINS:
        world.do("certify-person", TRAINER, person=admin, course="running")
    world.do("revise-course", ADMIN, course="running", version="2", binding=False, roles=("admin",))
    for admin in set(ADMINS) - set(admins):
        world.do("revoke-certification", TRAINER, person=admin, course="running", reason="copied")
    return world


@pytest.mark.parametrize(
    "changed", [{"roles": EVERYBODY}, {"roles": ("assessor",)}, {"required": True}], ids=["all", "one", "required"]
)
def test_a_trainer_registers_no_course_that_binds(changed: dict[str, Any]) -> None:
    """S94, E28: a trainer alone binds nobody; a course that a dataset may ask for is theirs to register."""
    world = everything_holds()
    assert world.refusal("register-course", TRAINER, **RUNNING | changed) == "not_permitted"
    assert kinds(world.do("register-course", TRAINER, **RUNNING)) == [e.CourseRegistered]


@pytest.mark.parametrize("changed", [{"binding": True}, {"roles": ("assessor",)}], ids=["binding", "for a role"])
def test_a_trainer_revises_no_course_so_that_it_binds(changed: dict[str, Any]) -> None:
    """S94, E28: neither as binding nor for further roles; a trainer who is an admin does."""
    world = everything_holds()
    arguments: dict[str, Any] = {"course": "privacy", "version": "2", "binding": False} | changed
    assert world.refusal("revise-course", TRAINER, **arguments) == "not_permitted"
    appoint(world, THIRD_ADMIN, "trainer")
    assert kinds(world.do("revise-course", THIRD_ADMIN, **arguments)) == [e.CourseRevised]


def test_a_course_of_the_admins_is_passed_first() -> None:
    """S94, E28: at its registration nobody has; it binds admins once two of them have passed it for a month more."""
    world = everything_holds()
    assert world.refusal("register-course", ADMIN, **RUNNING | {"roles": EVERYBODY}) == "four_eyes"
    world.do("register-course", ADMIN, **RUNNING)
    bind: dict[str, Any] = {"course": "running", "version": "2", "binding": False, "roles": ("admin",)}
    for admin in ADMINS[:2]:
        assert world.refusal("revise-course", ADMIN, **bind) == "four_eyes"
        world.do("certify-person", TRAINER, person=admin, course="running")
    ends = min(world.state.people[one].certifications[CourseName("running")][0].ends for one in ADMINS[:2])
    late = World.of(world.facts, ends - LASTING_DAYS * DAY)
    assert late.refusal("revise-course", ADMIN, **bind) == "four_eyes"
    late.at -= TICK
    late.do("revise-course", ADMIN, **bind)
    (event,) = world.do("revise-course", ADMIN, **bind)
    assert event == e.CourseRevised(course=CourseName("running"), version="2", binding=False, roles=(Role.ADMIN,))
    assert [acts_as(world.state, admin, Role.ADMIN, world.at) for admin in ADMINS] == [True, True, False]
    assert world.refusal("revise-course", ADMIN, **bind | {"version": "3", "binding": True}) == "four_eyes"


def test_a_revision_keeps_whom_a_course_bound() -> None:
    """E28: further roles come on top; a role named twice is a slip."""
    world = everything_holds()
    world.do("register-course", ADMIN, **RUNNING | {"roles": ("assessor",)})
    revised: dict[str, Any] = {"course": "running", "version": "2", "binding": False}
    twice = revised | {"roles": ("data-steward", "data-steward")}
    assert world.refusal("revise-course", ADMIN, **twice) == "not_allowed_value"
    world.do("revise-course", ADMIN, **revised, roles=("data-steward",))
    assert world.state.courses[CourseName("running")].roles == {Role.ASSESSOR, Role.DATA_STEWARD}
    assert not acts_as(world.state, ASSESSOR, Role.ASSESSOR, world.at)


@pytest.mark.parametrize("who", [TRAINER, ADMIN], ids=["a trainer", "an admin"])
def test_the_certifications_of_the_last_two_admins_stay(who: PersonId) -> None:
    """S94, S74: of three who have passed their course one loses it; neither of the two others does."""
    world = _trained(*ADMINS)
    arguments = {"course": "running", "reason": "copied"}
    world.do("revoke-certification", who, person=THIRD_ADMIN, **arguments)
    for admin in ADMINS[:2]:
        assert world.refusal("revoke-certification", who, person=admin, **arguments) == "four_eyes"
    world.do("certify-person", TRAINER, person=THIRD_ADMIN, course="running")
    world.do("revoke-certification", who, person=SECOND_ADMIN, **arguments)


def test_what_no_admin_rests_on_is_revoked() -> None:
    """S74: of people who are no admins, and of admins in a course that does not bind them."""
    world = _trained(*ADMINS[:2])
    for admin in ADMINS:
        world.do("certify-person", TRAINER, person=admin, course="privacy")
        revoked = world.do("revoke-certification", TRAINER, person=admin, course="privacy", reason="copied")
        assert kinds(revoked) == [e.CertificationRevoked]
    world.do("certify-person", TRAINER, person=COLLEAGUE, course="running")
    revoked = world.do("revoke-certification", TRAINER, person=COLLEAGUE, course="running", reason="copied")
    assert kinds(revoked) == [e.CertificationRevoked]


def test_a_trainer_is_not_taken_back_with_all_admins() -> None:
    """S94, REQ-07: what one trainer issued goes together, unless the admins act on it; then they are certified anew."""
    world = _trained(*ADMINS)
    since = world.at - DAY
    assert world.refusal("revoke-trainer", ADMIN, person=TRAINER, since=since, reason="x") == "four_eyes"
    appoint(world, STRANGER, "trainer")
    world.do("revoke-certification", ADMIN, person=THIRD_ADMIN, course="running", reason="x")
    world.do("certify-person", STRANGER, person=THIRD_ADMIN, course="running")
    assert world.refusal("revoke-trainer", ADMIN, person=TRAINER, since=since, reason="x") == "four_eyes"


_GOING: dict[str, dict[str, Any]] = {
    "disable-person": {"reason": "a question"},
    "end-role": {"role": "admin"},
    "record-departure": {},
    "move-person": {"institution": "hospital", "email": "bram@hospital.example"},
}


@pytest.mark.parametrize("name", _GOING)
def test_only_a_trained_admin_counts_as_left(name: str) -> None:
    """S94, E28: with two who have passed their course neither goes, and the third, who has not, does."""
    world = _trained(ADMIN, SECOND_ADMIN)
    assert world.refusal(name, ADMIN, person=SECOND_ADMIN, **_GOING[name]) == "four_eyes"
    moved = {"email": "aart@hospital.example"} if name == "move-person" else {}
    world.do(name, ADMIN, person=THIRD_ADMIN, **_GOING[name] | moved)


@pytest.mark.parametrize("name", _GOING)
@pytest.mark.parametrize(("span", "left"), [(LASTING_DAYS * DAY, False), (LASTING_DAYS * DAY + TICK, True)])
def test_an_admin_of_five_minutes_is_not_left(name: str, span: Any, left: bool) -> None:
    """S94: who counts as left is one for thirty days more, up to the microsecond."""
    world = everything_holds()
    world.do("end-role", ADMIN, person=THIRD_ADMIN, role="admin")
    world.agree("appoint-role", person=ASSESSOR, role="admin", until=world.at + span + 2 * (DAY / 1440))
    assert len(acting_admins(world.state, world.at)) == ADMINS_LEFT + 1
    if left:
        world.do(name, ADMIN, person=SECOND_ADMIN, **_GOING[name])
    else:
        assert world.refusal(name, ADMIN, person=SECOND_ADMIN, **_GOING[name]) == "four_eyes"


@pytest.mark.parametrize("name", _GOING)
def test_an_admin_of_a_hospital_is_not_left(name: str) -> None:
    """S94: who works elsewhere is none of the two, although an old log has them as an admin, and goes at any time."""
    world = everything_holds()
    appoint(world, STRANGER, "admin")
    world.do("end-role", ADMIN, person=THIRD_ADMIN, role="admin")
    assert world.refusal(name, ADMIN, person=SECOND_ADMIN, **_GOING[name]) == "four_eyes"
    moved = {"institution": "centre", "email": "vera@centre.example"} if name == "move-person" else {}
    world.do(name, ADMIN, person=STRANGER, **_GOING[name] | moved)


def test_admins_whose_roles_all_end_soon_keep_each_other() -> None:
    """S94: where nobody is an admin a month from now, those who are one now are counted."""
    world = everything_holds()
    (first,) = world.state.people[ADMIN].appointments
    world.agree("appoint-role", person=THIRD_ADMIN, role="admin", until=first.until)
    world.at = first.until - DAY
    assert not acting_admins(world.state, first.until)
    world.do("disable-person", ADMIN, person=THIRD_ADMIN, reason="x")
    assert world.refusal("disable-person", ADMIN, person=SECOND_ADMIN, reason="x") == "four_eyes"


def test_the_representative_alone_stops_neither_of_two() -> None:
    """S94: neither the one trained admin, nor by way of the trainer; what takes no admin away is done."""
    world = _trained(ADMIN, SECOND_ADMIN)
    assert world.refusal("disable-person", REPRESENTATIVE, person=ADMIN, reason="x") == "four_eyes"
    world.do("disable-person", REPRESENTATIVE, person=TRAINER, reason="x")
    assert acting_admins(world.state, world.at) == {ADMIN, SECOND_ADMIN}
    world.do("disable-person", REPRESENTATIVE, person=RESEARCHER, reason="x")
    assert kinds(world.do("enable-person", REPRESENTATIVE, person=RESEARCHER)) == [e.PersonEnabled]


def test_the_representative_does_not_enable_themselves() -> None:
    """S94: who was stopped is let act again by somebody else; a trainer lets nobody."""
    world = everything_holds()
    world.do("disable-person", ADMIN, person=REPRESENTATIVE, reason="x")
    for who in (REPRESENTATIVE, TRAINER):
        assert world.refusal("enable-person", who, person=REPRESENTATIVE) == "not_permitted"


@pytest.mark.parametrize("role", ["admin", "representative", "data-steward", "data-access-office"])
def test_a_role_of_the_centre_is_for_who_works_there(role: str) -> None:
    """S92, S94: nobody of a hospital gets one, and whoever moves to the centre may."""
    world = everything_holds()
    arguments = {"person": STRANGER, "role": role, "until": world.at + 100 * DAY}
    assert world.refusal("appoint-role", ADMIN, **arguments) == "not_allowed_value"
    world.do("move-person", ADMIN, person=STRANGER, institution="centre", email="vera@centre.example")
    assert kinds(world.agree("appoint-role", **arguments))[1:] == [e.RoleAppointed]


@pytest.mark.parametrize("role", ["board-member", "assessor", "trainer", "auditor"])
def test_outsiders_assess_teach_and_audit(role: str) -> None:
    """S92: independent people may come from elsewhere."""
    world = everything_holds()
    arguments = {"person": STRANGER, "role": role, "until": world.at + 100 * DAY}
    assert kinds(world.agree("appoint-role", **arguments))[1:] == [e.RoleAppointed]


def test_who_is_stopped_gets_no_role() -> None:
    """S94, S34, ID-15: neither by two admins nor, to sign, by the representative."""
    world = everything_holds()
    world.do("disable-person", ADMIN, person=COLLEAGUE, reason="x")
    until = world.at + 100 * DAY
    assert world.refusal("appoint-role", ADMIN, person=COLLEAGUE, role="assessor", until=until) == "wrong_state"
    assert world.refusal("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=until) == "wrong_state"


def _identity(who: PersonId, **more: str) -> dict[str, Any]:
    return {"person": who, "identity": "id-9", "issuer": "https://idp.example", "subject": "anna2"} | more


@pytest.mark.parametrize("over", [False, True], ids=["a role", "a role that is over"])
def test_one_admin_links_nobody_who_had_a_role(over: bool) -> None:
    """ID-09, REQ-01: an admin who links their own second login to a colleague's account would be two; two admins do."""
    world = everything_holds()
    if over:
        world.do("end-role", ADMIN, person=THIRD_ADMIN, role="admin")
    assert world.refusal("link-identity", SECOND_ADMIN, **_identity(THIRD_ADMIN)) == "four_eyes"
    events = world.agree("join-identity", **_identity(THIRD_ADMIN, evidence="seen in person"))
    assert events[1:] == (e.IdentityLinked(**_identity(THIRD_ADMIN, evidence="seen in person")),)


def test_one_admin_links_nobody_who_signs() -> None:
    """ID-09, S34: a signing right is a role; who never had one is linked by one admin."""
    world = everything_holds()
    world.do("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=world.at + DAY)
    assert world.refusal("link-identity", SECOND_ADMIN, **_identity(COLLEAGUE)) == "four_eyes"
    assert kinds(world.do("link-identity", SECOND_ADMIN, **_identity(RESEARCHER))) == [e.IdentityLinked]


@pytest.mark.parametrize("way", ["moved", "left", "corrected"])
def test_an_address_that_became_another_persons_stays_theirs(way: str) -> None:
    """ID-05, S16: who left and comes back, leaves again or is corrected takes no address from who has it by now."""
    world = everything_holds()
    world.do("record-departure", ADMIN, person=RESEARCHER)
    new = world.register("rosa")
    if way == "moved":
        arguments = {"institution": "hospital", "email": "rosa.b@hospital.example"}
        world.do("move-person", ADMIN, person=RESEARCHER, **arguments)
    elif way == "left":
        world.append([(person(ADMIN), e.PersonLeft(person=RESEARCHER))])
    else:
        world.append([(person(ADMIN), e.EmailCorrected(person=RESEARCHER, email="rosa.b@hospital.example"))])
    assert world.state.emails["rosa@hospital.example"] == new


def test_the_first_two_admins_keep_each_other() -> None:
    """S94: from the first fact on, before the centre is registered."""
    world = begun()
    assert acting_admins(world.state, world.at) == {ADMIN, SECOND_ADMIN}
    assert world.state.people[ADMIN].institution == InstitutionName("centre")
    for name in ("disable-person", "end-role", "record-departure"):
        assert world.refusal(name, ADMIN, person=SECOND_ADMIN, **_GOING[name]) == "four_eyes"

"""Roles: who is appointed to what, until when, and what is refused (S34, S35, S92, S94)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Role
from access_policy.model.ids import CourseName, InstitutionName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    NOBODY,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    SIGNATORY,
    STRANGER,
    THIRD_ADMIN,
    TICK,
    TRAINER,
    World,
    appoint,
    begun,
    everything_holds,
    kinds,
    on_behalf_of,
)

LONGEST = 1827 * DAY


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"days": 0}, "not_allowed_value"),
        ({"days": 1828}, "not_allowed_value"),
        ({"role": "signatory"}, "not_allowed_value"),
        ({"role": "signatory", "scope": "centre"}, "not_allowed_value"),
        ({"role": "trainer", "scope": "cooking"}, "not_found"),
        ({"role": "admin", "scope": "privacy"}, "not_allowed_value"),
    ],
    ids=[
        "it ends now", "it ends in more than five years", "a signatory of nowhere",
        "a signatory of another institution", "a trainer of no course", "an admin of something",
    ],
)  # fmt: skip
def test_an_appointment_is_refused(changed: dict[str, Any], code: str) -> None:
    """Roles always end; a signatory signs for the institution that they work at (S34), a trainer trains in a course."""
    world = everything_holds()
    arguments: dict[str, Any] = {"role": "trainer", "days": 100} | changed
    until = world.at + arguments.pop("days") * DAY
    assert world.refusal("appoint-role", ADMIN, person=STRANGER, until=until, **arguments) == code


def test_a_role_ends_by_command() -> None:
    """A role is taken away now, and cannot be taken away twice."""
    world = everything_holds()
    assert kinds(world.do("end-role", ADMIN, person=TRAINER, role="trainer")) == [e.RoleEnded]
    assert world.refusal("end-role", ADMIN, person=TRAINER, role="trainer") == "wrong_state"


def test_two_admins_are_always_left() -> None:
    """Nobody could appoint another one: the last two stay, and one who is stopped does not count as left."""
    world = begun()
    assert world.refusal("end-role", ADMIN, person=SECOND_ADMIN, role="admin") == "four_eyes"
    world = everything_holds()
    world.do("disable-person", ADMIN, person=SECOND_ADMIN, reason="left")
    assert world.refusal("end-role", ADMIN, person=THIRD_ADMIN, role="admin") == "four_eyes"


def _until(world: World, role: str, **changed: Any) -> dict[str, Any]:
    return {"person": STRANGER, "role": role, "until": world.at + 10 * DAY} | changed


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SIGNATORY])
def test_each_role_is_appointed_by_two(role: Role) -> None:
    """S92, E28: one admin proposes, another confirms; the fact says which role, and until when."""
    world = everything_holds()
    nora = world.register("nora", "centre")
    until = world.at + 10 * DAY
    events = world.agree("appoint-role", **_until(world, role.value, person=nora, until=until))
    assert events[1:] == (e.RoleAppointed(person=nora, role=role, scope=None, until=until),)


def test_a_role_lasts_five_years_at_most() -> None:
    """REQ-08, REQ-11: up to the very end of the bound, and from the first microsecond on."""
    world = everything_holds()
    for until in (world.at, world.at + LONGEST + TICK):
        assert world.refusal("appoint-role", ADMIN, **_until(world, "trainer", until=until)) == "not_allowed_value"
    for until in (world.at + LONGEST, world.at + DAY):
        assert kinds(world.do("appoint-role", ADMIN, **_until(world, "trainer", until=until))) == [e.CommandProposed]


def test_a_trainer_may_be_bound_to_a_course() -> None:
    """REQ-07: the course stands in the fact."""
    world = everything_holds()
    (_, event) = world.agree("appoint-role", **_until(world, "trainer", scope="privacy"))
    assert isinstance(event, e.RoleAppointed)
    assert event.scope == CourseName("privacy")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.SIGNATORY)])
def test_an_auditor_holds_no_other_role(role: Role) -> None:
    """S92, E56: who examines the others reads and does nothing; in both orders."""
    world = everything_holds()
    nora = world.register("nora", "centre")
    appoint(world, nora, "auditor")
    assert world.refusal("appoint-role", ADMIN, **_until(world, role.value, person=nora)) == "wrong_state"
    appoint(world, COLLEAGUE, role.value)
    assert world.refusal("appoint-role", ADMIN, **_until(world, "auditor", person=COLLEAGUE)) == "wrong_state"


def test_an_auditor_signs_for_nobody() -> None:
    """S92: a signatory is no auditor, and an auditor no signatory, by whichever of the two commands."""
    world = everything_holds()
    appoint(world, STRANGER, "auditor")
    signatory = _until(world, "signatory", scope="hospital")
    assert world.refusal("appoint-role", ADMIN, **signatory) == "wrong_state"
    until = world.at + DAY
    assert world.refusal("appoint-signatory", REPRESENTATIVE, person=STRANGER, until=until) == "wrong_state"
    assert world.refusal("appoint-role", ADMIN, **_until(world, "auditor", person=SIGNATORY)) == "wrong_state"


def test_an_auditor_becomes_another_once_the_role_is_over() -> None:
    """S92, REQ-08: at the end of the one role, and no microsecond before."""
    world = everything_holds()
    until = world.at + 10 * DAY
    world.agree("appoint-role", **_until(world, "auditor", until=until))
    world.at = until - TICK
    assert world.refusal("appoint-role", ADMIN, **_until(world, "trainer")) == "wrong_state"
    world.at = until
    world.do("appoint-role", ADMIN, **_until(world, "trainer"))


def test_an_auditor_is_appointed_for_longer() -> None:
    """S92: the same role is no other one."""
    world = everything_holds()
    world.agree("appoint-role", **_until(world, "auditor"))
    until = world.at + 99 * DAY
    (_, event) = world.agree("appoint-role", **_until(world, "auditor", until=until))
    assert isinstance(event, e.RoleAppointed)
    assert (event.role, event.until) == (Role.AUDITOR, until)


def test_a_role_is_not_appointed_twice_for_the_same_time() -> None:
    """A second appointment says something new: a later end, or another scope."""
    world = everything_holds()
    until = world.at + 10 * DAY
    world.agree("appoint-role", **_until(world, "trainer", until=until))
    for again in (until, until - TICK):
        assert world.refusal("appoint-role", ADMIN, **_until(world, "trainer", until=again)) == "already_exists"
    world.do("appoint-role", ADMIN, **_until(world, "trainer", until=until + TICK))
    world.do("appoint-role", ADMIN, **_until(world, "trainer", until=until, scope="privacy"))
    world.at = until
    world.do("appoint-role", ADMIN, **_until(world, "trainer", until=until + DAY))


@pytest.mark.parametrize("role", ["trainer", "signatory"])
def test_who_left_holds_no_role(role: str) -> None:
    """S33, S73, ID-15: whoever works nowhere is appointed to nothing."""
    world = everything_holds()
    world.do("record-departure", ADMIN, person=STRANGER)
    assert world.refusal("appoint-role", ADMIN, **_until(world, role)) == "wrong_state"
    until = world.at + DAY
    assert world.refusal("appoint-signatory", REPRESENTATIVE, person=STRANGER, until=until) == "wrong_state"


def test_the_representative_says_who_signs_for_an_institution() -> None:
    """S34, S35: for the one that they work at, until a date; who recorded it stands beside the fact."""
    world = everything_holds()
    until = world.at + LONGEST
    hospital = InstitutionName("hospital")
    events = world.do("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=until)
    assert events == (e.RoleAppointed(person=COLLEAGUE, role=Role.SIGNATORY, scope=hospital, until=until),)
    assert world.facts[-1].actor.person == REPRESENTATIVE


def test_somebody_signs_for_the_centre_too() -> None:
    """S34, S73: researchers of the centre itself apply, and its licensee is another person than its representative."""
    world = everything_holds()
    (event,) = world.do("appoint-signatory", REPRESENTATIVE, person=BOARD_MEMBER, until=world.at + DAY)
    assert isinstance(event, e.RoleAppointed)
    assert event.scope == "centre"


@pytest.mark.parametrize("span", [0 * DAY, -DAY, LONGEST + TICK], ids=["now", "in the past", "beyond five years"])
def test_a_signing_right_ends_in_range(span: Any) -> None:
    """S34, REQ-11: it is bounded, and has not ended yet."""
    world = everything_holds()
    arguments = {"person": COLLEAGUE, "until": world.at + span}
    assert world.refusal("appoint-signatory", REPRESENTATIVE, **arguments) == "not_allowed_value"


def test_a_signing_right_is_given_once() -> None:
    """S34: again only for longer."""
    world = everything_holds()
    until = world.at + DAY
    world.do("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=until)
    assert world.refusal("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=until) == "already_exists"
    world.do("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=until + DAY)


@pytest.mark.parametrize(
    ("who", "person", "code"),
    [
        (ADMIN, COLLEAGUE, "not_permitted"),
        (RESEARCHER, COLLEAGUE, "not_permitted"),
        (SIGNATORY, COLLEAGUE, "not_permitted"),
        (REPRESENTATIVE, REPRESENTATIVE, "four_eyes"),
        (REPRESENTATIVE, NOBODY, "not_found"),
    ],
    ids=["an admin", "a researcher", "another signatory", "for themselves", "nobody"],
)
def test_who_says_nothing_about_signing(who: PersonId, person: PersonId, code: str) -> None:
    """S34, S35: an administrator alone makes nobody the signatory, and nobody makes themselves one."""
    world = everything_holds()
    assert world.refusal("appoint-signatory", who, person=person, until=world.at + DAY) == code


def test_no_operator_says_who_signs() -> None:
    """S35: the representative records the delegation in person."""
    world = everything_holds()
    arguments = {"person": COLLEAGUE, "until": world.at + DAY}
    assert world.refusal("appoint-signatory", on_behalf_of(REPRESENTATIVE), **arguments) == "personal_command"


def test_a_role_that_is_over_is_not_ended() -> None:
    """REQ-08: up to its last microsecond, and not at its end; nobody ends a role of nobody."""
    world = everything_holds()
    until = world.at + DAY
    world.agree("appoint-role", **_until(world, "trainer", until=until))
    world.at = until
    assert world.refusal("end-role", ADMIN, person=STRANGER, role="trainer") == "wrong_state"
    world.at = until - TICK
    world.do("end-role", ADMIN, person=STRANGER, role="trainer")
    assert world.refusal("end-role", ADMIN, person=NOBODY, role="trainer") == "not_found"


def test_an_admin_ends_where_two_are_left() -> None:
    """S94: with three, one may go; then none of the two others."""
    world = everything_holds()
    assert kinds(world.do("end-role", ADMIN, person=THIRD_ADMIN, role="admin")) == [e.RoleEnded]
    assert world.refusal("end-role", ADMIN, person=SECOND_ADMIN, role="admin") == "four_eyes"

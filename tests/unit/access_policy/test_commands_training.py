"""Courses and certifications: what is recorded, and what is refused (S74, REQ-07)."""

import pytest

from access_policy import events as e
from access_policy.model.ids import CourseName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    RESEARCHER,
    TRAINER,
    appoint,
    everything_holds,
    kinds,
)


def test_a_course_is_registered_once() -> None:
    """S74: with how long it holds and whether it binds everybody."""
    world = everything_holds()
    arguments = {"course": "cloud", "title": "Cloud", "validity_days": 30}
    assert kinds(world.do("register-course", TRAINER, **arguments)) == [e.CourseRegistered]
    assert world.refusal("register-course", ADMIN, **arguments) == "already_exists"
    assert [course.course for course in world.state.required_courses] == ["privacy", "cloud"]


@pytest.mark.parametrize("validity_days", [0, -1, 1828, "NaN"])
def test_a_course_that_never_ends_is_no_course(validity_days: object) -> None:
    """REQ-11: a certification always ends, within five years."""
    with pytest.raises(ValueError, match="validity_days"):
        everything_holds().attempt("register-course", ADMIN, course="x", title="X", validity_days=validity_days)


def test_a_certification_holds_from_now_for_the_validity() -> None:
    """REQ-07, S74: neither the beginning nor the end can be chosen."""
    world = everything_holds()
    at = world.at
    (event,) = world.do("certify-person", TRAINER, person=COLLEAGUE, course="privacy")
    assert event == e.PersonCertified(person=COLLEAGUE, course=CourseName("privacy"), ends=at + 365 * DAY)


@pytest.mark.parametrize("name", ["ends", "begins", "at"])
def test_a_date_cannot_be_given(name: str) -> None:
    """REQ-07: a back-dated or post-dated certification is no command at all."""
    world = everything_holds()
    with pytest.raises(ValueError, match=name):
        world.attempt("certify-person", TRAINER, person=COLLEAGUE, course="privacy", **{name: world.at})


def test_nobody_certifies_themselves() -> None:
    """REQ-07: a trainer is certified by another one."""
    assert everything_holds().refusal("certify-person", TRAINER, person=TRAINER, course="privacy") == "four_eyes"


@pytest.mark.parametrize("who", [RESEARCHER, ADMIN], ids=["a researcher", "an admin"])
def test_only_a_trainer_certifies(who: PersonId) -> None:
    """REQ-06, REQ-07: not a colleague, not an admin."""
    assert everything_holds().refusal("certify-person", who, person=COLLEAGUE, course="privacy") == "not_permitted"


def test_a_trainer_of_another_course_neither_certifies_nor_revokes() -> None:
    """REQ-07: the trainer of course A does not mark course B."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=30)
    appoint(world, COLLEAGUE, "trainer", "cloud")
    about = {"person": RESEARCHER, "course": "privacy"}
    assert world.refusal("certify-person", COLLEAGUE, **about) == "not_permitted"
    assert world.refusal("revoke-certification", COLLEAGUE, **about, reason="copied") == "not_permitted"


def test_an_unknown_course_is_not_found() -> None:
    """S74: nobody passes a course that is not registered."""
    assert everything_holds().refusal("certify-person", TRAINER, person=COLLEAGUE, course="cooking") == "not_found"


def test_a_certification_is_revoked_once() -> None:
    """S74: all certifications of the course are taken back; there is nothing to take back twice, or from others."""
    world = everything_holds()
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    arguments = {"person": RESEARCHER, "course": "privacy", "reason": "copied"}
    assert kinds(world.do("revoke-certification", ADMIN, **arguments)) == [e.CertificationRevoked]
    assert world.refusal("revoke-certification", ADMIN, **arguments) == "wrong_state"
    assert world.refusal("revoke-certification", ADMIN, **arguments | {"person": COLLEAGUE}) == "wrong_state"
    assert not world.decide().allowed

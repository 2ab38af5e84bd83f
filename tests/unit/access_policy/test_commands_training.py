"""Courses: whom they bind, in which version, and who is left to certify (S74, E28)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Role
from access_policy.model.ids import CourseName
from access_policy.reasons import ReasonCode
from access_policy.rules.training import trained_for
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    MINUTE,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    THIRD_ADMIN,
    TICK,
    TRAINER,
    World,
    begun,
    dataset_arguments,
    everything_holds,
    kinds,
)

PRIVACY = CourseName("privacy")
CLOUD: dict[str, Any] = {"course": "cloud", "title": "Cloud", "validity_days": 30}


def test_a_course_is_registered_once() -> None:
    """S74: with how long it holds and whether it binds everybody."""
    world = everything_holds()
    assert kinds(world.do("register-course", ADMIN, **CLOUD)) == [e.CourseRegistered]
    assert world.refusal("register-course", ADMIN, **CLOUD) == "already_exists"
    assert [course.course for course in world.state.required_courses] == ["privacy", "cloud"]


def test_a_course_says_whom_it_binds_and_which_version_it_is() -> None:
    """S74, E28: everybody, those who act in a role, or neither; all of it stands in the fact."""
    (event,) = everything_holds().do(
        "register-course", ADMIN, **CLOUD, required=False, roles=("assessor", "data-steward"), version="2026-1"
    )
    assert event == e.CourseRegistered(
        course=CourseName("cloud"), title="Cloud", validity_days=30, required=False,
        roles=(Role.ASSESSOR, Role.DATA_STEWARD), version="2026-1",
    )  # fmt: skip


def test_a_role_that_a_course_names_twice_is_refused() -> None:
    """E28: a list with a double entry is a slip, and nothing is guessed."""
    roles = ("assessor", "assessor")
    assert everything_holds().refusal("register-course", ADMIN, **CLOUD, roles=roles) == "not_allowed_value"


def test_who_acts_in_a_role_has_passed_its_course_before() -> None:
    """E28: the steward stops acting with the course that binds the role, and acts again once it is passed."""
    world = everything_holds()
    world.do("register-course", ADMIN, **CLOUD, required=False, roles=("data-steward",))
    dataset = dataset_arguments("images")
    assert world.refusal("register-dataset", STEWARD, **dataset) == "not_permitted"
    assert world.decide().allowed
    world.do("certify-person", TRAINER, person=STEWARD, course="cloud")
    world.do("register-dataset", STEWARD, **dataset)


@pytest.mark.parametrize("binding", [True, False])
def test_a_course_of_a_role_holds_as_every_course(binding: bool) -> None:
    """E28, REQ-08: until its end and not at it; not once revoked, nor once a binding version is out."""
    world = everything_holds()
    world.do("register-course", ADMIN, **CLOUD, required=False, roles=("data-steward",))
    world.do("certify-person", TRAINER, person=STEWARD, course="cloud")
    ends = world.at - MINUTE + 30 * DAY

    def trained(at: Any) -> bool:
        return trained_for(world.state, world.state.people[STEWARD], Role.DATA_STEWARD, at)

    assert [trained(at) for at in (ends - TICK, ends)] == [True, False]
    world.do("revise-course", ADMIN, course="cloud", version="2", binding=binding)
    assert trained(world.at) is not binding
    world.do("certify-person", TRAINER, person=STEWARD, course="cloud")
    assert trained(world.at)
    world.do("revoke-certification", TRAINER, person=STEWARD, course="cloud", reason="copied")
    assert not trained(world.at)


@pytest.mark.parametrize("validity_days", [0, -1, 1828, "NaN"])
def test_a_course_that_never_ends_is_no_course(validity_days: object) -> None:
    """REQ-11: a certification always ends, within five years."""
    with pytest.raises(ValueError, match="validity_days"):
        everything_holds().attempt("register-course", ADMIN, course="x", title="X", validity_days=validity_days)


def _one_admin() -> World:
    world = everything_holds()
    stopped = [e.PersonDisabled(person=who, reason="left") for who in (SECOND_ADMIN, THIRD_ADMIN)]
    world.append([(person(ADMIN), event) for event in stopped])
    return world


@pytest.mark.parametrize(
    ("world", "roles", "refused"),
    [
        (everything_holds, ("admin",), True),
        (everything_holds, ("trainer",), False),
        (everything_holds, ("admin", "trainer"), True),
        (begun, ("admin",), True),
        (_one_admin, ("admin",), True),
        (_one_admin, ("trainer",), True),
        (_one_admin, ("assessor",), False),
    ],
    ids=[
        "no admin has passed it", "admins exempt the trainers", "all of them at once", "no trainer yet",
        "the only admin has not passed it", "one admin cannot exempt alone", "a role that certifies nobody",
    ],
)  # fmt: skip
def test_a_course_leaves_somebody_who_certifies(world: Any, roles: tuple[str, ...], refused: bool) -> None:
    """E28, S94: a course never shuts out at once all who could certify or exempt those whom it binds."""
    there = world()
    arguments = CLOUD | {"required": False, "roles": roles}
    if refused:
        assert there.refusal("register-course", ADMIN, **arguments) == "four_eyes"
    else:
        assert kinds(there.do("register-course", ADMIN, **arguments)) == [e.CourseRegistered]


@pytest.mark.parametrize("binding", [True, False])
def test_a_course_is_revised(binding: bool) -> None:
    """S74: a binding version has to be passed again before a workspace opens; another one changes the name only."""
    world = everything_holds()
    (event,) = world.do("revise-course", ADMIN, course="privacy", version="2", binding=binding)
    assert event == e.CourseRevised(course=PRIVACY, version="2", binding=binding)
    assert world.state.courses[PRIVACY].version == "2"
    assert world.decide().allowed is not binding
    assert (ReasonCode.TRAINING_OUTDATED in world.decide().codes) is binding
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    assert world.decide().allowed


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"course": "cooking"}, "not_found"), ({"version": "1"}, "already_exists")],
    ids=["an unknown course", "the version in force"],
)
def test_a_revision_is_refused(changed: dict[str, Any], code: str) -> None:
    """S74: of a course that is registered, and under a new name."""
    arguments = {"course": "privacy", "version": "2", "binding": True} | changed
    assert everything_holds().refusal("revise-course", TRAINER, **arguments) == code

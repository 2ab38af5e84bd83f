"""Training sessions: planned, attended with a code, confirmed by a trainer who was not among them (S74, REQ-07)."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import CertificationKind
from access_policy.model.ids import CourseName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DIGEST,
    MINUTE,
    RESEARCHER,
    STEWARD,
    STRANGER,
    TICK,
    TRAINER,
    World,
    appoint,
    everything_holds,
    kinds,
    on_behalf_of,
)

CODE = "blue heron"
SHA256 = hashlib.sha256(CODE.encode()).hexdigest()
PRIVACY = CourseName("privacy")
WINDOW = 14 * DAY


def _planned(ahead: timedelta = timedelta(0)) -> World:
    """Return a world with training 1 of the course that binds everybody, `ahead` of now."""
    world = everything_holds()
    world.do("plan-training", TRAINER, course="privacy", on=world.at + MINUTE + ahead, code=SHA256)
    return world


def _claim(world: World, *people: PersonId) -> None:
    for one in people:
        world.do("claim-attendance", one, person=one, training=1, code=CODE)


def _attended(*people: PersonId) -> World:
    world = _planned()
    _claim(world, *people)
    return world


def test_a_training_is_planned_with_the_digest_of_its_code() -> None:
    """S74: the code itself is in no fact; trainings are numbered one after the other."""
    world = everything_holds()
    on = world.at + DAY
    (event,) = world.do("plan-training", TRAINER, course="privacy", on=on, code=SHA256)
    assert event == e.TrainingPlanned(training=1, course=PRIVACY, on=on, code=SHA256)
    (second,) = world.do("plan-training", TRAINER, course="privacy", on=on, code=DIGEST)
    assert isinstance(second, e.TrainingPlanned)
    assert second.training == 2


@pytest.mark.parametrize(
    ("day", "span", "code"),
    [
        ("today", timedelta(0), None),
        ("today", -TICK, "not_allowed_value"),
        ("now", 366 * DAY, None),
        ("now", 366 * DAY + TICK, "not_allowed_value"),
    ],
    ids=["this morning at midnight", "yesterday", "a year ahead", "more than a year ahead"],
)
def test_a_training_is_today_or_within_a_year(day: str, span: timedelta, code: str | None) -> None:
    """S74, REQ-07, REQ-11: none is planned for a day that is over, and none for years ahead."""
    world = everything_holds()
    begin = world.at if day == "now" else world.at.replace(hour=0, minute=0, second=0, microsecond=0)
    arguments = {"course": "privacy", "on": begin + span, "code": SHA256}
    if code is None:
        assert kinds(world.do("plan-training", TRAINER, **arguments)) == [e.TrainingPlanned]
    else:
        assert world.refusal("plan-training", TRAINER, **arguments) == code


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (TRAINER, {"course": "cooking"}, "not_found"),
        (TRAINER, {"code": SHA256}, "already_exists"),
        (ADMIN, {}, "not_permitted"),
    ],
    ids=["an unknown course", "the code of another training", "an admin"],
)
def test_a_training_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S74, REQ-06: who knows the code of one training must not be able to claim another."""
    world = _planned()
    arguments = {"course": "privacy", "on": world.at + DAY, "code": DIGEST} | changed
    assert world.refusal("plan-training", who, **arguments) == code


def test_the_trainer_of_another_course_plans_and_confirms_nothing() -> None:
    """REQ-07: the trainer of course A neither plans nor confirms trainings of course B."""
    world = _attended(COLLEAGUE)
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=30, required=False)
    appoint(world, STRANGER, "trainer", "cloud")
    plan = {"course": "privacy", "on": world.at + DAY, "code": DIGEST}
    assert world.refusal("plan-training", STRANGER, **plan) == "not_permitted"
    assert world.refusal("confirm-attendance", STRANGER, training=1, people=(COLLEAGUE,)) == "not_permitted"
    world.do("plan-training", STRANGER, **plan | {"course": "cloud"})


def test_attendance_is_claimed_and_certifies_nobody_by_itself() -> None:
    """S74: giving the code is a claim; without the trainer there is no certification."""
    world = _planned()
    (event,) = world.do("claim-attendance", COLLEAGUE, person=COLLEAGUE, training=1, code=CODE)
    assert event == e.AttendanceClaimed(person=COLLEAGUE, training=1)
    assert not world.state.people[COLLEAGUE].certifications


@pytest.mark.parametrize(
    ("after", "code"),
    [(-TICK, "wrong_state"), (timedelta(0), None), (WINDOW - TICK, None), (WINDOW, "wrong_state")],
    ids=["a tick before", "at its instant", "a tick before the fortnight is over", "after a fortnight"],
)
def test_attendance_is_claimed_within_a_fortnight(after: timedelta, code: str | None) -> None:
    """S74, REQ-08: from the training's instant on, for fourteen days, half-open."""
    world = _planned(DAY)
    world.at = world.state.trainings[1].on + after
    arguments = {"person": COLLEAGUE, "training": 1, "code": CODE}
    if code is None:
        assert kinds(world.do("claim-attendance", COLLEAGUE, **arguments)) == [e.AttendanceClaimed]
    else:
        assert world.refusal("claim-attendance", COLLEAGUE, **arguments) == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"training": 2}, "not_found"),
        ({"code": "Blue heron"}, "not_allowed_value"),
        ({"code": SHA256}, "not_allowed_value"),
        ({"person": RESEARCHER}, "already_exists"),
    ],
    ids=["an unknown training", "another code", "the digest, which the log shows", "twice"],
)
def test_a_claim_is_refused(changed: dict[str, Any], code: str) -> None:
    """S74: only the code that was shown, and once."""
    arguments = {"person": COLLEAGUE, "training": 1, "code": CODE} | changed
    who = PersonId(str(arguments["person"]))
    assert _attended(RESEARCHER).refusal("claim-attendance", who, **arguments) == code


def test_nobody_claims_for_somebody_else() -> None:
    """S74, REQ-07: not even the trainer, nor an operator of the machine."""
    world = _planned()
    arguments = {"person": COLLEAGUE, "training": 1, "code": CODE}
    assert world.refusal("claim-attendance", TRAINER, **arguments) == "not_permitted"
    assert world.refusal("claim-attendance", on_behalf_of(COLLEAGUE), **arguments) == "personal_command"


def test_the_trainer_confirms_and_each_is_certified() -> None:
    """S74: with the list one certification for each, from now for the course's validity, as attended."""
    world = _attended(COLLEAGUE, STRANGER)
    ends = world.at + 365 * DAY
    events = world.do("confirm-attendance", TRAINER, training=1, people=(COLLEAGUE, STRANGER))
    assert events == (
        e.AttendanceConfirmed(training=1, people=(COLLEAGUE, STRANGER)),
        *(
            e.PersonCertified(person=one, course=PRIVACY, ends=ends, kind=CertificationKind.ATTENDED)
            for one in (COLLEAGUE, STRANGER)
        ),
    )
    assert world.state.people[STRANGER].certifications[PRIVACY][0].by == TRAINER


def test_who_comes_later_is_confirmed_later() -> None:
    """S74: a second list adds those who are not on the first, and nobody is certified twice for one training."""
    world = _attended(COLLEAGUE, STRANGER)
    world.do("confirm-attendance", TRAINER, training=1, people=(COLLEAGUE,))
    both = (COLLEAGUE, STRANGER)
    assert world.refusal("confirm-attendance", TRAINER, training=1, people=both) == "wrong_state"
    world.do("confirm-attendance", TRAINER, training=1, people=(STRANGER,))


@pytest.mark.parametrize(
    ("training", "people", "code"),
    [
        (2, (COLLEAGUE,), "not_found"),
        (1, (COLLEAGUE, STRANGER), "not_found"),
        (1, (COLLEAGUE, "P-999"), "not_found"),
        (1, (), "not_complete"),
        (1, (COLLEAGUE, COLLEAGUE), "not_allowed_value"),
        (1, (COLLEAGUE, TRAINER), "four_eyes"),
    ],
    ids=[
        "an unknown training", "somebody without the code", "nobody who is known", "an empty list", "one twice",
        "the trainer themselves",
    ],
)  # fmt: skip
def test_a_list_is_refused_as_a_whole(training: int, people: tuple[str, ...], code: str) -> None:
    """S74, REQ-07: who did not give the code does not count, and nobody certifies themselves."""
    world = _attended(COLLEAGUE, TRAINER)
    assert world.refusal("confirm-attendance", TRAINER, training=training, people=people) == code


def test_another_trainer_confirms_a_trainer() -> None:
    """REQ-07: a trainer who attended is confirmed by one who does not stand on the list."""
    world = _attended(TRAINER)
    appoint(world, STEWARD, "trainer")
    assert kinds(world.do("confirm-attendance", STEWARD, training=1, people=(TRAINER,)))[1:] == [e.PersonCertified]


@pytest.mark.parametrize(("binding", "code"), [(True, "wrong_state"), (False, None)], ids=["binding", "not binding"])
def test_an_old_version_that_was_attended_is_not_the_new_one(binding: bool, code: str | None) -> None:
    """S74: a training before a binding version came out does not certify in that version."""
    world = _attended(COLLEAGUE)
    world.do("revise-course", ADMIN, course="privacy", version="2", binding=binding)
    arguments = {"training": 1, "people": (COLLEAGUE,)}
    if code is None:
        world.do("confirm-attendance", TRAINER, **arguments)
    else:
        assert world.refusal("confirm-attendance", TRAINER, **arguments) == code


def test_a_training_of_the_morning_counts_for_a_course_that_was_registered_at_noon() -> None:
    """S74: a first version is no revision; the day's training may be entered after it."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=30, required=False)
    world.do("plan-training", TRAINER, course="cloud", on=world.at - 60 * MINUTE, code=SHA256)
    _claim(world, COLLEAGUE)
    events = world.do("confirm-attendance", TRAINER, training=1, people=(COLLEAGUE,))
    assert kinds(events) == [e.AttendanceConfirmed, e.PersonCertified]

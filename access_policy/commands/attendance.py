"""Training sessions: planned, attended by those who give their code, confirmed by a trainer (S74, REQ-07)."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import (
    Command,
    Digest,
    Instant,
    Line,
    Name,
    OfPerson,
    Outcome,
    PersonRef,
    Refusal,
    RefusalCode,
)
from access_policy.commands.training import no_course
from access_policy.model.enums import CertificationKind
from access_policy.model.ids import CourseName, PersonId
from access_policy.model.instants import days
from access_policy.state import State, Training

FURTHEST_TRAINING_DAYS = 366
DAYS_TO_CLAIM = 14
DAYS_TO_CONFIRM = 60

TrainingNumber = Annotated[int, Meta(ge=1, le=999_999_999)]


class PlanTraining(Command, frozen=True, kw_only=True):
    """Plan a training session of a course. `code` is the SHA-256 of the code that its attendants get to see."""

    course: Name
    on: Instant
    code: Digest


class ClaimAttendance(OfPerson, frozen=True, kw_only=True):
    """Give the attendance code of a training that you attended; it counts once the trainer confirms the list."""

    training: TrainingNumber
    code: Line


class ConfirmAttendance(Command, frozen=True, kw_only=True):
    """Confirm who attended a training; each of them is certified. Who did not give the code does not count."""

    training: TrainingNumber
    people: tuple[PersonRef, ...]


def plan_training(state: State, c: PlanTraining, actor: Actor, at: datetime) -> Outcome:
    """S74: today or within a year, with a code of its own: that of another training would let its attendants in."""
    if CourseName(c.course) not in state.courses:
        return no_course(c.course)
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if not today <= c.on <= at + days(FURTHEST_TRAINING_DAYS):
        text = f"`on` lies between today and {FURTHEST_TRAINING_DAYS} days on"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if any(one.code == c.code for one in state.trainings.values()):
        return Refusal(RefusalCode.ALREADY_EXISTS, "another training has this code; make a new one")
    number = len(state.trainings) + 1
    return (e.TrainingPlanned(training=number, course=CourseName(c.course), on=c.on, code=c.code),)


def claim_attendance(state: State, c: ClaimAttendance, actor: Actor, at: datetime) -> Outcome:
    """S74: with the code that was shown there, from the training's instant on and for a fortnight."""
    training = state.trainings.get(c.training)
    if training is None:
        return _no_training(c.training)
    if c.person in training.claimed:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` gave the code of training `{c.training}` already")
    if not training.on <= at < training.on + days(DAYS_TO_CLAIM):
        text = f"attendance is claimed within {DAYS_TO_CLAIM} days from the training on; ask its trainer"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if hashlib.sha256(c.code.encode()).hexdigest() != training.code:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"this is not the code of training `{c.training}`; read it again")
    return (e.AttendanceClaimed(person=c.person, training=c.training),)


def _no_training(number: int) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"no training has the number `{number}`")


def confirm_attendance(state: State, c: ConfirmAttendance, actor: Actor, at: datetime) -> Outcome:
    """S74, REQ-07: only who gave the code, each once, from now for the course's validity; nobody their own.

    Not for ever after, and not where the certification of the course was revoked since.
    """
    training = state.trainings.get(c.training)
    if training is None:
        return _no_training(c.training)
    people = tuple(PersonId(one) for one in c.people)
    problem = _list_problem(people, actor) or _attendance_problem(state, training, people)
    problem = problem or next((one for person in people if (one := _stale(state, training, person, at))), None)
    if problem is not None:
        return problem
    course = state.courses[training.course]
    certified = [
        e.PersonCertified(
            person=one, course=course.course, ends=at + days(course.validity_days), kind=CertificationKind.ATTENDED
        )
        for one in people
    ]
    return (e.AttendanceConfirmed(training=c.training, people=people), *certified)


def _list_problem(people: tuple[PersonId, ...], actor: Actor) -> Refusal | None:
    if actor.person in people:
        return Refusal(RefusalCode.FOUR_EYES, f"`{actor.person}` attended; another trainer confirms that")
    if not people:
        return Refusal(RefusalCode.NOT_COMPLETE, "`people` is empty; name who attended")
    if len(set(people)) != len(people):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`people` names somebody twice; name each once")
    return None


def _attendance_problem(state: State, training: Training, people: tuple[PersonId, ...]) -> Refusal | None:
    """Who attended before a binding version of the course came out did not attend that version (S74)."""
    course = state.courses[training.course]
    if training.on < course.binding_since != course.since:
        text = f"course `{training.course}` was revised since; who attended needs a newer training"
        return Refusal(RefusalCode.WRONG_STATE, text)
    for one in people:
        if one not in training.claimed:
            return Refusal(RefusalCode.NOT_FOUND, f"`{one}` did not give the code of training `{training.training}`")
        if one in training.confirmed:
            return Refusal(RefusalCode.WRONG_STATE, f"`{one}` is confirmed already; leave them out")
    return None


def _stale(state: State, training: Training, person: PersonId, at: datetime) -> Refusal | None:
    """S74: an old claim does not certify, nor one from before a certification of the course was revoked."""
    claimed = training.claimed[person]
    if at >= claimed + days(DAYS_TO_CONFIRM):
        text = f"`{person}` gave the code more than {DAYS_TO_CONFIRM} days ago; they attend a newer training"
        return Refusal(RefusalCode.WRONG_STATE, text)
    passed = state.people[person].certifications.get(training.course, [])
    if any(one.revoked is not None and one.revoked >= claimed for one in passed):
        text = f"a certification of `{person}` was revoked since they gave the code; they attend a newer training"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return None

"""Courses and certifications (S74, REQ-07)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.model.ids import CourseName
from access_policy.model.instants import days
from access_policy.state import State


class RegisterCourse(Command, frozen=True, kw_only=True):
    """Register a course; `validity_days` is how long a certification holds; required ones bind everybody."""

    course: Name
    title: Line
    validity_days: Annotated[int, Meta(ge=1, le=1827)]
    required: bool = True


class CertifyPerson(OfPerson, frozen=True, kw_only=True):
    """Certify that the person passed the course today. Nobody certifies themselves."""

    course: Name


class RevokeCertification(OfPerson, frozen=True, kw_only=True):
    """Take the certifications of a person in a course back."""

    course: Name
    reason: Text


def register_course(state: State, c: RegisterCourse, actor: Actor, at: datetime) -> Outcome:
    """S74."""
    if CourseName(c.course) in state.courses:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"course `{c.course}` is registered already")
    return (
        e.CourseRegistered(
            course=CourseName(c.course), title=c.title, validity_days=c.validity_days, required=c.required
        ),
    )


def certify_person(state: State, c: CertifyPerson, actor: Actor, at: datetime) -> Outcome:
    """S74: from now, for the course's validity; neither the begin nor the end can be chosen (REQ-07)."""
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no course is named `{c.course}`")
    return (e.PersonCertified(person=c.person, course=course.course, ends=at + days(course.validity_days)),)


def revoke_certification(state: State, c: RevokeCertification, actor: Actor, at: datetime) -> Outcome:
    """S74."""
    certifications = state.people[c.person].certifications.get(CourseName(c.course), [])
    if not any(certification.revoked is None for certification in certifications):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no certification in `{c.course}` to revoke")
    return (e.CertificationRevoked(person=c.person, course=CourseName(c.course), reason=c.reason),)

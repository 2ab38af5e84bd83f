"""Courses and their versions, certifications, exemptions, and taking them back (S74, E28, REQ-07)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Instant, Line, Name, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.model.enums import CertificationKind, Role
from access_policy.model.ids import CourseName
from access_policy.model.instants import days
from access_policy.standing import acts_as
from access_policy.state import Person, State


class RegisterCourse(Command, frozen=True, kw_only=True):
    """Register a course; `validity_days` is how long a certification holds; required ones bind everybody.

    `roles` names who must have passed it before they act; a course of neither kind binds where a dataset asks for it.
    """

    course: Name
    title: Line
    validity_days: Annotated[int, Meta(ge=1, le=1827)]
    required: bool = True
    roles: tuple[Role, ...] = ()
    version: Line = "1"


class ReviseCourse(Command, frozen=True, kw_only=True):
    """Record a new version of a course; a binding one has to be passed again by everybody."""

    course: Name
    version: Line
    binding: bool


class CertifyPerson(OfPerson, frozen=True, kw_only=True):
    """Certify that the person passed the course today. Nobody certifies themselves."""

    course: Name


class ExemptPerson(OfPerson, frozen=True, kw_only=True):
    """Exempt a person from a course until a date, with a reason; another admin confirms. Exemptions always end."""

    course: Name
    until: Instant
    reason: Text


class RevokeTrainer(OfPerson, frozen=True, kw_only=True):
    """Take back all that one trainer issued since an instant, together."""

    since: Instant
    reason: Text


class RevokeCertification(OfPerson, frozen=True, kw_only=True):
    """Take the certifications of a person in a course back."""

    course: Name
    reason: Text


def register_course(state: State, c: RegisterCourse, actor: Actor, at: datetime) -> Outcome:
    """S74, E28: whom it binds stands in it; one that binds neither everybody nor a role binds where a dataset asks."""
    if CourseName(c.course) in state.courses:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"course `{c.course}` is registered already")
    if len(set(c.roles)) != len(c.roles):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`roles` names a role twice; name each once")
    if _shuts_out(state, c.course, frozenset(c.roles), at):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, _NOBODY_LEFT)
    return (
        e.CourseRegistered(
            course=CourseName(c.course), title=c.title, validity_days=c.validity_days, required=c.required,
            roles=c.roles, version=c.version,
        ),
    )  # fmt: skip


_NOBODY_LEFT = "nobody would be left who certifies trainers and admins; let a trainer or two admins go without it"


def _shuts_out(state: State, course: str, roles: frozenset[Role], at: datetime) -> bool:
    """Say whether a course binds trainers or admins, and leaves neither a trainer nor two admins who act (S94)."""
    if not roles & {Role.TRAINER, Role.ADMIN}:
        return False
    people = state.people.values()
    trainers = any(_teaches(one, course, at) and acts_as(state, one.person, Role.TRAINER, at) for one in people)
    admins = sum(acts_as(state, one.person, Role.ADMIN, at) for one in people)
    return (Role.TRAINER in roles or not trainers) and (Role.ADMIN in roles or admins < 2)


def _teaches(person: Person, course: str, at: datetime) -> bool:
    return any(
        one.role is Role.TRAINER and one.scope in (None, course) and one.holds(at) for one in person.appointments
    )


def revise_course(state: State, c: ReviseCourse, actor: Actor, at: datetime) -> Outcome:
    """S74, E28: under a new name; what was passed before a binding version counts no more."""
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return no_course(c.course)
    if c.version == course.version:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` is in force already; name the new one")
    if c.binding and _shuts_out(state, c.course, course.roles, at):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, _NOBODY_LEFT)
    return (e.CourseRevised(course=course.course, version=c.version, binding=c.binding),)


def no_course(name: str) -> Refusal:
    """Return the refusal of a course that is not registered."""
    return Refusal(RefusalCode.NOT_FOUND, f"no course is named `{name}`")


def certify_person(state: State, c: CertifyPerson, actor: Actor, at: datetime) -> Outcome:
    """S74: from now, for the course's validity; neither the begin nor the end can be chosen (REQ-07)."""
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return no_course(c.course)
    return (e.PersonCertified(person=c.person, course=course.course, ends=at + days(course.validity_days)),)


def exempt_person(state: State, c: ExemptPerson, actor: Actor, at: datetime) -> Outcome:
    """S74: with a reason, and never for longer than the course itself would hold (REQ-07)."""
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return no_course(c.course)
    if not at < c.until <= at + days(course.validity_days):
        text = f"`until` lies between now and {course.validity_days} days on; exemptions always end"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return (
        e.PersonCertified(
            person=c.person, course=course.course, ends=c.until, kind=CertificationKind.EXEMPTED, reason=c.reason
        ),
    )


def revoke_certification(state: State, c: RevokeCertification, actor: Actor, at: datetime) -> Outcome:
    """S74."""
    certifications = state.people[c.person].certifications.get(CourseName(c.course), [])
    if not any(certification.revoked is None for certification in certifications):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no certification in `{c.course}` to revoke")
    return (e.CertificationRevoked(person=c.person, course=CourseName(c.course), reason=c.reason),)


def revoke_trainer(state: State, c: RevokeTrainer, actor: Actor, at: datetime) -> Outcome:
    """S74, REQ-07: all that a trainer issued at or after an instant, on any ground, each person and course once."""
    issued = tuple(
        e.CertificationRevoked(person=person.person, course=course, reason=c.reason)
        for person in state.people.values()
        for course, certifications in person.certifications.items()
        if any(one.by == c.person and one.begins >= c.since and one.revoked is None for one in certifications)
    )
    return issued or Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` issued nothing since then that could be revoked")

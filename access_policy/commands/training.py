"""Courses and their versions, certifications, exemptions, and taking them back (S74, E28, REQ-07)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Instant, Line, Name, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.lockout import ADMINS_LEFT, acting_admins, admins_untrained, certifications_lost
from access_policy.model.enums import CertificationKind, Role
from access_policy.model.ids import CourseName
from access_policy.model.instants import days
from access_policy.standing import acts_as
from access_policy.state import Course, State


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
    """Record a new version of a course; a binding one has to be passed again by everybody.

    `roles` names who must have passed it before they act from now on, besides those whom it bound before.
    """

    course: Name
    version: Line
    binding: bool
    roles: tuple[Role, ...] = ()


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


_TWICE = "`roles` names a role twice; name each once"


def register_course(state: State, c: RegisterCourse, actor: Actor, at: datetime) -> Outcome:
    """S74, E28: whom it binds stands in it; one that binds neither everybody nor a role binds where a dataset asks."""
    if CourseName(c.course) in state.courses:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"course `{c.course}` is registered already")
    if len(set(c.roles)) != len(c.roles):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, _TWICE)
    binds = c.required or bool(c.roles)
    problem = _admins_only(state, actor, at) if binds else None
    return problem or _shut_out(state, frozenset(c.roles), None, at) or (
        e.CourseRegistered(
            course=CourseName(c.course), title=c.title, validity_days=c.validity_days, required=c.required,
            roles=c.roles, version=c.version,
        ),
    )  # fmt: skip


def _admins_only(state: State, actor: Actor, at: datetime) -> Refusal | None:
    """S94: a trainer alone binds nobody to what only trainers certify."""
    if acts_as(state, actor.person, Role.ADMIN, at):
        return None
    return Refusal(RefusalCode.NOT_PERMITTED, "what binds people is an admin's to register; ask one of them")


def _shut_out(state: State, roles: frozenset[Role], course: Course | None, at: datetime) -> Refusal | None:
    """E28, S94: a course binds no admins who act and have not passed it, nor trainers whom no two could exempt."""
    if Role.TRAINER in roles and len(acting_admins(state, at)) < ADMINS_LEFT:
        return Refusal(RefusalCode.FOUR_EYES, "it takes two admins to exempt a trainer from it; appoint another first")
    return admins_untrained(state, course, at) if Role.ADMIN in roles else None


def revise_course(state: State, c: ReviseCourse, actor: Actor, at: datetime) -> Outcome:
    """S74, E28: under a new name; what was passed before a binding version counts no more."""
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return no_course(c.course)
    if c.version == course.version:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` is in force already; name the new one")
    if len(set(c.roles)) != len(c.roles):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, _TWICE)
    problem = _admins_only(state, actor, at) if c.binding or c.roles else None
    newly = frozenset(c.roles) | (course.roles if c.binding else frozenset())
    problem = problem or _shut_out(state, newly, None if c.binding else course, at)
    return problem or (e.CourseRevised(course=course.course, version=c.version, binding=c.binding, roles=c.roles),)


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
    problem = certifications_lost(state, {(c.person, CourseName(c.course))}, at)
    return problem or (e.CertificationRevoked(person=c.person, course=CourseName(c.course), reason=c.reason),)


def revoke_trainer(state: State, c: RevokeTrainer, actor: Actor, at: datetime) -> Outcome:
    """S74, REQ-07: all that a trainer issued at or after an instant, on any ground, each person and course once."""
    issued = tuple(
        e.CertificationRevoked(person=person.person, course=course, reason=c.reason)
        for person in state.people.values()
        for course, certifications in person.certifications.items()
        if any(one.by == c.person and one.begins >= c.since and one.revoked is None for one in certifications)
    )
    problem = certifications_lost(state, {(one.person, one.course) for one in issued}, at)
    return (
        problem
        or issued
        or Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` issued nothing since then that could be revoked")
    )

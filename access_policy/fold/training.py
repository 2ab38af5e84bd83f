"""The fold of facts about training."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.model.enums import Role
from access_policy.state import Certification, Course, Provider, State, Training


def _course_registered(s: State, f: e.Fact, v: e.CourseRegistered) -> None:
    s.courses[v.course] = Course(
        v.course, v.title, v.validity_days, v.required, f.at, frozenset(v.roles), v.version, f.at
    )
    s.required_courses = tuple(course for course in s.courses.values() if course.required)
    _roles_bound(s)


def _roles_bound(s: State) -> None:
    s.role_courses = {role: tuple(course for course in s.courses.values() if role in course.roles) for role in Role}


def _course_revised(s: State, f: e.Fact, v: e.CourseRevised) -> None:
    course = s.courses[v.course]
    course.version, course.roles = v.version, course.roles | frozenset(v.roles)
    _roles_bound(s)
    if v.binding:
        course.binding_since = f.at


def _training_planned(s: State, f: e.Fact, v: e.TrainingPlanned) -> None:
    s.trainings[v.training] = Training(v.training, v.course, v.on, v.code, f.actor.person)


def _attendance_claimed(s: State, f: e.Fact, v: e.AttendanceClaimed) -> None:
    s.trainings[v.training].claimed[v.person] = f.at


def _attendance_confirmed(s: State, f: e.Fact, v: e.AttendanceConfirmed) -> None:
    s.trainings[v.training].confirmed.update(v.people)


def _person_certified(s: State, f: e.Fact, v: e.PersonCertified) -> None:
    certifications = s.people[v.person].certifications.setdefault(v.course, [])
    certifications.append(Certification(f.at, v.ends, f.actor.person, v.kind))


def _certification_revoked(s: State, f: e.Fact, v: e.CertificationRevoked) -> None:
    for certification in s.people[v.person].certifications.get(v.course, []):
        certification.revoked = certification.revoked or f.at


def _provider_trusted(s: State, f: e.Fact, v: e.ProviderTrusted) -> None:
    s.providers[v.provider] = Provider(v.provider, v.name, v.course, v.until)


def _provider_distrusted(s: State, f: e.Fact, v: e.ProviderDistrusted) -> None:
    s.providers.pop(v.provider, None)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.CourseRegistered: _course_registered,
    e.CourseRevised: _course_revised,
    e.TrainingPlanned: _training_planned,
    e.AttendanceClaimed: _attendance_claimed,
    e.AttendanceConfirmed: _attendance_confirmed,
    e.PersonCertified: _person_certified,
    e.CertificationRevoked: _certification_revoked,
    e.ProviderTrusted: _provider_trusted,
    e.ProviderDistrusted: _provider_distrusted,
}

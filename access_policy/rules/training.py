"""Conditions on training: every course that binds the person was passed, counts still, and is not over (S74)."""

from datetime import datetime

from access_policy.model.enums import Role
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, earlier, later
from access_policy.rules.particulars import passed
from access_policy.state import Person, State


def training_missing(case: Case, code: ReasonCode = ReasonCode.TRAINING_MISSING) -> Finding:
    """S74: every course that binds everybody, and every one that the datasets ask for, has been passed at some time."""
    if case.person is None or not case.state.required_courses:
        return Finding(code, False)
    passed = case.person.certifications
    if len(case.trained) != len(case.courses):
        missing = [course.since for course in case.courses if not passed.get(course.course)]
        return Finding(code, False, max(case.person.since, *missing))
    last: datetime | None = None
    for course in case.courses:
        last = later(last, passed[course.course][0].begins)
    return Finding(code, True, last)


def training_revoked(case: Case, code: ReasonCode = ReasonCode.TRAINING_REVOKED) -> Finding:
    """S74: a revoked certification counts no more."""
    if case.person is None:
        return Finding(code, False)
    last: datetime | None = None
    for _, one in case.trained:
        if one.revoked is not None:
            last = later(last, one.revoked)
    return Finding(code, last is None, last or case.person.since)


def training_outdated(case: Case, code: ReasonCode = ReasonCode.TRAINING_OUTDATED) -> Finding:
    """S74: a course of which a binding version came out has been passed in that version."""
    if case.person is None:
        return Finding(code, False)
    last: datetime | None = None
    for course, one in case.trained:
        if one.begins < course.binding_since:
            last = later(last, course.binding_since)
    return Finding(code, last is None, last or case.person.since)


def training_expired(case: Case, code: ReasonCode = ReasonCode.TRAINING_EXPIRED) -> Finding:
    """S74: a certification holds for a time; `until` is the first end among the courses."""
    if case.person is None:
        return Finding(code, False)
    begins: datetime | None = None
    ends: datetime | None = None
    for _, one in case.trained:
        begins, ends = later(begins, one.begins), earlier(ends, one.ends)
    if ends is not None and case.at >= ends:
        return Finding(code, False, ends)
    return Finding(code, True, begins or case.person.since, ends)


def trained_for(state: State, person: Person, role: Role, at: datetime) -> bool:
    """Say whether a person has passed, at `at`, every course that binds who acts in a role (S74, E28)."""
    return all(passed(person, course, at) for course in state.role_courses.get(role, ()))

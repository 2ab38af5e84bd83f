"""Roles: appointed by two admins, or a signatory by the centre's representative; they always end (S34, S35, S92)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Name, OfPerson, Outcome, Refusal, RefusalCode
from access_policy.commands.independence import takes_part
from access_policy.commands.lockout import admins_lost
from access_policy.commands.requests import OVER
from access_policy.model.enums import Role
from access_policy.model.ids import CENTRE, CourseName
from access_policy.model.instants import days
from access_policy.state import Person, State

LONGEST_ROLE_DAYS = 1827
OF_THE_CENTRE = frozenset({Role.ADMIN, Role.REPRESENTATIVE, Role.DATA_STEWARD, Role.DATA_ACCESS_OFFICE})
"""Who runs the centre, speaks for it or handles its data works there; board members and assessors may be outsiders."""


class AppointRole(OfPerson, frozen=True, kw_only=True):
    """Appoint a person; another admin confirms. `scope`: a trainer's course (none: all). Not for signatories."""

    role: Role
    until: Instant
    scope: Name | None = None


class AppointSignatory(OfPerson, frozen=True, kw_only=True):
    """Record, as the centre's representative, that a person may sign for the institution that they work at."""

    until: Instant


class EndRole(OfPerson, frozen=True, kw_only=True):
    """Take a role away now."""

    role: Role


def appoint_role(state: State, c: AppointRole, actor: Actor, at: datetime) -> Outcome:
    """S34, S92, REQ-11: roles always end; a trainer may have one course, and an auditor takes part in no request."""
    person = state.people[c.person]
    problem = _standing_problem(person, c.role, at) or _scope_problem(state, c)
    problem = problem or _takes_part(state, c, at) or _term_problem(person, c.role, c.scope, c.until, at)
    if problem is not None:
        return problem
    scope = CourseName(c.scope) if c.scope is not None else None
    return (e.RoleAppointed(person=c.person, role=c.role, scope=scope, until=c.until),)


def appoint_signatory(state: State, c: AppointSignatory, actor: Actor, at: datetime) -> Outcome:
    """S34, S35, REQ-11: who signs for the licensee is on record; they sign for where they work, until a date."""
    person = state.people[c.person]
    problem = _standing_problem(person, Role.SIGNATORY, at)
    problem = problem or _term_problem(person, Role.SIGNATORY, person.institution, c.until, at)
    if problem is not None:
        return problem
    return (e.RoleAppointed(person=c.person, role=Role.SIGNATORY, scope=person.institution, until=c.until),)


def _standing_problem(person: Person, role: Role, at: datetime) -> Refusal | None:
    """S73, S92, S94: who left or is stopped gets no role, an outsider none of the centre's, an auditor no other."""
    if person.disabled is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{person.person}` is stopped; let them act again first")
    if person.institution is None:
        text = f"`{person.person}` left; record first where they work now"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if role in OF_THE_CENTRE and person.institution != CENTRE:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"who is {role} works at the centre; `{person.person}` does not")
    roles = {role, *held_roles(person, at)}
    if Role.AUDITOR in roles and len(roles) > 1:
        return Refusal(RefusalCode.WRONG_STATE, "an auditor reads and holds no other role; end the other one first")
    return None


def _term_problem(person: Person, role: Role, scope: str | None, until: datetime, at: datetime) -> Refusal | None:
    if not at < until <= at + days(LONGEST_ROLE_DAYS):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`until` lies between now and {LONGEST_ROLE_DAYS} days on")
    same = [one for one in person.appointments if (one.role, one.scope) == (role, scope) and one.holds(at)]
    if any(until <= one.until for one in same):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{person.person}` is {role} for as long already")
    return None


def _scope_problem(state: State, c: AppointRole) -> Refusal | None:
    if c.role is Role.SIGNATORY:
        text = "the centre's representative records who signs for an institution: `appoint-signatory`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if c.role is Role.TRAINER and c.scope is not None and CourseName(c.scope) not in state.courses:
        return Refusal(RefusalCode.NOT_FOUND, f"no course is named `{c.scope}`")
    if c.role is not Role.TRAINER and c.scope is not None:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"role `{c.role}` has no scope")
    return None


def _takes_part(state: State, c: AppointRole, at: datetime) -> Refusal | None:
    """S92, E56: who examines the requests has no part in one that is not over, and answers for no study's data."""
    if c.role is not Role.AUDITOR:
        return None
    if any(one.status not in OVER and takes_part(state, one, c.person) for one in state.requests.values()):
        text = f"`{c.person}` takes part in a request that is not over; an auditor has no part in any"
        return Refusal(RefusalCode.WRONG_STATE, text)
    named = [(one.central_investigator, *one.local_investigators.values()) for one in state.studies.values()]
    if any(one is not None and one.person == c.person and one.holds(at) for places in named for one in places):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is the investigator of a study; end that first")
    return None


def end_role(state: State, c: EndRole, actor: Actor, at: datetime) -> Outcome:
    """S94: at once. The last two admins of the centre stay: nobody could appoint another."""
    if c.role not in held_roles(state.people[c.person], at):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is no {c.role}")
    problem = admins_lost(state, {c.person}, at) if c.role is Role.ADMIN else None
    return problem or (e.RoleEnded(person=c.person, role=c.role),)


def held_roles(person: Person, at: datetime) -> tuple[Role, ...]:
    """Return the roles that a person holds at `at`, each once, in the order of their appointment."""
    return tuple(dict.fromkeys(one.role for one in person.appointments if one.holds(at)))


def is_admin(person: Person, at: datetime) -> bool:
    """Say whether a person can act as an admin at `at`: appointed, and not stopped."""
    return Role.ADMIN in held_roles(person, at) and person.disabled is None

"""People: registration, identities, verification, stopping, roles, second factors (S16, S17, S73, S76, S94)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import (
    Command,
    Instant,
    Line,
    Name,
    OfPerson,
    Outcome,
    Refusal,
    RefusalCode,
    Text,
)
from access_policy.email import domain_of, normal_email
from access_policy.model.enums import FactorKind, Role, VerificationMethod
from access_policy.model.ids import CourseName, FactorId, InstitutionName, PersonId
from access_policy.model.instants import days
from access_policy.state import Person, State

LONGEST_VERIFICATION_DAYS = 731
LONGEST_ROLE_DAYS = 1827


class RegisterPerson(Command, frozen=True, kw_only=True):
    """Register a person of an institution with their institutional e-mail address."""

    name: Line
    email: Line
    institution: Name


class LinkIdentity(OfPerson, frozen=True, kw_only=True):
    """Link a login identity. `identity` is the HMAC of issuer and subject, which the command line makes."""

    identity: Line
    issuer: Line
    subject: Line


class VerifyPerson(OfPerson, frozen=True, kw_only=True):
    """Record that you checked who the person is. Good until `until`, at most two years."""

    method: VerificationMethod
    until: Instant


class WithdrawVerification(OfPerson, frozen=True, kw_only=True):
    """Take a verification back."""

    reason: Text


class DisablePerson(OfPerson, frozen=True, kw_only=True):
    """Stop a person at once: sessions and workspaces end."""

    reason: Text


class EnablePerson(OfPerson, frozen=True, kw_only=True):
    """Let a stopped person act again."""


class AppointRole(OfPerson, frozen=True, kw_only=True):
    """Appoint a person; another admin confirms. `scope`: a signatory's institution, a trainer's course (none: all)."""

    role: Role
    until: Instant
    scope: Name | None = None


class EndRole(OfPerson, frozen=True, kw_only=True):
    """Take a role away now."""

    role: Role


class EnrolFactor(OfPerson, frozen=True, kw_only=True):
    """Record a second factor that the person has just proved to hold. Only the login does this."""

    factor: Line
    kind: FactorKind


class ConfirmFactor(OfPerson, frozen=True, kw_only=True):
    """Confirm that you checked with the person that the factor is theirs. Only the one who verified them can."""

    factor: Line


class ResetFactors(OfPerson, frozen=True, kw_only=True):
    """Take all second factors of a person away; another admin confirms. Sessions and workspaces end."""


def register_person(state: State, c: RegisterPerson, actor: Actor, at: datetime) -> Outcome:
    """S16, S73: an institutional address, one account for each (ID-01 to ID-05)."""
    institution = state.institutions.get(InstitutionName(c.institution))
    if institution is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{c.institution}`")
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    if domain_of(email) not in institution.domains:
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, f"`{domain_of(email)}` is no domain that `{c.institution}` declared"
        )
    if email in state.emails:
        return Refusal(RefusalCode.ALREADY_EXISTS, "a person with this e-mail address is registered already")
    person = PersonId(f"P-{len(state.people) + 1}")
    return (e.PersonRegistered(person=person, name=c.name, email=email, institution=institution.institution),)


def link_identity(state: State, c: LinkIdentity, actor: Actor, at: datetime) -> Outcome:
    """An identity belongs to one person, and a person has one (joining two needs evidence and two admins)."""
    if c.identity in state.identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this login identity is linked already")
    if state.people[c.person].identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` has a login identity already")
    return (e.IdentityLinked(person=c.person, identity=c.identity, issuer=c.issuer, subject=c.subject),)


def verify_person(state: State, c: VerifyPerson, actor: Actor, at: datetime) -> Outcome:
    """S73: with a method and an end date."""
    if not at < c.until <= at + days(LONGEST_VERIFICATION_DAYS):
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, f"`until` lies between now and {LONGEST_VERIFICATION_DAYS} days on"
        )
    return (e.PersonVerified(person=c.person, method=c.method, until=c.until),)


def withdraw_verification(state: State, c: WithdrawVerification, actor: Actor, at: datetime) -> Outcome:
    """S73."""
    if state.people[c.person].verification is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is not verified")
    return (e.VerificationWithdrawn(person=c.person, reason=c.reason),)


def disable_person(state: State, c: DisablePerson, actor: Actor, at: datetime) -> Outcome:
    """S94, ID-15: at once, but an admin is left who can let people act again."""
    if state.people[c.person].disabled is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is stopped already")
    if not any(is_admin(other, at) for other in state.people.values() if other.person != c.person):
        return Refusal(RefusalCode.FOUR_EYES, "the last admin cannot be stopped; nobody could let anybody act again")
    return (e.PersonDisabled(person=c.person, reason=c.reason),)


def enable_person(state: State, c: EnablePerson, actor: Actor, at: datetime) -> Outcome:
    """S94."""
    if state.people[c.person].disabled is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is not stopped")
    return (e.PersonEnabled(person=c.person),)


def appoint_role(state: State, c: AppointRole, actor: Actor, at: datetime) -> Outcome:
    """Roles always end; a signatory signs for one institution, a trainer may be bound to one course."""
    if not at < c.until <= at + days(LONGEST_ROLE_DAYS):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`until` lies between now and {LONGEST_ROLE_DAYS} days on")
    problem = _scope_problem(state, c)
    if problem is not None:
        return problem
    scope = CourseName(c.scope) if c.scope is not None else None
    return (e.RoleAppointed(person=c.person, role=c.role, scope=scope, until=c.until),)


def _scope_problem(state: State, c: AppointRole) -> Refusal | None:
    if c.role is Role.SIGNATORY and c.scope != state.people[c.person].institution:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "a signatory's `scope` is the institution that they work at")
    if c.role is Role.TRAINER and c.scope is not None and CourseName(c.scope) not in state.courses:
        return Refusal(RefusalCode.NOT_FOUND, f"no course is named `{c.scope}`")
    if c.role not in (Role.SIGNATORY, Role.TRAINER) and c.scope is not None:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"role `{c.role}` has no scope")
    return None


def end_role(state: State, c: EndRole, actor: Actor, at: datetime) -> Outcome:
    """The last admin stays: nobody could appoint another."""
    if not any(one.role is c.role and one.holds(at) for one in state.people[c.person].appointments):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is no {c.role}")
    admins = sum(is_admin(other, at) for other in state.people.values() if other.person != c.person)
    if c.role is Role.ADMIN and admins < 2:
        return Refusal(RefusalCode.FOUR_EYES, "two admins must be left; appoint another one first")
    return (e.RoleEnded(person=c.person, role=c.role),)


def is_admin(person: Person, at: datetime) -> bool:
    """Say whether a person can act as an admin at `at`: appointed, and not stopped."""
    appointed = any(one.role is Role.ADMIN and one.holds(at) for one in person.appointments)
    return appointed and person.disabled is None


def enrol_factor(state: State, c: EnrolFactor, actor: Actor, at: datetime) -> Outcome:
    """S17: one factor of a kind until it is reset."""
    if state.people[c.person].factors:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` has a second factor; an admin can reset it")
    return (e.FactorEnrolled(person=c.person, factor=FactorId(c.factor), kind=c.kind),)


def confirm_factor(state: State, c: ConfirmFactor, actor: Actor, at: datetime) -> Outcome:
    """A first factor, or one after a reset, counts only once the verifier, still an admin, confirmed it."""
    verifier = state.people.get(actor.person) if actor.person is not None else None
    if verifier is None or not is_admin(verifier, at):
        return Refusal(RefusalCode.NOT_PERMITTED, "who verifies people is an admin; another admin verifies again first")
    factor = state.people[c.person].factors.get(FactorId(c.factor))
    if factor is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` has no such factor")
    if factor.confirmed is not None:
        return Refusal(RefusalCode.WRONG_STATE, "the factor is confirmed already")
    return (e.FactorConfirmed(person=c.person, factor=FactorId(c.factor)),)


def reset_factors(state: State, c: ResetFactors, actor: Actor, at: datetime) -> Outcome:
    """S76: a lost factor is taken away; the next one needs the verifier again."""
    if not state.people[c.person].factors:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no factor")
    return (e.FactorsReset(person=c.person),)

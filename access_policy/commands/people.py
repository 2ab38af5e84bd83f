"""People: registration, addresses, identities, moving, leaving, stopping, what they accept (S16, S33, S73, S79, S94).

Their verification and their second factors stand in `factors.py`, their roles in `roles.py`.
"""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, OfPerson, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.lockout import admins_lost
from access_policy.commands.roles import held_roles
from access_policy.email import domain_of, normal_email
from access_policy.model.enums import DocumentKind, Role
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.names import own_name
from access_policy.state import Institution, Person, State

BINDING_EVERYBODY = frozenset({DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION})


class RegisterPerson(Command, frozen=True, kw_only=True):
    """Register a person of an institution with their institutional e-mail address."""

    name: Line
    email: Line
    institution: Name


class RegisterSelf(Command, frozen=True, kw_only=True):
    """Register who came with a login of a trusted institution and said who they are. Only the login does this.

    The provider proved `email`; the institution is the one that declared its domain. `identity` is the HMAC of issuer
    and subject, by which the next login finds the person.
    """

    name: Line
    email: Line
    position: Line
    field: Line
    identity: Line
    issuer: Line
    subject: Line


class CorrectName(OfPerson, frozen=True, kw_only=True):
    """Put a person's name right, or record that it is another one now."""

    name: Line


class CorrectEmail(OfPerson, frozen=True, kw_only=True):
    """Put a person's wrong or missing e-mail address right; they still work at the same institution."""

    email: Line


class LinkIdentity(OfPerson, frozen=True, kw_only=True):
    """Link a login identity. `identity` is the HMAC of issuer and subject, which the command line makes."""

    identity: Line
    issuer: Line
    subject: Line


class JoinIdentity(OfPerson, frozen=True, kw_only=True):
    """Join a further login identity of the same person, with the evidence for it; another admin confirms."""

    identity: Line
    issuer: Line
    subject: Line
    evidence: Text


class MovePerson(OfPerson, frozen=True, kw_only=True):
    """Record that a person works at another institution now; grants and roles that rest on the old one end."""

    institution: Name
    email: Line


class RecordDeparture(OfPerson, frozen=True, kw_only=True):
    """Record that a person left their institution: grants, signing rights and roles that rest on it end."""


class DisablePerson(OfPerson, frozen=True, kw_only=True):
    """Stop a person at once: sessions and workspaces end."""

    reason: Text


class EnablePerson(OfPerson, frozen=True, kw_only=True):
    """Let a stopped person act again."""


class AcceptDocument(OfPerson, frozen=True, kw_only=True):
    """Accept the version in force of a text that binds everybody. `version` is the one that you read."""

    document: DocumentKind
    version: Line


def register_person(state: State, c: RegisterPerson, actor: Actor, at: datetime) -> Outcome:
    """S16, S73: an institutional address, one account for each (ID-01 to ID-05)."""
    institution = state.institutions.get(InstitutionName(c.institution))
    if institution is None:
        return _unknown(c.institution)
    email = _address(state, institution, c.email)
    if isinstance(email, Refusal):
        return email
    person = PersonId(f"P-{len(state.people) + 1}")
    return (e.PersonRegistered(person=person, name=c.name, email=email, institution=institution.institution),)


def register_self(state: State, c: RegisterSelf, actor: Actor, at: datetime) -> Outcome:
    """S16, S73: at the institution that declared the domain and is trusted now; one account for each (ID-01 to ID-09).

    Whoever is verified afterwards, and with a confirmed factor, gets on: this alone opens nothing.
    """
    institution = trusted_institution(state, c.email, at)
    if isinstance(institution, Refusal):
        return institution
    email = _address(state, institution, c.email)
    if isinstance(email, Refusal):
        return email
    if c.identity in state.identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this login identity belongs to a person already")
    name = name_of_their_own(c.name)
    if isinstance(name, Refusal):
        return name
    person = PersonId(f"P-{len(state.people) + 1}")
    return (
        e.PersonRegistered(
            person=person, name=name, email=email, institution=institution.institution, position=c.position,
            field=c.field,
        ),
        e.IdentityLinked(person=person, identity=c.identity, issuer=c.issuer, subject=c.subject),
    )  # fmt: skip


def name_of_their_own(text: str) -> str | Refusal:
    """Return the one form of the name that somebody gives themselves, or why it is none (ID-07, ID-08)."""
    try:
        return own_name(text)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))


def trusted_institution(state: State, email: str, at: datetime) -> Institution | Refusal:
    """Return the institution that declared an address's domain, if it is trusted and not shut out now (S72, E59)."""
    try:
        domain = domain_of(normal_email(email))
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    declared = (one for one in state.institutions.values() if domain in one.domains)
    found = next((one for one in declared if one.trusted_at(at) and not one.excluded_at(at)), None)
    text = f"`{domain}` is no domain of an institution that is trusted now; ask the data access office"
    return found or Refusal(RefusalCode.NOT_PERMITTED, text)


def correct_name(state: State, c: CorrectName, actor: Actor, at: datetime) -> Outcome:
    """S16: a name changes by a fact; who the person is stays."""
    if c.name == state.people[c.person].name:
        return Refusal(RefusalCode.WRONG_STATE, f"this is the name of `{c.person}` already")
    return (e.NameCorrected(person=c.person, name=c.name),)


def correct_email(state: State, c: CorrectEmail, actor: Actor, at: datetime) -> Outcome:
    """S16, S73: to an address of the institution that they work at, and of nobody else (ID-01 to ID-05)."""
    person = state.people[c.person]
    institution = state.institutions.get(person.institution) if person.institution is not None else None
    if institution is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` works at no registered institution; record where first")
    email = _address(state, institution, c.email, c.person)
    if isinstance(email, Refusal):
        return email
    if email == person.email:
        return Refusal(RefusalCode.WRONG_STATE, f"this is the address of `{c.person}` already")
    return (e.EmailCorrected(person=c.person, email=email),)


def _unknown(institution: str) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{institution}`")


def _address(state: State, institution: Institution, text: str, whose: PersonId | None = None) -> str | Refusal:
    """Return the one form of an institutional address that is nobody else's, or why it is refused."""
    try:
        email = normal_email(text)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    if domain_of(email) not in institution.domains:
        text = f"`{domain_of(email)}` is no domain that `{institution.institution}` declared"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if state.emails.get(email, whose) != whose:
        return Refusal(RefusalCode.ALREADY_EXISTS, "a person with this e-mail address is registered already")
    return email


def link_identity(state: State, c: LinkIdentity, actor: Actor, at: datetime) -> Outcome:
    """ID-09: an identity belongs to one person, and a person has one; one admin alone links nobody who had a role.

    REQ-02: nor whom they verified, or their own login would act as somebody whom nobody else ever saw.
    """
    if c.identity in state.identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this login identity is linked already")
    if state.people[c.person].identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` has a login identity already")
    if state.people[c.person].appointments:
        return Refusal(RefusalCode.FOUR_EYES, f"`{c.person}` has or had a role; two admins use `join-identity`")
    verification = state.people[c.person].verification
    if verification is not None and verification.by == actor.person:
        return Refusal(RefusalCode.FOUR_EYES, f"you verified `{c.person}`; another admin links their login identity")
    return (e.IdentityLinked(person=c.person, identity=c.identity, issuer=c.issuer, subject=c.subject),)


def join_identity(state: State, c: JoinIdentity, actor: Actor, at: datetime) -> Outcome:
    """S73, E24: all identities lead to the one account; a first one is joined only where there was a role (ID-09)."""
    if c.identity in state.identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this login identity is linked already")
    if not state.people[c.person].identities and not state.people[c.person].appointments:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` has no login identity yet; link the first one")
    return (
        e.IdentityLinked(
            person=c.person, identity=c.identity, issuer=c.issuer, subject=c.subject, evidence=c.evidence
        ),
    )  # fmt: skip


def move_person(state: State, c: MovePerson, actor: Actor, at: datetime) -> Outcome:
    """S16, S33, S73: to a registered institution, with an address of its own; what rests on the old one ends."""
    person, institution = state.people[c.person], state.institutions.get(InstitutionName(c.institution))
    if institution is None:
        return _unknown(c.institution)
    if person.institution == institution.institution:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` works at `{c.institution}` already")
    email = _address(state, institution, c.email, c.person)
    if isinstance(email, Refusal):
        return email
    moved = e.PersonMoved(person=c.person, institution=institution.institution, email=email)
    return admins_lost(state, {c.person}, at) or (moved, *_roles_ended(person, at))


def record_departure(state: State, c: RecordDeparture, actor: Actor, at: datetime) -> Outcome:
    """S33, S73, ID-15: who left works nowhere, holds no role and signs for nobody."""
    person = state.people[c.person]
    if person.institution is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` left already")
    return admins_lost(state, {c.person}, at) or (e.PersonLeft(person=c.person), *_roles_ended(person, at))


def _roles_ended(person: Person, at: datetime) -> tuple[e.RoleEnded, ...]:
    """End every role but the signatory's, which moving and leaving end by themselves."""
    roles = [role for role in held_roles(person, at) if role is not Role.SIGNATORY]
    return tuple(e.RoleEnded(person=person.person, role=role) for role in roles)


def disable_person(state: State, c: DisablePerson, actor: Actor, at: datetime) -> Outcome:
    """S94, ID-15: at once, but two admins of the centre are left who can let people act again."""
    if state.people[c.person].disabled is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is stopped already")
    return admins_lost(state, {c.person}, at) or (e.PersonDisabled(person=c.person, reason=c.reason),)


def enable_person(state: State, c: EnablePerson, actor: Actor, at: datetime) -> Outcome:
    """S94."""
    if state.people[c.person].disabled is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is not stopped")
    return (e.PersonEnabled(person=c.person),)


def accept_document(state: State, c: AcceptDocument, actor: Actor, at: datetime) -> Outcome:
    """S79, S84, E30: the version in force, and no other."""
    document = state.documents.get(c.document)
    if document is None or c.document not in BINDING_EVERYBODY:
        return Refusal(RefusalCode.NOT_FOUND, f"no text of the kind `{c.document}` is there to accept")
    if c.version != document.current.version:
        return Refusal(
            RefusalCode.CHANGED_MEANWHILE, f"version `{document.current.version}` is in force; read that one"
        )
    return (e.DocumentAccepted(person=c.person, document=c.document, version=c.version),)

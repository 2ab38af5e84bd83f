"""Institutions, their e-mail domains and their agreements with the centre (S57, S72, S73)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Instant, Line, Name, Outcome, Refusal, RefusalCode
from access_policy.email import normal_domain
from access_policy.model.ids import CENTRE, InstitutionName
from access_policy.state import Institution, State


class RegisterInstitution(Command, frozen=True, kw_only=True):
    """Register an institution with its country (ISO 3166, two letters) and the e-mail domains that it declares."""

    institution: Name
    name: Line
    country: Line
    domains: tuple[Line, ...]
    centre: bool = False


class DeclareDomains(Command, frozen=True, kw_only=True):
    """Replace the e-mail domains that an institution declares."""

    institution: Name
    domains: tuple[Line, ...]


class RecordAgreement(Command, frozen=True, kw_only=True):
    """Record the signed agreement with a partner institution and its term."""

    institution: Name
    begins: Instant
    ends: Instant


class EndAgreement(Command, frozen=True, kw_only=True):
    """End the agreement with a partner institution now."""

    institution: Name


def register_institution(state: State, c: RegisterInstitution, actor: Actor, at: datetime) -> Outcome:
    """S57, S73: one centre, of a fixed name; every domain belongs to one institution."""
    name = InstitutionName(c.institution)
    if name in state.institutions:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"institution `{name}` is registered already")
    if len(c.country) != 2 or not (c.country.isascii() and c.country.isalpha() and c.country.isupper()):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"country `{c.country}` is not two capital letters such as `NL`")
    if c.centre != (name == CENTRE):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"the centre, and only the centre, is named `{CENTRE}`")
    domains = _domains(state, name, c.domains)
    if isinstance(domains, Refusal):
        return domains
    return (
        e.InstitutionRegistered(institution=name, name=c.name, country=c.country, domains=domains, centre=c.centre),
    )


def declare_domains(state: State, c: DeclareDomains, actor: Actor, at: datetime) -> Outcome:
    """S73: only whole domains count, label by label (ID-01, ID-02)."""
    name = InstitutionName(c.institution)
    if name not in state.institutions:
        return _unknown(name)
    domains = _domains(state, name, c.domains)
    return domains if isinstance(domains, Refusal) else (e.DomainsDeclared(institution=name, domains=domains),)


def record_agreement(state: State, c: RecordAgreement, actor: Actor, at: datetime) -> Outcome:
    """S72: an agreement has a term that is not over yet."""
    name = InstitutionName(c.institution)
    if name not in state.institutions:
        return _unknown(name)
    if not c.begins < c.ends or c.ends <= at:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "the agreement must end after it begins, and after today")
    if c.begins > at and _in_force(state.institutions[name], at):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "it would replace the one in force; let it begin now or earlier")
    return (e.AgreementRecorded(institution=name, begins=c.begins, ends=c.ends),)


def _in_force(institution: Institution, at: datetime) -> bool:
    term = institution.agreement
    return term is not None and institution.agreement_ended is None and term.holds(at)


def end_agreement(state: State, c: EndAgreement, actor: Actor, at: datetime) -> Outcome:
    """S72: without an agreement nobody of the partner has access."""
    name = InstitutionName(c.institution)
    institution = state.institutions.get(name)
    if institution is None:
        return _unknown(name)
    if institution.agreement is None or institution.agreement_ended is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"institution `{name}` has no agreement that could end")
    return (e.AgreementEnded(institution=name),)


def _domains(state: State, owner: InstitutionName, texts: tuple[str, ...]) -> tuple[str, ...] | Refusal:
    try:
        domains = tuple(sorted({normal_domain(text) for text in texts}))
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    if not domains:
        return Refusal(RefusalCode.NOT_COMPLETE, "an institution declares at least one e-mail domain")
    for other in state.institutions.values():
        if other.institution != owner and other.domains & set(domains):
            return Refusal(RefusalCode.ALREADY_EXISTS, f"a domain belongs to institution `{other.institution}` already")
    return domains


def _unknown(name: InstitutionName) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{name}`")

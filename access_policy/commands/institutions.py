"""Institutions, their e-mail domains, their agreements with the centre, and their exclusion (S57, S72, S73, E59)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Instant, Line, Name, Outcome, Refusal, RefusalCode, writer_of
from access_policy.commands.roles import is_admin
from access_policy.email import normal_domain
from access_policy.model.ids import CENTRE, InstitutionName
from access_policy.model.instants import Term, days, format_instant, years_after
from access_policy.model.jurisdictions import is_country
from access_policy.state import Institution, State

LONGEST_AGREEMENT_DAYS = 3653
LONGEST_EXCLUSION_YEARS = 5


class RegisterInstitution(Command, frozen=True, kw_only=True):
    """Register an institution with its country (ISO 3166, two letters) and the e-mail domains that it declares."""

    institution: Name
    name: Line
    country: Line
    domains: tuple[Line, ...]
    centre: bool = False


class CorrectInstitution(Command, frozen=True, kw_only=True):
    """Correct the name or the country (ISO 3166, two letters) of an institution: give both as they should be."""

    institution: Name
    name: Line
    country: Line
    reason: Line


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


class ExcludeOrganisation(Command, frozen=True, kw_only=True):
    """Shut an organisation out until a date, at most five years on: grants rest, new requests are refused."""

    institution: Name
    until: Instant
    reason: Line


class LiftExclusion(Command, frozen=True, kw_only=True):
    """End an exclusion before its date."""

    institution: Name


def register_institution(state: State, c: RegisterInstitution, actor: Actor, at: datetime) -> Outcome:
    """S57, S73: one centre, of a fixed name; every domain belongs to one institution."""
    name = InstitutionName(c.institution)
    if name in state.institutions:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"institution `{name}` is registered already")
    problem = _country_problem(c.country) or _centre_problem(state, c, actor, at)
    if problem is not None:
        return problem
    domains = _domains(state, name, c.domains)
    if isinstance(domains, Refusal):
        return domains
    return (
        e.InstitutionRegistered(institution=name, name=c.name, country=c.country, domains=domains, centre=c.centre),
    )


def _country_problem(country: str) -> Refusal | None:
    if is_country(country):
        return None
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{country}` is no country of ISO 3166; write one such as `NL`")


def _centre_problem(state: State, c: RegisterInstitution, actor: Actor, at: datetime) -> Refusal | None:
    if c.centre != (c.institution == CENTRE):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"the centre, and only the centre, is named `{CENTRE}`")
    registrar = state.people.get(actor.person) if actor.person is not None else None
    if c.centre and (registrar is None or not is_admin(registrar, at)):
        return Refusal(RefusalCode.NOT_PERMITTED, "the centre itself is registered by an admin")
    return None


def correct_institution(state: State, c: CorrectInstitution, actor: Actor, at: datetime) -> Outcome:
    """S57, S58, S60: what the grounds and the licences of its requests follow from is recorded as it is."""
    name = InstitutionName(c.institution)
    institution = state.institutions.get(name)
    if institution is None:
        return _unknown(name)
    if (institution.name, institution.country) == (c.name, c.country):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"institution `{name}` is recorded so already")
    return _country_problem(c.country) or (
        e.InstitutionCorrected(
            institution=name, name=c.name, country=c.country, writer=writer_of(actor), reason=c.reason
        ),
    )


def declare_domains(state: State, c: DeclareDomains, actor: Actor, at: datetime) -> Outcome:
    """S73: only whole domains count, label by label (ID-01, ID-02)."""
    name = InstitutionName(c.institution)
    if name not in state.institutions:
        return _unknown(name)
    domains = _domains(state, name, c.domains)
    return domains if isinstance(domains, Refusal) else (e.DomainsDeclared(institution=name, domains=domains),)


def record_agreement(state: State, c: RecordAgreement, actor: Actor, at: datetime) -> Outcome:
    """S72, REQ-11: an agreement has a bounded term that is not over yet; the next one does not cut it short."""
    name = InstitutionName(c.institution)
    if name not in state.institutions:
        return _unknown(name)
    if not c.begins < c.ends or not at < c.ends <= at + days(LONGEST_AGREEMENT_DAYS):
        text = f"the agreement ends after it begins, after now, and at most {LONGEST_AGREEMENT_DAYS} days from now"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if c.begins > at and _in_force(state.institutions[name], at):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "it would replace the one in force; let it begin now or earlier")
    present = state.institutions[name].agreement if _in_force(state.institutions[name], at) else None
    if present is not None and c.ends < present.ends:
        text = f"the one in force runs until `{format_instant(present.ends)}`; end it before you record a shorter one"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
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


def exclude_organisation(state: State, c: ExcludeOrganisation, actor: Actor, at: datetime) -> Outcome:
    """E59: five years at most, counted from its beginning; one that runs is prolonged, and only lifting shortens it."""
    name = InstitutionName(c.institution)
    institution = state.institutions.get(name)
    if institution is None:
        return _unknown(name)
    if institution.centre:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "the centre cannot shut itself out")
    running = _exclusion(institution, at)
    earliest, begun = (running.ends, running.begins) if running is not None else (at, at)
    latest = years_after(begun, LONGEST_EXCLUSION_YEARS)
    if not earliest < c.until <= latest:
        text = f"`until` lies after `{format_instant(earliest)}`, and at `{format_instant(latest)}` at the latest"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return (e.OrganisationExcluded(institution=name, until=c.until, writer=writer_of(actor), reason=c.reason),)


def lift_exclusion(state: State, c: LiftExclusion, actor: Actor, at: datetime) -> Outcome:
    """E59: before its end; one that is over needs no lifting."""
    name = InstitutionName(c.institution)
    institution = state.institutions.get(name)
    if institution is None:
        return _unknown(name)
    if _exclusion(institution, at) is None:
        return Refusal(RefusalCode.WRONG_STATE, f"institution `{name}` is not shut out")
    return (e.ExclusionLifted(institution=name),)


def _exclusion(institution: Institution, at: datetime) -> Term | None:
    if institution.excluded is None or institution.excluded_until is None:
        return None
    term = Term(institution.excluded, institution.excluded_until)
    return term if term.holds(at) else None


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

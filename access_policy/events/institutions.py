"""Events about institutions: domains, agreements, exclusion, and the law of the countries that they lie in."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.model.texts import LawText, OrganisationText, WriterText


class InstitutionRegistered(FactEvent, frozen=True, kw_only=True):
    """An institution and the e-mail domains that it declared (S57, S73). The centre needs no agreement with itself."""

    institution: InstitutionName
    name: OrganisationText
    country: OrganisationText
    domains: tuple[OrganisationText, ...]
    centre: bool


class InstitutionCorrected(FactEvent, frozen=True, kw_only=True):
    """The name and the country of an institution, as they should have been recorded (S57, S58)."""

    v: int = 2
    institution: InstitutionName
    name: OrganisationText
    country: OrganisationText
    writer: PersonId = PersonId("")
    reason: WriterText


class DomainsDeclared(FactEvent, frozen=True, kw_only=True):
    """The e-mail domains that an institution declares from now on, in place of those before (S73)."""

    institution: InstitutionName
    domains: tuple[OrganisationText, ...]


class AgreementRecorded(FactEvent, frozen=True, kw_only=True):
    """The standing agreement with a partner institution, with its term (S72)."""

    institution: InstitutionName
    begins: datetime
    ends: datetime


class AgreementEnded(FactEvent, frozen=True, kw_only=True):
    """The agreement with a partner ended before its term (S72)."""

    institution: InstitutionName


class OrganisationExcluded(FactEvent, frozen=True, kw_only=True):
    """An organisation is shut out until a date, at most five years on; its new requests are refused too (E59)."""

    v: int = 2
    institution: InstitutionName
    until: datetime
    writer: PersonId = PersonId("")
    reason: WriterText


class ExclusionLifted(FactEvent, frozen=True, kw_only=True):
    """An exclusion ended before its date (E59)."""

    institution: InstitutionName


class AdequacyDecided(FactEvent, frozen=True, kw_only=True):
    """The European Commission found a country adequate, for a scope and from a date (S58)."""

    country: OrganisationText
    scope: AdequacyScope
    begins: datetime
    ends: datetime | None
    act: LawText


class AdequacyEnded(FactEvent, frozen=True, kw_only=True):
    """An adequacy decision ceases to hold at `ends` (S59, S67)."""

    country: OrganisationText
    scope: AdequacyScope
    ends: datetime
    act: LawText


class CountryListed(FactEvent, frozen=True, kw_only=True):
    """A third country is listed under Article 91(1): its applicants are eligible from `begins` on (E13)."""

    country: OrganisationText
    begins: datetime
    ends: datetime | None
    act: LawText


class CountryUnlisted(FactEvent, frozen=True, kw_only=True):
    """A third country leaves the list of Article 91(1) at `ends` (E13)."""

    country: OrganisationText
    ends: datetime
    act: LawText

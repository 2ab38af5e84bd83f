"""The fold of facts about institutions and the law of countries."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from access_policy import events as e
from access_policy.model.instants import Term
from access_policy.model.jurisdictions import Adequacy, EligibleThirdCountry
from access_policy.state import Institution, State


def _institution_registered(s: State, f: e.Fact, v: e.InstitutionRegistered) -> None:
    s.institutions[v.institution] = Institution(
        v.institution, v.name, v.country, frozenset(v.domains), f.at, v.centre, f.at, country_since=f.at
    )


def _institution_corrected(s: State, f: e.Fact, v: e.InstitutionCorrected) -> None:
    institution = s.institutions[v.institution]
    if v.country != institution.country:
        institution.country_since = f.at
    institution.name, institution.country = v.name, v.country


def _domains_declared(s: State, f: e.Fact, v: e.DomainsDeclared) -> None:
    institution = s.institutions[v.institution]
    institution.domains, institution.domains_since = frozenset(v.domains), f.at


def _agreement_recorded(s: State, f: e.Fact, v: e.AgreementRecorded) -> None:
    institution = s.institutions[v.institution]
    if institution.agreement is not None:
        institution.last_agreement_over = institution.agreement_ended or institution.agreement.ends
    institution.agreement, institution.agreement_recorded = Term(v.begins, v.ends), f.at
    institution.agreement_ended = None


def _agreement_ended(s: State, f: e.Fact, v: e.AgreementEnded) -> None:
    s.institutions[v.institution].agreement_ended = f.at


def _excluded(s: State, f: e.Fact, v: e.OrganisationExcluded) -> None:
    institution = s.institutions[v.institution]
    if institution.excluded_until is None or institution.excluded_until <= f.at:
        institution.excluded = f.at
    institution.excluded_until = v.until


def _exclusion_lifted(s: State, f: e.Fact, v: e.ExclusionLifted) -> None:
    s.institutions[v.institution].excluded_until = f.at


def _adequacy_decided(s: State, f: e.Fact, v: e.AdequacyDecided) -> None:
    s.adequacy = (*s.adequacy, Adequacy(v.country, v.scope, v.begins, v.ends, v.act))
    s.adequacy_since = f.at


def _adequacy_ended(s: State, f: e.Fact, v: e.AdequacyEnded) -> None:
    s.adequacy = tuple(
        _shortened(one, v.ends) if (one.country, one.scope) == (v.country, v.scope) else one for one in s.adequacy
    )
    s.adequacy_since = f.at


def _country_listed(s: State, f: e.Fact, v: e.CountryListed) -> None:
    s.eligible = (*s.eligible, EligibleThirdCountry(v.country, v.begins, v.ends, v.act))
    s.eligible_since = f.at


def _country_unlisted(s: State, f: e.Fact, v: e.CountryUnlisted) -> None:
    s.eligible = tuple(_shortened(one, v.ends) if one.country == v.country else one for one in s.eligible)
    s.eligible_since = f.at


_Dated = TypeVar("_Dated", Adequacy, EligibleThirdCountry)


def _shortened(one: _Dated, ends: datetime) -> _Dated:
    if ends <= one.begins or (one.ends is not None and one.ends <= ends):
        return one
    return msgspec.structs.replace(one, ends=ends)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.InstitutionRegistered: _institution_registered,
    e.InstitutionCorrected: _institution_corrected,
    e.DomainsDeclared: _domains_declared,
    e.AgreementRecorded: _agreement_recorded,
    e.AgreementEnded: _agreement_ended,
    e.OrganisationExcluded: _excluded,
    e.ExclusionLifted: _exclusion_lifted,
    e.AdequacyDecided: _adequacy_decided,
    e.AdequacyEnded: _adequacy_ended,
    e.CountryListed: _country_listed,
    e.CountryUnlisted: _country_unlisted,
}

"""The law of countries at an instant, from the published tables and the facts that change them (S57-S64, S101, E13)."""

from datetime import UTC, datetime

from access_policy import events as e
from access_policy.model.enums import DataKind, DocumentKind, LicenceReading, Regime, TransferBasis
from access_policy.model.jurisdictions import ADEQUACY, EEA, MODEL_CLAUSES, OLD_CLAUSES_REPEALED, AdequacyScope
from access_policy.model.jurisdictions import ModelClauses as Clauses
from tests.oracle.history import Facts, country_of, form_of, told
from tests.oracle.holdings import datasets_of, registered

Term = tuple[datetime, datetime | None]

EHDS_CLINICAL = datetime(2029, 3, 26, tzinfo=UTC)
EHDS_OTHERS = datetime(2031, 3, 26, tzinfo=UTC)


def lies_in(at: datetime, begins: datetime, ends: datetime | None) -> bool:
    """Say whether an instant lies in a half-open term (REQ-08)."""
    return begins <= at and (ends is None or at < ends)


def in_eea(country: str, at: datetime) -> bool:
    """Say whether a country is in the European Economic Area (S57)."""
    return country in EEA and lies_in(at, EEA[country].begins, EEA[country].ends)


def decisions_on(facts: Facts, country: str, scope: AdequacyScope) -> list[Term]:
    """Return from when to when decisions of a scope find a country adequate (S58, S59, S67)."""
    terms = [(one.begins, one.ends) for one in ADEQUACY if (one.country, one.scope) == (country, scope)]
    for fact in facts:
        event = fact.event
        if isinstance(event, e.AdequacyDecided) and (event.country, event.scope) == (country, scope):
            terms.append((event.begins, event.ends))
        elif isinstance(event, e.AdequacyEnded) and (event.country, event.scope) == (country, scope):
            terms = [_cut(term, event.ends) for term in terms]
    return terms


def listings_of(facts: Facts, country: str) -> list[Term]:
    """Return from when to when a third country is listed under Article 91(1) (E13)."""
    terms: list[Term] = []
    for fact in facts:
        event = fact.event
        if isinstance(event, e.CountryListed) and event.country == country:
            terms.append((event.begins, event.ends))
        elif isinstance(event, e.CountryUnlisted) and event.country == country:
            terms = [_cut(term, event.ends) for term in terms]
    return terms


def _cut(term: Term, ends: datetime) -> Term:
    """Return a term that ends at `ends` where it would hold then, whichever act ended it."""
    return (term[0], ends) if lies_in(ends, *term) else term


def is_adequate(facts: Facts, country: str, scope: AdequacyScope, at: datetime) -> bool:
    """Say whether a decision of this scope finds a country adequate at an instant."""
    return any(lies_in(at, *term) for term in decisions_on(facts, country, scope))


def is_listed(facts: Facts, country: str, at: datetime) -> bool:
    """Say whether a third country is listed at an instant."""
    return any(lies_in(at, *term) for term in listings_of(facts, country))


def clauses_hold(clauses: Clauses, concluded: datetime, at: datetime) -> bool:
    """Say whether a contract on these model clauses can carry a transfer (S101)."""
    begins, ends = MODEL_CLAUSES[clauses]
    in_time = clauses is Clauses.GDPR_2021 or concluded < OLD_CLAUSES_REPEALED
    return in_time and begins <= concluded <= at and lies_in(at, begins, ends)


def basis_of(facts: Facts, request: str, institution: str | None) -> e.TransferBasisRecorded | None:
    """Return the ground of a transfer that was recorded last for a party (S101)."""
    recorded = told(facts, e.TransferBasisRecorded, request=request, institution=institution)
    return recorded[-1][1] if recorded else None


def basis_is_whole(basis: e.TransferBasisRecorded | None) -> bool:
    """Say whether a ground is on record with an adequate level and both kinds of measures (S60, S101)."""
    if basis is None or basis.basis is TransferBasis.NONE:
        return False
    return basis.protection_adequate and basis.contractual_measures and basis.technical_measures


def basis_holds(facts: Facts, basis: e.TransferBasisRecorded, country: str, at: datetime) -> bool:
    """Say whether the ground that was recorded carries at an instant (S59, S67, S101)."""
    if basis.basis is TransferBasis.ADEQUACY:
        return basis.scope is not None and is_adequate(facts, country, basis.scope, at)
    return (
        basis.clauses is not None and basis.concluded is not None and clauses_hold(basis.clauses, basis.concluded, at)
    )


def licence_that_binds(facts: Facts, request: str, institution: str | None, at: datetime) -> DocumentKind:
    """Return which licence binds a party: by its country, and by the reading of S64 (S62-S64, S68)."""
    country = country_of(facts, institution)
    if in_eea(country, at):
        return DocumentKind.LICENCE_EEA
    basis = basis_of(facts, request, institution)
    scopes = {AdequacyScope.FULL}
    if basis is not None and basis.basis is TransferBasis.ADEQUACY and basis.scope is not None:
        scopes.add(basis.scope)
    adequate = any(is_adequate(facts, country, scope, at) for scope in scopes)
    adopted = told(facts, e.PolicySettingsAdopted)
    reading = adopted[-1][1].licence_for_adequate if adopted else LicenceReading.EEA
    return DocumentKind.LICENCE_EEA if adequate and reading is LicenceReading.EEA else DocumentKind.LICENCE_NON_EEA


def is_ehds(facts: Facts, request: str) -> bool:
    """Say whether a request runs under the European Health Data Space (E1)."""
    form = form_of(facts, request)
    return form is not None and form.regime is Regime.EHDS


def ehds_since(facts: Facts, request: str) -> datetime:
    """Return when the chapter on secondary use begins to bind a request, by the data that it has (E2)."""
    kinds = [what.kind for name in datasets_of(facts, request) if (what := registered(facts, name)) is not None]
    return EHDS_CLINICAL if DataKind.CLINICAL in kinds else EHDS_OTHERS


def ehds_binds_dataset(facts: Facts, request: str, dataset: str, at: datetime) -> bool:
    """Say whether the chapter on secondary use binds one dataset of a request, by the date of its own kind (E2)."""
    what = registered(facts, dataset)
    since = EHDS_CLINICAL if what is not None and what.kind is DataKind.CLINICAL else EHDS_OTHERS
    return is_ehds(facts, request) and since <= at


def ehds_binds(facts: Facts, request: str, at: datetime) -> bool:
    """Say whether the chapter on secondary use binds a request at an instant (E1, E2)."""
    return is_ehds(facts, request) and ehds_since(facts, request) <= at

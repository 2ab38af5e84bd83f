"""Conditions on the legal entity that takes part: the law of its country, its ground for a transfer, its licence.

Every legal entity of a request is tested for itself (S68); a contact stands or falls with the one they work for.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from access_policy.model.enums import DocumentKind, LicenceReading, Route, TransferBasis
from access_policy.model.ids import InstitutionName
from access_policy.model.jurisdictions import EEA, AdequacyScope, ModelClauses, Span, clauses_carry, clauses_end
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, earlier, later
from access_policy.rules.particulars import binds_from
from access_policy.state import Entity, Request, Signed, State

_CLINICAL_ROUTE, _NO_BASIS = Route.CLINICAL, TransferBasis.NONE
_EEA_LICENCE, _STRICTER_LICENCE = DocumentKind.LICENCE_EEA, DocumentKind.LICENCE_NON_EEA


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Whether dated law holds at an instant: since when, until when, or from when on."""

    holds: bool
    since: datetime | None
    until: datetime | None
    holds_from: datetime | None


def standing(spans: Iterable[Span], at: datetime) -> Standing:
    """Return how dated law stands at `at`; spans that overlap, or follow each other without a gap, count as one."""
    ended: datetime | None = None
    for begins, ends in _joined(spans):
        if at < begins:
            return Standing(False, ended, None, begins)
        if ends is None or at < ends:
            return Standing(True, begins, ends, None)
        ended = ends
    return Standing(False, ended, None, None)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=_begins):
        if not joined or (joined[-1].ends is not None and joined[-1].ends < span.begins):
            joined.append(span)
        elif joined[-1].ends is not None:
            ends = None if span.ends is None else max(joined[-1].ends, span.ends)
            joined[-1] = Span(joined[-1].begins, ends)
    return joined


def _begins(span: Span) -> datetime:
    return span.begins


def country_not_eligible(case: Case, code: ReasonCode = ReasonCode.COUNTRY_NOT_ELIGIBLE) -> Finding:
    """E13: under the EHDS an applicant of a third country is eligible only where that country is listed.

    Both count, the applicant's country and the contact's. Adequacy or a licence does not replace the listing.
    Before the rules bind it holds (E2).
    """
    request, binds = case.request, binds_from(case.request, case.datasets)
    if binds is None or request is None or case.entity is None:
        return Finding(code, request is not None, None if request is None else request.opened)
    found = _eligible(case, request, case.entity.institution, binds)
    if request.institution is None or request.institution == case.entity.institution:
        return found
    return _both(found, _eligible(case, request, request.institution, binds))


def _eligible(case: Case, request: Request, institution: InstitutionName, binds: datetime) -> Finding:
    code, country = ReasonCode.COUNTRY_NOT_ELIGIBLE, case.state.institutions[institution].country
    listed = [Span(one.begins, one.ends) for one in case.state.eligible if one.country == country]
    now = standing([*listed, *_eea(country)], max(case.at, binds))
    if case.at < binds:
        return Finding(code, True, request.opened, now.until if now.holds else binds)
    if now.holds:
        always = now.since is None or now.since <= binds
        return Finding(code, True, request.opened if always else now.since, now.until)
    return Finding(code, False, max(binds, now.since or binds), None, now.holds_from)


def _both(one: Finding, other: Finding) -> Finding:
    """Return the finding that both hold; where one fails it is that one, and where both fail the later mended."""
    if one.holds and other.holds:
        since = other.since if one.since is None else later(other.since, one.since)
        until = other.until if one.until is None else earlier(other.until, one.until)
        return Finding(one.code, True, since, until)
    if one.holds or other.holds:
        return other if one.holds else one
    mended = None if one.holds_from is None or other.holds_from is None else max(one.holds_from, other.holds_from)
    since = None if one.since is None or other.since is None else min(one.since, other.since)
    return Finding(one.code, False, since, None, mended)


def _eea(country: str) -> tuple[Span, ...]:
    span = EEA.get(country)
    return () if span is None else (span,)


_MEMBERS = {country: Standing(True, span.begins, None, None) for country, span in EEA.items() if span.ends is None}
_OUTSIDE = Standing(False, None, None, None)


def _inside(country: str, at: datetime) -> Standing:
    """Return how a country stands to the EEA. Most parties are inside for good, and cost one look."""
    member = _MEMBERS.get(country)
    if member is not None and member.since is not None and member.since <= at:
        return member
    return standing(_eea(country), at) if country in EEA else _OUTSIDE


def transfer_basis_missing(case: Case, code: ReasonCode = ReasonCode.TRANSFER_BASIS_MISSING) -> Finding:
    """S58, S60, S101: outside the EEA a ground is on record, with the measures that go with it; `none` is no grant."""
    entity = case.entity
    if entity is None:
        return Finding(code, False)
    transfer = entity.transfer
    if transfer is not None and transfer.measures and transfer.basis is not _NO_BASIS:
        return Finding(code, True, transfer.recorded)
    inside = _inside(case.state.institutions[entity.institution].country, case.at)
    if inside.holds:
        return Finding(code, True, entity.since, inside.until)
    recorded = transfer.recorded if transfer is not None else entity.since
    return Finding(code, False, max(entity.since, recorded, inside.since or recorded))


def transfer_basis_lapsed(case: Case, code: ReasonCode = ReasonCode.TRANSFER_BASIS_LAPSED) -> Finding:
    """S59, S67: the ground on record still holds: the adequacy decision, or the version of the EU model clauses.

    Privacy Shield ended on 16 July 2020 and carries nothing since.
    """
    entity = case.entity
    if entity is None:
        return Finding(code, False)
    if entity.transfer is None or entity.transfer.basis is _NO_BASIS:
        return Finding(code, True, entity.since)
    inside = _inside(case.state.institutions[entity.institution].country, case.at)
    if inside.holds:
        return Finding(code, True, entity.since, _until_outside(case.state, entity, inside.until))
    now = _ground(case.state, entity, case.at)
    if now.holds:
        return Finding(code, True, max(entity.transfer.recorded, now.since or entity.transfer.recorded), now.until)
    return Finding(code, False, now.since or entity.transfer.recorded, None, now.holds_from)


def _until_outside(state: State, entity: Entity, leaves: datetime | None) -> datetime | None:
    """Return until when a party inside the EEA may get data: the recorded ground counts once its country leaves."""
    if leaves is None:
        return None
    later = _ground(state, entity, leaves)
    return later.until if later.holds else leaves


def _ground(state: State, entity: Entity, at: datetime) -> Standing:
    """Return how the recorded ground of a party stands; there is one, and it is not `none`."""
    transfer = entity.transfer
    if transfer is None:
        return Standing(False, None, None, None)
    if transfer.basis is TransferBasis.ADEQUACY:
        return standing(adequacy_spans(state, entity, transfer.scope), at)
    if transfer.clauses is None or transfer.concluded is None:
        return Standing(False, transfer.recorded, None, None)
    return _clauses(transfer.clauses, transfer.concluded, at)


def adequacy_spans(state: State, entity: Entity, scope: AdequacyScope | None) -> list[Span]:
    """Return when decisions of that scope hold for the party's country (S58)."""
    country = state.institutions[entity.institution].country
    return [Span(one.begins, one.ends) for one in state.adequacy if (one.country, one.scope) == (country, scope)]


def _clauses(version: ModelClauses, concluded: datetime, at: datetime) -> Standing:
    ends = clauses_end(version, concluded)
    if clauses_carry(version, concluded, at):
        return Standing(True, concluded, ends, None)
    begins = concluded if at < concluded and clauses_carry(version, concluded, concluded) else None
    return Standing(False, ends if ends is not None and at >= ends else None, None, begins)


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """Which licence binds a party: since when, and until when by the clock alone."""

    licence: DocumentKind
    since: datetime | None
    until: datetime | None


_MOST_CHANGES = 20


def licence_for(state: State, entity: Entity, at: datetime) -> Wanted:
    """Return which licence binds a party at `at`, and until when that is so (S24, S62-S64)."""
    now = _wanted(state, entity, at)
    return now if now.until is None else Wanted(now.licence, now.since, _bound_until(state, entity, now))


def _bound_until(state: State, entity: Entity, now: Wanted) -> datetime | None:
    until = now.until
    for _ in range(_MOST_CHANGES):
        if until is None or (following := _wanted(state, entity, until)).licence is not now.licence:
            break
        until = following.until
    return until


def _wanted(state: State, entity: Entity, at: datetime) -> Wanted:
    inside = _inside(state.institutions[entity.institution].country, at)
    if inside.holds:
        return Wanted(_EEA_LICENCE, inside.since, inside.until)
    if state.settings.licence_for_adequate is not LicenceReading.EEA:
        return Wanted(DocumentKind.LICENCE_NON_EEA, inside.since, inside.holds_from)
    adequate = standing(_decided(state, entity), at)
    if adequate.holds:
        return Wanted(_EEA_LICENCE, adequate.since, adequate.until)
    return Wanted(DocumentKind.LICENCE_NON_EEA, adequate.since or inside.since, adequate.holds_from)


def _decided(state: State, entity: Entity) -> list[Span]:
    """Return when the party's jurisdiction is one with an adequacy decision (S63, S64).

    A decision for everybody counts for the country; one for some only for a party that is on record as one of them.
    """
    spans = adequacy_spans(state, entity, AdequacyScope.FULL)
    transfer = entity.transfer
    if transfer is None or transfer.basis is not TransferBasis.ADEQUACY or transfer.scope is AdequacyScope.FULL:
        return spans
    return [*spans, *adequacy_spans(state, entity, transfer.scope)]


def licence_not_signed(case: Case, code: ReasonCode = ReasonCode.LICENCE_NOT_SIGNED) -> Finding:
    """S23, S25, S26: no data before three people, one for each party, signed one text; the clinical route has none.

    S54: no licence of three parties is waited for on the clinical route.
    """
    if case.request is None:
        return Finding(code, False)
    if case.request.route is _CLINICAL_ROUTE:
        return Finding(code, True, case.request.submitted)
    signed = case.entity.signed if case.entity is not None else ()
    if signed and signed[0].complete:
        return Finding(code, True, min(one.last for one in signed))
    return Finding(code, False, case.request.approved or case.request.opened)


def licence_superseded(case: Case, code: ReasonCode = ReasonCode.LICENCE_SUPERSEDED) -> Finding:
    """S24, S25, S62-S64, REQ-09: what was signed is the licence that binds the party now, in a version that binds.

    The licence for parties outside the EEA binds to more: a later adequacy decision takes nothing from who signed it.
    Where all three signed both, one that counts is enough.
    """
    request, entity = case.request, case.entity
    if request is None:
        return Finding(code, False)
    if entity is None or not entity.signed or request.route is _CLINICAL_ROUTE:
        return Finding(code, True, request.opened)
    found = _counting(case.state, entity, entity.signed[0], case.at)
    for signed in entity.signed[1:]:
        found = _either(found, _counting(case.state, entity, signed, case.at))
    return Finding(code, found.holds, found.since, found.until, found.holds_from)


def _counting(state: State, entity: Entity, signed: Signed, at: datetime) -> Standing:
    """Return how some signatures stand at `at`: under a licence that binds or binds to more, in a binding version."""
    if signed.licence is _STRICTER_LICENCE:
        lapsed = _lapsed(state, signed, Wanted(_STRICTER_LICENCE, None, None))
        return Standing(lapsed is None, lapsed or signed.last, None, None)
    wanted = licence_for(state, entity, at)
    lapsed = _lapsed(state, signed, wanted)
    if lapsed is None:
        return Standing(True, later(wanted.since, signed.last), wanted.until, None)
    coming = None if wanted.until is None else licence_for(state, entity, wanted.until)
    mended = coming is not None and _lapsed(state, signed, coming) is None
    return Standing(False, lapsed, None, wanted.until if mended else None)


def _either(one: Standing, other: Standing) -> Standing:
    """Return how it stands where one of the two is enough."""
    if one.holds is not other.holds:
        return one if one.holds else other
    since = [instant for instant in (one.since, other.since) if instant is not None]
    if not one.holds:
        return Standing(False, max(since, default=None), None, one.holds_from or other.holds_from)
    until = None if one.until is None or other.until is None else max(one.until, other.until)
    return Standing(True, min(since, default=None), until, None)


def _lapsed(state: State, signed: Signed, wanted: Wanted) -> datetime | None:
    """Return since when what was signed is not what is wanted, or None where it is."""
    document = state.documents.get(wanted.licence)
    if document is None or signed.licence is not wanted.licence:
        return later(wanted.since, signed.first)
    return document.binding_since if signed.first < document.binding_since else None

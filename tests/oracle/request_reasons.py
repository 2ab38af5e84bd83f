"""One function per reason about the request, its contacts, licence and data: true where it denies."""

from collections.abc import Sequence

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Party, Route, TransferBasis
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import law


def _is_over(facts: Sequence[Fact], query: Query) -> bool:
    kinds = (e.RequestRefused, e.RequestWithdrawn, e.RequestEnded)
    return any(h.told(facts, kind, request=query.request) for kind in kinds)


def request_not_approved(facts: Sequence[Fact], query: Query) -> bool:
    """S22, S49, S50: a request that is over waits for no decision."""
    return not h.approvals_of(facts, query.request) and not _is_over(facts, query)


def request_refused(facts: Sequence[Fact], query: Query) -> bool:
    """S22."""
    return bool(h.told(facts, e.RequestRefused, request=query.request))


def request_withdrawn(facts: Sequence[Fact], query: Query) -> bool:
    """S22."""
    return bool(h.told(facts, e.RequestWithdrawn, request=query.request))


def request_ended(facts: Sequence[Fact], query: Query) -> bool:
    """S94."""
    return bool(h.told(facts, e.RequestEnded, request=query.request))


def request_suspended(facts: Sequence[Fact], query: Query) -> bool:
    """E58."""
    suspended = h.last_seq(facts, e.RequestSuspended, request=query.request)
    return suspended > h.last_seq(facts, e.RequestReinstated, request=query.request)


def not_a_contact(facts: Sequence[Fact], query: Query) -> bool:
    """S27, S28."""
    return d.contact_of(facts, query.request, query.person) is None


def contact_email_differs(facts: Sequence[Fact], query: Query) -> bool:
    """S16, S27."""
    contact = d.contact_of(facts, query.request, query.person)
    return contact is not None and contact.email != h.email_of(facts, query.person)


def contact_moved(facts: Sequence[Fact], query: Query) -> bool:
    """S33: works at the organisation that they were named for, and never left it since."""
    contact = d.contact_of(facts, query.request, query.person)
    return contact is not None and (contact.institution is None or h.left_since(facts, query.person, contact.seq))


def entity_of(facts: Sequence[Fact], query: Query) -> str | None:
    """S68: the legal entity that the contact was named for; for others the one that opened the request."""
    contact = d.contact_of(facts, query.request, query.person)
    if contact is not None:
        return contact.institution
    return next((one.institution for _, one in h.told(facts, e.RequestOpened, request=query.request)), None)


def country_not_eligible(facts: Sequence[Fact], query: Query) -> bool:
    """E13: bound by the chapter, a third country has to be listed; adequacy or a licence does not replace that."""
    country = h.country_of(facts, entity_of(facts, query))
    eligible = law.in_eea(country, query.at) or law.is_listed(facts, country, query.at)
    return law.ehds_binds(facts, query.request, query.at) and not eligible


def transfer_basis_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S60, S101: outside the EEA a ground with its measures is on record."""
    entity = entity_of(facts, query)
    basis = law.basis_of(facts, query.request, entity)
    return not law.in_eea(h.country_of(facts, entity), query.at) and not law.basis_is_whole(basis)


def transfer_basis_lapsed(facts: Sequence[Fact], query: Query) -> bool:
    """S59, S67: the ground on record carries now."""
    entity = entity_of(facts, query)
    country = h.country_of(facts, entity)
    basis = law.basis_of(facts, query.request, entity)
    if law.in_eea(country, query.at) or basis is None or basis.basis is TransferBasis.NONE:
        return False
    return not law.basis_holds(facts, basis, country, query.at)


def _signatures(facts: Sequence[Fact], query: Query) -> dict[Party, tuple[int, e.LicenceSigned]]:
    entity = entity_of(facts, query)
    signed = h.told(facts, e.LicenceSigned, request=query.request, institution=entity)
    return {one.party: (seq, one) for seq, one in signed}


def _is_unsigned(facts: Sequence[Fact], query: Query) -> bool:
    signatures = _signatures(facts, query)
    return len(signatures) < len(Party) or len({one.person for _, one in signatures.values()}) < len(Party)


def licence_not_signed(facts: Sequence[Fact], query: Query) -> bool:
    """S23, S26: three parties, three people; the clinical route has no licence (S54)."""
    return h.route_of(facts, query.request) is Route.DATA_ACCESS and _is_unsigned(facts, query)


def licence_superseded(facts: Sequence[Fact], query: Query) -> bool:
    """S25, S62-S64, REQ-09: each signature is under the licence, and the version of it, that binds now."""
    if h.route_of(facts, query.request) is Route.CLINICAL or _is_unsigned(facts, query):
        return False
    binding = law.licence_that_binds(facts, query.request, entity_of(facts, query), query.at)
    since = h.binding_since(facts, binding)
    return any(one.licence is not binding or seq < since for seq, one in _signatures(facts, query).values())


def not_made_available(facts: Sequence[Fact], query: Query) -> bool:
    """S38, S100: to everybody who was a contact the first time, and to each who came later by a step of their own."""
    contact = d.contact_of(facts, query.request, query.person)
    all_of_it = min((seq for seq, _ in h.told(facts, e.RequestMadeAvailable, request=query.request)), default=0)
    own = h.last_seq(facts, e.ContactMadeAvailable, request=query.request, person=query.person)
    return not all_of_it or (contact is not None and max(all_of_it, own) < contact.seq)


def term_not_begun(facts: Sequence[Fact], query: Query) -> bool:
    """S39."""
    term = h.term_of(facts, query.request)
    return term is not None and query.at < term[0]


def term_over(facts: Sequence[Fact], query: Query) -> bool:
    """S46, E61."""
    term = h.term_of(facts, query.request)
    return term is not None and term[1] <= query.at


def no_dataset_open(facts: Sequence[Fact], query: Query) -> bool:
    """S82, S83."""
    return not d.open_datasets(facts, query.request)


def opt_out_ignored(facts: Sequence[Fact], query: Query) -> bool:
    """E72: whose opt-out stood at the permit is in none of its data, also when it was taken back later.

    A request without a permit yet would get one now, so every opt-out comes before it.
    """
    approvals = h.approvals_of(facts, query.request)
    if not law.ehds_binds(facts, query.request, query.at):
        return False
    if any(isinstance(one, e.RequestApproved) and one.opt_out_exception for _, one in approvals):
        return False
    names = [what.dataset for what in d.open_datasets(facts, query.request)]
    return any(_holds_opted_out(facts, one, d.granted_by(facts, query.request, one)) for one in names)


def _holds_opted_out(facts: Sequence[Fact], dataset: str, granted: int | None) -> bool:
    issued = granted or len(facts) + 1
    for seq, out in h.told(facts, e.OptedOut, dataset=dataset):
        back = [one for one, _ in h.told(facts, e.OptOutReversed, dataset=dataset, subject=out.subject)]
        taken_back = any(seq < one < issued for one in back)
        if seq < issued and not taken_back and out.subject not in d.excluded_subjects(facts, dataset):
            return True
    return False

"""One function per reason about the request, its contacts, licence and data: true where it denies."""

from collections.abc import Sequence

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import DocumentKind, Party, Route, TransferBasis
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import law, matters


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
    """E58, AUD-02."""
    suspended = h.last_seq(facts, e.RequestSuspended, request=query.request)
    reinstated = h.last_seq(facts, e.RequestReinstated, request=query.request)
    return max(suspended, h.suspended_by_loss(facts, query.request)) > reinstated


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
    return _applicants_of(facts, query) if contact is None else contact.institution


def _applicants_of(facts: Sequence[Fact], query: Query) -> str | None:
    return next((one.institution for _, one in h.told(facts, e.RequestOpened, request=query.request)), None)


def country_not_eligible(facts: Sequence[Fact], query: Query) -> bool:
    """E13: bound by the chapter, a third country has to be listed; adequacy or a licence does not replace that.

    That of the applicant's institution, and that of the contact's.
    """
    countries = [h.country_of(facts, one) for one in (_applicants_of(facts, query), entity_of(facts, query))]
    eligible = all(law.in_eea(one, query.at) or law.is_listed(facts, one, query.at) for one in countries)
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


Signatures = dict[Party, tuple[int, e.LicenceSigned]]


def _signed(facts: Sequence[Fact], query: Query) -> list[tuple[int, e.LicenceSigned]]:
    return h.told(facts, e.LicenceSigned, request=query.request, institution=entity_of(facts, query))


def _signatures(facts: Sequence[Fact], query: Query) -> Signatures:
    return {one.party: (seq, one) for seq, one in _signed(facts, query)}


def complete_texts(facts: Sequence[Fact], query: Query) -> list[Signatures]:
    """S23, S25: the texts, each a version of a licence by its hash, that three people signed for the three parties."""
    texts: dict[tuple[str, str, str], Signatures] = {}
    for seq, one in _signed(facts, query):
        texts.setdefault((one.licence, one.version, one.digest), {})[one.party] = (seq, one)
    return [
        parties
        for parties in texts.values()
        if len(parties) == len(Party) and len({one.person for _, one in parties.values()}) == len(Party)
    ]


def licence_not_signed(facts: Sequence[Fact], query: Query) -> bool:
    """S23, S25, S26: three parties, three people, one text; the clinical route has no licence (S54)."""
    return h.route_of(facts, query.request) is Route.DATA_ACCESS and not complete_texts(facts, query)


def licence_superseded(facts: Sequence[Fact], query: Query) -> bool:
    """S25, S62-S64, REQ-09: whoever signed so far signed the one licence that binds now, in the version that does.

    The licence for parties outside the EEA is the stricter one: it counts where the other would be asked for by now.
    A text that all three signed stays signed, whatever is signed beside it; one such text that counts is enough.
    """
    if h.route_of(facts, query.request) is Route.CLINICAL or not _signed(facts, query):
        return False
    binding = law.licence_that_binds(facts, query.request, entity_of(facts, query), query.at)
    candidates = complete_texts(facts, query) or [_signatures(facts, query)]
    return not any(_counts(facts, signatures, binding) for signatures in candidates)


def _counts(facts: Sequence[Fact], signatures: Signatures, binding: DocumentKind) -> bool:
    licences = {one.licence for _, one in signatures.values()}
    too_old = any(seq < h.binding_since(facts, one.licence) for seq, one in signatures.values())
    return not too_old and (licences == {binding} or licences == {DocumentKind.LICENCE_NON_EEA})


def not_made_available(facts: Sequence[Fact], query: Query) -> bool:
    """S38, S100: to each contact whom the first time reached, and to each other one by a step of their own."""
    contact = d.contact_of(facts, query.request, query.person)
    own = h.last_seq(facts, e.ContactMadeAvailable, request=query.request, person=query.person)
    seq = max(d.reached_at(facts, query.request, query.person), own)
    return not h.told(facts, e.RequestMadeAvailable, request=query.request) or (
        contact is not None and seq < contact.seq
    )


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
    """E72: whose opt-out stood at the permit is in none of the data that matter."""
    return any(matters.ignores_opt_out(facts, query, what.dataset) for what in matters.that_matter(facts, query))

"""The decision a second time, as plainly as it can be said: one function per reason, each a walk through the facts.

It is an oracle: written from the requirements and not from the rules, slow on purpose, and without any state. Where
two functions agree on every history, both would have to be wrong in the same way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Action, Assurance, DocumentKind, Party, Route, TransferBasis, Zone
from access_policy.model.jurisdictions import ADEQUACY, EEA, MODEL_CLAUSES
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import law

_R = ReasonCode


class NaiveAnswer(NamedTuple):
    """What the oracle says: `effect` is `allow` or `deny`, `until` the first instant at which an allow lapses."""

    effect: str
    failing: frozenset[ReasonCode]
    datasets: tuple[str, ...]
    until: datetime | None


def naive_decide(facts: Sequence[Fact], query: Query) -> NaiveAnswer:
    """Answer a query from the whole history."""
    failing = failing_codes(facts, query)
    if failing:
        return NaiveAnswer("deny", failing, (), None)
    names = tuple(str(what.dataset) for what in h.open_datasets(facts, query.request))
    return NaiveAnswer("allow", failing, names, _lapses(facts, query))


def naive_list(facts: Sequence[Fact], query: Query) -> list[str]:
    """Return the requests in which the person of a query may open a workspace, coming as the query does."""
    opened = [one.request for _, one in h.told(facts, e.RequestOpened)]
    asked = [Query(query.person, request, Action.OPEN_WORKSPACE, query.at, query.session) for request in opened]
    return [str(one.request) for one in asked if not failing_codes(facts, one)]


def failing_codes(facts: Sequence[Fact], query: Query) -> frozenset[ReasonCode]:
    """Return the conditions of a question that do not hold."""
    unknown = unknown_codes(facts, query)
    return frozenset(code for code in asked_codes(query.action) if code in unknown or FAILS[code](facts, query))


def unknown_codes(facts: Sequence[Fact], query: Query) -> set[ReasonCode]:
    """Return all that fails because it speaks of somebody, or of a request, that nobody knows."""
    codes = list(ReasonCode)
    of_contact = {_R.NOT_A_CONTACT, _R.CONTACT_EMAIL_DIFFERS, _R.CONTACT_MOVED}
    of_person = {*codes[: codes.index(_R.REQUEST_NOT_APPROVED)], *of_contact}
    of_request = set(codes[codes.index(_R.REQUEST_NOT_APPROVED) : codes.index(_R.DATASET_WITHDRAWN)])
    known_request = bool(h.told(facts, e.RequestOpened, request=query.request))
    return (set() if h.is_known(facts, query.person) else of_person) | (set() if known_request else of_request)


def asked_codes(action: Action) -> list[ReasonCode]:
    """Return the conditions of an action: opening looks at no workspace, keeping at no session and no network."""
    of_session = {_R.SESSION_MISSING, _R.SESSION_OVER, _R.SESSION_WITHOUT_FACTOR, _R.ZONE}
    of_workspace = {_R.DATASET_WITHDRAWN, _R.RUN_TIME_OVER}
    left_out = {Action.OPEN_WORKSPACE: of_workspace, Action.KEEP_WORKSPACE: of_session}.get(action, set())
    return [code for code in ReasonCode if code not in left_out]


def _lapses(facts: Sequence[Fact], query: Query) -> datetime | None:
    for instant in instants(facts, query):
        later = Query(query.person, query.request, query.action, instant, query.session)
        if instant > query.at and failing_codes(facts, later):
            return instant
    return None


def instants(facts: Sequence[Fact], query: Query | None = None) -> list[datetime]:
    """Return every instant that any fact, any table or the session speaks of, in order."""
    spans = [(one.begins, one.ends) for one in (*EEA.values(), *MODEL_CLAUSES.values())]
    spans += [(one.begins, one.ends) for one in ADEQUACY]
    found = {law.EHDS_CLINICAL, law.EHDS_OTHERS, *(instant for span in spans for instant in span if instant)}
    for fact in facts:
        values = (getattr(fact.event, name) for name in fact.event.__struct_fields__)
        found.update(value for value in values if isinstance(value, datetime))
    if query is not None and query.session is not None:
        found.add(query.session.ends)
        found.update({query.session.ended} - {None})
    return sorted(found)


# --- the person ---


def person_disabled(facts: Sequence[Fact], query: Query) -> bool:
    """S94: the newest word on it counts."""
    stopped = h.last_seq(facts, e.PersonDisabled, person=query.person)
    return stopped > h.last_seq(facts, e.PersonEnabled, person=query.person)


def institution_not_trusted(facts: Sequence[Fact], query: Query) -> bool:
    """S72, S73: the centre's own, or an agreement in force with the partner."""
    institution = h.institution_of(facts, query.person)
    if any(one.centre for _, one in h.told(facts, e.InstitutionRegistered, institution=institution)):
        return False
    recorded = h.told(facts, e.AgreementRecorded, institution=institution)
    if not recorded or recorded[-1][0] < h.last_seq(facts, e.AgreementEnded, institution=institution):
        return True
    return not law.lies_in(query.at, recorded[-1][1].begins, recorded[-1][1].ends)


def organisation_excluded(facts: Sequence[Fact], query: Query) -> bool:
    """E59: until its date, unless it was lifted."""
    institution = h.institution_of(facts, query.person)
    lifted = h.last_seq(facts, e.ExclusionLifted, institution=institution)
    excluded = h.told(facts, e.OrganisationExcluded, institution=institution)
    return any(query.at < one.until for seq, one in excluded if seq > lifted)


def email_not_institutional(facts: Sequence[Fact], query: Query) -> bool:
    """S16, S73: the whole domain is one that the institution declares now."""
    institution = h.institution_of(facts, query.person)
    domain = h.email_of(facts, query.person).rpartition("@")[2]
    return institution is not None and domain not in h.domains_of(facts, institution)


def person_not_verified(facts: Sequence[Fact], query: Query) -> bool:
    """S73."""
    return h.verification_of(facts, query.person) is None


def verification_expired(facts: Sequence[Fact], query: Query) -> bool:
    """S73: a verification has an end."""
    verification = h.verification_of(facts, query.person)
    return verification is not None and verification.until <= query.at


def assurance_too_low(facts: Sequence[Fact], query: Query) -> bool:
    """E26: no dataset that opens asks for a level above that of the verification."""
    verification = h.verification_of(facts, query.person)
    if verification is None:
        return False
    levels = list(Assurance)
    needed = [what.assurance for what in h.open_datasets(facts, query.request)]
    return any(levels.index(one) > levels.index(verification.assurance) for one in needed)


def factor_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S17, S76."""
    return not h.factors_of(facts, query.person)


def factor_not_confirmed(facts: Sequence[Fact], query: Query) -> bool:
    """S76: one that the verifier confirmed is enough."""
    factors = h.factors_of(facts, query.person)
    return bool(factors) and not any(factors.values())


def conduct_not_accepted(facts: Sequence[Fact], query: Query) -> bool:
    """S79, REQ-09."""
    return not h.has_accepted(facts, query.person, DocumentKind.CODE_OF_CONDUCT)


def reidentification_not_accepted(facts: Sequence[Fact], query: Query) -> bool:
    """S84, E30, REQ-09."""
    return not h.has_accepted(facts, query.person, DocumentKind.NO_REIDENTIFICATION)


# --- training ---


def courses_needed(facts: Sequence[Fact], query: Query) -> set[str]:
    """S74: the courses that bind everybody, and those that the data ask for."""
    needed = {str(one.course) for _, one in h.told(facts, e.CourseRegistered) if one.required}
    for what in h.open_datasets(facts, query.request):
        needed |= set(what.trainings)
    return needed


def _courses(facts: Sequence[Fact], query: Query) -> list[h.Course | None]:
    return [h.course_of(facts, query.person, course) for course in courses_needed(facts, query)]


def training_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S74: no valid training, no workspace of any kind: not even where no course is registered."""
    courses = _courses(facts, query)
    return not courses or any(one is None for one in courses)


def training_revoked(facts: Sequence[Fact], query: Query) -> bool:
    """S74."""
    return any(one is not None and one.revoked for one in _courses(facts, query))


def training_outdated(facts: Sequence[Fact], query: Query) -> bool:
    """S74."""
    return any(one is not None and one.outdated for one in _courses(facts, query))


def training_expired(facts: Sequence[Fact], query: Query) -> bool:
    """S74: an end is half-open (REQ-08)."""
    return any(one is not None and one.ends <= query.at for one in _courses(facts, query))


# --- the request and the contact ---


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
    return h.contact_of(facts, query.request, query.person) is None


def contact_email_differs(facts: Sequence[Fact], query: Query) -> bool:
    """S16, S27."""
    contact = h.contact_of(facts, query.request, query.person)
    return contact is not None and contact.email != h.email_of(facts, query.person)


def contact_moved(facts: Sequence[Fact], query: Query) -> bool:
    """S33: works at the organisation that they were named for."""
    contact = h.contact_of(facts, query.request, query.person)
    return contact is not None and contact.institution != h.institution_of(facts, query.person)


# --- the organisation's country and licence ---


def entity_of(facts: Sequence[Fact], query: Query) -> str | None:
    """S68: the legal entity that the contact was named for; for others the one that opened the request."""
    contact = h.contact_of(facts, query.request, query.person)
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


# --- the grant and its data ---


def not_made_available(facts: Sequence[Fact], query: Query) -> bool:
    """S38, S100: to everybody who was a contact then, and to each who came later by a step of their own."""
    contact = h.contact_of(facts, query.request, query.person)
    all_of_it = h.last_seq(facts, e.RequestMadeAvailable, request=query.request)
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
    return not h.open_datasets(facts, query.request)


def opt_out_ignored(facts: Sequence[Fact], query: Query) -> bool:
    """E72: who opted out before the permit, and did not take that back, is in none of its data.

    A request without a permit yet would get one now, so every opt-out comes before it.
    """
    approvals = h.approvals_of(facts, query.request)
    if not law.ehds_binds(facts, query.request, query.at):
        return False
    if any(isinstance(one, e.RequestApproved) and one.opt_out_exception for _, one in approvals):
        return False
    issued = max((seq for seq, _ in approvals), default=len(facts) + 1)
    return any(_holds_opted_out(facts, what.dataset, issued) for what in h.open_datasets(facts, query.request))


def _holds_opted_out(facts: Sequence[Fact], dataset: str, issued: int) -> bool:
    for seq, out in h.told(facts, e.OptedOut, dataset=dataset):
        taken_back = h.last_seq(facts, e.OptOutReversed, dataset=dataset, subject=out.subject) > seq
        if seq < issued and not taken_back and out.subject not in h.excluded_subjects(facts, dataset):
            return True
    return False


# --- the workspace and the session ---


def dataset_withdrawn(facts: Sequence[Fact], query: Query) -> bool:
    """S82, S94: every dataset in the running workspace is offered, and was since it started."""
    workspace = h.workspace_of(facts, query.request, query.person)
    if workspace is None:
        return False
    since, started = workspace
    open_now = all(h.is_open(facts, query.request, name) for name in started.datasets)
    return not open_now or any(h.was_taken_away(facts, name, since) for name in started.datasets)


def run_time_over(facts: Sequence[Fact], query: Query) -> bool:
    """S86."""
    workspace = h.workspace_of(facts, query.request, query.person)
    return workspace is not None and workspace[1].run_ends <= query.at


def session_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S76: a session, and one's own."""
    return query.session is None or query.session.person != query.person


def session_over(facts: Sequence[Fact], query: Query) -> bool:
    """S76, S94: within its hours, not logged out, and not ended by a reset of the factors or a stop."""
    session = query.session
    if session is None or session_missing(facts, query):
        return False
    if not law.lies_in(query.at, session.begun, session.ends) or (session.ended and session.ended <= query.at):
        return True
    kinds = (e.FactorsReset, e.PersonDisabled)
    ends = [seq for kind in kinds for seq, _ in h.told(facts, kind, person=query.person)]
    return any(session.begun <= h.at_of(facts, seq) for seq in ends)


def session_without_factor(facts: Sequence[Fact], query: Query) -> bool:
    """S76: every session, none without."""
    return not session_missing(facts, query) and query.session is not None and query.session.factor is None


def zone(facts: Sequence[Fact], query: Query) -> bool:
    """S77, S78: restricted data open from the institute's network only; without a session nobody knows the network."""
    session = None if session_missing(facts, query) else query.session
    inside = session is not None and session.zone is Zone.INSTITUTE
    return not inside and any(h.is_restricted(what) for what in h.open_datasets(facts, query.request))


FAILS: dict[ReasonCode, Callable[[Sequence[Fact], Query], bool]] = {code: globals()[code.value] for code in ReasonCode}

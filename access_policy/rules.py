"""The conditions, one small function each, with its requirement id. Nothing else in the product decides.

A rule looks at a `Case` and answers with a `Finding`: does the condition hold, since when, and until when by itself.
All terms are half-open and UTC (REQ-08). What is missing or unknown fails (POL-05): when in doubt, deny. A rule
about something that comes later than a missing step (an expired verification where there is none) holds, so that one
lack gives one reason.

Each rule's `code` is a parameter that nobody gives: a default is looked up once, and looking up a member of an enum is
slow in Python 3.11, so that this alone makes `decide` a fifth faster (`tests/bench/decide.py`).
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from access_policy.email import domain_of
from access_policy.model.enums import Action, FactorKind, RequestStatus, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.state import Certification, Contact, Dataset, Person, Request, State, Workspace


class Session(msgspec.Struct, frozen=True):
    """A browser session as the gate saw it (S76): who, since when, which factor, where, and until when. UTC.

    `supposed` marks a session that nobody has: an answer about what a fresh login would be allowed.
    """

    session: str
    person: PersonId
    begun: datetime
    ends: datetime
    factor: FactorKind | None
    zone: Zone
    ended: datetime | None = None
    supposed: bool = False


class Query(msgspec.Struct, frozen=True):
    """May `person` do `action` with the workspace of `request` at `at`, coming with `session`?"""

    person: PersonId
    request: RequestId
    action: Action
    at: datetime
    session: Session | None = None


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What a rule found. `since` is when the condition took its present value; `until` when it stops holding itself."""

    code: ReasonCode
    holds: bool
    since: datetime | None = None
    until: datetime | None = None


class Case(msgspec.Struct, frozen=True, gc=False):
    """A query with everything it speaks of looked up once. `offered` are those of its datasets that are open.

    `trained` holds, for each required course that the person ever passed, the certification that counts.
    """

    query: Query
    at: datetime
    state: State
    person: Person | None
    request: Request | None
    contact: Contact | None
    datasets: tuple[Dataset, ...]
    offered: tuple[Dataset, ...]
    trained: tuple[Certification, ...]
    session: Session | None
    workspace: Workspace | None


def case_of(state: State, query: Query) -> Case:
    """Look up what a query speaks of. Unknown ids give None, and every rule fails on None."""
    request = state.requests.get(query.request)
    contact = request.contacts.get(query.person) if request is not None else None
    names = request.datasets if request is not None else ()
    datasets = tuple([found for name in names if (found := state.datasets.get(name)) is not None])
    offered = tuple([dataset for dataset in datasets if dataset.open])
    session = query.session if query.session is not None and query.session.person == query.person else None
    workspace = state.workspaces.get((query.person, query.request))
    person = state.people.get(query.person)
    trained = _trained(state, person) if person is not None else ()
    return Case(query, query.at, state, person, request, contact, datasets, offered, trained, session, workspace)


def _trained(state: State, person: Person) -> tuple[Certification, ...]:
    passed = [person.certifications.get(course.course) for course in state.required_courses]
    return tuple([_newest(certifications) for certifications in passed if certifications])


def _newest(certifications: list[Certification]) -> Certification:
    if len(certifications) == 1:
        return certifications[0]
    return max(certifications, key=lambda certification: (certification.revoked is None, certification.ends))


def person_disabled(case: Case, code: ReasonCode = ReasonCode.PERSON_DISABLED) -> Finding:
    """S94: the centre can stop a person at once."""
    if case.person is None:
        return Finding(code, False)
    if case.person.disabled is not None:
        return Finding(code, False, case.person.disabled)
    return Finding(code, True, case.person.enabled or case.person.since)


def institution_not_trusted(case: Case, code: ReasonCode = ReasonCode.INSTITUTION_NOT_TRUSTED) -> Finding:
    """S72, S73: the person's institution is the centre, or has an agreement in force."""
    institution = case.state.institutions.get(case.person.institution) if case.person is not None else None
    if institution is None:
        return Finding(code, False)
    if institution.centre:
        return Finding(code, True, institution.since)
    term, ended = institution.agreement, institution.agreement_ended
    if term is None or case.at < term.begins or (ended is not None and ended <= term.begins):
        return Finding(code, False, institution.last_agreement_over or institution.since)
    if ended is not None or case.at >= term.ends:
        return Finding(code, False, term.ends if ended is None else min(ended, term.ends))
    return Finding(code, True, max(term.begins, institution.agreement_recorded or term.begins), term.ends)


def email_not_institutional(case: Case, code: ReasonCode = ReasonCode.EMAIL_NOT_INSTITUTIONAL) -> Finding:
    """S16, S73: the e-mail domain equals, label by label, one that the institution declared (ID-01)."""
    institution = case.state.institutions.get(case.person.institution) if case.person is not None else None
    if case.person is None or institution is None:
        return Finding(code, False)
    since = max(institution.domains_since, case.person.since)
    return Finding(code, domain_of(case.person.email) in institution.domains, since)


def person_not_verified(case: Case, code: ReasonCode = ReasonCode.PERSON_NOT_VERIFIED) -> Finding:
    """S73: only verified users; somebody checked who the person is."""
    if case.person is None:
        return Finding(code, False)
    if case.person.verification is None:
        return Finding(code, False, case.person.verification_changed or case.person.since)
    return Finding(code, True, case.person.verification.since)


def verification_expired(case: Case, code: ReasonCode = ReasonCode.VERIFICATION_EXPIRED) -> Finding:
    """S73: a verification is good until its date."""
    if case.person is None:
        return Finding(code, False)
    verification = case.person.verification
    if verification is None:
        return Finding(code, True, case.person.since)
    if case.at >= verification.until:
        return Finding(code, False, verification.until)
    return Finding(code, True, verification.since, verification.until)


def factor_missing(case: Case, code: ReasonCode = ReasonCode.FACTOR_MISSING) -> Finding:
    """S17, S27, S76: a second factor is enrolled on the account."""
    if case.person is None:
        return Finding(code, False)
    if not case.person.factors:
        return Finding(code, False, case.person.factors_changed or case.person.since)
    return Finding(code, True, min([factor.enrolled for factor in case.person.factors.values()]))


def factor_not_confirmed(case: Case, code: ReasonCode = ReasonCode.FACTOR_NOT_CONFIRMED) -> Finding:
    """S76: a first factor opens data only once the verifier confirmed it with the person."""
    if case.person is None:
        return Finding(code, False)
    if not case.person.factors:
        return Finding(code, True, case.person.since)
    confirmed = [factor.confirmed for factor in case.person.factors.values() if factor.confirmed is not None]
    if not confirmed:
        return Finding(code, False, case.person.factors_changed)
    return Finding(code, True, min(confirmed))


def training_missing(case: Case, code: ReasonCode = ReasonCode.TRAINING_MISSING) -> Finding:
    """S74: every required course has been passed at some time."""
    if case.person is None or not case.state.required_courses:
        return Finding(code, False)
    passed, required = case.person.certifications, case.state.required_courses
    if len(case.trained) == len(required):
        return Finding(code, True, max([passed[course.course][0].begins for course in required]))
    missing = [course.since for course in required if not passed.get(course.course)]
    return Finding(code, False, max(case.person.since, *missing))


def training_revoked(case: Case, code: ReasonCode = ReasonCode.TRAINING_REVOKED) -> Finding:
    """S74: a revoked certification counts no more."""
    if case.person is None:
        return Finding(code, False)
    revoked = [certification.revoked for certification in case.trained if certification.revoked is not None]
    return Finding(code, not revoked, max(revoked) if revoked else case.person.since)


def training_expired(case: Case, code: ReasonCode = ReasonCode.TRAINING_EXPIRED) -> Finding:
    """S74: a certification holds for a time; `until` is the first end among the required courses."""
    if case.person is None:
        return Finding(code, False)
    standing = [certification for certification in case.trained if certification.revoked is None]
    if not standing:
        return Finding(code, True, case.person.since)
    ends = min([certification.ends for certification in standing])
    if case.at >= ends:
        return Finding(code, False, ends)
    return Finding(code, True, max([certification.begins for certification in standing]), ends)


_REFUSED, _WITHDRAWN, _ENDED = RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED
_UNDECIDED = frozenset({RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED})


def request_not_approved(case: Case, code: ReasonCode = ReasonCode.REQUEST_NOT_APPROVED) -> Finding:
    """S22, S26: without the board's approval there is no grant."""
    if case.request is None:
        return Finding(code, False)
    if case.request.status in _UNDECIDED:
        return Finding(code, False, case.request.opened)
    return Finding(code, True, case.request.approved or case.request.status_since)


def request_refused(case: Case, code: ReasonCode = ReasonCode.REQUEST_REFUSED) -> Finding:
    """S22: a refused request gives nothing."""
    return _not_in_status(case, code, _REFUSED)


def request_withdrawn(case: Case, code: ReasonCode = ReasonCode.REQUEST_WITHDRAWN) -> Finding:
    """S22: a request that the applicant took back gives nothing."""
    return _not_in_status(case, code, _WITHDRAWN)


def request_ended(case: Case, code: ReasonCode = ReasonCode.REQUEST_ENDED) -> Finding:
    """S94: the centre can end any grant at once."""
    return _not_in_status(case, code, _ENDED)


def _not_in_status(case: Case, code: ReasonCode, status: RequestStatus) -> Finding:
    if case.request is None:
        return Finding(code, False)
    if case.request.status is status:
        return Finding(code, False, case.request.status_since)
    return Finding(code, True, case.request.opened)


def not_a_contact(case: Case, code: ReasonCode = ReasonCode.NOT_A_CONTACT) -> Finding:
    """S27, S28: only a download contact of this request gets its data; being the applicant is not enough."""
    if case.request is None:
        return Finding(code, False)
    if case.contact is None:
        return Finding(code, False, case.request.contacts_removed.get(case.query.person, case.request.opened))
    return Finding(code, True, case.contact.since)


def contact_email_differs(case: Case, code: ReasonCode = ReasonCode.CONTACT_EMAIL_DIFFERS) -> Finding:
    """S16, S27: the account has the institutional address that stands in the form."""
    if case.person is None or case.request is None:
        return Finding(code, False)
    if case.contact is None:
        return Finding(code, True, case.request.opened)
    return Finding(code, case.contact.email == case.person.email, case.contact.since)


def licence_not_signed(case: Case, code: ReasonCode = ReasonCode.LICENCE_NOT_SIGNED) -> Finding:
    """S23, S26: no data before three distinct people, one for each party, have signed."""
    if case.request is None:
        return Finding(code, False)
    signatures = case.request.signatures.values()
    if len({signature.person for signature in signatures}) == 3:
        return Finding(code, True, max([signature.at for signature in signatures]))
    return Finding(code, False, case.request.approved or case.request.opened)


def not_made_available(case: Case, code: ReasonCode = ReasonCode.NOT_MADE_AVAILABLE) -> Finding:
    """S100: making available is a step of its own, after all else."""
    if case.request is None:
        return Finding(code, False)
    if case.request.available is None:
        return Finding(code, False, case.request.status_since)
    return Finding(code, True, case.request.available)


def term_not_begun(case: Case, code: ReasonCode = ReasonCode.TERM_NOT_BEGUN) -> Finding:
    """S39: a grant has a term, and holds from its first instant."""
    if case.request is None:
        return Finding(code, False)
    term = case.request.term
    if term is None:
        return Finding(code, True, case.request.opened)
    if case.at < term.begins:
        return Finding(code, False, case.request.approved)
    return Finding(code, True, term.begins)


def term_over(case: Case, code: ReasonCode = ReasonCode.TERM_OVER) -> Finding:
    """S39, S46: a grant has a term; at its end access ends, in running workspaces too."""
    if case.request is None:
        return Finding(code, False)
    term = case.request.term
    if term is None:
        return Finding(code, True, case.request.opened)
    if case.at >= term.ends:
        return Finding(code, False, term.ends)
    return Finding(code, True, case.request.approved, term.ends)


def no_dataset_open(case: Case, code: ReasonCode = ReasonCode.NO_DATASET_OPEN) -> Finding:
    """S82, S83, S99, REQ-10: a dataset of the request is registered, attested and not withdrawn."""
    if case.offered:
        return Finding(code, True, min([dataset.since for dataset in case.offered]))
    closed = [dataset.withdrawn for dataset in case.datasets if dataset.withdrawn is not None]
    return Finding(code, False, max(closed, default=case.request.opened if case.request is not None else None))


def dataset_withdrawn(case: Case, code: ReasonCode = ReasonCode.DATASET_WITHDRAWN) -> Finding:
    """S82: a workspace that holds a dataset which is offered no more ends; unmounting revokes nothing."""
    if case.workspace is None:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    offered = {dataset.dataset for dataset in case.offered}
    if offered.issuperset(case.workspace.datasets):
        return Finding(code, True, case.workspace.started)
    held = [dataset for dataset in case.datasets if dataset.dataset in case.workspace.datasets]
    gone = [dataset.withdrawn for dataset in held if dataset.withdrawn is not None]
    return Finding(code, False, min(gone, default=None))


def run_time_over(case: Case, code: ReasonCode = ReasonCode.RUN_TIME_OVER) -> Finding:
    """S86: a workspace of this size may run for so long."""
    if case.workspace is None:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    if case.at >= case.workspace.run_ends:
        return Finding(code, False, case.workspace.run_ends)
    return Finding(code, True, case.workspace.started, case.workspace.run_ends)


def session_missing(case: Case, code: ReasonCode = ReasonCode.SESSION_MISSING) -> Finding:
    """S76: the person is logged in."""
    if case.session is None:
        return Finding(code, False)
    return Finding(code, True, case.session.begun)


def session_over(case: Case, code: ReasonCode = ReasonCode.SESSION_OVER) -> Finding:
    """S76, ID-15: a session ends by logout, by its age, and when the person is disabled or the factors are reset."""
    session = case.session
    if session is None:
        return Finding(code, True)
    first = min([ended for ended in (session.ended, _voided(case, session), session.ends) if ended is not None])
    if case.at >= first:
        return Finding(code, False, first)
    return Finding(code, True, session.begun, first)


def _voided(case: Case, session: Session) -> datetime | None:
    void = case.person.sessions_void if case.person is not None else None
    return void if void is not None and session.begun <= void else None


def session_without_factor(case: Case, code: ReasonCode = ReasonCode.SESSION_WITHOUT_FACTOR) -> Finding:
    """S76: always multi-factor, in every session."""
    if case.session is None:
        return Finding(code, True)
    return Finding(code, case.session.factor is not None, case.session.begun)


_ANYWHERE, _INSTITUTE = Zone.ANYWHERE, Zone.INSTITUTE


def zone(case: Case, code: ReasonCode = ReasonCode.ZONE) -> Finding:
    """S77, S78: some data are reached from the institute's network only, to open and to reach a running workspace."""
    restricted = [dataset for dataset in case.offered if dataset.zone is not _ANYWHERE]
    if not restricted:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    inside = case.session is not None and case.session.zone is _INSTITUTE
    return Finding(code, inside, case.session.begun if case.session is not None else None)


class Rule(msgspec.Struct, frozen=True):
    """A condition and the questions that it belongs to."""

    code: ReasonCode
    evaluate: Callable[[Case], Finding]
    actions: frozenset[Action]


_ALWAYS = frozenset(Action)
_WITH_SESSION = frozenset({Action.OPEN_WORKSPACE, Action.REACH_WORKSPACE})
_RUNNING = frozenset({Action.REACH_WORKSPACE, Action.KEEP_WORKSPACE})
_RUNNING_RULES = (dataset_withdrawn, run_time_over)
_SESSION_RULES = (session_missing, session_over, session_without_factor, zone)

_IN_ORDER: tuple[Callable[[Case], Finding], ...] = (
    person_disabled,
    institution_not_trusted,
    email_not_institutional,
    person_not_verified,
    verification_expired,
    factor_missing,
    factor_not_confirmed,
    training_missing,
    training_revoked,
    training_expired,
    request_not_approved,
    request_refused,
    request_withdrawn,
    request_ended,
    not_a_contact,
    contact_email_differs,
    licence_not_signed,
    not_made_available,
    term_not_begun,
    term_over,
    no_dataset_open,
    *_RUNNING_RULES,
    *_SESSION_RULES,
)


def _actions_of(rule: Callable[[Case], Finding]) -> frozenset[Action]:
    if rule in _RUNNING_RULES:
        return _RUNNING
    return _WITH_SESSION if rule in _SESSION_RULES else _ALWAYS


RULES: tuple[Rule, ...] = tuple(Rule(ReasonCode(rule.__name__), rule, _actions_of(rule)) for rule in _IN_ORDER)

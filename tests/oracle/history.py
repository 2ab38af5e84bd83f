"""Plain questions to a history of facts: who works where, what was accepted and passed, approved and for how long.

Every answer is one walk through the whole list. Nothing is remembered between two questions, and nothing is taken from
the program but the vocabulary of its events and enums.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from access_policy import events as e
from access_policy.events import Fact, FactEvent
from access_policy.model.enums import DocumentKind, InvestigatorPlace, Route

Facts = Sequence[Fact]


Kind = TypeVar("Kind", bound=FactEvent)


class Course(NamedTuple):
    """What counts of a person's certifications in one course."""

    ends: datetime
    revoked: bool
    outdated: bool


def told(facts: Facts, kind: type[Kind], **about: object) -> list[tuple[int, Kind]]:
    """Return the events of a kind with these attributes, each with its number, oldest first."""
    of_kind = [(fact.seq, fact.event) for fact in facts if isinstance(fact.event, kind)]
    return [one for one in of_kind if all(getattr(one[1], name) == value for name, value in about.items())]


def last_seq(facts: Facts, kind: type[FactEvent], **about: object) -> int:
    """Return the number of the newest such fact, 0 where there is none."""
    return max((seq for seq, _ in told(facts, kind, **about)), default=0)


def at_of(facts: Facts, seq: int) -> datetime:
    """Return when a fact was recorded."""
    return next(fact.at for fact in facts if fact.seq == seq)


def until_seq(facts: Facts, seq: int) -> Facts:
    """Return the history as it was when fact `seq` was the newest."""
    return [fact for fact in facts if fact.seq <= seq]


def is_known(facts: Facts, person: str) -> bool:
    """Say whether somebody is registered."""
    return bool(told(facts, e.PersonRegistered, person=person))


def institution_of(facts: Facts, person: str) -> str | None:
    """Return where somebody works, None where nowhere."""
    works_at: str | None = None
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonRegistered | e.PersonMoved) and event.person == person:
            works_at = event.institution
        elif isinstance(event, e.PersonLeft) and event.person == person:
            works_at = None
    return works_at


def left_since(facts: Facts, person: str, seq: int) -> bool:
    """Say whether somebody left an institution after a fact: for another one, or for none."""
    return any(
        isinstance(fact.event, e.PersonMoved | e.PersonLeft) and fact.event.person == person and fact.seq > seq
        for fact in facts
    )


def email_of(facts: Facts, person: str) -> str:
    """Return the address of somebody's account."""
    email = ""
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonRegistered | e.PersonMoved | e.EmailCorrected) and event.person == person:
            email = event.email
    return email


def domains_of(facts: Facts, institution: str | None) -> tuple[str, ...]:
    """Return the e-mail domains that an institution declares."""
    domains: tuple[str, ...] = ()
    for fact in facts:
        event = fact.event
        if isinstance(event, e.InstitutionRegistered | e.DomainsDeclared) and event.institution == institution:
            domains = event.domains
    return domains


def country_of(facts: Facts, institution: str | None) -> str:
    """Return the country of an institution."""
    country = ""
    for fact in facts:
        event = fact.event
        if isinstance(event, e.InstitutionRegistered | e.InstitutionCorrected) and event.institution == institution:
            country = event.country
    return country


def verification_of(facts: Facts, person: str) -> e.PersonVerified | None:
    """Return the verification of somebody that was not taken back (S73)."""
    standing = None
    for fact in facts:
        event = fact.event
        if isinstance(event, e.PersonVerified) and event.person == person:
            standing = event
        elif isinstance(event, e.VerificationWithdrawn) and event.person == person:
            standing = None
    return standing


def factors_of(facts: Facts, person: str) -> dict[str, bool]:
    """Return somebody's second factors, each with whether it is confirmed (S17)."""
    factors: dict[str, bool] = {}
    for fact in facts:
        event = fact.event
        if getattr(event, "person", None) != person:
            continue
        if isinstance(event, e.FactorsReset):
            factors = {}
        elif isinstance(event, e.FactorEnrolled):
            factors[event.factor] = event.vouched_by != event.factor and factors.get(event.vouched_by, False)
        elif isinstance(event, e.FactorConfirmed | e.ConfirmationCodeRedeemed):
            factors[event.factor] = True
        elif isinstance(event, e.FactorRemoved):
            del factors[event.factor]
    return factors


def idle_minutes(facts: Facts) -> int:
    """Return after how long without a sign of somebody their session ends (S76): an hour, until settings say."""
    adopted = told(facts, e.PolicySettingsAdopted)
    return adopted[-1][1].idle_minutes if adopted else 60


def binding_since(facts: Facts, document: DocumentKind) -> int:
    """Return the fact that published the newest binding version of a text, 0 where none is (REQ-09).

    A further language of a version is not a version of its own.
    """
    since, newest = 0, None
    for seq, published in told(facts, e.DocumentPublished, document=document):
        if published.version != newest and (published.binding or newest is None):
            since = seq
        newest = published.version
    return since


def has_accepted(facts: Facts, person: str, document: DocumentKind) -> bool:
    """Say whether somebody accepted a text in a version that still binds (S79, S84, REQ-09)."""
    accepted = last_seq(facts, e.DocumentAccepted, person=person, document=document)
    return accepted > binding_since(facts, document) > 0


def course_of(facts: Facts, person: str, course: str) -> Course | None:
    """Return the certification that counts: not revoked, then of the binding version, then ending last (S74)."""
    bound = max((seq for seq, one in told(facts, e.CourseRevised, course=course) if one.binding), default=0)
    revoked = last_seq(facts, e.CertificationRevoked, person=person, course=course)
    passed = [
        Course(one.ends, seq < revoked, seq < bound)
        for seq, one in told(facts, e.PersonCertified, person=person, course=course)
    ]
    return max(passed, key=lambda one: (not one.revoked, not one.outdated, one.ends), default=None)


def route_of(facts: Facts, request: str) -> Route:
    """Return the way of a request, known since its form came in (S5)."""
    submitted = told(facts, e.RequestSubmitted, request=request)
    return submitted[-1][1].route if submitted else Route.DATA_ACCESS


def form_of(facts: Facts, request: str) -> e.RequestDescribed | None:
    """Return the form of a request."""
    described = told(facts, e.RequestDescribed, request=request)
    return described[-1][1] if described else None


def approvals_of(facts: Facts, request: str) -> list[tuple[int, e.RequestApproved | e.InvestigatorApproved]]:
    """Return what makes a request approved, empty while anything of it is missing (S22, S49, S50).

    On the clinical route both investigators have to approve the form that came in last (REQ-04).
    """
    board = told(facts, e.RequestApproved, request=request)
    if board:
        return [board[-1]]
    signed = last_seq(facts, e.RequestSubmitted, request=request)
    both: list[tuple[int, e.RequestApproved | e.InvestigatorApproved]] = []
    for place in InvestigatorPlace:
        approved = told(facts, e.InvestigatorApproved, request=request, place=place)
        both += [one for one in approved[-1:] if one[0] > signed]
    return both if len(both) == len(InvestigatorPlace) else []


def suspended_by_loss(facts: Facts, request: str) -> int:
    """Return the newest accepted loss that found a request approved and not over, 0 where there is none (AUD-02)."""
    newest = 0
    for seq, _ in told(facts, e.LossAccepted):
        before = until_seq(facts, seq)
        over = any(told(before, kind, request=request) for kind in (e.RequestEnded, e.RequestWithdrawn))
        if approvals_of(before, request) and not over:
            newest = seq
    return newest


def term_of(facts: Facts, request: str) -> tuple[datetime, datetime] | None:
    """Return the term of a request, as it was extended last (S39, S42); two approvals hold while both do."""
    approvals = [one for _, one in approvals_of(facts, request)]
    if not approvals:
        return None
    ends = min(one.ends for one in approvals)
    for _, extension in told(facts, e.ExtensionGranted, request=request):
        ends = extension.ends
    return max(one.begins for one in approvals), ends

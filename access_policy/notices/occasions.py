"""What happened, and who is told of it (S37, S45, S67)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from access_policy import events as e
from access_policy.model.enums import DocumentKind, Role, Route, TransferBasis
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.model.texts import ERASED
from access_policy.notices.accounts import account_notices
from access_policy.notices.base import Notice, NoticeKind, holders, licensee, reachable
from access_policy.overview import is_live, is_open, signatories
from access_policy.rules.parties import licence_for
from access_policy.state import Entity, Person, Request, State


class _Said(NamedTuple):
    kind: NoticeKind
    about: str
    values: tuple[tuple[str, str], ...] = ()


class _Part(StrEnum):
    """Which part somebody has in a request, or in what happened to it."""

    APPLICANT = "applicant"
    CONTACTS = "contacts"
    SIGNATORIES = "signatories"
    ASKER = "asker"
    RENEWING = "renewing"


_APPLICANT, _CONTACTS, _ASKER = frozenset({_Part.APPLICANT}), frozenset({_Part.CONTACTS}), frozenset({_Part.ASKER})
_LICENSEE = frozenset({_Part.SIGNATORIES, _Part.APPLICANT})
_EVERYBODY = _LICENSEE | _CONTACTS

_OF_REQUEST: dict[type[e.Event], tuple[NoticeKind, frozenset[_Part]]] = {
    e.RequestReturned: (NoticeKind.REQUEST_RETURNED, _APPLICANT),
    e.DecisionDeferred: (NoticeKind.DECISION_DEFERRED, _APPLICANT),
    e.RequestApproved: (NoticeKind.REQUEST_APPROVED, _EVERYBODY),
    e.RequestRefused: (NoticeKind.REQUEST_REFUSED, _LICENSEE),
    e.RequestMadeAvailable: (NoticeKind.REQUEST_MADE_AVAILABLE, _CONTACTS),
    e.RequestSuspended: (NoticeKind.REQUEST_SUSPENDED, _EVERYBODY),
    e.RequestReinstated: (NoticeKind.REQUEST_REINSTATED, _EVERYBODY),
    e.RequestEnded: (NoticeKind.REQUEST_ENDED, _EVERYBODY),
    e.ContactAsked: (NoticeKind.CONTACT_RECEIVED, _ASKER),
    e.AmendmentApproved: (NoticeKind.AMENDMENT_APPROVED, _LICENSEE),
    e.AmendmentRefused: (NoticeKind.AMENDMENT_REFUSED, _LICENSEE),
    e.ExtensionAsked: (NoticeKind.EXTENSION_RECEIVED, _ASKER),
    e.ExtensionAnswered: (NoticeKind.EXTENSION_ANSWERED, _LICENSEE | {_Part.RENEWING}),
    e.ExtensionGranted: (NoticeKind.EXTENSION_GRANTED, _LICENSEE),
    e.ExtensionRefused: (NoticeKind.EXTENSION_REFUSED, _LICENSEE),
}
"""What is said about a request, and to whom (S37, S44, S45, S52, E7, E8, E19, E58)."""


def notices_from(state: State, fact: e.Fact) -> tuple[Notice, ...]:
    """Return who is told what because of a fact (S37, S44, S45, S67, S76); `state` is that after the fact."""
    row = _OF_REQUEST.get(type(fact.event))
    if row is not None:
        return tuple(_about_request(state, fact, *row))
    other = _OTHERS.get(type(fact.event))
    return tuple(account_notices(state, fact) if other is None else other(state, fact, fact.event))


def _about_request(state: State, fact: e.Fact, kind: NoticeKind, parts: frozenset[_Part]) -> Iterator[Notice]:
    event: Any = fact.event
    request = state.requests[event.request]
    said = _Said(kind, request.request, _values(event))
    yield from _tell(state, fact, said, _people(state, request, fact, parts))
    if kind is NoticeKind.EXTENSION_ANSWERED and request.extension is not None:
        yield from _tell_address(state, fact, said, request.extension.email)


def _people(state: State, request: Request, fact: e.Fact, parts: frozenset[_Part]) -> list[PersonId | None]:
    """Return who has one of the parts. The main applicant of a renewal (S43) is told here who has an account."""
    signing = signatories(state, fact.at)
    email = request.extension.email if request.extension is not None else ""
    reached = fact.event.contacts if isinstance(fact.event, e.RequestMadeAvailable) else None
    found: dict[_Part, list[PersonId | None]] = {
        _Part.APPLICANT: [request.applicant],
        _Part.SIGNATORIES: [one for name in request.entities for one in signing.get(name, ())],
        _Part.CONTACTS: [*(request.contacts if reached is None else reached)],
        _Part.ASKER: [fact.actor.person],
        _Part.RENEWING: [state.emails.get(email)],
    }
    return [person for part, people in found.items() if part in parts for person in people]


def _values(event: e.Event) -> tuple[tuple[str, str], ...]:
    """Return what of an event its notice names: the contact or amendment, the new end, the reasons (E58)."""
    found = [(name, getattr(event, name, None)) for name in ("person", "amendment", "begins", "ends", "reason")]
    return tuple((name, _text(value)) for name, value in found if value is not None)


def _text(value: Any) -> str:
    return format_instant(value) if isinstance(value, datetime) else str(value)


def _tell(state: State, fact: e.Fact, said: _Said, people: Iterable[PersonId | None]) -> Iterator[Notice]:
    for person in reachable(state, people):
        key = f"{said.kind}:{said.about}:{person}:{fact.seq}"
        yield Notice(key, said.kind, person, said.about, fact.at, said.values)


def _tell_address(state: State, fact: e.Fact, said: _Said, email: str) -> Iterator[Notice]:
    """Tell an address that is nobody's account yet; the key has the fact in place of it."""
    if email and email != ERASED and email not in state.emails:
        yield Notice(f"{said.kind}:{said.about}::{fact.seq}", said.kind, email, said.about, fact.at, said.values)


def _invitation_sent(_state: State, fact: e.Fact, event: e.InvitationSent) -> Iterator[Notice]:
    """S13: the invitation goes to its address, whether or not somebody has an account with it."""
    if event.email != ERASED:
        number, capacity = ("invitation", str(event.invitation)), ("capacity", event.capacity)
        values = (number, capacity, ("institution", event.institution))
        key = f"{NoticeKind.INVITED}:{event.request}::{fact.seq}"
        yield Notice(key, NoticeKind.INVITED, event.email, event.request, fact.at, values)


def _investigator_approved(state: State, fact: e.Fact, event: e.InvestigatorApproved) -> Iterator[Notice]:
    """S49, S50: the second of the two approvals is the approval."""
    if state.requests[event.request].approved == fact.at:
        yield from _about_request(state, fact, NoticeKind.REQUEST_APPROVED, _EVERYBODY)


_OF_CONTACT: dict[type[e.Event], NoticeKind] = {
    e.ContactChecked: NoticeKind.CONTACT_CHECKED,
    e.ContactRefused: NoticeKind.CONTACT_REFUSED,
    e.ContactMadeAvailable: NoticeKind.CONTACT_MADE_AVAILABLE,
}


def _contact_answered(state: State, fact: e.Fact, event: Any) -> Iterator[Notice]:
    """S32, S33, S37, S38: the contact, and who signs where the contact works; other organisations learn nothing."""
    said = _Said(_OF_CONTACT[type(event)], event.request, _values(event))
    where = state.people[event.person].institution
    yield from _tell(state, fact, said, [event.person, *signatories(state, fact.at).get(where or "", ())])


def _organisation_excluded(state: State, fact: e.Fact, event: e.OrganisationExcluded) -> Iterator[Notice]:
    """E59: the parties of each open request that it takes part in, and the contacts who lose by it."""
    name = event.institution
    values = (("institution", name), ("until", format_instant(event.until)), ("reason", event.reason))
    for request in state.requests.values():
        if name in request.entities and is_open(request, fact.at):
            said = _Said(NoticeKind.ORGANISATION_EXCLUDED, request.request, values)
            found = request.contacts.items()
            lose = [who for who, one in found if request.institution == name or one.institution == name]
            yield from _tell(state, fact, said, [*licensee(state, request, fact.at), *lose])


def _agreement_ended(state: State, fact: e.Fact, event: e.AgreementEnded) -> Iterator[Notice]:
    """S72: who works there and is a contact of an open request, and who signs there; of one that ran until now."""
    term = state.institutions[event.institution].agreement
    if term is None or fact.at >= term.ends:
        return
    signing = signatories(state, fact.at).get(event.institution, ())
    for request in state.requests.values():
        lose = [who for who in request.contacts if state.people[who].institution == event.institution]
        if (lose or event.institution in request.entities) and is_open(request, fact.at):
            said = _Said(NoticeKind.AGREEMENT_ENDED, request.request, (("institution", event.institution),))
            yield from _tell(state, fact, said, [*signing, *lose])


def _person_disabled(state: State, fact: e.Fact, event: e.PersonDisabled) -> Iterator[Notice]:
    """S94, ID-15: the person, and who signs for the open requests whose contact they are. The reason is not said."""
    yield from _tell(state, fact, _Said(NoticeKind.PERSON_DISABLED, event.person), [event.person])
    signing = signatories(state, fact.at)
    for request in state.requests.values():
        contact = request.contacts.get(event.person)
        if contact is not None and is_open(request, fact.at):
            said = _Said(NoticeKind.PERSON_DISABLED, request.request, (("person", event.person),))
            theirs = {request.institution: None, contact.institution: None}
            yield from _tell(state, fact, said, [one for name in theirs for one in signing.get(name or "", ())])
    yield from _signatory_gone(state, fact, event)


def _adequacy_ended(state: State, fact: e.Fact, event: e.AdequacyEnded) -> Iterator[Notice]:
    """S67: every live request with an organisation that rests on the decision."""
    ends = format_instant(event.ends)
    values = (("country", event.country), ("scope", event.scope), ("ends", ends), ("act", event.act))
    for request in _live(state, fact.at):
        if any(_rests_on(state, one, event) for one in request.entities.values()):
            said = _Said(NoticeKind.ADEQUACY_ENDED, request.request, values)
            yield from _tell(state, fact, said, licensee(state, request, fact.at))


def _rests_on(state: State, entity: Entity, event: e.AdequacyEnded) -> bool:
    """S58, S63: by its recorded ground, or by the licence that it signed because of the decision."""
    institution, transfer = state.institutions.get(entity.institution), entity.transfer
    if institution is None or institution.country != event.country or transfer is None:
        return False
    if transfer.basis is TransferBasis.ADEQUACY:
        return transfer.scope is event.scope
    signed = any(one.licence is DocumentKind.LICENCE_EEA for one in entity.signed)
    return signed and transfer.basis is not TransferBasis.NONE and event.scope is AdequacyScope.FULL


def _document_published(state: State, fact: e.Fact, event: e.DocumentPublished) -> Iterator[Notice]:
    """S25, S79, S84, REQ-09: a new version that binds, once for all its languages."""
    new = state.documents[event.document].current
    if not event.binding or (new.version, new.at) != (event.version, fact.at):
        return
    values = (("version", event.version), ("title", event.title))
    if event.document in (DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION):
        bound = [person for request in _live(state, fact.at) for person in request.contacts]
        yield from _tell(state, fact, _Said(NoticeKind.DOCUMENT_PUBLISHED, event.document, values), bound)
    for request in _live(state, fact.at):
        said = _Said(NoticeKind.LICENCE_PUBLISHED, request.request, values)
        yield from _tell(state, fact, said, _parties(state, request, event.document, fact.at))


def _parties(state: State, request: Request, licence: DocumentKind, at: datetime) -> list[PersonId | None]:
    """Return who has to sign a licence anew: the parties of the organisations that it binds (S23, S54, S68)."""
    known = (one for one in request.entities.values() if one.institution in state.institutions)
    bound = [one for one in known if licence_for(state, one, at).licence is licence]
    if not bound or request.route is Route.CLINICAL:
        return []
    signing = signatories(state, at)
    licensees = [person for one in bound for person in signing.get(one.institution, ())]
    return [request.applicant, *licensees, *holders(state, Role.REPRESENTATIVE, at)]


def _consent_withdrawn(state: State, fact: e.Fact, event: e.ConsentWithdrawn) -> Iterator[Notice]:
    """S82: those who have the data; of whom the consent was is not said."""
    for request in _live(state, fact.at):
        if event.dataset in request.granted:
            said = _Said(NoticeKind.CONSENT_WITHDRAWN, request.request, (("dataset", event.dataset),))
            yield from _tell(state, fact, said, request.contacts)


def _dataset_withdrawn(state: State, fact: e.Fact, event: e.DatasetWithdrawn) -> Iterator[Notice]:
    """S82, S94: those who have the data."""
    for request in _live(state, fact.at):
        if event.dataset in request.granted:
            values = (("dataset", event.dataset), ("reason", event.reason))
            said = _Said(NoticeKind.DATASET_WITHDRAWN, request.request, values)
            yield from _tell(state, fact, said, request.contacts)


def _loss_accepted(state: State, fact: e.Fact, _event: e.LossAccepted) -> Iterator[Notice]:
    """AUD-02, E58: everybody whose grant was suspended with it, and why."""
    reason = "facts of the log were lost, and two admins went on without them; each grant is looked at again"
    for request in state.requests.values():
        if request.suspended == fact.at:
            said = _Said(NoticeKind.REQUEST_SUSPENDED, request.request, (("reason", reason),))
            yield from _tell(state, fact, said, _people(state, request, fact, _EVERYBODY))


def _certification_revoked(state: State, fact: e.Fact, event: e.CertificationRevoked) -> Iterator[Notice]:
    """S74."""
    said = _Said(NoticeKind.CERTIFICATION_REVOKED, event.course, (("reason", event.reason),))
    yield from _tell(state, fact, said, [event.person])


def _signatory_gone(state: State, fact: e.Fact, event: Any) -> Iterator[Notice]:
    """S31, S34: the applicants whose organisation has nobody left who signs for it, now that this person does not."""
    orphaned = _signed_until(state.people[event.person], fact.at) - signatories(state, fact.at).keys()
    for request in state.requests.values() if orphaned else ():
        names = sorted(orphaned & request.entities.keys())
        if names and is_open(request, fact.at):
            values = tuple(("institution", name) for name in names)
            said = _Said(NoticeKind.NO_SIGNATORY, request.request, values)
            yield from _tell(state, fact, said, [request.applicant])


def _signed_until(person: Person, at: datetime) -> set[str]:
    """Return for whom a person signed until `at`, whatever ended it then."""
    held = [one for one in person.appointments if one.role is Role.SIGNATORY and one.since <= at <= one.until]
    return {one.scope for one in held if one.scope is not None}


def _live(state: State, at: datetime) -> list[Request]:
    return [request for request in state.requests.values() if is_live(request, at)]


_OTHERS: dict[type[e.Event], Callable[[State, e.Fact, Any], Iterator[Notice]]] = {
    e.InvitationSent: _invitation_sent,
    e.InvestigatorApproved: _investigator_approved,
    e.ContactChecked: _contact_answered,
    e.ContactRefused: _contact_answered,
    e.ContactMadeAvailable: _contact_answered,
    e.OrganisationExcluded: _organisation_excluded,
    e.AgreementEnded: _agreement_ended,
    e.AdequacyEnded: _adequacy_ended,
    e.DocumentPublished: _document_published,
    e.ConsentWithdrawn: _consent_withdrawn,
    e.DatasetWithdrawn: _dataset_withdrawn,
    e.CertificationRevoked: _certification_revoked,
    e.LossAccepted: _loss_accepted,
    e.PersonLeft: _signatory_gone,
    e.PersonMoved: _signatory_gone,
    e.PersonDisabled: _person_disabled,
    e.RoleEnded: _signatory_gone,
}

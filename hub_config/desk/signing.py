"""What a signatory answers for: the people of the institution, and the requests in which it is a party (S34, S73)."""

from dataclasses import dataclass
from datetime import datetime

from access_policy.model.enums import RequestStatus
from access_policy.standing import signing_at, signs_for
from access_policy.state import Person, Request
from hub_config.desk.desk import NotYours, View
from hub_config.desk.kinds import kinds
from hub_config.desk.sight import Offer, offers, offers_each, party_offers

_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})
_OF_REQUEST = kinds("ask-contact", "ask-extension", "submit-extension", "invite-party", "end-request")


@dataclass(frozen=True)
class Party:
    """A request of the institution, with its download contacts and what the signatory may do about each."""

    request: Request
    actions: list[Offer]
    contacts: dict[str, list[Offer]]


def own_institutions(view: View) -> list[str]:
    """Return what the visitor signs for. Raises NotYours where that is nothing (REQ-03)."""
    found = sorted(signing_at(view.state, view.visit.person, view.at))
    if not found:
        raise NotYours
    return [str(one) for one in found]


def own_people(view: View) -> list[Person]:
    """Return who works there, whoever has to be confirmed first at the top: the yearly confirmation (S73)."""
    places = own_institutions(view)
    found = [one for one in view.state.people.values() if one.institution in places]
    return sorted(found, key=lambda one: (until(one) or one.since, one.person))


def until(person: Person) -> datetime | None:
    """Return up to when somebody's verification holds, or None where there is none."""
    return person.verification.until if person.verification is not None else None


def own_requests(view: View, over: bool) -> list[Request]:
    """Return the requests in which the institution is a party, what ends first at the top; over ones when asked for."""
    own_institutions(view)
    found = [one for one in view.state.requests.values() if signs_for(view.state, one, view.visit.person, view.at)]
    seen = [one for one in found if one.status is not RequestStatus.DRAFT and (one.status in _OVER) is over]
    return sorted(seen, key=lambda one: one.term.ends if one.term is not None else one.opened)


def party(view: View, request: Request) -> Party:
    """Return a request with what the visitor may do about it as signatory."""
    actions = [*party_offers(view, request), *offers(view, _OF_REQUEST, request=request.request)]
    contacts = offers_each(view, kinds("remove-contact"), "person", request.contacts, request=request.request)
    return Party(request, actions, {str(person): found for person, found in contacts.items()})

"""Data access requests: those that the visitor takes part in, and one with its form, its parties and what is next."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy.clocks import clocks_of
from access_policy.commands.base import OfRequest
from access_policy.commands.licences import parties_signed
from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.model.enums import Party, RequestStatus
from access_policy.model.ids import RequestId
from access_policy.overview import flags, open_emergencies, permit_versions, suspended_since
from access_policy.permissions import TABLE
from access_policy.state import Request as DataRequest
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.pages.files import files_of
from hub_config.desk.pages.mine import card_of
from hub_config.desk.render import page
from hub_config.desk.sight import Offer, offers, offers_each, party_offers, sees_request
from hub_config.desk.told import amendment_reasons
from hub_config.desk.words import instant

router = APIRouter(prefix=f"{PREFIX}/requests")

_OF_CONTACT = kinds("make-available-to-contact", "remove-contact")
_OF_ASKED = kinds("check-contact", "refuse-contact")
_OF_DATASET = kinds("drop-dataset")
_OF_ENTITY = kinds("confirm-protection", "record-transfer-basis", "drop-entity")
_OF_EMERGENCY = kinds("end-emergency-access")
_OF_AMENDMENT = kinds("vote-on-request", "approve-amendment", "refuse-amendment")
_OF_ONE_THING = {
    *_OF_CONTACT, *_OF_ASKED, *_OF_DATASET, *_OF_ENTITY, *_OF_AMENDMENT[1:], *_OF_EMERGENCY, *kinds("sign-licence"),
}  # fmt: skip
_ABOUT = tuple(kind for kind in TABLE if issubclass(kind, OfRequest) and kind not in _OF_ONE_THING)


@router.get("")
def requests(
    request: Request,
    visit: Visiting,
    q: Words = "",
    status: Annotated[str, Query(max_length=20)] = "",
    number: Number = 1,
) -> Response:
    """List the requests that the visitor takes part in, newest first, by status and words."""
    with visit.reading() as view:
        seen = [one for one in view.state.requests.values() if status in ("", one.status) and sees_request(view, one)]
        found = listing(seen[::-1], q, number, lambda one: _text(view, one))
        return page(
            request, "requests.html", view, requests=found, statuses=list(RequestStatus), status=status,
            actions=offers(view, kinds("open-request")),
        )  # fmt: skip


def _text(view: View, request: DataRequest) -> str:
    applicant = view.state.people[request.applicant].name if request.applicant is not None else request.intake_email
    status = f"{request.status} suspended" if suspended_since(request) else str(request.status)
    return f"{request.request} {request.title} {applicant} {request.institution} {' '.join(request.datasets)} {status}"


@router.get("/{number}")
def request_page(request: Request, number: str, visit: Visiting) -> Response:
    """Show one request with its form, its clocks (S13), its permit (E18), and the next commands that are the visitor's.

    The acknowledgement that a publication has to carry stands there ready to copy (S69).
    """
    with visit.reading() as view:
        found = view.state.requests.get(RequestId(number))
        if found is None or not sees_request(view, found):
            raise NotYours
        mine = visit.person in (found.applicant, *found.contacts)
        actions = [*offers(view, _ABOUT, request=found.request), *party_offers(view, found)]
        return page(
            request, "request.html", view, request=found, actions=sorted(actions, key=lambda one: one.dangerous),
            parties=list(Party), card=card_of(view, found) if mine else None, about=found,
            profiles=visit.desk.settings.workspace_profiles,
            of_things=[*_of_things(view, found), *_emergencies(view, found)],
            permits=permit_versions(found, view.at), clocks=clocks_of(view.state, found, view.at),
            flags=flags(view.state, found, view.at), acknowledgement=ACKNOWLEDGEMENT,
            counting={name: parties_signed(view.state, one, view.at) for name, one in found.entities.items()},
            uploads=files_of(view, request=found.request),
            pauses={one.clock.value: one for one in found.pauses if one.ends is None},
        )  # fmt: skip


def _of_things(view: View, request: DataRequest) -> Iterator[tuple[str, list[Offer]]]:
    """Give what the visitor may do about each single thing of a request, with words that name it."""
    state, known = view.state, {"request": request.request}
    for person, found in offers_each(view, _OF_CONTACT, "person", request.contacts, **known).items():
        yield f"Download contact {state.people[person].name} ({person})", found
    for person, found in offers_each(view, _OF_ASKED, "person", request.contacts_asked, **known).items():
        asked = request.contacts_asked[person]
        yield f"Asked for as contact: {asked.name}, {asked.position}, {asked.email} ({person})", found
    for dataset, found in offers_each(view, _OF_DATASET, "dataset", request.datasets, **known).items():
        yield f"Dataset {dataset}", found
    for name, found in offers_each(view, _OF_ENTITY, "institution", request.entities, **known).items():
        yield f"Organisation {name}", found
    reasons = amendment_reasons(view.visit, request)
    for number, found in offers_each(view, _OF_AMENDMENT, "amendment", request.amendments, **known).items():
        amendment = request.amendments[number]
        wanted = (*(f"{name} ({why})" for name, why in amendment.necessities.items()), *amendment.contacts)
        because = f"; reason: {reasons[number]}" if number in reasons else ""
        yield f"Amendment {number}: {', '.join(wanted)}{because}", found


def _emergencies(view: View, request: DataRequest) -> Iterator[tuple[str, list[Offer]]]:
    """Give who has emergency access now and until when, to those who may end it (E37)."""
    there = open_emergencies(request, view.at)
    for operator, found in offers_each(view, _OF_EMERGENCY, "operator", there, request=request.request).items():
        yield f"Emergency access of {operator} until {instant(there[operator].until)}", found

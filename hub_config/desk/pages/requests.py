"""Data access requests: those that the visitor takes part in, and one with its form, its parties and what is next."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy.commands.board import ApproveRequest, AssessRequest, EndRequest, MakeAvailable, RefuseRequest
from access_policy.commands.requests import (
    NameContact,
    OpenRequest,
    RemoveContact,
    RequestDataset,
    SubmitRequest,
    WithdrawRequest,
)
from access_policy.model.enums import Party, RequestStatus
from access_policy.model.ids import RequestId
from access_policy.state import Request as DataRequest
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.listing import listing
from hub_config.desk.pages.mine import card_of
from hub_config.desk.render import page
from hub_config.desk.sight import offers, party_offers, sees_request

router = APIRouter(prefix=f"{PREFIX}/requests")

_ABOUT = (
    RequestDataset, NameContact, SubmitRequest, AssessRequest, ApproveRequest, RefuseRequest, MakeAvailable,
    WithdrawRequest, EndRequest,
)  # fmt: skip


@router.get("")
def requests(
    request: Request,
    visit: Visiting,
    q: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    number: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """List the requests that the visitor takes part in, newest first, by status and words."""
    with visit.reading() as view:
        seen = [one for one in view.state.requests.values() if status in ("", one.status) and sees_request(view, one)]
        found = listing(seen[::-1], q, number, lambda one: _text(view, one))
        return page(
            request, "requests.html", view, requests=found, statuses=list(RequestStatus), status=status,
            actions=offers(view, (OpenRequest,)),
        )  # fmt: skip


def _text(view: View, request: DataRequest) -> str:
    applicant = view.state.people[request.applicant]
    return f"{request.request} {request.title} {applicant.name} {request.institution} {' '.join(request.datasets)}"


@router.get("/{number}")
def request_page(request: Request, number: str, visit: Visiting) -> Response:
    """Show one request with its form and the next commands that the visitor may give."""
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
            removing={one: offers(view, (RemoveContact,), request=number, person=one) for one in found.contacts},
        )  # fmt: skip

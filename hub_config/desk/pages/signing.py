"""The signatory's own place: the institution's requests with their terms and contacts, and its people (S34, S73)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import offers_each
from hub_config.desk.signing import own_institutions, own_people, own_requests, party

router = APIRouter(prefix=f"{PREFIX}/signing")
Over = Annotated[bool, Query()]


@router.get("")
def signing(request: Request, visit: Visiting, q: Words = "", over: Over = False, number: Number = 1) -> Response:
    """List the requests in which the visitor's institution is a party, what ends first at the top (S31, S40, S68)."""
    with visit.reading() as view:
        found = listing(own_requests(view, over), q, number, lambda one: f"{one.request} {one.title} {one.status}")
        return page(
            request, "signing.html", view, requests=found, parties=[party(view, one) for one in found.items],
            places=own_institutions(view), over=over,
        )  # fmt: skip


@router.get("/people")
def people(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List who works at the visitor's institution, whose confirmation ends first at the top (S73)."""
    with visit.reading() as view:
        found = listing(own_people(view), q, number, lambda one: f"{one.person} {one.name} {one.institution}")
        return page(
            request, "signing_people.html", view, people=found, places=own_institutions(view),
            each=offers_each(view, kinds("verify-person"), "person", [one.person for one in found.items]),
        )  # fmt: skip

"""Homes that were set aside since a dataset left their request, and what an admin may do with them (S46, S94, E62)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.homes import all_homes, why_aside
from access_policy.state import Home
from hub_config.desk.desk import PREFIX, View, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, need, offers

router = APIRouter(prefix=PREFIX)

_DECIDING = kinds("release-home", "delete-home")


@router.get("/homes")
def homes(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the homes that are aside or were deleted, whichever wait for an admin first."""
    with visit.reading() as view:
        need(view, Area.WORKSPACES)
        people = view.state.people
        found = listing(_aside(view), q, number, lambda one: f"{one.person} {people[one.person].name} {one.request}")
        each = {id(one): _offers(view, one) for one in found.items}
        return page(request, "homes.html", view, homes=found, each=each, key=id, why=why_aside)


def _aside(view: View) -> list[Home]:
    found = [one for one in all_homes(view.state) if why_aside(one) is not None]
    return sorted(found, key=lambda one: (one.deleting is not None, one.aside))


def _offers(view: View, one: Home) -> list[Offer]:
    return offers(view, _DECIDING, person=one.person, request=one.request, home=one.number)

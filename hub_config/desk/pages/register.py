"""The register of approved requests, for anybody to read (S47, E65)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.overview import RegisterEntry, approved_requests
from access_policy.state import State
from hub_config.desk.desk import PREFIX, MaybeVisiting, desk_of
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import public_page

router = APIRouter(prefix=f"{PREFIX}/register")


@router.get("")
def register(request: Request, visit: MaybeVisiting, q: Words = "", number: Number = 1) -> Response:
    """List the approved requests, newest first, with permit, institution, datasets, term and status (S47, E65)."""
    policy = desk_of(request).policy
    with policy.reading() as state:
        rows = [(entry, institution_of(state, entry)) for entry in approved_requests(state, policy.now())[::-1]]
    return public_page(request, visit, "register.html", entries=listing(rows, q, number, text_of))


def institution_of(state: State, entry: RegisterEntry) -> str:
    """Return the name of the institution of an entry."""
    found = state.institutions.get(entry.institution) if entry.institution is not None else None
    return found.name if found is not None else entry.institution or "none: left their institution"


def text_of(row: tuple[RegisterEntry, str]) -> str:
    """Return what is searched of an entry."""
    entry, institution = row
    return f"{entry.permit} {entry.title} {institution} {' '.join(entry.datasets)} {entry.status}"

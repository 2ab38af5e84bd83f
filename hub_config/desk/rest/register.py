"""The register of approved requests for programs: the same as `pages/register.py`; needs no login (S47, E65)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from access_policy.overview import RegisterEntry, approved_requests
from hub_config.desk.desk import PREFIX, desk_of
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.pages.register import institution_of, text_of
from hub_config.desk.rest.researcher import ERRORS

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["public"], responses={503: ERRORS[503]})


@dataclass(frozen=True)
class Approved:
    """An approved request. Instants are UTC."""

    permit: str
    request: str
    title: str
    institution: str
    datasets: list[str]
    begins: datetime
    ends: datetime
    approved: datetime
    status: str


@dataclass(frozen=True)
class Register:
    """One page of the register, newest first."""

    items: list[Approved]
    pages: int
    total: int


_ITEM = {
    "permit": "DR-1/1", "request": "DR-1", "title": "Survival after surgery", "institution": "Hospital",
    "datasets": ["clinical"], "begins": "2026-11-22T12:00:00Z", "ends": "2027-09-18T12:00:00Z",
    "approved": "2026-11-22T12:00:00Z", "status": "active",
}  # fmt: skip
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"items": [_ITEM], "pages": 1, "total": 1}}}}
}


@router.get("/register", responses=_ANSWER)
def register(request: Request, q: Words = "", number: Number = 1) -> Register:
    """The approved requests, newest first, with what became of each. Needs no login."""
    policy = desk_of(request).policy
    with policy.reading() as state:
        rows = [(entry, institution_of(state, entry)) for entry in approved_requests(state, policy.now())[::-1]]
    found = listing(rows, q, number, text_of)
    return Register([_told(entry, name) for entry, name in found.items], found.pages, found.total)


def _told(entry: RegisterEntry, institution: str) -> Approved:
    term = entry.term
    return Approved(
        entry.permit, entry.request, entry.title, institution, list(entry.datasets), term.begins, term.ends,
        entry.issued, entry.status,
    )  # fmt: skip

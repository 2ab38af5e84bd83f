"""The signatory's place for programs: the same as `pages/signing.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.pages.signing import Over
from hub_config.desk.rest.researcher import ERRORS, PROBLEM
from hub_config.desk.signing import own_people, own_requests, party, until

_NONE: dict[str, Any] = {**PROBLEM, "description": "`not_found`: you sign for no institution"}
router = APIRouter(prefix=f"{PREFIX}/api/v1/signing", tags=["queues"], responses={**ERRORS, 404: _NONE})


@dataclass(frozen=True)
class SignedFor:
    """A request in which your institution is a party."""

    request: str
    title: str
    status: str
    begins: datetime | None
    ends: datetime | None
    contacts: list[str]
    commands: list[str]


@dataclass(frozen=True)
class SignedForPage:
    """One page of them, what ends first at the top."""

    items: list[SignedFor]
    pages: int
    total: int


@dataclass(frozen=True)
class OwnPerson:
    """Somebody who works at your institution; `until` is up to when their verification holds."""

    person: str
    name: str
    until: datetime | None
    stopped: bool


@dataclass(frozen=True)
class OwnPeople:
    """One page of them, whose confirmation ends first at the top."""

    items: list[OwnPerson]
    pages: int
    total: int


_REQUEST = {
    "request": "DR-1", "title": "Survival after surgery", "status": "active", "begins": "2026-11-22T12:00:00Z",
    "ends": "2027-09-18T12:00:00Z", "contacts": ["P-8"], "commands": ["ask-contact", "ask-extension"],
}  # fmt: skip
_PERSON = {"person": "P-8", "name": "Ada Example", "until": "2027-11-22T12:00:00Z", "stopped": False}


def _example(item: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": {"items": [item], "pages": 1, "total": 1}}}}}


@router.get("", responses=_example(_REQUEST))
def signing(visit: Visiting, q: Words = "", over: Over = False, number: Number = 1) -> SignedForPage:
    """The requests in which your institution is a party, with what you may do about each as its signatory."""
    with visit.reading() as view:
        found = listing(own_requests(view, over), q, number, lambda one: f"{one.request} {one.title} {one.status}")
        items = []
        for one in found.items:
            names = [each.command for each in party(view, one).actions]
            begins, ends = (one.term.begins, one.term.ends) if one.term is not None else (None, None)
            items.append(SignedFor(one.request, one.title, one.status, begins, ends, list(one.contacts), names))
        return SignedForPage(items, found.pages, found.total)


@router.get("/people", responses=_example(_PERSON))
def people(visit: Visiting, q: Words = "", number: Number = 1) -> OwnPeople:
    """Who works at your institution, whose confirmation ends first at the top."""
    with visit.reading() as view:
        found = listing(own_people(view), q, number, lambda one: f"{one.person} {one.name} {one.institution}")
        items = [OwnPerson(one.person, one.name, until(one), one.disabled is not None) for one in found.items]
        return OwnPeople(items, found.pages, found.total)

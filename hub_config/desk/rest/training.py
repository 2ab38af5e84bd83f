"""Training that runs out, for programs: the same as `pages/training.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.expiry import MonthName, expiry
from hub_config.desk.listing import Number, Words
from hub_config.desk.rest.researcher import ERRORS, PROBLEM
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["training"], responses=ERRORS)


@dataclass(frozen=True)
class MonthTold:
    """A calendar month (UTC), such as 2027-03, and how many lose access in it."""

    month: str
    people: int


@dataclass(frozen=True)
class LapseTold:
    """Somebody who loses access at `ends` (UTC) unless they pass these courses again before."""

    person: str
    ends: datetime
    courses: list[str]


@dataclass(frozen=True)
class ExpiryTold:
    """The months ahead; of `month`, the chosen one, a page of its people, the first one first. Null: no such month."""

    months: list[MonthTold]
    month: str | None
    people: list[LapseTold]
    number: int
    pages: int
    total: int


_EXAMPLE = {
    "months": [{"month": "2027-03", "people": 1}], "month": "2027-03",
    "people": [{"person": "P-8", "ends": "2027-03-22T12:00:00Z", "courses": ["privacy"]}],
    "number": 1, "pages": 1, "total": 1,
}  # fmt: skip


@router.get(
    "/training/expiry",
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE}}},
        404: {**PROBLEM, "description": "`not_found`: it is for trainers and admins"},
    },
)
def running_out(visit: Visiting, month: MonthName = "", q: Words = "", number: Number = 1) -> ExpiryTold:
    """How many lose access in which of the months ahead because their training runs out, and who in one of them."""
    with visit.reading() as view:
        need(view, Area.COURSES)
        found = expiry(view, month, q, number)
    return ExpiryTold(
        [MonthTold(one.name, len(one.lapses)) for one in found.months],
        found.chosen.name if found.chosen is not None else None,
        [LapseTold(one.person, one.ends, list(one.courses)) for one in found.people.items],
        found.people.number, found.people.pages, found.people.total,
    )  # fmt: skip

"""Transfers for programs: the same as `pages/transfers.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from access_policy.transfers_ahead import parties_outside
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.errors import Refused
from hub_config.desk.pages.transfers import Short, supposed
from hub_config.desk.rest.researcher import ERRORS, PROBLEM
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["transfers"], responses=ERRORS)


@dataclass(frozen=True)
class PartyTold:
    """A party outside the EEA to a live grant, and whether its ground holds, until when by the clock alone."""

    request: str
    institution: str
    country: str
    basis: str
    holds: bool
    until: datetime | None


@dataclass(frozen=True)
class LostTold:
    """What a contact would lose, and the reasons by their codes."""

    request: str
    institution: str
    person: str
    datasets: list[str]
    codes: list[str]


@dataclass(frozen=True)
class Transfers:
    """The parties; `lost` answers the question, and is null where none was asked."""

    parties: list[PartyTold]
    lost: list[LostTold] | None


_EXAMPLE = {
    "parties": [
        {
            "request": "DR-1", "institution": "mercy", "country": "KR", "basis": "adequacy", "holds": True,
            "until": None,
        }
    ],
    "lost": [
        {
            "request": "DR-1", "institution": "mercy", "person": "P-8", "datasets": ["tumours"],
            "codes": ["transfer_basis_lapsed"],
        }
    ],
}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": _EXAMPLE}}},
    404: {**PROBLEM, "description": "you do not read the law of countries"},
    422: {**PROBLEM, "description": "`not_allowed_value`: no such decision would end on that day"},
}


@router.get("/transfers", responses=_ANSWERS)
def transfers(visit: Visiting, decision: Short = "", on: Short = "") -> Transfers:
    """Tell of the parties outside the EEA, and what follows if `decision`, such as `KR full`, ends `on` a day."""
    with visit.reading() as view:
        need(view, Area.INSTITUTIONS)
        try:
            lost = supposed(view, decision, on) if decision or on else None
        except ValueError as error:
            raise Refused(422, "not_allowed_value", str(error)) from None
        told = [
            PartyTold(one.request, one.institution, one.country, one.basis.value, one.holds, one.until)
            for one in parties_outside(view.state, view.at)
        ]
    if lost is None:
        return Transfers(told, None)
    return Transfers(told, [
        LostTold(one.request, one.institution, one.person, list(one.datasets), [code.value for code in one.codes])
        for one in lost
    ])  # fmt: skip

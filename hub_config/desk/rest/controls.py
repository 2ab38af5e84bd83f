"""The controls for programs: the same as `pages/controls.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from access_policy import events as e
from access_policy.controls import Held, Shown
from hub_config.desk.controls import Control, agreements, controls, standing
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.rest.researcher import ERRORS, PROBLEM
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["controls"], responses=ERRORS)
_NOT_YOURS: dict[int | str, dict[str, Any]] = {404: {**PROBLEM, "description": "you do not read the controls"}}


@dataclass(frozen=True)
class Looked:
    """One thing that was looked at: whether it is as it has to be, in [since, until), UTC."""

    about: str
    holds: bool
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class ControlTold:
    """A control. `holds` is null where a test shows it, named in `test`, and not the log."""

    ids: list[str]
    text: str
    check: str | None
    test: str | None
    holds: bool | None
    since: datetime | None
    until: datetime | None
    evidence: list[Looked]


@dataclass(frozen=True)
class Controls:
    """Every control, and how the agreement of each institution stands."""

    items: list[ControlTold]
    agreements: list[Looked]


_EXAMPLE = {
    "items": [
        {
            "ids": ["S95"], "text": "Weak spots are tested for every year.", "check": "security-test", "test": None,
            "holds": True, "since": "2026-11-01T00:00:00Z", "until": "2027-11-02T00:00:00Z",
            "evidence": [
                {
                    "about": "the newest security test", "holds": True, "since": "2026-11-01T00:00:00Z",
                    "until": "2027-11-02T00:00:00Z",
                }
            ],
        }
    ],
    "agreements": [],
}  # fmt: skip


@router.get("/controls", responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}, **_NOT_YOURS})
def told(visit: Visiting) -> Controls:
    """Tell of each control whether it holds now, since when, and what shows it. That you read it is recorded."""
    with visit.reading() as view:
        need(view, Area.LOG)
    visit.desk.policy.observe(visit.actor, e.LogRead(what="controls"))
    with visit.reading() as view:
        items = [_control(one, standing(view, one)) for one in controls()]
        return Controls(items, [_looked(one) for one in agreements(view)])


def _control(one: Control, held: Held | None) -> ControlTold:
    named = (list(one.ids), one.text, one.check, one.test)
    if held is None:
        return ControlTold(*named, None, None, None, [])
    return ControlTold(*named, held.holds, held.since, held.until, [_looked(each) for each in held.evidence])


def _looked(one: Shown) -> Looked:
    return Looked(one.about, one.holds, one.since, one.until)

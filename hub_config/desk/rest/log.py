"""The log for programs: the same facts and filters as the page of `pages/watch.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from access_policy import events as e
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.pages.watch import Wanted, read_facts, shown_fields
from hub_config.desk.rest.researcher import ERRORS, PROBLEM

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["log"], responses=ERRORS)


@dataclass(frozen=True)
class FactTold:
    """A fact: its number, its time in UTC, its kind, by whom, and its fields."""

    seq: int
    at: datetime
    kind: str
    person: str | None
    fields: dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """Up to fifty facts, newest first; `before` is what to ask for next, 0 where the log begins."""

    items: list[FactTold]
    before: int


_FACT = {
    "seq": 12, "at": "2026-11-22T12:00:00Z", "kind": "SecurityTested", "person": "P-1",
    "fields": {"tester": "Testers Ltd", "scope": "the desk", "on": "2026-11-20T00:00:00Z"},
}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"items": [_FACT], "before": 0}}}},
    404: {**PROBLEM, "description": "you do not read the log"},
}


@router.get("/log", responses=_ANSWERS)
def log(visit: Visiting, wanted: Annotated[Wanted, Depends()]) -> Facts:
    """Give facts by person, request (`about`) and kind, newest first. That you read them is recorded (S92, E51)."""
    rows, before = read_facts(visit, wanted)
    return Facts([_fact(one) for one in rows], before)


def _fact(one: e.Fact) -> FactTold:
    fields: dict[str, Any] = msgspec.to_builtins(dict(shown_fields(one)))
    return FactTold(one.seq, one.at, type(one.event).__name__, one.actor.person, fields)

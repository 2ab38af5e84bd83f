"""The queue for programs: the same as `pages/queue.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.listing import Kind, Number, Words
from hub_config.desk.queues import Row, command_names, queue, rows
from hub_config.desk.rest.researcher import ERRORS, PROBLEM
from hub_config.desk.sight import Area, need

_NONE: dict[str, Any] = {**PROBLEM, "description": "`not_found`: there is no such thing for you"}
router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["queues"], responses={**ERRORS, 404: _NONE})


@dataclass(frozen=True)
class TaskTold:
    """A task: what it is about, its clock where one runs, and the commands that you may give now."""

    kind: str
    request: str
    title: str
    institution: str | None
    about: str
    about_name: str
    since: datetime
    due: datetime | None
    overdue: bool
    paused: bool
    requirement: str
    commands: list[str]
    why_not: str


@dataclass(frozen=True)
class Queue:
    """One page of your tasks, overdue first."""

    items: list[TaskTold]
    number: int
    pages: int
    total: int


_EXAMPLE = {
    "kind": "assessment", "request": "DR-3", "title": "For the board", "institution": "hospital", "about": "",
    "about_name": "", "since": "2026-11-22T12:00:00Z", "due": "2027-01-03T12:00:00Z", "overdue": False,
    "paused": False, "requirement": "S21", "commands": ["assess-request", "record-finding"], "why_not": "",
}  # fmt: skip
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"items": [_EXAMPLE], "number": 1, "pages": 1, "total": 1}}}}
}


@router.get("/queue", responses=_ANSWER)
def my_queue(visit: Visiting, q: Words = "", kind: Kind = "", number: Number = 1) -> Queue:
    """What you have to answer, assess, decide or sign, overdue first; `q` takes words, `is:overdue` and `is:paused`."""
    with visit.reading() as view:
        need(view, Area.QUEUE)
        found = queue(view, kind, q, number)
        return Queue([_told(one) for one in rows(view, found)], found.number, found.pages, found.total)


def _told(row: Row) -> TaskTold:
    task = row.task
    return TaskTold(
        task.kind, task.request, row.title, row.request.institution, task.about, row.about, task.since, task.due,
        task.overdue, task.paused, task.requirement, command_names(row), row.why,
    )  # fmt: skip

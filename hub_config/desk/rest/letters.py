"""The decision letter for programs: the same as `pages/letter.py`. Errors are RFC 9457 problem details."""

from typing import Any

from fastapi import APIRouter

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.letters import Letter
from hub_config.desk.pages.letter import letter_for
from hub_config.desk.rest.researcher import ERRORS, PROBLEM

_NONE: dict[str, Any] = {**PROBLEM, "description": "`not_found`: you take no part in it, or nobody decided on it yet"}
router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["queues"], responses={**ERRORS, 404: _NONE})
_EXAMPLE = {
    "request": "DR-1", "title": "Survival after surgery", "applicant": "Ada Example", "institution": "Hospital",
    "approved": True, "decided": "2026-11-22T12:00:00Z", "by": "Data Access Board", "position": 87,
    "digest": "9f" * 32, "reason": "sound and useful", "datasets": ["clinical"], "begins": "2026-11-22T12:00:00Z",
    "ends": "2027-09-18T12:00:00Z", "permit": "DR-1/1", "conditions": "", "fees": "",
    "findings": [{"criterion": "ethical", "met": True, "reason": "consent covers it"}],
}  # fmt: skip


@router.get("/requests/{number}/letter", responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}})
def letter(number: str, visit: Visiting) -> Letter:
    """The decision on a request as it was made: what, why, on which form, and its position in the log."""
    with visit.reading() as view:
        return letter_for(view, number)

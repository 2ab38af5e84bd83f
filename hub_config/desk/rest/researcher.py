"""What a person has of their own, for programs: the same as `pages/own.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.state import Certification
from hub_config.desk.ahead import steps_ahead
from hub_config.desk.desk import PREFIX, View, Visiting
from hub_config.desk.own import OwnSession, my_publications, my_sessions, my_waits, own_data
from hub_config.desk.pages.own import FILE, check_often

PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    401: {**PROBLEM, "description": "`session_missing`: nobody is logged in with both factors"},
    503: {**PROBLEM, "description": "`log_unavailable` or `log_behind`: nothing can be read now"},
}
router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["own"], responses=ERRORS)


@dataclass(frozen=True)
class ClockTold:
    """A clock of a request that runs or stands still."""

    kind: str
    state: str
    due: datetime
    requirement: str


@dataclass(frozen=True)
class Waiting:
    """What one request waits for; `mine` says whether the step is yours."""

    request: str
    code: str
    text: str
    next_step: str
    owner: str
    mine: bool
    clocks: list[ClockTold]


@dataclass(frozen=True)
class Step:
    """A step of your own that holds for every request."""

    code: str
    text: str
    next_step: str
    owner: str


@dataclass(frozen=True)
class AllWaiting:
    """What waits for you, and for whom you wait."""

    steps: list[Step]
    requests: list[Waiting]


@dataclass(frozen=True)
class PublicationTold:
    """A recorded publication; its acknowledgement was found whole when it was recorded."""

    request: str
    title: str
    link: str


@dataclass(frozen=True)
class Publications:
    """The text that every publication carries, and those of your requests."""

    acknowledgement: str
    items: list[PublicationTold]


@dataclass(frozen=True)
class TrainingTold:
    """A certification of yours in [begins, ends), UTC; `holds` says whether it holds now."""

    course: str
    title: str
    begins: datetime
    ends: datetime
    revoked: datetime | None
    holds: bool


@dataclass(frozen=True)
class Trainings:
    """Your certifications, by course, oldest first."""

    items: list[TrainingTold]


@dataclass(frozen=True)
class Sessions:
    """Your live sessions, the newest first. The hub ends them, at `/hub/sessions`."""

    items: list[OwnSession]


def _example(value: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": value}}}}


_WAITING = {
    "request": "DR-3", "code": "request_not_approved", "text": "the request is not approved",
    "next_step": "the request is assessed, with its findings", "owner": "assessor", "mine": False,
    "clocks": [{"kind": "review", "state": "running", "due": "2026-12-22T12:00:00Z", "requirement": "S21"}],
}  # fmt: skip


@router.get("/waiting", responses=_example({"steps": [], "requests": [_WAITING]}))
def waiting(visit: Visiting) -> AllWaiting:
    """What waits for you, and for whom your requests wait, the newest request first, with the clocks that go on."""
    with visit.reading() as view:
        steps = [Step(one["code"], one["text"], one["next_step"], one["owner"]) for one in steps_ahead(view)]
        return AllWaiting(steps, [
            Waiting(
                one.request, one.code, one.text, one.next_step, one.owner, one.mine,
                [ClockTold(clock.kind, clock.state, clock.due, clock.requirement) for clock in one.clocks],
            )
            for one in my_waits(view)
        ])  # fmt: skip


_PUBLICATION = {"request": "DR-1", "title": "Survival after surgery", "link": "https://journal.example/1"}


@router.get("/publications", responses=_example({"acknowledgement": ACKNOWLEDGEMENT, "items": [_PUBLICATION]}))
def publications(visit: Visiting) -> Publications:
    """The publications of your requests, and the text that each of them carries."""
    with visit.reading() as view:
        found = my_publications(view)
    return Publications(ACKNOWLEDGEMENT, [PublicationTold(one.request, one.title, one.link) for one in found])


_TRAINING = {
    "course": "privacy", "title": "Privacy of patients", "begins": "2026-11-22T12:00:00Z",
    "ends": "2027-11-22T12:00:00Z", "revoked": None, "holds": True,
}  # fmt: skip


@router.get("/me/trainings", responses=_example({"items": [_TRAINING]}))
def trainings(visit: Visiting) -> Trainings:
    """Your certifications with their ends."""
    with visit.reading() as view:
        each = view.me.certifications.items()
        return Trainings([_training(view, course, one) for course, all_of_it in each for one in all_of_it])


def _training(view: View, course: Any, one: Certification) -> TrainingTold:
    known = view.state.courses.get(course)
    holds = one.revoked is None and one.begins <= view.at < one.ends
    return TrainingTold(course, known.title if known else course, one.begins, one.ends, one.revoked, holds)


_SESSION = {
    "session": "3f0a51c27be9", "begun": "2026-11-22T12:00:00Z", "last_activity": None, "ends": "2026-11-23T00:00:00Z",
    "idle_ends": None, "provider": "centre", "factor": "totp", "zone": "anywhere", "here": True,
}  # fmt: skip


@router.get("/me/sessions", responses=_example({"items": [_SESSION]}))
def sessions(visit: Visiting) -> Sessions:
    """Where you are logged in. `session` is the beginning of the session's id."""
    return Sessions(my_sessions(visit))


@router.get(
    "/me/data",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"example": {"person": "P-8", "facts": [], "observations": []}}}},
        429: {**PROBLEM, "description": "`too_often`: you had your data five times within an hour"},
    },
)
def data(visit: Visiting) -> StreamingResponse:
    """All that the log holds of you, as one document. That you read it is recorded."""
    check_often(visit)
    return StreamingResponse(own_data(visit), media_type="application/json", headers={"Content-Disposition": FILE})

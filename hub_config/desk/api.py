"""The same as the pages, for programs: JSON, and RFC 9457 problem details. Described by `openapi.json` beside it.

A change needs the header `X-CSRF-Token`; every page holds its value in `<meta name="csrf-token">` (SES-06, SES-07).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query

from access_policy.decision import as_json, decide
from access_policy.left_out import left_out, left_out_json
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.model.instants import format_instant
from access_policy.next_steps import plan
from access_policy.rules import Query as Question
from access_policy.state import Request as DataRequest
from hub_config.desk.desk import PREFIX, NotYours, Visiting
from hub_config.desk.give import FromProgram, command_named, give
from hub_config.desk.pages.do import check_token
from hub_config.desk.sight import areas, sees_request

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["desk"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(pattern=r"^(DR-[1-9][0-9]{0,8})?$")]


@router.get("/me")
def me(visit: Visiting) -> dict[str, Any]:
    """Who is logged in, until when, in which roles, and which areas of the desk are open to them."""
    with visit.reading() as view:
        return {
            "person": visit.person,
            "name": view.me.name,
            "institution": view.me.institution,
            "roles": sorted(str(one.role) for one in view.me.appointments if one.holds(view.at)),
            "areas": areas(view),
            "session_ends": format_instant(visit.session.ends),
        }


@router.get("/requests")
def requests(visit: Visiting, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """The requests that you take part in, oldest first; `next` is the cursor of the next page."""
    with visit.reading() as view:
        numbers = list(view.state.requests)
        if cursor and RequestId(cursor) not in view.state.requests:
            return {"items": [], "next": None}
        start = numbers.index(RequestId(cursor)) + 1 if cursor else 0
        seen = (view.state.requests[number] for number in numbers[start:])
        items = [_brief(one) for one in seen if sees_request(view, one)]
    return {"items": items[:limit], "next": items[limit - 1]["request"] if len(items) > limit else None}


def _brief(request: DataRequest) -> dict[str, Any]:
    term = request.term
    return {
        "request": request.request,
        "title": request.title,
        "status": str(request.status),
        "since": format_instant(request.status_since),
        "applicant": request.applicant,
        "institution": request.institution,
        "datasets": list(request.datasets),
        "begins": format_instant(term.begins) if term else None,
        "ends": format_instant(term.ends) if term else None,
    }


@router.get("/requests/{number}/decision")
def decision(number: str, visit: Visiting, action: Action = Action.OPEN_WORKSPACE) -> dict[str, Any]:
    """May you do it now, with your session: every condition, held or not, and the steps that are left."""
    with visit.reading() as view:
        found = view.state.requests.get(RequestId(number))
        if found is None or not sees_request(view, found):
            raise NotYours
        question = Question(visit.person, found.request, action, view.at, visit.session)
        answer, lacking = decide(view.state, question), left_out_json(left_out(view.state, question))
        return {**as_json(answer), **lacking, "next_steps": plan(view.state, answer)}


@router.post("/commands/{name}")
def command(
    name: str,
    visit: Visiting,
    arguments: Annotated[dict[str, Any], Body()],
    x_csrf_token: Annotated[str, Header(max_length=200)] = "",
    x_step_up: Annotated[str, Header(max_length=100)] = "",
) -> dict[str, Any]:
    """Give a command of the permission table with its arguments; answers with the facts that it left in the log.

    One that takes a fresh second factor answers `step_up_needed` first, with where your person gives it.
    """
    check_token(visit, x_csrf_token)
    command_named(name)
    done = give(visit, name, arguments, FromProgram(x_step_up))
    kinds = [type(fact.event).__name__ for fact in done.facts]
    return {"facts": [{"seq": fact.seq, "kind": kind} for fact, kind in zip(done.facts, kinds, strict=True)]}

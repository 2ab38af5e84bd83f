"""The AuthZEN endpoints: evaluation, evaluations, the three searches, and where they are found (sections 6 to 9)."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from access_policy import events as e
from access_policy.evaluation import PERSON, Evaluation
from hub_config.desk.access import METADATA
from hub_config.desk.access.callers import Caller, Calling
from hub_config.desk.access.wire import (
    MOST_RESULTS,
    Batch,
    Page,
    Question,
    Search,
    Unreadable,
    asked,
    failed,
    merged,
    read,
    written,
)
from hub_config.desk.desk import PREFIX, desk_of
from hub_config.desk.errors import Refused

BASE = f"{PREFIX}/access/v1"

router = APIRouter(include_in_schema=False)
_STOPS = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
_SEARCHED = {
    "subject": Evaluation.people,
    "resource": Evaluation.resources,
    "action": Evaluation.actions,
}


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Unreadable("send `Content-Type: application/json`")
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


@router.post(f"{BASE}/evaluation")
def evaluation(caller: Calling, body: Body) -> JSONResponse:
    """Answer one question (section 6)."""
    return caller.answer(_one(caller, read(Question, body)))


@router.post(f"{BASE}/evaluations")
def evaluations(caller: Calling, body: Body) -> JSONResponse:
    """Answer several, in order (section 7); without `evaluations` it is one question."""
    batch = read(Batch, body)
    if not batch.evaluations:
        return caller.answer(_one(caller, batch))
    if batch.options.evaluations_semantic not in _STOPS:
        raise Unreadable(f"`options.evaluations_semantic` is one of {', '.join(_STOPS)}")
    stop, found = _STOPS[batch.options.evaluations_semantic], []
    with caller.asking() as asking:
        for raw in batch.evaluations:
            found.append(_of_batch(asking, batch, raw))
            if found[-1]["decision"] is stop:
                break
    return caller.answer({"evaluations": found})


def _of_batch(asking: Evaluation, head: Batch, raw: Any) -> dict[str, Any]:
    """Answer one of several; one that cannot be read is denied and holds the others up by nothing."""
    try:
        question = asked(merged(head, read(Question, raw)))
    except Unreadable as error:
        return failed(str(error))
    return written(asking.answer(question), whole=asking.client.reads_reasons)


def _one(caller: Caller, question: Question) -> dict[str, Any]:
    wanted = asked(question)
    with caller.asking() as asking:
        return written(asking.answer(wanted), whole=asking.client.reads_reasons)


@router.post(f"{BASE}/search/{{what}}")
def search(what: str, caller: Calling, body: Body) -> JSONResponse:
    """Give who, what or which actions the answer is yes for (section 8); a right of its own, and recorded (E51)."""
    if what not in _SEARCHED:
        raise Refused(404, "not_found", "there is no such search")
    caller.need_search()
    question = read(Search, body)
    wanted = asked(question, left_out=what)
    with caller.asking() as asking:
        caller.observe(e.AccessSearched(client=asking.client.client, what=f"{what} {asking.words(wanted)}".strip()))
        results, more = _page(_SEARCHED[what](asking, wanted), question.page)
    kind = {"subject": PERSON, "resource": wanted.resource_type}.get(what)
    shown = [{"name": one} if kind is None else {"type": kind, "id": one} for one in results]
    return caller.answer({"results": shown, "page": {"next_token": results[-1] if more else "", "count": len(shown)}})


def _page(found: Iterable[str], page: Page) -> tuple[list[str], bool]:
    """Return one page, and whether there is another. A token that names nothing any more gives nothing."""
    rest, most = iter(found), min(page.limit, MOST_RESULTS)
    if page.token:
        while next(rest, page.token) != page.token:
            pass
    results = list(islice(rest, most + 1))
    return results[:most], len(results) > most


@router.get(METADATA)
def metadata(request: Request) -> JSONResponse:
    """Say where everything is (section 9)."""
    base = f"{desk_of(request).web.desk}{PREFIX}"
    endpoints = {f"search_{what}_endpoint": f"{base}/access/v1/search/{what}" for what in _SEARCHED}
    return JSONResponse(
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
            **endpoints,
        }
    )

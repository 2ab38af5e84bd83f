"""The queue of those who answer requests: office, assessors, board, investigators, representative, signatories."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.standing import signing_at
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.listing import Kind, Number, Words
from hub_config.desk.queues import LABELS, own_kinds, queue, rows
from hub_config.desk.render import page
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=f"{PREFIX}/queue")


@router.get("")
def my_queue(request: Request, visit: Visiting, q: Words = "", kind: Kind = "", number: Number = 1) -> Response:
    """List what the visitor has to answer, assess, decide or sign: overdue first, each with its clock (S13, S21)."""
    with visit.reading() as view:
        need(view, Area.QUEUE)
        found = queue(view, kind, q, number)
        return page(
            request, "queue.html", view, tasks=found, rows=rows(view, found), labels=LABELS, kind=kind,
            kinds=own_kinds(view), signs=bool(signing_at(view.state, visit.person, view.at)),
        )  # fmt: skip

"""Pages for trainers: when training runs out, as a plot and a table (S74)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.expiry import WIDTH, MonthName, bars, expiry
from hub_config.desk.listing import Number, Words
from hub_config.desk.render import page
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=PREFIX)


@router.get("/courses/expiry")
def running_out(
    request: Request, visit: Visiting, month: MonthName = "", q: Words = "", number: Number = 1
) -> Response:
    """Show how many lose access in which month because their training runs out, and who in one of them (S74)."""
    with visit.reading() as view:
        need(view, Area.COURSES)
        found = expiry(view, month, q, number)
        return page(request, "expiry.html", view, found=found, bars=bars(found.months), wide=WIDTH)

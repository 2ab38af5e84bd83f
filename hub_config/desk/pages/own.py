"""A person's own pages: what waits, their publications with the text to copy (S69), their sessions, their data."""

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from access_policy.commands.publications import ACKNOWLEDGEMENT
from hub_config.desk.ahead import steps_ahead
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.errors import Refused
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.own import my_publications, my_requests, my_sessions, my_waits, own_data
from hub_config.desk.render import page
from hub_config.desk.sight import offers_each

router = APIRouter(prefix=PREFIX)
FILE = 'attachment; filename="sluis-my-data.json"'


@router.get("/waiting")
def waiting(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """Show what waits for the visitor, and for whom their requests wait, each with its clocks (S13, S21, S97)."""
    with visit.reading() as view:
        titles = {one.request: one.title for one in my_requests(view)}
        found = listing(my_waits(view), q, number, lambda one: f"{one.request} {titles[one.request]} {one.owner}")
        return page(request, "waiting.html", view, waits=found, ahead=steps_ahead(view), titles=titles)


@router.get("/publications")
def publications(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """Show the acknowledgement to copy, and the publications that were recorded with it (S69)."""
    with visit.reading() as view:
        found = listing(my_publications(view), q, number, lambda one: f"{one.request} {one.title} {one.link}")
        recording = offers_each(
            view, kinds("record-publication"), "request", [one.request for one in my_requests(view) if one.granted]
        )
        return page(
            request, "publications.html", view, publications=found, text=ACKNOWLEDGEMENT,
            recording={name: one for name, one in recording.items() if one},
        )  # fmt: skip


@router.get("/sessions")
def sessions(request: Request, visit: Visiting) -> Response:
    """Show where the visitor is logged in; the hub, which keeps the sessions, ends them (SES-11)."""
    with visit.reading() as view:
        return page(request, "sessions.html", view, sessions=my_sessions(visit))


@router.get("/me/data")
def data(visit: Visiting) -> Response:
    """Give all that the log holds of the visitor, as a file. Raises Refused where they had it too often lately."""
    check_often(visit)
    return StreamingResponse(own_data(visit), media_type="application/json", headers={"Content-Disposition": FILE})


def check_often(visit: Visiting) -> None:
    """Raise Refused where somebody had their data too often lately: it reads the whole log (REQ-14)."""
    if not visit.desk.exports.admits(visit.person, visit.desk.policy.now()):
        raise Refused(429, "too_often", "your data were given to you several times just now; try again in an hour")

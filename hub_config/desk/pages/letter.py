"""The decision letter of a request: a page to print, and the same as plain text."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from access_policy.model.ids import RequestId
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.letters import Letter, letter_of, plain_letter
from hub_config.desk.render import page
from hub_config.desk.sight import sees_request

router = APIRouter(prefix=f"{PREFIX}/requests")


def letter_for(view: View, number: str) -> Letter:
    """Return the letter. Raises NotYours for a request that the visitor does not see, or that is not decided."""
    found = view.state.requests.get(RequestId(number))
    letter = letter_of(view, found) if found is not None and sees_request(view, found) else None
    if letter is None:
        raise NotYours
    return letter


@router.get("/{number}/letter")
def letter(request: Request, number: str, visit: Visiting) -> Response:
    """Show what was decided, why, on which form, and where that stands in the log (S22, E15)."""
    with visit.reading() as view:
        return page(request, "letter.html", view, letter=letter_for(view, number))


@router.get("/{number}/letter.txt")
def plain(number: str, visit: Visiting) -> PlainTextResponse:
    """Give the same as plain text."""
    contact = visit.desk.settings.contact
    with visit.reading() as view:
        return PlainTextResponse(plain_letter(letter_for(view, number), f"{contact.name}, {contact.email}"))

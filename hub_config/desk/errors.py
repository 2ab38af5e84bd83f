"""What a browser or a program gets instead of an answer: in words, alike for what is hidden and what is not there."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from access_policy.commands.base import RefusalCode
from access_policy.log.errors import LogBehind, LogError
from hub_config.desk.desk import PREFIX, Desk, LoggedOut, NotYours, Visit, desk_of, visit_of
from hub_config.desk.render import behind_page, error_page

log = logging.getLogger("sluis.desk")
API = f"{PREFIX}/api/"
_PROGRAMS = (API, f"{PREFIX}/access/")
"""Below these nobody looks at a page."""


class Refused(Exception):
    """A command was understood and refused by a rule, or its values could not be read; no fact changed."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


class StepUpNeeded(Exception):
    """A command waits for a second factor, which is given at `url`; the browser comes back with `token`."""

    def __init__(self, token: str, url: str) -> None:
        super().__init__(url)
        self.token = token
        self.url = url


class HubSilent(Exception):
    """The hub did not answer, so nobody can be recognised."""


def problem(desk: Desk, status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """Return RFC 9457 problem details; `type` is the code's page, as docs/reference/http.md promises."""
    body: dict[str, Any] = {
        "type": f"{desk.url.rstrip('/')}{PREFIX}/reasons/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Teach the application what to answer for each of our exceptions."""
    app.add_exception_handler(LoggedOut, _logged_out)
    app.add_exception_handler(NotYours, _not_yours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StepUpNeeded, _step_up)
    app.add_exception_handler(LogError, _log_unavailable)
    app.add_exception_handler(LogBehind, _log_behind)
    app.add_exception_handler(HubSilent, _log_unavailable)


def _answer(request: Request, status: int, code: str, heading: str, text: str) -> Response:
    if request.url.path.startswith(_PROGRAMS):
        return problem(request.app.state.desk, status, code, text)
    return error_page(request, status, heading, text)


def _logged_out(request: Request, _: Exception) -> Response:
    path = request.url.path
    if path.startswith((*_PROGRAMS, f"{PREFIX}/status")):
        response: Response = problem(request.app.state.desk, 401, "session_missing", "log in with both factors")
    else:
        back = path + (f"?{request.url.query}" if request.url.query else "")
        wanted = f"?next={quote(back, safe='')}" if request.method == "GET" else ""
        response = RedirectResponse(f"{PREFIX}/login{wanted}", 303)
    response.delete_cookie("sluis-desk", path=f"{PREFIX}/", httponly=True, samesite="lax")
    return response


def _not_yours(request: Request, _: Exception) -> Response:
    text = "There is no such page, or it is not for you. Check the address, or go to your requests."
    return _answer(request, 404, RefusalCode.NOT_FOUND, "Not found", text)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status in (404, 405):
        return _not_yours(request, error)
    text = "This could not be read. Go back, check what you sent, and try again."
    return _answer(request, status, "bad_request", HTTPStatus(status).phrase, text)


def _unreadable(request: Request, _: Exception) -> Response:
    text = "A part of the address or of the message could not be read. Go back and try again."
    return _answer(request, 422, "bad_request", "Not understood", text)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return _answer(request, error.status, error.code, "Not done", f"{error.text[:1].upper()}{error.text[1:]}.")


def _step_up(request: Request, error: Exception) -> Response:
    """Send a browser for the second factor; tell a program where its person gives it, and how it goes on (S76)."""
    if not isinstance(error, StepUpNeeded):
        raise error
    if not request.url.path.startswith(_PROGRAMS):
        return RedirectResponse(error.url, 303)
    text = "open `step_up.url` in the browser of this login, give your second factor there, and send this once more"
    found = {"url": error.url, "header": "X-Step-Up", "value": error.token}
    return problem(request.app.state.desk, 403, RefusalCode.STEP_UP_NEEDED, text, step_up=found)


def _log_behind(request: Request, error: Exception) -> Response:
    """AUD-02: nothing is decided on a log that lost what was signed; only its admins get any further."""
    log.error("nothing is decided: %s", str(error)[:300])
    if request.url.path == f"{PREFIX}/":  # the hub gives the desk its route only while this page is no failure
        return RedirectResponse(f"{PREFIX}/loss", 303)
    text = (
        "The log does not hold all that was signed: an old backup was put back, or facts were removed. Until two "
        "admins have looked at it nothing is decided and nothing changes."
    )
    if request.url.path.startswith(_PROGRAMS):
        return problem(request.app.state.desk, 503, "log_behind", text)
    return behind_page(request, _visit_behind(request), text)


def _visit_behind(request: Request) -> Visit | None:
    """Return who visits while the log is behind, as far as that can be told: who is logged in is not asked to."""
    desk = desk_of(request)
    try:
        login = desk.identify(request)
        return visit_of(desk, login, behind=True) if login is not None else None
    except (LogError, HubSilent):
        return None


def _log_unavailable(request: Request, error: Exception) -> Response:
    """POL-04: where the facts cannot be read nothing is decided, and the page says so."""
    log.error("no answer possible: %s", str(error)[:300])
    text = (
        "The desk cannot read its log, or the hub does not answer. Until then nothing is decided, nothing changes and "
        "nothing is lost. Try again in a minute. If it goes on, tell the help desk."
    )
    return _answer(request, 503, "log_unavailable", "Out of order for the moment", text)

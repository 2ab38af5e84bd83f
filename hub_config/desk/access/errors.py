"""What a program gets instead of an answer (section 10.1): a status, and RFC 9457 problem details."""

from fastapi import FastAPI, Request
from fastapi.responses import Response

from hub_config.desk.access.callers import NotRegistered, mark_of
from hub_config.desk.access.wire import Unreadable
from hub_config.desk.desk import desk_of
from hub_config.desk.errors import problem


def add_access_handlers(app: FastAPI) -> None:
    """Teach the application what to answer for our exceptions."""
    app.add_exception_handler(NotRegistered, _not_registered)
    app.add_exception_handler(Unreadable, _unreadable)


def _not_registered(request: Request, _: Exception) -> Response:
    text = "send `Authorization: Bearer NAME.SECRET` of a program that is registered; `sluis client add` registers one"
    answer = problem(desk_of(request), 401, "not_permitted", text)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return _marked(request, answer)


def _unreadable(request: Request, error: Exception) -> Response:
    return _marked(request, problem(desk_of(request), 400, "bad_request", str(error)))


def _marked(request: Request, answer: Response) -> Response:
    mark = mark_of(request)
    if mark:
        answer.headers["X-Request-ID"] = mark
    return answer

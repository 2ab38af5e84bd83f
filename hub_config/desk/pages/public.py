"""What anybody may read: the page of each reason, the desk's own style and script, and whether the process lives."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import PlainTextResponse, Response

from access_policy.log.errors import LogBehind, LogError
from access_policy.reasons import REASONS, ReasonCode
from hub_config.desk.desk import PREFIX, MaybeVisiting, NotYours, desk_of
from hub_config.desk.render import public_page
from hub_config.desk.words import CODES, PAGES

router = APIRouter()

_STATIC = Path(__file__).resolve().parents[1] / "static"
_FILES = {
    name: ((_STATIC / name).read_bytes(), kind)
    for name, kind in (("desk.css", "text/css"), ("desk.js", "text/javascript"), ("desk.svg", "image/svg+xml"))
}


@router.get(f"{PREFIX}/reasons")
def reasons(request: Request, visit: MaybeVisiting) -> Response:
    """List all reasons for which a workspace is refused or ends."""
    return public_page(request, visit, "reasons.html")


@router.get(f"{PREFIX}/reasons/{{code}}")
def reason(request: Request, code: Annotated[str, InPath(max_length=40)], visit: MaybeVisiting) -> Response:
    """Show what a code means, what to do next, and who can."""
    known = REASONS[ReasonCode(code)] if code in list(ReasonCode) else None
    if known is None and code not in CODES:
        raise NotYours
    context: dict[str, Any] = {"code": code, "reason": known, "word": CODES.get(code), "where": PAGES.get(code)}
    return public_page(request, visit, "reason.html", **context)


@router.get(f"{PREFIX}/account")
def account(request: Request, visit: MaybeVisiting) -> Response:
    """Say how to get an account and a second factor, and whom to ask (S97)."""
    return public_page(request, visit, "account.html")


@router.get(f"{PREFIX}/static/{{name}}")
def static(name: str) -> Response:
    """Give one of the desk's own files."""
    if name not in _FILES:
        raise NotYours
    content, kind = _FILES[name]
    return Response(content, media_type=kind)


@router.get("/livez")
def live() -> PlainTextResponse:
    """Say that the process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> PlainTextResponse:
    """Say whether the log can be read."""
    try:
        with desk_of(request).policy.reading() as state:
            return PlainTextResponse(f"ok, at fact {state.seq}\n")
    except LogBehind:
        return PlainTextResponse("the log is behind its newest checkpoint\n", 503)
    except LogError:
        return PlainTextResponse("the log cannot be read\n", 503)

"""The intake: where somebody without an account asks to apply (S12). Nobody has to log in to send it.

The answer is the same whatever became of it, so that a stranger learns nothing about who is known here (ID-12).
"""

import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from access_policy.actor import component
from access_policy.commands.base import Command, parse_command
from access_policy.email import normal_email
from access_policy.model.enums import Component
from hub_config.desk.desk import PREFIX, MaybeVisiting, Visit, desk_of
from hub_config.desk.errors import Refused
from hub_config.desk.forms import arguments_of
from hub_config.desk.kinds import kind_of
from hub_config.desk.render import public_page, said
from hub_config.desk.security import Keep, same

router = APIRouter(prefix=f"{PREFIX}/intake")

COOKIE = "sluis-desk-intake"
LARGEST = 8 * 1024  # bytes: two names and an address, every character of them escaped
_NONCE = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_NAME = "submit-intake"
_FILL_IN_SECONDS = 3600
_THANKS = "Thank you. The data access office reads what comes in, and answers to the address that you gave."


@router.get("")
def intake(request: Request, visit: MaybeVisiting) -> Response:
    """Show the form of an intake: name, surname and e-mail address (S12)."""
    return _form(request, visit, {})


async def posted(request: Request) -> FormData:
    """Return a posted form that came from this browser's page: its token fits its cookie. Raises Refused (SES-06)."""
    if len(await request.body()) > LARGEST:
        raise Refused(413, "bad_request", f"this is more than {LARGEST} bytes; shorten it")
    form = await request.form(max_files=0, max_fields=10)
    token, nonce = form.get("_csrf"), desk_of(request).cookies.get(request, COOKIE)
    if not nonce or not isinstance(token, str) or not same(token, _token(request, nonce)):
        raise Refused(403, "forged_form", "this form did not come from its page in your browser; open it again")
    return form


@router.post("")
def ask(request: Request, visit: MaybeVisiting, form: Annotated[FormData, Depends(posted)]) -> Response:
    """Pass an intake on. Only a value that cannot be read is answered otherwise than all else (ID-12, REQ-14)."""
    arguments = arguments_of(kind_of(_NAME), form)
    try:
        command = _read(arguments)
    except ValueError as error:
        return _form(request, visit, arguments, str(error))
    desk = desk_of(request)
    if desk.intakes.admits(desk.policy.now()):
        desk.policy.handle(command, component(Component.DESK))
    return said(request, f"{PREFIX}/intake", _THANKS)


def _read(arguments: dict[str, str]) -> Command:
    """Read the values. Raises ValueError for what nobody's address is, before anything else is looked at."""
    command = parse_command(_NAME, arguments)
    normal_email(arguments["email"])
    return command


def _form(request: Request, visit: Visit | None, values: dict[str, str], problem: str = "") -> Response:
    """Show the form. A browser that has it open in another tab keeps its cookie, so that both can be sent."""
    cookies = desk_of(request).cookies
    known = cookies.get(request, COOKIE)
    nonce = known if _NONCE.fullmatch(known) else secrets.token_urlsafe(24)
    response = public_page(
        request, visit, "intake.html", answer=422 if problem else 200, values=values, problem=problem,
        token=_token(request, nonce), fields=_FIELDS,
    )  # fmt: skip
    cookies.put(response, COOKIE, nonce, Keep(_FILL_IN_SECONDS, f"{PREFIX}/intake", strict=True))
    return response


_FIELDS = (
    ("name", "First name", "text", "given-name", 200),
    ("surname", "Surname", "text", "family-name", 200),
    ("email", "E-mail address at your institution", "email", "email", 200),
)
"""Name, label, type, what a browser fills in, and length."""


def _token(request: Request, nonce: str) -> str:
    return desk_of(request).seals.csrf(f"intake:{nonce}")

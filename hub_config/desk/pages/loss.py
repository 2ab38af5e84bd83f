"""`/loss`: the one page that is open while the log is behind its newest checkpoint, for two admins to accept that."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from access_policy.commands.base import parse_command
from access_policy.log.errors import LogBehind
from access_policy.log.witness import Trouble
from access_policy.model.enums import Role
from access_policy.standing import acts_as
from hub_config.desk.desk import PREFIX, NotYours, View, Visit, VisitingBehind
from hub_config.desk.errors import Refused
from hub_config.desk.give import carry_out
from hub_config.desk.pages.do import check_token
from hub_config.desk.render import page, said

router = APIRouter(prefix=f"{PREFIX}/loss")

_ACCEPT = "accept-loss"
_COMMANDS = {"accept": _ACCEPT, "confirm": "confirm-proposal", "drop": "drop-proposal"}
ACCEPTED = "The loss is accepted. Every live grant is suspended; reinstate each one that you looked at."
PROPOSED = "It is proposed. Another admin logs in and confirms it here."


async def posted(request: Request, visit: VisitingBehind) -> FormData:
    """Return a posted form that came from this login. Raises Refused (SES-06)."""
    form = await request.form(max_files=0, max_fields=10)
    check_token(visit, form.get("_csrf"))
    return form


Posted = Annotated[FormData, Depends(posted)]


@router.get("")
def loss(request: Request, visit: VisitingBehind) -> Response:
    """Show what is lost, and the form with which it is accepted."""
    return _page(request, visit, None)


@router.post("/{step}")
def accept(request: Request, step: str, visit: VisitingBehind, form: Posted) -> Response:
    """Propose to accept the loss, confirm that, or drop it."""
    _trouble(visit)
    if step not in _COMMANDS:
        raise NotYours
    arguments: dict[str, Any] = {name: value for name, value in form.items() if not name.startswith("_")}
    try:
        command = parse_command(_COMMANDS[step], arguments)
    except ValueError as error:
        return _page(request, visit, Refused(422, "bad_request", str(error)))
    try:
        outcome = carry_out(visit, command, behind=True)
    except Refused as refused:
        return _page(request, visit, refused)
    return said(request, f"{PREFIX}/loss", "The proposal is dropped." if outcome.facts else "Nothing had to change.")


def _page(request: Request, visit: Visit, refused: Refused | None) -> Response:
    trouble = _trouble(visit)
    with visit.reading_behind() as view:
        waiting = [one for one in view.state.proposals.values() if one.command == _ACCEPT]
        answer = refused.status if refused else 200
        return page(request, "loss.html", view, answer=answer, trouble=trouble, waiting=waiting, refused=refused)


def _trouble(visit: Visit) -> Trouble:
    """Return what is wrong with the log. Raises NotYours where nothing is, LogBehind for who is no admin (POL-09)."""
    with visit.reading_behind() as view:
        admin = _is_admin(view)
    trouble = visit.desk.policy.trouble()
    if trouble is None:
        raise NotYours
    if not admin:
        raise LogBehind(trouble.text)
    return trouble


def _is_admin(view: View) -> bool:
    return acts_as(view.state, view.visit.person, Role.ADMIN, view.at)

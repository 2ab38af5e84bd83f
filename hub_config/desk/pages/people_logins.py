"""Logins that belong to nobody, and how an admin joins one to a person: only one that was tried here (S73, E24, ID-09).

The log knows such a login by its HMAC alone. The person tells issuer and subject, which stand on the page that refused
them; they count where they give that very HMAC. What follows is `link-identity`, or `join-identity` by two admins.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi import Path as InAddress
from fastapi.responses import RedirectResponse, Response

from access_policy import events as e
from access_policy.model.ids import PersonId
from hub_config.desk.desk import PREFIX, NotYours, View, Visit, Visiting
from hub_config.desk.observed import UnknownLogin, newest, other_addresses, unknown_logins
from hub_config.desk.pages.do import Posted
from hub_config.desk.render import page
from hub_config.desk.security import same
from hub_config.desk.sight import sees_logins
from hub_config.login_settings import issuer_of

router = APIRouter(prefix=f"{PREFIX}/logins")

Reference = Annotated[str, InAddress(pattern=r"^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$")]
_MOST = 100
_TOLD = ("person", "issuer", "subject")


@router.get("")
def logins(request: Request, visit: Visiting) -> Response:
    """List the logins that nobody is known by, newest first, and whose address differs. Reading is recorded (E51)."""
    _need(visit)
    visit.desk.policy.observe(visit.actor, e.LogRead(what="logins that belong to nobody"))
    rows = newest(visit.desk.policy.store)
    with visit.reading() as view:
        return page(
            request, "logins.html", view, logins=unknown_logins(rows, view.state)[:_MOST],
            others=list(other_addresses(rows, view.state).items())[:_MOST],
        )  # fmt: skip


@router.get("/{reference}")
def login(request: Request, reference: Reference, visit: Visiting) -> Response:
    """Show one of them, with the form that says whose it is."""
    _need(visit)
    found = _login(visit, reference)
    with visit.reading() as view:
        return _form(request, view, found, {})


@router.post("/{reference}")
def whose(request: Request, reference: Reference, visit: Visiting, form: Posted) -> Response:
    """Check that issuer and subject are those of this login; nothing changes, and the command's form follows."""
    _need(visit)
    found = _login(visit, reference)
    told = {name: str(form.get(name, "")).strip() for name in _TOLD}
    with visit.reading() as view:
        person = view.state.people.get(PersonId(told["person"].upper()))
        problem = _problem(visit, found, told) or ("" if person is not None else "there is no such person")
        if problem or person is None:
            return _form(request, view, found, told, problem)
        command = "join-identity" if person.identities or person.appointments else "link-identity"
    query = urlencode({**told, "person": person.person})
    return RedirectResponse(f"{PREFIX}/do/{command}?{query}", 303)


def _need(visit: Visit) -> None:
    with visit.reading() as view:
        if not sees_logins(view):
            raise NotYours


def _login(visit: Visit, reference: str) -> UnknownLogin:
    rows = newest(visit.desk.policy.store)
    with visit.reading() as view:
        found = next((one for one in unknown_logins(rows, view.state) if one.reference == reference), None)
    if found is None:
        raise NotYours
    return found


def _problem(visit: Visit, found: UnknownLogin, told: dict[str, str]) -> str:
    """ID-09: what was typed has to be the login that was tried here, sign for sign."""
    if same(visit.desk.identity(told["issuer"], told["subject"]), found.identity):
        return ""
    return "this provider and subject are not those of this login; copy them as the person sees them"


def _form(request: Request, view: View, found: UnknownLogin, told: dict[str, str], problem: str = "") -> Response:
    return page(
        request, "login.html", view, answer=422 if problem else 200, login=found, typed=dict.fromkeys(_TOLD, "") | told,
        problem=problem, issuers=_issuers(view),
    )  # fmt: skip


def _issuers(view: View) -> list[str]:
    desk = view.visit.desk
    return [*map(issuer_of, desk.settings.login.providers)] or [desk.issuer]

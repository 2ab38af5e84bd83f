"""From a view to HTML: one Jinja environment, everything escaped (SES-10), and what stands on every page (S97)."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from access_policy.commands.erasure import erasable_from
from access_policy.commands.files import LARGEST_FILE
from access_policy.log.errors import LogError
from access_policy.model.enums import Role
from access_policy.overview import suspended_since
from access_policy.reasons import REASONS
from hub_config.desk.desk import PREFIX, View, Visit, desk_of
from hub_config.desk.endings import ending_texts
from hub_config.desk.later import added_contacts, added_datasets
from hub_config.desk.navigation import navigation
from hub_config.desk.security import Keep
from hub_config.desk.words import CODES, FACTORS, command_label, field_label, instant
from hub_config.origins import SHARED

_HERE = Path(__file__).resolve().parent
_FLASH = "sluis-desk-said"


def _time(at: datetime | None) -> Markup:
    if at is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), instant(at))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """Return a line that was written for a terminal as a page says it."""
    return text.replace("`", "")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        capitalize_first=_capital,
        plain=_plain,
        time=_time,
        command=command_label,
        field=field_label,
        ending=ending_texts,
        added_contacts=added_contacts,
        added_datasets=added_datasets,
    )
    environment.globals.update(
        prefix=PREFIX, reasons=REASONS, codes=CODES, erasable_from=erasable_from, suspended_since=suspended_since,
        factor_words=FACTORS,
    )  # fmt: skip
    return environment


_ENVIRONMENT = _environment()


def fragment(template: str, **context: Any) -> HTMLResponse:
    """Return a part of a page. It holds no form, so no token (SES-07)."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**context))


def page(request: Request, template: str, view: View | None, /, answer: int = 200, **context: Any) -> HTMLResponse:
    """Return a whole page with the visitor's navigation, the message of the last change, and the contact (S97)."""
    desk = desk_of(request)
    flash = desk.seals.open(desk.cookies.get(request, _FLASH))
    shared = {
        "contact": desk.settings.contact, "hub": desk.hub, "flash": flash, "visit": view.visit if view else None,
        "view": view, "roles": _roles(view), "navigation": navigation(view, request.url.path) if view else None,
        "path": request.url.path,
        "query": dict(request.query_params), "link": _linker(request), "alarm": _alarm(view),
        "told": SHARED if desk.web.told else "",
    }  # fmt: skip
    response = HTMLResponse(_ENVIRONMENT.get_template(template).render(**shared, **context), answer)
    if flash:
        desk.cookies.drop(response, _FLASH, f"{PREFIX}/")
    return response


def public_page(
    request: Request, visit: Visit | None, template: str, /, answer: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page that needs no login; with the visitor's navigation where somebody visits."""
    if visit is None:
        return page(request, template, None, answer=answer, **context)
    with visit.reading() as view:
        return page(request, template, view, answer=answer, **context)


def _linker(request: Request) -> Any:
    """Return what builds this page's address with one thing in its query changed: the state stands in the URL."""

    def link(**changes: Any) -> str:
        query = {**request.query_params, **changes}
        return "?" + urlencode({name: value for name, value in query.items() if value not in ("", None)})

    return link


def _roles(view: View | None) -> list[str]:
    return sorted({str(one.role) for one in view.me.appointments if one.holds(view.at)}) if view else []


def _alarm(view: View | None) -> str:
    """Return what an admin has to know on every page: that the clock is off (FLT-12)."""
    if view is None or Role.ADMIN not in _roles(view):
        return ""
    trouble = view.visit.desk.policy.clock_trouble()
    return "" if trouble is None else trouble.text


def error_page(request: Request, status: int, heading: str, text: str) -> Response:
    """Return an error in words; with the visitor's navigation where it can be read, and `request.state.back`."""
    shown = {"heading": heading, "text": text, "back": getattr(request.state, "back", "")}
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is not None:
        try:
            with visit.reading() as view:
                return page(request, "error.html", view, answer=status, **shown)
        except LogError:
            pass  # the page then stands without the navigation
    return page(request, "error.html", None, answer=status, **shown)


def behind_page(request: Request, visit: Visit | None, text: str) -> Response:
    """Return what stands on every page while the log is behind its newest checkpoint, with the way for admins."""
    if visit is None:
        return page(request, "behind.html", None, answer=503, text=text)
    with visit.reading_behind() as view:
        return page(request, "behind.html", view, answer=503, text=text)


def broken_page(contact: Any, hub: str, incident: str) -> Response:
    """Return the page of an unexpected failure: its number and nothing else (SES-16)."""
    text = f"Something went wrong on our side. Tell the help desk this number: {incident}."
    return _bare_page(contact, hub, 500, "Something went wrong", text)


def large_page(contact: Any, hub: str) -> Response:
    """Return what stands in place of the page that a file was sent from, where the file was left unread (INP-01)."""
    text = f"The file is too large: {LARGEST_FILE // 1_000_000} MB at most. Go back in your browser, choose another."
    return _bare_page(contact, hub, 413, "Not done", text)


def _bare_page(contact: Any, hub: str, status: int, heading: str, text: str) -> Response:
    """Return a page that is made without looking at who asks."""
    nobody: dict[str, Any] = {"flash": None, "visit": None, "view": None, "roles": [], "navigation": None}
    template = _ENVIRONMENT.get_template("error.html")
    return HTMLResponse(
        template.render(contact=contact, hub=hub, heading=heading, text=text, back="", alarm="", told="", **nobody),
        status,
    )


def said(request: Request, target: str, text: str) -> RedirectResponse:
    """Answer a change: on to `target`, which shows `text` once (POST, command, message, 303)."""
    response = RedirectResponse(target, 303)
    desk = desk_of(request)
    desk.cookies.put(response, _FLASH, desk.seals.seal(text[:600]), Keep(60, f"{PREFIX}/"))
    return response

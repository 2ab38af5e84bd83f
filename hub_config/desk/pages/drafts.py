"""The request form on one page: kept as a draft, each dataset with why it is needed, and what is looked at (S3, S5).

Sending it opens the request by the commands of the permission table. It is signed and sent in on the request's page.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.responses import Response
from starlette.datastructures import FormData

from access_policy.drafts import MOST_DRAFTS, Draft, missing_of, preview
from access_policy.model.enums import PurposeKind, Regime
from access_policy.state import State
from hub_config.desk.desk import PREFIX, View, Visit, Visiting
from hub_config.desk.drafting import (
    CRITERIA,
    drop_draft,
    my_draft,
    new_draft,
    open_request,
    save_draft,
    with_request,
)
from hub_config.desk.errors import Refused
from hub_config.desk.pages.do import check_token
from hub_config.desk.render import page, said

router = APIRouter(prefix=f"{PREFIX}/drafts")
DraftName = Annotated[str, InPath(pattern=r"^([0-9a-f]{16}|new)$")]
NEW = "new"
_MOST_FIELDS = 140  # two for each of fifty datasets, and the rest
_NEED = "need-"
_MOST_CHOICES = 500


@dataclass(frozen=True)
class _Shown:
    """A draft on its page: its name (`new` for none yet), the answers, and why it was refused just now."""

    name: str
    form: Draft
    refused: Refused | None = None


async def posted(request: Request, visit: Visiting) -> FormData:
    """Return a posted form that came from this login. Raises Refused (SES-06)."""
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    check_token(visit, form.get("_csrf"))
    return form


Posted = Annotated[FormData, Depends(posted)]


@router.get("")
def drafts(request: Request, visit: Visiting) -> Response:
    """List the visitor's drafts, the one that was changed last first."""
    found = visit.desk.policy.records.drafts_of(visit.person)
    with visit.reading() as view:
        return page(request, "drafts.html", view, drafts=found, most=MOST_DRAFTS)


@router.get("/{name}")
def draft(request: Request, name: DraftName, visit: Visiting) -> Response:
    """Show a draft as a form, or an empty one."""
    form = Draft() if name == NEW else my_draft(visit, name).form
    with visit.reading() as view:
        return _page(request, view, _Shown(name, form))


@router.post("/{name}")
def change(request: Request, name: DraftName, visit: Visiting, form: Posted) -> Response:
    """Save a draft, delete it, or open the request from it; where that is refused, show it with what was typed."""
    wanted = form.get("_do")
    if wanted == "delete" and name != NEW:
        drop_draft(visit, name)
        return said(request, f"{PREFIX}/drafts", "The draft is deleted.")
    answers = _answers(form)
    if name != NEW:
        answers = with_request(answers, my_draft(visit, name).form.request)
    try:
        name = _kept(visit, name, answers)
        if wanted == "open":
            number = open_request(visit, my_draft(visit, name))
            return said(request, f"{PREFIX}/requests/{number}", f"{number} is open. Name its contacts, then sign it.")
    except Refused as refused:
        with visit.reading() as view:
            return _page(request, view, _Shown(name, answers, refused))
    return said(request, f"{PREFIX}/drafts/{name}", "Saved. Nobody sees it but you.")


def _kept(visit: Visit, name: str, answers: Draft) -> str:
    if name == NEW:
        return new_draft(visit, answers)
    save_draft(visit, name, answers)
    return name


def _answers(form: FormData) -> Draft:
    """Return the answers of a posted form: a dataset that is dropped is left out, one that is added has no need yet."""
    texts = {name: str(value).replace("\r\n", "\n").strip() for name, value in form.items()}
    dropped = {str(one) for one in form.getlist("drop")}
    needs = {name.removeprefix(_NEED): value for name, value in texts.items() if name.startswith(_NEED)}
    datasets = {name: why for name, why in needs.items() if name not in dropped}
    if texts.get("add"):
        datasets.setdefault(texts["add"], "")
    plain = [one for one in Draft.__struct_fields__ if one not in ("datasets", "request")]
    return Draft(datasets=datasets, **{name: texts[name] for name in plain if name in texts})


def _page(request: Request, view: View, shown: _Shown) -> Response:
    refused, form = shown.refused, shown.form
    return page(
        request, "draft.html", view, answer=refused.status if refused else 200, name=shown.name, draft=form,
        refused=refused, missing=missing_of(form), preview=preview(view.state, view.visit.person, form),
        questions=CRITERIA, kinds=list(PurposeKind), regimes=list(Regime), offered=_offered(view.state, form),
        values=msgspec.structs.asdict(form),
    )  # fmt: skip


def _offered(state: State, form: Draft) -> list[tuple[str, str]]:
    """Return the datasets that may be added, by name (POL-09)."""
    left = (one for one in state.datasets.values() if one.open and one.dataset not in form.datasets)
    return sorted((str(one.dataset), one.title) for one in left)[:_MOST_CHOICES]

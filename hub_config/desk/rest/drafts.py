"""Drafts of request forms, for programs: the same as `pages/drafts.py`. Errors are RFC 9457 problem details."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Header
from fastapi import Path as InPath

from access_policy.drafts import Draft, missing_of, preview
from hub_config.desk.desk import PREFIX, Visit, Visiting
from hub_config.desk.drafting import CRITERIA, drop_draft, my_draft, new_draft, open_request, save_draft, with_request
from hub_config.desk.errors import Refused
from hub_config.desk.pages.do import check_token
from hub_config.desk.rest.researcher import ERRORS, PROBLEM

_CHANGE: dict[int | str, dict[str, Any]] = {
    403: {**PROBLEM, "description": "`forged_form`: the header `X-CSRF-Token` is not of this login"},
    404: {**PROBLEM, "description": "`not_found`: you have no such draft"},
    422: {**PROBLEM, "description": "`bad_request`, `not_complete` or `not_allowed_value`: the detail says what"},
}
router = APIRouter(prefix=f"{PREFIX}/api/v1/drafts", tags=["drafts"], responses=ERRORS)
DraftName = Annotated[str, InPath(pattern=r"^[0-9a-f]{16}$")]
Csrf = Annotated[str, Header(max_length=200)]
_FORM = {
    "title": "Survival after surgery", "purpose": "Better treatment", "purpose_kind": "research",
    "field_of_work": "leukaemia", "tests_treatment": "false", "controller": "the hospital",
    "processor": "the centre", "regime": "own", "datasets": {"clinical": "survival times"},
}  # fmt: skip
Form = Annotated[dict[str, Any], Body(examples=[_FORM])]


@dataclass(frozen=True)
class LookedAt:
    """A criterion that the board records a finding for."""

    criterion: str
    question: str


@dataclass(frozen=True)
class DraftTold:
    """A draft with its answers, what it lacks, and what it would be; `scenario` is null where it does not say yet."""

    draft: str
    changed: datetime
    request: str | None
    form: dict[str, Any]
    missing: list[str]
    scenario: str | None
    route: str | None
    problem: str | None
    looked_at: list[LookedAt]


@dataclass(frozen=True)
class Drafts:
    """Your drafts, the one that was changed last first."""

    items: list[DraftTold]


@dataclass(frozen=True)
class DraftKept:
    """The name under which a draft is kept."""

    draft: str


@dataclass(frozen=True)
class RequestNow:
    """The request that was opened from a draft."""

    request: str


@router.get("")
def drafts(visit: Visiting) -> Drafts:
    """The forms that you have begun to fill in. Nobody else sees them."""
    kept = visit.desk.policy.records.drafts_of(visit.person)
    return Drafts([_told(visit, one.draft) for one in kept])


@router.get("/{name}", responses=_CHANGE)
def draft(name: DraftName, visit: Visiting) -> DraftTold:
    """One draft."""
    return _told(visit, name)


@router.post("", responses=_CHANGE)
def create(visit: Visiting, form: Form, x_csrf_token: Csrf = "") -> DraftKept:
    """Keep a new draft; at most twenty."""
    check_token(visit, x_csrf_token)
    return DraftKept(new_draft(visit, _form(form)))


@router.post("/{name}", responses=_CHANGE)
def change(name: DraftName, visit: Visiting, form: Form, x_csrf_token: Csrf = "") -> DraftKept:
    """Put these answers in the place of a draft's."""
    check_token(visit, x_csrf_token)
    save_draft(visit, name, with_request(_form(form), my_draft(visit, name).form.request))
    return DraftKept(name)


@router.post("/{name}/delete", responses=_CHANGE)
def delete(name: DraftName, visit: Visiting, x_csrf_token: Csrf = "") -> DraftKept:
    """Delete a draft."""
    check_token(visit, x_csrf_token)
    drop_draft(visit, name)
    return DraftKept(name)


@router.post("/{name}/open", responses=_CHANGE)
def open_it(name: DraftName, visit: Visiting, x_csrf_token: Csrf = "") -> RequestNow:
    """Open the request of a draft with all its answers; the draft is gone then."""
    check_token(visit, x_csrf_token)
    return RequestNow(open_request(visit, my_draft(visit, name)))


def _form(form: dict[str, Any]) -> Draft:
    try:
        return msgspec.convert({name: value for name, value in form.items() if name != "request"}, Draft)
    except msgspec.ValidationError as error:
        raise Refused(422, "bad_request", f"the form cannot be read: {error}") from None


def _told(visit: Visit, name: str) -> DraftTold:
    kept = my_draft(visit, name)
    form = msgspec.structs.asdict(kept.form)
    request = form.pop("request") or None
    with visit.reading() as view:
        found = preview(view.state, visit.person, kept.form)
    looked_at = [LookedAt(one, CRITERIA[one]) for one in found.criteria] if found is not None else []
    return DraftTold(
        kept.draft, kept.changed, request, form, missing_of(kept.form),
        found.scenario if found else None, found.route if found else None, (found.problem if found else "") or None,
        looked_at,
    )  # fmt: skip

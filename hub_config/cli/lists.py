"""The lists: requests, datasets, courses and workspaces, as the newest facts have them; people are in `persons.py`."""

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from access_policy.model.enums import RequestStatus
from access_policy.overview import suspended_since
from access_policy.state import Course, Dataset, Request, State, Workspace
from hub_config.cli.answers import instant, show_json, show_table
from hub_config.cli.options import Call, Parser, commands_of, group, leaf
from hub_config.cli.reading import opened

Row = dict[str, Any]
_LONGER = ("dataset",)
_LIVE = frozenset({RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE})

Rows = Callable[[State, datetime], list[Row]]


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands. `dataset` gets another one in `datasets.py`."""
    for name, (rows, columns) in _LISTS.items():
        inner = commands_of(group(commands, name, f"what there is of the kind `{name}`"))
        leaf(inner, "list", _action(rows, columns), f"list every {name}")
        if name in _LONGER:
            commands.choices[name].set_defaults(inner=inner)


def _action(rows: Rows, columns: Sequence[str]) -> Callable[[Call], int]:
    def show(call: Call) -> int:
        with opened(call.places) as policy, policy.reading() as state:
            found = rows(state, policy.now())
        if call.json:
            show_json(found)
        else:
            headings = [name.replace("_", " ") for name in columns]
            show_table(headings, [[_cell(row[name]) for name in columns] for row in found])
        return 0

    return show


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each.get("role", each)) if isinstance(each, dict) else str(each) for each in value) or None
    return value


def _requests(state: State, at: datetime) -> list[Row]:
    return [_request(request, at) for request in state.requests.values()]


def _request(request: Request, at: datetime) -> Row:
    term = request.term
    return {
        "request": request.request,
        "status": str(request.status),
        "status_since": instant(request.status_since),
        "suspended": instant(suspended_since(request)),
        "applicant": request.applicant,
        "institution": request.institution,
        "title": request.title,
        "datasets": list(request.datasets),
        "contacts": list(request.contacts),
        "route": str(request.route),
        "regime": str(request.regime),
        "permit": request.permits[-1].identifier if request.permits else None,
        "begins": instant(term.begins) if term is not None else None,
        "ends": instant(term.ends) if term is not None else None,
        "term": _term(request, at),
        "opened": instant(request.opened),
    }


def _term(request: Request, at: datetime) -> str | None:
    term = request.term
    if term is None or request.status not in _LIVE:
        return None
    if at < term.begins:
        return "not begun"
    return "running" if term.holds(at) else "over"


def _datasets(state: State, _at: datetime) -> list[Row]:
    return [_dataset(dataset) for dataset in state.datasets.values()]


def _dataset(dataset: Dataset) -> Row:
    return {
        "dataset": dataset.dataset,
        "version": dataset.version,
        "kind": str(dataset.kind),
        "zone": str(dataset.zone),
        "offered": dataset.open,
        "title": dataset.title,
        "source": dataset.source,
        "location": dataset.location,
        "manifest": dataset.manifest,
        "region": str(dataset.region),
        "consent": str(dataset.consent),
        "attested": dataset.attested,
        "since": instant(dataset.since),
        "withdrawn": instant(dataset.withdrawn),
    }


def _courses(state: State, _at: datetime) -> list[Row]:
    return [_course(course) for course in state.courses.values()]


def _course(course: Course) -> Row:
    return {
        "course": course.course,
        "title": course.title,
        "validity_days": course.validity_days,
        "required": course.required,
        "since": instant(course.since),
    }


def _workspaces(state: State, _at: datetime) -> list[Row]:
    return [_workspace(workspace) for workspace in state.workspaces.values()]


def _workspace(workspace: Workspace) -> Row:
    return {
        "workspace": f"{workspace.person}/{workspace.request.lower()}",
        "person": workspace.person,
        "request": workspace.request,
        "profile": workspace.profile,
        "datasets": list(workspace.datasets),
        "started": instant(workspace.started),
        "run_ends": instant(workspace.run_ends),
        "until": instant(workspace.until),
        "stop_asked": instant(workspace.stop_asked),
        "end_not_confirmed": workspace.unconfirmed,
    }


_LISTS: dict[str, tuple[Rows, tuple[str, ...]]] = {
    "request": (
        _requests,
        (
            "request",
            "status",
            "suspended",
            "route",
            "regime",
            "permit",
            "term",
            "ends",
            "applicant",
            "contacts",
            "datasets",
            "title",
        ),
    ),
    "dataset": (_datasets, ("dataset", "version", "kind", "zone", "offered", "title")),
    "course": (_courses, ("course", "required", "validity_days", "title")),
    "workspace": (_workspaces, ("workspace", "profile", "started", "until", "datasets", "end_not_confirmed")),
}

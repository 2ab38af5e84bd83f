"""The queue of somebody who answers requests: their tasks, with what they may do about each now."""

from dataclasses import dataclass
from typing import Any

from access_policy.commands.base import Refusal
from access_policy.queues import GIVEN_BY, PARTIES, Task, TaskKind, barred, has_kind, tasks_for
from access_policy.state import Request
from hub_config.desk.desk import View
from hub_config.desk.listing import Listing, listing
from hub_config.desk.sight import Offer, objection, offers, party_offers, standings

LABELS: dict[TaskKind, str] = {
    TaskKind.INTAKE: "Answer an intake",
    TaskKind.CONTACT: "Check a new download contact",
    TaskKind.EXTENSION_QUESTION: "Answer how to submit a renewal",
    TaskKind.HEARING: "Hear the user of a suspended request",
    TaskKind.ASSESSMENT: "Assess a request",
    TaskKind.EXTENSION_ASSESSMENT: "Assess a renewal",
    TaskKind.DECISION: "Vote and decide",
    TaskKind.AMENDMENT: "Decide on an amendment",
    TaskKind.EXTENSION_DECISION: "Decide on a renewal",
    TaskKind.CLINICAL: "Approve or refuse a clinical request",
    TaskKind.LICENSEE_SIGNATURE: "Sign the licence for your institution",
    TaskKind.REPRESENTATIVE_SIGNATURE: "Give the third signature",
}

_TIE = "declare-conflict"


@dataclass(frozen=True)
class Row:
    """A task with its request, the name of what it is about, the visitor's buttons, and why there is none."""

    task: Task
    request: Request
    title: str
    about: str
    actions: list[Offer]
    why: str


def queue(view: View, kind: str, words: str, number: int) -> Listing[Task]:
    """Return one page of the visitor's tasks, overdue first. `is:overdue` and `kind:…` are words of each."""
    found = [one for one in tasks_for(view.state, view.actor, view.at) if kind in ("", one.kind)]
    return listing(found, words, number, lambda one: _text(view, one))


def own_kinds(view: View) -> list[TaskKind]:
    """Return the kinds of tasks that somebody who stands as the visitor does can have at all."""
    mine = standings(view)
    return [kind for kind in TaskKind if has_kind(kind, mine)]


def rows(view: View, tasks: Listing[Task]) -> list[Row]:
    """Return the tasks of that page with what the visitor may do about each now."""
    return [_row(view, one) for one in tasks.items]


def title_of(request: Request) -> str:
    """Return what a request is called; an intake has no title yet, so it is the address of who asked."""
    return request.title if request.applicant is not None else f"intake of {request.intake_email}"


def about_of(view: View, task: Task) -> str:
    """Return the name of what a task is about, beside its id (S97)."""
    request = view.state.requests[task.request]
    if task.kind is TaskKind.CONTACT:
        asked = next(one for person, one in request.contacts_asked.items() if person == task.about)
        return f"{asked.name}, {asked.position}, {asked.email} ({task.about})"
    if task.kind is TaskKind.AMENDMENT:
        return f"Amendment {task.about}"
    named = {str(name): one.name for name, one in view.state.institutions.items()}
    return f"{named.get(task.about, task.about)} ({task.about})" if task.about else ""


def _text(view: View, task: Task) -> str:
    request = view.state.requests[task.request]
    marks = [f"is:{word}" for word, holds in (("overdue", task.overdue), ("paused", task.paused)) if holds]
    named = (task.request, title_of(request), about_of(view, task), LABELS[task.kind])
    return " ".join([*named, f"kind:{task.kind}", f"institution:{request.institution}", *marks])


def _row(view: View, task: Task) -> Row:
    request = view.state.requests[task.request]
    outside, actions = barred(view.state, task, view.actor), _actions(view, request, task)
    if outside is not None:
        actions = [one for one in actions if one.command == _TIE]
    problem = outside or _refused(view, task)
    why = problem.text.replace("`", "") if problem is not None else ""
    return Row(task, request, title_of(request), about_of(view, task), actions, why)


def _refused(view: View, task: Task) -> Refusal | None:
    if task.kind in PARTIES:
        return None
    return objection(view, GIVEN_BY[task.kind][0], _known(task))


def _actions(view: View, request: Request, task: Task) -> list[Offer]:
    if task.kind in PARTIES:
        return _signing(view, request, task)
    return offers(view, GIVEN_BY[task.kind], **_known(task))


def _signing(view: View, request: Request, task: Task) -> list[Offer]:
    party = f"for the {PARTIES[task.kind]}"
    return [one for one in party_offers(view, request) if party in one.label and _of(one, request, task)]


def _of(offered: Offer, request: Request, task: Task) -> bool:
    """Say whether a signature is for the organisation of the task; a request with one names none."""
    return len(request.entities) == 1 or offered.label.endswith(f" of {task.about}")


def _known(task: Task) -> dict[str, Any]:
    names = {TaskKind.CONTACT: "person", TaskKind.AMENDMENT: "amendment"}
    about = {names[task.kind]: task.about} if task.kind in names else {}
    extension = {"extension": True} if task.kind is TaskKind.EXTENSION_DECISION else {}
    return {"request": task.request, **about, **extension}


def command_names(row: Row) -> list[str]:
    """Return the commands that the visitor may give about a task now."""
    return [one.command for one in row.actions]

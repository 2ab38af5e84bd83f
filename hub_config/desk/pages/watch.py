"""What admins watch: running workspaces, commands that wait for a second admin, and the log."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from access_policy import events as e
from access_policy.commands.workspaces import ground_lost
from access_policy.model.ids import is_person_id, is_request_id
from access_policy.model.instants import format_instant
from access_policy.overview import security_test_overdue
from access_policy.run_ends import run_end
from access_policy.state import Workspace
from hub_config.desk.desk import PREFIX, View, Visit, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, need, offers, offers_each, sees_all_proposals

router = APIRouter(prefix=PREFIX)

Short = Annotated[str, Query(max_length=40)]
_ANSWERS = kinds("confirm-proposal", "drop-proposal")
_OVERSIGHT = kinds("record-security-test", "record-provider-audit")
_ROWS = 50
_WINDOW = 2_000
_WINDOWS = 10


@router.get("/workspaces")
def workspaces(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the running workspaces, each with its end and a way to stop it (S94)."""
    with visit.reading() as view:
        need(view, Area.WORKSPACES)
        running = sorted(view.state.workspaces.values(), key=lambda one: one.until)
        people = view.state.people
        found = listing(running, q, number, lambda one: f"{one.person} {people[one.person].name} {one.request}")
        stop = kinds("stop-workspace")
        stopping = {_key(one): offers(view, stop, person=one.person, request=one.request) for one in found.items}
        ending = {_key(one): _ending(view, one) for one in found.items}
        stays = visit.desk.ends_stay
        ends = {_key(one): run_end(view.state, one, view.at, fixed=stays).at for one in found.items}
        return page(
            request, "workspaces.html", view, workspaces=found, stopping=stopping, ending=ending, ends=ends, key=_key
        )


def _ending(view: View, workspace: Workspace) -> str:
    """Say how far the end of a workspace is that has to end; empty for one that may go on (FLT-05, FLT-06)."""
    if workspace.unconfirmed is not None:
        return f"cannot confirm the end: the machine {workspace.unconfirmed} does not answer"
    if workspace.stop_asked is not None:
        return "being stopped"
    return "being ended" if ground_lost(view.state, workspace, view.at) is not None else ""


def _key(workspace: Workspace) -> str:
    return f"{workspace.person}/{workspace.request.lower()}"


@router.get("/proposals")
def proposals(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the commands that wait for a second admin; to who is none, their own."""
    with visit.reading() as view:
        need(view, Area.PROPOSALS)
        everything = sees_all_proposals(view)
        waiting = [one for one in view.state.proposals.values() if everything or one.by == visit.person]
        found = listing(waiting, q, number, lambda one: f"{one.command} {one.arguments} {one.by}")
        each = offers_each(view, _ANSWERS, "proposal", [one.number for one in found.items])
        return page(request, "proposals.html", view, proposals=found, each=each, read=msgspec.json.decode)


@dataclass(frozen=True)
class Wanted:
    """Which facts a reader asks for; the state of the page stands in its address."""

    person: Short = ""
    about: Short = ""
    kind: Short = ""
    before: Annotated[int, Query(ge=0, le=2**53)] = 0

    def fits(self, fact: e.Fact) -> bool:
        """Say whether a fact is one of them."""
        people = (fact.actor.person, getattr(fact.event, "person", None), getattr(fact.event, "applicant", None))
        return (
            (not self.person or self.person in people)
            and (not self.about or self.about == getattr(fact.event, "request", None))
            and (not self.kind or self.kind == type(fact.event).__name__)
        )


def _recorded(value: str | int) -> str:
    """Return what of a reader's question goes on record: a name that was typed here would stay in clear (E50)."""
    text = str(value)
    known = isinstance(value, int) or is_person_id(text) or is_request_id(text) or text in e.FACTS
    return text if known else "something else"


@router.get("/log")
def log(request: Request, visit: Visiting, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Show facts, newest first, by fifty, by person, request (`about`) and kind (S92). Reading is recorded (E51).

    Above them stands when weak spots were last tested for (S95), and when the provider was last audited (S103).
    """
    rows, lowest = read_facts(visit, wanted)
    with visit.reading() as view:
        return page(
            request, "log.html", view, rows=rows, kinds=sorted(e.FACTS), wanted=wanted, lowest=lowest,
            show=shown_fields, actions=offers(view, _OVERSIGHT), overdue=security_test_overdue(view.state, view.at),
        )  # fmt: skip


def read_facts(visit: Visit, wanted: Wanted) -> tuple[list[e.Fact], int]:
    """Return up to fifty facts, newest first, and below which number to go on (0: none); it is recorded (S92, E51).

    Raises NotYours for who does not read the log.
    """
    with visit.reading() as view:
        need(view, Area.LOG)
        newest = view.state.seq
    rows, lowest = _newest(visit, min(wanted.before or newest + 1, newest + 1), wanted)
    asked = (f"{name} {_recorded(value)}" for name, value in asdict(wanted).items() if value)
    visit.desk.policy.observe(visit.actor, e.LogRead(what=", ".join(["facts", *asked])))
    return rows, lowest


def _newest(visit: Visit, top: int, wanted: Wanted) -> tuple[list[e.Fact], int]:
    """Return up to fifty matching facts below `top`, newest first, and the number below which to go on (0: none)."""
    rows: list[e.Fact] = []
    for _ in range(_WINDOWS):
        bottom = max(0, top - 1 - (_WINDOW if wanted.person or wanted.about or wanted.kind else _ROWS))
        for fact in reversed(list(_between(visit, bottom, top))):
            if wanted.fits(fact):
                rows.append(fact)
            if len(rows) == _ROWS:
                return rows, fact.seq if fact.seq > 1 else 0
        top = bottom + 1
        if bottom == 0:
            return rows, 0
    return rows, top


def _between(visit: Visit, bottom: int, top: int) -> Iterator[e.Fact]:
    for fact in visit.desk.policy.store.facts_since(bottom):
        if fact.seq >= top:
            return
        yield fact


def shown_fields(fact: e.Fact) -> list[tuple[str, Any]]:
    """Return an event's fields as a page shows them."""
    names = [name for name in fact.event.__struct_fields__ if name not in ("v", "decision")]
    shown = [(name, getattr(fact.event, name)) for name in names]
    return [(name, format_instant(value) if hasattr(value, "tzinfo") else value) for name, value in shown]

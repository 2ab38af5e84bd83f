"""What a person comes to the desk for: their requests, what holds and what is missing, and what is about themselves."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.decision import Decision, decide
from access_policy.homes import Kept, homes_apart
from access_policy.left_out import LeftOut, left_out
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.overview import suspended_since
from access_policy.rules import Query as Question
from access_policy.run_ends import RunEnd, run_end
from access_policy.state import Ending, Workspace
from access_policy.state import Request as DataRequest
from hub_config.desk.ahead import steps_ahead
from hub_config.desk.desk import PREFIX, LoggedOut, MaybeVisiting, View, Visiting, desk_of
from hub_config.desk.firstday import first_day
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Listing, Number, Words, listing
from hub_config.desk.pages.documents import acceptances
from hub_config.desk.pages.files import files_of
from hub_config.desk.render import fragment, page
from hub_config.desk.sight import Offer, offers, offers_each, standings

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True)
class Card:
    """One request as its person sees it: the decision, and the workspace that runs or how the last one ended.

    `run` is until when it runs, and whether a restart would let it run longer.
    """

    request: DataRequest
    decision: Decision
    workspace: Workspace | None
    run: RunEnd | None
    ending: Ending | None
    role: str
    start: str
    open: str
    left_out: tuple[LeftOut, ...]
    apart: tuple[Kept, ...]

    @property
    def reachable(self) -> bool:
        """Say whether a workspace runs that nobody asked to stop."""
        return self.workspace is not None and self.workspace.stop_asked is None

    @property
    def startable(self) -> bool:
        """Say whether the start is offered: the decision allows it and nothing runs."""
        return self.decision.allowed and self.workspace is None

    @property
    def longer(self) -> datetime | None:
        """Return until when a restart would let it run; None where that helps nothing, or no start would be allowed."""
        return self.run.later if self.run is not None and self.decision.allowed else None


def card_of(view: View, request: DataRequest) -> Card:
    """Return a request with its decision for the visitor's own session, now."""
    person, identifier = view.visit.person, request.request
    question = Question(person, identifier, Action.OPEN_WORKSPACE, view.at, view.visit.session)
    running, stays = view.state.workspaces.get((person, identifier)), view.visit.desk.ends_stay
    roles = [name for name, is_it in (("applicant", request.applicant == person),
                                      ("download contact", person in request.contacts)) if is_it]  # fmt: skip
    return Card(
        request, decide(view.state, question), running,
        None if running is None else run_end(view.state, running, view.at, fixed=stays),
        view.state.endings.get((person, identifier)), " and ".join(roles) or "former contact",
        view.visit.desk.start(person, identifier), view.visit.desk.workspace(person, identifier),
        left_out(view.state, question), homes_apart(view.state, person, identifier, view.at),
    )  # fmt: skip


def _cards(view: View, q: str, number: int) -> Listing[Card]:
    newest_first = sorted(_mine(view), key=lambda one: one.opened, reverse=True)
    found = listing(newest_first, q, number, _text)
    cards = [card_of(view, request) for request in found.items]
    return Listing(cards, found.number, found.pages, found.total, found.words)


def _text(request: DataRequest) -> str:
    return f"{request.request} {request.title} {request.status}{' suspended' if suspended_since(request) else ''}"


def _mine(view: View) -> list[DataRequest]:
    numbers: dict[RequestId, None] = view.state.requests_of.get(view.visit.person, {})
    return [view.state.requests[number] for number in numbers]


@router.get("/")
def home(request: Request, visit: MaybeVisiting, q: Words = "", number: Number = 1) -> Response:
    """Show my requests; to nobody, on the first day of an installation, how far the checklist is."""
    if visit is None:
        return _first_day_page(request)
    with visit.reading() as view:
        steps = first_day(view) if "admin" in standings(view) else []
        return page(
            request, "home.html", view, cards=_cards(view, q, number), steps=steps,
            profiles=visit.desk.settings.workspace_profiles, opening=_opening(view),
            invited=_invited(view), ahead=steps_ahead(view),
        )  # fmt: skip


def _opening(view: View) -> list[Offer]:
    """Return the way to a new request; none for somebody of an institution that is not trusted: invited only (S72)."""
    kind = kinds("open-request")
    return offers(view, kind) if offers(view, kind, title="-", purpose="-") else []


def _invited(view: View) -> dict[int, list[Offer]]:
    """Return the invitations to the visitor's address that wait, by their numbers (S31)."""
    mine = [number for number, one in view.state.invitations.items() if one.email == view.me.email]
    found = offers_each(view, kinds("accept-invitation"), "invitation", mine)
    return {number: one for number, one in found.items() if one}


def _first_day_page(request: Request) -> Response:
    with desk_of(request).policy.reading() as state:
        steps = first_day(state)
        if state.demo or all(step.done for step in steps):
            raise LoggedOut
    return page(request, "welcome.html", None, steps=steps)


@router.get("/status")
def status(visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """Give the part of the home page that changes by itself; its script asks for it every few seconds."""
    with visit.reading() as view:
        profiles = visit.desk.settings.workspace_profiles
        cards, ahead = _cards(view, q, number), steps_ahead(view)
        return fragment("_cards.html", cards=cards, profiles=profiles, view=view, ahead=ahead)


@router.get("/me")
def about_me(request: Request, visit: Visiting) -> Response:
    """Show what the log knows of the visitor: accepted texts, verification, factor, certifications, roles."""
    with visit.reading() as view:
        trainings = offers_each(view, kinds("claim-attendance"), "training", _trainings(view), person=visit.person)
        return page(
            request, "me.html", view, person=view.me, texts=acceptances(view),
            actions=offers(view, kinds("ask-erasure"), person=visit.person), ahead=steps_ahead(view),
            uploads=files_of(view, person=visit.person),
            attendance={number: one for number, one in trainings.items() if one},
        )  # fmt: skip


def _trainings(view: View) -> list[int]:
    """Return the trainings of which the visitor may still have a code to give: the last that began."""
    begun = [one.training for one in view.state.trainings.values() if one.on <= view.at]
    return [number for number in begun[-10:] if view.visit.person not in view.state.trainings[number].claimed]

"""What requests are about and rest on: datasets, courses, institutions, licences."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy.commands.base import Command
from access_policy.commands.data import PublishLicence, RegisterDataset, ReopenDataset, WithdrawDataset
from access_policy.commands.institutions import DeclareDomains, EndAgreement, RecordAgreement, RegisterInstitution
from access_policy.commands.training import RegisterCourse
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.listing import listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, areas, offers, sees_all_datasets

router = APIRouter(prefix=PREFIX)

Words = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=1, le=1_000_000)]


def _each(view: View, kinds: tuple[type[Command], ...], field: str, names: list[Any]) -> dict[str, list[Offer]]:
    return {name: offers(view, kinds, **{field: name}) for name in names}


def _need(view: View, area: Area) -> None:
    if area not in areas(view):
        raise NotYours


@router.get("/datasets")
def datasets(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the datasets that are offered; their stewards see the others too (POL-09)."""
    with visit.reading() as view:
        everything = sees_all_datasets(view)
        seen = [one for one in view.state.datasets.values() if one.open or everything]
        found = listing(seen, q, number, lambda one: f"{one.dataset} {one.title} {one.kind} {one.source}")
        each = _each(view, (WithdrawDataset, ReopenDataset), "dataset", [one.dataset for one in found.items])
        actions = offers(view, (RegisterDataset,))
        return page(
            request, "datasets.html", view, datasets=found, everything=everything, each=each, actions=actions
        )  # fmt: skip


@router.get("/courses")
def courses(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the courses."""
    with visit.reading() as view:
        _need(view, Area.COURSES)
        found = listing(list(view.state.courses.values()), q, number, lambda one: f"{one.course} {one.title}")
        return page(request, "courses.html", view, courses=found, actions=offers(view, (RegisterCourse,)))


@router.get("/institutions")
def institutions(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the institutions with their domains and agreements."""
    with visit.reading() as view:
        _need(view, Area.INSTITUTIONS)
        known = list(view.state.institutions.values())
        found = listing(known, q, number, lambda one: f"{one.institution} {one.name} {' '.join(one.domains)}")
        kinds = (RecordAgreement, DeclareDomains, EndAgreement)
        each = _each(view, kinds, "institution", [one.institution for one in found.items])
        actions = offers(view, (RegisterInstitution,))
        return page(request, "institutions.html", view, institutions=found, each=each, actions=actions)


@router.get("/licences")
def licences(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the licences."""
    with visit.reading() as view:
        _need(view, Area.LICENCES)
        found = listing(list(view.state.licences.values()), q, number, lambda one: f"{one.licence} {one.title}")
        return page(request, "licences.html", view, licences=found, actions=offers(view, (PublishLicence,)))

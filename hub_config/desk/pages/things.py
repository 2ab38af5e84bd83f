"""What requests rest on: datasets and studies, courses and trainings, institutions, the law of countries."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.model.jurisdictions import Adequacy, EligibleThirdCountry
from access_policy.state import State
from hub_config.desk.desk import PREFIX, View, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, need, offers, offers_each, sees_all_datasets

router = APIRouter(prefix=PREFIX)

_OF_DATASET = kinds(
    "release-version", "hand-over-dataset", "reopen-dataset", "record-opt-out", "reverse-opt-out",
    "record-consent-withdrawal", "withdraw-dataset",
)  # fmt: skip
_OF_INSTITUTION = kinds(
    "record-agreement", "declare-domains", "correct-institution", "lift-exclusion", "end-agreement",
    "exclude-organisation",
)  # fmt: skip


@router.get("/datasets")
def datasets(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the datasets that are offered; their stewards see the others, and the studies, too (POL-09)."""
    with visit.reading() as view:
        everything = sees_all_datasets(view)
        seen = [one for one in view.state.datasets.values() if one.open or everything]
        found = listing(seen, q, number, lambda one: f"{one.dataset} {one.title} {one.kind} {one.source}")
        return page(
            request, "datasets.html", view, datasets=found, everything=everything,
            each=offers_each(view, _OF_DATASET, "dataset", [one.dataset for one in found.items]),
            actions=offers(view, kinds("register-dataset", "register-study", "record-consent-withdrawal")),
            studies=list(view.state.studies.values()) if everything else [],
        )  # fmt: skip


@router.get("/courses")
def courses(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the courses, their trainings, and the outside providers whose certificates count."""
    with visit.reading() as view:
        need(view, Area.COURSES)
        found = listing(list(view.state.courses.values()), q, number, lambda one: f"{one.course} {one.title}")
        trainings = sorted(view.state.trainings.values(), key=lambda one: one.on, reverse=True)[:20]
        confirming = offers_each(view, kinds("confirm-attendance"), "training", [one.training for one in trainings])
        return page(
            request, "courses.html", view, courses=found, trainings=trainings, confirming=confirming,
            each=offers_each(
                view, kinds("plan-training", "revise-course"), "course", [one.course for one in found.items]
            ),
            actions=offers(view, kinds("register-course", "trust-provider")),
            distrusting=offers_each(view, kinds("distrust-provider"), "provider", view.state.providers),
        )  # fmt: skip


@router.get("/institutions")
def institutions(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List the institutions with their domains and agreements."""
    with visit.reading() as view:
        need(view, Area.INSTITUTIONS)
        known = list(view.state.institutions.values())
        found = listing(known, q, number, lambda one: f"{one.institution} {one.name} {' '.join(one.domains)}")
        each = offers_each(view, _OF_INSTITUTION, "institution", [one.institution for one in found.items])
        actions = offers(view, kinds("register-institution"))
        return page(request, "institutions.html", view, institutions=found, each=each, actions=actions)


@router.get("/countries")
def countries(request: Request, visit: Visiting) -> Response:
    """List the decisions on adequacy and the countries that are eligible, as dated law (S58, E13)."""
    with visit.reading() as view:
        need(view, Area.INSTITUTIONS)
        return page(
            request, "countries.html", view, adequacy=_adequacy(view), eligible=_eligible(view),
            actions=offers(view, kinds("record-adequacy", "list-country")), used=_countries(view.state),
        )  # fmt: skip


def _adequacy(view: View) -> list[tuple[Adequacy, list[Offer]]]:
    ordered = sorted(view.state.adequacy, key=lambda one: (one.country, one.begins))
    ending = kinds("end-adequacy")
    return [
        (one, offers(view, ending, country=one.country, scope=one.scope.value) if one.holds(view.at) else [])
        for one in ordered
    ]


def _eligible(view: View) -> list[tuple[EligibleThirdCountry, list[Offer]]]:
    ending = kinds("unlist-country")
    return [(one, offers(view, ending, country=one.country)) for one in view.state.eligible]


def _countries(state: State) -> frozenset[str]:
    """Return the countries in which an institution is registered."""
    return frozenset(one.country for one in state.institutions.values())

"""Which of the four scenarios a request is, and which of the two routes it takes (S5-S11).

The choice follows from facts alone: where the data come from, where the applicant works, and for what the data are
wanted. Which data may be used on which route is recorded with each dataset (S80 beside S9).
"""

from typing import Final, NamedTuple

import msgspec

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import PurposeKind, Route, Scenario
from access_policy.model.ids import InstitutionName
from access_policy.state import Form, Request, State

ROUTES: Final[dict[Scenario, Route]] = {
    Scenario.SEVERAL_HOSPITALS: Route.DATA_ACCESS,
    Scenario.OWN_HOSPITAL_REUSE: Route.DATA_ACCESS,
    Scenario.TREATMENT: Route.CLINICAL,
    Scenario.ORIGINAL_STUDY: Route.CLINICAL,
}
"""The route of each scenario (S5)."""

_OWN_HOSPITAL: Final[dict[PurposeKind, Scenario]] = {
    PurposeKind.RESEARCH: Scenario.OWN_HOSPITAL_REUSE,
    PurposeKind.TREATMENT: Scenario.TREATMENT,
    PurposeKind.ORIGINAL_STUDY: Scenario.ORIGINAL_STUDY,
}


class Facts(msgspec.Struct, frozen=True):
    """What the choice depends on.

    `institution` is where the applicant works. `hospitals` has, for each requested dataset, those that contributed to
    it, and `routes` those that it accepts. `physician` says whether the form names the treating one, `alone` whether
    no other organisation takes part.
    """

    institution: InstitutionName | None
    hospitals: tuple[frozenset[InstitutionName], ...]
    routes: tuple[frozenset[Route], ...]
    purpose: PurposeKind
    physician: bool
    alone: bool


class Choice(NamedTuple):
    """A scenario and its route."""

    scenario: Scenario
    route: Route


def facts_of(state: State, request: Request, form: Form) -> Facts:
    """Return what the choice depends on, as a request and its filled form have it."""
    datasets = [state.datasets[name] for name in request.datasets]
    return Facts(
        institution=request.institution,
        hospitals=tuple(frozenset(one.hospitals) for one in datasets),
        routes=tuple(one.routes for one in datasets),
        purpose=form.purpose_kind,
        physician=_physician_named(state, request, form),
        alone=set(request.entities) == {request.institution},
    )


def _physician_named(state: State, request: Request, form: Form) -> bool:
    """S9: a person who still works at the applicant's institution, or by name and institution without an account."""
    if form.physician_person is not None:
        return state.people[form.physician_person].institution == request.institution
    return bool(form.physician and form.physician_institution)


def scenario_of(facts: Facts) -> Scenario:
    """S5-S11: exactly one scenario, whatever the facts.

    Data of another hospital than the applicant's make it the first, whatever the purpose (S6, S11); so do data that
    no hospital contributed, such as open data of the centre. Else the purpose decides (S7, S9, S10).
    """
    own = frozenset({facts.institution})
    if facts.hospitals and all(one == own for one in facts.hospitals):
        return _OWN_HOSPITAL[facts.purpose]
    return Scenario.SEVERAL_HOSPITALS


def choose(facts: Facts) -> Choice | Refusal:
    """S5: the scenario and its route, or why a request with these facts cannot be sent in."""
    scenario = scenario_of(facts)
    route = ROUTES[scenario]
    if scenario is Scenario.TREATMENT and not facts.physician:
        return Refusal(RefusalCode.NOT_COMPLETE, "describe the request again, with the treating `physician` (S9)")
    if route is Route.CLINICAL and not facts.alone:
        # Nobody signs a licence on this route, so that nothing would bind a further organisation (S11, S54).
        text = "a clinical request is for your own institution only; ask without the other ones, in a new request"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if not all(route in accepted for accepted in facts.routes):
        text = f"the request takes the route `{route}`, which a dataset in it does not accept; drop that dataset"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return Choice(scenario, route)

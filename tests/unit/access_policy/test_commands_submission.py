"""A form is sent in: complete, sound, with its scenario and its route, and what stands in its way (S5-S11, S18)."""

from dataclasses import replace
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal
from access_policy.commands.requests import form_digest
from access_policy.model.enums import Confirmation, RequestStatus, Route, Scenario
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from tests.unit.access_policy.parties import exclude, register_institution
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    dataset_arguments,
    description,
    everything_holds,
    kinds,
    on_behalf_of,
    study,
)

NEXT = RequestId("DR-3")
CLINIC = InstitutionName("clinic")
ALL_CONFIRMED = ",".join(Confirmation)


def _form(**changed: Any) -> World:
    """Return a world with a form that lacks nothing, described with what is changed."""
    world = everything_holds()
    world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=NEXT, **description(**changed))
    return world


def _submit(world: World) -> e.RequestSubmitted:
    (event,) = world.do("submit-request", RESEARCHER, request=NEXT)
    assert isinstance(event, e.RequestSubmitted)
    return event


def _refused(world: World) -> str:
    return world.refusal("submit-request", RESEARCHER, request=NEXT)


def test_a_form_is_sent_in_with_its_hash_scenario_and_route() -> None:
    """S5, S18, REQ-04: what was signed is what its hash says; the facts in it choose the scenario and the route."""
    world = _form()
    signatories = "hospital: sara@hospital.example"
    digest = form_digest(world.state.requests[NEXT], signatories)
    assert _submit(world) == e.RequestSubmitted(
        request=NEXT, digest=digest, scenario=Scenario.SEVERAL_HOSPITALS, route=Route.DATA_ACCESS,
        signatories=signatories,
    )  # fmt: skip
    request = world.state.requests[NEXT]
    assert (request.status, request.digest) == (RequestStatus.SUBMITTED, digest)


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "its description": ("describe-request", description()),
    "a dataset": ("request-dataset", {"dataset": "tumours", "necessity": "the outcome"}),
    "a download contact": ("name-contact", {"person": RESEARCHER, "email": "rosa@hospital.example"}),
}


@pytest.mark.parametrize("missing", STEPS)
def test_an_incomplete_form_is_not_sent_in(missing: str) -> None:
    """S15, S18, S71: it is described, asks for a dataset and names a contact; the text says what lacks."""
    world = everything_holds()
    world.do("open-request", RESEARCHER, title="Survival", purpose="Which treatment helps")
    for part, (name, arguments) in STEPS.items():
        if part != missing:
            world.do(name, RESEARCHER, request=NEXT, **arguments)
    outcome = world.attempt("submit-request", RESEARCHER, request=NEXT)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.text) == ("not_complete", f"the form still needs: {missing}")
    name, arguments = STEPS[missing]
    world.do(name, RESEARCHER, request=NEXT, **arguments)
    assert kinds(world.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]


def test_nobody_signs_a_form_in_anothers_name() -> None:
    """S18, REQ-03: the applicant does, and no operator for them."""
    world = _form()
    assert world.refusal("submit-request", on_behalf_of(RESEARCHER), request=NEXT) == "personal_command"
    assert world.refusal("submit-request", COLLEAGUE, request=NEXT) == "not_permitted"


DIFFERENT: dict[str, tuple[str, dict[str, Any]]] = {
    "another purpose": ("describe-request", description(purpose_kind="original-study")),
    "another regime": ("describe-request", description(regime="ehds")),
    "another controller": ("describe-request", description(controller="somebody else")),
    "a dataset more": ("request-dataset", {"dataset": "scans", "necessity": "more"}),
    "another necessity": ("request-dataset", {"dataset": "tumours", "necessity": "another"}),
    "another address": ("name-contact", {"person": RESEARCHER, "email": "rosa2@hospital.example"}),
    "an organisation more": ("name-entity", {"institution": "centre"}),
    "a confirmation": ("confirm-protection", {"institution": "hospital", "confirmations": "no-onward-transfer"}),
}


@pytest.mark.parametrize("change", DIFFERENT)
def test_another_form_has_another_hash(change: str) -> None:
    """REQ-04: whatever is different in the form is different in its hash."""
    world = _form()
    before = form_digest(world.state.requests[NEXT], "")
    name, arguments = DIFFERENT[change]
    world.do(name, RESEARCHER, request=NEXT, **arguments)
    assert form_digest(world.state.requests[NEXT], "") != before


@pytest.mark.parametrize("field", ["request", "title", "purpose"])
def test_another_request_has_another_hash(field: str) -> None:
    """REQ-04: also where all that is asked for is the same."""
    request = _form().state.requests[NEXT]
    other = replace(request, **{field: "another"})  # type: ignore[arg-type] # one text of a request, by its name
    assert form_digest(other, "") != form_digest(request, "")


def _own_data(purpose: str, routes: str = "clinical,data-access", hospitals: str = "hospital") -> World:
    """Return a world whose form asks for one dataset of these hospitals, which accepts these routes."""
    world = everything_holds()
    register_institution(world, "clinic")
    arguments = {"routes": routes, "study": study(world)} | ({"hospitals": hospitals} if hospitals else {})
    world.do("register-dataset", STEWARD, **dataset_arguments("records") | arguments)
    world.ask(RequestStatus.DRAFT, ("records",))
    changed = description(purpose_kind=purpose, physician="dr. Vos", physician_institution="hospital")
    world.do("describe-request", RESEARCHER, request=NEXT, **changed)
    return world


@pytest.mark.parametrize(
    ("hospitals", "purpose", "scenario", "route"),
    [
        ("hospital", "research", "own-hospital-reuse", "data-access"),
        ("hospital", "treatment", "treatment", "clinical"),
        ("hospital", "original-study", "original-study", "clinical"),
        ("clinic", "treatment", "several-hospitals", "data-access"),
        ("clinic,hospital", "original-study", "several-hospitals", "data-access"),
        ("", "treatment", "several-hospitals", "data-access"),
    ],
    ids=[
        "S7 reuse of the own hospital's", "S9 treatment", "S10 original study", "S11 treatment, of another hospital",
        "S11 original study, of several hospitals", "S6 open data",
    ],
)  # fmt: skip
def test_the_form_chooses_scenario_and_route(hospitals: str, purpose: str, scenario: str, route: str) -> None:
    """S5, S6, S7, S9, S10, S11: from the facts on record, not from what anybody says."""
    world = _own_data(purpose, hospitals=hospitals)
    event = _submit(world)
    request = world.state.requests[NEXT]
    assert (event.scenario, event.route) == (scenario, route) == (request.scenario, request.route)


def test_another_hospitals_dataset_makes_it_the_first_scenario() -> None:
    """S11: one is enough, and dropping it makes the request a clinical one again."""
    world = _own_data("treatment")
    world.do("request-dataset", RESEARCHER, request=NEXT, dataset="tumours", necessity="the outcome")
    other = world.copy()
    assert _submit(other).scenario is Scenario.SEVERAL_HOSPITALS
    world.do("drop-dataset", RESEARCHER, request=NEXT, dataset="tumours")
    assert _submit(world).scenario is Scenario.TREATMENT


@pytest.mark.parametrize(
    ("purpose", "routes"),
    [("treatment", "data-access"), ("original-study", "data-access"), ("research", "clinical")],
    ids=["treatment with research data", "a study with research data", "research with clinical data"],
)
def test_a_route_that_a_dataset_does_not_accept_is_refused(purpose: str, routes: str) -> None:
    """S9, S80: which routes lead to a dataset is on record with it."""
    assert _refused(_own_data(purpose, routes)) == "not_allowed_value"


def test_a_clinical_request_is_for_one_organisation() -> None:
    """S11, S54: a further one would get data without a licence."""
    world = _own_data("treatment")
    world.do("name-entity", RESEARCHER, request=NEXT, institution="clinic")
    world.invite_signatory(NEXT, "clinic")
    assert _refused(world) == "not_allowed_value"


def test_a_dataset_that_is_not_offered_any_more_is_not_asked_for() -> None:
    """REQ-10, POL-09: withdrawn since it was put in the form; dropped, the rest is sent in."""
    world = _form()
    world.do("request-dataset", RESEARCHER, request=NEXT, dataset="scans", necessity="more")
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    assert _refused(world) == "not_found"
    world.do("drop-dataset", RESEARCHER, request=NEXT, dataset="tumours")
    assert _submit(world).digest == world.state.requests[NEXT].digest


def _with_clinic(country: str) -> World:
    world = _form()
    register_institution(world, "clinic", country)
    world.do("name-entity", RESEARCHER, request=NEXT, institution="clinic")
    world.invite_signatory(NEXT, "clinic")
    return world


def _confirm(world: World, confirmations: str) -> None:
    arguments = {"institution": "clinic", "confirmations": confirmations}
    world.do("confirm-protection", RESEARCHER, request=NEXT, **arguments)


@pytest.mark.parametrize("left_out", [None, *Confirmation])
def test_outside_the_eea_every_confirmation_is_needed(left_out: Confirmation | None) -> None:
    """S57, S61, S68: of each such organisation; one that is missing is enough to refuse, and the text names it."""
    world = _with_clinic("US")
    if left_out is not None:
        _confirm(world, ",".join(one for one in Confirmation if one is not left_out))
    outcome = world.attempt("submit-request", RESEARCHER, request=NEXT)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_complete"
    assert (left_out or Confirmation.EFFECTIVE_REMEDY) in outcome.text
    _confirm(world, ALL_CONFIRMED)
    assert kinds(world.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]


@pytest.mark.parametrize("country", ["NL", "NO", "LI"])
def test_inside_the_eea_no_confirmation_is_needed(country: str) -> None:
    """S57, S61."""
    world = _with_clinic(country)
    assert not world.state.requests[NEXT].entities[CLINIC].confirmations
    _submit(world)
    assert world.state.requests[NEXT].status is RequestStatus.SUBMITTED


@pytest.mark.parametrize("country", ["CH", "GB", "JP"])
def test_an_adequate_country_is_outside_the_eea_too(country: str) -> None:
    """S58, S61: a decision on adequacy does not replace the confirmations."""
    assert _refused(_with_clinic(country)) == "not_complete"


def test_an_excluded_organisation_sends_nothing_in() -> None:
    """E59, REQ-08: neither the applicant's nor a further one, until the instant at which the exclusion ends."""
    for name in ("hospital", "clinic"):
        world = _with_clinic("NL")
        until = exclude(world, InstitutionName(name))
        world.at = until - TICK
        assert _refused(world) == "not_permitted"
        world.at = until
        _submit(world)


def _move(world: World, who: PersonId) -> None:
    event = e.PersonMoved(person=who, institution=InstitutionName("centre"), email="new@centre.example")
    world.append([(person(ADMIN), event)])


def test_an_applicant_who_moved_sends_nothing_in() -> None:
    """S9, S11: who does not work at the request's hospital any more is not affiliated with it."""
    world = _form()
    _move(world, RESEARCHER)
    assert _refused(world) == "not_permitted"


def test_the_form_names_who_signs_for_each_organisation() -> None:
    """S23, S34: an appointed signatory, or somebody invited as one; a clinical request has no licence to sign."""
    world = _own_data("research", hospitals="")
    world.do("end-role", ADMIN, person=SIGNATORY, role="signatory")
    assert _refused(world) == "not_complete"
    world.invite_signatory(NEXT, "hospital")
    assert kinds(world.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]
    clinical = _own_data("original-study")
    clinical.do("end-role", ADMIN, person=SIGNATORY, role="signatory")
    assert kinds(clinical.do("submit-request", RESEARCHER, request=NEXT)) == [e.RequestSubmitted]

"""A form that is not sent in yet: what it lacks, which scenario it would be, and the commands that it becomes.

A draft is no event: nobody but its person sees it, and it decides nothing. What it says of the scenario is what
`scenarios.py` would choose now (S5-S11); the choice falls when the request is signed and sent in.
"""

from typing import Any

import msgspec

from access_policy.commands.base import Command, Refusal
from access_policy.commands.criteria import criteria_for
from access_policy.commands.requests import DescribeRequest, RequestDataset
from access_policy.commands.sizes import MOST_DATASETS
from access_policy.model.enums import Criterion, PurposeKind, Regime, Route, Scenario
from access_policy.model.ids import DatasetName, PersonId
from access_policy.scenarios import ROUTES, Facts, choose, scenario_of
from access_policy.state import State

MOST_DRAFTS = 20
"""How many drafts of one person are kept at a time (REQ-14)."""

_LONGEST = 4000
_MAYBE = ("agreement", "tools", "physician", "physician_institution")
_WORDS = {
    "title": "a title", "purpose": "the purpose", "purpose_kind": "what the data are for",
    "field_of_work": "the field of work", "controller": "the controller", "processor": "the processor",
    "tests_treatment": "whether a treatment is tested in children",
}  # fmt: skip


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers so far, all as they were typed; an empty text is no answer. `datasets` has the need for each.

    `request` is the number of the request that was opened from it, while some of its answers are not in that yet.
    """

    title: str = ""
    purpose: str = ""
    purpose_kind: str = ""
    field_of_work: str = ""
    tests_treatment: str = ""
    controller: str = ""
    processor: str = ""
    regime: str = Regime.OWN.value
    agreement: str = ""
    tools: str = ""
    physician: str = ""
    physician_institution: str = ""
    datasets: dict[str, str] = {}
    request: str = ""


class Preview(msgspec.Struct, frozen=True):
    """What a draft would be if it were sent in now. `problem` says why it could not; `criteria` is what is looked at.

    On the clinical route nobody records findings: the investigators of the study decide.
    """

    scenario: Scenario
    route: Route
    criteria: tuple[Criterion, ...]
    problem: str


def too_large(draft: Draft) -> str | None:
    """Say in a line why a draft is not kept, or None (REQ-14)."""
    texts = [one for one in msgspec.structs.astuple(draft) if isinstance(one, str)]
    if any(len(one) > _LONGEST for one in (*texts, *draft.datasets, *draft.datasets.values())):
        return f"an answer has at most {_LONGEST} characters"
    return f"at most {MOST_DATASETS} datasets stand in a form" if len(draft.datasets) > MOST_DATASETS else None


def missing_of(draft: Draft) -> list[str]:
    """Return what a draft needs before a request is opened from it, in words (S3, S9)."""
    missing = [words for name, words in _WORDS.items() if not getattr(draft, name)]
    without = [f"why `{name}` is needed" for name, why in draft.datasets.items() if not why]
    physician = draft.purpose_kind == PurposeKind.TREATMENT and not (draft.physician and draft.physician_institution)
    treating = ["the treating physician, with the institution"] if physician else []
    return [*missing, *(without if draft.datasets else ["a dataset"]), *treating]


def preview(state: State, person: PersonId, draft: Draft) -> Preview | None:
    """Return what a draft would be, or None where it does not say yet for what and for which data it is."""
    known = (state.datasets.get(DatasetName(name)) for name in draft.datasets)
    datasets = [one for one in known if one is not None and one.open]  # a withdrawn one looks like none (POL-09)
    if not datasets or draft.purpose_kind not in set(PurposeKind):
        return None
    institution = state.people[person].institution
    facts = Facts(
        institution=institution, hospitals=tuple(frozenset(one.hospitals) for one in datasets),
        routes=tuple(one.routes for one in datasets), purpose=PurposeKind(draft.purpose_kind),
        physician=bool(draft.physician and draft.physician_institution), alone=True,
    )  # fmt: skip
    scenario, chosen = scenario_of(facts), choose(facts)
    route = ROUTES[scenario]
    regime = Regime.EHDS if draft.regime == Regime.EHDS else Regime.OWN
    criteria = criteria_for(scenario, regime) if route is Route.DATA_ACCESS else ()
    return Preview(scenario, route, criteria, chosen.text if isinstance(chosen, Refusal) else "")


def opening(draft: Draft) -> dict[str, Any]:
    """Return the arguments of the command that opens the request."""
    return {"title": draft.title, "purpose": draft.purpose}


def filling(draft: Draft, request: str) -> list[tuple[type[Command], dict[str, Any]]]:
    """Return the commands, with their arguments, that put the other answers into the request that was opened."""
    names = ("purpose_kind", "field_of_work", "tests_treatment", "controller", "processor", "regime")
    given = {name: getattr(draft, name) for name in names} | {
        name: getattr(draft, name) for name in _MAYBE if getattr(draft, name)
    }
    asked = [
        (RequestDataset, {"request": request, "dataset": name, "necessity": why})
        for name, why in draft.datasets.items()
    ]
    return [(DescribeRequest, {"request": request, **given}), *asked]

"""Which datasets of a request somebody does not get although they get others, and why not (S3, S74, S77, E26, E72).

Works out nothing by itself: it asks the same conditions about each dataset alone.
"""

import msgspec

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.ids import DatasetName
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import Query, case_of, of_ground, of_session
from access_policy.rules.case import Case, about
from access_policy.state import Dataset, State


class LeftOut(msgspec.Struct, frozen=True):
    """A dataset of the request that is not opened, and every condition that fails for it."""

    name: DatasetName
    reasons: tuple[ReasonCode, ...]

    @property
    def text(self) -> str:
        """Return the reasons as sentences."""
        return " ".join(REASONS[code].failing for code in self.reasons)

    @property
    def next_step(self) -> str:
        """Return what to do about the first of them."""
        return REASONS[self.reasons[0]].next_step


def left_out(state: State, query: Query) -> tuple[LeftOut, ...]:
    """Return what an opening does not open though it is allowed; a denied one opens nothing, for its own reasons."""
    decision = decide(state, query)
    if not decision.allowed or query.action is not Action.OPEN_WORKSPACE:
        return ()
    opened, case = {one.name for one in decision.datasets}, case_of(state, query)
    found = [LeftOut(one.dataset, _failing(case, one)) for one in case.datasets if one.dataset not in opened]
    lapsed = case.request.lapsed if case.request is not None else {}
    return (*found, *[LeftOut(name, (ReasonCode.REQUEST_NOT_APPROVED,)) for name in lapsed])


def _failing(case: Case, dataset: Dataset) -> tuple[ReasonCode, ...]:
    """Return why a dataset is not opened: not offered, not made available yet, or what it asks for by itself."""
    if not dataset.open:
        return (ReasonCode.NO_DATASET_OPEN,)
    if dataset not in case.offered:
        there = case.request is not None and dataset.dataset in case.request.available_datasets
        return (ReasonCode.NO_DATASET_OPEN if there else ReasonCode.NOT_MADE_AVAILABLE,)
    alone = about(case, dataset)
    return tuple(one.code for one in of_ground(alone) + of_session(alone) if not one.holds)


def left_out_json(found: tuple[LeftOut, ...]) -> dict[str, list[dict[str, object]]]:
    """Return it in the form that docs/reference/command-line.md describes; nothing where nothing is left out."""
    if not found:
        return {}
    return {"left_out": [{"name": one.name, "reasons": [str(code) for code in one.reasons]} for one in found]}

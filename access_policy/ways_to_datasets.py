"""The way to the datasets of a request: asked for, offered, granted anew, made available (S52, S82, REQ-10)."""

from typing import NamedTuple

from access_policy.model.enums import RequestStatus, Route
from access_policy.model.ids import DatasetName
from access_policy.reasons import REASONS, Owner, ReasonCode
from access_policy.rules.case import Case
from access_policy.state import Request, State

_R = ReasonCode
IN_THE_MAKING = frozenset({RequestStatus.INTAKE, RequestStatus.INVITED, RequestStatus.DRAFT})
"""The statuses of a request whose form is not sent in yet."""


class Way(NamedTuple):
    """What to do, who can do it, and why, where the general words of the reason do not say it."""

    next_step: str
    owner: Owner
    text: str = ""


_ASK_DATASET = Way(
    "the applicant asks for a dataset in the form", Owner.APPLICANT, "no dataset is asked for in this request yet"
)
_OFFER = Way(REASONS[_R.NO_DATASET_OPEN].next_step, REASONS[_R.NO_DATASET_OPEN].owner)
_DIED = "the grant of the dataset ended when the dataset was withdrawn"
_AMEND_ANEW = Way("the applicant or the signatory proposes an amendment with the dataset", Owner.SIGNATORY, _DIED)
_GRANT_ANEW = Way("the data access board decides on the amendment, and grants it anew", Owner.BOARD, _DIED)
_NEW_REQUEST = Way("send in a new request: a clinical one is not amended", Owner.APPLICANT, _DIED)
_HAND_OUT = Way(
    "a data steward makes the granted dataset available", Owner.DATA_STEWARD,
    "what was granted has not been made available yet",
)  # fmt: skip
EXTRACT = Way(
    "a data steward prepares an extract of the newest version", Owner.DATA_STEWARD,
    "the extract is of an earlier version than the one in force",
)  # fmt: skip


def ways_to_dataset(case: Case, request: Request) -> tuple[Way, ...] | None:
    """S52, S82, REQ-10: what has to happen before a dataset opens, of a request none of whose datasets does."""
    if request.status in IN_THE_MAKING:
        return None if request.datasets else (_ASK_DATASET,)
    there = [one.dataset for one in case.datasets if one.open and request.available is not None]
    if there:
        return (EXTRACT,) if request.available_datasets.keys() >= {*there} else (_HAND_OUT,)
    lapsed = [name for name in request.lapsed if _is_open(case.state, name) or not request.granted]
    return ways_anew(case.state, request, lapsed) if lapsed else None


def _is_open(state: State, name: DatasetName) -> bool:
    return name in state.datasets and state.datasets[name].open


def ways_anew(state: State, request: Request, names: list[DatasetName]) -> tuple[Way, ...]:
    """REQ-10, E19: a grant that died with its dataset is given anew, once the dataset is offered."""
    first = () if any(_is_open(state, name) for name in names) else (_OFFER,)
    if request.route is Route.CLINICAL:
        return (*first, _NEW_REQUEST)
    proposed = any(not {*names}.isdisjoint(one.datasets) for one in request.amendments.values())
    amended = (_GRANT_ANEW,) if proposed else (_AMEND_ANEW, _GRANT_ANEW)
    return (*first, *amended, *(() if request.available is None else (_HAND_OUT,)))

"""What waits for a person, and for whom they wait: one step of each request that is under way (S97).

Made from the steps to data (`next_steps.py`), which come in the order in which they can be taken; it decides nothing.
"""

from collections.abc import Container

import msgspec

from access_policy.clocks import Clock, ClockState, clocks_of
from access_policy.decision import decide
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.next_steps import plan
from access_policy.reasons import Owner
from access_policy.rules import Query
from access_policy.state import Request, State

_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})


class Wait(msgspec.Struct, frozen=True):
    """The next step of a request: what lacks, what has to happen, who can take it, and whether that is you.

    `clocks` are the request's clocks that run or stand still.
    """

    request: RequestId
    code: str
    text: str
    next_step: str
    owner: str
    mine: bool
    clocks: tuple[Clock, ...]


def waits(state: State, query: Query, beside: Container[str]) -> Wait | None:
    """Return what a request waits for as the person of `query` sees it; None where nothing does, or where it is over.

    `beside` holds the codes of what is the person's alone and is shown once for all their requests.
    """
    request = state.requests.get(query.request)
    if request is None or request.status in _OVER:
        return None
    question = msgspec.structs.replace(query, action=Action.OPEN_WORKSPACE)
    steps = [one for one in plan(state, decide(state, question)) if one["code"] not in beside]
    if not steps:
        return None
    step, clocks = steps[0], clocks_of(state, request, query.at)
    going = tuple(one for one in clocks if one.state in (ClockState.RUNNING, ClockState.PAUSED))
    mine = takes(request, query.person, Owner(step["owner"]))
    return Wait(request.request, step["code"], step["text"], step["next_step"], step["owner"], mine, going)


def takes(request: Request, person: PersonId, owner: Owner) -> bool:
    """Say whether a step of this owner is the person's: theirs by name, or as the request's applicant."""
    return owner is Owner.YOU or (owner is Owner.APPLICANT and request.applicant == person)

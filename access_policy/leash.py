"""The leash as its person reads it: until when a workspace runs, why it ends then, how soon, and what is kept (POL-03).

It decides nothing. Why something ends at an instant is asked of the decision at that very instant, so that a warning
names what will be recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from access_policy.commands.workspaces import ground_lost
from access_policy.decision import decide, takes_part
from access_policy.model.enums import Action, Regime, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import months_later
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from access_policy.run_ends import run_end
from access_policy.state import Request, State, Workspace

STEPS = (1, 10, 30)
"""Minutes before the end at which its person is warned, the last warning first (POL-03)."""

GIVEN_END = "given_end"
"""Why a pod ends whose ground goes on: its node takes no later end than that of its start (FLT-08)."""

WITHHELD = "ground_withdrawn"
"""What is told of an end to somebody who has no part in the request any more (POL-09)."""

DELETION_MONTHS = 6
"""E62: how long after its expiry all data of a permit under the EHDS may be kept."""

_NONE = timedelta(0)
_OVER = (RequestStatus.ENDED, RequestStatus.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Leash:
    """When a workspace ends (UTC), how long that is, and why: reason codes, `stopped` or `given_end`.

    `step` is the warning that applies, in minutes, or None. `later` is until when one that is started anew could run,
    where that is worth it. What has no ground any more has nothing left.
    """

    until: datetime
    left: timedelta
    why: tuple[str, ...]
    step: int | None
    later: datetime | None = None


def leash(state: State, workspace: Workspace, at: datetime, *, fixed: bool) -> Leash:
    """S46, S78, POL-03: the leash at `at`; `fixed`: what runs keeps at most the end that it was given at its start."""
    lost = ground_lost(state, workspace, at)
    if lost is not None:
        why, since = lost
        return Leash(since or at, _NONE, _told(state, workspace, codes_of(why)), step(_NONE))
    end = run_end(state, workspace, at, fixed=fixed)
    left = max(end.at - at, _NONE)
    then = decide(state, Query(workspace.person, workspace.request, Action.KEEP_WORKSPACE, max(end.at, at)))
    why_then = tuple(str(code) for code in then.codes) or (GIVEN_END,)
    return Leash(end.at, left, _told(state, workspace, why_then), step(left), end.later)


def step(left: timedelta) -> int | None:
    """Return the smallest warning step, in minutes, within which an end lies; None where it is further away."""
    return next((minutes for minutes in STEPS if left <= timedelta(minutes=minutes)), None)


def until_next_step(left: timedelta) -> timedelta | None:
    """Return after how long the next warning is due, or None where the last one is."""
    return next((left - timedelta(minutes=one) for one in reversed(STEPS) if left > timedelta(minutes=one)), None)


def codes_of(why: str) -> tuple[str, ...]:
    """Return the codes of a recorded ending, one by one."""
    return tuple(code.strip() for code in why.split(","))


def codes_told(state: State, person: PersonId, request: RequestId, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return which codes of an ending its person may read.

    POL-09, REQ-03: of a request that they have no part in any more they learn that, and nothing else.
    """
    if takes_part(state, person, request) or not any(code in set(ReasonCode) for code in codes):
        return codes
    return (str(ReasonCode.NOT_A_CONTACT),) if ReasonCode.NOT_A_CONTACT in codes else (WITHHELD,)


def deleted_by(request: Request) -> datetime | None:
    """E62: by when the law has the homes of a request deleted; None where no date is set.

    Under the EHDS six months after the permit's expiry, or after its end where that came first.
    """
    if request.regime is not Regime.EHDS or request.term is None:
        return None
    ended = request.status_since if request.status in _OVER else request.term.ends
    return months_later(min(ended, request.term.ends), DELETION_MONTHS)


def _told(state: State, workspace: Workspace, codes: tuple[str, ...]) -> tuple[str, ...]:
    return codes_told(state, workspace.person, workspace.request, codes)

"""Until when a running workspace runs, and whether one that was started now would run longer.

A sandbox ends when its ground does, as the facts say it by then. A pod was given its end at its start, and its node
takes no later one (FLT-08): where the ground's end moved on meanwhile, only a restart helps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.rules import Query
from access_policy.state import State, Workspace

WORTH = timedelta(minutes=1)
"""By how much more the ground has to hold before a restart is worth the work that is lost."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """When a workspace ends, and, where a restart is worth it, until when at least one of its size could run by now."""

    at: datetime
    later: datetime | None = None


def run_end(state: State, workspace: Workspace, at: datetime, *, fixed: bool) -> RunEnd:
    """S46, S78: the end as it is at `at`; `fixed`: what runs keeps at most the end that it was given at its start."""
    keeping = decide(state, Query(workspace.person, workspace.request, Action.KEEP_WORKSPACE, at))
    if not keeping.allowed or keeping.until is None:
        return RunEnd(workspace.until)
    if not fixed:
        return RunEnd(keeping.until)
    later = keeping.until if keeping.until - workspace.until > WORTH else None
    return RunEnd(min(keeping.until, workspace.until), later)

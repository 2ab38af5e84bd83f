"""Events about workspaces: started, asked to stop, ended."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.texts import CodeText, DecisionText


class WorkspaceStarted(FactEvent, frozen=True, kw_only=True):
    """A workspace was allowed and started (S75). `decision` is the answer that allowed it.

    `run_ends` is when its profile's time is over, `until` the first instant at which any ground lapses.
    """

    person: PersonId
    request: RequestId
    profile: CodeText
    datasets: tuple[DatasetName, ...]
    run_ends: datetime
    until: datetime
    decision: DecisionText


class WorkspaceStopAsked(FactEvent, frozen=True, kw_only=True):
    """Somebody who may asked that a workspace ends; the warden ends it."""

    person: PersonId
    request: RequestId


class WorkspaceEnded(FactEvent, frozen=True, kw_only=True):
    """A workspace is gone. `why` holds reason codes, or `stopped`; `after_ms` counts from the cause, where known."""

    person: PersonId
    request: RequestId
    why: CodeText
    after_ms: int | None

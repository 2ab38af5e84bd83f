"""What is known of workspaces that run, and of how the last ones ended."""

from dataclasses import dataclass
from datetime import datetime

from access_policy.model.ids import DatasetName, PersonId, RequestId


@dataclass(slots=True)
class Workspace:
    """A workspace that was started and has not ended, as the log knows it."""

    person: PersonId
    request: RequestId
    profile: str
    started: datetime
    seq: int
    datasets: tuple[DatasetName, ...]
    run_ends: datetime
    until: datetime
    stop_asked: datetime | None = None


@dataclass(slots=True)
class Ending:
    """How the last workspace of a person and request ended."""

    at: datetime
    why: str
    after_ms: int | None


WorkspaceKey = tuple[PersonId, RequestId]

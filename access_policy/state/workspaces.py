"""What is known of workspaces that run, and of how the last ones ended."""

from dataclasses import dataclass, field
from datetime import datetime

from access_policy.model.enums import Zone
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
    home: int = 1
    zone: Zone = Zone.ANYWHERE
    """From where it may be reached, as its start decided (S78); `networks.zone_of` says from where now."""
    stop_asked: datetime | None = None
    unconfirmed: str | None = None
    """The lost node on which it may still run, where it has to be over (FLT-05)."""


@dataclass(slots=True)
class Ending:
    """How the last workspace of a person and request ended, and the number of the home that it had."""

    at: datetime
    why: str
    after_ms: int | None
    home: int = 1


@dataclass(slots=True)
class Home:
    """Where a person's work for a request is kept, by its number; one that was deleted keeps its number for ever."""

    person: PersonId
    request: RequestId
    number: int
    zone: Zone
    """From where its workspaces are reached: what was made of restricted data stays inside (S78)."""
    made: datetime
    datasets: set[DatasetName] = field(default_factory=set)
    """All that its workspaces had, so all that may have been copied into it."""
    aside: datetime | None = None
    left: tuple[DatasetName, ...] = ()
    """The datasets for which it was set aside; none where another home was taken up again in its place."""
    deleting: datetime | None = None
    deleted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """An operator's access to the workspaces of a request, half-open; `by` is the admin who asked for it (E37)."""

    since: datetime
    until: datetime
    by: PersonId
    reason: str


WorkspaceKey = tuple[PersonId, RequestId]

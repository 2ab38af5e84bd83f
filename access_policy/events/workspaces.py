"""Events about workspaces: started, asked to stop, ended, an end that cannot be confirmed, emergency access to them."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.texts import CodeText, DecisionText, OperatorText, WriterText


class WorkspaceStarted(FactEvent, frozen=True, kw_only=True):
    """A workspace was allowed and started (S75). `decision` is the answer that allowed it.

    `run_ends` is when its profile's time is over, `until` the first instant at which any ground lapses. `zone` is from
    where it may be reached (S78), `home` the number of the person's home for this request that it has.
    """

    v: int = 2
    person: PersonId
    request: RequestId
    profile: CodeText
    datasets: tuple[DatasetName, ...]
    run_ends: datetime
    until: datetime
    decision: DecisionText
    zone: Zone = Zone.ANYWHERE
    home: int = 1


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


class EndNotConfirmed(FactEvent, frozen=True, kw_only=True):
    """A workspace has to be over, and nobody can say whether it is: its node is lost (FLT-05). Its end comes later."""

    person: PersonId
    request: RequestId
    node: CodeText


class EmergencyAccessGranted(FactEvent, frozen=True, kw_only=True):
    """Two admins let one operator look into the workspaces of a request until an instant, with a reason (E37).

    `operator` is the user name that the cluster's API knows.
    """

    request: RequestId
    operator: OperatorText
    until: datetime
    writer: PersonId
    reason: WriterText


class EmergencyAccessEnded(FactEvent, frozen=True, kw_only=True):
    """The emergency access of an operator to a request ended before its time (E37)."""

    request: RequestId
    operator: OperatorText

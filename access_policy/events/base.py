"""What all events share. Its kind is the class's name, `v` the version of its form."""

from datetime import datetime

import msgspec

from access_policy.actor import Actor

FORMAT = 2
"""The newest format of a log that this release reads and writes."""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all events share."""

    v: int = 1


class FactEvent(Event, frozen=True, kw_only=True):
    """An event that the fold takes in."""


class ObservationEvent(Event, frozen=True, kw_only=True):
    """An event that is evidence and never folded."""


class Fact(msgspec.Struct, frozen=True):
    """One row of the log: the event, who did it, and when (UTC). Observations use the same shape."""

    seq: int
    at: datetime
    actor: Actor
    event: Event

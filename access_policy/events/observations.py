"""Observations: evidence of the same kind as facts, and never folded."""

from access_policy.events.base import ObservationEvent
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.texts import CommandText, DigestText, ThingText


class SessionBegun(ObservationEvent, frozen=True, kw_only=True):
    """A full login: both factors were right (S76)."""

    person: PersonId
    session: DigestText


class SessionEnded(ObservationEvent, frozen=True, kw_only=True):
    """A session ended: by logout, or because a fact ended it."""

    person: PersonId
    session: DigestText
    why: ThingText


class LoginRefused(ObservationEvent, frozen=True, kw_only=True):
    """A login that failed, and at which step. `identity` is the HMAC of who tried."""

    identity: DigestText
    why: ThingText


class CommandRefused(ObservationEvent, frozen=True, kw_only=True):
    """A command was understood and refused by a rule."""

    command: CommandText
    code: ThingText


class WorkspaceRefused(ObservationEvent, frozen=True, kw_only=True):
    """A workspace was asked for and refused; `codes` are the conditions that failed."""

    person: PersonId
    request: RequestId
    codes: ThingText


class LogRead(ObservationEvent, frozen=True, kw_only=True):
    """Somebody read the log (E51)."""

    what: ThingText

"""Observations: evidence of the same kind as facts, and never folded."""

from access_policy.events.base import ObservationEvent
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.texts import CodeText, CommandText, DigestText


class SessionBegun(ObservationEvent, frozen=True, kw_only=True):
    """A full login: both factors were right (S76). `proof` is the id of the second factor given: what is done under
    this login names it as its step-up."""

    v: int = 2
    person: PersonId
    session: DigestText
    proof: DigestText = ""


class SessionEnded(ObservationEvent, frozen=True, kw_only=True):
    """A session ended: by logout, or because a fact ended it."""

    person: PersonId
    session: DigestText
    why: CodeText


class LoginRefused(ObservationEvent, frozen=True, kw_only=True):
    """A login that failed, and at which step. `identity` is the HMAC of who tried."""

    identity: DigestText
    why: CodeText


class CommandRefused(ObservationEvent, frozen=True, kw_only=True):
    """A command was understood and refused by a rule. `more` counts those of the same actor that were left out since
    the one before, because there were too many."""

    v: int = 2
    command: CommandText
    code: CodeText
    more: int = 0


class WorkspaceRefused(ObservationEvent, frozen=True, kw_only=True):
    """A workspace was asked for and refused; `codes` are the conditions that failed."""

    person: PersonId
    request: RequestId
    codes: CodeText


class FileRead(ObservationEvent, frozen=True, kw_only=True):
    """Somebody was given an uploaded file to read (E51)."""

    file: int


class LogRead(ObservationEvent, frozen=True, kw_only=True):
    """Somebody read the log (E51)."""

    what: CodeText


class ClockJumped(ObservationEvent, frozen=True, kw_only=True):
    """An alarm: the time is off by so many seconds (negative: slow), so that nothing widens access (FLT-12, MFA-14)."""

    seconds: int
    what: CodeText

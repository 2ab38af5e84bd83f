"""Observations: evidence of the same kind as facts, and never folded."""

from access_policy.events.base import ObservationEvent
from access_policy.model.enums import Assurance, FactorKind, Zone
from access_policy.model.ids import ClientName, FactorId, PersonId, RequestId
from access_policy.model.texts import CodeText, CommandText, DigestText


class SessionBegun(ObservationEvent, frozen=True, kw_only=True):
    """A full login: both factors were right (S76). `proof` is the id of the second factor given: what is done under
    this login names it as its step-up.

    `provider` is the login provider's name in the settings, `assurance` the level that it stated (E26; none: it stated
    none), `method` the kind of second factor and `factor` which one, `zone` where the browser sat (S77).
    """

    v: int = 3
    person: PersonId
    session: DigestText
    proof: DigestText = ""
    provider: CodeText = ""
    assurance: Assurance | None = None
    method: FactorKind | None = None
    factor: FactorId = FactorId("")
    zone: Zone | None = None


class SessionEnded(ObservationEvent, frozen=True, kw_only=True):
    """A session ended: by logout, or because a fact ended it."""

    person: PersonId
    session: DigestText
    why: CodeText


class SessionMoved(ObservationEvent, frozen=True, kw_only=True):
    """The browser of a session was seen in another place than before, or was not seen in it in time (S77, S78)."""

    person: PersonId
    session: DigestText
    zone: Zone


class LoginRefused(ObservationEvent, frozen=True, kw_only=True):
    """A login that failed, and at which step. `identity` is the HMAC of who tried."""

    identity: DigestText
    why: CodeText


class LoginAddressDiffered(ObservationEvent, frozen=True, kw_only=True):
    """Somebody logged in, and their provider proved another address of their institution than the one on record."""

    person: PersonId


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


class NoticeSent(ObservationEvent, frozen=True, kw_only=True):
    """The mail server took a notice about a person, or about a request to somebody who is none yet (S37, S67).

    `digest` is the SHA-256 of the mail as it was handed over, `message` its Message-ID, `answer` what the server said
    (RFC 5321).
    """

    notice: CodeText
    template: CodeText
    person: PersonId | None = None
    request: RequestId | None = None
    digest: DigestText
    message: CodeText
    answer: int
    tries: int


class NoticeFailed(ObservationEvent, frozen=True, kw_only=True):
    """A notice was not sent and is not tried again by itself, or nobody knows whether it was sent: `why` says which.

    `answer` is the mail server's last one (RFC 5321), 0 where there was none.
    """

    notice: CodeText
    template: CodeText
    person: PersonId | None = None
    request: RequestId | None = None
    why: CodeText
    answer: int = 0
    tries: int


class AccessSearched(ObservationEvent, frozen=True, kw_only=True):
    """A registered program asked for whom, or for what, the answer is yes (E51). `what` holds words of the program."""

    client: ClientName
    what: CodeText

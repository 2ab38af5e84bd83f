"""What the desk works with, and who is visiting: a login at the desk counts only while a full session of ours lives."""

import secrets
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from access_policy.actor import Actor
from access_policy.actor import person as acting
from access_policy.decision import decide
from access_policy.model.codes import CODE_LENGTH
from access_policy.model.enums import Action
from access_policy.model.ids import PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import Query, Session
from access_policy.state import Person, State
from access_policy.use_cases import Policy
from hub_config.desk.security import Cookies, Seals
from hub_config.desk.throttle import Throttle, Throttles
from hub_config.origins import Origins
from hub_config.sessions import as_session, is_activity, note_activity
from hub_config.settings import Settings

PREFIX = "/services/desk"
MOST_EXPORTS = 5
"""How often in an hour somebody gets all that the log holds of them: it reads the whole log."""

MOST_SEARCHES = 600
"""How often in an hour a registered program searches: each one asks about many people or requests."""

_LOGGED_IN = frozenset(
    {
        ReasonCode.PERSON_DISABLED,
        ReasonCode.SESSION_MISSING,
        ReasonCode.SESSION_OVER,
        ReasonCode.SESSION_WITHOUT_FACTOR,
    }
)


class LoggedOut(Exception):
    """Nobody with a live session is asking."""


class NotYours(Exception):
    """What was asked for is not there, or not for this person: the two look alike (REQ-03, POL-09)."""


@dataclass(frozen=True)
class Login:
    """A login at the desk: the person, the digest of the full session that it rests on, and a secret key of its own."""

    person: PersonId
    session: str
    key: str = field(repr=False)


def random_code() -> str:
    """Return a new code of 100 random bits, in its one form."""
    return b32encode(secrets.token_bytes(CODE_LENGTH)).decode()[:CODE_LENGTH]


Identify = Callable[[Request], Login | None]


@dataclass(frozen=True)
class Desk:
    """What the desk works with. `url` is where browsers find it, `origins` where they find the rest; `identity` makes
    the HMAC of issuer and subject, `issuer` is the centre's own provider; `documents` is the folder of the published
    texts; `intakes` bounds what strangers send, `exports` how often a person has their data; `new_code` makes a code
    that a verifier hands over, `new_name` the name of a draft that nobody else finds; `institute` is the address of the
    institute's door, empty where there is none."""

    policy: Policy
    settings: Settings
    url: str
    seals: Seals
    identify: Identify
    identity: Callable[[str, str], str]
    issuer: str = ""
    documents: Path = Path("documents")
    intakes: Throttle = field(default_factory=Throttle)
    exports: Throttles = field(default_factory=partial(Throttles, MOST_EXPORTS))
    searches: Throttles = field(default_factory=partial(Throttles, MOST_SEARCHES))
    new_code: Callable[[], str] = field(default=random_code)
    new_name: Callable[[], str] = field(default=partial(secrets.token_hex, 8))
    origins: Origins | None = None
    institute: str = ""

    @property
    def web(self) -> Origins:
        """Where browsers find hub, desk and workspaces."""
        return self.origins or Origins(hub=self.url.rstrip("/"), desk=self.url.rstrip("/"))

    @property
    def cookies(self) -> Cookies:
        """How the desk's cookies are kept."""
        return Cookies(secure=self.url.startswith("https:"), own_host=self.web.own)

    @property
    def hub(self) -> str:
        """Where browsers find the hub's own pages: at the door by which they came, where there are two (S78)."""
        return "/hub" if self.institute else f"{self.web.hub}/hub"

    @property
    def ends_stay(self) -> bool:
        """Whether what runs keeps at most the end of its start: a pod of a cluster does, a sandbox does not."""
        return self.settings.cluster is not None

    def workspace(self, person: PersonId, request: RequestId) -> str:
        """Where a person's browser finds the workspace of a request."""
        origin = "" if self.institute else self.web.workspace(person, request)
        return f"{origin}/user/{person.lower()}/{request.lower()}/"

    def start(self, person: PersonId, request: RequestId) -> str:
        """Where the hub offers the profiles and starts the workspace of a request."""
        return f"{self.hub}/spawn/{person.lower()}/{request.lower()}"


@dataclass(frozen=True)
class Visit:
    """One request of one logged-in person. `step_up` is the id of the second factor that their login was given."""

    desk: Desk
    login: Login
    session: Session
    step_up: str | None = None

    @property
    def person(self) -> PersonId:
        """Who visits."""
        return self.login.person

    @property
    def actor(self) -> Actor:
        """The actor of the commands that the visitor gives."""
        return acting(self.person, self.step_up)

    @property
    def csrf(self) -> str:
        """The token that every form of this login carries (SES-06)."""
        return self.desk.seals.csrf(self.login.key)

    @contextmanager
    def reading(self) -> Iterator["View"]:
        """Give the newest state with the visitor in it."""
        with self.desk.policy.reading() as state:
            yield View(self, state, self.desk.policy.now())

    @contextmanager
    def reading_behind(self) -> Iterator["View"]:
        """Give the newest state even where the log is behind its newest checkpoint: to accept the loss."""
        with self.desk.policy.reading_behind() as state:
            yield View(self, state, self.desk.policy.now())


@dataclass(frozen=True)
class View:
    """The newest state as one visitor asks about it, at one instant."""

    visit: Visit
    state: State
    at: datetime

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.visit.actor

    @property
    def me(self) -> Person:
        """The visitor, as the log knows them."""
        return self.state.people[self.visit.person]


def visit_of(desk: Desk, login: Login, *, behind: bool = False) -> Visit | None:
    """Return the visit of a login whose session lives and whose person may act, or None (SES-11).

    Raises LogBehind where the log is behind its newest checkpoint, unless `behind`: for the one page that is open then.
    """
    reading = desk.policy.reading_behind if behind else desk.policy.reading
    with reading() as state:
        record = desk.policy.records.session(login.session)
        if record is None or record.person != login.person or login.person not in state.people:
            return None
        session = as_session(record, desk.policy.now())
        query = Query(login.person, RequestId(""), Action.REACH_WORKSPACE, desk.policy.now(), session)
        failing = decide(state, query).codes
    return None if _LOGGED_IN & set(failing) else Visit(desk, login, session, record.proof)


def desk_of(request: Request) -> Desk:
    """Return the desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


def maybe_visiting(request: Request) -> Visit | None:
    """Return who visits, or None where nobody with a live session does."""
    desk = desk_of(request)
    login = desk.identify(request)
    visit = visit_of(desk, login) if login is not None else None
    request.state.visit = visit
    _note(request, visit)
    return visit


def _note(request: Request, visit: Visit | None) -> None:
    """SES-12: a page that the visitor opens, or a form that they send, keeps their session awake."""
    if visit is not None and is_activity(request.method, request.headers.get):
        note_activity(visit.desk.policy, visit.session.session, visit.session.active)


def visiting(request: Request) -> Visit:
    """Return who visits. Raises LoggedOut."""
    visit = maybe_visiting(request)
    if visit is None:
        raise LoggedOut
    return visit


def visiting_behind(request: Request) -> Visit:
    """Return who visits, even where the log is behind its newest checkpoint (AUD-02). Raises LoggedOut."""
    desk = desk_of(request)
    login = desk.identify(request)
    visit = visit_of(desk, login, behind=True) if login is not None else None
    if visit is None:
        raise LoggedOut
    _note(request, visit)
    return visit


Visiting = Annotated[Visit, Depends(visiting)]
VisitingBehind = Annotated[Visit, Depends(visiting_behind)]
MaybeVisiting = Annotated[Visit | None, Depends(maybe_visiting)]

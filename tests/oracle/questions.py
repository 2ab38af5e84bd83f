"""The questions that are asked after each step: about whom, for which request, when, and with which session."""

from collections.abc import Callable
from datetime import datetime, timedelta

from access_policy.model.enums import Action, FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from access_policy.rules import Query, Session
from tests.oracle import naive, walking
from tests.oracle.walking import Pick
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import TICK, World

HOURS = timedelta(hours=10)
_NOW = timedelta(0)


def plain(world: World, action: Action = Action.OPEN_WORKSPACE, zone: Zone = Zone.INSTITUTE) -> Query:
    """Return the researcher's question about `DR-1`, with a fresh session."""
    return Query(w.RESEARCHER, w.OPEN, action, world.at, _session(w.RESEARCHER, world.at, zone))


def any_question(world: World, pick: Pick, last_login: datetime) -> Query:
    """Return a question near the researcher's, or far from it."""
    asked = walking.requests_of(world)
    who = pick([*3 * [w.RESEARCHER], w.COLLEAGUE, w.SIGNATORY, w.ADMIN, w.NOBODY])
    request = pick([*3 * [w.OPEN], w.RESTRICTED, *asked[-2:], pick(asked), w.NO_REQUEST])
    at = pick([world.at, world.at, max(world.facts[-1].at, _near(world, pick))])
    action = pick(list(Action))
    session = None if action is Action.KEEP_WORKSPACE else pick(_SESSIONS)(pick, who, at, last_login)
    return Query(who, request, action, at, session)


def _near(world: World, pick: Pick) -> datetime:
    """Return an instant that the history speaks of and that is still to come, or the one beside it."""
    ahead = [one for one in naive.instants(world.facts) if one >= world.at]
    return pick([world.facts[-1].at, *ahead[:8]]) + pick([-TICK, _NOW, TICK])


def _session(who: PersonId, begun: datetime, zone: Zone = Zone.INSTITUTE) -> Session:
    return Session("a-session", who, begun, begun + HOURS, FactorKind.TOTP, zone)


def _fresh(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    return _session(who, at, pick(list(Zone)))


def _none(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> None:
    return None


def _older(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    return _session(who, min(at, last_login), pick(list(Zone)))


def _borrowed(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    return _session(w.STRANGER, at)


def _without_factor(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    return Session("a-session", who, at, at + HOURS, None, pick(list(Zone)))


def _ending(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    """A session that ends at the instant of the question, a tick before or after."""
    return _session(who, at - HOURS + pick([-TICK, _NOW, TICK]))


def _logged_out(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    begun, ended = at - HOURS / 2, at + pick([-TICK, _NOW, TICK, HOURS / 4])
    return Session("a-session", who, begun, begun + HOURS, FactorKind.TOTP, pick(list(Zone)), ended=ended)


def _of_factor(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    """A session of which it is known which factor was given, before or after that was removed."""
    begun = pick([at, min(at, last_login)])
    given = FactorId(pick(["first", "first", "second"]))
    return Session("a-session", who, begun, begun + HOURS, FactorKind.TOTP, pick(list(Zone)), given=given)


def _idle(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    """A session in which nothing was done for an hour, or for the time that settings name; a tick more or less."""
    active = at - timedelta(minutes=pick([0, 20, 60])) + pick([-TICK, _NOW, TICK])
    begun = at - HOURS / 2
    return Session("a-session", who, begun, begun + HOURS, FactorKind.TOTP, pick(list(Zone)), active=active)


def _supposed(pick: Pick, who: PersonId, at: datetime, last_login: datetime) -> Session:
    """A session that nobody has: what a fresh login would be allowed."""
    return Session("a-session", who, at, at + HOURS, FactorKind.TOTP, pick(list(Zone)), supposed=True)


_SESSIONS: tuple[Callable[[Pick, PersonId, datetime, datetime], Session | None], ...] = (
    _fresh, _fresh, _fresh, _fresh, _older, _older, _none, _borrowed, _without_factor, _ending, _logged_out,
    _supposed, _of_factor, _of_factor, _idle,
)  # fmt: skip

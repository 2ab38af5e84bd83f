"""Sessions of people at the hub: when one holds, how it begins after a full login, and how it ends (S76).

The hub's own cookie is per user, not per session, so what counts is a record of ours. Ending a
session closes every route, socket and token of its browser; the person's workspaces go on, out of reach.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.actor import component
from access_policy.log.records import Session as Record
from access_policy.log.records import token_digest
from access_policy.model.enums import Action, Assurance, Component, FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.rules import Query, Session, case_of, people, sessions
from access_policy.use_cases import Policy
from hub_config.sessions import as_session, idle_end, live_session

HUB = component(Component.HUB)
BELIEVED_SECONDS = 1.5
"""Longer than a workspace's server believes an answer of the hub (see `SERVER_ARGUMENTS`)."""
_CONDITIONS = (
    people.person_disabled,
    sessions.session_missing,
    sessions.session_over,
    sessions.session_without_factor,
)


def person_of(user_name: str) -> PersonId:
    """Return the person behind a hub user's name: `P-3` for `p-3`."""
    return PersonId(user_name.upper())


def session_holds(policy: Policy, person: PersonId, token: str | None = None) -> bool:
    """Say whether a live session of the person holds: the one of `token`, or without one their newest (S76, ID-15)."""
    if token is None:
        session = live_session(policy, person)
    else:
        record = policy.records.session(token_digest(token))
        session = None if record is None else as_session(record, policy.now())
    return why_over(policy, person, session) is None


def why_over(policy: Policy, person: PersonId, session: Session | None) -> str | None:
    """Return why a session of the person lets nobody in, or None where it holds."""
    with policy.reading_behind() as state:
        query = Query(person, RequestId(""), Action.REACH_WORKSPACE, policy.now(), session)
        case = case_of(state, query)
        findings = (condition(case) for condition in _CONDITIONS)
        return next((str(found.code) for found in findings if not found.holds), None)


class Stay(msgspec.Struct, frozen=True):
    """Where a browser is seen, and for how many seconds that counts where it is inside (S78, NET-05)."""

    zone: Zone
    seconds: int = 0

    def until(self, at: datetime) -> datetime | None:
        """Return up to when a browser that is seen at `at` counts as inside, or None."""
        return at + timedelta(seconds=self.seconds) if self.zone is Zone.INSTITUTE else None


OUTSIDE = Stay(Zone.ANYWHERE)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The second factor that a login was given and when; the provider that it came from, the level that it states."""

    factor: FactorId
    kind: FactorKind
    at: datetime
    provider: str = ""
    assurance: Assurance | None = None
    stay: Stay = OUTSIDE


def begin_session(policy: Policy, person: PersonId, given: Given, new_token: Callable[[], str]) -> str:
    """Begin a session after both factors were right; return its token, which only the browser keeps (MFA-11).

    The evidence comes first: a session that cannot be recorded does not begin (AUD-05).
    """
    token, proof = new_token(), new_proof(new_token)
    with policy.reading_behind() as state:
        hours = state.settings.session_hours
    at = policy.now()
    policy.observe(HUB, _evidence(person, given, token_digest(token), proof))
    policy.records.begin_session(
        Record(
            session=token_digest(token), person=person, begun=at, factor_kind=given.kind, factor_at=given.at,
            zone=given.stay.zone, ends=at + timedelta(hours=hours), proof=proof, provider=given.provider or None,
            factor=given.factor, assurance=given.assurance, last_activity=at, idle_ends=idle_end(policy, at),
            inside_until=given.stay.until(at),
        )
    )  # fmt: skip
    return token


def _evidence(person: PersonId, given: Given, session: str, proof: str) -> e.SessionBegun:
    """S76, S77, E26: which provider, how sure it is, which second factor, and where the browser sits."""
    return e.SessionBegun(
        person=person, session=session, proof=proof, provider=given.provider, assurance=given.assurance,
        method=given.kind, factor=given.factor, zone=given.stay.zone,
    )  # fmt: skip


def new_proof(new_token: Callable[[], str]) -> str:
    """Return a random id (128 bits) by which the log names a second factor that was given; it opens nothing."""
    return token_digest(new_token())[:32]


class HubSide(msgspec.Struct, frozen=True):
    """What the hub keeps of a person: its `User` and its proxy (jupyterhub ships no types)."""

    user: Any
    proxy: Any


async def end_session(policy: Policy, hub: HubSide, token: str, why: str) -> None:
    """End the session of one browser: its record, its tokens, and what runs over the person's routes (SES-11)."""
    await end_session_named(policy, hub, token_digest(token), why)


async def end_session_named(policy: Policy, hub: HubSide, digest: str, why: str) -> None:
    """End one session by the digest of its token; as `end_session`."""
    ended = policy.records.end_session(digest, policy.now(), why)
    await _ended(policy, hub, [ended] if ended is not None else [], why)


async def end_person_sessions(policy: Policy, hub: HubSide, why: str, keep: str | None = None) -> None:
    """End all live sessions of a person, but the one with the digest `keep` (SES-11, TOK-03, MFA-08).

    Where none is kept, every cookie and token of their browsers is worth nothing any more, whatever it belonged to.
    """
    ended = policy.records.end_sessions_of(person_of(hub.user.name), policy.now(), why, keep)
    if keep is None:
        forget_browsers(hub.user)
    await _ended(policy, hub, ended, why)


async def _ended(policy: Policy, hub: HubSide, ended: Iterable[Record], why: str) -> None:
    """Records went first, so that nothing that comes in meanwhile opens a route again; then tokens and routes.

    A route that the proxy does not give up is taken by the warden and by the proxy's next check.
    """
    gone = list(ended)
    hub.user._auth_refreshed = None
    forget_tokens(hub.user, lambda digest: digest in {session.session for session in gone})
    await renew_routes(hub)
    for session in gone:
        policy.observe(HUB, e.SessionEnded(person=session.person, session=session.session, why=why))


async def renew_routes(hub: HubSide) -> None:
    """Close the person's routes, which ends what runs over them, and open those that another session still lets.

    Not at once: for a while a workspace's server goes by what the hub said of a token before, and a socket that it let
    in meanwhile would stay (TOK-03). So what a check of the routes opened in between goes, too.
    """
    await _close_routes(hub)
    if any(spawner.ready and hub.proxy.is_reached(hub.user.name, name) for name, spawner in hub.user.spawners.items()):
        await asyncio.sleep(BELIEVED_SECONDS)
        await _close_routes(hub)
        await open_routes(hub)


async def open_routes(hub: HubSide) -> None:
    """Give the person's running workspaces their routes again, as far as the gate lets it (see `gated_proxy.py`)."""
    ready = [name for name, spawner in hub.user.spawners.items() if spawner.ready]
    await asyncio.gather(*[hub.proxy.add_user(hub.user, name) for name in ready], return_exceptions=True)


async def _close_routes(hub: HubSide) -> None:
    await asyncio.gather(*[_close_route(hub, name) for name in list(hub.user.spawners)])


async def _close_route(hub: HubSide, name: str) -> None:
    if hub.user.spawners[name].active:
        with contextlib.suppress(Exception):  # an unreachable proxy must not keep the other routes open
            await hub.proxy.delete_user(hub.user, name)


def forget_tokens(user: Any, over: Callable[[str], bool]) -> bool:
    """Delete a hub user's tokens and codes of the sessions that are over, by digest; say whether there were any.

    Each carries the hub session id under which it was given, and that is our session's token (TOK-03).
    """
    rows = [*user.orm_user.api_tokens, *user.orm_user.oauth_codes]
    dead = [one for one in rows if one.session_id and over(token_digest(one.session_id))]
    for one in dead:
        user.db.delete(one)
    if dead:
        user.db.commit()
    return bool(dead)


def forget_browsers(user: Any) -> None:
    """Make every cookie and token of a hub user's browsers worthless, and keep the running servers' own tokens."""
    from jupyterhub import orm

    servers = [spawner.api_token for spawner in user.spawners.values() if spawner.api_token]
    kept = {found.id for token in servers if (found := orm.APIToken.find(user.db, token)) is not None}
    for token in list(user.orm_user.api_tokens):
        if token.id not in kept:
            user.db.delete(token)
    for code in list(user.orm_user.oauth_codes):
        user.db.delete(code)
    user.orm_user.cookie_id = orm.new_token()
    user._auth_refreshed = None
    user.db.commit()

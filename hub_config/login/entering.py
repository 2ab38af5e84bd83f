"""How a login ends well: the session first, then what the hub itself needs (SES-01, MFA-07)."""

import time
from datetime import timedelta
from typing import Any

import msgspec

from access_policy.log.records import PendingKind, PendingLogin, token_digest
from access_policy.model.ids import PersonId
from hub_config.login.activity import token_of
from hub_config.login.claims import Proved
from hub_config.login.flow import PENDING_COOKIE, SESSION_COOKIE, LoginFlowMixin
from hub_config.login.sessions import Given, HubSide, begin_session, end_session, open_routes


class Waiting(msgspec.Struct, frozen=True):
    """A login whose first step is done: of whom (empty: nobody is known yet), and what it waits for, how long."""

    person: PersonId
    identity: str
    found: Proved
    kind: PendingKind
    lasts: timedelta


class EnteringMixin(LoginFlowMixin):
    """What the pages share after which somebody may be in."""

    def pending_nonce(self: Any, nonce: str) -> str:
        """Return what a pending login is known by: one nonce and one hub session id; both are this browser's."""
        return f"{nonce}:{self.get_session_cookie() or ''}"

    def pending_digest(self: Any, nonce: str) -> str:
        """Return it as it is stored."""
        return token_digest(self.pending_nonce(nonce))

    def wait(self: Any, one: Waiting) -> None:
        """Keep a half login for this browser alone; what the provider proved waits sealed by its nonce (MFA-07)."""
        records, at = self.parts.policy.records, self.parts.policy.now()
        nonce = self.parts.new_token()
        self.new_session_id()
        records.delete_overdue_logins(at)
        records.create_pending_login(
            PendingLogin(
                nonce=self.pending_digest(nonce), person=one.person, created=at, expires=at + one.lasts,
                kind=one.kind, provider=one.found.provider, identity=one.identity,
                claims=records.seal_claims(self.pending_nonce(nonce), msgspec.json.encode(one.found).decode()),
            )
        )  # fmt: skip
        self.set_flow_cookie(PENDING_COOKIE, nonce)

    async def enter(self: Any, person: PersonId, given: Given, wished: str | None) -> None:
        """Both factors were right: begin the session, and send the browser on."""
        given = msgspec.structs.replace(given, stay=self.parts.network.stay(self.request))
        former, token = token_of(self), begin_session(self.parts.policy, person, given, self.parts.new_token)
        self.forget_flow_cookie(PENDING_COOKIE)
        self.new_session_id(token)
        user = await self.auth_to_user({"name": person.lower(), "admin": False})
        self.set_flow_cookie(SESSION_COOKIE, token)
        self.set_hub_cookie(user)
        self.set_login_cookie(user)
        user._auth_refreshed = time.monotonic()
        await self._replace(former)
        await open_routes(HubSide(user, self.proxy))
        self.redirect(wished or self.default_url, status=303)

    async def _replace(self: Any, former: str) -> None:
        """End the session that this browser had before, whoever's it was: also that person's routes and tokens."""
        record = self.parts.policy.records.session(token_digest(former)) if former else None
        if record is None:
            return
        user = self.find_user(record.person.lower())
        if user is not None:
            await end_session(self.parts.policy, HubSide(user, self.proxy), former, "replaced")

"""How a login ends well: the session first, then what the hub itself needs (SES-01, MFA-07)."""

import time
from typing import Any

from access_policy.log.records import token_digest
from access_policy.model.ids import PersonId
from hub_config.login.flow import PENDING_COOKIE, SESSION_COOKIE, LoginFlowMixin
from hub_config.login.sessions import Given, HubSide, begin_session, open_routes


class EnteringMixin(LoginFlowMixin):
    """What the pages share after which somebody may be in."""

    def pending_nonce(self: Any, nonce: str) -> str:
        """Return what a pending login is known by: one nonce and one hub session id; both are this browser's."""
        return f"{nonce}:{self.get_session_cookie() or ''}"

    def pending_digest(self: Any, nonce: str) -> str:
        """Return it as it is stored."""
        return token_digest(self.pending_nonce(nonce))

    async def enter(self: Any, person: PersonId, given: Given, wished: str | None) -> None:
        """Both factors were right: begin the session, and send the browser on."""
        token = begin_session(self.parts.policy, person, given, self.parts.new_token)
        self.forget_flow_cookie(PENDING_COOKIE)
        self.new_session_id(token)
        user = await self.auth_to_user({"name": person.lower(), "admin": False})
        self.set_flow_cookie(SESSION_COOKIE, token)
        self.set_hub_cookie(user)
        self.set_login_cookie(user)
        user._auth_refreshed = time.monotonic()
        await open_routes(HubSide(user, self.proxy))
        self.redirect(wished or self.default_url, status=303)

"""The first and the last page of a login: which provider, and logging out. Between them stand `provider_pages.py` and
`factor_pages.py`.

Between the provider's answer and the right code a browser holds one signed cookie with a random nonce and nothing else:
no hub cookie, no user row (MFA-07).
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from jupyterhub.handlers.login import LoginHandler
from oauthenticator.oauth2 import STATE_COOKIE_NAME, OAuthLogoutHandler
from tornado import web

from hub_config.login.activity import token_of
from hub_config.login.flow import PENDING_COOKIE, SESSION_COOKIE, LoginFlowMixin
from hub_config.login.providers import SEARCH_FROM, Door
from hub_config.login.sessions import HubSide, end_person_sessions, end_session

ASSETS = Path(__file__).with_name("static")
_LONGEST_SEARCH = 100


class Choice(msgspec.Struct, frozen=True):
    """One line of the login page."""

    title: str
    domains: str
    url: str


class LoginStart(LoginFlowMixin, LoginHandler):  # type: ignore[misc]
    """The login page: a button to each provider. There is no form, and a POST logs nobody in."""

    def get_next_url(self, *_: Any, **__: Any) -> str:
        """Called by the hub for somebody who is logged in already."""
        return self.wished_page() or self.default_url

    async def post(self) -> None:
        """Called by nobody who means well: the hub's password form does not exist here (MFA-07)."""
        raise web.HTTPError(405)

    def _render(self, **values: Any) -> Any:
        """Called by the hub with what its own page shows."""
        find = self.get_argument("find", "")[:_LONGEST_SEARCH]
        doors, wished = self.parts.doors, self.wished_page() or ""
        return super()._render(
            choices=[self._choice(door, wished) for door in doors.matching(find)],
            several=len(doors) > 1,
            search=len(doors) >= SEARCH_FROM,
            find=find,
            wished=wished,
            **values,
        )

    def _choice(self, door: Door, wished: str) -> Choice:
        query = {"provider": door.name} | ({"next": wished} if wished else {})
        return Choice(door.title, ", ".join(sorted(door.rules.domains)), f"oauth_login?{urlencode(query)}")


class Logout(LoginFlowMixin, OAuthLogoutHandler):  # type: ignore[misc]
    """Logging out ends the session of this browser, or of all of them; workspaces compute on, out of reach."""

    _everywhere = False

    async def get(self) -> None:
        """Log out where the person asked for it; a link on another site only gets a page with a button (SES-06)."""
        if self.request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            await super().get()
        else:
            self.finish(await self.render_template("logout.html", ask=True, everywhere=False))

    async def post(self) -> None:
        """The buttons; the hub has checked their XSRF token."""
        self._everywhere = self.get_body_argument("everywhere", "") == "yes"
        await super().get()

    async def default_handle_logout(self) -> None:
        """Called first by the hub, while the person is still known."""
        user = self.current_user
        if user is not None:
            hub = HubSide(user, self.proxy)
            if self._everywhere:
                await end_person_sessions(self.parts.policy, hub, "logout")
            else:
                await end_session(self.parts.policy, hub, token_of(self), "logout")
            self.log.info("User logged out: %s", user.name)

    async def handle_logout(self) -> None:
        """Called next by the hub: nothing stays in this browser."""
        self.clear_login_cookie()
        for name in (SESSION_COOKIE, PENDING_COOKIE, STATE_COOKIE_NAME):
            self.forget_flow_cookie(name)

    async def render_logout_page(self) -> None:
        """Called last by the hub."""
        self.finish(await self.render_template("logout.html", ask=False, everywhere=self._everywhere))

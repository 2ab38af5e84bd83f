"""The pages of the login flow: to the provider and back, the second factor, enrolment, logout.

Between the provider's answer and the right code a browser holds one signed cookie with a random nonce and nothing else:
no hub cookie, no user row (MFA-07). What is checked stands in `factors.py` and `sessions.py`.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pyotp
import segno
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler
from oauthenticator.oauth2 import (
    STATE_COOKIE_NAME,
    OAuthCallbackHandler,
    OAuthLoginHandler,
    OAuthLogoutHandler,
    _deserialize_state,
    _serialize_state,
)
from tornado import web

from access_policy.log.records import PendingKind, PendingLogin, token_digest
from access_policy.model.ids import PersonId
from hub_config.login.factors import PENDING_TIME, Answer
from hub_config.login.flow import PENDING_COOKIE, SESSION_COOKIE, LoginFlowMixin, PageRefused
from hub_config.login.next_page import local_path
from hub_config.login.provider import ProviderFailed
from hub_config.login.sessions import HubSide, begin_session, end_person_sessions, open_routes

ASSETS = Path(__file__).with_name("static")
_PAGES = {PendingKind.LOGIN: "second-factor", PendingKind.ENROL: "enrol"}


class LoginStart(LoginFlowMixin, LoginHandler):  # type: ignore[misc]
    """The login page: one button to the provider. There is no form, and a POST logs nobody in."""

    def get_next_url(self, *_: Any, **__: Any) -> str:
        """Called by the hub for somebody who is logged in already."""
        return self.wished_page() or self.default_url

    async def post(self) -> None:
        """Called by nobody who means well: the hub's password form does not exist here (MFA-07)."""
        raise web.HTTPError(405)


class ProviderLogin(LoginFlowMixin, OAuthLoginHandler):  # type: ignore[misc]
    """To the provider: authorization code, PKCE, and a nonce that the ID token must bring back."""

    async def get(self) -> None:
        """Keep state, nonce and verifier in a signed cookie of this browser, and redirect (SES-02, SES-03)."""
        try:
            addresses = await self.authenticator.addresses()
        except ProviderFailed as error:
            raise _unreachable(self, error) from None
        state, nonce = self.parts.new_token(), self.parts.new_token()
        verifier, challenge = self._generate_pkce_params()
        kept = {"state_id": state, "nonce": nonce, "code_verifier": verifier, "next_url": self.wished_page()}
        self.set_flow_cookie(STATE_COOKIE_NAME, _serialize_state(kept))
        question = {
            "response_type": "code",
            "client_id": self.authenticator.client_id,
            "redirect_uri": self.authenticator.get_callback_url(self),
            "scope": "openid",
            "state": _serialize_state({"state_id": state}),
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in addresses.authorization_endpoint else "?"
        self.redirect(f"{addresses.authorization_endpoint}{separator}{urlencode(question)}")


class ProviderCallback(LoginFlowMixin, OAuthCallbackHandler):  # type: ignore[misc]
    """Back from the provider: the first factor was right. No hub user, no hub cookie: only a pending login."""

    _state_cookie: str | None = None

    async def get(self) -> None:
        """Check state, code and ID token, and send the browser to its second step."""
        self.check_arguments()
        try:
            person = await self.authenticator.identify(self)
        except ProviderFailed as error:
            raise _unreachable(self, error) from None
        kind = self._wait_for_second_factor(person)
        self.to_page(_PAGES[kind], local_path(self.login_state().get("next_url") or ""))

    def check_arguments(self) -> None:
        """The state first: what else stands in the address counts only where this browser asked for it (SES-02)."""
        self.check_state()
        if self.get_argument("error", ""):
            raise PageRefused("You were not logged in at the login provider; start again.")
        self.check_code()

    def login_state(self) -> Mapping[str, Any]:
        """Return what `ProviderLogin` kept in this browser; good for one answer."""
        state: dict[str, Any] = _deserialize_state(self.get_state_cookie())
        return state

    def get_state_cookie(self) -> str:
        """Called by oauthenticator; read once, then gone."""
        if self._state_cookie is None:
            self._state_cookie = (self.get_secure_cookie(STATE_COOKIE_NAME) or b"").decode("ascii", "replace")
            self.forget_flow_cookie(STATE_COOKIE_NAME)
        return self._state_cookie

    def _wait_for_second_factor(self, person: PersonId) -> PendingKind:
        records, at = self.parts.policy.records, self.parts.policy.now()
        kind: PendingKind = self.parts.factors.next_step(person)
        nonce = self.parts.new_token()
        self.new_session_id()
        records.delete_overdue_logins(at)
        records.create_pending_login(
            PendingLogin(nonce=_pending_digest(self, nonce), person=person, created=at, expires=at + PENDING_TIME,
                         kind=kind)
        )  # fmt: skip
        self.set_flow_cookie(PENDING_COOKIE, nonce)
        return kind


class SecondFactorPage(LoginFlowMixin, BaseHandler):  # type: ignore[misc]
    """The second step of a login: the code of a known factor (S76)."""

    kind: ClassVar[PendingKind] = PendingKind.LOGIN
    template: ClassVar[str] = "second_factor.html"

    async def get(self) -> None:
        """Show the form, to a browser whose first step is done."""
        if self._pending() is not None:
            await self._show()

    async def post(self) -> None:
        """Answer a code. The hub checks its XSRF token before this is called (SES-06)."""
        pending = self._pending()
        if pending is None:
            return
        answer = self.parts.factors.prove(pending, self.get_body_argument("code", ""))
        if answer is Answer.RIGHT and self.parts.policy.records.delete_pending_login(pending.nonce):
            await self._log_in(pending.person)
            return
        self._record(pending.person, answer)
        if answer in (Answer.GONE, Answer.RIGHT):
            self.to_page("login", self.wished_page())
            return
        self.set_status(429 if answer is Answer.WAIT else 403)
        await self._show(answer=answer.value)

    async def _show(self, **values: Any) -> None:
        self.finish(await self.render_template(self.template, **values))

    def _pending(self) -> PendingLogin | None:
        """The login that waits in this browser; without one the browser is sent to where it belongs."""
        nonce = (self.get_secure_cookie(PENDING_COOKIE, max_age_days=1) or b"").decode("ascii", "replace")
        policy = self.parts.policy
        pending: PendingLogin | None = policy.records.pending_login(_pending_digest(self, nonce), policy.now())
        if pending is None or pending.kind is not self.kind:
            self.to_page("login" if pending is None else _PAGES[pending.kind], self.wished_page())
            return None
        self.authenticator.admit(_identity_of(self, pending.person))
        return pending

    async def _log_in(self, person: PersonId) -> None:
        """Both factors were right: the session first, then what the hub itself needs (SES-01)."""
        token = begin_session(self.parts.policy, person, self.parts.new_token)
        self.forget_flow_cookie(PENDING_COOKIE)
        self.new_session_id(token)
        user = await self.auth_to_user({"name": person.lower(), "admin": False})
        self.set_flow_cookie(SESSION_COOKIE, token)
        self.set_hub_cookie(user)
        self.set_login_cookie(user)
        user._auth_refreshed = time.monotonic()
        await open_routes(HubSide(user, self.proxy))
        self.redirect(self.wished_page() or self.default_url, status=303)

    def _record(self, person: PersonId, answer: Answer) -> None:
        if answer is not Answer.RIGHT:
            self.parts.refusals.record(_identity_of(self, person), f"second_factor_{answer.value}")


class EnrolPage(SecondFactorPage):
    """The first login of a person, or the first after a reset: a new secret, and the proof that they hold it (S17)."""

    kind = PendingKind.ENROL
    template = "enrol.html"

    async def get(self) -> None:
        """Show a secret once: asking again makes another one, and the one before is worth nothing (MFA-13)."""
        pending = self._pending()
        if pending is None:
            return
        secret = self.parts.factors.offer(pending)
        if secret is None:
            self.to_page("login", self.wished_page())
            return
        uri = pyotp.TOTP(secret).provisioning_uri(name=pending.person, issuer_name="Sluis")
        picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="white")
        await self._show(secret=secret, picture=picture)


class Logout(LoginFlowMixin, OAuthLogoutHandler):  # type: ignore[misc]
    """Logging out ends all sessions of the person, in every browser; their workspaces compute on, out of reach."""

    async def get(self) -> None:
        """Log out where the person asked for it; a link on another site only gets a page with a button (SES-06)."""
        if self.request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            await super().get()
        else:
            self.finish(await self.render_template("logout.html", ask=True))

    async def post(self) -> None:
        """The button; the hub has checked its XSRF token."""
        await super().get()

    async def default_handle_logout(self) -> None:
        """Called first by the hub, while the person is still known."""
        user = self.current_user
        if user is not None:
            await end_person_sessions(self.parts.policy, HubSide(user, self.proxy), "logout")
            self.log.info("User logged out: %s", user.name)

    async def handle_logout(self) -> None:
        """Called next by the hub: nothing stays in this browser."""
        self.clear_login_cookie()
        for name in (SESSION_COOKIE, PENDING_COOKIE, STATE_COOKIE_NAME):
            self.forget_flow_cookie(name)

    async def render_logout_page(self) -> None:
        """Called last by the hub."""
        self.finish(await self.render_template("logout.html", ask=False))


def _pending_digest(handler: Any, nonce: str) -> str:
    """A pending login belongs to one nonce and one hub session id; both are this browser's."""
    return token_digest(f"{nonce}:{handler.get_session_cookie() or ''}")


def _identity_of(handler: Any, person: PersonId) -> str:
    with handler.parts.policy.reading_behind() as state:
        identities = state.people[person].identities
    return identities[0] if identities else ""


def _unreachable(handler: Any, error: ProviderFailed) -> PageRefused:
    handler.log.error("login provider: %s", error)
    return PageRefused("The login provider does not answer as it should; try again in a moment.", 502)

"""The hub's authenticator: who a person is, by OpenID Connect with PKCE; never a login by itself (S76, MFA-07).

`identify` answers the callback page, which then asks for the second factor; `authenticate`, JupyterHub's own door, lets
nobody in. Whether somebody stays logged in is our session's matter, not the provider's.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from jupyterhub.utils import url_path_join
from oauthenticator.generic import GenericOAuthenticator
from tornado import web
from tornado.httpclient import HTTPRequest
from traitlets import default

from access_policy.log.errors import LogError
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from access_policy.standing import acts_as
from access_policy.use_cases import Policy
from hub_config.login import (
    activity,
    factor_changes,
    factor_pages,
    factors_page,
    handlers,
    passkey_pages,
    provider_pages,
    sessions_page,
    step_up,
)
from hub_config.login.addresses import check_address
from hub_config.login.claims import Claims, Proved, Refused, UserinfoRefused, proved, wants_userinfo, with_userinfo
from hub_config.login.factors import SecondFactors
from hub_config.login.flow import PageRefused, session_token
from hub_config.login.id_token import Expected, IdTokenRefused
from hub_config.login.newcomers import NOBODY, Login, known_institutions, newcomer, unknown
from hub_config.login.passkeys import Passkeys
from hub_config.login.provider import Ask, Code, Provider
from hub_config.login.providers import Door, Doors
from hub_config.login.refusals import Refusals
from hub_config.login.sessions import person_of, session_holds
from hub_config.login.stays import Network
from hub_config.login.who import WhoPage
from hub_config.settings import Contact

_SECONDS = 5.0
_LARGEST_ANSWER = 1 << 20

BEHIND = (
    "The log does not hold all that was signed, so nothing is decided and nobody but an admin with a second factor can "
    "log in. Two of them look at it now; try again later."
)


class LoginParts(msgspec.Struct, frozen=True):
    """What the composition root hands over. `identity` is the HMAC of issuer and subject; `new_token` gives random
    texts; `network` says where a browser sits, and by which address it came."""

    policy: Policy
    factors: SecondFactors
    passkeys: Passkeys
    refusals: Refusals
    identity: Callable[[str, str], str]
    doors: Doors
    network: Network
    contact: Contact
    new_token: Callable[[], str]


class Arrival(msgspec.Struct, frozen=True):
    """Somebody who has just logged in at a provider: the person, the login identity, and what the provider proved.

    The person is empty where nobody is known by the identity, and who came may say who they are.
    """

    person: PersonId
    identity: str
    proved: Proved


class SluisAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator ships no types
    """Login at OpenID Connect providers. The composition root sets `parts` and `pages` on the class.

    `pages` are handlers that stand before the hub's own of the same address. Do not set `allow_all`, `admin_users` or
    any `manage_*`: who may come in is answered by the log, at both steps.
    """

    parts: ClassVar[LoginParts]
    pages: ClassVar[list[tuple[Any, ...]]] = []

    login_handler = provider_pages.ProviderLogin
    callback_handler = provider_pages.ProviderCallback
    logout_handler = handlers.Logout

    _providers: ClassVar[dict[str, Provider]] = {}

    @default("auth_refresh_age")
    def _auth_refresh_age(self) -> int:
        return -1  # at every request: a younger answer may have been about another browser of the same person

    @default("auth_refresh_strict")
    def _auth_refresh_strict(self) -> bool:
        return True

    @default("refresh_pre_spawn")
    def _refresh_pre_spawn(self) -> bool:
        return True

    @default("any_allow_config")
    def _any_allow_config(self) -> bool:
        return True

    async def authenticate(self, *_: Any, **__: Any) -> None:
        """Called by the hub's own login form, and by whatever calls `login_user`: nobody comes in with one step."""
        raise web.HTTPError(403, "log in at your institution's login provider")

    def check_allowed(self, *_: Any, **__: Any) -> bool:
        """Called after `authenticate`, so never with good news."""
        return False

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> bool:
        """Called by the hub before it believes a cookie or token, and before each start: does a session hold?

        A browser must bring the token of its own session; other callers (a server's or the desk's token) act for a
        person who is logged in somewhere. No answer is no access (POL-04).
        """
        try:
            token = session_token(handler, user)
            return session_holds(self.parts.policy, person_of(user.name), token)
        except LogError as error:
            self.log.error("no answer about the session of %s: %s", user.name, error)
            return False
        except Exception:  # whatever else is wrong
            self.log.exception("no answer about the session of %s", user.name)
            return False

    def get_handlers(self, app: Any) -> list[tuple[Any, ...]]:
        """Called once by the hub; these stand before its own."""
        return [
            *self.pages,
            *super().get_handlers(app),
            (r"/oauth_callback/([a-z][a-z0-9-]{0,29})", self.callback_handler),
            (r"/login", handlers.LoginStart),
            (r"/activity", activity.ActivityPage),
            (r"/place", activity.PlacePage),
            (r"/step-up", step_up.StepUpPage),
            (r"/step-up/given", step_up.GivenPage),
            (r"/factors", factors_page.FactorsPage),
            (r"/sessions", sessions_page.SessionsPage),
            (r"/factors/change", factor_changes.ChangePage),
            (r"/factors/passkey", passkey_pages.AddPasskeyPage),
            (r"/second-factor", factor_pages.SecondFactorPage),
            (r"/enrol", factor_pages.EnrolPage),
            (r"/who", WhoPage),
            (r"/assets/(.*)", web.StaticFileHandler, {"path": str(handlers.ASSETS)}),
        ]

    def logout_url(self, base_url: str) -> str:
        """Called by the hub's pages."""
        url: str = url_path_join(base_url, "logout")
        return url

    def provider(self, door: Door) -> Provider:
        """Return a provider as the hub sees it, asked through this authenticator's HTTP client."""
        if door.name not in self._providers:
            self._providers[door.name] = Provider(door.client, self._ask, time.monotonic)
        return self._providers[door.name]

    async def identify(self, door: Door, code: Code, nonce: str) -> Arrival:
        """Called by the callback page, after it checked the state: who has just logged in at the provider?

        Raises ProviderFailed, and PageRefused for a token that does not hold and for somebody who may not come in.
        """
        claims = await self._claims(door, code, nonce)
        login = Login(self.parts.identity(door.identity_issuer, claims["sub"]), door.identity_issuer, claims["sub"])
        found = proved(claims, door.rules, self.parts.policy.now())
        person = self._known(login.identity)
        if person is None:
            return self._new_here(login, found)
        if isinstance(found, Refused):
            self.parts.refusals.record(login.identity, found.why)
            raise PageRefused(found.text)
        check_address(self.parts.policy, self.parts.refusals, person, login.identity, found.email)
        return Arrival(person, login.identity, found)

    def _new_here(self, login: Login, found: Proved | Refused) -> Arrival:
        """Return who is known by nothing but what the provider proved. Raises UnknownLogin where that is too little."""
        policy, refusals = self.parts.policy, self.parts.refusals
        if isinstance(found, Refused) or newcomer(policy, login, found) is None:
            raise unknown(refusals, login, "unknown_identity", known_institutions(policy, self.parts.doors))
        if policy.trouble() is not None:
            refusals.record_stranger(login.identity, "log_behind")
            raise PageRefused(BEHIND, 503)
        return Arrival(PersonId(""), login.identity, found)

    async def _claims(self, door: Door, code: Code, nonce: str) -> Claims:
        provider = self.provider(door)
        tokens = await provider.exchange(code)
        expected = Expected(door.client.issuer, door.client.client_id, nonce, tokens.access_token)
        try:
            claims = await provider.claims(tokens.id_token, expected, self.parts.policy.now)
            if wants_userinfo(claims, door.rules):
                claims = with_userinfo(claims, await provider.userinfo(tokens))
        except (IdTokenRefused, UserinfoRefused) as error:
            self.log.warning("the word of login provider %s refused: %s", door.name, error)
            self.parts.refusals.record_stranger("", "id_token")
            raise PageRefused("The login provider's answer cannot be trusted; start again.") from None
        return claims

    def admit(self, identity: str) -> PersonId:
        """Return the person of a login identity. Raises PageRefused for an unknown or stopped one (ID-09, ID-15)."""
        person = self._known(identity)
        if person is None:
            self.parts.refusals.record_stranger(identity, "unknown_identity")
            raise PageRefused(NOBODY)
        return person

    def _known(self, identity: str) -> PersonId | None:
        with self.parts.policy.reading_behind() as state:
            person = state.people.get(state.identities.get(identity, PersonId("")))
            admin = person is not None and acts_as(state, person.person, Role.ADMIN, self.parts.policy.now())
        if person is None:
            return None
        if person.disabled is not None:
            self.parts.refusals.record(identity, "person_disabled")
            raise PageRefused("Your account has been stopped by the centre.")
        if self.parts.policy.trouble() is not None and not (admin and person.factors):
            self.parts.refusals.record(identity, "log_behind")
            raise PageRefused(BEHIND, 503)
        return person.person

    async def _ask(self, ask: Ask) -> Any:
        """Ask a provider for JSON. Nothing leads the hub elsewhere: a redirect is no answer. None of it is logged."""
        request = HTTPRequest(
            ask.url,
            method="GET" if ask.body is None else "POST",
            headers=dict(ask.headers),
            body=ask.body,
            request_timeout=_SECONDS,
            follow_redirects=False,
            **self.http_request_kwargs,
        )
        answer = await self.http_client.fetch(request)
        if len(answer.body) > _LARGEST_ANSWER:
            raise ValueError("more than any answer needs")
        return msgspec.json.decode(answer.body)

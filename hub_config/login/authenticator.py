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
from traitlets import default

from access_policy.log.errors import LogError
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from access_policy.standing import acts_as
from access_policy.use_cases import Policy
from hub_config.login import handlers
from hub_config.login.factors import SecondFactors
from hub_config.login.flow import PageRefused, session_token
from hub_config.login.id_token import Expected, IdTokenRefused
from hub_config.login.provider import Metadata, Provider, ProviderFailed
from hub_config.login.refusals import Refusals
from hub_config.login.sessions import person_of, session_holds
from hub_config.settings import Contact

BEHIND = (
    "The log does not hold all that was signed, so nothing is decided and nobody but an admin with a second factor can "
    "log in. Two of them look at it now; try again later."
)


class LoginParts(msgspec.Struct, frozen=True):
    """What the composition root hands over. `identity` is the HMAC of a subject; `new_token` gives random texts."""

    policy: Policy
    factors: SecondFactors
    refusals: Refusals
    identity: Callable[[str], str]
    issuer: str
    contact: Contact
    new_token: Callable[[], str]


class SluisAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator ships no types
    """Login at one OpenID Connect provider. The composition root sets `parts` and `pages` on the class.

    `pages` are handlers that stand before the hub's own of the same address. Do not set `allow_all`, `admin_users` or
    any `manage_*`: who may come in is answered by the log, at both steps.
    """

    parts: ClassVar[LoginParts]
    pages: ClassVar[list[tuple[Any, ...]]] = []

    login_handler = handlers.ProviderLogin
    callback_handler = handlers.ProviderCallback
    logout_handler = handlers.Logout

    _provider: Provider | None = None

    @default("auth_refresh_age")
    def _auth_refresh_age(self) -> int:
        return 1

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
            (r"/login", handlers.LoginStart),
            (r"/second-factor", handlers.SecondFactorPage),
            (r"/enrol", handlers.EnrolPage),
            (r"/assets/(.*)", web.StaticFileHandler, {"path": str(handlers.ASSETS)}),
        ]

    def logout_url(self, base_url: str) -> str:
        """Called by the hub's pages."""
        url: str = url_path_join(base_url, "logout")
        return url

    @property
    def provider(self) -> Provider:
        """The provider, asked through this authenticator's HTTP client."""
        if self._provider is None:
            self._provider = Provider(self.parts.issuer, self._fetch_json, time.monotonic)
        return self._provider

    async def addresses(self) -> Metadata:
        """Return the provider's addresses. Raises ProviderFailed."""
        metadata = await self.provider.metadata()
        self.token_url = metadata.token_endpoint
        return metadata

    async def identify(self, handler: Any) -> PersonId:
        """Called by the callback page, after it checked the state: who has just logged in at the provider?

        Raises ProviderFailed, and PageRefused for a token that does not hold and for somebody who may not come in.
        """
        await self.addresses()
        token = await self._id_token(handler)
        expected = Expected(self.parts.issuer, self.client_id, handler.login_state().get("nonce", ""))
        try:
            claims = await self.provider.claims(token, expected, self.parts.policy.now)
        except IdTokenRefused as error:
            self.log.warning("ID token refused: %s", error)
            self.parts.refusals.record_stranger("", "id_token")
            raise PageRefused("the login provider's answer cannot be trusted; start again") from None
        return self.admit(self.parts.identity(claims["sub"]))

    def admit(self, identity: str) -> PersonId:
        """Return the person of a login identity. Raises PageRefused for an unknown or stopped one (ID-09, ID-15)."""
        with self.parts.policy.reading_behind() as state:
            person = state.people.get(state.identities.get(identity, PersonId("")))
            admin = person is not None and acts_as(state, person.person, Role.ADMIN, self.parts.policy.now())
        if person is None:
            self.parts.refusals.record_stranger(identity, "unknown_identity")
            raise PageRefused("Your login is right, but nobody here is registered with it.")
        if person.disabled is not None:
            self.parts.refusals.record(identity, "person_disabled")
            raise PageRefused("Your account has been stopped by the centre.")
        if self.parts.policy.trouble() is not None and not (admin and person.factors):
            self.parts.refusals.record(identity, "log_behind")
            raise PageRefused(BEHIND, 503)
        return person.person

    async def _id_token(self, handler: Any) -> str:
        parameters = self.build_access_tokens_request_params(handler)
        parameters.pop("data", None)
        try:
            answer = await self.get_token_info(handler, parameters)
        except Exception as error:  # a refused code, a silent provider, an answer that is no JSON
            raise ProviderFailed(f"the code was not exchanged for a token: {error}") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("the provider gave no ID token")
        return token

    async def _fetch_json(self, url: str) -> Any:
        return await self.httpfetch(url, "asking the login provider", method="GET", request_timeout=5)

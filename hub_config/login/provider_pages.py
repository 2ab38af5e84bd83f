"""To a login provider and back: state, PKCE and nonce go out, a checked answer comes in (SES-02, SES-03, SES-04).

A login belongs to one browser and to one provider: the browser's signed cookie names the provider that it was sent to,
and each provider has a callback of its own, so that no provider's answer is taken for another's (RFC 9700 §4.4).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from oauthenticator.oauth2 import (
    STATE_COOKIE_NAME,
    OAuthCallbackHandler,
    OAuthLoginHandler,
    _deserialize_state,
    _serialize_state,
)
from tornado import web

from access_policy.log.records import PendingKind
from access_policy.model.enums import FactorKind
from hub_config.login import provider_factor
from hub_config.login.claims import Mfa
from hub_config.login.entering import EnteringMixin, Waiting
from hub_config.login.factor_pages import PAGES
from hub_config.login.factors import PENDING_TIME
from hub_config.login.flow import LoginFlowMixin, PageRefused
from hub_config.login.newcomers import WHO_TIME
from hub_config.login.next_page import local_path
from hub_config.login.provider import Code, ProviderFailed
from hub_config.login.provider_factor import Next
from hub_config.login.providers import (
    Asking,
    Door,
    Question,
    address,
    callback_path,
    can_prove_mfa,
    challenge_of,
    may_ask_again,
)
from hub_config.login.sessions import Given
from hub_config.login_settings import DEFAULT

_ONCE = ("state", "code", "iss", "error")
_UNMET = "unmet_authentication_requirements"


class ToProviderMixin(LoginFlowMixin):
    """How a browser is sent to a provider."""

    async def to_provider(self: Any, door: Door, wished: str | None, asking: Asking = Asking.FIRST) -> None:
        """Keep state, nonce and verifier in a signed cookie of this browser, and redirect (SES-02, SES-03)."""
        try:
            metadata = await self.authenticator.provider(door).metadata()
        except ProviderFailed as error:
            raise unreachable(self, error) from None
        state, nonce = self.parts.new_token(), self.parts.new_token()
        verifier = self.parts.new_token()
        kept = {
            "state_id": state, "nonce": nonce, "code_verifier": verifier, "next_url": wished, "provider": door.name,
            "asking": asking.value,
        }  # fmt: skip
        self.set_flow_cookie(STATE_COOKIE_NAME, _serialize_state(kept))
        question = Question(
            redirect_uri=self.redirect_uri(door), state=_serialize_state({"state_id": state}), nonce=nonce,
            challenge=challenge_of(verifier), asking=asking,
        )  # fmt: skip
        self.redirect(address(door, metadata, question))

    def redirect_uri(self: Any, door: Door) -> str:
        """Return the address that a provider sends the browser back to: of the door that it came in by."""
        return f"{self.parts.network.address(self.request)}/hub/{callback_path(door.name)}"


class ProviderLogin(ToProviderMixin, OAuthLoginHandler):  # type: ignore[misc]
    """To the provider: authorization code, PKCE, and a nonce that the ID token must bring back."""

    async def get(self) -> None:
        """Send the browser to the provider that it names, or to where it can choose one; `again` asks it anew (S76)."""
        name = self.get_argument("provider", "")
        door = self.parts.doors.get(name)
        if door is None and name:
            raise web.HTTPError(404)
        if door is None:
            self.to_page("login", self.wished_page())
            return
        asking = Asking.AGAIN if self.get_argument("again", "") == "yes" else Asking.FIRST
        await self.to_provider(door, self.wished_page(), asking)


class ProviderCallback(ToProviderMixin, EnteringMixin, OAuthCallbackHandler):  # type: ignore[misc]
    """Back from the provider: the first factor was right. No hub user, no hub cookie: only a pending login.

    Only where the provider proved a second factor, too, is the person in at once.
    """

    _state_cookie: str | None = None

    async def get(self, name: str = "") -> None:
        """Check state, provider, code and ID token, and send the browser to its second step."""
        door = self.check_arguments(name)
        try:
            if await self._refused_by(door):
                return
            code = Code(self.get_argument("code"), self.redirect_uri(door), self.login_state()["code_verifier"])
            arrival = await self.authenticator.identify(door, code, self.login_state().get("nonce", ""))
            can_ask = can_prove_mfa(door.rules, await self.authenticator.provider(door).metadata())
        except ProviderFailed as error:
            raise unreachable(self, error) from None
        go_on = self._go_on if arrival.person else self._new_here
        await go_on(door, arrival, can_ask and may_ask_again(self._asking, arrival.proved.mfa))

    def check_arguments(self, name: str = "") -> Door:
        """The state first: what else stands in the address counts only where this browser asked for it (SES-02)."""
        if any(len(self.get_arguments(one)) > 1 for one in _ONCE):
            raise web.HTTPError(400, "an argument stands there twice")
        self.check_state()
        door: Door | None = self.parts.doors.get(str(self.login_state().get("provider", "-")))
        if door is None or door.name != (name or DEFAULT):
            raise PageRefused("This answer is not of the login provider that you were sent to; start again.", 400)
        return door

    async def _refused_by(self, door: Door) -> bool:
        """Refuse what another provider says, and what this one says instead of a code (RFC 9207 §2.4).

        A provider that cannot do what it was asked for is asked once without (OpenID Connect Core Unmet
        Authentication Requirements 1.0): then the second factor is ours.
        """
        said = self.get_argument("iss", None)
        metadata = await self.authenticator.provider(door).metadata()
        if (said or metadata.authorization_response_iss_parameter_supported) and said != door.client.issuer:
            self.parts.refusals.record_stranger("", "another_issuer")
            raise PageRefused("This answer is not of the login provider that you were sent to; start again.", 400)
        if self.get_argument("error", "") == _UNMET and self._asking is not Asking.PLAIN:
            await self.to_provider(door, self._wished, Asking.PLAIN)
            return True
        if self.get_argument("error", ""):
            raise PageRefused("You were not logged in at the login provider; start again.")
        self.check_code()
        return False

    async def _go_on(self, door: Door, arrival: Any, may_ask: bool) -> None:
        policy, person, found = self.parts.policy, arrival.person, arrival.proved
        factor = provider_factor.factor_of(door.name, person)
        with policy.reading_behind() as state:
            step = provider_factor.next_of(state.people[person], factor, found.mfa, can_ask=may_ask)
        if step is Next.IN_FOR_THE_FIRST_TIME and not provider_factor.enrol(policy, door.name, person):
            step = Next.NOTHING
        match step:
            case Next.IN | Next.IN_FOR_THE_FIRST_TIME:
                policy.records.note_use(factor, policy.now())
                given = Given(
                    factor=factor, kind=FactorKind.PROVIDER, at=found.authenticated or policy.now(),
                    provider=found.provider, assurance=found.assurance,
                )  # fmt: skip
                await self.enter(person, given, self._wished)
            case Next.AGAIN:
                await self.to_provider(door, self._wished, Asking.AGAIN)
            case Next.NOTHING:
                self.parts.refusals.record(arrival.identity, f"provider_factor_{found.mfa.value}")
                raise PageRefused(_NOT_PROVED[found.mfa])
            case Next.OURS | Next.ENROL:
                self._wait_for(arrival, PendingKind.LOGIN if step is Next.OURS else PendingKind.ENROL)

    async def _new_here(self, door: Door, arrival: Any, may_ask: bool) -> None:
        """Somebody whom nobody knows, and who may say who they are (S16); the provider's second factor comes first."""
        if may_ask:
            await self.to_provider(door, self._wished, Asking.AGAIN)
        else:
            self._wait_for(arrival, PendingKind.WHO, WHO_TIME)

    def _wait_for(self, arrival: Any, kind: PendingKind, lasts: timedelta = PENDING_TIME) -> None:
        self.wait(Waiting(arrival.person, arrival.identity, arrival.proved, kind, lasts))
        self.to_page(PAGES[kind], self._wished)

    @property
    def _asking(self) -> Asking:
        return Asking(self.login_state().get("asking", Asking.PLAIN.value))

    @property
    def _wished(self) -> str | None:
        return local_path(self.login_state().get("next_url") or "")

    def login_state(self) -> Mapping[str, Any]:
        """Return what `ToProviderMixin` kept in this browser; good for one answer."""
        state: dict[str, Any] = _deserialize_state(self.get_state_cookie())
        return state

    def get_state_cookie(self) -> str:
        """Called by oauthenticator; read once, then gone."""
        if self._state_cookie is None:
            self._state_cookie = (self.get_secure_cookie(STATE_COOKIE_NAME) or b"").decode("ascii", "replace")
            self.forget_flow_cookie(STATE_COOKIE_NAME)
        return self._state_cookie


_NOT_PROVED = {
    Mfa.NONE: "Your login provider proved no second factor this time, and you have none here; log in there with it.",
    Mfa.STALE: "Your login provider proved a second factor of earlier, and you have none here; log in there anew.",
    Mfa.PROVED: "Your login provider's second factor cannot be recorded here now; try again later.",
}


def unreachable(handler: Any, error: ProviderFailed) -> PageRefused:
    """Return the page for a provider that is down, and log why."""
    handler.log.error("login provider: %s", error)
    return PageRefused("The login provider does not answer as it should; try again in a moment.", 502)

"""The OpenID Connect provider as the hub sees it: its addresses by discovery, and its signing keys, each kept a while.

Nothing is believed about a token here (`id_token.py` does that); what the provider says about itself must name the
issuer that the settings name. A provider that is down makes logins fail, not sessions (FLT-11).
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from hub_config.login.id_token import Expected, Jwk, UnknownKey, verify_id_token
from hub_config.login_settings import is_issuer

_KEPT_SECONDS = 3600.0
_FRESH_SECONDS = 10.0

_BASIC, _POST = "client_secret_basic", "client_secret_post"


class Ask(msgspec.Struct, frozen=True):
    """What the hub asks a provider: a GET, or with a body a POST of a form."""

    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None


Fetch = Callable[[Ask], Awaitable[Any]]


class ProviderFailed(Exception):
    """The provider does not answer, or not as a provider does. The text is one line for the hub's log."""


class Metadata(msgspec.Struct, frozen=True):
    """The part of OpenID Connect Discovery 1.0 §3 (and of RFC 9207 §3) that a login needs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = (_BASIC,)
    acr_values_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


class Client(msgspec.Struct, frozen=True):
    """How Sluis is known to a provider; without a secret it is a public client, and PKCE alone binds its codes.

    `invented`: its people are a demo's, so it may speak plain HTTP from another machine.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    invented: bool = False


class Code(msgspec.Struct, frozen=True):
    """An authorization code, and what it was asked for with (RFC 7636)."""

    code: str
    redirect_uri: str
    verifier: str


class Tokens(msgspec.Struct, frozen=True):
    """What a provider gives for a code."""

    id_token: str
    access_token: str


class Provider:
    """One provider. `fetch` gets a URL's JSON; `clock` counts seconds and never goes back."""

    def __init__(self, client: Client, fetch: Fetch, clock: Callable[[], float]) -> None:
        self.client = client
        self.issuer = client.issuer
        self._fetch = fetch
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Sequence[Jwk]] | None = None

    async def metadata(self) -> Metadata:
        """Return the provider's addresses. Raises ProviderFailed."""
        if self._metadata is None or self._age(self._metadata[0]) > _KEPT_SECONDS:
            found = await self._get(Ask(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            try:
                metadata = msgspec.convert(found, Metadata)
            except msgspec.ValidationError as error:
                raise ProviderFailed(f"the discovery document of `{self.issuer}` is incomplete: {error}") from None
            if metadata.issuer != self.issuer:
                raise ProviderFailed(f"`{self.issuer}` says that it is `{metadata.issuer[:200]}`")
            self._check_addresses(metadata)
            self._metadata = (self._clock(), metadata)
        return self._metadata[1]

    def _check_addresses(self, metadata: Metadata) -> None:
        """TOK-04: codes, secrets and tokens go over TLS, but on this machine and in a demo (RFC 9700 §2.6)."""
        addresses = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        optional = (metadata.userinfo_endpoint,) if metadata.userinfo_endpoint else ()
        for address in (*addresses, *optional):
            plain = self.client.invented and address.startswith("http://")
            if not (plain or is_issuer(address.partition("?")[0])):
                raise ProviderFailed(f"`{self.issuer}` names an address that is not https: `{address[:200]}`")

    async def exchange(self, code: Code) -> Tokens:
        """Give a code for tokens, as this client (SES-03). Raises ProviderFailed."""
        metadata, client = await self.metadata(), self.client
        form = {"grant_type": "authorization_code", "code": code.code, "redirect_uri": code.redirect_uri,
                "code_verifier": code.verifier}  # fmt: skip
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        known = metadata.token_endpoint_auth_methods_supported
        if client.client_secret and (_BASIC in known or _POST not in known):
            pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"  # RFC 6749 §2.3.1
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = client.client_id
            form |= {"client_secret": client.client_secret} if client.client_secret else {}
        answer = await self._get(Ask(metadata.token_endpoint, headers, urlencode(form).encode()))
        return _tokens(answer)

    async def userinfo(self, tokens: Tokens) -> Any:
        """Return what the userinfo endpoint says; `claims.py` judges it. Raises ProviderFailed."""
        endpoint = (await self.metadata()).userinfo_endpoint
        if not endpoint or not tokens.access_token:
            raise ProviderFailed(f"`{self.issuer}` leaves claims out of its ID token, and has no userinfo")
        headers = {"Accept": "application/json", "Authorization": f"Bearer {tokens.access_token}"}
        return await self._get(Ask(endpoint, headers))

    async def claims(self, token: str, expected: Expected, at: Callable[[], datetime]) -> Mapping[str, Any]:
        """Verify a token, once more with fresh keys where none fits. Raises IdTokenRefused and ProviderFailed."""
        try:
            return verify_id_token(token, await self._known_keys(_KEPT_SECONDS), expected, at())
        except UnknownKey:
            return verify_id_token(token, await self._known_keys(_FRESH_SECONDS), expected, at())

    async def _known_keys(self, oldest: float) -> Sequence[Jwk]:
        if self._keys is None or self._age(self._keys[0]) > oldest:
            found = await self._get(Ask((await self.metadata()).jwks_uri))
            keys = found.get("keys") if isinstance(found, dict) else None
            if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
                raise ProviderFailed(f"the keys of `{self.issuer}` are no JWK set")
            self._keys = (self._clock(), keys)
        return self._keys[1]

    async def _get(self, ask: Ask) -> Any:
        try:
            return await self._fetch(ask)
        except Exception as error:  # whatever an HTTP client throws: there is no answer
            raise ProviderFailed(f"no answer from `{ask.url}`: {error}") from None

    def _age(self, since: float) -> float:
        return self._clock() - since


def _tokens(answer: Any) -> Tokens:
    """Return the tokens of an answer; without an access token nothing more can be asked, which may not be needed."""
    id_token = answer.get("id_token") if isinstance(answer, dict) else None
    if not isinstance(id_token, str):
        raise ProviderFailed("the provider gave no ID token")
    access, kind = answer.get("access_token"), answer.get("token_type")
    usable = isinstance(access, str) and isinstance(kind, str) and kind.lower() == "bearer"
    return Tokens(id_token, access if usable else "")

"""The OpenID Connect provider as the hub sees it: its addresses by discovery, and its signing keys, each kept a while.

Nothing is believed about a token here (`id_token.py` does that); what the provider says about itself must name the
issuer that the settings name. A provider that is down makes logins fail, not sessions (FLT-11).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from hub_config.login.id_token import Expected, Jwk, UnknownKey, verify_id_token

_KEPT_SECONDS = 3600.0
_FRESH_SECONDS = 10.0

Fetch = Callable[[str], Awaitable[Any]]


class ProviderFailed(Exception):
    """The provider does not answer, or not as a provider does. The text is one line for the hub's log."""


class Metadata(msgspec.Struct, frozen=True):
    """The part of OpenID Connect Discovery 1.0 §3 that a login needs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Provider:
    """One provider. `fetch` gets a URL's JSON; `clock` counts seconds and never goes back."""

    def __init__(self, issuer: str, fetch: Fetch, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Sequence[Jwk]] | None = None

    async def metadata(self) -> Metadata:
        """Return the provider's addresses. Raises ProviderFailed."""
        if self._metadata is None or self._age(self._metadata[0]) > _KEPT_SECONDS:
            found = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                metadata = msgspec.convert(found, Metadata)
            except msgspec.ValidationError as error:
                raise ProviderFailed(f"the discovery document of `{self.issuer}` is incomplete: {error}") from None
            if metadata.issuer != self.issuer:
                raise ProviderFailed(f"`{self.issuer}` says that it is `{metadata.issuer[:200]}`")
            self._metadata = (self._clock(), metadata)
        return self._metadata[1]

    async def claims(self, token: str, expected: Expected, at: Callable[[], datetime]) -> Mapping[str, Any]:
        """Verify a token, once more with fresh keys where none fits. Raises IdTokenRefused and ProviderFailed."""
        try:
            return verify_id_token(token, await self._known_keys(_KEPT_SECONDS), expected, at())
        except UnknownKey:
            return verify_id_token(token, await self._known_keys(_FRESH_SECONDS), expected, at())

    async def _known_keys(self, oldest: float) -> Sequence[Jwk]:
        if self._keys is None or self._age(self._keys[0]) > oldest:
            found = await self._get((await self.metadata()).jwks_uri)
            keys = found.get("keys") if isinstance(found, dict) else None
            if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
                raise ProviderFailed(f"the keys of `{self.issuer}` are no JWK set")
            self._keys = (self._clock(), keys)
        return self._keys[1]

    async def _get(self, url: str) -> Any:
        try:
            return await self._fetch(url)
        except Exception as error:  # whatever an HTTP client throws: there is no answer
            raise ProviderFailed(f"no answer from `{url}`: {error}") from None

    def _age(self, since: float) -> float:
        return self._clock() - since

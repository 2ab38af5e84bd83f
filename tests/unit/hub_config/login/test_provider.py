"""What the hub keeps of its login provider, and when it asks again."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from hub_config.login.id_token import Expected, UnknownKey
from hub_config.login.provider import Ask, Client, Provider, ProviderFailed

pytestmark = pytest.mark.unit

ISSUER = "https://idp.centre.example"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISCOVERY = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t",
    "jwks_uri": f"{ISSUER}/k",
}  # fmt: skip


class Web:
    """A provider's answers, and a clock."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.answers: dict[str, Any] = {f"{ISSUER}/.well-known/openid-configuration": dict(DISCOVERY)}
        self.asked: list[str] = []
        self.seconds = 0.0
        self.provider = Provider(Client(ISSUER, "sluis"), self.fetch, lambda: self.seconds)
        self.rotate("one")

    def rotate(self, kid: str) -> None:
        """Sign with another key from now on."""
        self.kid, self.key = kid, rsa.generate_private_key(65537, 2048)
        public = {**RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": kid}
        self.answers[f"{ISSUER}/k"] = {"keys": [public]}

    async def fetch(self, ask: Ask) -> Any:
        """Answer, or fail as a client does."""
        self.asked.append(ask.url)
        return self.answers[ask.url]

    def subject(self) -> str:
        """Verify a token signed just now."""
        at = NOW.timestamp()
        claims = {"iss": ISSUER, "aud": "sluis", "sub": "rosa", "nonce": "n", "iat": at, "exp": at}
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})
        verified = asyncio.run(self.provider.claims(token, Expected(ISSUER, "sluis", "n"), lambda: NOW))
        return str(verified["sub"])


def test_keys_are_kept_and_fetched_again_when_they_changed() -> None:
    """FLT-11: a rotated key is found at the next login; keys are asked for at most every ten seconds."""
    web = Web()
    assert [web.subject(), web.subject()] == ["rosa", "rosa"]
    assert web.asked.count(f"{ISSUER}/k") == 1
    web.rotate("two")
    with pytest.raises(UnknownKey):
        web.subject()
    web.seconds += 11
    assert web.subject() == "rosa"
    assert web.asked.count(f"{ISSUER}/k") == 2


@pytest.mark.parametrize(
    "document", [None, [], {}, {**DISCOVERY, "issuer": "https://evil.example"}, {**DISCOVERY, "jwks_uri": 1}], ids=str
)
def test_a_provider_that_says_something_else_fails(document: object) -> None:
    """FLT-11, SES-04: garbage, and the document of another issuer."""
    web = Web()
    web.answers[f"{ISSUER}/.well-known/openid-configuration"] = document
    with pytest.raises(ProviderFailed):
        asyncio.run(web.provider.metadata())


@pytest.mark.parametrize("keys", [None, [], {}, {"keys": "x"}, {"keys": ["x"]}], ids=str)
def test_keys_that_are_none_fail(keys: object) -> None:
    """FLT-11: what is no JWK set."""
    web = Web()
    web.answers[f"{ISSUER}/k"] = keys
    with pytest.raises(ProviderFailed):
        web.subject()


def test_a_silent_provider_fails_with_a_line() -> None:
    """FLT-11: logins fail cleanly."""
    web = Web()
    web.answers.clear()
    with pytest.raises(ProviderFailed, match="no answer from"):
        asyncio.run(web.provider.metadata())

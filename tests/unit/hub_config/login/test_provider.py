"""What the hub keeps of its login provider, and when it asks again."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from hub_config.login.id_token import Expected, UnknownKey
from hub_config.login.provider import Ask, Client, Code, Provider, ProviderFailed, Tokens

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
        self.last = ask
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


CODE = Code("the-code", "https://sluis.example/hub/oauth_callback/a", "the-verifier")


def exchanged(web: Web, secret: str, **says: Any) -> tuple[dict[str, str], str]:
    """Exchange a code; return the form that went out and what authorised it."""
    document = web.answers[f"{ISSUER}/.well-known/openid-configuration"]
    document |= says
    web.answers[f"{ISSUER}/t"] = {"id_token": "i", "access_token": "a", "token_type": "bearer"}
    web.provider = Provider(Client(ISSUER, "slu is", secret), web.fetch, lambda: web.seconds)
    assert asyncio.run(web.provider.exchange(CODE)) == Tokens("i", "a")
    return dict(parse_qsl((web.last.body or b"").decode())), web.last.headers.get("Authorization", "")


def test_a_code_goes_out_with_its_verifier_and_our_secret() -> None:
    """SES-03, RFC 6749 §2.3.1: in the header, or in the form where the provider takes it only there; once."""
    form = {"grant_type": "authorization_code", "code": "the-code", "code_verifier": "the-verifier",
            "redirect_uri": "https://sluis.example/hub/oauth_callback/a"}  # fmt: skip
    basic = f"Basic {base64.b64encode(b'slu%20is:s%2Fs').decode()}"
    assert exchanged(Web(), "s/s") == (form, basic)
    both = ["client_secret_post", "client_secret_basic"]
    assert exchanged(Web(), "s/s", token_endpoint_auth_methods_supported=both) == (form, basic)
    posted = form | {"client_id": "slu is", "client_secret": "s/s"}
    assert exchanged(Web(), "s/s", token_endpoint_auth_methods_supported=["client_secret_post"]) == (posted, "")
    assert exchanged(Web(), "") == (form | {"client_id": "slu is"}, "")


@pytest.mark.parametrize("answer", [None, [], {}, {"id_token": 1}, {"access_token": "a"}, "x"], ids=str)
def test_an_answer_without_an_id_token_fails(answer: object) -> None:
    """SES-04: an access token alone says nothing about who somebody is."""
    web = Web()
    web.answers[f"{ISSUER}/t"] = answer
    with pytest.raises(ProviderFailed, match="no ID token"):
        asyncio.run(web.provider.exchange(CODE))


def test_userinfo_is_asked_with_a_bearer_token() -> None:
    """OpenID Connect Core 1.0 §5.3.1; without an address or a usable token it fails with a line."""
    web = Web()
    with pytest.raises(ProviderFailed, match="no userinfo"):
        asyncio.run(web.provider.userinfo(Tokens("i", "a")))
    web = Web()
    web.answers[f"{ISSUER}/.well-known/openid-configuration"]["userinfo_endpoint"] = f"{ISSUER}/u"
    web.answers[f"{ISSUER}/u"] = {"sub": "rosa"}
    assert asyncio.run(web.provider.userinfo(Tokens("i", "a"))) == {"sub": "rosa"}
    assert web.last.headers["Authorization"] == "Bearer a"
    with pytest.raises(ProviderFailed, match="no userinfo"):
        asyncio.run(web.provider.userinfo(Tokens("i", "")))


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize(
    "address", ["http://idp.centre.example/x", "//x", "x", "file:///etc/passwd", "https://u:p@x/y"]
)
def test_an_address_that_is_not_https_fails(name: str, address: str) -> None:
    """TOK-04: neither codes nor secrets go out in clear, whatever a discovery document says."""
    web = Web()
    web.answers[f"{ISSUER}/.well-known/openid-configuration"][name] = address
    with pytest.raises(ProviderFailed, match="not https"):
        asyncio.run(web.provider.metadata())


def test_a_demos_provider_may_stand_on_another_machine_without_tls() -> None:
    """TOK-04: its people are invented; what is no web address is refused there, too."""
    web = Web()
    web.provider.client = msgspec.structs.replace(web.provider.client, invented=True)
    document = web.answers[f"{ISSUER}/.well-known/openid-configuration"]
    document["token_endpoint"] = "http://idp.centre.example/t"
    assert asyncio.run(web.provider.metadata()).token_endpoint == "http://idp.centre.example/t"
    web = Web()
    web.provider.client = msgspec.structs.replace(web.provider.client, invented=True)
    web.answers[f"{ISSUER}/.well-known/openid-configuration"]["jwks_uri"] = "file:///etc/passwd"
    with pytest.raises(ProviderFailed, match="not https"):
        asyncio.run(web.provider.metadata())

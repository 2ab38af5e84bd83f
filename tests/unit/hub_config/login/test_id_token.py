"""Which ID tokens are believed."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.warnings import InsecureKeyLengthWarning

from hub_config.login.id_token import LEEWAY, OLDEST, Expected, IdTokenRefused, UnknownKey, verify_id_token

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXPECTED = Expected("https://idp.centre.example", "sluis", "the-nonce")
SECOND = timedelta(seconds=1)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """The provider's key."""
    return rsa.generate_private_key(65537, 2048)


@cache
def other_key() -> rsa.RSAPrivateKey:
    """Somebody else's key."""
    return rsa.generate_private_key(65537, 2048)


def jwk(key: rsa.RSAPrivateKey, **more: str) -> dict[str, Any]:
    """The public part as the provider shows it."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "one", "use": "sig", **more}


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that hold; None takes one away."""
    good = {
        "iss": EXPECTED.issuer, "aud": "sluis", "sub": "rosa", "nonce": "the-nonce",
        "iat": NOW.timestamp(), "exp": (NOW + timedelta(minutes=5)).timestamp(),
    }  # fmt: skip
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(header: dict[str, Any] | None = None, algorithm: str = "RS256", **changed: Any) -> str:
    """A token signed with the provider's key."""
    return jwt.encode(claims(**changed), rsa_key(), algorithm=algorithm, headers={"kid": "one"} | (header or {}))


def by_hand(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    """A token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def verify(token: str, keys: list[dict[str, Any]] | None = None, at: datetime = NOW) -> str:
    """The subject of a token that holds."""
    return str(verify_id_token(token, [jwk(rsa_key())] if keys is None else keys, EXPECTED, at)["sub"])


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
def test_a_good_token_is_believed(algorithm: str) -> None:
    """OpenID Connect Core §3.1.3.7."""
    assert verify(signed(algorithm=algorithm)) == "rosa"


def test_other_key_types_are_believed() -> None:
    """ES256 and EdDSA, beside an RSA key of the same provider."""
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    keys = [
        jwk(rsa_key()),
        {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "two"},
        {**OKPAlgorithm.to_jwk(edwards.public_key(), as_dict=True), "kid": "three"},
    ]
    assert verify(jwt.encode(claims(), curve, algorithm="ES256", headers={"kid": "two"}), keys) == "rosa"
    assert verify(jwt.encode(claims(), edwards, algorithm="EdDSA", headers={"kid": "three"}), keys) == "rosa"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "RS256 ", None, 1])
def test_other_algorithms_are_refused(algorithm: object) -> None:
    """SES-04: unsigned tokens and anything off the list, whatever the header calls it."""
    with pytest.raises(IdTokenRefused):
        verify(by_hand({"alg": algorithm, "kid": "one"}, claims()))


def test_the_public_key_is_no_shared_secret() -> None:
    """SES-04: HS256 over the provider's public key, in each form in which somebody has it."""
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, json.dumps(jwk(rsa_key())).encode()):
        header = {"alg": "HS256", "kid": "one"}
        unsigned = by_hand(header, claims()).rpartition(".")[0]
        signature = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
        with pytest.raises(IdTokenRefused, match="algorithm"):
            verify(by_hand(header, claims(), signature))


def test_another_key_is_refused() -> None:
    """SES-04: a signature of somebody else's, and a good one over other claims."""
    with pytest.raises(IdTokenRefused, match="signature"):
        verify(jwt.encode(claims(), other_key(), algorithm="RS256", headers={"kid": "one"}))
    head, _, signature = signed().split(".")
    payload = by_hand({}, claims(sub="anna")).split(".")[1]
    with pytest.raises(IdTokenRefused, match="signature"):
        verify(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("named", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_is_not_looked_at(named: str) -> None:
    """SES-04: key injection."""
    brought = jwk(other_key()) if named == "jwk" else ["x"] if named == "x5c" else "https://evil.example/keys"
    token = jwt.encode(claims(), other_key(), algorithm="RS256", headers={"kid": "one", named: brought})
    with pytest.raises(IdTokenRefused, match="signature"):
        verify(token)


@pytest.mark.parametrize("kid", ["two", "../../../dev/null", "one' or '1'='1", ""])
def test_an_unknown_key_id_is_refused(kid: str) -> None:
    """SES-04: key id injection; the caller may fetch the keys once more."""
    with pytest.raises(UnknownKey):
        verify(signed({"kid": kid}))


def test_without_a_key_id_there_must_be_no_choice() -> None:
    """One fitting key is used; of two none is guessed."""
    token = jwt.encode(claims(), rsa_key(), algorithm="RS256")
    assert verify(token) == "rosa"
    with pytest.raises(UnknownKey):
        verify(token, [jwk(rsa_key()), jwk(other_key(), kid="two")])


@pytest.mark.parametrize("more", [{"use": "enc"}, {"alg": "PS256"}, {"kty": "EC"}])
def test_a_key_for_something_else_does_not_fit(more: dict[str, str]) -> None:
    """A key that says what it is for is used for nothing else."""
    with pytest.raises(UnknownKey):
        verify(signed(), [jwk(rsa_key(), **more)])


def test_critical_extensions_are_refused() -> None:
    """RFC 7515 §4.1.11: what must be understood and is not."""
    with pytest.raises(IdTokenRefused):
        verify(signed({"crit": ["exp"]}))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"}, {"iss": "https://idp.centre.example/"}, {"iss": None},
        {"aud": "other"}, {"aud": ["other"]}, {"aud": None}, {"aud": "sluis2"}, {"aud": {"sluis": 1}},
        {"aud": ["sluis", "other"]}, {"aud": ["sluis", "other"], "azp": "other"}, {"azp": "other"},
        {"nonce": "another"}, {"nonce": None}, {"nonce": ""}, {"nonce": ["the-nonce"]}, {"nonce": 1},
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256},
        {"exp": None}, {"exp": "tomorrow"}, {"exp": True}, {"exp": float("inf")}, {"iat": None}, {"iat": -1},
        {"nbf": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_claims_are_refused(changed: dict[str, Any]) -> None:
    """SES-04: each of issuer, audience, authorised party, nonce, subject and times, wrong or missing."""
    with pytest.raises(IdTokenRefused):
        verify(signed(**changed))


def test_several_audiences_need_the_authorised_party() -> None:
    """OpenID Connect Core §3.1.3.7, 4 and 5."""
    assert verify(signed(aud=["other", "sluis"], azp="sluis")) == "rosa"


@pytest.mark.parametrize(
    ("name", "shift", "holds"),
    [
        ("exp", -LEEWAY, False), ("exp", -LEEWAY + SECOND, True), ("iat", LEEWAY, True),
        ("iat", LEEWAY + SECOND, False), ("iat", -OLDEST, True), ("iat", -OLDEST - SECOND, False),
        ("nbf", LEEWAY, True), ("nbf", LEEWAY + SECOND, False),
    ],
)  # fmt: skip
def test_times_at_their_edges(name: str, shift: timedelta, holds: bool) -> None:
    """SES-04: expired, not yet valid, and issued too long ago, to the second."""
    changed: dict[str, Any] = {name: (NOW + shift).timestamp()}
    token = signed(**changed)
    if holds:
        assert verify(token) == "rosa"
    else:
        with pytest.raises(IdTokenRefused):
            verify(token)


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c", "..", "x" * 20_000, "{}.{}.{}", "é.é.é"], ids=lambda text: text[:6]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Garbage ends as a refusal, not as an error (FLT-11)."""
    with pytest.raises(IdTokenRefused):
        verify(text)


def test_short_keys_are_refused() -> None:
    """A provider with an RSA key below 2048 bits is not believed."""
    short = rsa.generate_private_key(65537, 1024)
    with pytest.warns(InsecureKeyLengthWarning):
        token = jwt.encode(claims(), short, algorithm="RS256", headers={"kid": "one"})
    with pytest.raises(IdTokenRefused):
        verify(token, [jwk(short)])


def hash_of(access_token: str, algorithm: str = "sha256") -> str:
    """What a token says of the access token that comes with it."""
    digest = hashlib.new(algorithm, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@pytest.mark.parametrize(("algorithm", "name"), [("RS256", "sha256"), ("RS384", "sha384"), ("PS512", "sha512")])
def test_a_token_names_the_access_token_that_it_came_with(algorithm: str, name: str) -> None:
    """OpenID Connect Core §3.1.3.8: where it says so, that is checked."""
    expected = Expected(
        EXPECTED.issuer, EXPECTED.client_id, EXPECTED.nonce, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    )
    good = signed(algorithm=algorithm, at_hash=hash_of(expected.access_token, name))
    assert verify_id_token(good, [jwk(rsa_key())], expected, NOW)["sub"] == "rosa"
    for other in (hash_of("another", name), "", 7, hash_of(expected.access_token, name) + "x"):
        with pytest.raises(IdTokenRefused, match="access token"):
            verify_id_token(signed(algorithm=algorithm, at_hash=other), [jwk(rsa_key())], expected, NOW)
    with pytest.raises(IdTokenRefused, match="access token"):
        verify_id_token(good, [jwk(rsa_key())], EXPECTED, NOW)


def test_the_hash_of_the_specification() -> None:
    """OpenID Connect Core, Appendix A.3."""
    assert hash_of("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_an_edwards_signature_hashes_with_its_own_function() -> None:
    """OpenID Connect Core §3.1.3.8, RFC 8032: Ed25519's is SHA-512."""
    key = ed25519.Ed25519PrivateKey.generate()
    keys = [{**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "e"}]
    expected = Expected(EXPECTED.issuer, EXPECTED.client_id, EXPECTED.nonce, "a token")
    token = jwt.encode(claims(at_hash=hash_of("a token", "sha512")), key, algorithm="EdDSA", headers={"kid": "e"})
    assert verify_id_token(token, keys, expected, NOW)["sub"] == "rosa"

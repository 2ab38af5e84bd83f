"""Whether an ID token is what it claims to be (SES-04): OpenID Connect Core 1.0 §3.1.3.7, decided from values alone.

oauthenticator reads ID tokens without checking signature, issuer or nonce; this module checks all
of it. It fetches nothing: the caller brings the provider's keys and the present instant. Keys that a token names or
carries itself (`jku`, `jwk`, `x5u`, `x5c`) are never looked at.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import new as new_hash
from typing import Any

import jwt
import msgspec

Jwk = Mapping[str, Any]

_KEY_TYPES = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
ALGORITHMS = frozenset(_KEY_TYPES)
"""Signatures with a private key only: neither `none` nor one with a shared secret."""

LEEWAY = timedelta(seconds=60)
OLDEST = timedelta(minutes=10)
_LONGEST = 16_384
_OPTIONS: Any = {
    "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_iss": False,
    "verify_sub": False, "verify_jti": False, "enforce_minimum_key_length": True,
}  # fmt: skip


class IdTokenRefused(Exception):
    """The token is not to be believed. The text is for the hub's log; it never holds the token."""


class UnknownKey(IdTokenRefused):
    """None of the given keys can have signed the token; the provider may have new ones."""


class Expected(msgspec.Struct, frozen=True):
    """What the token must say: who issued it, for whom, and the nonce of this browser's own login.

    `access_token` is the one that came with it, which it must not say to be another.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str = ""


def verify_id_token(token: str, keys: Sequence[Jwk], expected: Expected, at: datetime) -> Mapping[str, Any]:
    """Return the claims of a token that is signed, issued, addressed and fresh as expected. Raises IdTokenRefused."""
    if len(token) > _LONGEST:
        raise IdTokenRefused("the token is longer than any that is needed")
    algorithm, claims = _signed_claims(token, keys)
    _check_parties(claims, expected)
    _check_times(claims, at)
    _check_access_token(claims, algorithm, expected.access_token)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise IdTokenRefused("the nonce is not this login's")
    _check_subject(claims)
    return claims


def _signed_claims(token: str, keys: Sequence[Jwk]) -> tuple[str, Mapping[str, Any]]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise IdTokenRefused("it is no signed token") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise IdTokenRefused(f"signature algorithm `{str(algorithm)[:20]}` is not accepted")
    key = _key_for(header, keys)
    try:
        claims: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(dict(key), algorithm=algorithm), algorithms=[algorithm], options=_OPTIONS
        )
    except jwt.PyJWTError as error:
        raise IdTokenRefused(f"the signature does not hold ({type(error).__name__})") from None
    return algorithm, claims


def _key_for(header: Mapping[str, Any], keys: Sequence[Jwk]) -> Jwk:
    """The one key that fits; a token without `kid` only where there is no choice."""
    fitting = [key for key in keys if _fits(key, header["alg"])]
    if "kid" in header:
        fitting = [key for key in fitting if key.get("kid") == header["kid"]]
    if len(fitting) != 1:
        raise UnknownKey(f"{len(fitting)} of the provider's keys fit the token, and it takes exactly one")
    return fitting[0]


def _fits(key: Jwk, algorithm: str) -> bool:
    return (
        key.get("kty") == _KEY_TYPES[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IdTokenRefused("another provider issued it")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        raise IdTokenRefused("it is meant for another client")
    authorised = claims.get("azp", expected.client_id if len(audiences) == 1 else None)
    if authorised != expected.client_id:
        raise IdTokenRefused("it was given to another client")


def _check_times(claims: Mapping[str, Any], at: datetime) -> None:
    present, leeway = at.timestamp(), LEEWAY.total_seconds()
    if present >= _instant(claims, "exp") + leeway:
        raise IdTokenRefused("it has expired")
    issued = _instant(claims, "iat")
    if not present - OLDEST.total_seconds() <= issued <= present + leeway:
        raise IdTokenRefused("it was not issued just now")
    if "nbf" in claims and _instant(claims, "nbf") > present + leeway:
        raise IdTokenRefused("it does not hold yet")


def _check_access_token(claims: Mapping[str, Any], algorithm: str, access_token: str) -> None:
    """§3.1.3.8: half of the hash that the signature uses; Ed25519's is SHA-512."""
    if "at_hash" not in claims:
        return
    size = "512" if algorithm == "EdDSA" else algorithm[2:]
    digest = new_hash(f"sha{size}", access_token.encode()).digest()
    if claims["at_hash"] != urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode():
        raise IdTokenRefused("it came with another access token")


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise IdTokenRefused(f"`{name}` is no instant")
    return float(value)


def _check_subject(claims: Mapping[str, Any]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise IdTokenRefused("`sub` is no subject")

"""The providers by which people can log in here: which there are, and what each is asked with (SES-02, SES-03, MFA-16).

Each has a callback address of its own, and a login that begins at one provider ends there or nowhere (RFC 9700 §2.1).
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from urllib.parse import urlencode

import msgspec

from hub_config.login.claims import Mfa
from hub_config.login.presets import Rules
from hub_config.login.provider import Client, Metadata
from hub_config.login_settings import DEFAULT

SEARCH_FROM = 8
"""From so many providers on the login page has a search field."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One provider: what people read, how we are known there, and how its word is measured.

    `identity_issuer` is the issuer's name in identities, where it is not the issuer: a demo's port changes.
    """

    title: str
    client: Client
    rules: Rules
    identity_issuer: str

    @property
    def name(self) -> str:
        """Its name in addresses, factors and the log."""
        return self.rules.name


class Doors:
    """All of them, by name and in the order of the settings."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self._doors: Mapping[str, Door] = {one.name: one for one in doors}

    def get(self, name: str) -> Door | None:
        """Return the provider of a name; of none, the one that there is, where there is but one."""
        if not name and len(self._doors) == 1:
            return next(iter(self._doors.values()))
        return self._doors.get(name)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._doors)

    @property
    def domains(self) -> frozenset[str]:
        """The domains of all addresses that a provider can prove here."""
        return frozenset(domain for one in self._doors.values() for domain in one.rules.domains)

    def matching(self, wanted: str) -> list[Door]:
        """Return those whose title or domain holds what somebody typed; an address is searched by its domain."""
        text = wanted.strip().casefold().rpartition("@")[2]
        return [one for one in self._doors.values() if any(text in each.casefold() for each in _words(one))]


def _words(door: Door) -> tuple[str, ...]:
    return door.title, *door.rules.domains


class Asking(StrEnum):
    """How a provider is asked: as usual, once more for a second factor just now, or for nobody's second factor."""

    FIRST = "first"
    AGAIN = "again"
    PLAIN = "plain"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What one login goes out with; `challenge` is PKCE's, by S256."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    asking: Asking = Asking.FIRST


def challenge_of(verifier: str) -> str:
    """Return what goes out in a verifier's place (RFC 7636 §4.2, S256)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def can_prove_mfa(rules: Rules, metadata: Metadata) -> bool:
    """Say whether it is worth asking a provider for a second factor: the settings say so, or the provider does."""
    known = not set(rules.mfa_acr).isdisjoint(metadata.acr_values_supported)
    return bool(rules.mfa_max_age) and (rules.mfa_named or known)


def may_ask_again(asked: Asking, mfa: Mfa) -> bool:
    """MFA-16: once, and only where the first answer proved no second factor."""
    return asked is Asking.FIRST and mfa is not Mfa.PROVED


def address(door: Door, metadata: Metadata, question: Question) -> str:
    """Return where the browser is sent: code flow with PKCE, state, nonce, and what a second factor takes."""
    query = {
        "response_type": "code",
        "client_id": door.client.client_id,
        "redirect_uri": question.redirect_uri,
        "scope": " ".join(door.rules.scopes),
        "state": question.state,
        "nonce": question.nonce,
        "code_challenge": question.challenge,
        "code_challenge_method": "S256",
    } | _second_factor(door.rules, metadata, question.asking)
    separator = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{separator}{urlencode(query)}"


def _second_factor(rules: Rules, metadata: Metadata, asking: Asking) -> dict[str, str]:
    """OpenID Connect Core 1.0 §3.1.2.1: with `max_age` the ID token says when; `prompt` takes the session away."""
    if asking is Asking.PLAIN or not can_prove_mfa(rules, metadata):
        return {}
    known = [one for one in rules.mfa_acr if rules.mfa_named or one in metadata.acr_values_supported]
    query = {"max_age": str(int(rules.mfa_max_age.total_seconds()))}
    query |= {"acr_values": " ".join(known)} if known else {}
    return query | ({"prompt": "login"} if asking is Asking.AGAIN else {})


def callback_path(name: str) -> str:
    """Return the end of the callback's address: one for each provider, so that no answer is taken for another's."""
    return "oauth_callback" if name == DEFAULT else f"oauth_callback/{name}"

"""The table `[login]` of `sluis.toml`: the OpenID Connect providers by which people log in. Reads no file."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from access_policy.email import normal_domain
from access_policy.mailboxes import is_public
from access_policy.model.enums import Assurance

DEFAULT = "default"
"""The name of the one provider that `[login] issuer` gives; no other may have it."""

_NAME = r"^[a-z][a-z0-9-]{0,29}$"
_LONGEST = 200

Text = Annotated[str, Meta(max_length=_LONGEST)]
Texts = tuple[Annotated[str, Meta(min_length=1, max_length=_LONGEST)], ...]


class Kind(StrEnum):
    """What a provider is: its ready settings stand in `hub_config/login/presets.py`."""

    OIDC = "oidc"
    GOOGLE = "google"
    KEYCLOAK = "keycloak"
    SURFCONEXT = "surfconext"
    LSAAI = "lsaai"


class LoginProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of several login providers; people choose theirs on the login page."""

    name: Annotated[
        str,
        Meta(
            pattern=_NAME,
            description="short name, for good: it stands in factors, and in `/hub/oauth_callback/NAME`, the address to "
            "register at the provider",
        ),
    ]
    title: Annotated[str, Meta(min_length=1, max_length=100, description="what people read: mostly the institution")]
    domains: Annotated[
        Texts,
        Meta(min_length=1, max_length=500, description="e-mail domains that it speaks for, each whole; no sub-domains"),
    ]
    client_id: Annotated[str, Meta(min_length=1, max_length=500, description="the client id that it gave to Sluis")]
    client_secret_file: Annotated[
        str, Meta(max_length=500, description="file that holds its client secret (0600); empty: a public client")
    ] = ""
    kind: Annotated[
        Kind, Meta(description="ready settings: google, keycloak, surfconext, lsaai, or oidc for any other")
    ] = Kind.OIDC
    issuer: Annotated[
        str, Meta(max_length=_LONGEST, description="its issuer, as in its ID tokens; empty: that of its kind")
    ] = ""
    scopes: Annotated[Texts, Meta(max_length=20, description="scopes to ask for; empty: those of its kind")] = ()
    hosted_domains: Annotated[
        Texts, Meta(max_length=50, description="google only: the `hd` that accounts have to have; empty: `domains`")
    ] = ()
    homes: Annotated[
        dict[str, Text],
        Meta(
            max_length=500,
            description="surfconext and lsaai only: whose home organisation speaks for a domain, where it is not the "
            "domain itself: `{ 'med.example.org' = 'example.org' }`",
        ),
    ] = {}
    mfa_acr: Annotated[
        Texts, Meta(max_length=20, description="`acr` values that prove a second factor; empty: those of its kind")
    ] = ()
    mfa_amr: Annotated[
        Texts, Meta(max_length=20, description="`amr` values that prove one; empty: those of its kind")
    ] = ()
    mfa_max_age_minutes: Annotated[
        int,
        Meta(ge=0, le=720, description="how old such a proof may be; 0: none is accepted, Sluis always asks (S76)"),
    ] = 15
    assurance: Annotated[
        dict[str, Assurance],
        Meta(
            max_length=50,
            description="further values of `acr` or `eduperson_assurance`, and the level that each states: low, "
            "substantial or high (E26)",
        ),
    ] = {}


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How people log in: one OpenID Connect provider here, or several as `[[login.providers]]`."""

    issuer: Annotated[str, Meta(description="issuer of the OpenID Connect provider, as it stands in its ID tokens")] = (
        ""
    )
    client_id: Annotated[str, Meta(description="the client id that the provider gave to Sluis")] = ""
    client_secret_file: Annotated[
        str, Meta(description="file that holds the client secret, readable by Sluis only (0600)")
    ] = ""
    providers: Annotated[
        tuple[LoginProvider, ...], Meta(max_length=500, description="several providers, instead of the one above")
    ] = ()


ISSUERS: Mapping[Kind, str] = {
    Kind.GOOGLE: "https://accounts.google.com",
    Kind.SURFCONEXT: "https://connect.surfconext.nl",
    Kind.LSAAI: "https://login.aai.lifescience-ri.eu/oidc/",
}
"""The issuers of the kinds that have one."""


def issuer_of(provider: LoginProvider) -> str:
    """Return a provider's issuer: its own, or that of its kind; empty where there is neither."""
    return provider.issuer or ISSUERS.get(provider.kind, "")


def first_issuer(login: Login) -> str:
    """Return the issuer that forms begin with: the one provider's, or the first of several."""
    return issuer_of(login.providers[0]) if login.providers else login.issuer


def missing_key(login: Login, *, in_cluster: bool) -> str | None:
    """Return the key that keeps people from logging in, or None."""
    if login.providers:
        return None
    keys = ("issuer", "client_id") if in_cluster else ("issuer", "client_id", "client_secret_file")
    return next((key for key in keys if not getattr(login, key)), None)


def providers_problem(login: Login, *, in_cluster: bool) -> str | None:
    """Say in a line what is wrong with `[[login.providers]]`; None where they can be used (CVE-2020-26250)."""
    if login.providers and (login.issuer or login.client_id or login.client_secret_file):
        return "write either login.issuer or [[login.providers]], and move the first among the second"
    return next(_problems(login.providers, in_cluster), None)


def _problems(providers: tuple[LoginProvider, ...], in_cluster: bool) -> Iterator[str]:
    for one in providers:
        if problem := _problem(one, in_cluster):
            yield f"login provider `{one.name}`: {problem}"
    for what, values in (("name", [one.name for one in providers]), ("issuer", [issuer_of(one) for one in providers])):
        yield from (f"login provider {what} `{one}` stands there twice" for one in values if values.count(one) > 1)


def _problem(one: LoginProvider, in_cluster: bool) -> str | None:
    if one.name == DEFAULT:
        return f"the name `{DEFAULT}` is that of login.issuer; choose another one"
    if not is_issuer(issuer_of(one)):
        return f"`{issuer_of(one)[:80]!a}` is no issuer; write it as https://login.example.org"
    if in_cluster and one.client_secret_file:
        return f"leave client_secret_file out: in a cluster the secret is mounted as `client-secret-{one.name}`"
    if one.hosted_domains and one.kind is not Kind.GOOGLE:
        return "hosted_domains is for the kind `google` only"
    if one.homes and one.kind not in (Kind.SURFCONEXT, Kind.LSAAI):
        return "homes is for the kinds `surfconext` and `lsaai` only"
    return next(filter(None, map(_domain_problem, (*one.domains, *one.hosted_domains, *one.homes))), None)


def _domain_problem(domain: str) -> str | None:
    """ID-01, ID-04, S73: a domain in the one form that is compared, and one of an institution."""
    try:
        normal = normal_domain(domain)
    except ValueError:
        return f"`{domain[:80]!a}` is no domain in ASCII letters; write it as xn--… where it has others"
    if is_public(normal):
        return f"`{normal}` gives a mailbox to anybody; write domains of institutions only"
    return None


def is_issuer(text: str) -> bool:
    """Say whether a text is an issuer: https, or http on this machine, without query and fragment."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))
    plain = re.fullmatch(r"[!-~]+", text) is not None and len(text) <= _LONGEST
    return bool(host) and safe and plain and not parts.query and not parts.fragment and parts.username is None


def is_this_machine(host: str) -> bool:
    """Say whether a host's name is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

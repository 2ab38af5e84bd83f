"""What a verified ID token proves about somebody: address, level of assurance, second factor. Pure (S73, S76, E26).

Only values decide here: the caller has checked signature, issuer, audience, nonce and times (`id_token.py`). A person
is `iss` and `sub`; the address names nobody, and only says at which institution somebody works (ID-09).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from access_policy.email import domain_of, normal_email
from access_policy.mailboxes import is_public, is_shared
from access_policy.model.enums import Assurance
from hub_config.login.presets import Home, Rules

LEEWAY = timedelta(seconds=60)

_EDUID = "eduid.nl"
_SCOPED = "eduperson_scoped_affiliation"
_ASSURANCE = "eduperson_assurance"
_WORKING = frozenset(("faculty", "staff", "employee", "member", "student"))
"""The affiliations that make somebody one of an institution's own (eduPerson); alumni and guests are not."""
_FILLED_IN = ("name", Home.ORGANISATION.value, Home.AFFILIATION.value, _SCOPED, _ASSURANCE)
_UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONGEST_NAME = 200

Claims = Mapping[str, Any]


class Mfa(StrEnum):
    """Whether the provider proved a second factor: just now, not lately enough, or not at all (MFA-16)."""

    PROVED = "proved"
    STALE = "stale"
    NONE = "none"


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """What a login at a provider proved. `email` is the one form of an institutional address; empty: none was wanted.

    `name` is what the provider calls them, to begin a form with. `authenticated` is when they gave their factors there.
    """

    provider: str
    issuer: str
    subject: str
    email: str = ""
    name: str = ""
    assurance: Assurance | None = None
    mfa: Mfa = Mfa.NONE
    authenticated: datetime | None = None


class Refused(msgspec.Struct, frozen=True):
    """Why a login counts for nothing: a code for the log, a sentence for the person. Neither holds a claim."""

    why: str
    text: str


class UserinfoRefused(Exception):
    """The answer of the userinfo endpoint is not about who logged in."""


def proved(claims: Claims, provider: Rules, at: datetime) -> Proved | Refused:
    """Return what verified claims prove by a provider's rules, or why they are refused (ID-01 to ID-11)."""
    email = _email(claims, provider) if provider.domains else ""
    if isinstance(email, Refused):
        return email
    authenticated = _authenticated(claims, at)
    return Proved(
        provider=provider.name,
        issuer=claims["iss"],
        subject=claims["sub"],
        email=email,
        name=_name(claims),
        assurance=_assurance(claims, provider),
        mfa=_mfa(claims, provider, authenticated, at),
        authenticated=authenticated,
    )


def _email(claims: Claims, provider: Rules) -> str | Refused:
    given, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(given, str) or not given:
        return Refused("email_missing", "Your login provider gives no e-mail address of yours; ask it to.")
    if verified is not True and not (verified is None and provider.vouched):
        return Refused("email_not_verified", "Your login provider has not checked your e-mail address; ask it to.")
    try:
        email = normal_email(given)
    except ValueError:
        return Refused("email_malformed", "Your login provider gives an e-mail address that cannot be used.")
    return _mailbox_problem(email) or _domain_problem(email, claims, provider) or email


def _mailbox_problem(email: str) -> Refused | None:
    """S73: personal and institutional addresses only."""
    if is_shared(email):
        return Refused("mailbox_shared", "The address at your login provider is an office's; use a login of your own.")
    if is_public(domain_of(email)):
        return Refused("mailbox_public", "The address at your login provider is no institution's; use your work login.")
    return None


def _domain_problem(email: str, claims: Claims, provider: Rules) -> Refused | None:
    domain = domain_of(email)
    if domain not in provider.domains:
        return Refused("domain_foreign", "This login provider does not speak for your address; choose another one.")
    if provider.hosted is not None and _text(claims, "hd").lower() not in provider.hosted:
        return Refused(
            "hosted_domain_foreign", "This is no account of your institution; log in with your work account."
        )
    if provider.home is not Home.NONE and provider.homes.get(domain, domain) not in _homes(claims, provider.home):
        return Refused("home_foreign", "Your login is not linked to the institution that your address belongs to.")
    return None


def _homes(claims: Claims, home: Home) -> frozenset[str]:
    """Return the institutions that somebody is of. CVE-2022-31027: each of many may speak for itself only.

    An eduID is anybody's; it counts only by the affiliation of an institution that is linked to it.
    """
    if home is Home.AFFILIATION:
        return _scopes(claims, Home.AFFILIATION.value)
    organisation = _text(claims, home.value).lower()
    if organisation == _EDUID or organisation.endswith(f".{_EDUID}"):
        return frozenset(one for one in _scopes(claims, _SCOPED) if one != _EDUID)
    return frozenset((organisation,)) if organisation else frozenset()


def _scopes(claims: Claims, name: str) -> frozenset[str]:
    """Return the scopes of the affiliations of somebody who works or studies there (eduPerson)."""
    parts = (one.lower().partition("@") for one in _texts(claims, name))
    return frozenset(scope for affiliation, at, scope in parts if at and affiliation in _WORKING and "@" not in scope)


def _name(claims: Claims) -> str:
    """Return a name fit for a line, or none (ID-07, SES-10)."""
    name = _text(claims, "name").strip()
    return "" if _UNPRINTABLE.search(name) or len(name) > _LONGEST_NAME else name


def _assurance(claims: Claims, provider: Rules) -> Assurance | None:
    """E26: the highest level that the provider states in words we know."""
    values = (*_text(claims, "acr").split(), *_texts(claims, _ASSURANCE))
    stated = {provider.assurance[one] for one in values if one in provider.assurance}
    return next((level for level in reversed(Assurance) if level in stated), None)


def _mfa(claims: Claims, provider: Rules, authenticated: datetime | None, at: datetime) -> Mfa:
    """MFA-16: a configured `acr` or `amr` value, and an `auth_time` that says that it was just now."""
    by_class = not set(provider.mfa_acr).isdisjoint(_text(claims, "acr").split())
    by_method = isinstance(claims.get("amr"), list) and not set(provider.mfa_amr).isdisjoint(_texts(claims, "amr"))
    if not provider.mfa_max_age or not (by_class or by_method):
        return Mfa.NONE
    fresh = authenticated is not None and authenticated >= at - provider.mfa_max_age
    return Mfa.PROVED if fresh else Mfa.STALE


def _authenticated(claims: Claims, at: datetime) -> datetime | None:
    """Return when the person gave their factors at the provider; None where it does not say, or says what cannot be."""
    value = claims.get("auth_time")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**37:
        return None
    since = datetime.fromtimestamp(value, UTC)
    return min(since, at) if since <= at + LEEWAY else None


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _texts(claims: Claims, name: str) -> tuple[str, ...]:
    value = claims.get(name)
    values = value if isinstance(value, list) else [value]
    return tuple(one for one in values if isinstance(one, str))


def wants_userinfo(claims: Claims, provider: Rules) -> bool:
    """Say whether the ID token leaves out what the rules look at, so that the userinfo endpoint has to be asked."""
    wanted = {"email"} | (set() if provider.vouched else {"email_verified"})
    wanted |= {provider.home.value} if provider.home is not Home.NONE else set()
    wanted |= {_ASSURANCE} & set(provider.scopes)
    return bool(provider.domains) and not wanted <= claims.keys()


def with_userinfo(claims: Claims, userinfo: Any) -> Claims:
    """Return the claims with what only the userinfo endpoint says (OpenID Connect Core 1.0 §5.3.2).

    It adds, and changes nothing; an address and that it was checked come from one place. How somebody logged in is
    never taken from it. Raises UserinfoRefused where it is about somebody else.
    """
    if not isinstance(userinfo, dict) or userinfo.get("sub") != claims["sub"]:
        raise UserinfoRefused("the userinfo is not about who logged in")
    added = {name: userinfo[name] for name in _FILLED_IN if name in userinfo}
    kept = dict(claims)
    if "email" not in claims:
        kept.pop("email_verified", None)
    if kept.get("email", userinfo.get("email")) == userinfo.get("email"):
        added |= {name: userinfo[name] for name in ("email", "email_verified") if name in userinfo}
    return {**added, **kept}

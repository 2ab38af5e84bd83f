"""Ready settings for kinds of login providers, and what a provider's claims are measured by.

What stands here is public: Google's OpenID Connect guide (`hd`), SURFconext's and the Life Science AAI's lists of
claims, the REFEDS MFA profile, the REFEDS Assurance Framework (whose table compares its levels with those of eIDAS).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec

from access_policy.email import normal_domain
from access_policy.model.enums import Assurance
from hub_config.login_settings import DEFAULT, Kind, LoginProvider

REFEDS_MFA = "https://refeds.org/profile/mfa"

ASSURANCE: Mapping[str, Assurance] = {
    "http://eidas.europa.eu/LoA/low": Assurance.LOW,
    "http://eidas.europa.eu/LoA/substantial": Assurance.SUBSTANTIAL,
    "http://eidas.europa.eu/LoA/high": Assurance.HIGH,
    "https://refeds.org/assurance/IAP/medium": Assurance.LOW,
    "https://refeds.org/assurance/IAP/high": Assurance.SUBSTANTIAL,
    "https://refeds.org/assurance/profile/cappuccino": Assurance.LOW,
    "https://refeds.org/assurance/profile/espresso": Assurance.SUBSTANTIAL,
}
"""What each value states (E26); `IAP/low` is self-asserted and states nothing."""


class Home(StrEnum):
    """How a provider that stands before many institutions says which one a person is of (CVE-2022-31027)."""

    NONE = "none"
    ORGANISATION = "schac_home_organization"
    AFFILIATION = "voperson_external_affiliation"


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of provider brings. `vouched`: no `email_verified`, the home organisation gives the addresses."""

    scopes: tuple[str, ...] = ("openid", "email", "profile")
    mfa_acr: tuple[str, ...] = (REFEDS_MFA,)
    mfa_amr: tuple[str, ...] = ()
    home: Home = Home.NONE
    vouched: bool = False
    hosted: bool = False


PRESETS: Mapping[Kind, Preset] = {
    Kind.OIDC: Preset(),
    Kind.KEYCLOAK: Preset(),
    Kind.GOOGLE: Preset(mfa_acr=(), hosted=True),
    Kind.SURFCONEXT: Preset(
        scopes=("openid",),
        mfa_acr=(REFEDS_MFA, "http://surfconext.nl/assurance/loa2", "http://surfconext.nl/assurance/loa3"),
        home=Home.ORGANISATION,
        vouched=True,
    ),
    Kind.LSAAI: Preset(
        scopes=("openid", "email", "profile", "voperson_external_affiliation", "eduperson_assurance"),
        home=Home.AFFILIATION,
    ),
}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider's claims are measured by. Without `domains` it proves no address, and is asked for none.

    `hosted` are the values of `hd`, None where it does not matter; `homes` is the home organisation of each domain.
    `mfa_named` says that the settings name the proofs of a second factor, not only the kind.
    """

    name: str
    scopes: tuple[str, ...]
    domains: frozenset[str] = frozenset()
    hosted: frozenset[str] | None = None
    home: Home = Home.NONE
    homes: Mapping[str, str] = {}
    vouched: bool = False
    mfa_acr: tuple[str, ...] = ()
    mfa_amr: tuple[str, ...] = ()
    mfa_max_age: timedelta = timedelta(0)
    mfa_named: bool = False
    assurance: Mapping[str, Assurance] = {}


ONE_PROVIDER = Rules(name=DEFAULT, scopes=("openid",))
"""Those of `[login] issuer`: people are linked by an admin, and the second factor is always ours."""


def rules_of(provider: LoginProvider) -> Rules:
    """Return what a provider of the settings is measured by: its own words, and those of its kind where it has none."""
    preset, domains = PRESETS[provider.kind], frozenset(map(normal_domain, provider.domains))
    return Rules(
        name=provider.name,
        scopes=tuple(dict.fromkeys(("openid", *(provider.scopes or preset.scopes)))),
        domains=domains,
        hosted=(frozenset(map(normal_domain, provider.hosted_domains)) or domains) if preset.hosted else None,
        home=preset.home,
        homes={normal_domain(domain): home.lower() for domain, home in provider.homes.items()},
        vouched=preset.vouched,
        mfa_acr=provider.mfa_acr or (() if provider.mfa_amr else preset.mfa_acr),
        mfa_amr=provider.mfa_amr or (() if provider.mfa_acr else preset.mfa_amr),
        mfa_max_age=timedelta(minutes=provider.mfa_max_age_minutes),
        mfa_named=bool(provider.mfa_acr or provider.mfa_amr),
        assurance={**ASSURANCE, **provider.assurance},
    )

"""What claims prove: tables of attacks, and laws."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.email import domain_of
from access_policy.mailboxes import is_public, is_shared
from access_policy.model.enums import Assurance
from hub_config.login.claims import (
    LEEWAY,
    Mfa,
    Proved,
    Refused,
    UserinfoRefused,
    proved,
    wants_userinfo,
    with_userinfo,
)
from hub_config.login.presets import ONE_PROVIDER, REFEDS_MFA, Rules, rules_of
from hub_config.login_settings import Kind, LoginProvider

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MAX_AGE = timedelta(minutes=15)


def rules(kind: Kind = Kind.OIDC, **changed: Any) -> Rules:
    """The rules of a hospital's own provider, with changes to its settings."""
    settings: dict[str, Any] = {
        "name": "hospital", "title": "Hospital", "domains": ("hospital.nl", "med.hospital.nl"), "client_id": "sluis",
        "issuer": "https://login.hospital.nl", "kind": kind,
    }  # fmt: skip
    return rules_of(LoginProvider(**settings | changed))


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that hold; None takes one away."""
    good = {"iss": "https://login.hospital.nl", "sub": "rosa", "email": "rosa@hospital.nl", "email_verified": True}
    return {name: value for name, value in (good | changed).items() if value is not None}


def good(found: Proved | Refused) -> Proved:
    """What was proved."""
    assert isinstance(found, Proved), found
    return found


def why(found: Proved | Refused) -> str:
    """Why it was refused."""
    assert isinstance(found, Refused), found
    return found.why


def test_somebody_is_issuer_and_subject_with_a_proved_address() -> None:
    """S73, ID-09: the identity is not the address."""
    found = good(proved(claims(name="Rosa van Dam"), rules(), NOW))
    assert (found.provider, found.issuer, found.subject) == ("hospital", "https://login.hospital.nl", "rosa")
    assert (found.email, found.name, found.assurance, found.mfa) == ("rosa@hospital.nl", "Rosa van Dam", None, Mfa.NONE)


ADDRESSES = {
    "ID-01: a domain that ends alike": ("x@evil-hospital.nl", "domain_foreign"),
    "ID-01: a label more in front": ("x@evil.hospital.nl", "domain_foreign"),
    "ID-01: another top": ("x@hospital.com", "domain_foreign"),
    "ID-02: the domain as a label of another": ("x@hospital.nl.evil.com", "domain_foreign"),
    "ID-02: a sub-domain that is not listed": ("x@sub.hospital.nl", "domain_foreign"),
    "ID-03: a quoted local part": ('"a@hospital.nl"@evil.com', "email_malformed"),
    "ID-03: two addresses": ("a@hospital.nl,b@evil.com", "email_malformed"),
    "ID-03: a line more": ("a@hospital.nl\r\nBcc: b@evil.com", "email_malformed"),
    "ID-03: a line at the end": ("a@hospital.nl\n", "email_malformed"),
    "ID-03: a null byte": ("a@hospital.nl\0.evil.com", "email_malformed"),
    "ID-03: a display name": ("Rosa <rosa@hospital.nl>", "email_malformed"),
    "ID-03: a comment": ("rosa@(x)hospital.nl", "email_malformed"),
    "ID-03: a route": ("@evil.com:rosa@hospital.nl", "email_malformed"),
    "ID-04: a Cyrillic letter": ("x@h\u043espital.nl", "email_malformed"),
    "ID-04: full-width letters": ("x@\uff28\uff2f\uff33\uff30\uff29\uff34\uff21\uff2c.nl", "email_malformed"),
    "ID-04: the homoglyph as punycode": ("x@xn--hspital-wqf.nl", "domain_foreign"),
    "ID-04: an ideographic full stop": ("x@hospital\u3002nl", "email_malformed"),
    "ID-04: a Kelvin sign": ("x@hospital.nl\u212a", "email_malformed"),
    "ID-05: a dot too many": ("x@hospital.nl..", "email_malformed"),
    "a literal address": ("x@[127.0.0.1]", "email_malformed"),
    "no domain": ("rosa", "email_malformed"),
    "nothing": ("", "email_missing"),
    "no text": (["rosa@hospital.nl"], "email_missing"),
    "too long": (f"{'x' * 65}@hospital.nl", "email_malformed"),
    "an office": ("info@hospital.nl", "mailbox_shared"),
    "an office, in capitals": ("INFO@hospital.nl", "mailbox_shared"),
    "an office with a tag": ("admin+rosa@hospital.nl", "mailbox_shared"),
    "a public provider": ("rosa@gmail.com", "mailbox_public"),
}


@pytest.mark.parametrize(("email", "expected"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_an_address_that_is_not_of_the_provider_is_refused(email: object, expected: str) -> None:
    """ID-01 to ID-05, S73."""
    assert why(proved(claims(email=email), rules(), NOW)) == expected


@pytest.mark.parametrize("email", ["Rosa@Hospital.NL", "rosa@hospital.nl.", " rosa@hospital.nl", "ROSA@HOSPITAL.NL"])
def test_one_mailbox_has_one_form(email: str) -> None:
    """ID-05: however it is written, it is one account."""
    assert good(proved(claims(email=email), rules(), NOW)).email == "rosa@hospital.nl"


def test_a_sub_domain_counts_where_it_is_listed() -> None:
    """ID-02: by a rule of its own."""
    assert good(proved(claims(email="rosa@med.hospital.nl"), rules(), NOW)).email == "rosa@med.hospital.nl"


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1, [True], "yes", {}])
@pytest.mark.parametrize("kind", [Kind.OIDC, Kind.GOOGLE, Kind.KEYCLOAK, Kind.LSAAI])
def test_an_address_that_was_not_checked_is_refused(kind: Kind, verified: object) -> None:
    """ID-09, CVE-2026-33175: JSON's true and nothing like it."""
    found = proved(claims(email_verified=verified, hd="hospital.nl"), rules(kind), NOW)
    assert why(found) == "email_not_verified"


@pytest.mark.parametrize("hd", [None, "", "evil.com", "xhospital.nl", "gmail.com", True, ["hospital.nl"]])
def test_google_has_to_name_the_hosted_domain(hd: object) -> None:
    """ID-11, GHSA-55m3: an address in the domain alone is anybody's private Google account."""
    assert why(proved(claims(hd=hd), rules(Kind.GOOGLE), NOW)) == "hosted_domain_foreign"


def test_google_by_its_hosted_domain() -> None:
    """ID-11: the domain itself, or the account's first domain where the settings say so."""
    assert good(proved(claims(hd="Hospital.nl"), rules(Kind.GOOGLE), NOW)).email
    elsewhere = rules(Kind.GOOGLE, hosted_domains=("hospital-group.nl",))
    assert good(proved(claims(hd="hospital-group.nl"), elsewhere, NOW)).email
    assert why(proved(claims(hd="hospital.nl"), elsewhere, NOW)) == "hosted_domain_foreign"


SURF = "schac_home_organization"
SCOPED = "eduperson_scoped_affiliation"
HOMES: dict[str, tuple[dict[str, Any], bool]] = {
    "its own institution": ({SURF: "hospital.nl"}, True),
    "in capitals": ({SURF: "Hospital.NL"}, True),
    "another institution": ({SURF: "evil.nl"}, False),
    "none": ({}, False),
    "several": ({SURF: ["hospital.nl"]}, False),
    "a bare eduID": ({SURF: "eduid.nl", SCOPED: ["affiliate@eduid.nl"]}, False),
    "an eduID that says employee": ({SURF: "eduid.nl", SCOPED: ["employee@eduid.nl"]}, False),
    "an eduID that is linked": ({SURF: "eduid.nl", SCOPED: ["affiliate@eduid.nl", "employee@hospital.nl"]}, True),
    "a test eduID that is linked": ({SURF: "test.eduid.nl", SCOPED: "student@hospital.nl"}, True),
    "an eduID of alumni": ({SURF: "eduid.nl", SCOPED: ["alum@hospital.nl", "affiliate@hospital.nl"]}, False),
    "an eduID linked elsewhere": ({SURF: "eduid.nl", SCOPED: ["employee@evil.nl"]}, False),
    "an eduID with two ats": ({SURF: "eduid.nl", SCOPED: ["employee@hospital.nl@evil.nl"]}, False),
    "another institution with our affiliation": ({SURF: "evil.nl", SCOPED: ["employee@hospital.nl"]}, False),
}


@pytest.mark.parametrize(("given", "holds"), HOMES.values(), ids=HOMES.keys())
def test_surfconext_by_the_home_organisation(given: dict[str, Any], holds: bool) -> None:
    """CVE-2022-31027: of many institutions behind one provider each speaks for itself; an eduID only where linked."""
    found = proved(claims(email_verified=None, **given), rules(Kind.SURFCONEXT), NOW)
    assert isinstance(found, Proved) if holds else why(found) == "home_foreign"


def test_no_setting_makes_an_eduid_a_home() -> None:
    """S73, CVE-2022-31027: anybody has one, whatever domain `eduid.nl` is written down for."""
    anybody = claims(schac_home_organization="eduid.nl", eduperson_scoped_affiliation=["employee@eduid.nl"])
    assert why(proved(anybody, rules(Kind.SURFCONEXT, homes={"hospital.nl": "eduid.nl"}), NOW)) == "home_foreign"


def test_surfconext_does_not_say_that_it_checked_but_may_say_that_it_did_not() -> None:
    """ID-09: absent is vouched for by the home organisation; false is false."""
    found = proved(claims(email_verified=False, schac_home_organization="hospital.nl"), rules(Kind.SURFCONEXT), NOW)
    assert why(found) == "email_not_verified"


def test_a_domain_may_have_another_home() -> None:
    """CVE-2022-31027: only as the settings say."""
    med = claims(email="rosa@med.hospital.nl", schac_home_organization="hospital.nl")
    assert why(proved(med, rules(Kind.SURFCONEXT), NOW)) == "home_foreign"
    assert good(proved(med, rules(Kind.SURFCONEXT, homes={"med.hospital.nl": "Hospital.nl"}), NOW)).email


@pytest.mark.parametrize(
    ("affiliations", "holds"),
    [
        (["member@hospital.nl"], True),
        (["faculty@helsinki.fi", "staff@hospital.nl"], True),
        ("employee@Hospital.NL", True),
        (["affiliate@hospital.nl", "library-walk-in@hospital.nl"], False),
        (["member@evil.nl"], False),
        (["member"], False),
        ([], False),
        (None, False),
        ([{"member": "hospital.nl"}], False),
    ],
)
def test_life_science_by_the_affiliation(affiliations: object, holds: bool) -> None:
    """CVE-2022-31027: whoever connected their own provider to it does not speak for the hospital."""
    found = proved(claims(voperson_external_affiliation=affiliations), rules(Kind.LSAAI), NOW)
    assert isinstance(found, Proved) if holds else why(found) == "home_foreign"


LEVELS: dict[str, tuple[dict[str, Any], Assurance | None]] = {
    "nothing": ({}, None),
    "eIDAS high": ({"acr": "http://eidas.europa.eu/LoA/high"}, Assurance.HIGH),
    "REFEDS high is substantial": (
        {"eduperson_assurance": ["https://refeds.org/assurance", "https://refeds.org/assurance/IAP/high"]},
        Assurance.SUBSTANTIAL,
    ),
    "REFEDS medium is low": ({"eduperson_assurance": "https://refeds.org/assurance/IAP/medium"}, Assurance.LOW),
    "REFEDS low is self-asserted": ({"eduperson_assurance": ["https://refeds.org/assurance/IAP/low"]}, None),
    "the highest of several": (
        {"acr": "http://eidas.europa.eu/LoA/low http://eidas.europa.eu/LoA/substantial"}, Assurance.SUBSTANTIAL,
    ),
    "a near miss": ({"acr": "http://eidas.europa.eu/LoA/high/"}, None),
    "our word": ({"acr": "high"}, None),
    "no text": ({"acr": ["http://eidas.europa.eu/LoA/high"], "eduperson_assurance": {"x": 1}}, None),
    "a word of the settings": ({"acr": "gold"}, Assurance.SUBSTANTIAL),
}  # fmt: skip


@pytest.mark.parametrize(("given", "level"), LEVELS.values(), ids=LEVELS.keys())
def test_the_level_that_is_stated(given: dict[str, Any], level: Assurance | None) -> None:
    """E26: only in words that are known."""
    named = rules(assurance={"gold": Assurance.SUBSTANTIAL})
    assert good(proved(claims(**given), named, NOW)).assurance is level


def ago(seconds: float) -> float:
    """An instant as a token has it."""
    return NOW.timestamp() - seconds


MFA: dict[str, tuple[dict[str, Any], Mfa]] = {
    "REFEDS MFA just now": ({"acr": REFEDS_MFA, "auth_time": int(ago(1))}, Mfa.PROVED),
    "among others": ({"acr": f"urn:x {REFEDS_MFA}", "auth_time": ago(1)}, Mfa.PROVED),
    "at the limit": ({"acr": REFEDS_MFA, "auth_time": ago(900)}, Mfa.PROVED),
    "a second past it": ({"acr": REFEDS_MFA, "auth_time": ago(901)}, Mfa.STALE),
    "a clock that is a little fast": ({"acr": REFEDS_MFA, "auth_time": ago(-60)}, Mfa.PROVED),
    "from the future": ({"acr": REFEDS_MFA, "auth_time": ago(-62)}, Mfa.STALE),
    "far in the future": ({"acr": REFEDS_MFA, "auth_time": 2.0**36}, Mfa.STALE),
    "never said when": ({"acr": REFEDS_MFA}, Mfa.STALE),
    "when, as a text": ({"acr": REFEDS_MFA, "auth_time": str(ago(1))}, Mfa.STALE),
    "when, as true": ({"acr": REFEDS_MFA, "auth_time": True}, Mfa.STALE),
    "before there was time": ({"acr": REFEDS_MFA, "auth_time": -1}, Mfa.STALE),
    "without a class": ({"auth_time": ago(1)}, Mfa.NONE),
    "one factor": ({"acr": "https://refeds.org/profile/sfa", "auth_time": ago(1)}, Mfa.NONE),
    "a near miss": ({"acr": f"{REFEDS_MFA}/", "auth_time": ago(1)}, Mfa.NONE),
    "methods that the settings do not name": ({"amr": ["mfa", "otp", "pwd"], "auth_time": ago(1)}, Mfa.NONE),
    "the class as a list": ({"acr": [REFEDS_MFA], "auth_time": ago(1)}, Mfa.NONE),
}


@pytest.mark.parametrize(("given", "mfa"), MFA.values(), ids=MFA.keys())
def test_whether_the_provider_proved_a_second_factor(given: dict[str, Any], mfa: Mfa) -> None:
    """MFA-16: a value that is known, and lately."""
    assert good(proved(claims(**given), rules(), NOW)).mfa is mfa


def test_methods_count_where_the_settings_name_them() -> None:
    """MFA-16, RFC 8176: then the kind's own values count no more; a text is no list of methods."""
    named = rules(mfa_amr=("mfa",))
    just_now = {"auth_time": ago(1)}
    assert good(proved(claims(amr=["pwd", "mfa"], **just_now), named, NOW)).mfa is Mfa.PROVED
    assert good(proved(claims(amr="mfa", **just_now), named, NOW)).mfa is Mfa.NONE
    assert good(proved(claims(acr=REFEDS_MFA, **just_now), named, NOW)).mfa is Mfa.NONE


@pytest.mark.parametrize("provider", [rules(mfa_max_age_minutes=0), ONE_PROVIDER, rules(Kind.GOOGLE)])
def test_a_provider_whose_factor_is_not_taken_proves_none(provider: Rules) -> None:
    """MFA-16: where it is turned off, at the one provider of old, and at Google, which says nothing of it."""
    found = proved(claims(acr=REFEDS_MFA, amr=["mfa"], auth_time=ago(1), hd="hospital.nl"), provider, NOW)
    assert good(found).mfa is Mfa.NONE


def test_the_one_provider_of_old_is_asked_for_no_address() -> None:
    """An installation of an older release goes on as it was: an admin linked each login identity."""
    assert good(proved({"iss": "i", "sub": "s", "email": "x@evil.com"}, ONE_PROVIDER, NOW)).email == ""


@pytest.mark.parametrize("name", ["Rosa\nBcc: x", "a\u202eb", "a\u200bb", "x" * 201, 7, ["Rosa"], "\x00", None])
def test_a_name_that_is_no_line_is_none(name: object) -> None:
    """ID-07, SES-10: it only begins a form, so it is left out."""
    assert good(proved(claims(name=name), rules(), NOW)).name == ""


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["email", "email_verified", "hd", "acr", "amr", "auth_time", "name", SURF, SCOPED, "voperson_external_affiliation",
     "eduperson_assurance"]
)  # fmt: skip


@given(kind=st.sampled_from(Kind), changes=st.dictionaries(NAMES, JUNK), kept=st.booleans())
def test_whatever_a_provider_says_only_its_own_addresses_come_out(kind: Kind, changes: Any, kept: bool) -> None:
    """ID-01 to ID-05, ID-09, MFA-16: no junk is an exception, a foreign address, or a second factor out of nothing."""
    given = claims(hd="hospital.nl", **{SURF: "hospital.nl"}) | changes if kept else {"iss": "i", "sub": "s"} | changes
    provider = rules(kind)
    found = proved(given, provider, NOW)
    if isinstance(found, Refused):
        assert found.text.isprintable()
        return
    assert domain_of(found.email) in provider.domains
    assert not is_shared(found.email)
    assert not is_public(domain_of(found.email))
    assert given["email_verified"] is True or provider.vouched
    assert found.mfa is not Mfa.PROVED or found.authenticated is not None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Proved) == found


@given(
    local=st.from_regex(r"[a-z]{2,8}\.[a-z]{2,8}", fullmatch=True),
    prefix=st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True),
)
def test_nothing_before_or_behind_a_domain_makes_it_the_domain(local: str, prefix: str) -> None:
    """ID-01, ID-02: of all domains that hold the name, only the whole one counts."""
    for domain in (f"{prefix}hospital.nl", f"hospital.nl{prefix}", f"hospital.nl.{prefix}", f"{prefix}.hospital.nl"):
        found = proved(claims(email=f"{local}@{domain}"), rules(domains=("hospital.nl",)), NOW)
        assert isinstance(found, Refused) or domain.rstrip(".") == "hospital.nl"


@given(age=st.integers(-10_000, 10_000))
def test_a_proof_grows_old(age: int) -> None:
    """MFA-16: it counts in one span of time, and once over never again."""
    found = good(proved(claims(acr=REFEDS_MFA, auth_time=ago(age)), rules(), NOW))
    assert (found.mfa is Mfa.PROVED) == (-LEEWAY <= timedelta(seconds=age) <= MAX_AGE)
    assert found.authenticated is None or found.authenticated <= NOW


def test_userinfo_is_asked_only_where_something_is_missing() -> None:
    """E26, OpenID Connect Core 1.0 §5.4: what the rules look at, and where they look at anything."""
    assert not wants_userinfo(claims(), rules())
    assert wants_userinfo(claims(email=None), rules())
    assert wants_userinfo(claims(email_verified=None), rules())
    assert wants_userinfo(claims(), rules(Kind.SURFCONEXT))
    assert not wants_userinfo(claims(email_verified=None, schac_home_organization="x"), rules(Kind.SURFCONEXT))
    assert wants_userinfo(claims(), rules(Kind.LSAAI))
    of_home = claims(voperson_external_affiliation="faculty@hospital.nl")
    assert wants_userinfo(of_home, rules(Kind.LSAAI))
    assert not wants_userinfo(of_home | {"eduperson_assurance": []}, rules(Kind.LSAAI))
    assert wants_userinfo(claims(), rules(scopes=("openid", "eduperson_assurance")))
    assert not wants_userinfo({"sub": "rosa"}, ONE_PROVIDER)


@pytest.mark.parametrize("userinfo", [{"sub": "anna"}, {}, None, [], "rosa", {"sub": ["rosa"]}])
def test_userinfo_about_somebody_else_is_refused(userinfo: object) -> None:
    """OpenID Connect Core 1.0 §5.3.2: token substitution."""
    with pytest.raises(UserinfoRefused):
        with_userinfo(claims(email=None), userinfo)


def test_userinfo_adds_and_changes_nothing() -> None:
    """SES-04, MFA-16: neither who, nor how, nor a false word of the token's."""
    said = {
        "sub": "rosa", "iss": "https://evil.example", "acr": REFEDS_MFA, "amr": ["mfa"], "auth_time": 1, "hd": "x",
        "email": "anna@hospital.nl", "email_verified": True, "name": "Rosa", "schac_home_organization": "hospital.nl",
    }  # fmt: skip
    merged = with_userinfo(claims(email_verified=False), said)
    assert merged == claims(email_verified=False, name="Rosa", schac_home_organization="hospital.nl")
    own = with_userinfo(claims(email_verified=False), said | {"email": "rosa@hospital.nl"})
    assert own["email_verified"] is False
    linked = with_userinfo(claims(schac_home_organization="evil.nl"), said)
    assert linked["schac_home_organization"] == "evil.nl"


def test_an_address_and_that_it_was_checked_come_from_one_place() -> None:
    """ID-09: one's own checked address lends its check to no other."""
    said = {"sub": "rosa", "email": "anna@hospital.nl", "email_verified": False}
    assert with_userinfo(claims(email=None), said)["email_verified"] is False
    assert "email_verified" not in with_userinfo(claims(email=None), {"sub": "rosa", "email": "anna@hospital.nl"})
    other = with_userinfo(claims(email_verified=None), said | {"email_verified": True})
    assert (other["email"], other.get("email_verified")) == ("rosa@hospital.nl", None)
    same = with_userinfo(
        claims(email_verified=None), {"sub": "rosa", "email": "rosa@hospital.nl", "email_verified": True}
    )
    assert same["email_verified"] is True

"""The login providers of `sluis.toml`: what can be written, what stops the start, and what each comes to."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from access_policy.model.enums import Assurance
from hub_config.cli.settings_text import settings_text
from hub_config.login.presets import ASSURANCE, ONE_PROVIDER, PRESETS, REFEDS_MFA, Home, rules_of
from hub_config.login_settings import (
    Kind,
    Login,
    LoginProvider,
    first_issuer,
    is_issuer,
    issuer_of,
    missing_key,
    providers_problem,
)
from hub_config.settings import Settings, SettingsProblem, load_settings

pytestmark = pytest.mark.unit

HOSPITAL = LoginProvider(
    name="hospital", title="Hospital", domains=("Hospital.nl", "med.hospital.nl"), client_id="sluis",
    client_secret_file="/etc/sluis/hospital", issuer="https://login.hospital.nl", mfa_acr=("gold",), mfa_amr=("mfa",),
    mfa_max_age_minutes=5, assurance={"https://hospital.nl/seen": Assurance.SUBSTANTIAL},
)  # fmt: skip
SURF = LoginProvider(
    name="surf", title="SURFconext", domains=("rug.nl",), client_id="sluis", kind=Kind.SURFCONEXT,
    homes={"Med.rug.nl": "RUG.nl"},
)  # fmt: skip


def with_providers(*providers: LoginProvider) -> Settings:
    """Settings with these providers."""
    return Settings(login=Login(providers=providers))


def problem(**changes: object) -> str:
    """What is wrong with the hospital's provider after a change."""
    found = providers_problem(Login(providers=(msgspec.structs.replace(HOSPITAL, **changes),)), in_cluster=False)
    assert found is not None
    assert found.startswith("login provider `hospital`: " if "name" not in changes else "login provider ")
    return found


def test_several_providers_read_back(tmp_path: Path) -> None:
    """Also their lists and tables; the file says of each key what it is."""
    file, settings = tmp_path / "sluis.toml", with_providers(HOSPITAL, SURF)
    file.write_text(settings_text(settings, "A test"), encoding="utf-8")
    assert load_settings(file) == settings
    assert file.read_text(encoding="utf-8").count("\n[[login.providers]]\n") == 2


def test_the_one_provider_of_old_reads_as_ever(tmp_path: Path) -> None:
    """A file of an older release is good as it is."""
    file = tmp_path / "sluis.toml"
    file.write_text('[login]\nissuer = "https://a.example"\nclient_id = "x"\nclient_secret_file = "/y"\n')
    login = load_settings(file).login
    assert (first_issuer(login), login.providers) == ("https://a.example", ())
    assert missing_key(login, in_cluster=False) is None
    assert missing_key(Login(issuer="x", client_id="y"), in_cluster=True) is None
    assert missing_key(Login(issuer="x", client_id="y"), in_cluster=False) == "client_secret_file"
    assert missing_key(Login(providers=(HOSPITAL,)), in_cluster=False) is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('[[login.providers]]\nname = "a"\ntitle = "A"\nclient_id = "x"\ndomains = []', "domains"),
        ('[[login.providers]]\nname = "a"\ntitle = "A"\nclient_id = "x"', "domains"),
        ('[[login.providers]]\nname = "A b"\ntitle = "A"\nclient_id = "x"\ndomains = ["a.nl"]', "name"),
        ('[[login.providers]]\nname = "a"\ntitle = "A"\nclient_id = "x"\ndomains = ["a.nl"]\nkind = "x"', "kind"),
        (
            '[[login.providers]]\nname = "a"\ntitle = "A"\nclient_id = "x"\ndomains = ["a.nl"]\ndomain = 1',
            "domain",
        ),
        ('[[login.provider]]\nname = "a"', "provider"),
    ],
)
def test_a_misspelt_provider_stops_the_start(tmp_path: Path, lines: str, says: str) -> None:
    """CVE-2020-26250: nothing is left out in silence."""
    file = tmp_path / "sluis.toml"
    file.write_text(f"{lines}\n", encoding="utf-8")
    with pytest.raises(SettingsProblem, match=says):
        load_settings(file)


def test_a_provider_that_could_not_be_used_stops_the_start(tmp_path: Path) -> None:
    """CVE-2020-26250, ID-01, ID-04, S73: each with what to write instead."""
    assert "that of login.issuer" in problem(name="default")
    assert "is no issuer" in problem(issuer="http://login.hospital.nl")
    assert "is no issuer" in problem(issuer="")
    assert "gives a mailbox to anybody" in problem(domains=("hospital.nl", "Gmail.com"))
    assert "no domain in ASCII letters" in problem(domains=("h\u043espital.nl",))
    assert "no domain" in problem(domains=("hospital",))
    assert "`google` only" in problem(hosted_domains=("hospital.nl",))
    assert "`surfconext` and `lsaai` only" in problem(homes={"a.nl": "b.nl"})
    twice = msgspec.structs.replace(HOSPITAL, name="again")
    assert "issuer `https://login.hospital.nl` stands there twice" in str(
        providers_problem(Login(providers=(HOSPITAL, twice)), in_cluster=False)
    )
    assert "name `hospital` stands" in str(providers_problem(Login(providers=(HOSPITAL, HOSPITAL)), in_cluster=False))
    assert "client-secret-hospital" in str(providers_problem(Login(providers=(HOSPITAL,)), in_cluster=True))
    both = Login(issuer="https://a.example", providers=(HOSPITAL,))
    assert "either login.issuer or" in str(providers_problem(both, in_cluster=False))
    assert providers_problem(Login(providers=(HOSPITAL, SURF)), in_cluster=False) is None
    file = tmp_path / "sluis.toml"
    file.write_text(settings_text(Settings(login=both), "A test"), encoding="utf-8")
    with pytest.raises(SettingsProblem, match=r"either login\.issuer"):
        load_settings(file)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://login.hospital.nl", True), ("https://login.hospital.nl/realms/x/", True),
        ("http://127.0.0.1:8080", True), ("http://localhost:1", True), ("http://[::1]:1", True),
        ("http://login.hospital.nl", False), ("http://127.0.0.1.evil.example", False), ("https://", False),
        ("https://a.nl?x=1", False), ("https://a.nl#x", False), ("https://user@a.nl", False), ("ftp://a.nl", False),
        ("https://a b.nl", False), ("https://h\u043espital.nl", False), ("https://[", False), ("", False),
    ],
)  # fmt: skip
def test_what_an_issuer_is(text: str, good: bool) -> None:
    """SES-04: https, or this machine; RFC 8414 §2 without query and fragment."""
    assert is_issuer(text) is good


def test_what_a_provider_comes_to() -> None:
    """S73, MFA-16: its own words, and those of its kind where it has none."""
    rules = rules_of(HOSPITAL)
    assert rules.domains == {"hospital.nl", "med.hospital.nl"}
    assert (rules.mfa_acr, rules.mfa_amr, rules.mfa_named) == (("gold",), ("mfa",), True)
    assert rules.mfa_max_age == timedelta(minutes=5)
    assert rules.assurance == {**ASSURANCE, "https://hospital.nl/seen": Assurance.SUBSTANTIAL}
    surf = rules_of(SURF)
    assert (surf.home, surf.homes, surf.vouched) == (Home.ORGANISATION, {"med.rug.nl": "rug.nl"}, True)
    assert (REFEDS_MFA in surf.mfa_acr, surf.mfa_named, surf.scopes) == (True, False, ("openid",))
    assert issuer_of(SURF) == "https://connect.surfconext.nl"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_preset(kind: Kind) -> None:
    """S73: whoever stands before many institutions says which; and only such a one is believed about addresses."""
    preset = PRESETS[kind]
    assert preset.home is not Home.NONE or not preset.vouched
    rules = rules_of(msgspec.structs.replace(HOSPITAL, kind=kind, mfa_acr=(), mfa_amr=(), scopes=("x",)))
    assert rules.scopes == ("openid", "x")
    assert (rules.hosted == rules.domains) if kind is Kind.GOOGLE else rules.hosted is None


def test_the_one_provider_of_old_proves_neither_address_nor_factor() -> None:
    """An update changes nobody's login."""
    assert (ONE_PROVIDER.mfa_max_age, ONE_PROVIDER.scopes) == (timedelta(0), ("openid",))
    assert not ONE_PROVIDER.domains

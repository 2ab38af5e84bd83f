"""Which provider is meant, and what it is asked with."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from hub_config.login.claims import Mfa
from hub_config.login.presets import REFEDS_MFA, Rules
from hub_config.login.provider import Client, Metadata
from hub_config.login.providers import (
    Asking,
    Door,
    Doors,
    Question,
    address,
    callback_path,
    can_prove_mfa,
    challenge_of,
    may_ask_again,
)

pytestmark = pytest.mark.unit

METADATA = Metadata("https://a.nl", "https://a.nl/auth", "https://a.nl/token", "https://a.nl/keys")
KNOWS_MFA = msgspec.structs.replace(METADATA, acr_values_supported=("0", REFEDS_MFA))
RULES = Rules(
    name="a", scopes=("openid", "email"), domains=frozenset({"a.nl", "med.a.nl"}), mfa_acr=(REFEDS_MFA, "gold"),
    mfa_max_age=timedelta(minutes=15),
)  # fmt: skip
NAMED = msgspec.structs.replace(RULES, mfa_named=True)
OFF = msgspec.structs.replace(NAMED, mfa_max_age=timedelta(0))
QUESTION = Question(redirect_uri="https://s.nl/hub/oauth_callback/a", state="s", nonce="n", challenge="c")


def door(name: str, title: str = "", rules: Rules = RULES) -> Door:
    """A provider."""
    client = Client(f"https://{name}.nl", "sluis")
    return Door(title=title, client=client, rules=msgspec.structs.replace(rules, name=name), identity_issuer="i")


def query(rules: Rules, metadata: Metadata = METADATA, asking: Asking = Asking.FIRST) -> dict[str, Any]:
    """What such a provider is asked with."""
    where = address(door("a", rules=rules), metadata, msgspec.structs.replace(QUESTION, asking=asking))
    return {name: " ".join(values) for name, values in parse_qs(urlsplit(where).query).items()}


def test_what_every_login_goes_out_with() -> None:
    """SES-02, SES-03: the code flow with PKCE, state and nonce, and not a word more."""
    assert query(RULES) == {
        "response_type": "code", "client_id": "sluis", "redirect_uri": "https://s.nl/hub/oauth_callback/a",
        "scope": "openid email", "state": "s", "nonce": "n", "code_challenge": "c", "code_challenge_method": "S256",
    }  # fmt: skip
    with_query = msgspec.structs.replace(METADATA, authorization_endpoint="https://a.nl/auth?realm=x")
    assert address(door("a"), with_query, QUESTION).startswith("https://a.nl/auth?realm=x&response_type=code&")


def test_the_challenge_is_that_of_the_specification() -> None:
    """SES-03: RFC 7636, Appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_second_factor_is_asked_for_where_that_is_worth_it() -> None:
    """MFA-16: where the settings name it, all of it; where only the kind does, what the provider says that it knows."""
    assert [can_prove_mfa(RULES, METADATA), can_prove_mfa(OFF, KNOWS_MFA)] == [False, False]
    assert [can_prove_mfa(RULES, KNOWS_MFA), can_prove_mfa(NAMED, METADATA)] == [True, True]
    named = {"max_age": "900", "acr_values": f"{REFEDS_MFA} gold"}
    assert query(NAMED) == query(RULES) | named
    assert query(NAMED, asking=Asking.AGAIN) == query(RULES) | named | {"prompt": "login"}
    assert query(RULES, KNOWS_MFA) == query(RULES) | named | {"acr_values": REFEDS_MFA}
    by_method = msgspec.structs.replace(NAMED, mfa_acr=(), mfa_amr=("mfa",))
    assert query(by_method) == query(RULES) | {"max_age": "900"}
    assert query(NAMED, asking=Asking.PLAIN) == query(RULES)


def test_it_is_asked_for_once_more_at_most() -> None:
    """MFA-16."""
    again = [(asking, mfa) for asking in Asking for mfa in Mfa if may_ask_again(asking, mfa)]
    assert again == [(Asking.FIRST, Mfa.STALE), (Asking.FIRST, Mfa.NONE)]


def test_each_provider_has_a_callback_of_its_own() -> None:
    """RFC 9700 §4.4: and that of the one provider stays what is registered."""
    assert [callback_path(name) for name in ("default", "a", "b")] == [
        "oauth_callback", "oauth_callback/a", "oauth_callback/b",
    ]  # fmt: skip


def test_a_provider_is_found_by_its_name() -> None:
    """Without a name only where there is but one."""
    one, other = door("a"), door("b")
    assert Doors([one]).get("") is one
    assert Doors([one, other]).get("") is None
    assert [Doors([one, other]).get(name) for name in ("a", "b", "c", "A")] == [one, other, None, None]
    assert Doors([one]).get("b") is None


def test_people_find_theirs_by_title_domain_and_address() -> None:
    """S73."""
    one, other = door("a", "Universität A"), door("b", "Hospital B", msgspec.structs.replace(RULES, domains={"b.nl"}))
    doors = Doors([one, other])
    assert doors.matching("") == [one, other]
    assert doors.matching(" UNIVERSITÄT") == [one]
    assert doors.matching("b.nl") == [other]
    assert doors.matching("rosa@med.A.nl") == [one]
    assert doors.matching("nowhere") == []

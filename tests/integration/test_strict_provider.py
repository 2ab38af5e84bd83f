"""Login at a provider of somebody else's, which insists on what the specifications say: `tests/oidc`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from access_policy import events as e
from access_policy.model.enums import FactorKind
from tests.integration.login_state import NEWCOMERS, READY
from tests.integration.several_hub import AT_STRICT, REFEDS_MFA, STRICT, SeveralHub, Visitor

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeveralHub]:
    """One hub for the tests of this module."""
    hub = SeveralHub(tmp_path_factory.mktemp("strict") / "s")
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


LOGINS = iter(one for one in READY if one in AT_STRICT)


@pytest.fixture
def visitor(hub: SeveralHub) -> Visitor:
    """Somebody with a login there and a factor here."""
    return Visitor(hub, next(LOGINS), STRICT)


def asked(visitor: Visitor, interaction: str) -> dict[str, Any]:
    """What the provider says that it has to ask, and why."""
    return dict(visitor.http.get(interaction).json())


def changed(address: str, **query: str) -> str:
    """An address with other arguments."""
    parts = urlsplit(address)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()} | query
    return parts._replace(query=urlencode(given)).geturl()


def test_a_login_with_userinfo_and_a_client_secret(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-03, RFC 9207: the address stands in the userinfo only, the answer names its issuer, the code is exchanged."""
    interaction = visitor.interaction(visitor.away())
    told = asked(visitor, interaction)
    assert (told["prompt"], told["params"]["code_challenge_method"]) == ("login", "S256")
    back = visitor.give(interaction)
    assert parse_qs(urlsplit(back).query)["iss"] == [hub.issuers[STRICT]]
    assert visitor.get(back).headers["location"] == "/hub/second-factor"
    assert visitor.second_factor().status_code == 303
    assert visitor.is_in()
    assert [one.provider for one in hub.observations(e.SessionBegun) if one.person == visitor.person] == [STRICT]


def test_an_answer_without_its_issuer_is_refused_where_the_provider_gives_it(hub: SeveralHub, visitor: Visitor) -> None:
    """RFC 9207 §2.4: whoever says that they name themselves, and does not, is somebody else."""
    back = visitor.give(visitor.interaction(visitor.away()))
    assert visitor.get(back.partition("&iss=")[0]).status_code == 400


def test_a_code_is_bound_to_the_browser_that_asked(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-03 (RFC 7636): a stolen code is worth nothing in another login."""
    stolen = visitor.give(visitor.interaction(visitor.away()))
    thief = Visitor(hub, visitor.login, STRICT)
    state = parse_qs(urlsplit(thief.away()).query)["state"][0]
    assert thief.get(changed(stolen, state=state)).status_code == 502
    assert not any(cookie.name == "sluis-pending-login" for cookie in thief.http.cookies.jar)
    assert visitor.get(stolen).status_code == 303


def test_another_challenge_is_refused(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-03: somebody who changes the request on its way has no verifier for it."""
    away = changed(visitor.away(), code_challenge="x" * 43)
    assert visitor.get(visitor.give(visitor.interaction(away))).status_code == 502


def test_another_nonce_is_refused(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-04: an ID token of another login, with a code that fits."""
    away = changed(visitor.away(), nonce="of-another-login")
    answer = visitor.get(visitor.give(visitor.interaction(away)))
    assert (answer.status_code, visitor.is_in()) == (403, False)
    assert "id_token" in [one.why for one in hub.observations(e.LoginRefused)]


def test_a_code_counts_once(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-02, SES-03: the answer again, with and without its state."""
    back = visitor.give(visitor.interaction(visitor.away()))
    assert visitor.get(back).status_code == 303
    assert visitor.get(back).status_code == 400


def test_a_second_factor_is_asked_for_and_believed(hub: SeveralHub) -> None:
    """MFA-16: the class that was asked for, lately given: in at once, and again from the provider's own session."""
    newcomer = Visitor(hub, NEWCOMERS[2], STRICT)
    interaction = newcomer.interaction(newcomer.away())
    told = asked(newcomer, interaction)["params"]
    assert (told["acr_values"], int(told["max_age"])) == (REFEDS_MFA, 900)
    answer = newcomer.get(newcomer.give(interaction, acr=REFEDS_MFA))
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/desk/")
    with hub.policy.reading() as state:
        assert [one.kind for one in state.people[newcomer.person].factors.values()] == [FactorKind.PROVIDER]


def test_a_login_with_one_factor_is_sent_back_and_asked_anew(hub: SeveralHub) -> None:
    """MFA-16: `prompt=login` takes the provider's session away, so that it asks again; then nothing is asked twice."""
    newcomer = Visitor(hub, NEWCOMERS[3], STRICT)
    back = newcomer.give(newcomer.interaction(newcomer.away()), acr="urn:one-factor")
    again = newcomer.get(back)
    assert again.status_code == 302
    interaction = newcomer.interaction(again.headers["location"])
    assert "login_prompt" in asked(newcomer, interaction)["reasons"]
    answer = newcomer.get(newcomer.give(interaction, acr=REFEDS_MFA))
    assert answer.headers["location"] == "/services/desk/"
    other = Visitor(hub, NEWCOMERS[4], STRICT)
    back = other.give(other.interaction(other.away()))
    once = other.get(back).headers["location"]
    assert other.get(other.give(other.interaction(once))).headers["location"] == "/hub/enrol"


def test_an_address_that_was_not_checked_is_refused(hub: SeveralHub) -> None:
    """ID-09: also where the userinfo says so."""
    stranger = Visitor(hub, "unchecked", STRICT)
    answer = stranger.get(stranger.give(stranger.interaction(stranger.away())))
    assert answer.status_code == 403
    assert not any(cookie.name == "sluis-pending-login" for cookie in stranger.http.cookies.jar)

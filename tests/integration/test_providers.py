"""Several login providers at a real hub: what each may say, and that no answer of one is taken for another's."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from access_policy import events as e
from access_policy.model.enums import Assurance, FactorKind
from access_policy.state import Person
from tests.integration.login_browser import reason
from tests.integration.login_hub import LoginHub
from tests.integration.login_state import NEWCOMERS, READY
from tests.integration.several_hub import GOOGLE, HOSPITAL, NORTH, REFEDS_MFA, SeveralHub, Visitor

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeveralHub]:
    """One hub for the tests of this module; each takes a login of its own."""
    hub = SeveralHub(tmp_path_factory.mktemp("several") / "s")
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


@pytest.fixture
def visitor(hub: SeveralHub) -> Visitor:
    """Somebody of the hospital who has not logged in yet, and of whom it says what is right."""
    login = hub.fresh_login()
    hub.says(HOSPITAL, login, **address_of(login))
    return Visitor(hub, login)


def address_of(login: str) -> dict[str, Any]:
    """What the hospital says about its people."""
    return {"email": f"{login}@hospital.example", "email_verified": True}


def mfa(seconds: int = 0) -> dict[str, Any]:
    """What a provider says that asked for a second factor so many seconds ago."""
    return {"acr": REFEDS_MFA, "auth_time": int(time.time()) - seconds}


def nobody_came_in(hub: LoginHub, visitor: Visitor) -> bool:
    """Say whether there is neither a half login nor a hub user."""
    cookies = {cookie.name for cookie in visitor.http.cookies.jar if cookie.value}
    return not cookies & {"sluis-pending-login", "sluis-session", "jupyterhub-hub-login"}


def refusals(hub: SeveralHub) -> list[str]:
    """Why logins were refused so far."""
    return [one.why for one in hub.observations(e.LoginRefused)]


def person(hub: SeveralHub, visitor: Visitor) -> Person:
    """What the log knows of somebody."""
    with hub.policy.reading() as state:
        return state.people[visitor.person]


def session_begun(hub: SeveralHub, visitor: Visitor) -> Any:
    """The evidence of somebody's newest login."""
    return [one for one in hub.observations(e.SessionBegun) if one.person == visitor.person][-1]


def test_the_login_page_leads_to_each_provider(hub: SeveralHub) -> None:
    """S73: by institution, with what each speaks for, and with the page that somebody wanted."""
    browser = Visitor(hub)
    page = browser.get("/hub/login?next=/services/desk/requests")
    links = re.findall(r'<a class="button" href="([^"]+)">([^<]+)</a>\s*<span class="note">([^<]+)<', page.text)
    assert [(title, domains) for _, title, domains in links] == [
        ("The Hospital", "hospital.example, med.hospital.example"), ("The North", "north.example"),
        ("The Google", "google.example"), ("The Strict", "strict.example"),
    ]  # fmt: skip
    for (link, _, _), issuer in zip(links, hub.issuers.values(), strict=True):
        answer = browser.get(f"/hub/{link.replace('&amp;', '&')}")
        assert answer.headers["location"].startswith(issuer)
    assert 'type="search"' not in page.text
    assert browser.get("/hub/oauth_login").headers["location"] == "/hub/login"
    assert browser.get("/hub/oauth_login?provider=nobody").status_code == 404
    assert browser.get("/hub/oauth_login?provider=../x").status_code == 404


def test_nothing_on_the_login_page_is_echoed_unescaped(hub: SeveralHub) -> None:
    """SES-10, GHSA-c4gm."""
    lure = urlencode({"find": '"><script>alert(1)</script>', "next": '/hub/"><script>alert(1)</script>'})
    assert "<script>alert" not in Visitor(hub).get(f"/hub/login?{lure}").text


def test_a_login_goes_out_with_pkce_nonce_and_what_a_second_factor_takes(hub: SeveralHub, visitor: Visitor) -> None:
    """SES-02, SES-03, MFA-16: its own callback, S256, fresh random values each time, `acr_values` and `max_age`."""
    first, second = (parse_qs(urlsplit(visitor.away()).query) for _ in range(2))
    assert first["redirect_uri"] == [f"{hub.url}/hub/oauth_callback/{HOSPITAL}"]
    assert (first["code_challenge_method"], first["response_type"]) == (["S256"], ["code"])
    assert (first["acr_values"], first["max_age"]) == ([REFEDS_MFA], ["900"])
    assert "prompt" not in first
    for name in ("nonce", "state", "code_challenge"):
        assert first[name] != second[name]


def test_a_login_at_a_provider_and_its_evidence(hub: SeveralHub, visitor: Visitor) -> None:
    """S76, E26: the code is ours; provider, stated level and factor stand in the session and in the log."""
    level = {"eduperson_assurance": ["https://refeds.org/assurance/IAP/high"]}
    hub.says(HOSPITAL, visitor.login, **address_of(visitor.login), **level)
    assert visitor.arrive().headers["location"] == "/hub/second-factor"
    assert visitor.second_factor().status_code == 303
    assert visitor.is_in()
    begun = session_begun(hub, visitor)
    session = hub.policy.records.newest_live_session(visitor.person, hub.policy.now())
    assert session is not None
    for told in (begun.provider, session.provider):
        assert told == HOSPITAL
    assert begun.assurance is session.assurance is Assurance.SUBSTANTIAL
    assert (begun.method, session.factor_kind) == (FactorKind.TOTP, FactorKind.TOTP)
    assert begun.factor == session.factor in person(hub, visitor).factors


def test_nothing_of_a_half_login_lies_open(hub: SeveralHub, visitor: Visitor) -> None:
    """MFA-07, MFA-11: what the provider said waits sealed by what the browser alone holds."""
    visitor.arrive()
    shown = " ".join(cookie.value or "" for cookie in visitor.http.cookies.jar)
    kept = b"".join(file.read_bytes() for file in hub.places.state.glob("log.sqlite*"))
    assert "hospital.example" not in shown
    assert f"{visitor.login}@hospital.example".encode() not in kept


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "ID-01: ends alike": ({"email": "x@evil-hospital.example"}, "domain_foreign"),
    "ID-02: a sub-domain": ({"email": "x@sub.hospital.example"}, "domain_foreign"),
    "ID-02: as a label": ({"email": "x@hospital.example.evil.example"}, "domain_foreign"),
    "ID-03: two addresses": ({"email": "a@hospital.example,b@evil.example"}, "email_malformed"),
    "ID-03: a header": ({"email": "a@hospital.example\r\nBcc: b@evil.example"}, "email_malformed"),
    "ID-04: a homoglyph": ({"email": "x@h\u043espital.example"}, "email_malformed"),
    "ID-09: not checked": ({"email_verified": False}, "email_not_verified"),
    "ID-09: a text": ({"email_verified": "true"}, "email_not_verified"),
    "ID-09: it does not say": ({"email_verified": None}, "email_not_verified"),
    "no address": ({"email": None}, "email_missing"),
    "an office": ({"email": "info@hospital.example"}, "mailbox_shared"),
    "a public provider": ({"email": "x@gmail.com"}, "mailbox_public"),
}


@pytest.mark.parametrize(("claims", "why"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_known_person_without_a_proved_address_does_not_come_in(
    hub: SeveralHub, claims: dict[str, Any], why: str
) -> None:
    """ID-01 to ID-04, ID-09, CVE-2026-33175: also where an admin linked the identity; told in the log, without echo."""
    login = READY[19]
    said = {name: value for name, value in (address_of(login) | claims).items() if value is not None}
    hub.says(HOSPITAL, login, **said)
    visitor = Visitor(hub, login)
    answer = visitor.arrive()
    assert answer.status_code == 403
    assert refusals(hub)[-1] == why
    assert nobody_came_in(hub, visitor)
    assert str(said.get("email", "no address")) not in answer.text


def test_no_provider_speaks_for_another_ones_people(hub: SeveralHub, visitor: Visitor) -> None:
    """CVE-2022-31027, ID-09: the same subject and the same address at another provider are somebody else."""
    victim = visitor.login
    hub.says(NORTH, victim, **address_of(victim))
    thief = Visitor(hub, victim, NORTH)
    assert thief.arrive().status_code == 403
    hub.says(NORTH, victim, email=f"{victim}@north.example", email_verified=True)
    answer = thief.arrive()
    assert (answer.status_code, nobody_came_in(hub, thief)) == (403, True)
    assert "nobody here is registered" in reason(answer)
    assert refusals(hub)[-1] == "unknown_identity"
    assert len(person(hub, visitor).identities) == 1


def test_an_answer_belongs_to_the_provider_that_was_asked(hub: SeveralHub, visitor: Visitor) -> None:
    """RFC 9700 §4.4 (mix-up), SES-02: not at another callback, with another provider's code, or by its word."""
    at_home = urlsplit(visitor.callback())
    elsewhere = visitor.get(f"/hub/oauth_callback/{NORTH}?{at_home.query}")
    assert (elsewhere.status_code, nobody_came_in(hub, visitor)) == (400, True)
    at_the_old = urlsplit(visitor.callback())
    assert visitor.get(f"/hub/oauth_callback?{at_the_old.query}").status_code == 400

    foreign = parse_qs(urlsplit(Visitor(hub, visitor.login, NORTH).callback()).query)["code"][0]
    state = parse_qs(urlsplit(visitor.away()).query)["state"][0]
    answer = visitor.get(f"/hub/oauth_callback/{HOSPITAL}?{urlencode({'code': foreign, 'state': state})}")
    assert (answer.status_code, nobody_came_in(hub, visitor)) == (502, True)

    for issuer, status in ((hub.issuers[NORTH], 400), (f"{hub.issuers[HOSPITAL]}/", 400), (hub.issuers[HOSPITAL], 303)):
        back = f"{visitor.callback()}&{urlencode({'iss': issuer})}"
        assert visitor.get(back).status_code == status, issuer
    twice = f"{visitor.callback()}&{urlencode([('iss', hub.issuers[NORTH]), ('iss', hub.issuers[HOSPITAL])])}"
    assert visitor.get(twice).status_code == 400


def test_two_logins_at_once_do_not_meet(hub: SeveralHub) -> None:
    """SES-02, RFC 9700 §4.4: while one is on the way to a provider, another one goes to another provider."""
    logins = [hub.fresh_login(), hub.fresh_login()]
    for login in logins:
        hub.says(HOSPITAL, login, **address_of(login))
    one, other = (Visitor(hub, login) for login in logins)
    away = one.away()
    stranger = Visitor(hub, logins[0], NORTH)
    stranger.away()
    back = other.callback()
    assert one.get(one.callback(away)).headers["location"] == "/hub/second-factor"
    assert other.get(back).headers["location"] == "/hub/second-factor"
    assert other.second_factor().status_code == 303
    assert session_begun(hub, other).provider == HOSPITAL


def test_a_provider_that_proves_a_second_factor_spares_ours(hub: SeveralHub) -> None:
    """MFA-16, S76: at once in; the factor stands in the log and waits for the verifier, as any first one does."""
    newcomer = Visitor(hub, NEWCOMERS[0])
    hub.says(HOSPITAL, newcomer.login, **address_of(newcomer.login), **mfa(60))
    answer = newcomer.arrive()
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/desk/")
    assert newcomer.is_in()
    ((factor, known),) = person(hub, newcomer).factors.items()
    assert (known.kind, known.confirmed) == (FactorKind.PROVIDER, None)
    session = hub.policy.records.newest_live_session(newcomer.person, hub.policy.now())
    assert session is not None
    assert (session.factor_kind, session.factor) == (FactorKind.PROVIDER, factor)
    assert 55 <= (session.begun - session.factor_at).total_seconds() <= 300
    assert Visitor(hub, newcomer.login).arrive().headers["location"] == "/services/desk/"
    assert list(person(hub, newcomer).factors) == [factor]

    hub.says(HOSPITAL, newcomer.login, **address_of(newcomer.login))
    late = Visitor(hub, newcomer.login)
    again = late.arrive()
    assert late.get(late.callback(again.headers["location"])).status_code == 403
    assert refusals(hub)[-1] == "provider_factor_none"
    assert nobody_came_in(hub, late)


UNPROVED: dict[str, dict[str, Any]] = {
    "nothing": {}, "one factor": {"acr": "1", "auth_time": 1},
    "too long ago": {"acr": REFEDS_MFA, "auth_time": 1_700_000_000}, "methods of no name": {"amr": ["mfa", "otp"]},
}  # fmt: skip


@pytest.mark.parametrize("said", UNPROVED.values(), ids=UNPROVED.keys())
def test_without_a_fresh_proof_the_browser_is_sent_back_once(hub: SeveralHub, said: dict[str, Any]) -> None:
    """MFA-16: with `prompt=login`, `max_age` and `acr_values`; then our own factor is enrolled."""
    newcomer = Visitor(hub, NEWCOMERS[1])
    hub.says(HOSPITAL, newcomer.login, **address_of(newcomer.login), **said)
    answer = newcomer.arrive()
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["prompt"], query["max_age"], query["acr_values"]) == (["login"], ["900"], [REFEDS_MFA])
    assert nobody_came_in(hub, newcomer)
    second = newcomer.get(newcomer.callback(answer.headers["location"]))
    assert (second.status_code, second.headers["location"]) == (303, "/hub/enrol")
    assert not newcomer.is_in()
    assert not person(hub, newcomer).factors


def test_a_factor_of_ours_vouches_for_the_providers(hub: SeveralHub, visitor: Visitor) -> None:
    """MFA-08, MFA-16: who has one here gives it once more; from then on the provider's proof counts, confirmed."""
    hub.says(HOSPITAL, visitor.login, **address_of(visitor.login), **mfa())
    assert visitor.arrive().headers["location"] == "/hub/second-factor"
    assert not visitor.is_in()
    assert visitor.second_factor().status_code == 303
    kinds = {factor.kind: factor.confirmed for factor in person(hub, visitor).factors.values()}
    assert kinds[FactorKind.PROVIDER] is not None
    assert session_begun(hub, visitor).method is FactorKind.TOTP
    again = Visitor(hub, visitor.login)
    assert again.arrive().headers["location"] == "/services/desk/"
    assert session_begun(hub, again).method is FactorKind.PROVIDER
    hub.says(HOSPITAL, visitor.login, **address_of(visitor.login))
    without = Visitor(hub, visitor.login)
    sent_back = without.arrive()
    answer = without.get(without.callback(sent_back.headers["location"]))
    assert answer.headers["location"] == "/hub/second-factor"


def test_a_provider_that_cannot_is_asked_without(hub: SeveralHub, visitor: Visitor) -> None:
    """MFA-16: who gets "unmet authentication requirements" for an answer is asked once more, plainly, and no more."""
    away = visitor.away()
    for status in (302, 403):
        state = parse_qs(urlsplit(away).query)["state"][0]
        query = urlencode({"error": "unmet_authentication_requirements", "state": state})
        answer = visitor.get(f"/hub/oauth_callback/{HOSPITAL}?{query}")
        assert answer.status_code == status
        away = answer.headers.get("location", "")
        assert not {"prompt", "max_age", "acr_values"} & parse_qs(urlsplit(away).query).keys()


def test_a_provider_that_is_down_takes_no_other_along(hub: SeveralHub, visitor: Visitor) -> None:
    """FLT-11: what one says in a broken way fails its own logins."""
    state = parse_qs(urlsplit(Visitor(hub, "", NORTH).away()).query)["state"][0]
    assert Visitor(hub).get(f"/hub/oauth_callback/{NORTH}?code=x&state={state}").status_code == 400
    gone = Visitor(hub, "", NORTH)
    state = parse_qs(urlsplit(gone.away()).query)["state"][0]
    assert gone.get(f"/hub/oauth_callback/{NORTH}?code=nonsense&state={state}").status_code == 502
    assert visitor.arrive().headers["location"] == "/hub/second-factor"
    assert "nonsense" not in hub.log("hub")


@pytest.mark.parametrize("hd", [None, "", "evil.example", "google.example.evil.example", "x.google.example"])
def test_an_account_of_google_outside_the_hosted_domain(hub: SeveralHub, hd: str | None) -> None:
    """ID-11, GHSA-55m3: the address alone is anybody's private account; `hd` is missing or another's."""
    subject, before = f"lure-{hd}", refusals(hub)
    said = {"email": "lure@google.example", "email_verified": True}
    hub.says(GOOGLE, subject, **said if hd is None else said | {"hd": hd})
    visitor = Visitor(hub, subject, GOOGLE)
    assert visitor.arrive().status_code == 403
    assert nobody_came_in(hub, visitor)
    assert len(refusals(hub)) == len(before) + 1


def test_an_account_of_google_in_the_hosted_domain(hub: SeveralHub) -> None:
    """ID-11: the same account with the domain's own `hd` passes that door; whether anybody knows it is asked next."""
    hub.says(GOOGLE, "hosted", email="hosted@google.example", email_verified=True, hd="google.example")
    answer = Visitor(hub, "hosted", GOOGLE).arrive()
    assert (answer.status_code, answer.headers.get("location")) == (303, "/hub/who")

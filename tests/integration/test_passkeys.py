"""Passkeys at a real hub: a first one, a login, a command and a further one; and what no passkey is (MFA-15)."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.grants import EndRequest
from access_policy.model.enums import FactorKind
from access_policy.model.ids import RequestId
from hub_config import step_ups
from hub_config.login.passkey_answers import credential_digest
from hub_config.login.second_factor import TRIES
from hub_config.step_ups import DESK, Asker
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub, running_hub
from tests.integration.login_state import ANNA, BRAM
from tests.unit.hub_config.login.authenticators import PRESENT, Authenticator, Says, text

pytestmark = pytest.mark.integration
ADD = "/hub/factors/passkey"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """A hub that browsers reach by a name."""
    with running_hub(tmp_path_factory.mktemp("passkeys") / "s", by_name=True) as hub:
        yield hub


@pytest.fixture
def browser(hub: LoginHub) -> Browser:
    """A browser of somebody who has an authenticator app and is logged in."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    return browser


@pytest.fixture
def key(hub: LoginHub) -> Authenticator:
    """An authenticator with nothing on it."""
    return Authenticator(hub.url)


def options(page: httpx.Response) -> str:
    """What the page asks the browser's authenticator for."""
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None, page.text[:1500]
    return unescape(found[1])


def give(browser: Browser, key: Authenticator, page: str, says: Says | None = None) -> httpx.Response:
    """Give a passkey on a page that asks for one."""
    shown = browser.get(page)
    return browser.post(page, field(shown.text, "_xsrf"), passkey=key.give(options(shown), says))


def make(browser: Browser, key: Authenticator, page: str, says: Says | None = None, name: str = "") -> httpx.Response:
    """Make one on a page that asks for one."""
    shown = browser.get(page)
    return browser.post(page, field(shown.text, "_xsrf"), passkey=key.make(options(shown), says), name=name)


def begin(browser: Browser) -> str:
    """Ask for a further passkey; the page on which a factor is given for it."""
    answer = browser.post(ADD, browser.http.cookies.get("_xsrf", path="/hub/") or "")
    assert answer.status_code == 303, reason(answer)
    return answer.headers["location"]


def add(browser: Browser, key: Authenticator, name: str = "") -> httpx.Response:
    """Add a further passkey, after a code."""
    answer = browser.second_factor(page=begin(browser))
    assert answer.headers["location"].startswith(f"{ADD}?ask=")
    return make(browser, key, answer.headers["location"], name=name)


def log_in(hub: LoginHub, login: str, key: Authenticator, says: Says | None = None) -> tuple[Browser, httpx.Response]:
    """Log in with a passkey."""
    browser = Browser(hub, login)
    return browser, give(browser, key, browser.first_factor().headers["location"], says)


def test_a_first_passkey_and_a_login_with_it(hub: LoginHub, key: Authenticator) -> None:
    """S17, S76: made at the first login, unconfirmed; who has nothing else is asked for no code."""
    newcomer = Browser(hub, "newcomer1")
    assert newcomer.first_factor().headers["location"] == "/hub/enrol"
    refused = make(newcomer, key, "/hub/enrol", Says(flags=PRESENT))
    assert (refused.status_code, newcomer.is_in()) == (403, False)
    assert "This passkey was not right" in reason(refused)
    assert make(newcomer, key, "/hub/enrol").status_code == 303
    assert newcomer.is_in()
    with hub.policy.reading() as state:
        ((name, factor),) = state.people[newcomer.person].factors.items()
    assert (factor.kind, factor.confirmed) == (FactorKind.PASSKEY, None)
    again = Browser(hub, "newcomer1")
    page = again.get(again.first_factor().headers["location"])
    assert 'name="code"' not in page.text
    assert '<script src="/hub/assets/passkey.js" defer></script>' in page.text
    again, answer = log_in(hub, "newcomer1", key)
    assert (answer.status_code, again.is_in()) == (303, True)
    begun = [one for one in hub.observations(e.SessionBegun) if one.person == newcomer.person]
    assert [(one.method, one.factor) for one in begun] == [(FactorKind.PASSKEY, name)] * 2


def test_a_further_passkey(hub: LoginHub, browser: Browser, key: Authenticator) -> None:
    """S17, MFA-08: after a code of this session; it counts at once, and the other sessions of its person end."""
    other = Browser(hub, browser.login)
    other.log_in()
    added = add(browser, key, "my telephone")
    assert (added.status_code, added.headers["location"]) == (303, "/hub/factors")
    assert (browser.is_in(), other.is_in()) == (True, False)
    with hub.policy.reading() as state:
        factors = state.people[browser.person].factors
    (made,) = [name for name, one in factors.items() if one.kind is FactorKind.PASSKEY]
    assert factors[made].confirmed is not None
    assert hub.policy.records.factor_names(browser.person)[made] == "my telephone"
    again, answer = log_in(hub, browser.login, key)
    assert (answer.status_code, again.is_in()) == (303, True)


def test_without_a_factor_given_nothing_is_added(hub: LoginHub, browser: Browser, key: Authenticator) -> None:
    """MFA-08, MFA-13: the page leads to the step-up; another session, or nobody's, gets nowhere with its address."""
    page = begin(browser).replace("/hub/step-up", ADD)
    assert browser.get(page).headers["location"] == page.replace(ADD, "/hub/step-up")
    xsrf = browser.http.cookies.get("_xsrf", path="/hub/") or ""
    assert browser.post(page, xsrf, passkey="{}").status_code == 404
    given = browser.second_factor(page=page.replace(ADD, "/hub/step-up"))
    stranger = Browser(hub, hub.fresh_login())
    assert stranger.get(given.headers["location"]).status_code == 302
    stranger.log_in()
    assert stranger.get(given.headers["location"]).status_code == 404
    assert make(browser, key, given.headers["location"]).status_code == 303
    assert browser.get(given.headers["location"]).status_code == 404


def test_a_passkey_is_given_for_a_command(hub: LoginHub, browser: Browser, key: Authenticator) -> None:
    """S76, MFA-08: bound to that one command; the same answer is worth nothing for another one (MFA-15)."""
    add(browser, key)
    session = hub.policy.records.newest_live_session(browser.person, hub.policy.now())
    assert session is not None
    command = EndRequest(request=RequestId(request_of(hub, browser).upper()), reason="over")
    for token in ("one" * 12, "two" * 12):
        step_ups.ask(hub.policy, Asker(browser.person, session.session, DESK), command, token)
    shown, other = (browser.get(f"/hub/step-up?ask={token}") for token in ("one" * 12, "two" * 12))
    said, xsrf = key.give(options(shown), Says(count=0)), field(shown.text, "_xsrf")
    assert browser.post(str(other.url), xsrf, passkey=said).status_code == 403
    answer = browser.post(str(shown.url), xsrf, passkey=key.give(options(shown)))
    assert answer.headers["location"] == f"/services/desk/step-up?ask={'one' * 12}"
    one = step_ups.waiting(hub.policy, "one" * 12, browser.person, session.session)
    two = step_ups.waiting(hub.policy, "two" * 12, browser.person, session.session)
    assert one is not None
    assert two is not None
    step_up = step_ups.given(hub.policy, one)
    assert step_up is not None
    known = hub.policy.records.factor_of_credential(credential_digest(text(key.credential)))
    assert known is not None
    assert step_up.factor == known.factor
    assert step_ups.given(hub.policy, two) is None


WRONG = {
    "another origin": (Says(origin="http://localhost:1"), "answer"),
    "the address of the same machine": (Says(origin="http://127.0.0.1"), "answer"),
    "another relying party": (Says(rp_id="example"), "answer"),
    "nobody verified": (Says(flags=PRESENT), "answer"),
    "a counter that went back": (Says(count=0), "counter"),
    "another key": (Says(forged=True), "answer"),
    "another challenge": (Says(challenge=text(b"x" * 32)), "answer"),
}


@pytest.fixture(scope="module")
def holder(hub: LoginHub) -> tuple[str, Authenticator]:
    """Somebody with an app and a passkey that was used: their login, and its authenticator."""
    browser, key = Browser(hub, hub.fresh_login()), Authenticator(hub.url)
    browser.log_in()
    add(browser, key)
    log_in(hub, browser.login, key)
    return browser.login, key


@pytest.mark.parametrize(("says", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_passkey_lets_nobody_in(hub: LoginHub, holder: tuple[str, Authenticator], says: Says, why: str) -> None:
    """MFA-15: each is refused, in words, and leaves its evidence; a right one of the same login is let in then."""
    login, key = holder
    browser, answer = log_in(hub, login, key, says)
    assert (answer.status_code, browser.is_in()) == (403, False)
    assert reason(answer).startswith("This passkey was not right, or is not yours.")
    assert hub.observations(e.LoginRefused)[-1].why == f"second_factor_passkey_{why}"
    right = browser.post("/hub/second-factor", field(answer.text, "_xsrf"), passkey=key.give(options(answer)))
    assert (right.status_code, browser.is_in()) == (303, True)


def test_an_answer_counts_once(hub: LoginHub, holder: tuple[str, Authenticator]) -> None:
    """MFA-15: what was signed for one login is worth nothing at another of the same person."""
    login, key = holder
    one, other = Browser(hub, login), Browser(hub, login)
    pages = [browser.get(browser.first_factor().headers["location"]) for browser in (one, other)]
    said = key.give(options(pages[0]))
    assert other.post("/hub/second-factor", field(pages[1].text, "_xsrf"), passkey=said).status_code == 403
    assert one.post("/hub/second-factor", field(pages[0].text, "_xsrf"), passkey=said).status_code == 303
    assert hub.observations(e.LoginRefused)[-1].why == "second_factor_passkey_answer"


def test_another_persons_passkey_lets_nobody_in(hub: LoginHub, browser: Browser, key: Authenticator) -> None:
    """MFA-15: right though it is, and it cannot be registered by anybody else either."""
    add(browser, key)
    bob, theirs = Browser(hub, hub.fresh_login()), Authenticator(hub.url)
    bob.log_in()
    theirs.credential = key.credential
    assert add(bob, theirs).status_code == 403
    theirs = Authenticator(hub.url)
    assert add(bob, theirs).status_code == 303
    mallory, answer = log_in(hub, bob.login, key)
    assert (answer.status_code, mallory.is_in()) == (403, False)
    assert hub.observations(e.LoginRefused)[-1].why == "second_factor_passkey_credential"


def test_codes_that_are_shut_off_leave_the_passkey(hub: LoginHub, holder: tuple[str, Authenticator]) -> None:
    """MFA-05: whoever guesses codes does not keep out who has a passkey; the page says so."""
    login, key = holder
    browser = Browser(hub, login)
    page = browser.get(browser.first_factor().headers["location"])
    for _ in range(TRIES + 1):
        page = browser.post("/hub/second-factor", field(page.text, "_xsrf"), code=browser.wrong_code())
    assert page.status_code == 429
    assert "or use your passkey" in reason(page)
    answer = browser.post("/hub/second-factor", field(page.text, "_xsrf"), passkey=key.give(options(page)))
    assert (answer.status_code, browser.is_in()) == (303, True)


def test_after_a_reset_the_same_authenticator_serves_anew(hub: LoginHub, key: Authenticator) -> None:
    """S76: what it proved before is worth nothing; its new passkey waits for the verifier again."""
    newcomer = Browser(hub, "newcomer2")
    newcomer.first_factor()
    assert make(newcomer, key, "/hub/enrol").status_code == 303
    hub.do("reset-factors", person(ANNA), person=newcomer.person)
    _confirm(hub)
    again = Browser(hub, "newcomer2")
    assert again.first_factor().headers["location"] == "/hub/enrol"
    assert make(again, key, "/hub/enrol").status_code == 303
    with hub.policy.reading() as state:
        (factor,) = state.people[again.person].factors.values()
    assert factor.confirmed is None


def _confirm(hub: LoginHub) -> None:
    with hub.policy.reading() as state:
        proposal = state.last_proposal
    hub.do("confirm-proposal", person(BRAM), proposal=proposal)


def test_no_passkey_for_another_host_header(hub: LoginHub, holder: tuple[str, Authenticator]) -> None:
    """SES-14, MFA-15: who the passkey is for comes from the installation's address, never from a request."""
    browser = Browser(hub, holder[0])
    path = browser.first_factor().headers["location"]
    lures = {"X-Forwarded-Host": "evil.example", "Origin": "http://evil"}
    assert browser.get(path, **lures, Host="evil.example").status_code == 404
    page = browser.get(path, **lures, Host="127.0.0.1:1")
    assert "evil" not in page.text
    assert '"rpId": "localhost"' in options(page)


def test_a_session_alone_adds_none(hub: LoginHub, browser: Browser) -> None:
    """MFA-08: with neither an XSRF token nor a factor."""
    assert browser.post(ADD).status_code == 403

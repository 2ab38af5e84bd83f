"""Logging in with both factors at a real hub, and what somebody tries who holds only half of what it takes."""

import re
import time

import httpx
import pyotp
import pytest

from access_policy import events as e
from access_policy.actor import person
from hub_config.login.second_factor import LONGEST_RUN, STEP_SECONDS, TRIES
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_fixtures import disable, request_of
from tests.integration.login_hub import LoginHub, until
from tests.integration.login_state import ANNA, BRAM
from tests.unit.hub_config.login.test_one_time_codes import generated

pytestmark = pytest.mark.integration
hub, browser = login_fixtures.hub, login_fixtures.browser


def test_login_asks_for_both_factors_and_leads_to_the_desk(hub: LoginHub, browser: Browser) -> None:
    """S76: after the provider comes the code; only then is there a hub user, a session, and its evidence."""
    first = browser.first_factor()
    assert (first.status_code, first.headers["location"]) == (303, "/hub/second-factor")
    answer = browser.second_factor()
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/desk/")
    assert browser.api("GET", "/hub/api/user").json()["name"] == browser.person.lower()
    assert hub.user_row(browser.person)
    assert [one.person for one in hub.observations(e.SessionBegun)].count(browser.person) == 1
    session = hub.policy.records.newest_live_session(browser.person, hub.policy.now())
    assert session is not None
    assert (session.ends - session.begun).total_seconds() == 12 * 3600


def test_first_login_enrols_a_factor(hub: LoginHub) -> None:
    """S17, MFA-13: QR code and secret, kept by no cache; a wrong proof enrols nothing; the right one also logs in."""
    newcomer = Browser(hub, "newcomer1")
    assert newcomer.first_factor().headers["location"] == "/hub/enrol"
    page = newcomer.get("/hub/enrol")
    assert page.headers["cache-control"] == "no-store"
    assert 'src="data:image/svg+xml' in page.text
    hub.secrets["newcomer1"] = _secret(page)
    wrong = newcomer.post("/hub/enrol", field(page.text, "_xsrf"), code=newcomer.wrong_code())
    assert wrong.status_code == 403
    assert hub.secrets["newcomer1"] not in wrong.text
    assert not hub.user_row(newcomer.person)
    assert newcomer.post("/hub/enrol", field(wrong.text, "_xsrf"), code=newcomer.code()).status_code == 303
    assert newcomer.is_in()
    with hub.policy.reading() as state:
        (factor,) = state.people[newcomer.person].factors.values()
    assert factor.confirmed is None
    again = Browser(hub, "newcomer1")
    assert again.log_in().status_code == 303


def test_a_shown_secret_is_worth_nothing_once_another_was_shown(hub: LoginHub) -> None:
    """MFA-13: loading the page again makes another secret, and another browser's secret proves nothing here."""
    one, other = Browser(hub, "newcomer2"), Browser(hub, "newcomer2")
    for browser in (one, other):
        browser.first_factor()
    first, second = one.get("/hub/enrol"), one.get("/hub/enrol")
    elsewhere = other.get("/hub/enrol")
    for page in (first, elsewhere):
        code = pyotp.TOTP(_secret(page)).now()
        assert one.post("/hub/enrol", field(second.text, "_xsrf"), code=code).status_code == 403
    code = pyotp.TOTP(_secret(second)).now()
    assert one.post("/hub/enrol", field(second.text, "_xsrf"), code=code).status_code == 303
    assert other.post("/hub/enrol", field(elsewhere.text, "_xsrf"), code=code).headers["location"] == "/hub/login"
    with hub.policy.reading() as state:
        assert len(state.people[one.person].factors) == 1


def _secret(page: httpx.Response) -> str:
    found = re.search(r'id="secret">([A-Z2-7]+)<', page.text)
    assert found is not None
    return found[1]


HALF_SESSION = (
    ("GET", "/hub/home"), ("GET", "/hub/spawn"), ("GET", "/hub/spawn/{user}/{server}"),
    ("POST", "/hub/spawn/{user}/{server}"), ("GET", "/hub/token"), ("GET", "/hub/admin"),
    ("GET", "/hub/user/{user}/{server}/lab"), ("GET", "/user/{user}/{server}/api"),
    ("GET", "/hub/api/user"), ("GET", "/hub/api/users"), ("GET", "/hub/api/users/{user}"), ("GET", "/hub/api/services"),
    ("POST", "/hub/api/users/{user}/servers/{server}"), ("POST", "/hub/api/users/{user}/tokens"),
    ("GET", "/hub/api/oauth2/authorize?client_id=service-desk&response_type=code&state=x"),
    ("GET", "/hub/spawn-pending/{user}/{server}"), ("GET", "/hub/metrics"), ("GET", "/hub/api/proxy"),
    ("POST", "/hub/api/authorizations/token"), ("POST", "/hub/login"),
)  # fmt: skip


def test_half_a_login_opens_nothing(hub: LoginHub, browser: Browser) -> None:
    """MFA-07: with the first factor alone every address of the hub answers as to a stranger, and there is no user."""
    browser.first_factor()
    assert {cookie.name for cookie in browser.http.cookies.jar} == {"jupyterhub-session-id", "sluis-pending-login"}
    xsrf = field(browser.get("/hub/second-factor").text, "_xsrf")
    names = {"user": browser.person.lower(), "server": request_of(hub, browser)}
    for method, path in HALF_SESSION:
        answer = browser.http.request(method, path.format(**names), headers={"X-XSRFToken": xsrf})
        location = answer.headers.get("location", "")
        refused = answer.status_code in (401, 403, 404, 405, 503)
        sent_away = answer.status_code in (301, 302) and ("/hub/login" in location or location == "/services/desk/")
        sent_away |= location.startswith(f"{hub.url}/hub/")  # no route: asked again at the hub, as the lines above
        assert refused or sent_away, (method, path, answer.status_code, location)
    assert not hub.user_row(browser.person)
    assert not hub.routes()
    assert "jupyterhub-hub-login" not in browser.http.cookies


def test_a_pending_login_belongs_to_one_browser_and_is_used_once(hub: LoginHub, browser: Browser) -> None:
    """MFA-07, SES-01: the nonce without its browser's session id, and a second use, lead back to the login page."""
    browser.first_factor()
    thief = browser.copy()
    thief.http.cookies.delete("jupyterhub-session-id")
    assert thief.get("/hub/second-factor").headers["location"] == "/hub/login"
    late = browser.copy()
    assert browser.second_factor().status_code == 303
    assert late.get("/hub/second-factor").headers["location"] == "/hub/login"


def test_a_code_counts_once(hub: LoginHub, browser: Browser) -> None:
    """MFA-01: the code that one browser logged in with does not log in another."""
    code = browser.code()
    browser.first_factor()
    assert browser.second_factor(code).status_code == 303
    other = Browser(hub, browser.login)
    other.first_factor()
    assert other.second_factor(code).status_code == 403
    assert not other.is_in()


@pytest.mark.parametrize(
    "shape",
    ["\uff11\uff12\uff13\uff14\uff15\uff16", "1234567", "12345", "-12345", "12345a", "", "0x1234", "12.345", "1e5"],
    ids=ascii,
)
def test_only_six_digits_are_a_code(hub: LoginHub, shape: str) -> None:
    """MFA-10: anything else is refused as a wrong code."""
    browser = Browser(hub, "ready40")
    browser.first_factor()
    assert browser.second_factor(shape).status_code == 403


def test_a_megabyte_of_code_is_refused_and_not_logged(hub: LoginHub) -> None:
    """MFA-10, CVE-2026-54338."""
    browser, before = Browser(hub, "ready40"), len(hub.log("hub"))
    browser.first_factor()
    assert browser.second_factor("1" * 1_000_000).status_code == 403
    assert len(hub.log("hub")) - before < 20_000


def test_a_code_is_right_one_step_either_way(hub: LoginHub) -> None:
    """MFA-04, MFA-09: of five steps the middle three log in, by codes that npm's otplib made."""
    found = {}
    for off in (-2, -1, 0, 1, 2):
        browser = Browser(hub, hub.fresh_login())
        page = str(browser.first_factor().headers["location"])
        until(lambda: time.time() % STEP_SECONDS < STEP_SECONDS - 5)  # the step does not change meanwhile
        (code,) = generated([(hub.secrets[browser.login], int(time.time()) + off * STEP_SECONDS)])
        found[off] = browser.second_factor(code, page).status_code
    assert found == {-2: 403, -1: 303, 0: 303, 1: 303, 2: 403}


def test_spaces_in_a_code_do_not_matter(browser: Browser) -> None:
    """MFA-10: people type codes as their app shows them."""
    browser.first_factor()
    code = browser.code()
    assert browser.second_factor(f" {code[:3]} {code[3:]} ").status_code == 303


def test_wrong_codes_close_the_account_whatever_they_come_with(hub: LoginHub, browser: Browser) -> None:
    """MFA-05: ten wrong codes of several browsers and addresses close the second step, for the right one too."""
    others = [Browser(hub, browser.login) for _ in range(2)]
    for one in others:
        one.first_factor()
    for number in range(TRIES):
        one = others[number % 2]
        one.http.headers.update({"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"})
        assert one.second_factor(browser.wrong_code()).status_code == 403
    browser.first_factor()
    answer = browser.second_factor()
    assert answer.status_code == 429
    assert "Wait" in reason(answer)
    assert not browser.is_in()
    refused = [one.why for one in hub.observations(e.LoginRefused)]
    assert refused.count("second_factor_wait") >= 1
    assert Browser(hub, hub.fresh_login()).log_in().status_code == 303


def test_a_factor_is_shut_off_after_a_long_run_of_wrong_codes(hub: LoginHub, browser: Browser) -> None:
    """MFA-05: then the right code does not help either, and the page says who can."""
    with hub.policy.reading() as state:
        (factor,) = state.people[browser.person].factors
    for _ in range(LONGEST_RUN):
        hub.policy.records.count_failure(factor)
    browser.first_factor()
    answer = browser.second_factor()
    assert answer.status_code == 403
    assert "ask the desk of the test" in reason(answer)


def test_an_unknown_identity_is_sent_to_the_help_desk(hub: LoginHub) -> None:
    """ID-09: a right login of somebody whom nobody registered: who to ask, the evidence, and nothing in the hub."""
    stranger = Browser(hub, "somebody.else")
    answer = stranger.first_factor()
    assert answer.status_code == 403
    assert "nobody here is registered" in reason(answer)
    assert "mailto:ask@centre.example" in answer.text
    assert {cookie.name for cookie in stranger.http.cookies.jar} <= {"_xsrf"}
    known = len([one for one in hub.observations(e.LoginRefused) if one.why == "unknown_identity"])
    assert known == 1
    stranger.first_factor()
    assert len([one for one in hub.observations(e.LoginRefused) if one.why == "unknown_identity"]) == known


def test_a_stopped_person_is_refused_at_both_steps(hub: LoginHub, browser: Browser) -> None:
    """ID-15: stopped between the factors, then before the first one."""
    browser.first_factor()
    xsrf, code = field(browser.get("/hub/second-factor").text, "_xsrf"), browser.code()
    disable(hub, browser.person)
    answer = browser.post("/hub/second-factor", xsrf, code=code)
    assert answer.status_code == 403
    assert "stopped" in reason(answer)
    assert Browser(hub, browser.login).first_factor().status_code == 403
    assert not hub.user_row(browser.person)


def test_a_reset_factor_ends_sessions_and_is_enrolled_anew(hub: LoginHub, browser: Browser) -> None:
    """S76: after a reset by two admins the old secret opens nothing, and the next login begins with a new one."""
    browser.log_in()
    hub.do("reset-factors", person(ANNA), person=browser.person)
    with hub.policy.reading() as state:
        proposal = state.last_proposal
    hub.do("confirm-proposal", person(BRAM), proposal=proposal)
    until(lambda: not browser.is_in(), 3)
    again = Browser(hub, browser.login)
    assert again.first_factor().headers["location"] == "/hub/enrol"
    page = again.get("/hub/enrol")
    old = pyotp.TOTP(hub.secrets[browser.login]).now()
    assert again.post("/hub/enrol", field(page.text, "_xsrf"), code=old).status_code == 403
    new = pyotp.TOTP(_secret(page)).now()
    assert again.post("/hub/enrol", field(page.text, "_xsrf"), code=new).status_code == 303
    assert again.is_in()

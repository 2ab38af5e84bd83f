"""Logging in and out at a real hub, through HTTP, and what somebody tries who holds only half of what it takes."""

import base64
import json
import re
import signal
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pyotp
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.ids import PersonId
from hub_config.login.second_factor import LONGEST_RUN, TRIES
from tests.integration.login_hub import ANNA, BOUND, BRAM, Browser, LoginHub, field, reason, running_hub, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """One hub for all tests; each takes a login of its own."""
    with running_hub(tmp_path_factory.mktemp("login") / "s") as hub:
        yield hub


@pytest.fixture
def browser(hub: LoginHub) -> Browser:
    """A browser of somebody who has not logged in yet."""
    return Browser(hub, hub.fresh_login())


def disable(hub: LoginHub, who: PersonId) -> None:
    """Stop a person."""
    hub.do("disable-person", person(ANNA), person=who, reason="left")


def request_of(hub: LoginHub, browser: Browser) -> str:
    """Return the server name of the browser's person's request."""
    with hub.policy.reading() as state:
        (found,) = [one.request for one in state.requests.values() if one.applicant == browser.person]
    return found.lower()


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


def test_cookies_are_for_this_browser_session_and_the_hub_only(browser: Browser) -> None:
    """SES-07: login cookies are HttpOnly, SameSite=Lax, without an end date; the hub's own stay below `/hub/`."""
    answers = (browser.first_factor(), browser.second_factor())
    cookies = [cookie for answer in answers for cookie in answer.headers.get_list("set-cookie")]
    given = [cookie for cookie in cookies if not re.match(r'[^=]+="";', cookie) and not cookie.startswith("_xsrf=")]
    assert {cookie.partition("=")[0] for cookie in given} == {
        "jupyterhub-session-id", "sluis-pending-login", "sluis-session", "jupyterhub-hub-login",
    }  # fmt: skip
    for cookie in given:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "expires" not in cookie.lower()
        assert "Path=/hub/;" in cookie or cookie.startswith("jupyterhub-session-id=")


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


def test_no_other_door_takes_the_providers_code(hub: LoginHub, browser: Browser) -> None:
    """MFA-07: the hub's own form handler would log in whoever brings a good code and state; here it logs in nobody."""
    xsrf = field_of_cookie(browser)
    query = urlsplit(browser.callback()).query
    for path in ("/hub/login", "/hub/oauth_login", "/hub/oauth_callback"):
        answer = browser.post(f"{path}?{query}", xsrf)
        assert answer.status_code in (403, 405), path
    assert "jupyterhub-hub-login" not in browser.http.cookies
    assert not hub.user_row(browser.person)


def field_of_cookie(browser: Browser) -> str:
    """Return the XSRF token that the login page leaves in the browser."""
    browser.get("/hub/login")
    return str(browser.http.cookies["_xsrf"])


def test_a_pending_login_belongs_to_one_browser_and_is_used_once(hub: LoginHub, browser: Browser) -> None:
    """MFA-07, SES-01: the nonce without its browser's session id, and a second use, lead back to the login page."""
    browser.first_factor()
    thief = browser.copy()
    thief.http.cookies.delete("jupyterhub-session-id")
    assert thief.get("/hub/second-factor").headers["location"] == "/hub/login"
    late = browser.copy()
    assert browser.second_factor().status_code == 303
    assert late.get("/hub/second-factor").headers["location"] == "/hub/login"


def test_session_ids_are_new_at_both_steps(browser: Browser) -> None:
    """SES-01: an id that somebody planted before the login is worth nothing after either step."""
    browser.http.cookies.set("jupyterhub-session-id", "planted", path="/", domain="127.0.0.1")
    browser.http.get("/hub/login")
    browser.first_factor()
    first = _session_id(browser)
    browser.second_factor()
    assert len({"planted", first, _session_id(browser)}) == 3


def _session_id(browser: Browser) -> str:
    return [cookie.value or "" for cookie in browser.http.cookies.jar if cookie.name == "jupyterhub-session-id"][-1]


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


STRANGE_NEXT = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/%5Cevil.example", "{url}//evil.example", "{url}/hub//evil.example", "{url}.evil.example/", "/hub//evil.example",
    "javascript:alert(1)", "/hub/\"><script>alert(1)</script>", "/hub/%0d%0aSet-Cookie:x=y", "/hub/../../evil",
    "http:evil.example", "/evil",
    "/services/other/", "data:text/html,x", "/hub/%2e%2e/x", "\t//evil.example", "/hub/x y",
)  # fmt: skip


def test_next_never_leads_away(hub: LoginHub) -> None:
    """CVE-2026-33709, CVE-2019-10255, GHSA-c4gm: whatever `next` says, the login ends at the desk, without echo."""
    browser = Browser(hub, hub.fresh_login())
    for strange in STRANGE_NEXT:
        query = urlencode({"next": strange.format(url=hub.url)})
        page = browser.get(f"/hub/login?{query}")
        assert "<script>alert" not in page.text
        answer = browser.first_factor(f"/hub/oauth_login?{query}")
        assert answer.headers["location"] == "/hub/second-factor", strange
        assert browser.get(f"/hub/second-factor?{query}").status_code == 200
    query = urlencode({"next": "//evil.example"})
    assert browser.second_factor(page=f"/hub/second-factor?{query}").headers["location"] == "/services/desk/"
    for strange in STRANGE_NEXT:
        query = urlencode({"next": strange.format(url=hub.url)})
        assert browser.get(f"/hub/login?{query}").headers["location"] == "/services/desk/", strange


def test_next_leads_to_a_page_of_ours(hub: LoginHub, browser: Browser) -> None:
    """A link into the desk or the hub survives both steps."""
    wished = f"/hub/spawn/{browser.person.lower()}/{request_of(hub, browser)}"
    answer = browser.first_factor(f"/hub/oauth_login?{urlencode({'next': wished})}")
    assert answer.headers["location"] == f"/hub/second-factor?{urlencode({'next': wished})}"
    assert browser.second_factor(page=answer.headers["location"]).headers["location"] == wished


def test_state_belongs_to_the_browser_that_asked(hub: LoginHub, browser: Browser) -> None:
    """SES-02: without state, with another browser's or tab's, and a second time, the answer counts for nothing."""
    back = browser.callback()
    stranger = Browser(hub, browser.login)
    assert stranger.get(back).status_code == 400
    stranger.callback()
    assert stranger.get(back).status_code == 400
    code = parse_qs(urlsplit(back).query)["code"][0]
    without = browser.copy()
    assert without.get(f"/hub/oauth_callback?code={code}").status_code == 400
    other_tab = browser.callback()
    assert browser.get(back).status_code == 400
    assert "sluis-pending-login" not in browser.http.cookies
    again = Browser(hub, browser.login)
    back = again.callback()
    assert again.get(back).status_code == 303
    assert again.get(back).status_code == 400
    assert other_tab


def test_the_login_goes_out_with_pkce_state_and_nonce(hub: LoginHub, browser: Browser) -> None:
    """SES-02, SES-03: the authorize request; the verifier never leaves the hub and this browser's signed cookie."""
    answer = browser.get("/hub/oauth_login")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{hub.url}/hub/oauth_callback"]
    assert len(query["nonce"][0]) >= 32
    state = json.loads(base64.urlsafe_b64decode(query["state"][0]))
    assert set(state) == {"state_id"}


def test_an_error_of_the_provider_is_not_echoed(browser: Browser) -> None:
    """A link with an error text of somebody's own shows none of it, with and without a state."""
    lure = "Your account is locked, call 555-1234"
    assert lure not in browser.get(f"/hub/oauth_callback?{urlencode({'error': 'x', 'error_description': lure})}").text
    query = parse_qs(urlsplit(browser.get("/hub/oauth_login").headers["location"]).query)
    answer = browser.get(
        f"/hub/oauth_callback?{urlencode({'error': 'x', 'error_description': lure, 'state': query['state'][0]})}"
    )
    assert answer.status_code == 403
    assert lure not in answer.text


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


def test_a_person_stopped_while_logged_in_is_out_at_once(hub: LoginHub, browser: Browser) -> None:
    """ID-15: the hub asks our session before it believes a cookie; enabling the person again brings no session back."""
    browser.log_in()
    disable(hub, browser.person)
    until(lambda: not browser.is_in(), 3)
    hub.do("enable-person", person(ANNA), person=browser.person)
    assert not browser.is_in()


def test_a_cookie_without_the_token_of_its_session_is_nothing(hub: LoginHub, browser: Browser) -> None:
    """S76: the hub's cookie is per user; a browser whose own session is over does not ride on another's."""
    browser.log_in()
    other = browser.copy()
    other.http.cookies.delete("sluis-session")
    until(lambda: not other.is_in(), 3)
    assert browser.is_in()


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


def test_logout_ends_every_browser(hub: LoginHub, browser: Browser) -> None:
    """SES-11: a second browser, and all cookies from before the logout, are out; a new login does not revive them."""
    browser.log_in()
    second = Browser(hub, browser.login)
    second.log_in()
    replayed, replayed_second = browser.copy(), second.copy()
    assert second.is_in()
    answer = browser.get("/hub/logout")
    assert answer.status_code == 200
    assert "You are logged out" in answer.text
    for one in (browser, second, replayed, replayed_second):
        assert not one.is_in()
        assert one.get("/hub/home").headers["location"] == "/services/desk/"
    ended = [one for one in hub.observations(e.SessionEnded) if one.person == browser.person]
    assert [one.why for one in ended] == ["logout", "logout"]
    browser.log_in()
    assert browser.is_in()
    assert not replayed.is_in()
    assert not replayed_second.is_in()


def test_another_site_cannot_log_a_person_out(browser: Browser) -> None:
    """SES-06: a link from elsewhere gets a button, and the button needs the hub's own token."""
    browser.log_in()
    answer = browser.get("/hub/logout", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert "Log out?" in answer.text
    assert browser.is_in()
    assert browser.post("/hub/logout").status_code == 403
    assert browser.is_in()
    assert browser.post("/hub/logout", field(answer.text, "_xsrf")).status_code == 200
    assert not browser.is_in()


POSTS = ("/hub/second-factor", "/hub/enrol", "/hub/login", "/hub/logout", "/hub/spawn/{user}/{server}")


@pytest.mark.parametrize("path", POSTS)
def test_posts_from_other_sites_change_nothing(hub: LoginHub, path: str) -> None:
    """CVE-2026-40864, SES-06: `no-cors`, `text/plain`, and a form without or with a foreign token are refused."""
    browser = Browser(hub, "ready39")
    if not browser.http.cookies:
        browser.first_factor()
    address = path.format(user=browser.person.lower(), server=request_of(hub, browser))
    for headers in (
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.2"},
        {"Content-Type": "text/plain"},
        {},
    ):
        for token in ("", "foreign"):
            answer = browser.post(address, token, headers, code="123456")
            assert answer.status_code == 403, (path, headers)


@pytest.fixture(scope="module")
def inside(hub: LoginHub) -> Browser:
    """A browser that is logged in, for tests that leave it so."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    return browser


def test_nobody_can_make_tokens(hub: LoginHub, inside: Browser) -> None:
    """TOK-01: no tokens, no shares, no other users, no administration; not for oneself either."""
    me = f"/hub/api/users/{inside.person.lower()}"
    for method, path, body in (
        ("POST", f"{me}/tokens", {}), ("POST", f"{me}/tokens", {"expires_in": 0}), ("GET", f"{me}/tokens", None),
        ("GET", "/hub/api/users", None), ("POST", "/hub/api/users", {"usernames": ["x"], "admin": True}),
        ("PATCH", me, {"admin": True}), ("PATCH", me, {"name": "p-1"}), ("POST", "/hub/api/users/p-1", {}),
        ("POST", f"/hub/api/shares/{inside.person.lower()}/", {}), ("GET", "/hub/api/proxy", None),
        ("POST", f"/hub/api/share-codes/{inside.person.lower()}/", {}), ("POST", "/hub/api/shutdown", {}),
        ("POST", "/hub/api/groups/x", {}), ("GET", "/hub/api/users/p-1", None),
    ):  # fmt: skip
        assert inside.api(method, path, body).status_code in (403, 404, 405), (method, path)
    assert inside.api("GET", "/hub/api/user").json()["admin"] is False
    for page in ("/hub/token", "/hub/admin", "/hub/accept-share", "/hub/user-redirect/lab"):
        assert inside.get(page).status_code == 404


def test_pages_of_the_hub_that_are_the_desks(inside: Browser) -> None:
    """No page of JupyterHub's own is left that starts or lists servers."""
    for page in ("/hub/", "/hub/home", "/hub/spawn", f"/hub/spawn/{inside.person.lower()}"):
        answer = inside.get(page)
        assert (answer.status_code, answer.headers["location"]) == (302, "/services/desk/"), page


def test_a_workspace_without_a_request_is_refused_and_recorded(hub: LoginHub, inside: Browser) -> None:
    """SPW-01: the unnamed server, by form and by API; and names that are no request's."""
    before = len(hub.observations(e.WorkspaceRefused))
    me = inside.person.lower()
    assert inside.post(f"/hub/spawn/{me}", str(inside.http.cookies["_xsrf"])).status_code == 404
    assert inside.api("POST", f"/hub/api/users/{me}/server", {}).status_code == 404
    assert inside.api("POST", f"/hub/api/users/{me}/servers/other", {}).status_code == 404
    refused = hub.observations(e.WorkspaceRefused)[before:]
    assert [one.codes for one in refused] == ["request_unknown"] * 3
    assert not hub.routes()


BAD_WISHES: tuple[object, ...] = (
    {"profile": "huge"}, {"datasets": ["d2"]}, {"profile": "small", "image": "x"}, {"profile": ["small"]}, [],
    {"profile": "../small"}, {"__proto__": {}}, {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}, "small",
    {"user_options": {"profile": "small", "environment": {}}}, {"user_options": {"profile": "small"}, "cmd": ["x"]},
)  # fmt: skip


def test_options_are_only_a_wish(hub: LoginHub, inside: Browser) -> None:
    """SPW-01, SPW-02, SPW-04: any option but a known profile is refused before it is stored, and recorded."""
    server = f"/hub/api/users/{inside.person.lower()}/servers/{request_of(hub, inside)}"
    before = len(hub.observations(e.WorkspaceRefused))
    for wish in BAD_WISHES:
        assert inside.api("POST", server, wish).status_code == 400, wish
    refused = [one.codes for one in hub.observations(e.WorkspaceRefused)[before:]]
    assert refused == ["wish_not_allowed"] * len(BAD_WISHES)
    with hub.policy.reading() as state:
        assert (inside.person, request_of(hub, inside).upper()) not in state.workspaces


def test_stored_options_cannot_be_changed_from_outside(hub: LoginHub, inside: Browser) -> None:
    """Platform fact 8: bytes in stored options would break every listing of users; PATCH and PUT do not exist here."""
    server = f"/hub/api/users/{inside.person.lower()}/servers/{request_of(hub, inside)}"
    poison = {"user_options": {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}}
    for method in ("PUT", "PATCH"):
        assert inside.api(method, server, poison).status_code == 405
    answer = inside.api("GET", f"/hub/api/users/{inside.person.lower()}?include_stopped_servers")
    assert answer.status_code == 200
    assert "AAAA" not in answer.text


def test_a_link_starts_nothing(hub: LoginHub, inside: Browser) -> None:
    """SES-06: JupyterHub starts a server on GET where options stand in the address; here that shows the form."""
    page = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    for query in ("?profile=small", "?opt-profile=small", "?x=1"):
        answer = inside.get(page + query)
        assert answer.status_code == 200
        assert '<form id="spawn_form"' in answer.text
    with hub.policy.reading() as state:
        assert (inside.person, request_of(hub, inside).upper()) not in state.workspaces


def test_a_form_with_more_than_a_profile_starts_nothing(hub: LoginHub, inside: Browser) -> None:
    """SPW-01, SPW-02: extra fields and unknown profiles of the form are refused with a sentence."""
    page = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    xsrf = field(inside.get(page).text, "_xsrf")
    forms: tuple[dict[str, str], ...] = ({"profile": "huge"}, {"profile": "small", "datasets": "d2"}, {"image": "x"})
    for fields in forms:
        answer = inside.post(page, xsrf, None, **fields)
        assert answer.status_code in (400, 403), fields
        assert "only option is `profile`" in reason(answer)


def test_a_request_of_somebody_else_is_refused_with_reasons(hub: LoginHub, inside: Browser) -> None:
    """REQ-03: the page says what fails, the start is refused, and other people's pages are not there."""
    me = inside.person.lower()
    answer = inside.get(f"/hub/spawn/{me}/dr-40")
    assert answer.status_code == 403
    assert "not_a_contact" in reason(answer)
    assert inside.api("POST", f"/hub/api/users/{me}/servers/dr-40", {}).status_code == 403
    assert inside.get("/hub/spawn/p-1/dr-1").status_code == 404
    assert inside.get("/hub/user/p-1/dr-1/").status_code == 404


def test_every_page_has_the_security_headers_and_the_contact(hub: LoginHub, inside: Browser) -> None:
    """SES-09, SES-10, S97: no frames, no foreign scripts, no inline scripts, and whom to ask."""
    for page in ("/hub/login", "/hub/logout?x=1", "/hub/nothing-here", f"/hub/spawn/{inside.person.lower()}/dr-40"):
        answer = Browser(hub).get(page) if page.startswith("/hub/log") else inside.get(page)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
        assert not re.search(r"\son[a-z]+=|style=", answer.text)
        assert "mailto:ask@centre.example" in answer.text
        assert "/hub/token" not in answer.text
        assert "/hub/admin" not in answer.text


def test_a_running_workspace_is_out_of_reach_after_logout_and_goes_on(hub: LoginHub, browser: Browser) -> None:
    """S78, SES-11, TOK-03: at logout its route goes and its process stays; the next login brings the route back."""
    browser.log_in()
    server, me = request_of(hub, browser), browser.person.lower()
    route = start_workspace(hub, browser)
    started = _started(browser, me, server)
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/lab").status_code == 200
    assert browser.get(f"{route}/api/status").json()["kernels"] == 0
    replayed = browser.copy()
    assert hub.tokens(browser.person) > 1
    browser.get("/hub/logout")
    assert route not in hub.routes()
    assert hub.tokens(browser.person) == 1  # the server's own
    replayed.http.follow_redirects = False
    assert "/hub/login" in _end_of(replayed, f"{route}/api/status").headers.get("location", "/hub/login")
    assert replayed.get(f"{route}/api/status").status_code != 200
    browser.http.follow_redirects = False
    browser.log_in()
    assert route in hub.routes()
    assert _started(browser, me, server) == started
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/lab").status_code == 200
    assert browser.get(f"{route}/api/status").json()["kernels"] == 0
    assert browser.api("DELETE", f"/hub/api/users/{me}/servers/{server}").status_code in (202, 204)
    until(lambda: route not in hub.routes(), BOUND)


def start_workspace(hub: LoginHub, browser: Browser) -> str:
    """Start the workspace of the browser's person by the hub's form; return its route once it is open."""
    name = f"{browser.person.lower()}/{request_of(hub, browser)}"
    page, route = f"/hub/spawn/{name}", f"/user/{name}"
    browser.post(page, field(browser.get(page).text, "_xsrf"), profile="small")
    until(lambda: route in hub.routes(), BOUND)
    return route


def test_a_workspace_whose_session_is_over_is_not_reached(hub: LoginHub, browser: Browser) -> None:
    """S78: where no logout closed the route, the hub's own check does, without the warden; asking for it says why."""
    browser.log_in()
    route = start_workspace(hub, browser)
    hub.policy.records.end_sessions_of(browser.person, hub.policy.now(), "a test")
    until(lambda: route not in hub.routes(), 30)
    with hub.policy.reading() as state:
        assert any(who == browser.person for who, _ in state.workspaces)
    assert "/hub/login" in _end_of(browser, f"{route}/lab").headers["location"]


def _started(browser: Browser, me: str, server: str) -> str:
    return str(browser.api("GET", f"/hub/api/users/{me}/servers/{server}").json()["started"])


def _end_of(browser: Browser, path: str) -> httpx.Response:
    answer = browser.get(path)
    for _ in range(5):
        if "location" not in answer.headers or "/hub/login" in answer.headers["location"]:
            break
        answer = browser.get(answer.headers["location"])
    return answer


def test_secrets_of_a_login_are_not_in_the_hubs_log(hub: LoginHub, browser: Browser) -> None:
    """TOK-04: neither code nor secret, token, cookie, nor the provider's code."""
    query = parse_qs(urlsplit(back := browser.callback()).query)
    browser.get(back)
    code = browser.code()
    assert browser.second_factor(code).status_code == 303
    said = hub.log("hub")
    cookies = [cookie.value or "-" for cookie in browser.http.cookies.jar]
    shared = (hub.secrets[browser.login], hub.running.client_secret, hub.running.proxy_token, hub.running.desk_token)
    for secret in (query["code"][0], *shared, *cookies):
        assert secret.strip('"') not in said
    assert (hub.places.hub / "cookie_secret").stat().st_mode & 0o77 == 0
    assert (hub.places.hub / "jupyterhub.sqlite").stat().st_mode & 0o77 == 0


def test_a_killed_hub_leaves_no_workspace_and_keeps_logins(hub: LoginHub, browser: Browser) -> None:
    """SBX-04: sandboxes die with the hub; the next one records it, has no route to them, and knows who is logged in."""
    browser.log_in()
    route = start_workspace(hub, browser)
    hub.restart("hub", signal.SIGKILL)
    until(lambda: route not in hub.routes(), 30)

    def ended() -> bool:
        with hub.policy.reading() as state:
            return not any(who == browser.person for who, _ in state.workspaces)

    until(ended, 30)
    assert browser.is_in()
    assert start_workspace(hub, browser) == route

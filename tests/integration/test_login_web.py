"""The login as the web sees it: redirects, state, cookies, tokens, headers, other sites' posts, and the log."""

import base64
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.integration import login_fixtures
from tests.integration.hub_posts import posts, refused_at
from tests.integration.login_browser import Browser, field
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub

pytestmark = pytest.mark.integration
hub, browser, inside = login_fixtures.hub, login_fixtures.browser, login_fixtures.inside


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


@pytest.mark.parametrize("path", posts())
def test_posts_from_other_sites_change_nothing(hub: LoginHub, path: str) -> None:
    """CVE-2026-40864, SES-06: `no-cors`, `text/plain`, and a form without or with a foreign token are refused."""
    browser = Browser(hub, "ready39")
    if not browser.http.cookies:
        browser.first_factor()
    address = path.format(me=browser.person.lower(), server=request_of(hub, browser))
    for headers in (
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.2"},
        {"Content-Type": "text/plain"},
        {},
    ):
        for token in ("", "foreign"):
            answer = browser.post(address, token, headers, code="123456")
            assert answer.status_code in refused_at(path), (path, headers)


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

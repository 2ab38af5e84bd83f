"""How a login ends: logout, a stopped person, a killed hub; and what becomes of the workspaces of it."""

import signal

import httpx
import pytest

from access_policy import events as e
from access_policy.actor import person
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser, field
from tests.integration.login_fixtures import disable, request_of
from tests.integration.login_hub import BOUND, LoginHub, until
from tests.integration.login_state import ANNA

pytestmark = pytest.mark.integration
hub, browser = login_fixtures.hub, login_fixtures.browser


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


def test_logout_ends_this_browsers_session(hub: LoginHub, browser: Browser) -> None:
    """SES-11: all cookies of it from before are out, whoever brings them; another browser of the person goes on."""
    browser.log_in()
    second = Browser(hub, browser.login)
    second.log_in()
    replayed = browser.copy()
    answer = browser.get("/hub/logout")
    assert answer.status_code == 200
    assert "This browser is logged out" in answer.text
    for one in (browser, replayed):
        assert not one.is_in()
        assert one.get("/hub/home").headers["location"] == "/services/desk/"
    assert second.is_in()
    assert [one.why for one in hub.observations(e.SessionEnded) if one.person == browser.person] == ["logout"]
    browser.log_in()
    assert browser.is_in()
    assert not replayed.is_in()


def test_logging_out_everywhere_ends_every_browser(hub: LoginHub, browser: Browser) -> None:
    """SES-11: a second browser, and all cookies from before the logout, are out; a new login does not revive them."""
    browser.log_in()
    second = Browser(hub, browser.login)
    second.log_in()
    replayed, replayed_second = browser.copy(), second.copy()
    assert second.is_in()
    asked = browser.get("/hub/logout", **{"Sec-Fetch-Site": "cross-site"})
    answer = browser.post("/hub/logout", field(asked.text, "_xsrf"), everywhere="yes")
    assert answer.status_code == 200
    assert "Every browser of yours is logged out" in answer.text
    for one in (browser, second, replayed, replayed_second):
        assert not one.is_in()
        assert one.get("/hub/home").headers["location"] == "/services/desk/"
    ended = [one for one in hub.observations(e.SessionEnded) if one.person == browser.person]
    assert [one.why for one in ended] == ["logout", "logout"]
    browser.log_in()
    assert browser.is_in()
    assert not replayed.is_in()
    assert not replayed_second.is_in()


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

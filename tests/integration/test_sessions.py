"""When sessions end that nobody logs out of, and what keeps one awake, at a real hub."""

from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.log.records import Session
from access_policy.log.times import to_text
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, until
from tests.integration.test_logout import start_workspace

pytestmark = pytest.mark.integration
hub, browser = login_fixtures.hub, login_fixtures.browser

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
OLD = timedelta(minutes=59)


def session_of(hub: LoginHub, browser: Browser) -> Session:
    """Return the newest live session of a browser's person."""
    found = hub.policy.records.newest_live_session(browser.person, hub.policy.now())
    assert found is not None
    return found


def let_be_idle(hub: LoginHub, session: str, idle: timedelta) -> None:
    """Let a session look as if nothing was done in it for so long."""
    last = hub.policy.now() - idle
    values = (to_text(last), to_text(last + timedelta(hours=1)), session)
    with hub.policy.store.database.write() as connection:
        sql = "UPDATE sessions SET last_activity = ?, idle_ends = ? WHERE session = ?"
        connection.exec_driver_sql(sql, values)


def test_a_login_is_an_activity(hub: LoginHub, browser: Browser) -> None:
    """S76: a session holds an hour from the login on, unless something is done in it, and twelve at most."""
    browser.log_in()
    session = session_of(hub, browser)
    assert session.last_activity == session.begun
    assert session.idle_ends == session.begun + timedelta(hours=1)
    (begun,) = [one for one in hub.observations(e.SessionBegun) if one.person == browser.person]
    assert (begun.method, begun.factor) == (session.factor_kind, session.factor)


def test_an_idle_session_is_over_whatever_polls(hub: LoginHub, browser: Browser) -> None:
    """SES-12: scripts, the API and old cookies keep nothing awake; then the session is out, and its end on record."""
    browser.log_in()
    session = session_of(hub, browser)
    let_be_idle(hub, session.session, OLD)
    for _ in range(3):
        assert browser.api("GET", "/hub/api/user", **SCRIPT).status_code == 200
        browser.get("/hub/assets/sluis.css", **SCRIPT)
        browser.get("/hub/logo", **(NAVIGATION | {"Sec-Fetch-Dest": "iframe"}))
    assert hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) >= OLD
    let_be_idle(hub, session.session, timedelta(hours=1))
    until(lambda: not browser.is_in(), 3)
    until(lambda: _whys(hub, browser) == ["session_over"], 30)
    assert browser.get("/hub/spawn/x/y", **NAVIGATION).status_code != 200
    assert not browser.is_in()


def _whys(hub: LoginHub, browser: Browser) -> list[str]:
    return [one.why for one in hub.observations(e.SessionEnded) if one.person == browser.person]


def test_opening_a_page_keeps_a_session_awake(hub: LoginHub, browser: Browser) -> None:
    """SES-12: a page in a tab counts, once a minute; one that another site opened by itself does not."""
    browser.log_in()
    session = session_of(hub, browser)
    let_be_idle(hub, session.session, OLD)
    page = f"/hub/spawn/{browser.person.lower()}/{login_fixtures.request_of(hub, browser)}"
    assert browser.get(page, **(NAVIGATION | {"Sec-Fetch-Site": "cross-site"})).status_code == 200
    assert hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) >= OLD
    assert browser.get(page, **NAVIGATION).status_code == 200
    until(lambda: hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) < OLD, 5)
    noted = session_of(hub, browser).last_activity
    browser.get(page, **NAVIGATION)
    assert browser.is_in()
    assert session_of(hub, browser).last_activity == noted


def test_the_beacon_keeps_a_session_awake(hub: LoginHub, browser: Browser) -> None:
    """SES-12, SES-06: of our own origin and without a body only, and for the session that the browser brings."""
    browser.log_in()
    session = session_of(hub, browser)
    let_be_idle(hub, session.session, OLD)
    for headers, body in (({}, b""), ({"Origin": "https://evil.example"}, b""), ({"Origin": hub.url}, b"x")):
        assert browser.http.post("/hub/activity", headers=headers, content=body).status_code == 403
    assert Browser(hub).http.post("/hub/activity", headers={"Origin": hub.url}).status_code == 403
    assert hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) >= OLD
    answer = browser.http.post("/hub/activity", headers={"Origin": hub.url} | SCRIPT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) < timedelta(minutes=1)
    let_be_idle(hub, session.session, timedelta(hours=1))
    assert browser.http.post("/hub/activity", headers={"Origin": hub.url} | SCRIPT).status_code == 403


def test_a_token_is_no_activity(hub: LoginHub, browser: Browser) -> None:
    """SES-12: what a workspace's server asks of the hub in its own name keeps nobody's session awake."""
    browser.log_in()
    route = start_workspace(hub, browser)
    session = session_of(hub, browser)
    let_be_idle(hub, session.session, OLD)
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/api/status", **SCRIPT).status_code in (200, 403)
    browser.http.follow_redirects = False
    assert hub.policy.now() - (session_of(hub, browser).last_activity or session.begun) >= OLD


def test_idling_closes_the_route_while_the_workspace_goes_on(hub: LoginHub, browser: Browser) -> None:
    """S76, SES-12, TOK-03: the route goes, and the tokens of that session with it; the workspace is still there."""
    browser.log_in()
    route = start_workspace(hub, browser)
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/lab").status_code == 200
    browser.http.follow_redirects = False
    assert hub.tokens(browser.person) > 1
    let_be_idle(hub, session_of(hub, browser).session, timedelta(hours=1))
    until(lambda: route not in hub.routes() and hub.tokens(browser.person) == 1, 30)
    with hub.policy.reading() as state:
        assert any(who == browser.person for who, _ in state.workspaces)
    browser.log_in()
    assert route in hub.routes()


def test_another_session_keeps_the_route(hub: LoginHub, browser: Browser) -> None:
    """TOK-03, SES-11: only the tokens of the session that ended die; the other browser still reaches the workspace."""
    browser.log_in()
    second = Browser(hub, browser.login)
    second.log_in()
    route = start_workspace(hub, browser)
    for one in (browser, second):
        one.http.follow_redirects = True
        assert one.get(f"{route}/lab").status_code == 200
    before = hub.tokens(browser.person)
    replayed = browser.copy()
    browser.get("/hub/logout")
    assert hub.tokens(browser.person) == before - 1
    assert route in hub.routes()
    assert second.get(f"{route}/api/status").json()["kernels"] == 0
    until(lambda: replayed.get(f"{route}/api/status").status_code != 200, 5)


def test_a_new_login_in_the_same_browser_replaces_the_former(hub: LoginHub, browser: Browser) -> None:
    """SES-01: one browser has one session; the one before is over, and not left to its age."""
    browser.log_in()
    former = browser.copy()
    browser.log_in()
    assert browser.is_in()
    assert not former.is_in()
    assert _whys(hub, browser) == ["replaced"]


def test_somebody_elses_login_in_the_same_browser_ends_the_former_and_its_routes(hub: LoginHub) -> None:
    """SES-01, SES-11: whoever used the browser before is out of it, with tokens and the way to the workspace."""
    first, second = (Browser(hub, hub.fresh_login()) for _ in range(2))
    first.log_in()
    route = start_workspace(hub, first)
    first.http.follow_redirects = True
    assert first.get(f"{route}/lab").status_code == 200
    before = hub.tokens(first.person)
    first.http.follow_redirects = False
    second.http = first.http
    second.log_in()
    assert _whys(hub, first) == ["replaced"]
    assert hub.tokens(first.person) == before - 1
    assert route not in hub.routes()
    assert second.is_in()

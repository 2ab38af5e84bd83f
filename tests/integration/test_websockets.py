"""Channels into a workspace: whose cookie and which page open one, and what of a session is left after a logout."""

import contextlib
import threading

import pytest
import websocket

from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, until
from tests.integration.test_logout import start_workspace
from tests.integration.test_sessions import SCRIPT

pytestmark = pytest.mark.integration
hub = login_fixtures.hub

ELSEWHERE = {
    "evil": "https://evil.example",
    "null, as a sandboxed frame says": "null",
    "another address of loopback": "http://127.0.0.2",
    "another port": "http://127.0.0.1:1",
    "a name that begins the same": "{url}.evil.example",
}


class Inside:
    """Somebody logged in, with a running workspace and a kernel in it."""

    def __init__(self, hub: LoginHub) -> None:
        self.browser = Browser(hub, hub.fresh_login())
        self.browser.log_in()
        self.route = start_workspace(hub, self.browser)
        self.open_lab()
        self.kernel = self.new_kernel()

    def open_lab(self) -> None:
        """Open the first page, which leaves this browser's cookies of the workspace."""
        self.browser.http.follow_redirects = True
        assert self.browser.get(f"{self.route}/lab").status_code == 200
        self.browser.http.follow_redirects = False

    def new_kernel(self) -> str:
        """Start a kernel; the path of its channel."""
        (xsrf,) = [
            one.value for one in self.browser.http.cookies.jar if one.path == f"{self.route}/" and "xsrf" in one.name
        ]
        answer = self.browser.http.post(f"{self.route}/api/kernels", json={}, headers={"X-XSRFToken": xsrf or ""})
        assert answer.status_code == 201, answer.text
        return f"{self.route}/api/kernels/{answer.json()['id']}/channels"


@pytest.fixture(scope="module")
def anna(hub: LoginHub) -> Inside:
    """One of two people."""
    return Inside(hub)


@pytest.fixture(scope="module")
def bob(hub: LoginHub) -> Inside:
    """The other."""
    return Inside(hub)


def opened(hub: LoginHub, browser: Browser, path: str, origin: str | None = None) -> websocket.WebSocket:
    """Open a channel with all cookies of a browser, whatever path they are for."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
    address = hub.url.replace("http", "ws", 1) + path
    return websocket.create_connection(address, timeout=30, cookie=cookies, origin=origin or hub.url)


def is_refused(hub: LoginHub, browser: Browser, path: str, origin: str | None = None) -> bool:
    """Say whether it is refused by the workspace, or sent to the hub, which has no channels."""
    try:
        opened(hub, browser, path, origin).close()
    except websocket.WebSocketBadStatusException as refused:
        return refused.status_code in (403, 404)
    except websocket.WebSocketException as led_away:
        return f"{hub.url}/hub/" in str(led_away)
    return False


def test_ones_own_page_opens_the_channel(hub: LoginHub, anna: Inside) -> None:
    """SES-15: what the refusals below are compared with."""
    channel = opened(hub, anna.browser, anna.kernel)
    assert channel.connected
    channel.close()


def test_a_channel_to_another_persons_kernel_is_refused(hub: LoginHub, anna: Inside, bob: Inside) -> None:
    """SES-15, TOK-02: with cookies of one's own that open one's own, also given under the other's names."""
    assert is_refused(hub, anna.browser, bob.kernel)
    assert is_refused(hub, bob.browser, anna.kernel)
    assert is_refused(hub, Browser(hub), anna.kernel)
    disguised = anna.browser.copy()
    for one in anna.browser.http.cookies.jar:
        mine, theirs = (who.browser.person.lower() for who in (anna, bob))
        disguised.http.cookies.set(one.name.replace(mine, theirs), one.value or "", path=one.path.replace(mine, theirs))
    assert is_refused(hub, disguised, bob.kernel)


@pytest.mark.parametrize("origin", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_page_of_elsewhere_opens_no_channel(hub: LoginHub, anna: Inside, origin: str) -> None:
    """SES-15: whatever cookies the browser adds."""
    assert is_refused(hub, anna.browser, anna.kernel, origin.format(url=hub.url))


def test_what_is_open_elsewhere_in_the_browser_ends_with_a_logout(hub: LoginHub, bob: Inside) -> None:
    """SES-11: two tabs, a channel of each; the page behind the back button was not kept, and old cookies open none."""
    tabs = [opened(hub, bob.browser, bob.kernel) for _ in range(2)]
    for page in (
        "/hub/login",
        "/hub/logout?x=1",
        f"/hub/spawn/{bob.route.removeprefix('/user/')}",
        "/hub/nothing-here",
    ):
        answer = bob.browser.get(page, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"})
        assert answer.headers["cache-control"] == "no-store", page
    before = bob.browser.copy()
    assert bob.browser.get("/hub/logout").status_code == 200
    for tab in tabs:
        assert has_ended(tab)
    for browser in (before, bob.browser):
        assert is_refused(hub, browser, bob.kernel)
        assert browser.api("GET", "/hub/api/user", **SCRIPT).status_code == 403
    bob.browser.log_in()
    bob.open_lab()
    until(lambda: not is_refused(hub, bob.browser, bob.kernel), 10)
    until(lambda: is_refused(hub, before, bob.kernel), 3)


def test_no_channel_slips_in_while_a_session_ends(hub: LoginHub, anna: Inside) -> None:
    """TOK-03, SES-11: one browser logs out, the route stays for another; old cookies that go on trying keep nothing.

    What a workspace's server was told of a token a moment ago opens no channel that lives on.
    """
    second = Browser(hub, anna.browser.login)
    second.log_in()
    thief, slipped, over = anna.browser.copy(), list[websocket.WebSocket](), threading.Event()

    def try_on() -> None:
        while not over.is_set():
            with contextlib.suppress(websocket.WebSocketException, OSError):
                slipped.append(opened(hub, thief, anna.kernel))

    trying = threading.Thread(target=try_on)
    trying.start()
    try:
        until(lambda: len(slipped) > 3, 10)
        assert anna.browser.get("/hub/logout").status_code == 200
        assert anna.route in hub.routes()
        assert is_refused(hub, thief, anna.kernel)
    finally:
        over.set()
        trying.join(60)
    assert not [channel for channel in slipped if not has_ended(channel)]


def has_ended(channel: websocket.WebSocket) -> bool:
    """Wait until a channel is closed from the other side; one that lives on raises a timeout."""
    channel.settimeout(10)
    try:
        while channel.recv():
            pass
    except websocket.WebSocketTimeoutException:
        return False
    except (websocket.WebSocketException, OSError):
        return True
    return True

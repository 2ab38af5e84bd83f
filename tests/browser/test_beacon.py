"""A workspace's page in Chromium tells the hub that somebody works in it, and the person when their login is over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser.conftest import screenshot
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, until
from tests.integration.test_logout import start_workspace
from tests.integration.test_sessions import OLD, let_be_idle, session_of

pytestmark = pytest.mark.browser
hub, inside = login_fixtures.hub, login_fixtures.inside

NOTEBOOK = "01_survival.ipynb"


@pytest.fixture(scope="module")
def route(hub: LoginHub, inside: Browser) -> str:
    """The route of a running workspace."""
    return start_workspace(hub, inside)


@pytest.fixture
def notebook(hub: LoginHub, inside: Browser, route: str, browser: Chromium) -> Iterator[Page]:
    """A page with a notebook of that workspace, whose kernel runs, in which nobody did anything yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    inside.log_in()
    until(lambda: route in hub.routes())
    hand_over(inside, context)
    page = context.new_page()
    page.goto(f"{hub.url}{route}/lab/tree/{NOTEBOOK}?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    let_be_idle(hub, session_of(hub, inside).session, OLD)
    yield page
    context.close()


def hand_over(logged_in: Browser, context: Any) -> None:
    """Give Chromium the cookies of a browser that is logged in."""
    jar = logged_in.http.cookies.jar
    context.add_cookies(
        [{"name": one.name, "value": one.value or "", "domain": "127.0.0.1", "path": one.path} for one in jar]
    )


def _idle(hub: LoginHub, inside: Browser) -> timedelta:
    session = session_of(hub, inside)
    return hub.policy.now() - (session.last_activity or session.begun)


def _type(page: Page) -> None:
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.type("# hello")


def test_what_somebody_types_keeps_the_session_awake_and_polling_does_not(
    hub: LoginHub, inside: Browser, notebook: Page
) -> None:
    """SES-12: the page's own requests, and events that a script makes up, are nothing; a key is, once a minute."""
    beacons: list[str] = []
    notebook.on("request", lambda one: beacons.append(one.method) if one.url.endswith("/hub/activity") else None)
    for _ in range(3):
        with notebook.expect_response(lambda answer: "/api/kernels" in answer.url, timeout=60_000):
            notebook.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))")
    assert beacons == []
    assert _idle(hub, inside) >= OLD
    _type(notebook)
    until(lambda: _idle(hub, inside) < timedelta(minutes=1), 10)
    _type(notebook)
    assert beacons == ["POST"]
    expect(notebook.get_by_role("button", name="Log in again")).to_have_count(0)


def test_a_page_whose_login_is_over_says_so_and_goes_on_after_the_next(
    hub: LoginHub, inside: Browser, notebook: Page
) -> None:
    """S76, SES-11: it names what to do, with a button; a login in another tab takes the words away, and the kernel
    is there again."""
    let_be_idle(hub, session_of(hub, inside).session, timedelta(hours=1))
    until(lambda: not inside.is_in(), 10)
    _type(notebook)
    told = notebook.get_by_role("alert").filter(has_text="Your login is over")
    expect(told).to_be_visible(timeout=30_000)
    with notebook.context.expect_page() as opened:
        told.get_by_role("button", name="Log in again").click()
        screenshot(notebook, "login-over")
    opened.value.wait_for_url("**/hub/login**")
    opened.value.close()
    inside.log_in()
    hand_over(inside, notebook.context)

    def gone() -> bool:
        notebook.keyboard.press("Shift")
        return told.count() == 0

    until(gone, 30)
    notebook.locator(".jp-CodeCell .cm-content").first.press("Shift+Enter")
    expect(notebook.locator(".jp-OutputArea-output").first).to_contain_text("a.csv", timeout=60_000)
    expect(notebook.locator("dialog")).to_have_count(0)

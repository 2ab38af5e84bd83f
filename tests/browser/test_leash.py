"""JupyterLab in Chromium says when and why its workspace ends, louder and louder; then a page does (POL-03)."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect

from access_policy.actor import person
from tests.browser.conftest import screenshot
from tests.browser.test_beacon import hand_over
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, until
from tests.integration.login_state import ANNA
from tests.integration.test_logout import start_workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
hub, inside = login_fixtures.hub, login_fixtures.inside

SOON = 15_000
"""Milliseconds in which a page that was seen again has asked, whatever else the machine does."""


@pytest.fixture(scope="module")
def route(hub: LoginHub, inside: Browser) -> str:
    """The route of a running workspace."""
    return start_workspace(hub, inside)


@pytest.fixture
def lab(hub: LoginHub, inside: Browser, route: str, browser: Chromium) -> Iterator[Page]:
    """JupyterLab of that workspace."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(SOON)
    hand_over(inside, context)
    page = context.new_page()
    page.goto(f"{hub.url}{route}/lab/tree/01_survival.ipynb?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    yield page
    context.close()


@contextmanager
def paused(hub: LoginHub) -> Iterator[None]:
    """Let the hub see nothing of what is between two facts."""
    hub.tell("hub", signal.SIGSTOP)
    try:
        yield
    finally:
        hub.tell("hub", signal.SIGCONT)


def let_end_in(hub: LoginHub, inside: Browser, left: timedelta) -> None:
    """Let the ground of the workspace end so long from now: the person is verified until then."""
    anna, who = person(ANNA), inside.person
    with paused(hub):
        hub.do("withdraw-verification", anna, person=who, reason="for another time")
        until_then = (hub.policy.now() + left).isoformat()
        hub.do("verify-person", anna, person=who, method="video-call", evidence="seen", until=until_then)


def banner(page: Page) -> Locator:
    """Return the banner."""
    return page.get_by_role("region", name="End of this workspace")


def shows(page: Page, told: Locator, *, gone: bool = False) -> None:
    """Wait until something is shown, or is gone, on a page that asks as one does that comes to the front."""

    def so() -> bool:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return told.is_visible() is not gone

    until(so, 40)


def test_the_end_is_told_louder_and_louder_and_then_what_is_kept(hub: LoginHub, inside: Browser, lab: Page) -> None:
    """POL-03, S97: polite at 30 and 10 minutes, an alert in the last; closed until the next; the end, and its page."""
    lab.locator(".jp-CodeCell .cm-content").first.click()
    expect(banner(lab)).to_have_count(0)
    for minutes in (30, 10):
        let_end_in(hub, inside, timedelta(minutes=minutes, seconds=-20))
        told = banner(lab).get_by_role("status")
        shows(lab, told.filter(has_text=f"less than {minutes} minutes, at 20"))
        expect(told).to_contain_text("UTC. Then: the verification of this person has run out. Save your work.")
        expect(banner(lab)).to_contain_text(f"{minutes - 1} min left")
        covers_nothing_and_takes_no_focus(lab)
        screenshot(lab, f"leash-{minutes}")
        closes_by_keyboard(lab)
    let_end_in(hub, inside, timedelta(seconds=25))
    told = banner(lab).get_by_role("alert")
    shows(lab, told.filter(has_text="in less than a minute"))
    screenshot(lab, "leash-1")
    shows(lab, told.filter(has_text="This workspace ended at"))
    screenshot(lab, "leash-ended")
    with lab.context.expect_page() as opened:
        clicked_through(lab)
    says_what_is_kept(opened.value)


def clicked_through(page: Page) -> None:
    """Follow the banner's link as a person does: where JupyterLab's own dialog lies over it, that is closed first."""
    page.add_locator_handler(page.locator("dialog.jp-Dialog"), lambda _: page.keyboard.press("Escape"))
    banner(page).get_by_role("link").click()


def covers_nothing_and_takes_no_focus(page: Page) -> None:
    """WCAG 2.4.11, 3.2.1: the menu stands below it, and what is typed goes where it went."""
    shown, menu = banner(page).bounding_box(), page.locator("#jp-top-panel, #jp-menu-panel").first.bounding_box()
    assert shown is not None
    assert menu is not None
    assert shown["y"] + shown["height"] <= menu["y"] + 1
    assert page.evaluate("document.activeElement.closest('.cm-content') !== null")


def closes_by_keyboard(page: Page) -> None:
    """WCAG 2.1.1: link and button are reached by the tabulator."""
    banner(page).get_by_role("link").focus()
    page.keyboard.press("Tab")
    expect(banner(page).get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(banner(page)).to_have_count(0)
    page.locator(".jp-CodeCell .cm-content").first.click()


def says_what_is_kept(page: Page) -> None:
    """S97: what ended and when, why, what comes next and who can, where the files are and until when."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("ended")
    expect(page.get_by_role("alert")).to_contain_text("the verification of this person has run out")
    expect(page.locator("#home")).to_contain_text("are kept; no date is set at which they are deleted")
    expect(page.locator("#lacking")).to_contain_text("Next: an admin verifies the person again. Who can: admin")
    expect(page.locator("#start")).to_have_count(0)
    screenshot(page, "leash-after-the-end")

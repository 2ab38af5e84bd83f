"""The institute's door where hub, desk and workspaces have addresses of their own: the same names, told by DNS (S78).

Three browsers with one session: inside, where the names lead to the institute's proxy from an address of its networks;
outside, where they lead to the public proxy; and astray, at the institute's proxy from elsewhere.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import LAUNCH_ARGUMENTS, chromium_path
from tests.browser.conftest import ROOT, screenshot
from tests.browser.entering import log_in
from tests.browser.test_origins import SITE, own_origins
from tests.faults import FaultProxy
from tests.integration.conftest import seeded
from tests.integration.demos import own_demo, with_key
from tests.integration.whole import RunningSluis, until

__all__ = ["seeded"]
pytestmark = pytest.mark.browser

OFFICE = "127.0.0.2"
WORKSPACE = f"p-13-dr-3.work.{SITE}"


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """A running demo whose institute is one address of this machine, and its sessions count as inside for seconds."""
    office = with_key("institute", f'["{OFFICE}/32"]')
    with own_demo(seeded, office, with_key("recheck_seconds", 6), own_origins) as running:
        yield running


def resolving_to(browser: Browser, demo: RunningSluis, port: int) -> Browser:
    """Return a browser for which the names of the demo lead to a port of this machine."""
    rule = f"--host-resolver-rules=MAP *.{SITE}:{demo.port} 127.0.0.1:{port}"
    return browser.browser_type.launch(
        executable_path=chromium_path(ROOT / ".cache"), args=[*LAUNCH_ARGUMENTS, rule], chromium_sandbox=False
    )


@pytest.fixture(scope="module")
def inside(demo: RunningSluis, browser: Browser) -> Iterator[BrowserContext]:
    """The browser of somebody whose one request is of a restricted dataset, at the institute, logged in."""
    with FaultProxy.before(demo.institute_port, OFFICE) as way:
        at_work = resolving_to(browser, demo, way.port)
        context = at_work.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.set_default_timeout(20_000)
        log_in(context.new_page(), demo, "sofie")
        yield context
        at_work.close()


@pytest.fixture(scope="module")
def lab(demo: RunningSluis, inside: BrowserContext) -> Page:
    """Her workspace's page, as she started it."""
    page = inside.pages[0]
    page.locator("#card-DR-3").get_by_role("link", name="Start a workspace").click()
    page.get_by_label("Small").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(f"http://{WORKSPACE}:{demo.port}/user/p-13/dr-3/lab**", timeout=60_000)
    page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    return page


def carried(inside: BrowserContext, browser: Browser) -> Page:
    """Return a page of another browser with the same cookies."""
    context = browser.new_context(storage_state=inside.storage_state(), locale="en-GB")
    context.set_default_timeout(20_000)
    return context.new_page()


def reaches(lab: Page) -> bool:
    """Say whether a page of the workspace has an answer of its own server."""
    return bool(lab.evaluate("fetch('/user/p-13/dr-3/api').then(one => one.ok, () => false)"))


def test_a_restricted_workspace_opens_by_its_own_name_inside_and_stays(demo: RunningSluis, lab: Page) -> None:
    """S78, NET-05: her open page is seen inside from its own origin, for longer than one look counts."""
    for _ in range(5):
        with lab.expect_response(f"http://hub.{SITE}:{demo.port}/hub/place") as seen:
            pass
        assert seen.value.status == 200
    assert reaches(lab)
    assert demo.facts("SessionMoved") == []


def test_outside_the_same_name_leads_to_a_page_that_says_where_it_opens(
    demo: RunningSluis, inside: BrowserContext, lab: Page, browser: Browser
) -> None:
    """NET-04, NET-05: with the same session; then it is out of reach inside as well, until it is seen there again."""
    outside = carried(inside, browser)
    answer = outside.goto(lab.url)
    assert answer is not None
    assert answer.status == 403
    expect(outside.get_by_role("heading", level=1)).to_have_text("This workspace opens from the institute's network")
    expect(outside.get_by_text("Connect to the institute's network")).to_contain_text("open this page again")
    screenshot(outside, "institute-own-names")
    assert outside.goto(f"http://{WORKSPACE}:{demo.port}/user/p-13/dr-3/api/status") is not None
    assert "out of reach" in outside.content()
    outside.context.close()
    assert [one["zone"] for one in demo.facts("SessionMoved")][:1] == ["anywhere"]
    until(lambda: reaches(lab), 20)


def test_at_the_institutes_proxy_from_elsewhere_no_workspace_opens(
    demo: RunningSluis, inside: BrowserContext, lab: Page, browser: Browser
) -> None:
    """NET-03, NET-04: the word of the door alone is not enough, and nobody is sent round in a circle."""
    strayed = resolving_to(browser, demo, demo.institute_port)
    page = carried(inside, strayed)
    answer = page.goto(lab.url)
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_text("You came by the institute's proxy")).to_be_visible()
    strayed.close()

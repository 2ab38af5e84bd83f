"""JupyterLab in Chromium while the log is silent: until when the workspace goes on, that it ended, and why (POL-04)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import screenshot
from tests.browser.entering import log_in
from tests.browser.test_leash import banner, clicked_through, shows
from tests.integration.conftest import seeded
from tests.integration.demos import own_demo, with_key
from tests.integration.test_leash import SILENCE
from tests.integration.whole import RunningSluis, until
from tests.unit.access_policy.log.troubles import moved_away

__all__ = ["seeded"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """A demo that bears a silent log for a short time."""
    with own_demo(seeded, with_key("store_silence_seconds", SILENCE)) as running:
        yield running


@pytest.fixture
def lab(demo: RunningSluis, page: Page) -> Page:
    """JupyterLab of a researcher."""
    page.set_default_timeout(20_000)
    log_in(page, demo, "lotte")
    page.locator("#card-DR-1").get_by_role("link", name="Start a workspace").click()
    page.get_by_label("Small").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/user/p-12/dr-1/lab**", timeout=60_000)
    page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    return page


def test_an_open_page_says_for_how_long_it_goes_on_and_afterwards_why_it_ended(demo: RunningSluis, lab: Page) -> None:
    """POL-04, S97: an alert that counts down, and its link; with the log back, the page after the end says why."""
    with moved_away(demo.state / "log.sqlite"):
        shows(lab, banner(lab).get_by_role("alert").filter(has_text="log"))
        screenshot(lab, "leash-silent")
        until(lambda: demo.sandboxes() == [], 60)
        shows(lab, banner(lab).filter(has_text="it ends now, or has ended"))
        screenshot(lab, "leash-silent-ended")
    until(lambda: demo.endings("P-12", "DR-1"), 30)
    shows(lab, banner(lab).get_by_role("alert").filter(has_text="This workspace ended at"))
    with lab.context.expect_page() as opened:
        clicked_through(lab)
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("DR-1")
    expect(opened.value.locator("main")).to_contain_text("log")
    screenshot(opened.value, "leash-silent-after")

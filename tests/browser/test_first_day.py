"""A newcomer's first day in a real browser: unknown in the morning, and at last their second factor counts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import screenshot
from tests.browser.entering import first_factor, fresh_code, give_code, log_in, submit
from tests.integration.conftest import demo, seeded
from tests.integration.whole import RunningSluis

__all__ = ["demo", "seeded"]

PROMISE = 10_000
"""Milliseconds from a fact to what a page shows of it."""


@pytest.fixture
def pages(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Two browsers of two people."""
    contexts: list[BrowserContext] = []
    for _ in range(2):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(20_000)
        contexts.append(context)
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def test_a_newcomers_first_day(demo: RunningSluis, pages: tuple[Page, Page]) -> None:
    """S16, S17, S73, S76, S97: unknown, registered, with a factor, verified, handed a code, and it counts."""
    noor, anna = pages
    _register(noor, demo)
    _next(noor, "Nobody has verified who you are", "Your second factor does not count yet")
    log_in(anna, demo, "anna")
    _verify(anna, demo)
    code = _issue(anna, demo)
    expect(noor.locator("#ahead")).not_to_contain_text("Nobody has verified", timeout=PROMISE)
    screenshot(noor, "newcomer-verified")
    noor.get_by_role("link", name="Give the code that you got").click()
    _redeem(noor, code)
    noor.goto(f"{demo.url}/services/desk/")
    expect(noor.locator("#ahead")).not_to_contain_text("Your second factor")
    screenshot(noor, "newcomer-counts")
    noor.get_by_role("link", name="Read and accept it").first.click()
    expect(noor.get_by_role("heading", name="Texts that bind me")).to_be_visible()


def _register(page: Page, demo: RunningSluis) -> None:
    """Log in as somebody whom nobody knows, say who one is, and set a second factor up."""
    first_factor(page, demo, "noor")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who are you?")
    expect(page.get_by_label("Your name")).to_have_value("Noor de Vries")
    page.get_by_label("Your position").fill("PhD student")
    page.get_by_label("Your field of work").fill("leukaemia")
    screenshot(page, "newcomer-who")
    page.get_by_role("button", name="This is me").click()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    give_code(page, fresh_code(secret))
    expect(page.get_by_role("heading", level=1)).to_have_text("My requests")
    screenshot(page, "newcomer-next")


def _next(page: Page, *texts: str) -> None:
    """Expect these steps, first and in this order."""
    steps = page.locator("#ahead li")
    for number, text in enumerate(texts):
        expect(steps.nth(number)).to_contain_text(text)


def _verify(page: Page, demo: RunningSluis) -> None:
    """Find the newcomer among those who wait, and verify them."""
    page.get_by_role("link", name="To verify", exact=True).click()
    screenshot(page, "admin-to-verify")
    row = page.get_by_role("row").filter(has_text="Noor de Vries")
    row.get_by_role("link", name="Verify person").click()
    expect(page.locator("main")).to_contain_text("PhD student, leukaemia")
    page.get_by_label("How you checked").select_option("video-call")
    page.get_by_label(re.compile("evidence", re.IGNORECASE)).fill("Passport, seen in a video call.")
    submit(page, demo, "anna")


def _issue(page: Page, demo: RunningSluis) -> str:
    """Have a code made, and return it; it is shown once."""
    page.get_by_role("link", name="To verify", exact=True).click()
    item = page.get_by_role("listitem").filter(has_text="Noor de Vries")
    item.get_by_role("link", name="Issue a code to hand over").click()
    code = page.locator("p.secret").inner_text()
    screenshot(page, "admin-code-to-hand-over")
    submit(page, demo, "anna")
    expect(page.locator("body")).not_to_contain_text(code)
    return code


def _redeem(page: Page, code: str) -> None:
    """Give the code on the page of one's factors, after a wrong one."""
    screenshot(page, "newcomer-factors")
    wrong = code.replace(code[0], "B" if code[0] == "A" else "A")
    for given, role, says in (
        (wrong, "alert", "That code does not count"),
        (code.lower(), "status", "counts from now"),
    ):
        page.get_by_label("The code that your verifier handed over to you").fill(given)
        page.get_by_role("button", name="Give the code").click()
        expect(page.locator(f"main [role={role}]")).to_contain_text(says)
    screenshot(page, "newcomer-factor-counts")

"""What people of the demo do in a browser before anything else: log in, and give their second factor for a command."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.integration.whole import RunningSluis, unused_code


def fresh_code(secret: str) -> str:
    """Return a code of a secret that nobody gave yet; waits where all that count now were given (MFA-01)."""
    return unused_code(secret, secret)


def first_factor(page: Page, demo: RunningSluis, login: str) -> None:
    """Log in at the provider."""
    page.goto(demo.url)
    page.get_by_role("link", name=re.compile("log in", re.IGNORECASE)).first.click()
    page.get_by_role("button", name=login, exact=True).click()


def log_in(page: Page, demo: RunningSluis, login: str) -> None:
    """Log in with both factors."""
    secret = demo.secret(login)
    first_factor(page, demo, login)
    give_code(page, fresh_code(secret))
    expect(page.get_by_role("heading", level=1)).to_have_text("My requests")


def give_code(page: Page, code: str, button: str = "Log in") -> None:
    """Type a code and send it."""
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("button", name=button, exact=True).click()


def submit(page: Page, demo: RunningSluis, login: str) -> None:
    """Send the form of a command, give the second factor that it takes, and wait for the word that it was done."""
    page.locator("main form.command button").first.click()
    page.wait_for_load_state()
    if urlsplit(page.url).path.endswith("/hub/step-up"):
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm with your second factor")
        give_code(page, fresh_code(demo.secret(login)), "Confirm")
    expect(page.get_by_role("status")).to_be_visible()

"""The page of one's second factors, as far as HTTP goes: its forms, and what the facts say afterwards."""

import re

import httpx
import pyotp

from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.notices.accounts import account_notices
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_hub import LoginHub

PAGE, CHANGE = "/hub/factors", "/hub/factors/change"


def do(browser: Browser, what: str, **fields: str) -> httpx.Response:
    """Send one of the page's forms."""
    return browser.post(PAGE, field(browser.get(PAGE).text, "_xsrf"), None, do=what, **fields)


def begin(browser: Browser, what: str, **fields: str) -> str:
    """Begin a change; the page on which a factor is given for it."""
    answer = do(browser, what, **fields)
    assert answer.status_code == 303, reason(answer)
    page = str(answer.headers["location"])
    assert page.startswith("/hub/step-up?ask=")
    return page


def confirmed(browser: Browser, what: str, **fields: str) -> str:
    """Begin a change and give a code for it; where the browser is sent."""
    answer = browser.second_factor(page=begin(browser, what, **fields))
    assert answer.status_code == 303, reason(answer)
    page = str(answer.headers["location"])
    assert page.startswith(f"{CHANGE}?ask=")
    return page


def secret_on(page: httpx.Response) -> str:
    """The secret that a page shows."""
    found = re.search(r'id="secret">([A-Z2-7]+)<', page.text)
    assert found is not None, page.text[:1500]
    return found[1]


def add_app(browser: Browser, name: str = "") -> str:
    """Add a further app; its secret."""
    page = confirmed(browser, "app")
    shown = browser.get(page)
    secret = secret_on(shown)
    answer = browser.post(page, field(shown.text, "_xsrf"), code=pyotp.TOTP(secret).now(), name=name)
    assert answer.headers["location"] == f"{PAGE}?done=app", reason(answer)
    return secret


def make_codes(browser: Browser) -> list[str]:
    """Make recovery codes; as the page shows them."""
    shown = browser.get(confirmed(browser, "codes"))
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    return re.findall(r"<code>([A-Z2-7-]+)</code>", shown.text)


def factors_of(browser: Browser) -> dict[FactorId, FactorKind]:
    """What the facts say of the browser's person's factors."""
    with browser.hub.policy.reading() as state:
        return {name: one.kind for name, one in state.people[browser.person].factors.items()}


def the(kind: FactorKind, browser: Browser, beside: str = "") -> FactorId:
    """The one factor of a kind that is not `beside`."""
    (found,) = [name for name, one in factors_of(browser).items() if one is kind and name != beside]
    return found


def log_in_with(hub: LoginHub, login: str, code: str) -> tuple[Browser, httpx.Response]:
    """Log in with a code."""
    browser = Browser(hub, login)
    return browser, browser.second_factor(code, page=browser.first_factor().headers["location"])


def told(hub: LoginHub, who: PersonId) -> list[str]:
    """The notices about their account that a person is to get, by kind, oldest first."""
    with hub.policy.reading() as state:
        facts = hub.policy.store.facts_since(0)
        return [str(one.kind) for fact in facts for one in account_notices(state, fact) if one.to == who]

"""Fixtures of the tests that log in; a test module names those it uses: `hub = login_fixtures.hub`."""

from collections.abc import Iterator

import pytest

from access_policy.actor import person
from access_policy.model.ids import PersonId
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, running_hub
from tests.integration.login_state import ANNA


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """One hub for the tests of a module; each test takes a login of its own."""
    with running_hub(tmp_path_factory.mktemp("login") / "s") as hub:
        yield hub


@pytest.fixture
def browser(hub: LoginHub) -> Browser:
    """A browser of somebody who has not logged in yet."""
    return Browser(hub, hub.fresh_login())


@pytest.fixture(scope="module")
def inside(hub: LoginHub) -> Browser:
    """A browser that is logged in, for tests that leave it so."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    return browser


def disable(hub: LoginHub, who: PersonId) -> None:
    """Stop a person."""
    hub.do("disable-person", person(ANNA), person=who, reason="left")


def request_of(hub: LoginHub, browser: Browser) -> str:
    """Return the server name of the browser's person's request."""
    with hub.policy.reading() as state:
        (found,) = [one.request for one in state.requests.values() if one.applicant == browser.person]
    return found.lower()

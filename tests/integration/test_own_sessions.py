"""The page of one's sessions at a real hub: listed for their person alone, ended one by one or all (SES-11)."""

from collections.abc import Iterator

import httpx
import pytest

from access_policy import events as e
from tests.integration.login_browser import Browser, field
from tests.integration.login_hub import LoginHub, running_hub

pytestmark = pytest.mark.integration
PAGE = "/hub/sessions"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """One hub for all."""
    with running_hub(tmp_path_factory.mktemp("sessions") / "s") as hub:
        yield hub


@pytest.fixture
def three(hub: LoginHub) -> tuple[Browser, Browser, Browser]:
    """Three browsers of one person, logged in one after the other."""
    login = hub.fresh_login()
    found = (Browser(hub, login), Browser(hub, login), Browser(hub, login))
    for browser in found:
        browser.log_in()
    return found


def do(browser: Browser, what: str, **fields: str) -> httpx.Response:
    """Send one of the page's forms."""
    return browser.post(PAGE, field(browser.get(PAGE).text, "_xsrf"), None, do=what, **fields)


def sessions(browser: Browser) -> list[str]:
    """The digests of the person's live sessions, oldest first."""
    policy = browser.hub.policy
    return [one.session for one in policy.records.live_sessions(policy.now(), browser.person)]


def test_one_session_is_ended_alone(three: tuple[Browser, Browser, Browser]) -> None:
    """SES-11: the one that was chosen lets nobody in any more, the others do; the log says why it ended."""
    first = three[0]
    page = first.get(PAGE)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert (page.text.count("This browser"), page.text.count("Another browser")) == (1, 2)
    ended = sessions(first)[1]
    assert do(first, "one", session=ended).headers["location"] == f"{PAGE}?done=one"
    assert [one.is_in() for one in three] == [True, False, True]
    rows = [fact.event for fact in first.hub.policy.store.observations_since(0)]
    assert e.SessionEnded(person=first.person, session=ended, why="person") in rows


def test_all_others_are_ended(three: tuple[Browser, Browser, Browser]) -> None:
    """SES-11, MFA-08: this browser stays in."""
    assert do(three[1], "others").headers["location"] == f"{PAGE}?done=others"
    assert [one.is_in() for one in three] == [False, True, False]


def test_all_are_ended_this_one_too(three: tuple[Browser, Browser, Browser]) -> None:
    """SES-11: by the form on the page that leads to the logout."""
    browser = three[0]
    xsrf = field(browser.get(PAGE).text, "_xsrf")
    assert "Every browser of yours is logged out" in browser.post("/hub/logout", xsrf, None, everywhere="yes").text
    assert [one.is_in() for one in three] == [False, False, False]


def test_nobody_ends_another_persons_session(hub: LoginHub, three: tuple[Browser, Browser, Browser]) -> None:
    """REQ-03, SES-06: another person's session looks like none; a forged form, a frame and nobody get nowhere."""
    other = Browser(hub, hub.fresh_login())
    other.log_in()
    (theirs,) = sessions(other)
    assert theirs[:12] not in three[0].get(PAGE).text
    assert do(three[0], "one", session=theirs).status_code == 404
    assert do(three[0], "one", session=sessions(three[0])[0]).status_code == 404, "this browser logs out instead"
    assert do(three[0], "everything").status_code == 400
    assert three[0].post(PAGE, "forged", None, do="others").status_code == 403
    assert three[0].get(PAGE, **{"Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert Browser(hub).get(PAGE).status_code == 302
    assert other.is_in()
    assert [one.is_in() for one in three] == [True, True, True]

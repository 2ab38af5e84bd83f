"""Passkeys in a real browser with its virtual authenticator: made, given for a login and for a command, refused."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from access_policy.commands.grants import EndRequest
from access_policy.events import LoginRefused, SessionBegun
from access_policy.model.enums import FactorKind
from access_policy.model.ids import PersonId, RequestId
from hub_config import step_ups
from hub_config.step_ups import DESK, Asker
from tests.browser.conftest import screenshot
from tests.integration.login_hub import LoginHub, running_hub

pytestmark = pytest.mark.browser


class Visitor:
    """A browser of its own with one virtual authenticator, which lets tests choose whether it verifies its user."""

    def __init__(self, context: BrowserContext, hub: LoginHub) -> None:
        self.hub, self.page = hub, context.new_page()
        self.console = list[str]()
        self.page.on("console", lambda said: self.console.append(said.text))
        self.devtools: CDPSession = context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable", {"enableUI": False})
        self.authenticator = self.add_authenticator()

    def add_authenticator(self, *, verifies: bool = True) -> str:
        """Put in a passkey's keeper: inside the computer, or one that cannot verify whose hand it is in."""
        options = {
            "protocol": "ctap2", "transport": "internal" if verifies else "usb", "hasResidentKey": True,
            "hasUserVerification": verifies, "isUserVerified": verifies, "automaticPresenceSimulation": True,
        }  # fmt: skip
        added: dict[str, Any] = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(added["authenticatorId"])

    def remove_authenticator(self) -> None:
        """Take it out."""
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator})

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        found = self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        return list(found["credentials"])

    def verifying(self, does: bool) -> None:
        """Let it say that it verified its user, or not."""
        values = {"authenticatorId": self.authenticator, "isUserVerified": does}
        self.devtools.send("WebAuthn.setUserVerified", values)

    def first_factor(self, login: str) -> Page:
        """Log in at the provider."""
        self.page.goto(f"{self.hub.url}/hub/login")
        self.page.get_by_role("link", name=re.compile("log in", re.IGNORECASE)).first.click()
        self.page.locator('input[name="sub"]').first.wait_for(state="attached")
        self.page.get_by_role("button", name=login, exact=True).click()
        return self.page

    def log_out(self) -> None:
        """Log out."""
        self.page.goto(f"{self.hub.url}/hub/logout")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def is_at(self, path: str) -> None:
        """Wait for a page of the hub or the desk."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """A hub that browsers reach by a name."""
    with running_hub(tmp_path_factory.mktemp("passkeys") / "s", by_name=True) as hub:
        yield hub


@pytest.fixture
def visit(hub: LoginHub, browser: Browser) -> Iterator[Callable[[], Visitor]]:
    """Give a browser of its own."""
    contexts = list[BrowserContext]()

    def visitor() -> Visitor:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Visitor(context, hub)

    yield visitor
    for context in contexts:
        context.close()


def test_a_first_passkey_a_login_and_a_command(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """S17, S76: made at the first login by keyboard alone, given at the next, and for one command."""
    visitor, who = visit(), hub.people["newcomer1"]
    page = visitor.first_factor("newcomer1")
    visitor.is_at("/hub/enrol")
    screenshot(page, "passkey-first-factor")
    page.get_by_role("button", name="Make a passkey").focus()
    page.keyboard.press("Enter")
    visitor.is_at("/services/desk/")
    (kept,) = visitor.credentials()
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    visitor.log_out()
    visitor.first_factor("newcomer1")
    expect(page.get_by_label("Six-digit code")).to_have_count(0)
    screenshot(page, "passkey-login")
    page.get_by_role("button", name="Log in with a passkey").click()
    visitor.is_at("/services/desk/")
    begun = [one for one in hub.observations(SessionBegun) if one.person == who]
    assert [one.method for one in begun] == [FactorKind.PASSKEY] * 2
    token = _asked(hub, who)
    page.goto(f"{hub.url}/hub/step-up?ask={token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm with your second factor")
    screenshot(page, "passkey-step-up")
    page.get_by_role("button", name="Confirm with a passkey").click()
    visitor.is_at("/services/desk/step-up")
    assert _is_given(hub, who, token)
    assert [said for said in visitor.console if "Content Security Policy" in said] == []


def _asked(hub: LoginHub, who: PersonId) -> str:
    """Ask for something that takes a factor, as the desk does; the token that the browser carries."""
    session = hub.policy.records.newest_live_session(who, hub.policy.now())
    assert session is not None
    token = f"ask of {who}".replace(" ", "-")
    command = EndRequest(request=RequestId("DR-1"), reason="over")
    step_ups.ask(hub.policy, Asker(who, session.session, DESK), command, token)
    return token


def _is_given(hub: LoginHub, who: PersonId, token: str) -> bool:
    session = hub.policy.records.newest_live_session(who, hub.policy.now())
    assert session is not None
    one = step_ups.waiting(hub.policy, token, who, session.session)
    return one is not None and step_ups.given(hub.policy, one) is not None


def test_a_passkey_is_added_beside_an_app(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """S17, MFA-08: a code is given for it first; at the next login it stands beside the code."""
    visitor, login = visit(), hub.fresh_login()
    page = visitor.first_factor(login)
    page.get_by_label("Six-digit code").fill(_code(hub, login))
    page.get_by_role("button", name="Log in").click()
    visitor.is_at("/services/desk/")
    page.goto(f"{hub.url}/hub/step-up/given")
    _press_add(page)
    visitor.is_at("/hub/step-up")
    expect(page.locator("#command")).to_contain_text("Add a passkey")
    page.get_by_label("Six-digit code").fill(_code(hub, login))
    page.get_by_role("button", name="Confirm").click()
    visitor.is_at("/hub/factors/passkey")
    page.get_by_label("What do you call it?").fill("my computer")
    screenshot(page, "passkey-add")
    page.get_by_role("button", name="Make a passkey").click()
    visitor.is_at("/hub/factors")
    assert len(visitor.credentials()) == 1
    visitor.log_out()
    visitor.first_factor(login)
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    screenshot(page, "passkey-or-code")
    page.get_by_role("button", name="Log in with a passkey").click()
    visitor.is_at("/services/desk/")


def test_the_same_place_makes_no_second_passkey(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """MFA-15: where one is there already, the page says so; the passkey itself was given for the try."""
    visitor = visit()
    page = visitor.first_factor("newcomer5")
    page.get_by_role("button", name="Make a passkey").click()
    visitor.is_at("/services/desk/")
    page.goto(f"{hub.url}/hub/step-up/given")
    _press_add(page)
    page.get_by_role("button", name="Confirm with a passkey").click()
    visitor.is_at("/hub/factors/passkey")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("is there already")
    screenshot(page, "passkey-there-already")
    assert len(visitor.credentials()) == 1


def _press_add(page: Page) -> None:
    """What the button of the page of one's factors does."""
    page.evaluate(
        """() => { const form = document.createElement("form");
        form.method = "post"; form.action = "/hub/factors/passkey";
        const field = document.createElement("input"); field.name = "_xsrf";
        field.value = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)[1]; form.append(field);
        document.body.append(form); form.submit(); }"""
    )


def _code(hub: LoginHub, login: str) -> str:
    """A code that was not given yet: the step before this one's, then this one's."""
    step = max(hub.steps.get(login, 0) + 1, int(time.time()) // 30 - 1)
    hub.steps[login] = step
    return pyotp.TOTP(hub.secrets[login]).generate_otp(step)


def test_an_authenticator_that_verifies_nobody_makes_none(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """MFA-15: the browser itself refuses, and the page says in words what to do; the button works again."""
    visitor = visit()
    visitor.remove_authenticator()
    visitor.authenticator = visitor.add_authenticator(verifies=False)
    page = visitor.first_factor("newcomer2")
    visitor.is_at("/hub/enrol")
    button = page.get_by_role("button", name="Make a passkey")
    button.click()
    told = page.get_by_role("alert")
    expect(told).to_be_visible()
    expect(told).to_be_focused()
    expect(button).to_be_enabled()
    screenshot(page, "passkey-unverified")
    assert visitor.credentials() == []
    with hub.policy.reading() as state:
        assert state.people[hub.people["newcomer2"]].factors == {}


def _asked_for_a_passkey(visitor: Visitor, login: str) -> Page:
    """The page that asks somebody for the passkey that they made at their first login."""
    page = visitor.first_factor(login)
    page.get_by_role("button", name="Make a passkey").click()
    visitor.is_at("/services/desk/")
    visitor.log_out()
    return visitor.first_factor(login)


def test_a_passkey_whose_user_was_not_verified_lets_nobody_in(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """MFA-15: the authenticator does not verify its user, or is not there: words in the page, and no login."""
    visitor = visit()
    page = _asked_for_a_passkey(visitor, "newcomer3")
    visitor.verifying(False)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was given")
    screenshot(page, "passkey-not-given")
    assert urlsplit(page.url).path == "/hub/second-factor"
    visitor.verifying(True)
    page.get_by_role("button", name="Log in with a passkey").click()
    visitor.is_at("/services/desk/")


def test_a_hub_refuses_what_the_browser_lets_pass(hub: LoginHub, visit: Callable[[], Visitor]) -> None:
    """MFA-15: where a changed page asks for no verification, the hub still does, and says so in words."""
    visitor = visit()
    page = _asked_for_a_passkey(visitor, "newcomer4")
    visitor.verifying(False)
    page.evaluate("""() => { const form = document.querySelector("[data-passkey]");
        form.dataset.options = form.dataset.options.replace('"userVerification": "required"',
        '"userVerification": "discouraged"'); }""")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("This passkey was not right, or is not yours.")
    screenshot(page, "passkey-refused")
    assert hub.observations(LoginRefused)[-1].why == "second_factor_passkey_answer"


def test_without_scripts_or_passkeys_the_app_remains(hub: LoginHub, browser: Browser) -> None:
    """S17: the page says that a passkey needs JavaScript, and the other way in stands below."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{hub.url}/hub/login")
    page.get_by_role("link", name=re.compile("log in", re.IGNORECASE)).first.click()
    page.get_by_role("button", name="newcomer2", exact=True).click()
    expect(page.get_by_text("A passkey needs JavaScript.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_disabled()
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    context.close()

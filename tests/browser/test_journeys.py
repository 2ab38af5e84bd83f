"""Journeys in a real browser: log in, give a code, work in a notebook, be refused; what others do shows at once."""

import contextlib
import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import screenshot
from tests.browser.entering import first_factor, give_code, log_in, submit
from tests.integration.conftest import demo, seeded
from tests.integration.whole import RunningSluis

__all__ = ["demo", "seeded"]

Enter = Callable[[str], Page]
_ASKED_OR_RUN = re.compile(r"\[(\*|[0-9]+)\]")
PROMISE = 10_000
"""Milliseconds from a fact to what a page shows of it."""


@pytest.fixture(scope="module")
def enter(demo: RunningSluis, browser: Browser) -> Iterator[Enter]:
    """Give a person's page, logged in; one for each person."""
    contexts: dict[str, BrowserContext] = {}

    def page_of(login: str) -> Page:
        if login not in contexts:
            context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
            context.set_default_timeout(20_000)
            contexts[login] = context
            log_in(context.new_page(), demo, login)
        return contexts[login].pages[0]

    yield page_of
    for context in contexts.values():
        context.close()


def card(page: Page, request: str) -> str:
    """Return the selector of a request's card on the first page."""
    return f"#card-{request}"


def test_a_researcher_works_and_is_refused_the_moment_the_request_ends(demo: RunningSluis, enter: Enter) -> None:
    """S75, S76, S94: login, code, start, a survival curve; an admin ends the request in the browser, and it is over."""
    page = enter("lotte")
    screenshot(page, "researcher-requests")
    page.locator(card(page, "DR-1")).get_by_role("link", name="Start a workspace").click()
    screenshot(page, "choose-a-size")
    page.get_by_label("Small").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/user/p-12/dr-1/lab**")
    run_the_notebook(page)
    screenshot(page, "notebook")
    desk = page.context.new_page()
    desk.goto(f"{demo.url}/services/desk/")
    expect(desk.locator(card(desk, "DR-1"))).to_contain_text("Open")
    end_request(enter("anna"), demo, "DR-1")
    expect(desk.locator(card(desk, "DR-1"))).to_contain_text("The request was ended", timeout=PROMISE)
    screenshot(desk, "researcher-after-the-end")
    assert demo.sandboxes() == []
    page.goto(f"{demo.url}/user/p-12/dr-1/lab")
    expect(page.locator("body")).not_to_contain_text("Launcher")
    screenshot(page, "workspace-gone")


def run_the_notebook(page: Page) -> None:
    """Open the notebook that every home begins with, run all of it, and wait for its picture.

    It is run once its kernel is idle: JupyterLab may drop what is asked of a kernel that is not there yet. Where it
    asks which kernel, or drops what it was asked all the same (on a slow machine), a person would answer and ask again.
    """
    page.add_locator_handler(page.locator("dialog.jp-Dialog"), _answer)
    page.get_by_text("01_survival.ipynb").first.dblclick()
    page.get_by_role("heading", name="Survival analysis").wait_for()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(PlaywrightTimeout):
            page.locator(".jp-InputPrompt", has_text=_ASKED_OR_RUN).first.wait_for(timeout=10_000)
            break
    curve = page.locator(".jp-OutputArea-output img").first
    try:
        curve.wait_for(timeout=60_000)
    except PlaywrightTimeout as error:
        said = page.locator(".jp-NotebookPanel").all_inner_texts()
        raise AssertionError(f"no picture in the notebook, which says: {said}") from error
    curve.scroll_into_view_if_needed()


def _answer(dialog: Locator) -> None:
    """Choose the kernel where that is the question; whatever else JupyterLab says fails the test, with its words."""
    asked = dialog.inner_text()
    assert "kernel" in asked.splitlines()[0].lower(), f"JupyterLab says: {asked}"
    dialog.locator("button.jp-mod-accept").click()


def end_request(page: Page, demo: RunningSluis, request: str) -> None:
    """End a request as an admin does, typing its id."""
    page.goto(f"{demo.url}/services/desk/requests/{request}")
    screenshot(page, "admin-request")
    page.get_by_role("link", name="End request", exact=True).click()
    page.get_by_label(re.compile("reason", re.IGNORECASE)).fill("The project is over.")
    page.get_by_label(re.compile("type", re.IGNORECASE)).fill(request)
    screenshot(page, "admin-end-request")
    submit(page, demo, "anna")


def test_a_first_login_enrols_a_factor_that_opens_nothing_until_it_is_confirmed(
    demo: RunningSluis, browser: Browser
) -> None:
    """S17, MFA-13: a QR code and a proof; then the page says who has to confirm."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    first_factor(page, demo, "fleur")
    screenshot(page, "enrol")
    expect(page.get_by_role("img")).to_be_visible()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    give_code(page, "000000" if pyotp.TOTP(secret).now() != "000000" else "111111")
    expect(page.get_by_role("alert")).to_be_visible()
    screenshot(page, "enrol-wrong-code")
    give_code(page, pyotp.TOTP(secret).now())
    expect(page.locator("main")).to_contain_text("The second factor is not confirmed yet")
    screenshot(page, "factor-not-confirmed")
    context.close()


def test_what_a_trainer_and_an_admin_do_shows_without_a_new_login(demo: RunningSluis, enter: Enter) -> None:
    """S73, S74: certified and verified in the browser; the researchers' open pages change by themselves."""
    milan, willem = enter("milan"), enter("willem")
    expect(milan.locator("main")).to_contain_text("A required course has not been passed")
    expect(willem.locator("main")).to_contain_text("Nobody has verified who this person is")
    certify(enter("tessa"), demo, "P-27")
    expect(milan.locator("main")).to_contain_text("You can start a workspace", timeout=PROMISE)
    verify(enter("anna"), demo, "P-18")
    expect(willem.locator("main")).not_to_contain_text("Nobody has verified who this person is", timeout=PROMISE)
    screenshot(willem, "researcher-verified")


def test_a_board_members_approval_shows_without_a_new_login(demo: RunningSluis, enter: Enter) -> None:
    """S22, REQ-04: the board member reads the form and approves it in the browser; the applicant's page moves on."""
    yara, nils = enter("yara"), enter("nils")
    expect(yara.locator(card(yara, "DR-15"))).to_contain_text("The data access board has not approved this request yet")
    nils.goto(f"{demo.url}/services/desk/requests/DR-15")
    nils.get_by_role("link", name="Approve", exact=True).click()
    for finding in ("improves the treatment", "in the public interest"):
        nils.get_by_label(finding).check()
    nils.get_by_label(re.compile("reason", re.IGNORECASE)).fill("A sound design on data that exist.")
    nils.get_by_label(re.compile("begins", re.IGNORECASE)).fill("2027-01-01T00:00")
    nils.get_by_label(re.compile("ends", re.IGNORECASE)).fill("2028-01-01T00:00")
    screenshot(nils, "board-approve")
    submit(nils, demo, "nils")
    expect(yara.locator(card(yara, "DR-15"))).to_contain_text("Not all three parties have signed", timeout=PROMISE)


def certify(page: Page, demo: RunningSluis, person: str) -> None:
    """Certify a person in the required course as the trainer does."""
    page.goto(f"{demo.url}/services/desk/people/{person}")
    screenshot(page, "trainer-person")
    page.goto(f"{demo.url}/services/desk/do/certify-person?person={person}&course={demo.course()}")
    screenshot(page, "trainer-certify")
    submit(page, demo, "tessa")


def verify(page: Page, demo: RunningSluis, person: str) -> None:
    """Verify a person as an admin does."""
    page.goto(f"{demo.url}/services/desk/do/verify-person?person={person}")
    page.get_by_label("How you checked").select_option("video-call")
    page.get_by_label(re.compile("until", re.IGNORECASE)).fill("2027-11-01T00:00")
    page.get_by_label(re.compile("evidence", re.IGNORECASE)).fill("Passport, seen in a video call.")
    screenshot(page, "admin-verify")
    submit(page, demo, "anna")


@pytest.mark.parametrize("path", ["/hub/spawn/p-28/dr-13", "/hub/spawn/p-28/dr-999", "/user/p-12/dr-2/lab"])
def test_a_workspace_that_is_not_allowed_is_refused_in_words(demo: RunningSluis, enter: Enter, path: str) -> None:
    """S26, POL-09: a page says that it is not possible, whom to ask, and how to get back."""
    page, running = enter("yara"), demo.sandboxes()
    page.goto(f"{demo.url}{path}")
    screenshot(page, "refused" + path.replace("/", "-"))
    expect(page.locator("footer")).to_contain_text("desk@centre.example")
    assert "Traceback" not in page.content()
    assert demo.sandboxes() == running


def test_after_logging_out_every_page_asks_for_a_full_login(demo: RunningSluis, enter: Enter) -> None:
    """SES-11: also the back button's page and an address that was kept."""
    page = enter("bram")
    page.get_by_role("link", name="Log out").click()
    page.wait_for_load_state()
    screenshot(page, "logged-out")
    for path in ("/services/desk/", "/hub/spawn/p-23/dr-10", "/user/p-23/dr-10/lab"):
        page.goto(f"{demo.url}{path}")
        expect(page.get_by_role("link", name=re.compile("log in", re.IGNORECASE)).first).to_be_visible()

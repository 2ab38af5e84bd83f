"""Web origins of their own in Chromium: what a workspace's page can do to the desk, the hub and other workspaces."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from hub_config.desk.access import METADATA
from hub_config.origins import Origins
from hub_config.places import Places
from hub_config.running import load_running
from tests.browser.entering import log_in, submit
from tests.integration.conftest import seeded
from tests.integration.demos import own_demo
from tests.integration.whole import RunningSluis, until

__all__ = ["seeded"]
pytestmark = pytest.mark.browser

SITE = "sluis.localhost"
DR_1, DR_2 = (f"p-12-dr-{number}.work.{SITE}" for number in (1, 2))


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """A running demo in which hub, desk and each workspace have hosts of their own, all of which are this machine."""
    with own_demo(seeded, own_origins) as running:
        yield running


def own_origins(text: str, running: RunningSluis) -> str:
    """Give hub, desk and workspaces addresses of their own, which the institute's proxy has as well."""
    running.url = f"http://hub.{SITE}:{running.port}"
    addresses = {"hub": "hub", "desk": "desk", "workspaces": "*.work"}
    lines = [f'{name} = "http://{host}.{SITE}:{running.port}"' for name, host in addresses.items()]
    text = re.sub(r"(?s)# [^\n]*\n\[origins\].*?(?=\n#[^\n]*\n\[|\Z)", "", text)
    return "\n".join([text, "[origins]", *lines, ""])


@pytest.fixture(scope="module")
def web(demo: RunningSluis) -> Origins:
    """Where everything is."""
    return load_running(Places(demo.state)).web


@pytest.fixture(scope="module")
def lotte(demo: RunningSluis, browser: Browser) -> Iterator[Page]:
    """The page of a researcher, who is logged in and has two workspaces running."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    page = context.new_page()
    log_in(page, demo, "lotte")
    for request, host in (("DR-2", DR_2), ("DR-1", DR_1)):
        page.goto(f"{load_running(Places(demo.state)).web.desk}/services/desk/")
        page.locator(f"#card-{request}").get_by_role("link", name="Start a workspace").click()
        page.get_by_label("Small").check()
        page.get_by_role("button", name="Start").click()
        page.wait_for_url(f"http://{host}:{demo.port}/user/p-12/{request.lower()}/lab**", timeout=60_000)
    yield page
    context.close()


def sent(page: Page, address: str, method: str = "GET", body: str = "") -> int | None:
    """Send a request as a script of the page can, with the visitor's cookies; return the status of its answer.

    None: the browser withheld the answer, since it came with `Cross-Origin-Resource-Policy`.
    """
    options = {"method": method, "mode": "no-cors", "credentials": "include"} | ({"body": body} if body else {})
    with page.expect_request(lambda one: one.url == address and one.method == method) as done:
        page.evaluate("([address, options]) => fetch(address, options).catch(() => null)", [address, options])
    answer = done.value.response()
    return None if answer is None else answer.status


def test_each_part_and_each_workspace_has_an_origin_of_its_own(demo: RunningSluis, web: Origins, lotte: Page) -> None:
    """SES-07: where the login leads to, what a page may read of another, and what each host answers."""
    assert lotte.evaluate("location.origin") == f"http://{DR_1}:{demo.port}"
    for other in (web.hub, web.desk, web.workspace("p-12", "dr-2")):
        read = "address => fetch(address, {credentials: 'include'}).then(() => 'read', error => error.name)"
        assert lotte.evaluate(read, f"{other}/") == "TypeError", other


def test_a_workspaces_page_changes_nothing_at_the_desk_or_the_hub(
    demo: RunningSluis, web: Origins, lotte: Page
) -> None:
    """SES-07: its requests bring the visitor's cookies, and are refused; so is a form that it sends in their window."""
    form = f"{web.desk}/services/desk/do/remove-contact?request=DR-1"
    known = len(demo.facts("ContactRemoved"))
    assert sent(lotte, form, "POST", "person=P-12") in (403, None)
    assert sent(lotte, f"{web.desk}/services/desk/") in (403, None)
    assert sent(lotte, f"{web.hub}/hub/api/user") == 403
    assert sent(lotte, f"{web.hub}/hub/spawn/p-12/dr-2", "POST", "profile=small") == 403
    assert sent(lotte, f"{web.hub}/hub/logout", "POST", "everywhere=yes") == 403
    assert sent(lotte, f"{web.workspace('p-12', 'dr-2')}/user/p-12/dr-2/api/kernels", "POST", "{}") == 403
    for address in (form, f"{web.hub}/hub/logout"):
        page = lotte.context.new_page()
        page.goto(lotte.url.partition("/lab")[0] + "/api")
        send = "address => {const f = document.createElement('form'); f.method = 'POST'; f.action = address;"
        with page.expect_navigation() as gone:
            page.evaluate(send + " document.documentElement.append(f); f.submit()}", address)
        assert gone.value is not None
        assert gone.value.status == 403
        page.close()
    assert len(demo.facts("ContactRemoved")) == known
    lotte.reload()
    assert lotte.evaluate("location.origin") == web.workspace("p-12", "dr-1")


def test_a_cookie_that_a_workspace_sets_for_the_common_domain_is_nothing(
    demo: RunningSluis, web: Origins, lotte: Page
) -> None:
    """SES-07 (CVE-2024-28233): no such cookie gets in, shadows the hub's or the desk's, or keeps somebody out."""
    names = ("_xsrf", "jupyterhub-session-id", "sluis-session", "sluis-pending-login", "sluis-desk", "sluis-desk-said")
    for name in names:
        for path in ("/", "/hub/", "/services/desk/"):
            for prefix in ("", "__Host-"):
                lotte.evaluate(
                    "cookie => {document.cookie = cookie}", f"{prefix}{name}=evil; Domain={SITE}; Path={path}"
                )
    set_here = [one for one in lotte.context.cookies() if one["value"] == "evil"]
    assert {one["name"] for one in set_here} == set(names)
    page = lotte.context.new_page()
    page.goto(f"{web.desk}/services/desk/")
    expect(page.get_by_role("heading", level=1)).to_have_text("My requests")
    page.goto(f"{web.hub}/hub/spawn/p-12/dr-2")
    assert page.evaluate("location.origin") == web.workspace("p-12", "dr-2")
    page.goto(f"{web.hub}/hub/logout")
    assert "logged out" in page.content()
    page.goto(f"{web.desk}/services/desk/")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("My requests")
    log_in(page, demo, "lotte")
    page.close()


def test_nothing_of_the_desk_and_the_hub_stands_in_a_frame_of_a_workspace(web: Origins, lotte: Page) -> None:
    """SES-09: not even from a host beside theirs."""
    for address in (f"{web.desk}/services/desk/login", f"{web.hub}/hub/login"):
        frame = "address => {const f = document.createElement('iframe'); f.src = address; document.body.append(f)}"
        with lotte.expect_console_message(lambda said: "frame" in said.text.lower() and said.type == "error"):
            lotte.evaluate(frame, address)


def test_the_beacon_reaches_the_hub_from_a_workspaces_own_origin(web: Origins, lotte: Page) -> None:
    """SES-12: the sign that somebody is there counts from there, though nothing else of that page does."""
    assert sent(lotte, f"{web.hub}/hub/activity", "POST") == 204


def test_each_host_answers_for_itself_only(demo: RunningSluis, web: Origins) -> None:
    """SES-07, SES-14: no page of the hub is on a workspace's host, which only leads there, nor on a strange one."""
    with httpx.Client(base_url=f"http://127.0.0.1:{demo.port}", trust_env=False) as client:
        for host in (DR_1, f"p-1-dr-1.work.{SITE}", f"desk.{SITE}", "evil.example", SITE):
            answer = client.get("/", headers={"Host": f"{host}:{demo.port}"})
            assert (answer.status_code, answer.headers["location"]) == (302, f"{web.hub}/hub/"), host
            for path in ("/hub", "/hub/login", "/hub/api/", "/hub/api/user", "/services/desk/", "//hub/login"):
                if (host, path) != (f"desk.{SITE}", "/services/desk/"):
                    assert client.get(path, headers={"Host": f"{host}:{demo.port}"}).status_code == 404, (host, path)
        answer = client.get("/user/p-1/dr-1/lab", headers={"Host": f"p-1-dr-1.work.{SITE}:{demo.port}"})
        assert (answer.status_code, answer.headers["location"]) == (302, f"{web.hub}/hub/user/p-1/dr-1/lab")
        found = client.get(METADATA, headers={"Host": f"desk.{SITE}:{demo.port}"})
        assert found.json()["policy_decision_point"] == f"{web.desk}/services/desk"
        assert client.get(METADATA, headers={"Host": f"p-1-dr-1.work.{SITE}:{demo.port}"}).status_code != 200
        old = client.get("/hub/services/desk/me", headers={"Host": f"hub.{SITE}:{demo.port}"})
        assert (old.status_code, old.headers["location"]) == (302, f"{web.desk}/services/desk/")


def test_a_command_goes_from_the_desk_by_the_hub_and_back_and_takes_the_route_by_its_host(
    demo: RunningSluis, web: Origins, browser: Browser
) -> None:
    """SES-07, S78: the second factor is asked for on the hub's host; what then loses its ground loses its route."""
    running = load_running(Places(demo.state))

    def routes() -> list[str]:
        asked = {"Authorization": f"token {running.proxy_token}"}
        return list(httpx.get(f"{running.proxy_api}/api/routes", headers=asked, trust_env=False).json())

    assert f"/{DR_1}/user/p-12/dr-1" in routes()
    page = browser.new_page()
    log_in(page, demo, "anna")
    page.goto(f"{web.desk}/services/desk/requests/DR-1")
    page.get_by_role("link", name="End request", exact=True).click()
    page.get_by_label(re.compile("reason", re.IGNORECASE)).fill("The project is over.")
    page.get_by_label(re.compile("type", re.IGNORECASE)).fill("DR-1")
    submit(page, demo, "anna")
    until(lambda: f"/{DR_1}/user/p-12/dr-1" not in routes(), 10)
    assert page.url.startswith(f"{web.desk}/services/desk/")
    assert f"/{DR_2}/user/p-12/dr-2" in routes()
    page.context.close()

"""Published advisories of JupyterHub, its authenticators, spawners and servers, replayed at a real hub.

Those that have no counterpart here stand in `docs/identity.md` with the reason, and those that other tests replay with
the test's name.
"""

import importlib.metadata
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from hub_config.settings import SettingsProblem, load_settings
from tests.integration import login_fixtures
from tests.integration.hub_posts import posts, refused_at
from tests.integration.login_browser import Browser, field
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub
from tests.integration.test_closed_doors import tables
from tests.integration.test_logout import start_workspace

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:TypeDecorator JSONDict"),  # of JupyterHub's own tables
]
hub, browser, inside = login_fixtures.hub, login_fixtures.browser, login_fixtures.inside

EVIL = "evil.example"
NO_CORS = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"}


@pytest.fixture(scope="module")
def workspace(hub: LoginHub) -> tuple[Browser, str]:
    """A browser in its running workspace, and the workspace's address."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    route = start_workspace(hub, browser)
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/lab").status_code == 200
    browser.http.follow_redirects = False
    return browser, route


@pytest.mark.parametrize("path", posts())
def test_no_cors_is_no_way_around_the_token_of_a_form(hub: LoginHub, inside: Browser, path: str) -> None:
    """CVE-2026-40864 (GHSA-m68r-v472-jgq9), SES-06: `no-cors` from another site changes nothing at any address."""
    address = path.format(me=inside.person.lower(), server=request_of(hub, inside))
    for content in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = inside.http.post(address, headers=NO_CORS | {"Content-Type": content}, content=b"{}")
        assert answer.status_code in refused_at(path), (path, content)
    assert (inside.is_in(), hub.routes()) == (True, [])


AWAY = (
    "{url}//evil.example", "{url}///evil.example", "///evil.example", "//evil.example", "/\\evil.example",
    "\\\\evil.example", "{url}/hub//evil.example", "{url}\\@evil.example", "https:evil.example", "//evil%2eexample",
)  # fmt: skip


@pytest.mark.parametrize("away", AWAY)
def test_next_of_a_login_stays_here(hub: LoginHub, inside: Browser, away: str) -> None:
    """CVE-2026-33709 (GHSA-3vff-hjqv-m7h8), CVE-2019-10255: same host and then `//`, slashes and backslashes."""
    query = urlencode({"next": away.format(url=hub.url)})
    for page in ("/hub/login", "/hub/oauth_login"):
        place = inside.get(f"{page}?{query}").headers["location"]
        assert EVIL not in urlsplit(place).netloc, (page, place)
        assert not place.startswith(("//", "/\\", "\\")), (page, place)
    assert inside.get(f"/hub/login?{query}").headers["location"].endswith("/services/desk/")


@pytest.mark.parametrize("page", ["/hub/login", "/hub/second-factor", "/hub/spawn/{me}/{server}"])
def test_next_is_escaped_where_it_is_shown(hub: LoginHub, browser: Browser, page: str) -> None:
    """GHSA-c4gm-pwx9-9w8j: markup in `next` reaches no page as markup."""
    browser.first_factor()
    address = page.format(me=browser.person.lower(), server=request_of(hub, browser))
    lure = "/hub/\"'><script>alert(1)</script>"
    assert "<script>alert" not in browser.get(f"{address}?{urlencode({'next': lure})}").text


def test_nobody_holds_shares(hub: LoginHub, inside: Browser) -> None:
    """GHSA-c4gm-pwx9-9w8j: nobody can share a server, so that nobody runs a page of theirs in another's session."""
    scopes = inside.api("GET", "/hub/api/user").json()["scopes"]
    assert [scope for scope in scopes if "shares" in scope or "!" not in scope] == []


def test_a_filtered_scope_reaches_nobody_else(hub: LoginHub, inside: Browser) -> None:
    """GHSA-69wv-m5fw-2fhp: what is a person's own (`…!user`) is refused for each other person, read or write."""
    other = hub.people["trainer"].lower()
    for method, path in (
        ("GET", f"/hub/api/users/{other}"), ("POST", f"/hub/api/users/{other}/activity"), ("GET", "/hub/api/users"),
        ("POST", f"/hub/api/users/{other}/servers/dr-1"), ("DELETE", f"/hub/api/users/{other}/servers/dr-1"),
        ("GET", f"/hub/api/users/{other}/servers/dr-1/progress"), ("PATCH", f"/hub/api/users/{other}"),
    ):  # fmt: skip
        assert inside.api(method, path, {} if method != "GET" else None).status_code in (403, 404, 405), (method, path)


LONG = "x" * 1_000_000


def test_what_is_too_long_is_not_logged(hub: LoginHub, inside: Browser) -> None:
    """CVE-2026-54338 (GHSA-p43p-whwx-q52h): a megabyte as name, option or activity; the log grows by short lines."""
    before, me = len(hub.log("hub")), inside.person.lower()
    token = field(inside.get(f"/hub/spawn/{me}/{request_of(hub, inside)}").text, "_xsrf")
    stranger = Browser(hub)
    answers = [
        stranger.post("/hub/login", str(stranger.http.cookies.get("_xsrf") or ""), username=LONG, password=LONG),
        inside.post(f"/hub/spawn/{me}/{request_of(hub, inside)}", token, profile=LONG),
        inside.api("POST", f"/hub/api/users/{me}/servers/{request_of(hub, inside)}", {"profile": LONG}),
        inside.api("POST", f"/hub/api/users/{me}/activity", {"last_activity": LONG}),
        inside.api("POST", f"/hub/api/users/{me}/activity", {"servers": {LONG: {"last_activity": LONG}}}),
        inside.api("GET", f"/hub/api/users/{LONG[:15_000]}"),
    ]
    assert [one.status_code for one in answers if one.status_code < 400] == []
    assert len(hub.log("hub")) - before < 30_000


@pytest.mark.parametrize("part", ["desk", "warden"])
def test_no_service_makes_an_admin(hub: LoginHub, inside: Browser, part: str) -> None:
    """CVE-2024-41942 (GHSA-9x4q-3gxw-849f), TOK-05: our own services' tokens neither make users nor change them."""
    token = hub.running.desk_token if part == "desk" else hub.running.warden_token
    headers = {"Authorization": f"token {token}"}
    for method, path, body in (
        ("PATCH", f"/hub/api/users/{inside.person.lower()}", {"admin": True}), ("POST", "/hub/api/users/x", None),
        ("POST", "/hub/api/users", {"usernames": ["x"], "admin": True}), ("POST", "/hub/api/shutdown", {}),
        ("POST", f"/hub/api/users/{inside.person.lower()}/tokens", {}), ("GET", "/hub/api/proxy", None),
    ):  # fmt: skip
        assert httpx.request(method, f"{hub.url}{path}", json=body, headers=headers, trust_env=False).status_code in (
            403,
            404,
        ), path


def test_a_planted_token_of_a_form_is_none(hub: LoginHub, inside: Browser) -> None:
    """CVE-2024-28233 (GHSA-7r3h-4ph8-w38g), SES-07: a cookie that a neighbour set, and the same in the form."""
    victim = inside.copy()
    path = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    stranger = Browser(hub)
    stranger.get("/hub/login")
    for planted in ("planted", str(stranger.http.cookies["_xsrf"]).strip('"')):
        header = "; ".join(
            [f"_xsrf={planted}"]
            + [f"{cookie.name}={cookie.value}" for cookie in victim.http.cookies.jar if cookie.name != "_xsrf"]
        )
        answer = httpx.post(
            f"{hub.url}{path}", data={"_xsrf": planted, "profile": "small"}, headers={"Cookie": header}, trust_env=False
        )
        assert answer.status_code == 403
    assert not hub.routes()


def test_logging_out_in_one_tab_logs_out_the_others(hub: LoginHub, browser: Browser) -> None:
    """CVE-2021-41247 (GHSA-cw7p-q79f-m2v7), SES-11: tabs share one session; cookies from before it are worthless."""
    browser.log_in()
    tabs = [browser.copy() for _ in range(3)]
    assert all(tab.is_in() for tab in tabs)
    tabs[0].get("/hub/logout")
    assert [tab.is_in() for tab in (browser, *tabs)] == [False] * 4


ADMINISTRATION = (
    "POST /hub/api/users", "DELETE /hub/api/users/p-3", "POST /hub/admin", "PUT /hub/api/users/p-3",
    "POST /hub/api/shutdown",
)  # fmt: skip


@pytest.mark.parametrize("call", ADMINISTRATION)
def test_administration_is_nowhere(inside: Browser, call: str) -> None:
    """CVE-2020-36191: with and without the token of a form there is nothing to administer."""
    (method, path), token = call.split(), str(inside.http.cookies["_xsrf"])
    for headers in ({}, {"X-XSRFToken": token}, {"X-XSRFToken": "planted"}):
        assert inside.http.request(method, path, headers=headers, content=b"{}").status_code in (403, 404, 405)


NEAR = ("dr-1--x", "dr-1-x", "DR-1", "dr-01", "dr-1%2f", "dr-1%00", "dr-1%20", "dr-\u0661", "", "p-1--dr-1")


@pytest.mark.parametrize("name", NEAR, ids=ascii)
def test_no_name_reaches_another_persons_server(hub: LoginHub, inside: Browser, name: str) -> None:
    """CVE-2020-15110 (GHSA-v7m9-9497-p9gr), SPW-07: one spelling for each server; another one starts nothing."""
    answer = inside.api("POST", f"/hub/api/users/{inside.person.lower()}/servers/{name}", {})
    assert answer.status_code in (400, 403, 404), answer.text[:200]
    assert not hub.routes()


@pytest.mark.parametrize("name", ["..", "%2e%2e", ".", "%2e", "P-{number}", "p-{number}%20", "p-{number}%00"])
def test_a_persons_name_has_one_spelling(hub: LoginHub, inside: Browser, name: str) -> None:
    """Mended in JupyterHub 6.1, ID-08: dots, capitals and what is trimmed elsewhere are nobody."""
    spelt = name.format(number=inside.person.removeprefix("P-"))
    me = inside.person.lower()
    for path in (f"/hub/api/users/{spelt}", f"/hub/user/{spelt}/dr-1/", f"/hub/spawn/{spelt}/dr-1"):
        answer = inside.http.send(inside.http.build_request("GET", f"{hub.url}{path}"))
        assert answer.status_code in (302, 400, 403, 404) or answer.json().get("name", me) == me, path
    with tables(hub) as database:
        names = {row[0] for row in database.connection().exec_driver_sql("select name from users")}
    assert all(one == one.lower() and one.startswith("p-") for one in names), names


@pytest.mark.parametrize("body", [{"expires_in": 0}, {"expires_in": None}, {"expires_in": -1}, {"note": "x" * 5000}])
def test_no_token_lives_for_ever(inside: Browser, body: dict[str, object]) -> None:
    """Mended in JupyterHub 6.1, TOK-01: `expires_in` of 0 was none; here nobody makes tokens at all."""
    assert inside.api("POST", f"/hub/api/users/{inside.person.lower()}/tokens", body).status_code == 403


def test_a_token_that_is_too_long_is_refused_at_once(hub: LoginHub) -> None:
    """Mended in JupyterHub 6.1: a token of any length was hashed; more than 64 signs are none."""
    for length in (64, 65, 12_000):
        assert Browser(hub).get("/hub/api/user", Authorization=f"token {'x' * length}").status_code == 403


MISSPELT = (
    "[login]\nwhitelist = ['a']\n", "[login]\nallowed_user = ['a']\n", "[login]\nallow_all = true\n",
    "allowed_users = ['a']\n", "[Authenticator]\nadmin_users = ['a']\n",
)  # fmt: skip


@pytest.mark.parametrize("text", MISSPELT)
def test_a_misspelt_setting_is_no_open_door(hub: LoginHub, text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """CVE-2020-26250 (GHSA-384w-5v3f-q499): an unknown key of the settings stops the start."""
    path = tmp_path_factory.mktemp("settings") / "sluis.toml"
    path.write_text(f"{text}[contact]\nname = 'x'\nemail = 'x@centre.example'\n")
    with pytest.raises(SettingsProblem):
        load_settings(path)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "token x"}, {"Authorization": "token"}])
def test_the_proxys_own_api_wants_its_token(hub: LoginHub, headers: dict[str, str]) -> None:
    """configurable-http-proxy: routes are neither read nor changed without it."""
    for method in ("GET", "POST", "DELETE"):
        routes = f"{hub.running.proxy_api}/api/routes{'' if method == 'GET' else '/x'}"
        body = {"target": "http://127.0.0.1:1"}
        answer = httpx.request(method, routes, headers=headers, json=body, trust_env=False)
        assert answer.status_code == 403


REDIRECTS = (
    "//evil.example/..", "/%2f%2fevil.example/%2e%2e", "/login?next=//evil.example", "/login?next=%5C%5Cevil.example",
    "/login?next=///evil.example", "/lab/tree/..%2f..%2fevil", "/logout?next=//evil.example", "/tree//evil.example/..",
)  # fmt: skip


@pytest.mark.parametrize("path", REDIRECTS)
def test_a_workspace_sends_nobody_away(hub: LoginHub, workspace: tuple[Browser, str], path: str) -> None:
    """CVE-2020-26232, CVE-2020-26275, CVE-2023-39968 of jupyter-server: no address of it leads to another site."""
    browser, route = workspace
    place = browser.copy().get(f"{route}{path}").headers.get("location", "/")
    assert urlsplit(place).netloc in ("", urlsplit(hub.url).netloc), place
    assert not place.startswith(("//", "/\\", "\\")), place


def test_a_workspaces_files_are_not_for_other_sites(workspace: tuple[Browser, str]) -> None:
    """CVE-2023-40170 of jupyter-server: what another site embeds gets neither files nor answers of the API."""
    browser, route = workspace
    stranger = Browser(browser.hub)
    for path in ("/files/x.html", "/api/contents", "/api/kernels", "/api/status"):
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{EVIL}"} | {"Referer": f"https://{EVIL}/"}
        assert browser.get(f"{route}{path}", **foreign).status_code in (302, 403, 404), path
        assert stranger.get(f"{route}{path}").status_code in (302, 403), path


def test_an_error_of_a_workspace_tells_no_path(workspace: tuple[Browser, str]) -> None:
    """GHSA-hrw6-wg82-cm62 of jupyter-server, SES-16: a file that is not there is named as it was asked for."""
    browser, route = workspace
    for path in (
        "/api/contents/nothing-here",
        "/api/contents/../../etc/passwd",
        "/files/nothing-here",
        "/api/nbconvert/x/y",
    ):
        answer = browser.get(f"{route}{path}")
        assert answer.status_code in (400, 403, 404), path
        assert str(browser.hub.places.state) not in answer.text
        assert "Traceback" not in answer.text


def test_a_workspace_is_no_proxy(workspace: tuple[Browser, str]) -> None:
    """CVE-2022-21697 of jupyter-server-proxy: it is not installed, so that no port or host is reached over it."""
    browser, route = workspace
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("jupyter-server-proxy")
    for path in ("/proxy/80", "/proxy/169.254.169.254:80", "/proxy/absolute/80", "/proxy/127.0.0.1:22/x"):
        assert browser.get(f"{route}{path}").status_code in (403, 404), path


LEAST = {
    "jupyterhub": (6, 1), "oauthenticator": (17, 4), "jupyterhub-kubespawner": (7, 1), "jupyter-server": (2, 15),
    "tornado": (6, 5), "pyjwt": (2, 10),
}  # fmt: skip


@pytest.mark.parametrize("package", LEAST)
def test_what_is_installed_is_no_older_than_the_remedies(package: str) -> None:
    """CVE-2022-24757, CVE-2022-29241 of jupyter-server and all above: the versions that mended them, or later ones."""
    version = tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])
    assert version >= LEAST[package]

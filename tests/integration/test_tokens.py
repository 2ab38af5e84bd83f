"""What the hub's tokens open, whoever may come to hold them: a server's, a page's, the desk's; and guessing."""

import contextlib
import json
import secrets
import sqlite3

import httpx
import pytest
from jupyterhub.utils import hash_token

from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub
from tests.integration.test_logout import start_workspace

pytestmark = pytest.mark.integration
hub = login_fixtures.hub


class Inside:
    """Somebody logged in whose workspace runs, and the tokens that it has."""

    def __init__(self, hub: LoginHub) -> None:
        self.hub = hub
        self.browser = Browser(hub, hub.fresh_login())
        self.browser.log_in()
        self.route = start_workspace(hub, self.browser)
        self.name, self.server = self.route.removeprefix("/user/").split("/")
        self.browser.http.follow_redirects = True
        page = self.browser.get(f"{self.route}/lab").text
        self.browser.http.follow_redirects = False
        self.page_token = page.partition('"token": "')[2].partition('"')[0]
        assert self.page_token
        self.server_token = one_more(hub, "server", self.name)


def one_more(hub: LoginHub, whose: str, name: str) -> str:
    """Return a token with the rights of one that the hub gave out, whose value only its holder knows.

    Beside the server's token, whose value is in no file and no environment, stands one more with all that the hub's
    table says of it.
    """
    token = secrets.token_hex(32)
    with contextlib.closing(sqlite3.connect(hub.places.hub / "jupyterhub.sqlite", timeout=10)) as base:
        base.row_factory = sqlite3.Row
        what = (
            "SELECT api_tokens.* FROM api_tokens JOIN users ON users.id = user_id WHERE users.name = ? AND note LIKE ?"
        )
        row = dict(base.execute(what, (name, f"{whose} at%")).fetchone() or {})
        assert row, base.execute("SELECT note FROM api_tokens").fetchall()
        row |= {"id": None, "prefix": token[:4], "hashed": hash_token(token, salt=8, rounds=1)}
        columns = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        base.execute(f"INSERT INTO api_tokens ({columns}) VALUES ({marks})", list(row.values()))
        base.commit()
    return token


@pytest.fixture(scope="module")
def anna(hub: LoginHub) -> Inside:
    """One of two people."""
    return Inside(hub)


@pytest.fixture(scope="module")
def bob(hub: LoginHub) -> Inside:
    """The other."""
    return Inside(hub)


def ask(hub: LoginHub, token: str, method: str, path: str, body: object = None) -> httpx.Response:
    """Call the hub or a workspace with a token and no cookie."""
    headers = {"Authorization": f"token {token}"}
    return httpx.request(method, hub.url + path, json=body, headers=headers, timeout=30, trust_env=False)


def beyond(me: str, server: str, other: str) -> list[tuple[str, str, object]]:
    """Return what no token of a workspace, a page or a service may do at the hub."""
    everything = {"scopes": ["admin:users", "admin:servers", "tokens", "self", "inherit"]}
    return [
        ("GET", "/hub/api/users", None), ("POST", "/hub/api/users", {"usernames": ["x"], "admin": True}),
        ("GET", f"/hub/api/users/{other}", None), ("PATCH", f"/hub/api/users/{me}", {"admin": True}),
        ("DELETE", f"/hub/api/users/{other}", None), ("GET", f"/hub/api/users/{other}/tokens", None),
        ("POST", f"/hub/api/users/{me}/tokens", everything), ("POST", f"/hub/api/users/{me}/tokens", {}),
        ("GET", f"/hub/api/users/{me}/tokens", None),
        ("POST", f"/hub/api/users/{me}/servers/{server}", {"profile": "small", "image": "evil"}),
        ("POST", f"/hub/api/users/{me}/servers/dr-999", {"profile": "small"}),
        ("POST", f"/hub/api/users/{other}/servers/dr-1", {}), ("DELETE", f"/hub/api/users/{me}/servers/{server}", None),
        ("PATCH", f"/hub/api/users/{me}/servers/{server}", {}), ("POST", f"/hub/api/users/{me}/server", {}),
        ("POST", "/hub/api/shutdown", {"proxy": True, "servers": True}), ("GET", "/hub/api/proxy", None),
        ("POST", "/hub/api/proxy", {}), ("PATCH", "/hub/api/proxy", {"ip": "192.0.2.1"}),
        ("GET", "/hub/api/info", None),
        ("GET", "/hub/api/services", None), ("GET", "/hub/api/groups", None), ("POST", "/hub/api/groups/x", {}),
        ("POST", f"/hub/api/shares/{me}/{server}", {}), ("POST", f"/hub/api/share-codes/{me}/{server}", {}),
        ("POST", f"/hub/api/users/{other}/activity", {"last_activity": "2026-01-01T00:00:00Z"}),
        ("GET", "/hub/metrics", None),
    ]  # fmt: skip


@pytest.mark.parametrize("which", ["server_token", "page_token"])
def test_a_workspaces_token_does_nothing_else_at_the_hub(hub: LoginHub, anna: Inside, bob: Inside, which: str) -> None:
    """TOK-01, TOK-02: neither the server's own nor the one of JupyterLab's page, which a cell's output can read."""
    token = getattr(anna, which)
    known = ask(hub, token, "GET", "/hub/api/user")
    assert (known.status_code, known.json()["name"]) == (200, anna.name)
    assert not known.json().get("admin")
    for method, path, body in beyond(anna.name, anna.server, bob.name):
        answer = ask(hub, token, method, path, body)
        assert answer.status_code in (403, 404, 405), (method, path, answer.status_code)
        assert bob.name not in answer.text.replace(path, ""), (method, path)
    assert anna.route in hub.routes()
    assert hub.user_row(bob.browser.person)


@pytest.mark.parametrize("which", ["server_token", "page_token"])
def test_a_token_opens_its_own_workspace_only(hub: LoginHub, anna: Inside, bob: Inside, which: str) -> None:
    """TOK-02: the token of one person at the server of another, in every place where a token is looked for."""
    token, status = getattr(anna, which), "/api/status"
    assert ask(hub, token, "GET", f"{anna.route}{status}").status_code == 200 or which == "server_token"
    assert ask(hub, token, "GET", f"{bob.route}{status}").status_code == 403
    # 503: the server refused before it had read all, and hung up
    assert ask(hub, token, "POST", f"{bob.route}/api/kernels", {}).status_code in (403, 503)
    assert ask(hub, bob.page_token, "GET", f"{bob.route}/api/kernels").json() == []
    for headers in ({}, {"Sec-Fetch-Mode": "websocket"}, {"Authorization": f"bearer {token}"}):
        path = f"{bob.route}{status}?token={token}"
        answer = httpx.get(hub.url + path, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code != 200, headers
        assert "kernels" not in answer.text


def test_a_token_in_an_address_is_none(hub: LoginHub, anna: Inside) -> None:
    """TOK-04: neither the hub nor a workspace takes it from there, so that it gets into no history and no log."""
    for path in ("/hub/api/user", f"{anna.route}/api/status"):
        assert httpx.get(f"{hub.url}{path}?token={anna.page_token}", trust_env=False, timeout=30).status_code != 200
    assert anna.page_token not in hub.log("hub") + hub.log("proxy")


@pytest.mark.parametrize("part", ["desk", "warden"])
def test_a_parts_token_is_no_admins(hub: LoginHub, anna: Inside, bob: Inside, part: str) -> None:
    """TOK-05: the desk's and the warden's tokens have an identity of their own and may do nothing at the hub's API."""
    token = getattr(hub.running, f"{part}_token")
    assert ask(hub, token, "GET", "/hub/api/user").json()["name"] == part
    assert ask(hub, token, "GET", "/hub/api/user").json()["kind"] == "service"
    assert not [one for one in scopes(hub, token) if not one.startswith(f"read:services:name!service={part}")]
    for method, path, body in beyond(anna.name, anna.server, bob.name):
        assert ask(hub, token, method, path, body).status_code in (403, 404, 405), (method, path)
    assert ask(hub, token, "GET", f"{anna.route}/api/status").status_code == 403


def scopes(hub: LoginHub, token: str) -> list[str]:
    """Return what the hub lets a token do."""
    return list(ask(hub, token, "GET", "/hub/api/user").json()["scopes"])


def test_guessing_tokens_costs_a_line_in_the_log_each(hub: LoginHub, anna: Inside) -> None:
    """TOK-06: at least 128 random bits each; a guess is refused and logged, without what was guessed."""
    with contextlib.closing(sqlite3.connect(f"file:{hub.places.hub}/jupyterhub.sqlite?mode=ro", uri=True)) as base:
        (prefix,) = base.execute("SELECT prefix FROM api_tokens WHERE user_id IS NOT NULL LIMIT 1").fetchone()
    guesses = [prefix + secrets.token_hex(30) for _ in range(200)]
    with httpx.Client(base_url=hub.url, timeout=30, trust_env=False) as client:
        for guess in guesses:
            answer = client.get("/hub/api/user", headers={"Authorization": f"token {guess}"})
            assert (answer.status_code, guess in answer.text) == (403, False)
        assert client.get("/hub/api/user", headers={"Authorization": f"token {anna.page_token}"}).status_code == 200
    said = hub.log("hub")
    assert said.count("403 GET /hub/api/user") >= len(guesses)
    assert not [guess for guess in guesses if guess in said or guess[:12] in said]


def test_every_token_has_enough_bits(hub: LoginHub, anna: Inside) -> None:
    """TOK-06: at least 128: 30 letters and digits, or 64 hexadecimal ones."""
    assert len(anna.page_token) * 5.9 > 128
    for token in (hub.running.desk_token, hub.running.warden_token, hub.running.proxy_token):
        assert len(token) * 4 >= 128
    assert len(json.dumps(anna.browser.http.cookies.get("sluis-session") or "")) > 43

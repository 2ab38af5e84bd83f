"""JupyterHub's own doors at a real hub, tried by somebody who is logged in, or holds what they should not."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import pytest
from jupyterhub import orm

from access_policy import events as e
from access_policy.model.enums import Zone
from hub_config.cli import main
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub, until
from tests.integration.test_logout import start_workspace

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:TypeDecorator JSONDict"),  # of JupyterHub's own tables
]
hub, browser, inside = login_fixtures.hub, login_fixtures.browser, login_fixtures.inside

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def tables(hub: LoginHub) -> Iterator[Any]:
    """The hub's own tables, as somebody sees and writes them who got at the file."""
    database = orm.new_session_factory(f"sqlite:///{hub.places.hub}/jupyterhub.sqlite")()
    try:
        yield database
        database.commit()
    finally:
        database.close()


DOORS: tuple[tuple[str, str, object], ...] = (
    ("GET", "/hub/metrics", None), ("GET", "/hub/api/metrics", None), ("GET", "/hub/api/info", None),
    ("GET", "/hub/api/services", None), ("GET", "/hub/api/services/desk", None), ("GET", "/hub/api/groups", None),
    ("GET", "/hub/api/proxy", None), ("POST", "/hub/api/proxy", {}), ("PATCH", "/hub/api/proxy", {}),
    ("POST", "/hub/api/shutdown", {}), ("POST", "/hub/api/users/{me}/admin-access", {}),
    ("GET", "/hub/api/authorizations/cookie/jupyterhub-hub-login/x", None),
    ("GET", "/hub/api/authorizations/token/x", None), ("POST", "/hub/api/authorizations/token", {}),
    ("POST", "/hub/api/authorizations/token/x", {}),
    ("POST", "/hub/security/csp-report", {"csp-report": {}}), ("GET", "/hub/user-redirect/lab", None),
    ("GET", "/hub/api/users/{me}/shared", None), ("GET", "/hub/api/shares/{me}", None),
    ("POST", "/hub/api/shares/{me}/{server}", {"user": "p-1"}), ("GET", "/hub/api/share-codes/{me}", None),
    ("POST", "/hub/api/share-codes/{me}/{server}", {}), ("GET", "/hub/accept-share?code=x", None),
    ("DELETE", "/hub/api/users/{me}", None), ("POST", "/hub/api/users/{me}/tokens", {"roles": ["admin"]}),
    ("GET", "/hub/api/users/p-1", None), ("POST", "/hub/api/users/p-1/activity", {}),
    ("POST", "/hub/api/users/{me}/server", {}), ("GET", "/hub/admin", None), ("GET", "/hub/token", None),
    ("GET", "/hub/spawn-pending/p-1/dr-1", None), ("POST", "/hub/spawn/{me}", {}),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), DOORS, ids=[f"{door[0]} {door[1]}" for door in DOORS])
def test_a_door_that_is_no_persons_is_closed(
    hub: LoginHub, inside: Browser, method: str, path: str, body: object
) -> None:
    """TOK-01, TOK-05: tokens, shares, share codes, metrics, services, other people, administration; not for oneself."""
    address = path.format(me=inside.person.lower(), server=request_of(hub, inside))
    answer = inside.api(method, address, body)
    assert answer.status_code in (403, 404, 405), answer.text[:300]
    assert inside.is_in()


def test_a_stranger_learns_a_version_and_no_more(hub: LoginHub) -> None:
    """TOK-01: the API's root is asked by every server when it starts; it says JupyterHub's version alone."""
    stranger = Browser(hub)
    assert set(stranger.get("/hub/api/").json()) == {"version"}
    for path in ("/hub/api/info", "/hub/api/users", "/hub/api/services", "/hub/metrics", "/hub/api/proxy"):
        assert stranger.get(path).status_code == 403, path


@pytest.mark.parametrize("method", ["plain", "", None, "S512"])
def test_a_code_is_given_for_a_hidden_challenge_only(hub: LoginHub, inside: Browser, method: str | None) -> None:
    """SES-03, RFC 7636 4.2: without a challenge, or with one that is its own answer, nobody gets a code."""
    client = {"client_id": "service-desk", "response_type": "code", "state": "x"}
    challenge = {"code_challenge": "x" * 43} | ({} if method is None else {"code_challenge_method": method})
    for asked in (client, client | challenge):
        answer = inside.get(f"/hub/api/oauth2/authorize?{urlencode(asked)}")
        assert answer.status_code in (400, 403), answer.headers
    hidden = client | challenge | {"code_challenge_method": "S256"}
    assert inside.get(f"/hub/api/oauth2/authorize?{urlencode(hidden)}").status_code == 302


def test_who_is_not_logged_in_is_sent_to_the_login_for_a_code(hub: LoginHub) -> None:
    """SES-03: that is no failure of the hub's, and its log shows none."""
    asked = urlencode({"client_id": "service-desk", "response_type": "code", "state": "x"})
    stranger = Browser(hub)
    for _ in range(2):  # a failure is written down once the first was answered
        answer = stranger.get(f"/hub/api/oauth2/authorize?{asked}")
        assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (302, "/hub/login")
    assert "Uncaught exception GET /hub/api/oauth2/authorize" not in hub.log("hub")


STRANGE = ("evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "127.0.0.2", "127.0.0.1:x", "x@y")


@pytest.mark.parametrize("host", STRANGE)
def test_nothing_is_on_a_host_of_somebody_elses(hub: LoginHub, inside: Browser, host: str) -> None:
    """SES-14: a name that somebody leads here from elsewhere is none of ours, at any page; the hub's own port is."""
    port = urlsplit(hub.url).port
    strange = {"Host": host.format(port=port)}
    for path in ("/", "/hub/", "/hub/login", "/hub/readyz", "/hub/api/", "/services/desk/", "/user/p-3/dr-1/lab"):
        answer = inside.get(path, **strange)
        assert (answer.status_code, answer.headers.get("location")) == (404, None), path
        assert "evil.example" not in answer.text
    for name in (f"127.0.0.1:{port}", f"LocalHost:{port}", "localhost", f"[::1]:{port}"):
        assert Browser(hub).get("/hub/login", Host=name).status_code == 200, name
    inner = httpx.get(f"{hub.running.hub}/hub/api/", headers={"Host": "hub:8081"}, trust_env=False)
    assert inner.status_code == 200


NO_FORMS = {
    "other bytes": ("", b"\xff\xfe"), "other bytes in a form": ("", b"grant_type=authorization_code&code=\xff"),
    "json": ("", b"{}"), "nothing": ("", b""), "a part of a form": ("", b"grant_type=authorization_code&code"),
    "a bad escape": ("", b"grant_type=%zz"), "in the address": ("?x=1", b"grant_type=authorization_code"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "body"), NO_FORMS.values(), ids=NO_FORMS)
@pytest.mark.parametrize("content", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_what_is_no_form_gets_no_token(hub: LoginHub, content: str, query: str, body: bytes) -> None:
    """SES-13, SES-16, RFC 6749 5.2: whatever a stranger sends for a code is refused as theirs, without a traceback."""
    printed = len(hub.log("hub"))
    stranger = Browser(hub)
    path = f"/hub/api/oauth2/token{query}"
    answer = stranger.http.post(path, headers={"Content-Type": content}, content=body)
    assert answer.status_code in (400, 401), answer.text  # 401: it could be read, and names no client
    assert "Traceback" not in hub.log("hub")[printed:]


def test_nobody_is_an_admin_of_jupyterhub(hub: LoginHub, inside: Browser) -> None:
    """TOK-01: neither by a column of the tables nor by a role; the centre's own admins log in as everybody does."""
    with tables(hub) as database:
        assert [user.name for user in database.query(orm.User).filter(orm.User.admin)] == []
        admin = database.query(orm.Role).filter(orm.Role.name == "admin").one()
        assert (admin.users, admin.services, admin.groups) == ([], [], [])
        assert {role.name for user in database.query(orm.User) for role in user.roles} == {"user"}
    assert inside.is_in()


def test_a_token_counts_while_a_session_of_its_person_does(hub: LoginHub, browser: Browser) -> None:
    """TOK-03: whatever token somebody got hold of, the hub asks for a live session first, and refuses without."""
    browser.log_in()
    with tables(hub) as database:
        user = orm.User.find(database, browser.person.lower())
        token = orm.APIToken.new(user=user, scopes=["read:users!user"], note="stolen")
    headers = {"Authorization": f"token {token}"}
    stranger = Browser(hub)
    assert stranger.get("/hub/api/user", **headers).status_code == 200
    assert stranger.get("/hub/api/users", **headers).status_code == 403
    assert stranger.get(f"/hub/api/user?token={token}").status_code == 403
    hub.policy.records.end_sessions_of(browser.person, hub.policy.now(), "a test")
    until(lambda: stranger.get("/hub/api/user", **headers).status_code == 403, 5)


def test_what_a_browser_says_of_its_address_is_not_believed(hub: LoginHub, browser: Browser) -> None:
    """S77, SES-14: the zone of a session is the proxy's word, never a header; no code of ours asks for the address."""
    claims = ("X-Real-IP", "X-Forwarded-For", "Forwarded", "True-Client-IP", "X-Client-IP")
    browser.http.headers.update(dict.fromkeys(claims, "10.0.0.1"))
    browser.http.headers["X-Sluis-Zone"] = "institute"
    browser.log_in()
    session = hub.policy.records.newest_live_session(browser.person, hub.policy.now())
    assert session is not None
    assert session.zone is Zone.ANYWHERE
    sources = [path for part in ("access_policy", "hub_config", "spawner") for path in (ROOT / part).rglob("*.py")]
    assert sources
    asking = [path.name for path in sources if "remote_ip" in path.read_text(encoding="utf-8")]
    assert asking == ["flow.py"]  # for a line of the hub's log


def test_an_activity_is_a_short_text(hub: LoginHub, inside: Browser) -> None:
    """SES-13: what a server of ours sends is taken; more is not read, and the hub answers others meanwhile."""
    path = f"/hub/api/users/{inside.person.lower()}/activity"
    now = hub.policy.now().isoformat()
    assert inside.api("POST", path, {"last_activity": now}).status_code == 200
    for times in (2_000, 1_000_000):
        assert inside.api("POST", path, {"last_activity": "9" * times}).status_code == 413


def test_refusals_are_no_failures_of_the_hub(hub: LoginHub, inside: Browser) -> None:
    """REQ-03, TOK-01: ten refused starts in a row are answered as refusals, leave no traceback, and end nothing."""
    printed = len(hub.log("hub"))
    server = f"/hub/api/users/{inside.person.lower()}/servers/dr-40"
    for _ in range(10):
        assert inside.api("POST", server, {}).status_code == 403
    assert "Traceback" not in hub.log("hub")[printed:]
    assert inside.is_in()


def test_only_what_we_wrote_stays_of_the_options(hub: LoginHub, browser: Browser) -> None:
    """SPW-01: after a start with a profile the hub's tables hold that, and nothing else of the request."""
    browser.log_in()
    start_workspace(hub, browser)
    with tables(hub) as database:
        user = orm.User.find(database, browser.person.lower())
        assert {one.name: one.user_options for one in user._orm_spawners if one.server_id is not None} == {
            request_of(hub, browser): {"profile": "small"}
        }


def test_an_operator_ends_a_session(hub: LoginHub, browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    """SES-11: `sluis session end`: out at once, route and tokens soon, the workspace goes on, and it is on record."""
    browser.log_in()
    route = start_workspace(hub, browser)
    browser.http.follow_redirects = True
    assert browser.get(f"{route}/lab").status_code == 200
    browser.http.follow_redirects = False
    state = ("--state", str(hub.places.state), "--json")
    assert main(["session", "list", "--person", browser.person, *state]) == 0
    (row,) = msgspec.json.decode(capsys.readouterr().out)
    assert main(["session", "end", row["session"], "--operator", "olga", *state]) == 0
    until(lambda: not browser.is_in(), 3)
    until(lambda: route not in hub.routes() and hub.tokens(browser.person) == 1, 30)
    with hub.policy.reading() as known:
        assert any(who == browser.person for who, _ in known.workspaces)
    assert [one.why for one in hub.observations(e.SessionEnded) if one.person == browser.person] == ["operator"]


def test_servers_without_a_request_are_forgotten_at_a_start(hub: LoginHub, browser: Browser) -> None:
    """SPW-01, SPW-03: what the tables hold from before: names of no request are gone soon, options that break a
    listing are gone at once, and the person's own request is left alone."""
    browser.log_in()
    me, mine = browser.person.lower(), request_of(hub, browser)
    poison = {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}
    with tables(hub) as database:
        user = orm.User.find(database, me)
        for name in (mine, "dr-40", "other"):
            database.add(orm.Spawner(name=name, user_options=poison, user=user))
    hub.restart("hub", signal.SIGKILL)

    def left() -> dict[str, object]:
        with tables(hub) as database:
            found = orm.User.find(database, me)
            return {one.name: one.user_options for one in found._orm_spawners if one.name}

    until(lambda: set(left()) == {mine}, 40)
    assert left() == {mine: {}}
    assert browser.api("GET", f"/hub/api/users/{me}?include_stopped_servers").status_code == 200

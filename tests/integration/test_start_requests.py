"""What somebody who is logged in may ask a real hub to start, and what never starts."""

import pytest

from access_policy import events as e
from tests.integration import login_fixtures
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub

pytestmark = pytest.mark.integration
hub, inside = login_fixtures.hub, login_fixtures.inside


def test_a_workspace_without_a_request_is_refused_and_recorded(hub: LoginHub, inside: Browser) -> None:
    """SPW-01: the unnamed server, by form and by API; and names that are no request's."""
    before = len(hub.observations(e.WorkspaceRefused))
    me = inside.person.lower()
    assert inside.post(f"/hub/spawn/{me}", str(inside.http.cookies["_xsrf"])).status_code == 404
    assert inside.api("POST", f"/hub/api/users/{me}/server", {}).status_code == 404
    assert inside.api("POST", f"/hub/api/users/{me}/servers/other", {}).status_code == 404
    refused = hub.observations(e.WorkspaceRefused)[before:]
    assert [one.codes for one in refused] == ["request_unknown"] * 3
    assert not hub.routes()


BAD_WISHES: tuple[object, ...] = (
    {"profile": "huge"}, {"datasets": ["d2"]}, {"profile": "small", "image": "x"}, {"profile": ["small"]}, [],
    {"profile": "../small"}, {"__proto__": {}}, {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}, "small",
    {"user_options": {"profile": "small", "environment": {}}}, {"user_options": {"profile": "small"}, "cmd": ["x"]},
)  # fmt: skip


def test_options_are_only_a_wish(hub: LoginHub, inside: Browser) -> None:
    """SPW-01, SPW-02, SPW-04: any option but a known profile is refused before it is stored, and recorded."""
    server = f"/hub/api/users/{inside.person.lower()}/servers/{request_of(hub, inside)}"
    before = len(hub.observations(e.WorkspaceRefused))
    for wish in BAD_WISHES:
        assert inside.api("POST", server, wish).status_code == 400, wish
    refused = [one.codes for one in hub.observations(e.WorkspaceRefused)[before:]]
    assert refused == ["wish_not_allowed"] * len(BAD_WISHES)
    with hub.policy.reading() as state:
        assert (inside.person, request_of(hub, inside).upper()) not in state.workspaces


def test_stored_options_cannot_be_changed_from_outside(hub: LoginHub, inside: Browser) -> None:
    """Platform fact 8: bytes in stored options would break every listing of users; PATCH and PUT do not exist here."""
    server = f"/hub/api/users/{inside.person.lower()}/servers/{request_of(hub, inside)}"
    poison = {"user_options": {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}}
    for method in ("PUT", "PATCH"):
        assert inside.api(method, server, poison).status_code == 405
    answer = inside.api("GET", f"/hub/api/users/{inside.person.lower()}?include_stopped_servers")
    assert answer.status_code == 200
    assert "AAAA" not in answer.text


def test_a_link_starts_nothing(hub: LoginHub, inside: Browser) -> None:
    """SES-06: JupyterHub starts a server on GET where options stand in the address; here that shows the form."""
    page = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    for query in ("?profile=small", "?opt-profile=small", "?x=1"):
        answer = inside.get(page + query)
        assert answer.status_code == 200
        assert '<form id="spawn_form"' in answer.text
    with hub.policy.reading() as state:
        assert (inside.person, request_of(hub, inside).upper()) not in state.workspaces


def test_a_form_with_more_than_a_profile_starts_nothing(hub: LoginHub, inside: Browser) -> None:
    """SPW-01, SPW-02: extra fields and unknown profiles of the form are refused with a sentence."""
    page = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    xsrf = field(inside.get(page).text, "_xsrf")
    forms: tuple[dict[str, str], ...] = ({"profile": "huge"}, {"profile": "small", "datasets": "d2"}, {"image": "x"})
    for fields in forms:
        answer = inside.post(page, xsrf, None, **fields)
        assert answer.status_code in (400, 403), fields
        assert "only option is `profile`" in reason(answer)


def test_a_request_of_somebody_else_is_refused_with_reasons(hub: LoginHub, inside: Browser) -> None:
    """REQ-03: the page says what fails, the start is refused, and other people's pages are not there."""
    me = inside.person.lower()
    answer = inside.get(f"/hub/spawn/{me}/dr-40")
    assert answer.status_code == 403
    assert "not_a_contact" in reason(answer)
    assert inside.api("POST", f"/hub/api/users/{me}/servers/dr-40", {}).status_code == 403
    assert inside.get("/hub/spawn/p-1/dr-1").status_code == 404
    assert inside.get("/hub/user/p-1/dr-1/").status_code == 404


def test_nothing_starts_while_the_log_is_away(hub: LoginHub, inside: Browser) -> None:
    """AUD-05, FLT-02: page and form say so in one sentence with 503, the session lives on, and then it goes on."""
    page = f"/hub/spawn/{inside.person.lower()}/{request_of(hub, inside)}"
    xsrf = field(inside.get(page).text, "_xsrf")
    printed = len(hub.log("hub"))
    hidden = hub.places.log.rename(hub.places.log.with_name("hidden"))
    try:
        answers = [inside.get(page), inside.post(page, xsrf, profile="small")]
        server = inside.api("POST", page.replace("/hub/spawn/", "/hub/api/users/").replace("/dr-", "/servers/dr-"), {})
    finally:
        hidden.rename(hub.places.log)
    assert [answer.status_code for answer in answers] == [503, 503]
    for answer in answers:
        assert reason(answer).startswith("The log does not answer just now")
    assert server.status_code in (403, 503)
    assert "Traceback" not in hub.log("hub")[printed:]
    assert inside.get(page).status_code == 200
    with hub.policy.reading() as state:
        assert (inside.person, request_of(hub, inside).upper()) not in state.workspaces

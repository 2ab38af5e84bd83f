"""The desk on a host of its own: its cookies, its policy, its links; and the line on a page where all share one."""

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from hub_config.desk.application import create_app
from hub_config.desk.desk import Desk
from hub_config.desk.security import Cookies, Keep
from hub_config.origins import SHARED, Origins
from tests.unit.hub_config.desk.seed import DESK, URL, World

pytestmark = pytest.mark.unit

OWN = Origins(hub="https://hub.example", desk="https://desk.example", workspaces="https://*.work.example")


def client(world: World, origins: Origins) -> TestClient:
    """Return somebody without a login, at a desk with these origins."""
    made: Desk = world.app().state.desk
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    app = create_app(Desk(**fields | {"url": origins.desk, "origins": origins}))
    return TestClient(app, base_url=origins.desk, follow_redirects=False)


def test_its_pages_lead_to_the_hubs_and_the_workspaces_hosts(world: World) -> None:
    """SES-07: a form's answer may go there, scripts and frames may not."""
    answer = client(world, OWN).get(f"{DESK}/intake")
    policy = dict(one.strip().split(" ", 1) for one in answer.headers["content-security-policy"].split(";"))
    assert policy["form-action"].split() == [
        "'self'",
        "https://*.work.example",
        "https://desk.example",
        "https://hub.example",
    ]
    assert (policy["connect-src"], policy["frame-ancestors"]) == ("'self'", "'none'")
    assert SHARED not in answer.text


@pytest.mark.parametrize("host", ["hub.example", "p-3-dr-1.work.example", "evil.example"])
def test_it_answers_on_its_own_host_only(world: World, host: str) -> None:
    """SES-07, SES-14: whatever leads to it."""
    assert client(world, OWN).get(f"{DESK}/intake", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("origin", ["https://p-3-dr-1.work.example", "https://hub.example", "null"])
def test_no_page_of_another_host_changes_anything(world: World, origin: str) -> None:
    """SES-07: not even one of the same site."""
    sent = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
    assert client(world, OWN).post(f"{DESK}/intake", headers=sent).status_code == 403


def test_a_cookie_of_the_common_domain_is_not_the_desks() -> None:
    """SES-07: on its own host only names count that no other host can set (CVE-2024-28233)."""
    own, answer = Cookies(secure=True, own_host=True), Response()
    own.put(answer, "sluis-desk", "value", Keep(60, f"{DESK}/"))
    assert answer.headers["set-cookie"] == (
        "__Host-sluis-desk=value; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    )
    tossed = Request({"type": "http", "headers": [(b"cookie", b"sluis-desk=evil")]})
    assert own.get(tossed, "sluis-desk") == ""
    assert Cookies(secure=True).get(tossed, "sluis-desk") == "evil"


def test_a_shared_address_is_told_where_somebody_let_it_be(world: World) -> None:
    """SES-07: on each page; a demo on loopback says nothing."""
    told = Origins(hub=URL, desk=URL, told=True)
    for path in ("/intake", "/reasons", "/no-such", "/"):
        assert SHARED in client(world, told).get(DESK + path).text, path
        assert SHARED not in client(world, msgspec.structs.replace(told, told=False)).get(DESK + path).text, path

"""A person who moves in and out of the institute's network: one browser's session at two addresses of loopback.

Only 127.0.0.2 is the institute's here. Both browsers come by its door, so what tells them apart is where they sit.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websocket

from hub_config.doors import INSTITUTE, PEER_HEADER, PUBLIC, WORD_HEADER, door_word
from hub_config.places import Places
from hub_config.running import load_running
from tests.integration.demos import own_demo, with_key
from tests.integration.whole import RunningSluis, Visitor, until

pytestmark = pytest.mark.integration

RECHECK = 6
OFFICE, HOME = "127.0.0.2", "127.0.0.1"


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """Yield a demo whose institute is one address of this machine."""
    office = with_key("institute", f'["{OFFICE}/32"]')
    with own_demo(seeded, with_key("recheck_seconds", RECHECK), office) as running:
        yield running


def at(address: str, visitor: Visitor) -> Visitor:
    """Return the same browser, cookies and all, sitting at an address, by the institute's door."""
    moved = visitor.carried_to(visitor.demo.institute_url)
    moved.http.close()
    moved.http = httpx.Client(
        base_url=moved.url, follow_redirects=True, timeout=30, trust_env=False, cookies=visitor.http.cookies,
        transport=httpx.HTTPTransport(local_address=address),
    )  # fmt: skip
    return moved


@pytest.fixture(scope="module")
def office(demo: RunningSluis) -> Iterator[Visitor]:
    """Yield Sofie's browser at the institute, logged in there, with her restricted workspace running."""
    visitor = at(OFFICE, Visitor(demo, "sofie"))
    visitor.log_in()
    visitor.spawn("DR-3", profile="small")
    until(lambda: opened(visitor))
    yield visitor
    visitor.close()


@pytest.fixture
def home(office: Visitor) -> Iterator[Visitor]:
    """Yield the same browser outside."""
    visitor = at(HOME, office)
    yield visitor
    visitor.close()


def seen(visitor: Visitor) -> None:
    assert visitor.http.get("/hub/place").status_code == 200


def opened(visitor: Visitor) -> bool:
    seen(visitor)
    return visitor.reaches("DR-3")


def moves(demo: RunningSluis) -> list[str]:
    return [str(one["zone"]) for one in demo.facts("SessionMoved")]


def test_a_login_by_the_institutes_address_from_outside_is_outside(demo: RunningSluis) -> None:
    """S77, NET-03: the address alone makes nobody an insider, neither at the login nor at a start."""
    visitor = at(HOME, Visitor(demo, "sofie"))
    visitor.log_in()
    assert demo.facts("SessionBegun")[-1]["zone"] == "anywhere"
    page = visitor.spawn("DR-3", profile="small")
    assert (page.status_code, "(zone)" in page.text) == (403, True)
    assert not demo.has_workspace(visitor.person)
    visitor.close()


def test_a_login_at_the_institute_is_inside(demo: RunningSluis, office: Visitor) -> None:
    """S77, S78: on record, and the workspace is of the institute."""
    assert "institute" in [one["zone"] for one in demo.facts("SessionBegun")]
    assert demo.facts("WorkspaceStarted")[-1]["zone"] == "institute"
    assert opened(office)


def test_a_cookie_carried_home_opens_nothing_although_the_office_stays_open(office: Visitor, home: Visitor) -> None:
    """NET-04: each request is held to the network, and not only the one that opened the route."""
    until(lambda: opened(office))
    path = home.workspace_path("DR-3")
    answer = home.http.get(f"{path}/api/status")
    assert (answer.status_code, "kernels" in answer.text) == (424, False)
    page = home.http.get(f"{path}/lab")
    assert (page.status_code, "does not sit in its network" in page.text) == (403, True)


def test_no_socket_is_opened_from_home(office: Visitor, home: Visitor) -> None:
    """NET-04: with the route open and the cookies of a browser that is inside."""
    until(lambda: opened(office))
    path = f"{home.workspace_path('DR-3')}/api/events/subscribe"
    cookies = "; ".join(f"{one.name}={one.value}" for one in home.http.cookies.jar if path.startswith(one.path))
    with pytest.raises(websocket.WebSocketException):
        websocket.create_connection(f"{home.url.replace('http', 'ws', 1)}{path}", cookie=cookies, timeout=30)


def test_going_home_closes_and_coming_back_opens(demo: RunningSluis, office: Visitor, home: Visitor) -> None:
    """NET-05: at the first look outside; the workspace runs on. Each move is on record, once."""
    until(lambda: opened(office))
    before = len(moves(demo))
    for _ in range(2):
        seen(home)
    until(lambda: moves(demo)[before:] == ["anywhere"], 5)
    assert demo.has_workspace(office.person)
    until(lambda: opened(office))
    assert moves(demo)[before:] == ["anywhere", "institute"]


def test_a_browser_that_is_silent_is_outside(demo: RunningSluis, office: Visitor) -> None:
    """NET-05: within the time for which a look counts; nobody has to ask for it."""
    until(lambda: opened(office))
    before = len(moves(demo))
    until(lambda: moves(demo)[before:] == ["anywhere"], RECHECK + 12)
    assert demo.has_workspace(office.person)


def test_the_hubs_own_port_believes_no_header(demo: RunningSluis, home: Visitor) -> None:
    """NET-03: past the doors neither a guess nor the public door's word counts; a door alone has the right one."""
    running = load_running(Places(demo.state))
    seen(home)
    before = len(moves(demo))
    words = {name: door_word(running.proxy_token, name) for name in (PUBLIC, INSTITUTE)}
    for word in ("", "0" * 64, INSTITUTE, words[PUBLIC], f"{words[INSTITUTE]}, {words[INSTITUTE]}"):
        assert _past_the_doors(running.hub, home, word) == 200
    assert moves(demo)[before:] == []
    assert _past_the_doors(running.hub, home, words[INSTITUTE]) == 200
    assert moves(demo)[before:] == ["institute"]
    seen(home)


def _past_the_doors(hub: str, visitor: Visitor, word: str) -> int:
    headers = {WORD_HEADER: word, PEER_HEADER: OFFICE, "X-Forwarded-For": OFFICE, "X-Real-IP": OFFICE}
    return httpx.get(f"{hub}/hub/place", headers=headers, cookies=visitor.http.cookies, trust_env=False).status_code


def test_an_open_workspace_is_reached_by_the_public_address_from_home(demo: RunningSluis) -> None:
    """S96: who comes by the institute's from outside is sent there; nothing turns in a circle."""
    visitor = at(HOME, Visitor(demo, "lotte"))
    visitor.log_in()
    visitor.spawn("DR-1", profile="small")
    outside = visitor.carried_to(demo.url)
    until(lambda: outside.reaches("DR-1"))
    page = f"{demo.url}{visitor.workspace_path('DR-1')}/lab"
    answer = visitor.http.get(f"{visitor.workspace_path('DR-1')}/lab")
    assert page in [str(one.url) for one in answer.history] + [str(answer.url)]
    assert (answer.status_code, str(answer.url).startswith(demo.url)) == (200, True)
    outside.close()
    visitor.close()

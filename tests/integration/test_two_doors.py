"""The institute's network at a whole demo: two proxies, and a browser that sits at one or the other (S77, S78).

On one machine both doors lie on loopback, so the door alone tells where a browser is. `recheck_seconds` is the least.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websocket

from hub_config.doors import PEER_HEADER, WORD_HEADER
from tests.integration.demos import own_demo, with_key
from tests.integration.whole import RunningSluis, Visitor, until

RECHECK = 6
FORGED = {WORD_HEADER: "0" * 64, PEER_HEADER: "127.0.0.1", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """Yield a demo whose sessions count as inside for a few seconds only."""
    with own_demo(seeded, with_key("recheck_seconds", RECHECK)) as running:
        yield running


@pytest.fixture(scope="module")
def sofie(demo: RunningSluis) -> Iterator[Visitor]:
    """Yield somebody whose one request is of a restricted dataset, logged in at the institute."""
    visitor = Visitor(demo, "sofie", demo.institute_url)
    visitor.log_in()
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def request_id(demo: RunningSluis, sofie: Visitor) -> str:
    """Return the request."""
    return next(str(one["request"]) for one in demo.facts("ContactNamed") if one["person"] == sofie.person)


@pytest.fixture(scope="module")
def workspace(demo: RunningSluis, sofie: Visitor, request_id: str) -> str:
    """Start the restricted workspace inside; return its request."""
    sofie.spawn(request_id, profile="small")
    until(lambda: seen(sofie) and sofie.reaches(request_id))
    return request_id


def test_a_login_at_the_institutes_address_opens_the_desk_there(demo: RunningSluis, sofie: Visitor) -> None:
    """S78, SES-06: its pages, and the way to a step-up and to a workspace, stay at the door by which a browser came."""
    page = sofie.http.get("/services/desk/")
    assert str(page.url) == f"{demo.institute_url}/services/desk/"
    assert "My requests" in page.text
    assert demo.url not in page.text


def seen(visitor: Visitor) -> dict[str, int]:
    """Let a browser be seen where it is, as a page of a workspace does now and then."""
    answer = visitor.http.get("/hub/place")
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_page_is_told_when_to_be_seen_again(sofie: Visitor) -> None:
    """NET-05: three times within the time for which a look counts."""
    assert seen(sofie) == {"again_seconds": RECHECK // 3}


@pytest.mark.parametrize("headers", [{}, FORGED], ids=["plainly", "with forged headers"])
def test_a_start_from_outside_is_refused_with_the_way_inside(
    demo: RunningSluis, sofie: Visitor, request_id: str, headers: dict[str, str]
) -> None:
    """NET-01, NET-03, NET-06: whatever the browser sends with it, and although another of the person's is inside."""
    seen(sofie)
    outside = sofie.carried_to(demo.url)
    outside.http.headers.update(headers)
    page = outside.spawn(request_id, profile="small")
    outside.close()
    assert page.status_code == 403
    assert "(zone)" in page.text
    assert demo.institute_url in page.text
    assert not demo.has_workspace(sofie.person)


def test_a_restricted_workspace_is_reached_at_the_institute_only(
    demo: RunningSluis, sofie: Visitor, workspace: str
) -> None:
    """NET-04: the cookie that came in at the institute opens nothing at the public address, which says where to go."""
    outside = sofie.carried_to(demo.url)
    page = outside.http.get(f"{sofie.workspace_path(workspace)}/lab")
    assert page.status_code == 403
    assert f'href="{demo.institute_url}{sofie.workspace_path(workspace)}/lab"' in page.text
    assert outside.http.get(f"{sofie.workspace_path(workspace)}/api/status").status_code in (403, 424)
    outside.http.headers.update(FORGED)
    assert not outside.reaches(workspace)
    outside.close()
    assert _zone_of(demo) == "institute"


def test_a_socket_closes_when_the_browser_is_seen_outside(demo: RunningSluis, sofie: Visitor, workspace: str) -> None:
    """NET-05: the computation goes on, out of reach, and comes back with the person."""
    until(lambda: seen(sofie) and sofie.reaches(workspace))
    kernel = sofie.kernel(workspace)
    assert kernel.run("x = 41; print(x)") == "41\n"
    outside = sofie.carried_to(demo.url)
    seen(outside)
    assert kernel.ended(5)
    assert not outside.reaches(workspace)
    outside.close()
    assert demo.has_workspace(sofie.person)
    until(lambda: seen(sofie) and sofie.reaches(workspace))
    assert sofie.join(kernel).run("print(x + 1)").endswith("42\n")


def test_a_socket_closes_when_the_browser_is_not_seen_in_time(
    demo: RunningSluis, sofie: Visitor, workspace: str
) -> None:
    """NET-05: silence is no sign of being inside; the move is on record."""
    until(lambda: seen(sofie) and sofie.reaches(workspace))
    kernel = sofie.kernel(workspace)
    assert kernel.ended(RECHECK + 10)
    assert demo.has_workspace(sofie.person)
    with pytest.raises(websocket.WebSocketException):
        sofie.join(kernel)


def test_an_open_workspace_is_reached_at_both_addresses(demo: RunningSluis) -> None:
    """S96: what is open stays open, and one login each leads to it; the hub is not reached but by a door."""
    inside, outside = (Visitor(demo, "lotte", url) for url in (demo.institute_url, demo.url))
    outside.log_in()
    outside.spawn("DR-1", profile="small")
    until(lambda: outside.reaches("DR-1"))
    inside.http.cookies.update(outside.http.cookies)
    until(lambda: inside.reaches("DR-1"))
    assert _zone_of(demo) == "anywhere"
    for one in (inside, outside):
        one.close()


def test_a_host_that_is_of_no_door_is_not_served(demo: RunningSluis) -> None:
    """SES-14: with relative addresses a forged host would be believed."""
    for url in (demo.url, demo.institute_url):
        answer = httpx.get(f"{url}/hub/login", headers={"Host": "evil.example"}, trust_env=False)
        assert answer.status_code == 404


def _zone_of(demo: RunningSluis) -> str:
    return str(demo.facts("WorkspaceStarted")[-1]["zone"])

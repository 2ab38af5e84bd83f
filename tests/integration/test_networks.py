"""The institute's network with hosts of its own: Sluis in one, a browser inside and one outside, each with its address.

A real demo, both proxies, workspaces with open sockets. Only 10.77.1.0/24 is the institute's; the doors, the hub's own
port and the proxies' APIs are all in reach of both browsers.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from hub_config.places import Places
from hub_config.running import load_running
from tests.integration.demos import with_key
from tests.integration.house import (
    CUT,
    LOST,
    RECHECK,
    Sitting,
    by_the_front,
    client,
    forged,
    front,
    frozen,
    is_cut,
    opened,
    proxy_api,
    routes,
    running,
    seen,
    zones,
)
from tests.integration.whole import RunningSluis, Visitor, until
from tests.networks import Networks, networks

pytestmark = pytest.mark.integration

RESTRICTED, OPEN, OTHER = "DR-3", "DR-1", "DR-2"
COUNT = """
import itertools, os, threading, time
def count():
    for number in itertools.count():
        open("counted.new", "w").write(str(number))
        os.replace("counted.new", "counted")
        time.sleep(0.05)
threading.Thread(target=count, daemon=True).start()
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[Networks]:
    """Yield the house and both networks."""
    with networks() as made:
        yield made


@pytest.fixture(scope="module")
def demo(seeded: Path, hosts: Networks) -> Iterator[RunningSluis]:
    """Yield a demo in the house, whose doors browsers reach without anything before them."""
    with running(seeded, hosts) as made:
        yield made


@pytest.fixture(scope="module")
def sofie(demo: RunningSluis, hosts: Networks) -> Iterator[Sitting]:
    """Yield somebody's browser inside, logged in there, with her restricted workspace running."""
    visitor = Sitting(demo, "sofie", hosts.inside)
    visitor.log_in()
    visitor.spawn(RESTRICTED, profile="small")
    until(lambda: opened(visitor, RESTRICTED))
    yield visitor
    visitor.close()


@pytest.fixture
def home(sofie: Sitting, hosts: Networks) -> Iterator[Sitting]:
    """Yield the same browser outside, by the institute's door."""
    visitor = sofie.moved(hosts.outside)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def lotte(demo: RunningSluis, hosts: Networks) -> Iterator[Sitting]:
    """Yield somebody's browser outside, logged in at the public door."""
    visitor = Sitting(demo, "lotte", hosts.outside, demo.url)
    visitor.log_in()
    yield visitor
    visitor.close()


def test_each_login_is_where_its_browser_sits(demo: RunningSluis, sofie: Sitting, lotte: Sitting) -> None:
    """S77, S78: by its door and its own address, which nothing on the way changes."""
    assert zones(demo, "SessionBegun", sofie.person)[-1] == "institute"
    assert zones(demo, "SessionBegun", lotte.person)[-1] == "anywhere"
    assert demo.facts("WorkspaceStarted")[-1]["zone"] == "institute"


def test_a_browser_outside_makes_itself_no_insider(demo: RunningSluis, hosts: Networks, lotte: Sitting) -> None:
    """NET-01, NET-06: forged headers at either door; neither a look nor a start, by any path."""
    before = zones(demo, "SessionMoved", lotte.person)
    for door in (demo.url, demo.institute_url):
        outsider = lotte.moved(hosts.outside, door)
        outsider.http.headers.update(forged(hosts))
        seen(outsider)
        assert [one.status_code for one in outsider.starts(OPEN, "ward")] == [403, 200, 403]  # 200: the form is shown
        outsider.close()
    assert zones(demo, "SessionMoved", lotte.person) == before
    assert not demo.has_workspace(lotte.person)


def test_the_hubs_own_port_makes_nobody_an_insider(
    demo: RunningSluis, hosts: Networks, sofie: Sitting, home: Sitting
) -> None:
    """NET-03: past both doors, with all that a door would say but its word; a workspace has no way there at all."""
    parts = load_running(Places(demo.state))
    seen(home)
    until(lambda: zones(demo, "SessionMoved", sofie.person)[-1:] == ["anywhere"])
    for port in (parts.hub, parts.desk):
        with client(hosts.outside, port, headers=forged(hosts), cookies=sofie.http.cookies) as direct:
            direct.get("/hub/place")
            assert "kernels" not in direct.get(f"{sofie.workspace_path(RESTRICTED)}/api/status").text
    with client(hosts.outside, parts.institute_api) as api:
        assert api.get("/api/routes").status_code == 403
    assert zones(demo, "SessionMoved", sofie.person)[-1] == "anywhere"


def test_nothing_of_a_restricted_workspace_is_reached_from_outside(
    demo: RunningSluis, hosts: Networks, sofie: Sitting
) -> None:
    """NET-04: its page, its API by cookie and by token, and its sockets, at both doors, while it is open inside."""
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    token = sofie.page_token(RESTRICTED)
    for door in (demo.institute_url, demo.url):
        home = sofie.moved(hosts.outside, door)
        home.http.headers.update(forged(hosts))
        page = home.http.get(f"{home.workspace_path(RESTRICTED)}/lab")
        assert (page.status_code, "From the institute's network" in page.text) == (403, True), page.url
        out_of_reach(sofie, home, token, kernel.path)
        home.close()
    until(lambda: opened(sofie, RESTRICTED))
    assert sofie.join(kernel).run("print(6 * 7)") == "42\n"


def out_of_reach(inside: Sitting, outside: Sitting, token: str, channel: str) -> None:
    """Try API and sockets with the cookies, and with a token in a header and in the address; the route is open."""
    path = outside.workspace_path(RESTRICTED)
    for address in (f"{path}/api/status", f"{path}/api/contents", f"{path}/api/status?token={token}"):
        for headers in ({}, {"Authorization": f"token {token}"}):
            until(lambda: opened(inside, RESTRICTED))
            assert "kernels" not in outside.http.get(address, headers=headers).text, address
    for address in (channel, f"{path}/api/events/subscribe", f"{channel}&token={token}"):
        until(lambda: opened(inside, RESTRICTED))
        with pytest.raises(websocket.WebSocketException):
            outside.open_socket(address)


def test_a_browser_that_goes_home_loses_its_socket_and_finds_its_work_again(
    demo: RunningSluis, hosts: Networks, sofie: Sitting, home: Sitting
) -> None:
    """NET-05: at the first look from outside; what computes goes on, out of reach."""
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    kernel.run(COUNT)
    seen(home)
    assert is_cut(demo, hosts, kernel)
    assert not home.reaches(RESTRICTED)
    goes_on(demo, sofie)
    until(lambda: opened(sofie, RESTRICTED))
    assert int(sofie.join(kernel).run("print(open('counted').read())").split()[-1]) > 0


def goes_on(demo: RunningSluis, visitor: Visitor) -> None:
    """Wait until the computation inside has come further; its workspace is on record."""
    counted = demo.state / "homes" / visitor.person.lower()
    files = list(counted.glob("*/counted"))
    assert len(files) == 1, files
    before = files[0].read_text()
    until(lambda: files[0].read_text() != before)
    assert demo.has_workspace(visitor.person)


def test_a_laptop_whose_cable_is_pulled_is_outside_in_time(demo: RunningSluis, hosts: Networks, sofie: Sitting) -> None:
    """NET-05: it says no goodbye, and its socket is not seen to close: silence is enough. Back inside all goes on."""
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    kernel.run(COUNT)
    before = len(zones(demo, "SessionMoved", sofie.person))
    hosts.inside.cut()
    try:
        until(lambda: zones(demo, "SessionMoved", sofie.person)[before:] == ["anywhere"], RECHECK + 12)
        until(lambda: routes(demo, hosts) == [], LOST)
        goes_on(demo, sofie)
    finally:
        hosts.inside.join()
    assert kernel.ended()
    until(lambda: opened(sofie, RESTRICTED))
    assert int(sofie.join(kernel).run("print(open('counted').read())").split()[-1]) > 0


def test_a_route_that_is_removed_takes_its_sockets_along(demo: RunningSluis, hosts: Networks, sofie: Sitting) -> None:
    """NET-05: within a second, and nobody else's; it opens again for who is inside."""
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    (route,) = routes(demo, hosts)
    with proxy_api(load_running(Places(demo.state)), hosts) as api:
        stood = time.monotonic()
        assert api.delete(f"/api/routes{route}").status_code == 204
    assert kernel.ended(CUT)
    assert time.monotonic() - stood < CUT
    until(lambda: opened(sofie, RESTRICTED))


def test_a_restricted_profile_starts_inside_and_stays_there(
    demo: RunningSluis, hosts: Networks, lotte: Sitting
) -> None:
    """NET-06, S78: of a request whose data are open; who started it inside does not reach it at home."""
    inside = Sitting(demo, "lotte", hosts.inside)
    inside.log_in()
    assert inside.spawn(OTHER, profile="ward").status_code == 200
    until(lambda: opened(inside, OTHER))
    assert demo.facts("WorkspaceStarted")[-1]["zone"] == "institute"
    assert not lotte.reaches(OTHER)
    stop(demo, inside, OTHER)
    inside.close()


def stop(demo: RunningSluis, visitor: Visitor, request: str) -> None:
    """Stop a workspace, and wait until that is on record."""
    demo.do("stop-workspace", visitor.person, person=visitor.person, request=request)
    until(lambda: not demo.has_workspace(visitor.person))


def test_the_public_door_serves_while_the_institutes_hangs(
    demo: RunningSluis, hosts: Networks, sofie: Sitting, lotte: Sitting
) -> None:
    """NET-04: one door is in no other's way: pages, a workspace that runs, its end."""
    assert lotte.spawn(OPEN, profile="small").status_code == 200
    until(lambda: lotte.reaches(OPEN))
    kernel = lotte.kernel(OPEN)
    assert kernel.run("print(1)") == "1\n"
    with frozen(demo, demo.institute_port):
        assert lotte.logged_in()
        assert kernel.run("print(1 + 1)") == "2\n"
        stop(demo, lotte, OPEN)
        assert kernel.ended()
    until(lambda: opened(sofie, RESTRICTED))


def test_the_institutes_door_serves_while_the_public_one_hangs(
    demo: RunningSluis, hosts: Networks, sofie: Sitting
) -> None:
    """NET-04, NET-05: work inside goes on, and who leaves loses it as ever."""
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    assert kernel.run("print(1)") == "1\n"
    home = sofie.moved(hosts.outside)
    with frozen(demo, demo.port):
        assert sofie.logged_in()
        assert kernel.run("print(1 + 1)") == "2\n"
        seen(home)
        assert is_cut(demo, hosts, kernel)
        assert not home.reaches(RESTRICTED)
    home.close()
    until(lambda: opened(sofie, RESTRICTED))


@pytest.fixture(scope="module")
def balanced(seeded: Path, hosts: Networks) -> Iterator[RunningSluis]:
    """Yield a demo whose institute's door has a proxy of the operator's before it."""
    with running(seeded, hosts, with_key("balancers", 1), by_the_front) as made, front(made, hosts):
        yield made


def test_behind_a_balancer_its_last_entry_alone_counts(balanced: RunningSluis, hosts: Networks) -> None:
    """NET-01, NET-04, NET-05: whatever a browser outside writes lies further left; inside all works, sockets too."""
    url = balanced.institute_url.replace("127.0.0.1", "127.0.0.2")
    sofie = Sitting(balanced, "sofie", hosts.inside, url)
    sofie.log_in()
    assert zones(balanced, "SessionBegun", sofie.person)[-1] == "institute"
    sofie.spawn(RESTRICTED, profile="small")
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.kernel(RESTRICTED)
    assert kernel.run("print(1)") == "1\n"
    home = sofie.moved(hosts.outside)
    home.http.headers.update(forged(hosts))
    out_of_reach(sofie, home, sofie.page_token(RESTRICTED), kernel.path)
    until(lambda: opened(sofie, RESTRICTED))
    kernel = sofie.join(kernel)
    assert kernel.run("print(2)") == "2\n"
    seen(home)
    assert is_cut(balanced, hosts, kernel)
    for one in (sofie, home):
        one.close()

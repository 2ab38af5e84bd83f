"""Which workspaces' routes the hub puts into the proxy, keeps there and takes away."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from access_policy.model.enums import Zone
from hub_config.gated_proxy import GatedProxy
from hub_config.origins import Origins

pytestmark = pytest.mark.unit

OPEN, SHUT = "dr-1", "dr-2"
BY_HAND = {"target": "http://dr-2", "jupyterhub": True, "user": "p-3", "server_name": SHUT}


class Gate:
    """Lets `p-3/dr-1` be reached, or whatever a test sets; `silent` has no answer."""

    def __init__(self) -> None:
        self.reachable = {("P-3", "DR-1")}
        self.silent = False

    def may_reach(self, person: str, request: str, _door: Zone = Zone.ANYWHERE) -> bool:
        """As told."""
        if self.silent:
            raise OSError("the log is locked")
        return (person, request) in self.reachable


class Proxy(GatedProxy):
    """The real class over a routing table in memory; `meanwhile` happens while a route is being added."""

    def __init__(self) -> None:
        hub = SimpleNamespace(routespec="/", host="http://hub")
        app = SimpleNamespace(hub=hub, subdomain_host="")
        super().__init__(app=app, hub=hub, auth_token="x", api_url="http://proxy")
        self.table: dict[str, Any] = {"/": {"target": "http://hub", "jupyterhub": True, "hub": True}}
        self.calls: list[tuple[str, str]] = []
        self.meanwhile: Any = lambda: None
        self.dead = False

    async def api_request(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """The proxy's API."""
        self.calls.append((method, path))
        if self.dead:
            raise ClientConnectionError("connection refused")
        if method == "GET" and path and path not in self.table:
            raise _not_found(path)
        if method == "POST":
            self.table[path] = json.loads(json.dumps(body))
            self.meanwhile()
        elif method == "DELETE":
            self.table.pop(path, None)

        async def answer() -> Any:
            return json.loads(json.dumps(self.table))

        return SimpleNamespace(json=answer)


def _not_found(path: str) -> ClientResponseError:
    url = URL(f"http://proxy/api/routes{path}")
    return ClientResponseError(RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url), (), status=404)


def server(name: str, **state: Any) -> SimpleNamespace:
    """A spawner that is ready unless told otherwise."""
    spec, host = f"/user/p-3/{name}/", SimpleNamespace(host=f"http://{name}")
    return SimpleNamespace(**({"proxy_spec": spec, "server": host, "ready": True, "pending": None} | state))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The gate of the class."""
    gate = Gate()
    monkeypatch.setattr(GatedProxy, "gate", gate, raising=False)
    return gate


@pytest.fixture
def user() -> SimpleNamespace:
    """A person with an open and a shut workspace."""
    spawners = {OPEN: server(OPEN), SHUT: server(SHUT)}
    return SimpleNamespace(name="p-3", proxy_spec="/user/p-3/", spawners=spawners)


def routes(proxy: Proxy) -> set[str]:
    """The workspaces' routes."""
    return {path for path in proxy.table if path != "/"}


def test_a_route_needs_the_gates_leave(gate: Gate, user: SimpleNamespace) -> None:
    """S78: added where the workspace may be reached, silently left out where not, and never for the unnamed server."""
    proxy = Proxy()
    user.spawners[""] = server("")
    for name in (OPEN, SHUT, ""):
        asyncio.run(proxy.add_user(user, name))
    assert routes(proxy) == {"/user/p-3/dr-1"}


def test_a_logout_while_a_route_is_added_wins(gate: Gate, user: SimpleNamespace) -> None:
    """SES-11: the route that came too late goes again."""
    proxy = Proxy()
    proxy.meanwhile = gate.reachable.clear
    asyncio.run(proxy.add_user(user, OPEN))
    assert routes(proxy) == set()
    assert ("DELETE", "/user/p-3/dr-1") in proxy.calls


def test_the_check_adds_what_is_open_and_removes_what_is_shut(gate: Gate, user: SimpleNamespace) -> None:
    """S78: also a route that somebody put there by hand, and it is not put back."""
    proxy = Proxy()
    for _ in range(2):
        proxy.table["/user/p-3/dr-2"] = dict(BY_HAND)
        asyncio.run(proxy.check_routes({1: user}, {}))
        assert routes(proxy) == {"/user/p-3/dr-1"}
    gate.reachable.clear()
    asyncio.run(proxy.check_routes({1: user}, {}))
    assert routes(proxy) == set()


def test_a_server_on_its_way_keeps_what_it_has(gate: Gate, user: SimpleNamespace) -> None:
    """The hub's own rule: a pending start or stop settles its route itself."""
    proxy = Proxy()
    user.spawners[SHUT] = server(SHUT, ready=False, pending="stop")
    proxy.table["/user/p-3/dr-2"] = dict(BY_HAND)
    asyncio.run(proxy.check_routes({1: user}, {}))
    assert routes(proxy) == {"/user/p-3/dr-1", "/user/p-3/dr-2"}


def test_a_server_that_comes_up_during_a_check_keeps_its_route(gate: Gate, user: SimpleNamespace) -> None:
    """NET-05: a route that is taken away for a moment ends the sockets over it."""
    proxy = Proxy()
    known = user.spawners
    user.spawners = {}
    asked = proxy.api_request

    async def meanwhile(path: str, method: str = "GET", body: Any = None) -> Any:
        if method == "GET":
            proxy.table["/user/p-3/dr-1"] = {"target": f"http://{OPEN}", "jupyterhub": True, "user": "p-3"}
            user.spawners = known
        return await asked(path, method, body)

    proxy.api_request = meanwhile  # type: ignore[method-assign]
    asyncio.run(proxy.check_routes({1: user}, {}))
    assert routes(proxy) == {"/user/p-3/dr-1"}
    assert ("DELETE", "/user/p-3/dr-1") not in proxy.calls


def test_a_proxy_that_hangs_keeps_no_other_from_its_check(gate: Gate, user: SimpleNamespace) -> None:
    """NET-04: each door is looked after by itself."""

    async def checked() -> None:
        hanging, other = Proxy(), Proxy()
        never = asyncio.Event()

        async def silent(path: str, method: str = "GET", body: Any = None) -> Any:
            await never.wait()

        hanging.api_request = silent  # type: ignore[method-assign]
        waiting = asyncio.create_task(hanging.check_routes({1: user}, {}))
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await other.check_routes({1: user}, {})
        assert routes(other) == {"/user/p-3/dr-1"}
        waiting.cancel()

    asyncio.run(checked())


def test_a_proxy_that_was_started_anew_has_its_routes_soon(
    gate: Gate, user: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-01: also the desk's, without waiting for the next check; meanwhile nobody answers for a while."""
    monkeypatch.setattr(GatedProxy, "look_seconds", 0.001)
    proxy, desk = Proxy(), SimpleNamespace(name="desk", server=SimpleNamespace(host="http://desk"), domain="")
    desk.proxy_spec = "/services/desk/"

    async def killed() -> int:
        await proxy.check_routes({1: user}, {"desk": desk})
        proxy.table.clear()
        proxy.dead = True
        looked = len(proxy.calls)
        await _until(lambda: len(proxy.calls) > looked + 2)
        proxy.dead = False
        await _until(lambda: len(proxy.table) == 3)
        looked = len(proxy.calls)
        await _until(lambda: len(proxy.calls) > looked + 2)
        return len([call for call in proxy.calls[looked:] if call != ("GET", "/services/desk")])

    assert asyncio.run(killed()) == 0  # nothing is checked while nothing is missing
    assert set(proxy.table) == {"/", "/services/desk", "/user/p-3/dr-1"}


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


def test_no_answer_is_no_route(gate: Gate, user: SimpleNamespace) -> None:
    """POL-04: a silent policy store closes every route."""
    proxy = Proxy()
    asyncio.run(proxy.add_user(user, OPEN))
    gate.silent = True
    asyncio.run(proxy.check_routes({1: user}, {}))
    assert routes(proxy) == set()


OWN = Origins(hub="https://hub.example", desk="https://desk.example:8443", workspaces="https://*.work.example")


def test_with_hosts_of_their_own_routes_name_them(
    gate: Gate, user: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SES-07, SES-11: the workspace's and the desk's hosts, without a port; what was added so is removed so."""
    monkeypatch.setattr(GatedProxy, "origins", OWN)
    proxy = Proxy()
    user.spawners = {OPEN: server(OPEN, proxy_spec="p-3-dr-1.work.example/user/p-3/dr-1/")}
    desk = Service("desk")
    asyncio.run(proxy.check_routes({1: user}, {"desk": desk}))
    assert routes(proxy) == {"/p-3-dr-1.work.example/user/p-3/dr-1", "/desk.example/services/desk"}
    asyncio.run(proxy.delete_user(user, OPEN))
    assert routes(proxy) == {"/desk.example/services/desk"}


class Service:
    """One of the hub's services, which names its host by its domain."""

    def __init__(self, name: str) -> None:
        self.name, self.domain, self.server = name, "", SimpleNamespace(host="http://desk")

    @property
    def proxy_spec(self) -> str:
        """Its routespec."""
        return f"{self.domain}/services/{self.name}/"

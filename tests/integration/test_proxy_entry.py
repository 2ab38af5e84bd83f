"""Removing a route ends what runs through it: the proxy's entry module with the real node and configurable-http-proxy.

The case: a workspace is ended while its page is open. Upstream only forgets the route (5.3.0), so an open WebSocket
echoes on and a streaming answer goes on.
"""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config import proxy
from hub_config.proxy import ENTRY, ProxyMissingError, node_binary, proxy_command
from tests.integration.entry_proxy import Backend, Proxy, address, echoes, is_silent, read_until, serving

pytestmark = pytest.mark.integration


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a Unix socket (107 bytes)."""
    with tempfile.TemporaryDirectory(prefix="sluis-") as name:
        yield Path(name)


@pytest.fixture
def backend(folder: Path) -> Iterator[Backend]:
    with Backend(folder / "backend") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def running(folder: Path, backend: Backend) -> Iterator[Proxy]:
    with serving(folder, backend) as result:
        yield result


@pytest.fixture
def before(running: Proxy, folder: Path) -> Iterator[Proxy]:
    """A proxy of the operator's, another one of the kind, which keeps its connections to ours and uses them in turn."""
    (aside := folder / "before").mkdir()
    with serving(aside, running.backend, "--default-target", address(running.public)) as result:
        yield result


def test_removing_a_route_ends_its_websocket_and_its_stream(running: Proxy) -> None:
    """NET-05: an ended workspace takes its open WebSocket and its half-sent answer along, for browser and server alike,
    within a second."""
    running.add_route("/user/a/dr-1")
    websocket, stream = running.websocket("/user/a/dr-1/channels"), running.stream("/user/a/dr-1/files")

    running.remove_route("/user/a/dr-1")

    assert running.has_closed(websocket)
    assert running.has_closed(stream)
    ended = {running.backend.ended.get(timeout=running.left()) for _ in range(2)}
    assert ended == {"/user/a/dr-1/channels", "/user/a/dr-1/files/stream"}


@pytest.mark.parametrize(
    "other",
    ["/user/a/dr-2", "/user/a/dr-12", "/user/a/dr-1/inner", "/user/a"],
    ids=["another request", "a name that begins the same", "a route below", "a route above"],
)
def test_another_route_lives_on(running: Proxy, other: str) -> None:
    """Only what the removed route served ends: path segments are compared, and the longest route serves."""
    running.add_route("/user/a/dr-1")
    running.add_route(other)
    removed, kept = running.websocket("/user/a/dr-1/channels"), running.websocket(f"{other}/channels")

    running.remove_route("/user/a/dr-1")

    assert running.has_closed(removed)
    assert echoes(kept)


def test_a_finished_answer_does_not_end_what_follows_on_its_socket(running: Proxy) -> None:
    """A browser's keep-alive socket carries requests of several routes; only the one under way counts."""
    running.add_route("/user/a/dr-1")
    running.add_route("/user/a/dr-2")
    client = running.connect()
    client.sendall(b"GET /user/a/dr-1/page HTTP/1.1\r\nHost: test\r\n\r\n")
    assert read_until(client, b"plain").startswith(b"HTTP/1.1 200")
    running.stream("/user/a/dr-2", client)
    witness = running.websocket("/user/a/dr-1/channels")

    running.remove_route("/user/a/dr-1")

    assert running.has_closed(witness)
    assert is_silent(client)
    running.remove_route("/user/a/dr-2")
    assert running.has_closed(client)


def test_no_answer_is_lost_since_the_server_is_not_asked_to_close(running: Proxy) -> None:
    """A person saves a notebook: what was done is said."""
    running.add_route("/user/a/dr-1")
    client = running.connect()
    for _ in range(100):
        client.sendall(b"PUT /user/a/dr-1/api/contents HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}")
        assert read_until(client, b"plain").startswith(b"HTTP/1.1 200")
    assert running.backend.connections == 1


def test_a_websocket_that_is_refused_takes_nobody_along(running: Proxy, before: Proxy) -> None:
    """NET-04: its connection ends; by upstream's words it would be kept, and the next one's request lost in it."""
    running.add_route("/user/a/dr-1")
    client = before.connect()
    for _ in range(200):
        refused = before.asking("/user/a/dr-1/refused")
        assert read_until(refused, b"no").startswith(b"HTTP/1.1 403")
        client.sendall(b"GET /user/a/dr-1/page HTTP/1.1\r\nHost: test\r\n\r\n")
        assert read_until(client, b"plain").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("route", "status"), [("/elsewhere", 404), ("/user/a/dr-1", 503)], ids=["no route", "no server"]
)
def test_a_websocket_that_leads_nowhere_ends_with_its_answer(running: Proxy, route: str, status: int) -> None:
    """And says so, since what is before this proxy would go on with that connection."""
    assert running.call("POST", "/user/a/dr-1", {"target": address(running.public.with_name("nobody"))}) == 201
    refused = running.asking(f"{route}/channels")
    answer = read_until(refused, b"\r\n\r\n")
    assert (answer.split()[1], b"\r\nConnection: close\r\n" in answer) == (b"%d" % status, True)
    assert refused.recv(1) == b""


def test_an_encoded_path_is_the_same_path(running: Proxy) -> None:
    """A path written with escapes is served by the route, so it ends with it."""
    running.add_route("/user/a/dr-1")
    websocket = running.websocket("/user/%61/dr%2D1/channels")

    running.remove_route("/user/a/dr-1")

    assert running.has_closed(websocket)


def test_a_changed_upstream_is_refused(tmp_path: Path) -> None:
    """Where the package has lost a method that the entry wraps, the proxy does not start: it would end nothing."""
    package = tmp_path / "node_modules" / "configurable-http-proxy"
    (package / "lib").mkdir(parents=True)
    (package / "package.json").write_text('{"name": "configurable-http-proxy", "type": "module"}')
    (package / "lib" / "configproxy.js").write_text("export default class { handleProxyWs() {} removeRoute() {} }")
    for beside in ("word.mjs", "place.mjs", "kept.mjs", "closing.mjs", "astray.mjs"):
        shutil.copy(ENTRY.with_name(beside), tmp_path)
    entry = shutil.copy(ENTRY, tmp_path)

    ended = subprocess.run([node_binary(), entry], capture_output=True, text=True, check=False, timeout=30)

    assert ended.returncode == 2
    assert "has no `handleProxyWeb`, `targetForReq`" in ended.stderr


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the npm package the command is refused with the missing path and what to do."""
    monkeypatch.setattr(proxy, "PACKAGE", tmp_path / "package.json")

    with pytest.raises(ProxyMissingError, match=r"no file `.*package\.json`; run `make run`"):
        proxy_command()

"""Removing a route ends what runs through it: the proxy's entry module with the real node and configurable-http-proxy.

The case: a workspace is ended while its page is open. Upstream only forgets the route (5.3.0), so an open WebSocket
echoes on and a streaming answer goes on. Unix sockets instead of ports: nothing to collide with, and they listen before
the line that says so is printed.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from hub_config import proxy
from hub_config.proxy import ENTRY, ProxyMissingError, node_binary, proxy_command

pytestmark = pytest.mark.integration

TOKEN = "a-token-of-this-test"
CLOSED = 1.0  # seconds in which a connection ends, from before its route is removed (NET-05); measured: 2 ms
PATIENCE = 2.0  # seconds for any other answer


class Backend(socketserver.ThreadingUnixStreamServer):
    """Serves WebSocket upgrades (echo), ``…/stream`` (a first part, then silence) and plain answers.

    `ended` receives the path of each upgrade and stream whose connection the proxy has closed.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), BackendHandler)
        self.url = f"http+unix://{str(path).replace('/', '%2F')}"
        self.ended: Queue[str] = Queue()
        self.connections = 0


class BackendHandler(socketserver.StreamRequestHandler):
    """One connection from the proxy; it may carry several requests."""

    server: Backend

    def handle(self) -> None:
        self.server.connections += 1
        while request_line := self.rfile.readline():
            path = request_line.split()[1].decode()
            headers = http.client.parse_headers(self.rfile)
            if headers.get("Upgrade") == "websocket":
                self.wfile.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                )
                self.until_closed(path, self.wfile.write)
            elif path.endswith("/stream"):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                self.until_closed(path, lambda _: None)
            else:
                self.rfile.read(int(headers.get("Content-Length", "0")))
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
                if headers.get("Connection") == "close":
                    return

    def until_closed(self, path: str, take: Callable[[bytes], object]) -> None:
        with contextlib.suppress(ConnectionError):
            while received := self.connection.recv(4096):
                take(received)
        self.server.ended.put(path)


class Proxy:
    """The running proxy: its two sockets, and what a test asks of it."""

    def __init__(self, folder: Path, backend: Backend) -> None:
        self.public, self.api, self.backend = folder / "public", folder / "api", backend
        self.opened = contextlib.ExitStack()
        self.removing = 0.0

    def connect(self) -> socket.socket:
        return self.opened.enter_context(_connect(self.public))

    def call(self, method: str, route: str, body: dict[str, str] | None = None) -> int:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = _connect(self.api)
        with contextlib.closing(connection):
            headers = {"Authorization": f"token {TOKEN}"}
            connection.request(method, f"/api/routes{route}", json.dumps(body) if body else None, headers)
            return connection.getresponse().status

    def add_route(self, route: str) -> None:
        assert self.call("POST", route, {"target": self.backend.url}) == 201

    def remove_route(self, route: str) -> None:
        self.removing = time.monotonic()
        assert self.call("DELETE", route) == 204

    def left(self) -> float:
        """Return how many seconds are left for what the removed route served."""
        return max(0.001, self.removing + CLOSED - time.monotonic())

    def has_closed(self, client: socket.socket) -> bool:
        """Wait for the end of the connection; one that lives on raises TimeoutError."""
        client.settimeout(self.left())
        try:
            return client.recv(4096) == b""
        except ConnectionError:
            return True

    def websocket(self, path: str) -> socket.socket:
        """Open a WebSocket; the echo goes byte by byte, so the test needs no frames."""
        client = self.connect()
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n{upgrade}\r\n\r\n".encode())
        assert _read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        assert _echoes(client)
        return client

    def stream(self, path: str, client: socket.socket | None = None) -> socket.socket:
        """Ask for an answer that has begun and does not end."""
        client = client or self.connect()
        client.sendall(f"GET {path}/stream HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        assert _read_until(client, b"first\r\n").startswith(b"HTTP/1.1 200")
        return client


def _connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(path))
    return client


def _read_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        part = client.recv(4096)
        assert part, f"closed after {received!r}"
        received += part
    return received


def _echoes(client: socket.socket) -> bool:
    client.sendall(b"hello")
    return client.recv(5) == b"hello"


def _is_silent(client: socket.socket) -> bool:
    """Tell whether the connection is open with nothing to read, at this moment."""
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    return False


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
    result = Proxy(folder, backend)
    command = [*proxy_command(), "--socket", str(result.public), "--api-socket", str(result.api)]
    environment = {"PATH": os.defpath, "CONFIGPROXY_AUTH_TOKEN": TOKEN}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("Proxy API at" in line for line in process.stdout), "the proxy ended before it was ready"
        with result.opened:
            yield result
        process.terminate()
        process.communicate(timeout=10)


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
    assert _echoes(kept)


def test_a_finished_answer_does_not_end_what_follows_on_its_socket(running: Proxy) -> None:
    """A browser's keep-alive socket carries requests of several routes; only the one under way counts."""
    running.add_route("/user/a/dr-1")
    running.add_route("/user/a/dr-2")
    client = running.connect()
    client.sendall(b"GET /user/a/dr-1/page HTTP/1.1\r\nHost: test\r\n\r\n")
    assert _read_until(client, b"plain").startswith(b"HTTP/1.1 200")
    running.stream("/user/a/dr-2", client)
    witness = running.websocket("/user/a/dr-1/channels")

    running.remove_route("/user/a/dr-1")

    assert running.has_closed(witness)
    assert _is_silent(client)
    running.remove_route("/user/a/dr-2")
    assert running.has_closed(client)


def test_no_answer_is_lost_since_the_server_is_not_asked_to_close(running: Proxy) -> None:
    """A person saves a notebook: what was done is said."""
    running.add_route("/user/a/dr-1")
    client = running.connect()
    for _ in range(100):
        client.sendall(b"PUT /user/a/dr-1/api/contents HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}")
        assert _read_until(client, b"plain").startswith(b"HTTP/1.1 200")
    assert running.backend.connections == 1


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
    for beside in ("word.mjs", "place.mjs", "kept.mjs"):
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

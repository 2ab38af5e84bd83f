"""The proxy's entry module with the real node and configurable-http-proxy, and a server behind it.

Unix sockets instead of ports: nothing to collide with, and they listen before the line that says so is printed.
"""

import contextlib
import http.client
import json
import os
import socket
import socketserver
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

from hub_config.proxy import proxy_command

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
        self.url = address(path)
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
            if path.endswith("/refused"):
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            elif headers.get("Upgrade") == "websocket":
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
        return self.opened.enter_context(connect(self.public))

    def call(self, method: str, route: str, body: dict[str, str] | None = None) -> int:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connect(self.api)
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

    def asking(self, path: str) -> socket.socket:
        """Ask for a WebSocket."""
        client = self.connect()
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n{upgrade}\r\n\r\n".encode())
        return client

    def websocket(self, path: str) -> socket.socket:
        """Open a WebSocket; the echo goes byte by byte, so the test needs no frames."""
        client = self.asking(path)
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        assert echoes(client)
        return client

    def stream(self, path: str, client: socket.socket | None = None) -> socket.socket:
        """Ask for an answer that has begun and does not end."""
        client = client or self.connect()
        client.sendall(f"GET {path}/stream HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        assert read_until(client, b"first\r\n").startswith(b"HTTP/1.1 200")
        return client


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(path))
    return client


def read_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        part = client.recv(4096)
        assert part, f"closed after {received!r}"
        received += part
    return received


def echoes(client: socket.socket) -> bool:
    client.sendall(b"hello")
    return client.recv(5) == b"hello"


def is_silent(client: socket.socket) -> bool:
    """Tell whether the connection is open with nothing to read, at this moment."""
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    return False


def address(path: Path) -> str:
    return f"http+unix://{str(path).replace('/', '%2F')}"


@contextlib.contextmanager
def serving(folder: Path, backend: Backend, *options: str) -> Iterator[Proxy]:
    result = Proxy(folder, backend)
    command = [*proxy_command(), "--socket", str(result.public), "--api-socket", str(result.api), *options]
    environment = {"PATH": os.defpath, "CONFIGPROXY_AUTH_TOKEN": TOKEN}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("Proxy API at" in line for line in process.stdout), "the proxy ended before it was ready"
        with result.opened:
            yield result
        process.terminate()
        process.communicate(timeout=10)

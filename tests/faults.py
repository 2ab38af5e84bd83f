"""A proxy on loopback that fails as networks and servers do: late, cut off, silent, or with an answer of its own.

It stands before an API server or a database, either behind a port or a Unix socket, and a test says what is wrong from
now on. Connections that are open already meet it as well. It understands nothing but where an HTTP request begins.
"""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_METHODS = (b"GET ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ")
_CHUNK = 1 << 16
_POLL = 0.02


class Fault(NamedTuple):
    """What is wrong: by default nothing.

    `late`: seconds that each piece takes. `reset`: every connection is cut at the next piece. `half_open`: pieces are
    taken and never come out. `status`: what every HTTP request is answered, with `headers`.
    """

    late: float = 0.0
    reset: bool = False
    half_open: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()


class FaultProxy:
    """One proxy; `port` is its own, on 127.0.0.1. `pieces` counts what clients sent."""

    def __init__(self, upstream: Path | int, source: str = "127.0.0.1") -> None:
        self.fault = Fault()
        self.pieces = 0
        self._upstream, self._source = upstream, source
        self._ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_POLL)
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @classmethod
    @contextlib.contextmanager
    def before(cls, upstream: Path | int, source: str = "127.0.0.1") -> Iterator["FaultProxy"]:
        """Serve one before a port of loopback, which it comes to from an address, or a Unix socket, and end it."""
        proxy = cls(upstream, source)
        proxy._threads[0].start()
        try:
            yield proxy
        finally:
            proxy._ended.set()
            for thread in proxy._threads:
                thread.join(10)
            proxy._listening.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.closing(client), contextlib.suppress(OSError):
            client.setblocking(True)
            with contextlib.closing(self._connected()) as server:
                while not self._ended.is_set() and self._moved(client, server):
                    pass

    def _connected(self) -> socket.socket:
        if isinstance(self._upstream, int):
            return socket.create_connection(("127.0.0.1", self._upstream), source_address=(self._source, 0))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._upstream))
        return server

    def _moved(self, client: socket.socket, server: socket.socket) -> bool:
        """Move one piece, or fail; false where the connection is over."""
        for one in select.select([client, server], [], [], _POLL)[0]:
            piece = one.recv(_CHUNK)
            fault = self.fault
            self.pieces += one is client and bool(piece)
            if fault.reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if fault.status and one is client and piece.startswith(_METHODS):
                client.sendall(_answer(fault))
                return False
            if not piece:
                return False
            if fault.half_open:
                continue
            if fault.late:
                self._ended.wait(fault.late)
            (server if one is client else client).sendall(piece)
        return True


def _answer(fault: Fault) -> bytes:
    headers = (*fault.headers, ("Content-Type", "application/json"), ("Content-Length", "2"), ("Connection", "close"))
    lines = [f"HTTP/1.1 {fault.status} as the test says", *(f"{name}: {value}" for name, value in headers), "", "{}"]
    return "\r\n".join(lines).encode()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes longer."""
    begun = time.monotonic()
    yield
    took = time.monotonic() - begun
    assert took < seconds, f"it took {took:.1f} s"

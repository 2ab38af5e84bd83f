"""The two ways out of a sandbox: a Unix socket to a few paths of the hub's API, and the server's log lines.

Runs in the hub's own event loop, one relay per workspace. It knows methods and paths that the server of this one person
needs, and answers 403 to everything else, whatever the token (SBX-06, TOK-01); it hands on a few request headers only,
so that nothing inside can claim to be a proxy. It does not look at tokens: the hub does.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jupyterhub.httpclient import fetch

MAX_BODY_BYTES = 64 * 1024
MAX_CONNECTIONS = 32
HUB_TIMEOUT_SECONDS = 20
_LOG_BYTES = 256 * 1024
_REQUEST_HEADERS = ("Accept", "Authorization", "Content-Type")
_RESPONSE_HEADERS = ("Content-Type", "X-JupyterHub-Version")


def allowed_calls(api_path: str, user_name: str) -> frozenset[tuple[str, str]]:
    """Method and exact request target; `api_path` is the hub's, such as `/hub/api`."""
    return frozenset(
        {
            ("GET", api_path),
            ("GET", f"{api_path}/"),
            ("GET", f"{api_path}/user"),
            ("POST", f"{api_path}/oauth2/token"),
            ("POST", f"{api_path}/users/{user_name}/activity"),
        }
    )


class HubRelay:
    """One workspace's relay to the hub's API at `api_url`; `uid` may connect besides the hub's user."""

    def __init__(self, api_url: str, user_name: str, path: Path, uid: int | None) -> None:
        self._api_path = urlsplit(api_url).path.rstrip("/")
        self._origin = api_url.rstrip("/").removesuffix(self._api_path)
        self._allowed = allowed_calls(self._api_path, user_name)
        self._path = path
        self._uid = uid
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._connections = 0

    async def start(self) -> None:
        """Open the socket and answer on it; `OSError` where the folder is not writable or the path too long."""
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_route("*", "/{anything:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, keepalive_timeout=15, handler_cancellation=True)
        await self._runner.setup()
        listening = listening_socket(self._path)
        if self._uid is not None:
            os.chown(self._path, self._uid, self._uid)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_unix_server(self._protocol, sock=listening, start_serving=False)
        await self._listener.start_serving()  # from here on `stop` knows what to close, also where this is given up

    async def stop(self) -> None:
        """Close the socket and every connection on it; harmless when it never started."""
        if self._listener is not None:
            self._listener.close()
        if self._runner is not None:
            await self._runner.cleanup()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _protocol(self) -> asyncio.BaseProtocol:
        server = self._runner.server if self._runner is not None else None
        if server is None or self._connections >= MAX_CONNECTIONS:
            return _Refusal()
        self._connections += 1
        return _Counted(server(), self._closed)

    def _closed(self) -> None:
        self._connections -= 1

    async def _answer(self, request: web.Request) -> web.Response:
        if (request.method, request.raw_path) not in self._allowed:
            return web.Response(status=403, text="this path of the hub is not open to a workspace\n")
        body = await request.read()
        headers = {name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers}
        try:
            async with asyncio.timeout(HUB_TIMEOUT_SECONDS):
                return await self._ask_hub(request.method, request.raw_path, headers, body)
        except (OSError, TimeoutError):
            return web.Response(status=502, text="the hub does not answer\n")

    async def _ask_hub(self, method: str, target: str, headers: dict[str, str], body: bytes) -> web.Response:
        answer = await fetch(
            self._origin + target,
            method=method,
            headers=headers,
            data=body or None,
            allow_redirects=False,
            raise_for_status=False,
        )
        kept = {name: answer.headers[name] for name in _RESPONSE_HEADERS if name in answer.headers}
        return web.Response(status=answer.status, headers=kept, body=await answer.read())


class _Refusal(asyncio.Protocol):
    """What a connection over the limit meets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class _Counted(asyncio.Protocol):
    """Another protocol, and word when its connection ends; aiohttp's own count lags behind a burst of connections."""

    def __init__(self, inner: asyncio.Protocol, when_closed: Callable[[], None]) -> None:
        self._inner = inner
        self._when_closed = when_closed
        self.data_received = inner.data_received  # type: ignore[method-assign]
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]
        self.connection_made = inner.connection_made  # type: ignore[method-assign]

    def connection_lost(self, exc: Exception | None) -> None:
        self._when_closed()
        self._inner.connection_lost(exc)


class ServerLog:
    """The first 256 KiB of what a sandbox writes, read at a bounded pace: a flood costs the hub nothing (SBX-03)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._text = bytearray()
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.TimerHandle | None = None
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def tail(self) -> str:
        """The last two thousand characters, with what was not read yet."""
        with contextlib.suppress(BlockingIOError):
            while len(self._text) < _LOG_BYTES and (chunk := os.read(self._descriptor, 65536)):
                self._text += chunk[: _LOG_BYTES - len(self._text)]
        return self._text.decode(errors="replace")[-2000:]

    def close(self) -> None:
        """Stop reading."""
        if self._next is not None:
            self._next.cancel()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(self._descriptor, 65536)
            self._text += chunk[: _LOG_BYTES - len(self._text)]
        self._loop.remove_reader(self._descriptor)
        if chunk:
            self._next = self._loop.call_later(0.02, self._loop.add_reader, self._descriptor, self._read)


def listening_socket(path: Path) -> socket.socket:
    """A Unix socket at `path` that only its owner may connect to."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), 0o600)
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(128)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def pipe(reading: contextlib.ExitStack, writing: contextlib.ExitStack) -> tuple[int, int]:
    """A new pipe's two ends, each closed with its stack."""
    read, write = os.pipe()
    reading.callback(os.close, read)
    writing.callback(os.close, write)
    return read, write


def pipe_with(content: bytes, stack: contextlib.ExitStack) -> int:
    """The reading end of a pipe that holds `content` (a few KiB) and nothing more."""
    read, write = os.pipe()
    stack.callback(os.close, read)
    with os.fdopen(write, "wb") as file:
        file.write(content)
    return read

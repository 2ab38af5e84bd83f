"""What stands around every page: headers, limits, whose browser asks (SES-06, -09, -13, -14, -16), and seals.

Where all is one origin, a script of a notebook shares the desk's. It cannot read a form's token: pages answer to
navigations only (Sec-Fetch-Dest), never in a frame, and their window is cut off from who opened it (SES-07).
"""

import hmac
import json
import logging
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MOST = 64 * 1024
FILE_MOST = 10_200_000
"""Bytes of a form with a file in it: the largest file, and what stands around it."""
_FILE_PAGE = "/services/desk/files"
_FILES = (_FILE_PAGE, "/services/desk/api/v1/files")
_POLICY = "Content-Security-Policy"  # an answer that brings its own is a file, which may do less than a page
_SAFE = ("GET", "HEAD", "OPTIONS")
_SCRIPTED = ("/services/desk/api/", "/services/desk/static/", "/services/desk/status")
_HEALTH = ("/livez", "/readyz")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

log = logging.getLogger("sluis.desk")


class Seals:
    """HMACs under a key of this start: tokens of forms, and the short texts that a browser carries to the next page."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def csrf(self, login_key: str) -> str:
        """Return the token of a login's forms (SES-06)."""
        return self._mac("csrf", login_key)

    def seal(self, value: Any) -> str:
        """Write a small JSON value so that only this desk can have written it."""
        text = urlsafe_b64encode(json.dumps(value).encode()).decode()
        return f"{text}.{self._mac('text', text)}"

    def open(self, sealed: str) -> Any:
        """Read what `seal` wrote; None for anything else."""
        text, _, mac = sealed.partition(".")
        if not same(mac, self._mac("text", text)):
            return None
        return json.loads(urlsafe_b64decode(text))

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


class Keep(NamedTuple):
    """For how long a cookie is kept, for which pages, and whether it comes with links from elsewhere."""

    seconds: int
    path: str
    strict: bool = False


@dataclass(frozen=True)
class Cookies:
    """The desk's cookies. On a host of its own none that another host sets is taken for one (SES-07).

    A browser sends the desk what a workspace's page sets for the domain that both have in common, but never under a
    name that begins with `__Host-` (RFC 6265bis, 4.1.3.2).
    """

    secure: bool
    own_host: bool = False

    def get(self, request: Request, name: str) -> str:
        """Return what a browser brings, or an empty text."""
        return request.cookies.get(self._name(name), "")

    def put(self, response: Response, name: str, value: str, keep: Keep) -> None:
        """Give a browser a cookie for a while."""
        response.set_cookie(
            self._name(name), value, max_age=keep.seconds, path=self._path(keep.path), httponly=True,
            secure=self.secure or self.own_host, samesite="strict" if keep.strict else "lax",
        )  # fmt: skip

    def drop(self, response: Response, name: str, path: str) -> None:
        """Take it back."""
        response.delete_cookie(
            self._name(name), path=self._path(path), secure=self.secure or self.own_host, httponly=True, samesite="lax"
        )

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.own_host else name

    def _path(self, path: str) -> str:
        return "/" if self.own_host else path


@dataclass(frozen=True)
class Address:
    """Where browsers may come in: the public URL, on loopback under each of its names, and the service's own port.

    `further` are other origins that the answer to a form may lead to: the hub's, and the workspaces'; `institute` is
    the address of the institute's door.
    """

    url: str
    service: str = ""
    further: tuple[str, ...] = ()
    institute: str = ""

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered (SES-14)."""
        own = _names(self.url) | _names(self.institute)
        return own | {urlsplit(self.service).netloc} if self.service else own

    @property
    def origins(self) -> frozenset[str]:
        """The origins that changes may come from (SES-06)."""
        both = [one for one in (self.url, self.institute) if one]
        return frozenset(f"{urlsplit(one).scheme}://{host}" for one in both for host in _names(one))


def _names(url: str) -> frozenset[str]:
    """Return the hosts of an address, with its port; on loopback all of its names, of none nothing."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return frozenset({parts.netloc} if url else ())
    port = f":{parts.port}" if parts.port is not None else ""
    return frozenset(name + port for name in _LOOPBACK)


class _TooLarge(Exception):
    """A body went over the limit while it was read."""


class _Answer:
    """An answer under way: puts the headers on it, and remembers whether its first part is out."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.started = True
            own = MutableHeaders(scope=message)
            own.update({name: value for name, value in self._headers.items() if name not in own or name != _POLICY})
        await self._send(message)


class Shield:
    """ASGI middleware: refuses what may not ask, bounds what is read, and puts the headers on every answer.

    `broken` makes the page of a failure, `large` the one for who sent too large a file from a page.
    """

    def __init__(
        self, app: ASGIApp, address: Address, broken: Callable[[str], Response], large: Callable[[], Response]
    ) -> None:
        self._app = app
        self._address = address
        self._broken = broken
        self._large = large
        self._headers = headers(address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        problem = self._refusal(scope)
        if problem is not None:
            await problem(scope, receive, answer.send)
            return
        try:
            await self._app(scope, _bounded(receive, _most(scope)), answer.send)
        except _TooLarge:
            await self._too_large(scope)(scope, receive, answer.send)
        except Exception:  # the edge of the desk: nothing of an error reaches a browser (SES-16)
            incident = secrets.token_hex(4)
            log.exception("incident %s at %s", incident, ascii(scope["path"][:200]))
            if answer.started:
                raise
            await self._broken(incident)(scope, receive, answer.send)

    def _refusal(self, scope: Scope) -> Response | None:
        found = Headers(scope=scope)
        path = scope["path"]
        if path in _HEALTH:
            return None
        if found.get("host", "") not in self._address.hosts:
            return _plain("this host name is not served here", 421)
        if scope["method"] not in _SAFE:
            return self._change_refusal(found, scope)
        destination = found.get("sec-fetch-dest", "document")
        if destination != "document" and not path.startswith(_SCRIPTED):
            return _plain("this page opens in a window of its own only", 403)
        return None

    def _change_refusal(self, found: Headers, scope: Scope) -> Response | None:
        if not self._from_here(found):
            return _plain("a change comes from a page of the desk only; open the desk and try again", 403)
        length = found.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > _most(scope):
            return self._too_large(scope)
        return None

    def _too_large(self, scope: Scope) -> Response:
        most = _most(scope)
        if scope["path"] == _FILE_PAGE:
            return self._large()
        way_out = "shorten the texts" if most == BODY_MOST else "send a smaller file"
        return _plain(f"this is more than {most} bytes; {way_out}", 413)

    def _from_here(self, found: Headers) -> bool:
        """Say whether a change comes from our own pages. Under `no-referrer` a browser writes the origin as `null`."""
        origin, site = found.get("origin"), found.get("sec-fetch-site")
        if origin == "null":
            return site == "same-origin"
        ours = origin is None or (origin in self._address.origins and urlsplit(origin).netloc == found["host"])
        return ours and site in (None, "same-origin")


def headers(address: Address) -> dict[str, str]:
    """Return what stands on every answer: own scripts and styles only, no frame, nothing kept (SES-09, SES-10)."""
    # Where a form's answer leads to the login, the browser checks that address too.
    own = f"{urlsplit(address.url).scheme}://{urlsplit(address.url).netloc}"
    form_targets = " ".join(["'self'", *sorted({own, *address.further})])
    return {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; form-action {form_targets}; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def _most(scope: Scope) -> int:
    """Return how many bytes a request may send: a file is the one thing that is larger than a form (INP-01)."""
    return FILE_MOST if scope["path"] in _FILES else BODY_MOST


def _bounded(receive: Receive, most: int) -> Callable[[], Awaitable[Message]]:
    read = 0

    async def receiving() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _TooLarge
        return message

    return receiving


def _plain(text: str, status: int) -> Response:
    return Response(text + "\n", status, media_type="text/plain")

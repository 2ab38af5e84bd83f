"""The way in under raw bytes: requests that two readers may read as two things, huge ones, and slow ones."""

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration import login_fixtures
from tests.integration.login_browser import Browser
from tests.integration.login_hub import LoginHub, until
from tests.integration.test_logout import start_workspace

pytestmark = pytest.mark.integration
hub = login_fixtures.hub

PATIENCE = 30.0
INNER = "GET /hub/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "content-length and chunked": f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}",
    "chunked and content-length": f"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{INNER}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(INNER)}\r\n\r\n{INNER}",
    "one length twice in a line": f"Content-Length: 0, {len(INNER)}\r\n\r\n{INNER}",
    "a length with a sign": f"Content-Length: +{len(INNER)}\r\n\r\n{INNER}",
    "a length in hexadecimal": f"Content-Length: 0x2a\r\n\r\n{INNER}",
    "a space before the colon": f"Content-Length : {len(INNER)}\r\n\r\n{INNER}",
    "a folded line": f"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{INNER}",
    "an unknown coding": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{INNER}",
    "chunked twice": f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{INNER}",
    "a coding behind a tab": f"Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{INNER}",
    "a chunk's size in words": "Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
    "lines that end without a return": f"Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n{INNER}",
    "a bare return in a value": "X-A: b\rContent-Length: 5\r\n\r\nhello",
    "a zero byte in a value": "X-A: b\0c\r\n\r\n",
}
LINES = {
    "a space in the address": "GET /hub/login x HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a line break in the address": "GET /hub/login\r\nX-A: b HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "no such version": "GET /hub/login HTTP/9.9\r\nHost: {host}\r\n\r\n",
    "no host": "GET /hub/login HTTP/1.1\r\n\r\n",
    "two hosts": "GET /hub/login HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
    "HTTP/2 without being asked": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.fixture(scope="module")
def inside(hub: LoginHub) -> Browser:
    """Somebody logged in, with a running workspace."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    start_workspace(hub, browser)
    return browser


@pytest.fixture
def targets(hub: LoginHub, inside: Browser) -> list[str]:
    """An address of the hub's, and one of a workspace."""
    (route,) = hub.routes()
    return ["/hub/api/", f"{route}/api/status"]


@contextlib.contextmanager
def connected(hub: LoginHub) -> Iterator[socket.socket]:
    """A connection to where browsers come in."""
    parts = urlsplit(hub.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=PATIENCE) as client:
        yield client


def answers(client: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65536):
            received += part
    return received


def statuses(said: bytes) -> list[int]:
    """Return the statuses of the answers in it."""
    return [int(line.split()[1]) for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def serves(hub: LoginHub) -> bool:
    """Say whether somebody else is answered meanwhile."""
    return httpx.get(f"{hub.url}/hub/health", timeout=PATIENCE, trust_env=False).status_code == 200


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_that_can_be_read_in_two_ways_is_read_by_nobody(hub: LoginHub, targets: list[str], rest: str) -> None:
    """SES-13: one answer, a refusal, and then the end; what hides behind it reaches neither hub nor workspace."""
    for target in targets:
        with connected(hub) as client:
            head = f"POST {target} HTTP/1.1\r\nHost: {urlsplit(hub.url).netloc}\r\n"
            client.sendall((head + rest).encode())
            client.shutdown(socket.SHUT_WR)
            found = statuses(answers(client))
        assert len(found) <= 1, (target, found)
        assert all(400 <= status < 500 for status in found), (target, found)
    assert "smuggled" not in hub.log("hub") + hub.log("proxy")
    assert serves(hub)


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
def test_a_line_that_is_none_is_refused(hub: LoginHub, lines: str) -> None:
    """SES-13, SES-14: one answer at most, a refusal, and no header of ours taken from it."""
    with connected(hub) as client:
        client.sendall(lines.format(host=urlsplit(hub.url).netloc).encode())
        client.shutdown(socket.SHUT_WR)
        said = answers(client)
    assert [status for status in statuses(said) if not 400 <= status < 500] == []
    assert b"evil.example" not in said
    assert serves(hub)


@pytest.mark.parametrize("where", ["/hub/login?next=", "/hub/oauth_login?next=", "/hub/logout?x=", "/user/"])
def test_no_header_is_written_by_an_address(hub: LoginHub, where: str) -> None:
    """SES-13: line breaks in an address, plain, doubly written or in letters that lose their upper bits."""
    for written in ("%0d%0a", "%250d%250a", "%E5%98%8A%E5%98%8D", "%0a"):
        for host in (urlsplit(hub.url).netloc, "evil.example"):
            address = f"{hub.url}{where}{written}X-Evil:%20yes"
            answer = httpx.get(address, headers={"Host": host}, timeout=PATIENCE, trust_env=False)
            assert "x-evil" not in answer.headers
            assert "evil.example" not in answer.headers.get("location", "")
            assert answer.status_code < 500


def test_a_huge_header_is_refused_before_it_is_read(hub: LoginHub, targets: list[str]) -> None:
    """SES-13: 10 MB in one line, in many lines, and in the address."""
    huge = b"a" * 10_000_000
    for target in targets:
        first = f"GET {target} HTTP/1.1\r\nHost: x\r\n".encode()
        many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(10_000))
        for sent in (
            first + b"X-A: " + huge + b"\r\n\r\n",
            first + many + b"\r\n",
            b"GET /" + huge + b" HTTP/1.1\r\n\r\n",
        ):
            with connected(hub) as client:
                with contextlib.suppress(ConnectionError):
                    client.sendall(sent)
                found = statuses(answers(client))
            assert found in ([431], []), found
    assert serves(hub)


def test_slow_requests_keep_nobody_out(hub: LoginHub, inside: Browser, targets: list[str]) -> None:
    """SES-13: 200 connections that each send a little of a header, and 200 of a body; others are answered meanwhile."""
    host = urlsplit(hub.url).netloc
    with contextlib.ExitStack() as held:
        slow = [held.enter_context(connected(hub)) for _ in range(400)]
        for number, client in enumerate(slow):
            body = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{" if number % 2 else "X-A: "
            client.sendall(f"POST {targets[number % 4 // 2]} HTTP/1.1\r\nHost: {host}\r\n{body}".encode())
        for _ in range(3):
            for client in slow:
                with contextlib.suppress(ConnectionError):
                    client.sendall(b"a")
            assert serves(hub)
            assert inside.is_in()
    until(lambda: serves(hub), PATIENCE)


@pytest.mark.slow
def test_a_header_that_never_ends_is_cut(hub: LoginHub) -> None:
    """SES-13: who sends a letter of it now and then is told so (408), and loses the connection within two minutes."""
    with connected(hub) as client:
        client.sendall(f"GET /hub/login HTTP/1.1\r\nHost: {urlsplit(hub.url).netloc}\r\nX-A: ".encode())
        client.settimeout(1)
        received = until(lambda: _fed(client), 120)
    assert statuses(received) == [408]


def _fed(client: socket.socket) -> bytes:
    """Send one letter more and return what the other side said, or nothing yet."""
    with contextlib.suppress(ConnectionError):
        client.sendall(b"a")
    with contextlib.suppress(TimeoutError):
        return client.recv(65536)
    return b""

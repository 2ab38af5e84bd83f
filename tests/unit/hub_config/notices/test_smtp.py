"""The talk with the mail server: TLS that is verified or no mail, and what each answer means (RFC 5321)."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_config.mail_settings import Tls
from hub_config.notices.smtp import Answer, Became, Envelope, Server, deliver, greeting
from tests.unit.hub_config.notices.conftest import Certificate, certificate
from tests.unit.hub_config.notices.mail_server import Handler, MailServer, knows

MAIL = b"Subject: dots\r\n\r\n.\r\n.hidden\r\n..two\r\n"
ENVELOPE = Envelope("sluis@centre.example", "ada@centre.example", MAIL)


def to(port: int, tls: Tls, ca: Path | str = "", **more: Any) -> Server:
    waits = {"timeout": 10.0, "patience": 10.0}
    return Server("127.0.0.1", port, tls, "centre.example", ca_file=str(ca), **{**waits, **more})


@pytest.fixture
def vouched(tmp_path: Path) -> Certificate:
    return certificate(tmp_path)


@pytest.fixture
def serve(handler: Handler) -> Iterator[Any]:
    """Start a mail server with these options; it ends with the test."""
    started: list[MailServer] = []

    def start(**options: Any) -> int:
        started.append(MailServer(handler, **options))
        return started[-1].port

    yield start
    for one in started:
        one.close()


def test_a_mail_arrives_as_it_was_written(handler: Handler, server: MailServer) -> None:
    """RFC 5321, 4.5.2: lines that begin with a dot, and none that ends the mail before its end."""
    assert deliver(to(server.port, Tls.LOOPBACK), ENVELOPE, lambda: True) == Answer(Became.TAKEN, 250)
    assert [one.content for one in handler.received] == [MAIL]


def test_starttls_with_a_user(handler: Handler, serve: Any, vouched: Certificate) -> None:
    """DEP-01: the password goes over TLS only, to a server that its certificate names."""
    port = serve(tls_context=vouched.context, require_starttls=True, authenticator=knows("sluis", "secret"),
                 auth_required=True)  # fmt: skip
    good = to(port, Tls.STARTTLS, vouched.file, user="sluis", password="secret")
    assert deliver(good, ENVELOPE, lambda: True).became is Became.TAKEN
    wrong = good._replace(password="wrong")
    assert deliver(wrong, ENVELOPE, lambda: True) == Answer(Became.NOT_TAKEN, 535, "SMTPAuthenticationError")
    assert (greeting(good), "535" in (greeting(wrong) or ""), len(handler.received)) == (None, True, 1)


def test_tls_from_the_first_byte(handler: Handler, serve: Any, vouched: Certificate) -> None:
    """The other way that servers have, mostly on port 465."""
    port = serve(ssl=vouched.context)
    assert deliver(to(port, Tls.TLS, vouched.file), ENVELOPE, lambda: True).became is Became.TAKEN
    assert len(handler.received) == 1


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
@pytest.mark.parametrize("named", ["127.0.0.1", "127.0.0.2"])
def test_a_server_that_nobody_vouches_for_gets_nothing(
    tls: Tls, named: str, handler: Handler, serve: Any, tmp_path: Path
) -> None:
    """Who sits in between has a certificate of his own, or a good one with another name."""
    other = certificate(tmp_path, named)
    port = serve(ssl=other.context) if tls is Tls.TLS else serve(tls_context=other.context)
    ca = other.file if named != "127.0.0.1" else ""
    server = to(port, tls, ca, user="sluis", password="secret")
    assert deliver(server, ENVELOPE, lambda: pytest.fail("handed over")).became is Became.NOT_TAKEN
    assert "CERTIFICATE_VERIFY_FAILED" in (greeting(server) or "")
    assert handler.received == []


def test_without_starttls_nothing_goes_in_plain_text(handler: Handler, server: MailServer) -> None:
    """Who sits in between takes the offer of STARTTLS away: then no mail, no password."""
    plain = to(server.port, Tls.STARTTLS, user="sluis", password="secret")
    assert deliver(plain, ENVELOPE, lambda: True) == Answer(Became.NOT_TAKEN, 0, "SMTPNotSupportedError")
    assert handler.received == []


def test_an_authority_that_cannot_be_read_is_a_trouble(server: MailServer) -> None:
    """No file, no mail; and nothing is raised."""
    missing = to(server.port, Tls.STARTTLS, "/nowhere/ca.pem")
    assert deliver(missing, ENVELOPE, lambda: True).became is Became.NOT_TAKEN
    assert greeting(missing) is not None


def test_it_is_not_sent_where_it_may_not_be(handler: Handler, server: MailServer) -> None:
    """E50: it was taken back after the recipient was named; the server is left without a mail."""
    assert deliver(to(server.port, Tls.LOOPBACK), ENVELOPE, lambda: False) == Answer(Became.NOT_OURS)
    assert handler.received == []


@pytest.mark.parametrize(
    ("at", "answer", "expected"),
    [
        ("senders", "550 not you", Answer(Became.NOT_TAKEN, 550, "sender")),
        ("recipients", "450 busy", Answer(Became.NOT_TAKEN, 450)),
        ("recipients", "550 nobody", Answer(Became.REFUSED, 550)),
        ("data", "451 later", Answer(Became.NOT_TAKEN, 451)),
        ("data", "554 spam", Answer(Became.REFUSED, 554)),
    ],
)
def test_each_answer(at: str, answer: str, expected: Answer, handler: Handler, server: MailServer) -> None:
    """S37: what is about how we are set up is tried again; what is about the mail or its reader is final with 5xx."""
    getattr(handler, at).append(answer)
    assert deliver(to(server.port, Tls.LOOPBACK), ENVELOPE, lambda: True) == expected


def _silent(lines: list[bytes]) -> tuple[int, threading.Thread]:
    """Serve one connection: an answer for each line that comes, then silence until the other side leaves."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, listening:
            connection.settimeout(30)
            for line in lines:
                connection.sendall(line)
                if not connection.recv(65536):
                    return
            while connection.recv(65536):
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listening.getsockname()[1], thread


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], Became.NOT_TAKEN),
        ([b"220 hello\r\n"], Became.NOT_TAKEN),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n"], Became.NOT_TAKEN),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"], Became.UNCERTAIN),
        ([b"what\r\n"], Became.NOT_TAKEN),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"\xff\xfe\r\n"],
         Became.UNCERTAIN),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"9" * 9000],
         Became.UNCERTAIN),
    ],
    ids=["no greeting", "no EHLO", "no DATA", "no last answer", "no SMTP", "no answer but bytes", "a line without end"],
)  # fmt: skip
def test_a_server_that_falls_silent_or_says_nonsense(lines: list[bytes], expected: Became) -> None:
    """Every wait is bounded; before the mail's end nothing was sent, after it nobody knows."""
    port, thread = _silent(lines)
    found = deliver(to(port, Tls.LOOPBACK, timeout=0.5, patience=0.5), ENVELOPE, lambda: True)
    thread.join(30)
    assert found.became is expected
    assert not thread.is_alive()


def test_nobody_listens() -> None:
    """A server that is down."""
    nobody = socket.create_server(("127.0.0.1", 0))
    port = nobody.getsockname()[1]
    nobody.close()
    assert deliver(to(port, Tls.LOOPBACK), ENVELOPE, lambda: True).became is Became.NOT_TAKEN
    assert "refused" in (greeting(to(port, Tls.LOOPBACK)) or "").lower()

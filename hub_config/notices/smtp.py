"""One mail to one mail server, by SMTP (RFC 5321): over TLS that is verified, or on this machine.

The standard library's client, one connection for each mail, every wait bounded. Before the server is told to take the
mail, `hand_over` says whether it is still to be sent; from then on only the server's answer tells what became of it.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import NamedTuple

from hub_config.mail_settings import Tls

_GO_ON = 354
_TAKEN, _NOT_NOW, _NEVER = range(200, 300), range(400, 500), range(500, 600)
_LINE_WITH_A_DOT = re.compile(rb"^\.", re.MULTILINE)


class Became(StrEnum):
    """What became of a mail: taken; the server has not got it; will never take it; may have it; we may not send it."""

    TAKEN = "taken"
    NOT_TAKEN = "not-taken"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    NOT_OURS = "not-ours"


class Answer(NamedTuple):
    """What became of a mail, with the server's last answer, 0 where there was none, and what was wrong in a word."""

    became: Became
    code: int = 0
    trouble: str = ""


class Server(NamedTuple):
    """Where mails go, and what we call ourselves there. `ca_file` holds who vouches for it, else the system does.

    `timeout` is in seconds, for each wait; `patience` for the last one, in which a server looks the mail through.
    """

    host: str
    port: int
    tls: Tls
    name: str
    user: str = ""
    password: str = ""
    ca_file: str = ""
    timeout: float = 60.0
    patience: float = 300.0


class Envelope(NamedTuple):
    """From which address, to which, and the mail's bytes with their line ends CRLF."""

    sender: str
    to: str
    mail: bytes


def deliver(server: Server, envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
    """Hand a mail to the server. Raises nothing but what `hand_over` raises: the mail was not sent then."""
    try:
        with _connected(server) as client:
            return _answer(client, server, envelope, hand_over)
    except smtplib.SMTPResponseException as error:
        return Answer(Became.NOT_TAKEN, error.smtp_code, type(error).__name__)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Answer(Became.NOT_TAKEN, 0, type(error).__name__)


def greeting(server: Server) -> str | None:
    """Say why no mail could be handed to the server, or None: it answers, TLS holds, and it knows the user."""
    try:
        with _connected(server):
            return None
    except smtplib.SMTPResponseException as error:
        return f"it answers `{error.smtp_code}` ({type(error).__name__})"
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def _connected(server: Server) -> Iterator[smtplib.SMTP]:
    """Give a connection over TLS with the user logged in; never one in plain text but to this machine."""
    context = ssl.create_default_context(cafile=server.ca_file or None)
    client = (
        smtplib.SMTP_SSL(server.host, server.port, server.name, timeout=server.timeout, context=context)
        if server.tls is Tls.TLS
        else smtplib.SMTP(server.host, server.port, server.name, timeout=server.timeout)
    )
    try:
        if server.tls is Tls.STARTTLS:
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        if server.user:
            client.login(server.user, server.password)
        yield client
    finally:
        client.close()


def _answer(client: smtplib.SMTP, server: Server, envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
    code, _ = client.mail(envelope.sender)
    if code not in _TAKEN:
        return Answer(Became.NOT_TAKEN, code, "sender")  # that is how we are set up, not this mail
    code, _ = client.rcpt(envelope.to)
    if code not in _TAKEN:
        return _not_taken(code)
    if not hand_over():
        return Answer(Became.NOT_OURS)
    code, _ = client.docmd("DATA")
    if code != _GO_ON:
        return _not_taken(code)
    if client.sock is not None:
        client.sock.settimeout(server.patience)
    return _handed_over(client, envelope.mail)


def _handed_over(client: smtplib.SMTP, mail: bytes) -> Answer:
    """Send the mail itself. Once its end may have arrived, silence leaves a doubt (RFC 1047)."""
    try:
        client.send(_LINE_WITH_A_DOT.sub(b"..", mail) + (b"" if mail.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, _ = client.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Answer(Became.UNCERTAIN, 0, type(error).__name__)
    if code not in _TAKEN:
        return _not_taken(code) if code in _NOT_NOW or code in _NEVER else Answer(Became.UNCERTAIN)
    _quit(client)
    return Answer(Became.TAKEN, code)


def _not_taken(code: int) -> Answer:
    return Answer(Became.REFUSED if code in _NEVER else Became.NOT_TAKEN, max(code, 0))


def _quit(client: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):  # it has the mail
        client.quit()

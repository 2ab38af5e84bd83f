"""A real mail server on loopback for the tests of mail: aiosmtpd, which answers as a test tells it to."""

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TAKEN = "250 OK"
CLOSE = "close"
"""The answer of a server that closes the connection instead of answering."""


class Received(NamedTuple):
    """A mail as the server got it."""

    sender: str
    to: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail itself."""
        found = message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Handler:
    """Answers what the test wrote down, the first answer first, and then takes all."""

    recipients: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, or what the test says."""
        self.connections += 1
        if self.senders:
            return self.senders.pop(0)
        envelope.mail_from, envelope.mail_options = address, options
        return TAKEN

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or what the test says."""
        if self.recipients:
            return self.recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail; answer, or close the connection, as the test says."""
        answer = self.data.pop(0) if self.data else TAKEN
        if answer in (TAKEN, CLOSE):
            content = envelope.content
            assert isinstance(content, bytes)
            self.received.append(Received(envelope.mail_from or "", envelope.rcpt_tos, content))
        if answer == CLOSE:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer


class MailServer:
    """A running server on a free port of loopback, in a thread of its own."""

    def __init__(self, handler: Handler, port: int = 0, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        over_tls: ssl.SSLContext | None = options.pop("ssl", None)
        start = self._loop.create_server(
            lambda: SMTP(handler, loop=self._loop, hostname="mail.test", **options), "127.0.0.1", port, ssl=over_tls
        )
        self._server = self._loop.run_until_complete(start)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop to listen and end the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def knows(user: str, password: str) -> Any:
    """Return what lets one user in."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)

    return check

"""Puts together how notices go out, from the settings: the mail server, and from whom mails are."""

from collections.abc import Callable
from functools import partial

from hub_config.mail_settings import Mail
from hub_config.notices.letters import Origin
from hub_config.notices.sender import Post
from hub_config.notices.smtp import Server, deliver
from hub_config.running import Running
from hub_config.settings import Settings


def post_of(settings: Settings, running: Running, invitation: Callable[[int], str] | None = None) -> Post | None:
    """Return how notices go out; None where no mail server is set: then they wait in the outbox.

    `invitation` gives the end of the link to an invitation.

    Links begin with the address that this Sluis was started with (SES-14).
    """
    if settings.mail is None:
        return None
    origin = Origin(settings.mail.sender, settings.contact, running.web.desk, invitation)
    return Post(origin, partial(deliver, server_of(settings.mail, running.mail_password)))


def server_of(mail: Mail, password: str) -> Server:
    """Return the mail server of the settings."""
    return Server(
        host=mail.host, port=mail.port, tls=mail.tls, name=mail.sender.rpartition("@")[2], user=mail.user,
        password=password, ca_file=mail.ca_file,
    )  # fmt: skip

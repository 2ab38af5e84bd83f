"""The table `[mail]` of `sluis.toml`: the mail server that notices go to. Nothing here reads a file."""

import ipaddress
import re
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from access_policy.email import normal_email

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


class Tls(StrEnum):
    """How the way to the mail server is kept from others."""

    STARTTLS = "starttls"
    TLS = "tls"
    LOOPBACK = "loopback"


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The mail server that notices go to; without this table no mail is sent, and notices wait."""

    host: Annotated[str, Meta(min_length=1, max_length=253, description="name of the mail server, as its certificate")]
    sender: Annotated[
        str, Meta(max_length=254, description="address that mails come from, such as `sluis@example.org`")
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="its port")] = 587
    tls: Annotated[
        Tls,
        Meta(description="starttls, tls (from the first byte, mostly port 465), or loopback: none, to this machine"),
    ] = Tls.STARTTLS
    user: Annotated[str, Meta(max_length=200, description="user to log in as; empty: none")] = ""
    password_file: Annotated[
        str, Meta(max_length=500, description="file that holds the user's password, readable by Sluis only (0600)")
    ] = ""
    ca_file: Annotated[
        str,
        Meta(max_length=500, description="file with the certificates that vouch for it; empty: those of this machine"),
    ] = ""


def mail_problem(mail: Mail, *, in_cluster: bool) -> str | None:
    """Say in a line what is wrong with the table; None where it can be used."""
    try:
        normal_email(mail.sender)
    except ValueError:
        return f"mail.sender `{mail.sender[:80]!a}` is no e-mail address; write one such as `sluis@example.org`"
    if not _is_host(mail.host):
        return f"mail.host `{mail.host[:80]!a}` is no name of a server; write one such as `mail.example.org`"
    if mail.tls is Tls.LOOPBACK and not _is_this_machine(mail.host):
        return 'mail.tls "loopback" is for this machine only, such as 127.0.0.1; write "starttls" or "tls"'
    if in_cluster and mail.password_file:
        return "leave mail.password_file out: in a cluster the password is mounted as `mail-password`"
    if not in_cluster and bool(mail.user) != bool(mail.password_file):
        return "mail.user and mail.password_file go together; fill in both, or neither"
    return None


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

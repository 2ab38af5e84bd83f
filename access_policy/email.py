"""E-mail addresses as keys: one form per mailbox, and domains that compare label by label (attacks ID-01 to ID-05)."""

import re

_ATOM = r"[a-z0-9!#$%&'*+/=?^_{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_LONGEST_LOCAL = 64
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label that makes an address of numbers of a host, as browsers read it (WHATWG URL, "ends in a number")."""


def normal_email(text: str) -> str:
    """Return the one form of an address: lower case, ASCII domain. Raises ValueError for anything doubtful."""
    local, at, domain = text.strip(" ").lower().partition("@")
    if not at or not text.isascii() or len(text) > 254 or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError(f"`{text[:60]!a}` is no e-mail address")
    return f"{local}@{normal_domain(domain)}"


def normal_domain(text: str) -> str:
    """Return the one form of a domain: lower case, no trailing dot. Raises ValueError for a label that is not ASCII.

    A name that ends in a number is an address (NET-09).
    """
    labels = text.lower().removesuffix(".").split(".")
    named = len(labels) > 1 and not _NUMBER.fullmatch(labels[-1])
    if not named or not text.isascii() or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"`{text[:60]!a}` is no e-mail domain in ASCII letters")
    return ".".join(labels)


def domain_of(email: str) -> str:
    """Return the domain of a normal address; the empty text where there is none (an erased address)."""
    _, at, domain = email.rpartition("@")
    return domain if at else ""

"""The link in the mail of an invitation: a number, and 128 bits that nobody can guess. It proves nothing (ID-13).

Whoever opens it learns to which request the invitation is and what comes next, and changes nothing by it, as a mail
scanner does; only the login provider proves the address. The bits are an HMAC of the number, so nothing is kept.
"""

import hmac
import re
from collections.abc import Callable

_SIGNS = 32
_TOKEN = re.compile(rf"([1-9][0-9]{{0,8}})-([0-9a-f]{{{_SIGNS}}})", re.ASCII)
_PURPOSE = "sluis:invitation"
"""Stands where an issuer stands in a login identity; none is called so."""

Hmac = Callable[[str, str], str]
"""The installation's HMAC of two texts (`identity_of`)."""


def invitation_token(of: Hmac, number: int) -> str:
    """Return the end of the link to an invitation, the same each time."""
    return f"{number}-{of(_PURPOSE, str(number))[:_SIGNS]}"


def invitation_number(of: Hmac, token: str) -> int | None:
    """Return the number of the invitation that a link leads to, or None where nobody here made that link."""
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(invitation_token(of, int(found[1])), token):
        return None
    return int(found[1])

"""When a notice that the mail server did not take is tried again, and when no more (RFC 5321, 4.5.4.1)."""

from datetime import datetime, timedelta

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

DELAYS = (
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR,
    12 * _HOUR, 12 * _HOUR, 12 * _HOUR, 12 * _HOUR, 8 * _HOUR,
)  # fmt: skip
"""How long to wait after each try; together three days."""

LATEST = timedelta(days=30)
"""A notice that was never tried for so long, since no mail was set up, is old news and not sent any more."""

KEPT = timedelta(days=90)
"""How long the outbox shows what became of a notice; the observations tell of it for their years."""

CLAIM = timedelta(minutes=15)
"""How long a sender may take for one notice, and each of its two halves; every wait for the server is far shorter."""


def next_try(tries: int, at: datetime) -> datetime | None:
    """Return when to try again after so many tries; None: no more."""
    return at + DELAYS[tries - 1] if tries <= len(DELAYS) else None

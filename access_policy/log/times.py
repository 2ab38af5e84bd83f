"""Times as the database keeps them: fixed width, so that comparing the texts compares the times. Reads no clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant, aware and in UTC."""

RandomBytes = Callable[[int], bytes]
"""Returns that many bytes from a cryptographic source, as `secrets.token_bytes` does."""


def to_text(instant: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with microseconds and `Z`. Raises ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"`{instant.isoformat()}` has no time zone; pass an aware time in UTC")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote, in UTC. Raises ValueError for anything else."""
    instant = datetime.fromisoformat(text)
    if len(text) != 27 or not text.endswith("Z"):
        raise ValueError(f"`{text[:40]}` is no time of this log; run `sluis log verify`")
    return instant

"""Instants and half-open terms. All times are aware and UTC; a term holds its beginning and not its end (REQ-08)."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import msgspec

LATEST_YEAR = 2199
LONGEST_YEAR_DAYS = 366


class Term(msgspec.Struct, frozen=True):
    """The half-open interval [begins, ends), both UTC."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Say whether `at` lies in the term."""
        return self.begins <= at < self.ends


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with a zone and return it in UTC. Raises ValueError for anything else (REQ-11)."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text[:40]}` is no RFC 3339 time; write one such as `2026-11-22T08:30:00Z`") from None
    if instant.tzinfo is None:
        raise ValueError(f"`{text[:40]}` has no time zone; end it with `Z` for UTC")
    # the year as written first: at the ends of the calendar there is no conversion
    if not _in_range(instant) or not _in_range(instant.astimezone(UTC)):
        raise ValueError(f"`{text[:40]}` lies outside the years 1970 to {LATEST_YEAR}, in UTC")
    return instant.astimezone(UTC)


def _in_range(instant: datetime) -> bool:
    return 1970 <= instant.year <= LATEST_YEAR


def format_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, ending in `Z`, with microseconds only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def months_later(instant: datetime, count: int) -> datetime:
    """Return the same day and time `count` calendar months later; the last day of a month that has no such day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + count, 12)
    day = min(instant.day, monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)


def days(count: int) -> timedelta:
    """Return `count` days of 24 hours."""
    return timedelta(days=count)


def years_after(instant: datetime, count: int) -> datetime:
    """Return the same day and time `count` years on; 29 February becomes 28 February where there is none."""
    try:
        return instant.replace(year=instant.year + count)
    except ValueError:
        return instant.replace(year=instant.year + count, day=28)

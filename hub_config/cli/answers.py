"""How answers look: JSON for programs, tables and lines for people. Results go to standard output, all else to error.

Texts that people wrote may hold anything, so nothing reaches a terminal but printable characters (AUD-06); JSON is
written in ASCII.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from access_policy.model.instants import format_instant


def show_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(msgspec.to_builtins(value), indent=2))


def show_json_line(value: Any) -> None:
    """Print one JSON value as a line of its own."""
    print(json.dumps(msgspec.to_builtins(value)))


def show_line(text: str) -> None:
    """Print a line for people."""
    print(printable(text))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with aligned columns; None is shown as `-`."""
    table = [list(headings), *[["-" if cell is None else printable(str(cell)) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """Print progress or trouble on standard error, in one line."""
    print(f"sluis: {one_line(text)}", file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """Return a text as one printable line."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Return a text without control characters and the like, which a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def mark(good: bool) -> str:
    """Return a sign for yes or no that standard output can show."""
    sign = "✓" if good else "✗"
    try:
        sign.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return "+" if good else "-"
    return sign


def quoted(text: str) -> str:
    """Return a value as error messages show it: in backticks, ASCII, not too long."""
    return f"`{ascii(text[:60])[1:-1]}`"


def instant(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC, whole seconds where people read it."""
    return None if value is None else format_instant(value)


def day(value: datetime | None) -> str | None:
    """Return the UTC date of an instant, for tables."""
    return None if value is None else value.date().isoformat()

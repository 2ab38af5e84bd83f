"""The pack's page for people: one self-contained file, without any script, all of it escaped (AUD-06).

Its tables are written row by row into files of their own, which have no name, and put together at the end, so that a
long log needs no more memory than a short one.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from html import escape
from pathlib import Path
from typing import IO

from hub_config.cli.answers import printable

TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "openings": (
        "Who could open what, from when to when, and why",
        ("Person", "Request", "Datasets", "From", "Began with", "Until", "Ended with"),
    ),
    "decisions": ("Decisions at each start and refusal", ("Time", "Event", "Person", "Request", "Answer", "Why")),
    "signatures": (
        "Signatures under licences",
        ("Time", "Event", "Request", "Organisation", "Party", "Person", "Licence", "Version", "Text"),
    ),
    "events": ("Events", ("Number", "Time", "Event", "By", "What")),
    "observations": ("Observations", ("Number", "Time", "Event", "By", "What")),
}

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font-family: system-ui, sans-serif; line-height: 1.45; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border: 1px solid #767676; padding: .25rem .5rem; }}
th, td {{ text-align: left; vertical-align: top; }}
th {{ background: #eee; }}
th, time {{ white-space: nowrap; }}
code, h1, pre {{ overflow-wrap: anywhere; }}
code {{ font: inherit; }}
td code {{ display: inline-block; min-width: 12rem; }}
pre {{ background: #f4f4f4; padding: .75rem; white-space: pre-wrap; }}
.wide {{ overflow-x: auto; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
"""
_TAIL = "</main>\n</body>\n</html>\n"
_MARKED = re.compile(
    r"(?P<time>\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z\b|\S{31,}[^\s;,]"
)


class Page:
    """The page while it is being written; `stack` closes its tables."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._rows: dict[str, IO[str]] = {}
        for name in TABLES:
            rows = tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8")  # noqa: SIM115  # the stack closes it
            self._rows[name] = stack.enter_context(rows)
        self._counts = dict.fromkeys(TABLES, 0)

    def add(self, table: str, cells: Sequence[object]) -> None:
        """Add a row to a table."""
        row = "".join(f"<td>{marked(cell)}</td>" for cell in cells)
        self._rows[table].write(f"<tr>{row}</tr>\n")
        self._counts[table] += 1

    def write(self, path: Path, title: str, about: Sequence[str], how: str) -> None:
        """Write the page: its title, paragraphs about the pack, how to check it, and the tables."""
        with path.open("w", encoding="utf-8") as file:
            file.write(_HEAD.format(title=text(title)))
            file.writelines(f"<p>{marked(line)}</p>\n" for line in about)
            file.write(f"<h2>How to check this pack</h2>\n<pre>{text(how, lines=True)}</pre>\n")
            for name, (heading, columns) in TABLES.items():
                self._write_table(file, name, heading, columns)
            file.write(_TAIL)

    def _write_table(self, file: IO[str], name: str, heading: str, columns: Sequence[str]) -> None:
        file.write(f'<h2 id="{name}">{text(heading)}</h2>\n')
        if not self._counts[name]:
            file.write("<p>None.</p>\n")
            return
        head = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
        file.write(f'<div class="wide" role="region" aria-labelledby="{name}" tabindex="0">\n')
        file.write(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n")
        self._rows[name].seek(0)
        shutil.copyfileobj(self._rows[name], file)
        file.write("</tbody>\n</table>\n</div>\n")


def marked(value: object) -> str:
    """Return a value as HTML: times to the second, with the whole one beside them; what may break within a word."""
    plain, done, parts = printable(" ".join(str("" if value is None else value).split("\n"))), 0, []
    for found in _MARKED.finditer(plain):
        whole = escape(found[0])
        time = f'<time datetime="{whole}">{found["time"]}Z</time>'
        parts += [escape(plain[done : found.start()]), time if found["time"] else f"<code>{whole}</code>"]
        done = found.end()
    return "".join([*parts, escape(plain[done:])])


def text(value: object, *, lines: bool = False) -> str:
    """Return a value as HTML text: escaped, without control characters."""
    parts = str("" if value is None else value).split("\n")
    return escape(("\n" if lines else " ").join(map(printable, parts)))

"""The requirements that software must enforce, and the ids that a text quotes.

The ids stand in the two lists that the tests keep. An id counts as a whole word, and a range counts for each in it.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LISTS = ("tests/vectors/requirements.md", "tests/vectors/ehds.md")

_LINE = re.compile(r"^\| ([SE][0-9]+) \| (.+?) \| (sys|cfg|org) \|", re.MULTILINE)
_QUOTED = re.compile(r"\b([SE])([0-9]+)(?:\s?[-\u2013]\s?\1([0-9]+))?\b")
_SHORT = 110


class Requirement(NamedTuple):
    """One line of a list. `kind` is `sys` (software enforces it), `cfg` (an installation does) or `org` (people do)."""

    id: str
    statement: str
    kind: str

    @property
    def short(self) -> str:
        """Return the statement without emphasis, cut after a word where it is long."""
        plain = " ".join(self.statement.replace("*", "").split())
        return plain if len(plain) <= _SHORT else f"{plain[:_SHORT].rpartition(' ')[0].rstrip(' ,;:(')} …"


@cache
def listed() -> tuple[Requirement, ...]:
    """Return every line of the lists, in their order."""
    return tuple(
        Requirement(*line) for file in LISTS for line in _LINE.findall((ROOT / file).read_text(encoding="utf-8"))
    )


def enforced_by_software() -> tuple[Requirement, ...]:
    """Return those of kind `sys`."""
    return tuple(requirement for requirement in listed() if requirement.kind == "sys")


def ids_in(text: str) -> tuple[str, ...]:
    """Return the ids that a text quotes, each once, in the order of the text; a range stands for each id in it."""
    found = (
        f"{letter}{number}"
        for letter, first, last in _QUOTED.findall(text)
        for number in range(int(first), int(last or first) + 1)
    )
    return tuple(dict.fromkeys(found))

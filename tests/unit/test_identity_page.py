"""docs/identity.md names tests that exist, leaves no item of its lists out, and says of each what it is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/identity.md").read_text(encoding="utf-8")
ASVS = {
    6: {1: 3, 2: 12, 3: 8, 4: 6, 5: 8, 6: 4, 7: 2, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 3, 6: 2},
    10: {1: 2, 2: 3, 3: 5, 4: 16, 5: 5, 6: 2, 7: 3},
}
"""How many items each section of OWASP ASVS 5.0.0 has, by chapter."""

HEADINGS = ("NIST SP 800-63B-4, AAL2", *[f"OWASP ASVS 5.0.0, V{one}:" for one in ASVS], "Advisories")
STATES = re.compile(r"\b(test:|by design|not\b|above)")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE)))


def section(heading: str) -> str:
    """Return what stands below a heading."""
    return PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]


def table(heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def names_in(file: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))


def items(cell: str) -> list[tuple[int, ...]]:
    """Return the numbers of a cell: `6.1.1`, `6.6.2, 6.6.3` or `6.2.1 to 6.2.12`."""
    found: list[tuple[int, ...]] = []
    for part in cell.split(", "):
        ends = [tuple(map(int, end.split("."))) for end in part.split(" to ")]
        found += [(*ends[0][:2], last) for last in range(ends[0][2], ends[-1][2] + 1)]
    return found


def test_tests_are_named() -> None:
    """There are many, or the page is written in another way by now."""
    assert len(NAMED) > 100


@pytest.mark.parametrize("file", sorted({name.partition("::")[0] for name in NAMED}))
def test_every_test_that_is_named_exists(file: str) -> None:
    """A name that is gone proves nothing."""
    assert (ROOT / file).exists()
    wanted = {name.partition("::")[2] for name in NAMED if name.startswith(f"{file}::")}
    assert wanted - names_in(ROOT / file) == set()


@pytest.mark.parametrize("chapter", ASVS)
def test_every_item_of_a_chapter_is_there_once_and_in_order(chapter: int) -> None:
    """With a level, and with what it is here."""
    rows = table(f"OWASP ASVS 5.0.0, V{chapter}:")
    wanted = [(chapter, part, one) for part, count in ASVS[chapter].items() for one in range(1, count + 1)]
    assert [item for row in rows for item in items(row[0])] == wanted
    assert [row[0] for row in rows if not re.fullmatch(r"[123]( to [123])?", row[1])] == []


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_row_says_what_it_is(heading: str) -> None:
    """A test, by design, or not; and a row that says `test` names one."""
    rows = table(heading)
    assert rows
    assert [row[0] for row in rows if not STATES.search(row[-1])] == []
    assert [row[0] for row in rows if "test:" in row[-1].lower() and "::" not in row[-1]] == []


def test_every_advisory_that_is_replayed_stands_on_the_page() -> None:
    """By the name of its test."""
    file = "tests/integration/test_advisories.py"
    replayed = {name for name in names_in(ROOT / file) if name.startswith("test_")}
    assert {name for name in replayed if f"`{file}::{name}`" not in PAGE} == set()

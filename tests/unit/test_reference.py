"""The generated documents say what the program does, and have no gap."""

import re
from pathlib import Path

import pytest

from access_policy.permissions import TABLE
from access_policy.reasons import REASONS
from access_policy.rules import RULES, Rule
from hub_config.reference import (
    PAGES,
    ROOT,
    Row,
    main,
    permissions_page,
    requirements_of,
    rows,
    settings_rows,
    stale,
    write,
)
from hub_config.requirement_ids import listed

LISTED = frozenset(requirement.id for requirement in listed())
QUOTED = re.compile(r"\bS[0-9]+\b")
SOURCES = sorted((ROOT / "access_policy").rglob("*.py")) + sorted((ROOT / "tests/unit/access_policy").rglob("*.py"))


def _name(value: object) -> str:
    if isinstance(value, Row):
        return f"{value.requirement} {value.rule.code}"
    return str(value.code) if isinstance(value, Rule) else str(value)


@pytest.mark.parametrize("name", PAGES)
def test_a_document_says_what_the_program_does(name: str) -> None:
    """`make docs` was run: the file and the program say the same."""
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == PAGES[name]()


def test_a_changed_document_is_found(tmp_path: Path) -> None:
    """A line that somebody changed by hand, or a missing file, is stale; nothing else is."""
    write(tmp_path)
    assert stale(tmp_path) == []
    (tmp_path / "rules.md").write_text("all is allowed", encoding="utf-8")
    (tmp_path / "events.md").unlink()
    assert stale(tmp_path) == ["rules.md", "events.md"]


def test_the_check_answers_with_its_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` exits 0 and prints nothing while everything fits."""
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_list_of_requirements_is_whole() -> None:
    """S1 to S103 are all there, and no line stands twice."""
    assert {f"S{number}" for number in range(1, 104)} == {one for one in LISTED if one.startswith("S")}
    assert len(LISTED) == len(listed())


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_rule_has_a_requirement(rule: Rule) -> None:
    """A rule's docstring names at least one requirement of the list, and the one that a person reads is among them."""
    assert requirements_of(rule)
    assert set(requirements_of(rule)) <= LISTED
    assert REASONS[rule.code].requirement in requirements_of(rule)


@pytest.mark.parametrize("row", rows(), ids=_name)
def test_a_rule_has_a_fact_that_flips_it_and_a_test(row: Row) -> None:
    """No line of the table has a gap."""
    assert row.flips
    assert row.tests


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_quoted_requirement_exists(file: Path) -> None:
    """An id such as S74 in the core or in its tests is one of the list."""
    assert set(QUOTED.findall(file.read_text(encoding="utf-8"))) <= LISTED


@pytest.mark.parametrize("key", list(settings_rows()), ids=lambda row: row[0])
def test_a_settings_key_is_described(key: tuple[str, str, str, str]) -> None:
    """Every key has a type and a sentence; an unknown key stops the start, so the list is all there is."""
    name, kind, _, description = key
    assert kind, name
    assert description, name


def test_the_matrix_has_a_line_for_every_command() -> None:
    """REQ-06: the readable matrix is the table."""
    lines = [line for line in permissions_page().splitlines() if line.startswith("| `")]
    assert len(lines) == len(TABLE)

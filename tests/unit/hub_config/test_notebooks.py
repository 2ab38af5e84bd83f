"""What a new home begins with says what its person has to know first (S69, S84)."""

import json
from typing import Any

import pytest

from access_policy.commands.publications import ACKNOWLEDGEMENT
from hub_config.hub_setup import NOTEBOOKS

pytestmark = pytest.mark.unit


def first_page() -> str:
    """Return the text above all code of the first notebook."""
    cells: list[Any] = json.loads(min(NOTEBOOKS.glob("*.ipynb")).read_text(encoding="utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    return "".join(cells[0]["source"])


def test_the_acknowledgement_is_there_ready_to_copy() -> None:
    """S69: the exact text, on one line of a block that is shown as it is written."""
    assert f"```text\n{ACKNOWLEDGEMENT}\n```" in first_page()


def test_the_ban_on_tracing_people_is_shown() -> None:
    """S84."""
    assert "It is forbidden to use these data to trace a person." in first_page()

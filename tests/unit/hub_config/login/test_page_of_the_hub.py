"""The hub's pages, its errors and waiting pages included, are made from one page with contact and help (S97)."""

from pathlib import Path

import pytest
from jinja2 import Environment, meta
from jupyterhub._data import DATA_FILES_PATH

import hub_config.login

pytestmark = pytest.mark.unit

OURS = Path(hub_config.login.__file__).parent / "templates"
HUBS = Path(DATA_FILES_PATH) / "templates"


def referenced(path: Path) -> set[str]:
    return {str(one) for one in meta.find_referenced_templates(Environment().parse(path.read_text("utf-8"))) if one}


def included() -> set[str]:
    return {one for path in OURS.glob("*.html") for one in referenced(path)} - {"page.html"}


def test_contact_and_help_stand_in_the_page_that_all_extend() -> None:
    """S97: below every block, so that no page leaves them out."""
    page = (OURS / "page.html").read_text("utf-8")
    footer = page[page.index("<footer>") : page.index("</footer>")]
    assert "mailto:{{ contact_email }}" in footer
    assert "{{ desk_url }}account" in footer
    assert "{% block" not in footer


@pytest.mark.parametrize("path", sorted(OURS.glob("*.html")), ids=lambda path: path.name)
def test_every_page_extends_it(path: Path) -> None:
    """S97: login, second factor, waiting, errors; what is included in one of them is a part of it."""
    assert path.name == "page.html" or path.name in included() or "page.html" in referenced(path)


def test_so_do_the_pages_that_the_hub_brings() -> None:
    """S97: those that we did not replace are found by the same name, so they extend ours."""
    assert HUBS.is_dir()
    brought = [path for path in HUBS.glob("*.html") if not (OURS / path.name).exists()]
    whole = [path for path in brought if "<html" in path.read_text("utf-8")]
    assert [path.name for path in whole] == []

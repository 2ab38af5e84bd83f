"""The login page: a button for one provider, a list for several, a search for many."""

from pathlib import Path
from typing import Any

import jinja2
import pytest

import hub_config.login
from hub_config.login.handlers import Choice

pytestmark = pytest.mark.unit

TEMPLATES = Path(hub_config.login.__file__).with_name("templates")
CHOICES = [Choice(f"Hospital {number}", f"h{number}.nl", f"oauth_login?provider=h{number}") for number in range(9)]


def page(**values: Any) -> str:
    """The page as the hub renders it."""
    shown: dict[str, Any] = {"choices": CHOICES, "several": True, "search": False, "find": "", "wished": ""}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    return environment.get_template("login.html").render(shown | values)


def test_one_provider_is_a_button() -> None:
    """Nothing to choose."""
    text = page(choices=CHOICES[:1], several=False)
    assert '<a id="login" class="button" href="oauth_login?provider=h0">' in text
    assert "<form" not in text


def test_several_are_a_list_and_many_can_be_searched_without_scripts() -> None:
    """S73, S97: a plain form that carries on where somebody wanted to go."""
    assert page().count('<li><a class="button"') == 9
    assert "<form" not in page()
    text = page(search=True, wished="/hub/spawn", find="h1")
    assert '<form method="get" action="" role="search">' in text
    assert '<input type="hidden" name="next" value="/hub/spawn">' in text
    assert "<script" not in text


def test_nobody_found_is_said_with_whom_to_ask() -> None:
    """S97."""
    assert "Ask the desk." in page(choices=[], search=True, find="x", contact_name="the desk")


def test_titles_and_searches_are_text() -> None:
    """SES-10: whatever stands in the settings or in the address."""
    lure = '"><script>alert(1)</script>'
    text = page(choices=[Choice(lure, lure, lure)], search=True, find=lure, wished=lure)
    assert "<script>alert" not in text

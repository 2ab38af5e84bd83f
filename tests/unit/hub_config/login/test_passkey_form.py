"""The passkey's part of the pages: what it asks for, where it cannot be, and that no script stands in a page."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import pytest

import hub_config.login
from hub_config.login.passkey_answers import UNUSABLE

pytestmark = pytest.mark.unit

LOGIN = Path(hub_config.login.__file__).parent
OPTIONS = json.dumps({"challenge": "abc", "user": {"name": "<b>\"'&"}})
PAGES = ("enrol.html", "second_factor.html", "step_up.html", "add_passkey.html")


def page(name: str, **values: Any) -> str:
    """The page as the hub renders it."""
    shown: dict[str, Any] = {"said": {"label": "End request", "rows": ()}, "base_url": "/hub/", "xsrf": "x"}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(LOGIN / "templates"), autoescape=True)
    return environment.get_template(name).render(shown | values)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_a_passkey_has_a_script_of_the_hubs_own(name: str) -> None:
    """SES-09: from a file, and nothing of what is asked for breaks out of its attribute."""
    text = page(name, passkeys=True, passkey_options=OPTIONS)
    assert re.findall(r"<script(?! src=\"/hub/assets/[a-z]+\.js\" defer></script>)", text) == []
    assert '<script src="/hub/assets/passkey.js" defer></script>' in text
    assert "<b>" not in text.split("data-options", 1)[1].split(">", 1)[0]
    assert 'data-passkey="create"' in text or 'data-passkey="get"' in text


@pytest.mark.parametrize("name", PAGES)
def test_where_passkeys_cannot_be_the_page_says_why(name: str) -> None:
    """MFA-15: browsers make none for an IP address; no button leads nowhere."""
    text = page(name, passkeys=False, passkey_options="", unusable=UNUSABLE)
    assert UNUSABLE in unescape(text)
    assert "passkey.js" not in text
    assert "data-passkey" not in text


def test_who_has_only_passkeys_sees_no_code_field() -> None:
    """S76: neither for a login nor for a command."""
    for name in ("second_factor.html", "step_up.html"):
        assert 'name="code"' not in page(name, passkeys=True, passkey_options=OPTIONS)
    assert 'name="code"' in page("second_factor.html", passkeys=True, passkey_options=OPTIONS, apps=True)
    assert "Passkey" not in page("second_factor.html", apps=True)


def test_the_script_asks_nobody_and_writes_no_markup() -> None:
    """SES-10: nothing goes over the network but the form; texts stand in the page."""
    script = (LOGIN / "static" / "passkey.js").read_text()
    for forbidden in ("fetch(", "XMLHttpRequest", "innerHTML", "eval(", "document.write", "localStorage"):
        assert forbidden not in script

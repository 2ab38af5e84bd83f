"""The browser itself works: it runs scripts and draws text, whoever runs it and whatever fonts the machine has."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import screenshot

pytestmark = pytest.mark.browser

PAGE = "data:text/html;charset=utf-8," + quote("""<meta charset=utf-8><title>-</title>
<h1>Data access request</h1><p>Every condition holds: <b>open workspace</b> (é, ß, →, ✓)</p>
<pre>kaplan_meier(events, months)  # 0Oo1lI</pre><button onclick="document.title='clicked'">Start</button>""")


def test_a_click_runs_its_script(page: Page) -> None:
    """A button of a page does what its script says."""
    page.goto(PAGE)

    page.get_by_role("button", name="Start").click()

    assert page.title() == "clicked"


def test_text_is_drawn(page: Page) -> None:
    """Text takes room and leaves ink; without a font a browser draws empty boxes of no width, or nothing."""
    page.goto(PAGE)

    widths = page.evaluate(
        "[...'iW'].map(c => { const s = document.createElement('span'); s.textContent = c;"
        " document.body.append(s); return s.getBoundingClientRect().width })"
    )
    picture = screenshot(page, "chromium-draws-text")

    assert 0 < widths[0] < widths[1]
    assert picture.stat().st_size > 5_000

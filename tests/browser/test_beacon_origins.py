"""Where workspaces have web origins of their own: their pages tell the hub across origins that somebody is there."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from hub_config.origins import Origins
from tests.browser import test_origins
from tests.browser.entering import log_in
from tests.integration.conftest import seeded
from tests.integration.whole import RunningSluis, until

__all__ = ["seeded"]
pytestmark = pytest.mark.browser
demo, web, lotte = test_origins.demo, test_origins.web, test_origins.lotte


def idle_since(demo: RunningSluis, last: datetime | None = None, ends: datetime | None = None) -> datetime:
    """Set when the live session was used last and ends by idling, where given; return when it was used last."""
    with contextlib.closing(sqlite3.connect(demo.state / "log.sqlite", timeout=10)) as database:
        for name, value in (("last_activity", last), ("idle_ends", ends)):
            if value is not None:
                written = value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                database.execute(f"UPDATE sessions SET {name} = ? WHERE ended_at IS NULL", (written,))
        database.commit()
        (found,) = database.execute("SELECT MAX(last_activity) FROM sessions").fetchone()
    return datetime.fromisoformat(found)


def test_a_page_of_another_origin_than_the_hubs_keeps_the_session_awake(
    demo: RunningSluis, web: Origins, lotte: Page
) -> None:
    """SES-12, SES-07: it sends no body, reads the status alone, and the words come where the login is over."""
    long_ago = datetime.now(UTC) - timedelta(minutes=30)
    idle_since(demo, last=long_ago)
    with lotte.expect_response(f"{web.hub}/hub/activity") as told:
        lotte.locator("#main").click(position={"x": 600, "y": 300})
    assert told.value.status == 204
    assert idle_since(demo) > long_ago
    lotte.reload()
    lotte.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    idle_since(demo, last=datetime.now(UTC) - timedelta(hours=2), ends=datetime.now(UTC) - timedelta(hours=1))
    words = lotte.get_by_role("alert").filter(has_text="Your login is over")

    def said() -> bool:
        lotte.keyboard.press("Shift")
        return words.count() > 0

    until(said, 30)
    page = lotte.context.new_page()
    log_in(page, demo, "lotte")
    page.close()

    def gone() -> bool:
        lotte.keyboard.press("Shift")
        return words.count() == 0

    until(gone, 30)
    expect(lotte.locator("dialog")).to_have_count(0)

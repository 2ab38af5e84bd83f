"""The leash over HTTP, at a real demo: who may read it, what it says before and after the end, and in silence."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.demos import own_demo, with_key
from tests.integration.test_whole import running
from tests.integration.whole import RunningSluis, Visitor, until
from tests.unit.access_policy.log.troubles import moved_away

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

REQUEST, SERVER = "DR-1", "dr-1"
SILENCE = 20
"""Seconds that open workspaces of this demo go on without the log."""


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """A demo that bears a silent log for a short time."""
    with own_demo(seeded, with_key("store_silence_seconds", SILENCE)) as running:
        yield running


@pytest.fixture(scope="module")
def lotte(demo: RunningSluis) -> Iterator[Visitor]:
    """A researcher who is logged in."""
    visitor = Visitor(demo, "lotte")
    visitor.log_in()
    yield visitor
    visitor.close()


def asked(visitor: Visitor, **headers: str) -> httpx.Response:
    """Ask for the leash as JupyterLab's page does."""
    return visitor.http.get(f"/hub/leash/{SERVER}", headers=headers)


def told(visitor: Visitor) -> dict[str, Any]:
    """Return what the page is told."""
    answer = asked(visitor)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def verified_for(visitor: Visitor, left: timedelta) -> None:
    """Let the ground of what is started next end so long from now."""
    demo, who = visitor.demo, visitor.person
    demo.do("withdraw-verification", "P-2", person=who, reason="for another time")
    until_then = (datetime.now(UTC) + left).isoformat()
    demo.do("verify-person", "P-1", person=who, method="video-call", evidence="seen", until=until_then)


def test_only_its_person_reads_it_from_a_page_of_ours(demo: RunningSluis, lotte: Visitor) -> None:
    """SES-07, POL-09: no stranger, no page of another origin, no token, nobody else's; and it keeps nobody awake."""
    running(lotte, REQUEST)
    assert told(lotte)["runs"] is True
    assert asked(lotte, Origin=demo.url).headers["Access-Control-Allow-Origin"] == demo.url
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        refused = asked(lotte, **headers)
        assert (refused.status_code, "Access-Control-Allow-Origin" in refused.headers) == (403, False), headers
    with httpx.Client(base_url=demo.url, trust_env=False) as nobody:
        assert nobody.get(f"/hub/leash/{SERVER}").status_code == 403
        assert nobody.get("/hub/leash/p-1").status_code == 404
    assert asked(lotte).headers["Cache-Control"] == "no-store"
    bram = Visitor(demo, "bram")
    bram.log_in()
    assert told(bram) == told(bram) | {"runs": False, "until": None, "banner": None}
    bram.close()


def test_the_page_is_warned_and_after_the_end_told_what_is_kept(demo: RunningSluis, lotte: Visitor) -> None:
    """POL-03, S46, S97: the warning names the instant and the reason that are recorded; then the page for the end."""
    stops(demo, lotte)
    verified_for(lotte, timedelta(seconds=45))
    running(lotte, REQUEST)
    warned = told(lotte)
    assert (warned["runs"], warned["step"] in (1, 10)) == (True, True)
    assert [one["code"] for one in warned["why"]] == ["verification_expired"]
    assert 0 < warned["ends_in_seconds"] <= 45
    until(lambda: not demo.has_workspace(lotte.person), 105)
    ended = told(lotte)
    assert (ended["runs"], ended["why"]) == (False, warned["why"])
    assert ended["until"] >= warned["until"]
    (recorded,) = demo.endings(lotte.person, REQUEST)
    assert recorded["why"] == "verification_expired"
    says_what_is_kept(lotte)
    until(lambda: SERVER not in remembered(demo), 105)
    says_what_is_kept(lotte)
    assert "ended" not in lotte.http.get(f"{lotte.workspace_path('DR-99')}/lab").text


def stops(demo: RunningSluis, visitor: Visitor) -> None:
    """Stop the workspace: its page is told why, and lets the person start it again."""
    demo.do("stop-workspace", visitor.person, person=visitor.person, request=REQUEST)
    until(lambda: not demo.has_workspace(visitor.person))
    assert [one["code"] for one in told(visitor)["why"]] == ["stopped"]
    page = visitor.http.get(f"{visitor.workspace_path(REQUEST)}/lab")
    assert "it was stopped on request" in page.text
    assert 'id="start"' in page.text


def remembered(demo: RunningSluis) -> set[str]:
    """Return the names of the servers in JupyterHub's own tables."""
    with closing(sqlite3.connect(f"file:{demo.state}/hub/jupyterhub.sqlite?mode=ro", uri=True)) as tables:
        return {name for (name,) in tables.execute("SELECT name FROM spawners")}


def says_what_is_kept(visitor: Visitor) -> None:
    """The page of the end, whether or not JupyterHub remembers the server."""
    page = visitor.http.get(f"{visitor.workspace_path(REQUEST)}/lab")
    words = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text)))
    assert page.status_code == 424
    for said in (
        "Your workspace of DR-1 ended", "the verification of this person has run out", "are kept; no date is set",
        "Next: an admin verifies the person again. Who can: admin",
    ):  # fmt: skip
        assert said in words
    assert 'id="start"' not in page.text


def test_while_the_log_is_silent_the_page_says_for_how_long_workspaces_go_on(
    demo: RunningSluis, lotte: Visitor
) -> None:
    """POL-04: counted from the last answer; the workspace ends, and both pages say so; then all goes on."""
    verified_for(lotte, timedelta(days=30))
    running(lotte, REQUEST)
    with moved_away(demo.state / "log.sqlite"):
        silent = until(lambda: told(lotte) if told(lotte)["silent"] else None)
        assert silent is not None
        assert (silent["runs"], silent["banner"]["urgent"]) == (True, True)
        assert 0 <= silent["ends_in_seconds"] <= SILENCE
        page = lotte.http.get("/hub/user/p-12/dr-1/lab")
        assert (page.status_code, "log does not answer" in unescape(page.text)) == (503, True)
        form = lotte.http.get("/hub/spawn/p-12/dr-1")
        assert (form.status_code, "no workspace starts" in form.text) == (503, True)
        until(lambda: demo.sandboxes() == [])
        until(lambda: told(lotte)["ends_in_seconds"] in (0, None))
        assert "ended" in told(lotte)["banner"]["words"]
        stranger = httpx.get(f"{demo.url}/hub/leash/{SERVER}", trust_env=False).json()
        assert (stranger["silent"], stranger["until"], stranger["why"]) == (True, None, [])
    (ending,) = until(lambda: demo.endings(lotte.person, REQUEST))
    after = until(lambda: told(lotte) if not told(lotte)["silent"] else None)
    assert after is not None
    assert [one["code"] for one in after["why"]] == [ending["why"]] == ["store_silence"]
    assert ending["after_ms"] >= SILENCE * 1000

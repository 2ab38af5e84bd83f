"""A cell that runs for long: it goes on while its person is out, nobody reaches it, and it dies with its ground."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import websocket

from tests.integration.test_whole import PROMISE, running, stopped_workspace
from tests.integration.whole import Kernel, RunningSluis, Visitor, text_of, until

pytestmark = pytest.mark.integration

REQUEST = "DR-10"
CELL = """
import itertools, os, time
for ticks in itertools.count():
    open("ticks", "w").write(str(ticks))
    if os.path.exists("enough"):
        break
    time.sleep(0.05)
print("the cell is through")
"""


@pytest.fixture(scope="module")
def browser(demo: RunningSluis) -> Iterator[Visitor]:
    """A researcher's browser."""
    visitor = Visitor(demo, "bram")
    yield visitor
    visitor.close()


@pytest.fixture
def bram(browser: Visitor) -> Visitor:
    """The same, logged in, with a running workspace."""
    if not browser.logged_in():
        browser.log_in()
    running(browser, REQUEST)
    return browser


def home(visitor: Visitor) -> Path:
    """Return the home of the workspace, on this machine."""
    return visitor.demo.state / "homes" / visitor.person.lower() / REQUEST.lower()


def ticks(visitor: Visitor) -> int:
    """Return how far the cell has come."""
    with contextlib.suppress(OSError, ValueError):
        return int((home(visitor) / "ticks").read_text())
    return 0


def goes_on(visitor: Visitor) -> None:
    """Wait until the cell has come further than now."""
    before = ticks(visitor)
    until(lambda: ticks(visitor) > before)


def log_out(visitor: Visitor) -> None:
    """Log out."""
    visitor.log_out()


def idle_too_long(visitor: Visitor) -> None:
    """Let the session look as if nothing was done in it for longer than is allowed."""
    with contextlib.closing(sqlite3.connect(visitor.demo.state / "log.sqlite", timeout=10)) as database:
        long_ago = "2026-01-01T00:00:00.000000Z"
        what = "UPDATE sessions SET last_activity = ?, idle_ends = ? WHERE person = ? AND ended_at IS NULL"
        database.execute(what, (long_ago, long_ago, visitor.person))
        database.commit()


@pytest.mark.parametrize("end", [log_out, idle_too_long])
def test_a_cell_runs_on_through_the_end_of_its_session(
    demo: RunningSluis, bram: Visitor, end: Callable[[Visitor], None]
) -> None:
    """S78, SES-11, SES-12, TOK-03: nothing of the old session reaches it; its result is there after the next login."""
    kernel = bram.kernel(REQUEST)
    kernel.send(CELL)
    goes_on(bram)
    old, token = copied(bram), page_token(bram)
    end(bram)
    assert kernel.ended(bound=30.0)
    nothing_reaches(bram, old, token, kernel.path)
    goes_on(bram)
    (home(bram) / "enough").touch()
    bram.log_in()
    until(lambda: bram.reaches(REQUEST))
    again = bram.join(kernel)
    assert again.says("the cell is through")
    assert int(again.run("print(ticks)")) > 0
    old.close()
    stopped_workspace(bram, REQUEST)
    (home(bram) / "enough").unlink()


def copied(visitor: Visitor) -> httpx.Client:
    """Return another browser that was given all cookies of this one."""
    return httpx.Client(
        base_url=visitor.demo.url, cookies=visitor.http.cookies, follow_redirects=True, timeout=30, trust_env=False
    )


def page_token(visitor: Visitor) -> str:
    """Return the hub's token that JupyterLab's page has."""
    page = visitor.http.get(f"{visitor.workspace_path(REQUEST)}/lab").text
    return page.partition('"token": "')[2].partition('"')[0]


def nothing_reaches(visitor: Visitor, old: httpx.Client, token: str, channel: str) -> None:
    """Try the workspace with what the ended session left: cookies and token, by HTTP and by WebSocket."""
    status = f"{visitor.workspace_path(REQUEST)}/api/status"
    headers = {"Authorization": f"token {token}"}
    assert token
    for client in (old, visitor.http):
        assert "kernels" not in text_of(client, status)
    with httpx.Client(base_url=visitor.demo.url, headers=headers, trust_env=False) as bearer:
        assert bearer.get(status).status_code != 200
        assert bearer.get("/hub/api/user").status_code == 403
    address = f"{visitor.demo.url.replace('http', 'ws', 1)}{channel}"
    cookies = "; ".join(f"{one.name}={one.value}" for one in old.cookies.jar)
    for how in ({"cookie": cookies}, {"header": headers}):
        with pytest.raises(websocket.WebSocketException, match=r"status 40|Invalid redirect target .*/hub/"):
            websocket.create_connection(address, timeout=30, **how)


def suspend(demo: RunningSluis) -> None:
    """Suspend the request while something is looked into."""
    demo.do("suspend-request", "P-1", request=REQUEST, reason="a question")


def reinstate(demo: RunningSluis) -> None:
    """Let it hold again."""
    demo.agree("reinstate-request", "P-2", request=REQUEST, reason="it was answered")


def disable(demo: RunningSluis) -> None:
    """Stop the person."""
    demo.do("disable-person", "P-1", person="P-23", reason="left")


def enable(demo: RunningSluis) -> None:
    """Let the person in again."""
    demo.do("enable-person", "P-1", person="P-23")


def reset(demo: RunningSluis) -> None:
    """Take the person's second factors away, as two admins."""
    demo.agree("reset-factors", "P-2", person="P-23")


def nothing(demo: RunningSluis) -> None:
    """What comes last needs no undoing."""


@pytest.mark.parametrize(
    ("withdraw", "undo", "why"),
    [
        pytest.param(suspend, reinstate, "request_suspended", id="request suspended"),
        pytest.param(disable, enable, "person_disabled", id="person stopped"),
        pytest.param(reset, nothing, "factor_missing", id="factors reset"),
    ],
)
def test_a_cell_dies_with_the_ground_of_its_workspace(
    demo: RunningSluis,
    bram: Visitor,
    withdraw: Callable[[RunningSluis], None],
    undo: Callable[[RunningSluis], None],
    why: str,
) -> None:
    """S46, S94, POL-03, ID-15, MFA-08: a cell that computes is no reason to wait; within ten seconds nothing runs."""
    kernel: Kernel = bram.kernel(REQUEST)
    kernel.send(CELL)
    goes_on(bram)
    withdraw(demo)
    assert kernel.ended(bound=PROMISE)
    until(lambda: demo.sandboxes() == [], bound=PROMISE)
    ending = until(lambda: demo.endings(bram.person, REQUEST))[-1]
    assert (why in ending["why"].split(","), ending["after_ms"] < PROMISE * 1000) == (True, True), ending
    undo(demo)

"""One ending of each kind in the sandbox: after the fact no byte is read, and nothing that led to it is left.

A process inside reads all the time, by what it opened before and by opening anew, deaf to what ends programs; the
workspace is a real one of a whole demo. The seconds are what the product promises, with room for a busy machine.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import websocket

from access_policy import events as e
from hub_config.places import Places
from hub_config.running import load_running
from tests.bench.leash_reader import Slots, deaf
from tests.integration.demos import own_demo
from tests.integration.endings import FACTS, LAPSES, PREPARED, Ending, Lapse
from tests.integration.office import Office, soon
from tests.integration.own_spawner import processes_naming
from tests.integration.whole import Kernel, RunningSluis, Visitor, until

pytestmark = pytest.mark.integration

FACT = 10.0
"""Seconds from a fact to the last byte that is read."""
CLOCK = 60.0
"""Seconds from an instant to the last byte that is read."""
SOON = 40.0
"""Seconds to such an instant: enough for all of them to start on a busy machine."""


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """Yield a running demo."""
    with own_demo(seeded) as running:
        yield running


@pytest.fixture(scope="module")
def office(demo: RunningSluis) -> Iterator[Office]:
    """Yield the people who give commands."""
    made = Office(demo.state)
    for step in PREPARED:
        step(made, "")
    yield made
    made.close()


@pytest.fixture(scope="module")
def visit(demo: RunningSluis) -> Iterator[Callable[[str], Visitor]]:
    """Give a person's browser, logged in once."""
    visitors: dict[str, Visitor] = {}

    def log_in(login: str) -> Visitor:
        if login not in visitors:
            visitors[login] = Visitor(demo, login)
            visitors[login].log_in()
        return visitors[login]

    yield log_in
    for visitor in visitors.values():
        visitor.close()


class Working(NamedTuple):
    """Somebody's running workspace, in which a process reads."""

    visitor: Visitor
    request: str
    reader: Slots
    terminal: websocket.WebSocket
    page_token: str

    @property
    def name(self) -> str:
        """As folders and routes have it: `p-12/dr-2`."""
        return f"{self.visitor.person}/{self.request}".lower()


def start(visitor: Visitor, request: str) -> None:
    """Ask for a workspace."""
    answer = visitor.spawn(request, profile="small")
    assert answer.status_code == 200, answer.text


def working(visitor: Visitor, request: str) -> Working:
    """Wait until a workspace answers, and let a process read in it."""
    until(lambda: visitor.reaches(request))
    page = visitor.http.get(f"{visitor.workspace_path(request)}/lab").text
    token = page.partition('"token": "')[2].partition('"')[0]
    assert visitor.http.get("/hub/api/user", headers={"Authorization": f"token {token}"}).status_code == 200
    home = visitor.demo.state / "homes" / visitor.person.lower() / request.lower()
    (home / "reader.py").write_text(deaf("/data/*/*.csv", ".read"))
    found = Working(visitor, request, Slots(home / ".read"), visitor.terminal(request), token)
    assert routes(visitor.demo, found) != []
    assert tokens(visitor.demo, found) != []
    found.terminal.send('["stdin", "python3 reader.py\\r"]')
    until(found.reader.read_by_all)
    return found


class Lapsing(NamedTuple):
    """Workspaces whose ground ends at an instant, by the names of what lapses."""

    ends: datetime
    working: dict[str, Working]


@pytest.fixture(scope="module")
def lapsing(office: Office, visit: Callable[[str], Visitor]) -> Lapsing:
    """Return a workspace for each condition that lapses soon; all run before it does."""
    ends = soon(SOON)
    requests = {one.name: one.prepare(office, ends) for one in LAPSES}
    for one in LAPSES:
        start(visit(one.who), requests[one.name])
    found = {one.name: working(visit(one.who), requests[one.name]) for one in LAPSES}
    assert datetime.now(UTC) < ends, "the workspaces took too long to start"
    return Lapsing(ends, found)


@pytest.mark.parametrize("one", LAPSES, ids=lambda one: one.name)
def test_an_instant_ends_what_lasts_until_then(
    demo: RunningSluis, office: Office, lapsing: Lapsing, one: Lapse
) -> None:
    """S46, S72, S73, S74, S67, POL-03: not before its instant, and within a minute of it, with the reason on record."""
    inside = lapsing.working[one.name]
    try:
        last = is_over(inside, office, demo)
        ended = office.ended(one.who, inside.request)
    finally:
        one.mend(office, inside.request)
    assert -0.5 < (last - lapsing.ends).total_seconds() < CLOCK
    assert (set(one.why) <= set(ended.why.split(",")), on_time(ended, CLOCK)) == (True, True), ended


@pytest.mark.parametrize("one", FACTS, ids=lambda one: one.name)
def test_a_fact_ends_what_stands_on_it(
    demo: RunningSluis, office: Office, visit: Callable[[str], Visitor], one: Ending
) -> None:
    """S46, S78, S94, POL-03, ID-15, MFA-08, REQ-09, REQ-10: within ten seconds, with the reason on record."""
    request = office.grant(one.who, *one.datasets)
    visitor = visit(one.who)
    start(visitor, request)
    inside = working(visitor, request)
    before = datetime.now(UTC)
    try:
        one.take(office, request)
        last = is_over(inside, office, demo)
        ended = office.ended(one.who, request)
    finally:
        one.mend(office, request)
    assert -0.5 < (last - before).total_seconds() < FACT
    assert (one.why in ended.why.split(","), on_time(ended, FACT)) == (True, True), ended


def on_time(ended: e.WorkspaceEnded, bound: float) -> bool:
    """Say whether an end is on record as having come in time after its cause."""
    return ended.after_ms is not None and 0 <= ended.after_ms < bound * 1000


def is_over(inside: Working, office: Office, demo: RunningSluis) -> datetime:
    """Wait until nothing is left that could read, and see that nothing leads to it: no route, no token, no socket.

    Return when a byte was last read.
    """
    login = str(inside.visitor.me["login"])
    until(lambda: processes_of(demo, inside) == [] and not office.running(login, inside.request))
    last = inside.reader.last()
    until(lambda: routes(demo, inside) == [])
    assert not inside.visitor.reaches(inside.request)
    until(lambda: tokens(demo, inside) == [])
    assert bearer(demo, inside.page_token).status_code == 403
    assert Kernel(inside.terminal, "").ended()
    inside.terminal.close()
    assert inside.reader.last() == last
    with contextlib.closing(inside.reader) as reader:
        return reader.over_at()


def processes_of(demo: RunningSluis, inside: Working) -> list[str]:
    """Return the processes of a sandbox."""
    return processes_naming(demo.state / "run" / inside.name)


def routes(demo: RunningSluis, inside: Working) -> list[str]:
    """Return the routes that lead to the workspace, by both doors."""
    running = load_running(Places(demo.state))
    header = {"Authorization": f"token {running.proxy_token}"}
    answers = [httpx.get(f"{door.api}/api/routes", headers=header, trust_env=False).json() for door in running.doors]
    return [route for one in answers for route in one if f"/{inside.name}" in route]


def tokens(demo: RunningSluis, inside: Working) -> list[str]:
    """Return what the hub's table says of tokens of the workspace."""
    with contextlib.closing(sqlite3.connect(Places(demo.state).hub / "jupyterhub.sqlite", timeout=10)) as base:
        rows = base.execute("SELECT note || ' ' || client_id FROM api_tokens").fetchall()
    names = (f"{inside.name}/", f"{inside.name.replace('/', '-')} ")
    return [note for (note,) in rows if any(name in f"{note} " for name in names)]


def bearer(demo: RunningSluis, token: str) -> httpx.Response:
    """Ask the hub with a token alone."""
    return httpx.get(f"{demo.url}/hub/api/user", headers={"Authorization": f"token {token}"}, trust_env=False)

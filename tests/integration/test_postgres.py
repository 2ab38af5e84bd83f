"""The whole on PostgreSQL: each part under its own role, and on again by itself after the server was gone (FLT-02)."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.whole import RunningSluis, Visitor, sluis, until
from tests.postgres import Server, blank_database, server

WAITING = "waiting for the log"
PARTS = {"sluis_hub", "sluis_desk", "sluis_warden"}


@pytest.fixture(scope="module")
def database() -> str:
    """The URL of an empty database."""
    return blank_database()


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[RunningSluis]:
    """A running demo that made its log in the database."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-"))
    demo = RunningSluis(folder / "s", database=database)
    demo.start()
    yield demo
    demo.stop()
    shutil.rmtree(folder)


@pytest.fixture
def lotte(running: RunningSluis) -> Iterator[Visitor]:
    """A researcher who is logged in."""
    visitor = Visitor(running, "lotte")
    visitor.log_in()
    yield visitor
    visitor.close()


def roles(at: Server, database: str) -> set[str]:
    """Return who is connected to a database, the owner's own looking aside."""
    name = database.partition("///")[2].partition("?")[0]
    with at.connect() as connection:
        rows = connection.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s", [name]).fetchall()
    return {role for (role,) in rows}


def test_each_part_works_under_its_own_role(running: RunningSluis, lotte: Visitor, database: str) -> None:
    """AUD-11: a person logs in, starts a workspace and loses it with its ground; no part is owner or operator."""
    assert lotte.logged_in()
    assert lotte.spawn("DR-1", profile="small").status_code == 200
    until(lambda: lotte.reaches("DR-1"))
    assert roles(server(), database) == PARTS
    running.do("suspend-request", "P-2", request="DR-1", reason="a question")
    until(lambda: not running.has_workspace(lotte.person))
    assert running.endings(lotte.person, "DR-1")
    assert not (running.state / "log.sqlite").exists()
    for command in (["check"], ["log", "verify"]):
        answer = sluis(running.state, *command)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_server_that_was_killed_is_used_again_without_a_restart(running: RunningSluis, lotte: Visitor) -> None:
    """FLT-02: while the server is gone pages say so in one line; once it is back, everything goes on by itself."""
    before = running.parts()
    server().kill()
    answer = lotte.http.get("/services/desk/")
    assert (answer.status_code, "Traceback" in answer.text) == (503, False)
    _no_start(lotte)
    gone = sluis(running.state, "log", "head")
    assert (gone.returncode != 0, gone.stderr.count("\n"), "check that it runs" in gone.stderr) == (True, 1, True)
    server().start()
    until(lotte.logged_in)
    assert lotte.spawn("DR-2", profile="small").status_code == 200
    until(lambda: lotte.reaches("DR-2"))
    assert running.parts() == before


def test_parts_that_are_killed_meanwhile_come_back_with_the_server(running: RunningSluis, lotte: Visitor) -> None:
    """FLT-01, FLT-02: they wait for it, so that nothing else ends, and a workspace that may go on does."""
    logs = {part: running.state / "parts" / f"{part}.log" for part in ("desk", "warden")}
    server().kill()
    for part, log in logs.items():
        assert WAITING not in log.read_text(encoding="utf-8")
        os.kill(running.parts()[part], signal.SIGKILL)
    until(lambda: all(WAITING in log.read_text(encoding="utf-8") for log in logs.values()))
    started = running.parts()
    server().start()
    until(lambda: lotte.http.get("/services/desk/").status_code == 200)
    until(lambda: lotte.reaches("DR-2"))
    assert running.parts() == started


def _no_start(visitor: Visitor) -> None:
    """AUD-05: page and form say why in one sentence; it is not the session that is over."""
    page = visitor.http.get(f"/hub/spawn/{visitor.person.lower()}/dr-2")
    for answer in (page, visitor.spawn("DR-2", profile="small")):
        assert (answer.status_code, "The log does not answer just now" in answer.text) == (503, True)
        assert "Traceback" not in answer.text
        assert "_token_authenticated" not in answer.text

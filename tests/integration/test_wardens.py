"""Two wardens on one log: one acts, the other stands by; one that lost its lease changes nothing (POL-03, FLT-03)."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hub_config.places import Places
from hub_config.running import load_running, save_running
from tests.integration.office import Office
from tests.integration.whole import RunningSluis, Visitor, free_port, until

pytestmark = pytest.mark.integration

TAKEN_OVER = 15.0
"""Seconds after which another one acts, from the last instant at which the first one could (docs/kubernetes.md)."""


class SecondWarden:
    """Another warden on the same log and machine, with a state folder of its own around them."""

    def __init__(self, demo: RunningSluis, folder: Path) -> None:
        folder.mkdir()
        self.places = Places(folder)
        for path in demo.state.iterdir():
            if path.name in ("log.sqlite", "keys", "checkpoints", "run", "homes", "sluis.toml", "anchor.json"):
                (folder / path.name).symlink_to(path)
        running = load_running(Places(demo.state))
        own = msgspec.structs.replace(running, warden=f"http://127.0.0.1:{free_port()}")
        save_running(self.places, own)
        self._log = folder / "warden.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = (sys.executable, "-P", "-m", "hub_config.parts", "warden", str(self.places.state))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def says(self, words: str) -> bool:
        return words in self._log.read_text()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)
            self._process.kill()
            self._process.wait(10)


@pytest.fixture
def second(demo: RunningSluis, tmp_path: Path) -> Iterator[SecondWarden]:
    """Yield a second warden that stands by."""
    warden = SecondWarden(demo, tmp_path / "second")
    warden.start()
    until(lambda: warden.says("standing by"))
    yield warden
    warden.end()


@pytest.fixture
def lotte(demo: RunningSluis) -> Iterator[Visitor]:
    """Yield a person with a running workspace."""
    visitor = Visitor(demo, "lotte")
    visitor.log_in()
    visitor.spawn("DR-1", profile="small")
    until(lambda: visitor.reaches("DR-1"))
    yield visitor
    visitor.close()


@pytest.fixture
def office(demo: RunningSluis) -> Iterator[Office]:
    """Yield who gives commands and reads the log without a program of its own, which takes seconds to start."""
    made = Office(demo.state)
    yield made
    made.close()


def _holder(demo: RunningSluis) -> tuple[str, int]:
    with closing(sqlite3.connect(f"file:{demo.state}/log.sqlite?mode=ro", uri=True)) as log:
        holder, fence = log.execute("SELECT holder, fence FROM leases").fetchone()
    return str(holder), int(fence)


def test_one_tells_prometheus_what_it_does(demo: RunningSluis) -> None:
    """POL-03, FLT-04: over HTTP, beside its probes, in the text that Prometheus itself reads."""
    address = load_running(Places(demo.state)).warden

    def read() -> dict[str, list[Sample]]:
        answer = httpx.get(f"{address}/metrics", trust_env=False)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
        return {one.name: one.samples for one in text_string_to_metric_families(answer.text)}

    until(lambda: [one.value for one in read()["sluis_warden_acts"]] == [1.0])
    found = read()
    assert set(found) >= {
        "sluis_end_seconds", "sluis_workspaces", "sluis_refusals", "sluis_reconcile_errors", "sluis_warden_acts",
        "sluis_log_silent_seconds",
    }  # fmt: skip
    states = {one.labels["state"] for one in found["sluis_workspaces"]}
    assert states == {"running", "stopping", "ending", "unconfirmed"}
    assert httpx.get(f"{address}/metrics/", trust_env=False).status_code == 404


def test_one_that_stood_still_writes_nothing_once_another_acts(
    demo: RunningSluis, second: SecondWarden, lotte: Visitor
) -> None:
    """FLT-03, POL-03: the other takes over in time, ends what has to end, and the end is on record once."""
    first = demo.parts()["warden"]
    (_, fence), begun = _holder(demo), time.monotonic()
    os.kill(first, signal.SIGSTOP)
    until(lambda: _holder(demo)[1] == fence + 1)
    assert time.monotonic() - begun < TAKEN_OVER
    demo.do("stop-workspace", lotte.person, person=lotte.person, request="DR-1")
    until(lambda: demo.endings(lotte.person, "DR-1"))
    os.kill(first, signal.SIGCONT)
    log = demo.state / "parts" / "warden.log"
    until(lambda: "standing by" in log.read_text() or "another process's by now" in log.read_text())
    assert demo.parts()["warden"] == first
    assert len(demo.endings(lotte.person, "DR-1")) == 1
    assert demo.sandboxes() == []
    os.kill(second.pid, signal.SIGTERM)  # in order: the first has it back at once
    until(lambda: _holder(demo)[1] == fence + 2)


def test_one_that_is_killed_is_followed(
    demo: RunningSluis, second: SecondWarden, lotte: Visitor, office: Office
) -> None:
    """FLT-03, POL-03: another one acts in time, what has to end has ended by then, and nothing is told twice."""
    _, fence = _holder(demo)
    first, begun = demo.parts()["warden"], time.monotonic()
    os.kill(first, signal.SIGKILL)
    office.do("stop-workspace", "lotte", person="lotte", request="DR-1")
    until(lambda: _holder(demo)[1] == fence + 1 and not office.running("lotte", "DR-1"))
    assert time.monotonic() - begun < TAKEN_OVER
    assert len(demo.endings(lotte.person, "DR-1")) == 1

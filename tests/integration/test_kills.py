"""Parts that are killed: each is started again, nothing runs on unmanaged, and the next start cleans up."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub_config.places import Places
from hub_config.running import Running, load_running
from tests.integration.whole import RunningSluis, Visitor, processes_of, sluis, until

ROUNDS = 2 if os.environ.get("SLUIS_LONG") == "1" else 1


@pytest.fixture(scope="module")
def working(demo: RunningSluis) -> Iterator[Visitor]:
    """A researcher who may open a workspace, logged in."""
    visitor = Visitor(demo, "bram")
    visitor.log_in()
    yield visitor
    visitor.close()


def start_workspace(visitor: Visitor, request: str) -> None:
    """Start the workspace and wait until it answers."""
    assert visitor.spawn(request, profile="small").status_code == 200
    until(lambda: visitor.reaches(request))


def answering(running: Running, name: str) -> bool:
    """Say whether a part answers."""
    authorised = {"Authorization": f"token {running.proxy_token}"}
    probes = {
        "provider": f"{running.issuer}/.well-known/openid-configuration",
        "entry.mjs": f"{running.proxy_api}/api/routes",
        "jupyterhub": f"{running.hub}/hub/api/",
        "desk": f"{running.desk}/livez",
        "warden": f"{running.warden}/readyz",
    }
    try:
        return httpx.get(probes[name], headers=authorised, trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.counted
@pytest.mark.parametrize("time", range(1, ROUNDS + 1))
@pytest.mark.parametrize("name", ["provider", "entry.mjs", "desk", "warden", "jupyterhub"])
def test_a_killed_part_is_started_again(demo: RunningSluis, working: Visitor, name: str, time: int) -> None:
    """FLT-01, SBX-04: it answers again; a killed hub takes its sandboxes along, and their end is in the log."""
    start_workspace(working, "DR-10")
    kernel = working.kernel("DR-10")
    victim = demo.parts()[name]
    os.kill(victim, signal.SIGKILL)
    until(lambda: demo.parts().get(name, victim) != victim)
    until(lambda: answering(load_running(Places(demo.state)), name))
    if name == "jupyterhub":
        assert kernel.ended()
        until(lambda: demo.sandboxes() == [])
        until(lambda: not demo.has_workspace(working.person))
        return
    assert demo.sandboxes() == [f"{working.person}/dr-10"]
    until(lambda: working.reaches("DR-10"))
    demo.do("stop-workspace", working.person, person=working.person, request="DR-10")
    until(lambda: demo.sandboxes() == [] and not demo.has_workspace(working.person))


def test_after_a_killed_hub_the_researcher_works_on_without_a_new_login(demo: RunningSluis, working: Visitor) -> None:
    """FLT-01: the session is a record, not the hub's memory."""
    start_workspace(working, "DR-10")
    assert working.kernel("DR-10").run("print(2)") == "2\n"
    demo.do("stop-workspace", working.person, person=working.person, request="DR-10")
    until(lambda: demo.sandboxes() == [])


def test_a_killed_supervisor_leaves_nothing_running_and_the_next_start_goes_on(seeded: Path) -> None:
    """FLT-01, FLT-07: every process dies with its parent; the next start records what ended and keeps all facts."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-"))
    shutil.copytree(seeded, folder / "s")
    first = RunningSluis(folder / "s")
    first.start()
    visitor = Visitor(first, "lotte")
    visitor.log_in()
    start_workspace(visitor, "DR-1")
    visitor.close()
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: processes_of(folder / "s") == [])
    second = RunningSluis(folder / "s")
    second.start()
    assert second.facts("WorkspaceEnded")[-1]["why"] == "sluis_was_killed"
    assert sluis(second.state, "log", "verify").returncode == 0
    assert second.stop() == 0
    until(lambda: processes_of(folder / "s") == [])
    shutil.rmtree(folder)

"""A backup of a Sluis that runs, restored elsewhere, says the same as the one it is of (FLT-10, AUD-08)."""

import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyrage
import pytest

from hub_config.places import Places
from tests.integration.whole import RunningSluis, Visitor, sluis, until

pytestmark = pytest.mark.integration

IDENTITY = pyrage.x25519.Identity.generate()


@pytest.fixture
def running(stopped: Path) -> Iterator[RunningSluis]:
    """A demo that runs, with a recipient for its backups."""
    settings = Places(stopped).settings
    text = settings.read_text(encoding="utf-8").replace("recipients = []", f'recipients = ["{IDENTITY.to_public()}"]')
    settings.write_text(text, encoding="utf-8")
    running = RunningSluis(stopped)
    running.start()
    yield running
    running.stop()


@contextlib.contextmanager
def commands_go_on(running: RunningSluis) -> Iterator[list[str]]:
    """Give one command after the other meanwhile, and at least one; keeps what was said where one failed."""
    stop, given = threading.Event(), threading.Event()
    failed: list[str] = []

    def give() -> None:
        for number in range(200):
            fields = (f"course=c-{number}", "title=T", "validity_days=9", "required=false")
            said = sluis(running.state, "do", "register-course", *fields, "--as", "P-1")
            failed.extend([said.stderr] if said.returncode else [])
            given.set()
            if stop.is_set():
                return

    thread = threading.Thread(target=give)
    thread.start()
    given.wait(60)
    try:
        yield failed
    finally:
        stop.set()
        thread.join(60)


def answers(state: Path) -> list[tuple[str, str, str, list[str]]]:
    """Return for some people and requests whether they may open a workspace, and the reasons that do not hold."""
    people = msgspec.json.decode(sluis(state, "person", "list", "--json").stdout)
    requests = msgspec.json.decode(sluis(state, "request", "list", "--json").stdout)
    found = []
    for person, request in [(people[0], requests[0]), (people[5], requests[1]), (people[8], requests[2])]:
        asked = person["person"], request["request"]
        answer = msgspec.json.decode(sluis(state, "explain", *asked, "--json").stdout)
        found.append((*asked, answer["effect"], [one["code"] for one in answer["reasons"] if not one["holds"]]))
    return found


def done(state: Path, *arguments: str) -> None:
    said = sluis(state, *arguments)
    assert said.returncode == 0, said.stderr


def test_a_backup_made_while_it_runs_is_restored_elsewhere(running: RunningSluis, tmp_path: Path) -> None:
    """Commands go on and none fails; the copy says the same, ends what ran (FLT-07), signs at its end (AUD-02)."""
    lotte = Visitor(running, "lotte")
    lotte.log_in()
    lotte.spawn("DR-1", profile="small")
    until(lambda: lotte.reaches("DR-1"))
    assert list((running.state / "checkpoints").glob("checkpoint-*.txt"))
    shutil.copytree(running.state / "checkpoints", tmp_path / "elsewhere")
    with commands_go_on(running) as failed:
        done(running.state, "backup", str(tmp_path / "b.age"))
    done(running.state, "keys", "export", str(tmp_path / "k.age"))
    assert failed == []
    (tmp_path / "identity").write_text(str(IDENTITY), encoding="ascii")
    restored = tmp_path / "restored"
    files = ("--identity", str(tmp_path / "identity"), "--keys", str(tmp_path / "k.age"))
    done(restored, "restore", str(tmp_path / "b.age"), *files, "--checkpoints", str(tmp_path / "elsewhere"))
    done(restored, "log", "verify")
    assert answers(restored) == answers(running.state)
    shutil.copytree(running.state / "datasets", restored / "datasets")
    again = RunningSluis(restored)
    assert again.has_workspace(lotte.person)
    again.start()
    try:
        assert not again.has_workspace(lotte.person)
        again.do("list-country", "P-1", country="KR", begins="2026-01-01T00:00:00Z", act="an act")
    finally:
        again.stop()
    head = msgspec.json.decode(sluis(restored, "log", "head", "--json").stdout)
    assert (restored / "checkpoints" / f"checkpoint-{head['size']:012}.txt").exists()
    lotte.close()

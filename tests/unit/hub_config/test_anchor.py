"""One anchor of the time for all processes of a state: a command beside a running Sluis sees a jump as Sluis does."""

import os
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access_policy.actor import person
from access_policy.commands.base import Refusal, parse_command
from access_policy.log.clock import SteadyClock
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.use_cases import Beginning, Done, FirstAdmin
from hub_config.anchor import AnchorKeeper, load_anchor
from hub_config.bootstrap import begin_log, create_state, open_policy
from hub_config.places import Places
from tests.unit.access_policy.log.samples import SetClock

HOUR = 3600.0
DAY = timedelta(days=1)


class Machine:
    """A machine's clocks as a test sets them, and a state folder on it."""

    def __init__(self, folder: Path) -> None:
        self.wall, self.seconds = SetClock(), 1000.0
        self.wall.at = self.begun = datetime.now(UTC) + timedelta(seconds=1)
        self.places = Places(folder)
        create_state(self.places, "")
        admins = [FirstAdmin(f"Admin {n}", f"a{n}@centre.example", f"id-{n}", "iss", f"sub{n}") for n in "12"]
        begin_log(self.places, Beginning("an-installation", demo=False, admins=(admins[0], admins[1])))

    def runs(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall.go(seconds)

    def supervisor(self) -> AnchorKeeper:
        """Begin what `sluis run` keeps; the test's own process is the supervisor."""
        return AnchorKeeper(self.places, SteadyClock(self.wall, lambda: self.seconds))

    def does(self, course: str, part: Component | None = None) -> Done | Refusal:
        """Start a process on the log, and give a command that may widen access in it."""
        policy = open_policy(self.places, part, wall=self.wall, monotonic=lambda: self.seconds)
        command = parse_command("register-course", {"course": course, "title": "Privacy", "validity_days": 365})
        with closing(policy.store):
            return policy.handle(command, person(PersonId("P-1"), "a-proof"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "state")


@pytest.mark.parametrize("part", [None, Component.DESK])
@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_process_that_starts_during_a_jump_sees_it(machine: Machine, jump: timedelta, part: Component | None) -> None:
    """FLT-12: neither a command nor a part that is restarted believes the clock that jumped; no fact of tomorrow."""
    machine.supervisor()
    machine.runs(10)
    machine.wall.go(jump.total_seconds())
    refused = machine.does("privacy", part)
    assert isinstance(refused, Refusal)
    assert refused.code == "clock_jumped"
    machine.wall.go(-jump.total_seconds())
    done = machine.does("privacy", part)
    assert isinstance(done, Done), done
    assert done.facts[0].at == machine.begun + timedelta(seconds=10)


def test_the_anchor_follows_a_clock_that_is_right(machine: Machine) -> None:
    """FLT-12: quartz drifts, so it is written anew each hour while the clock is right, and not while it is not."""
    keeper = machine.supervisor()
    for _ in range(100):
        machine.runs(HOUR)
        machine.wall.go(0.5)
        keeper.keep()
    assert isinstance(machine.does("privacy"), Done)
    before = machine.places.anchor.read_bytes()
    machine.runs(HOUR)
    machine.wall.go(60)
    keeper.keep()
    assert machine.places.anchor.read_bytes() == before


def test_a_disk_that_is_full_ends_nothing(machine: Machine) -> None:
    """FLT-02, FLT-12: the old anchor stays, and it is tried again."""
    keeper = machine.supervisor()
    machine.runs(2 * HOUR)
    machine.places.state.rename(machine.places.state.with_name("away"))
    keeper.keep()
    machine.places.state.with_name("away").rename(machine.places.state)
    before = machine.places.anchor.read_bytes()
    keeper.keep()
    assert machine.places.anchor.read_bytes() != before


def test_without_a_supervisor_the_clock_is_believed(machine: Machine) -> None:
    """FLT-12: as at each start; whoever has set it right need not wait."""
    with machine.supervisor():
        assert load_anchor(machine.places) is not None
    assert load_anchor(machine.places) is None
    machine.wall.go(DAY.total_seconds())
    done = machine.does("privacy")
    assert isinstance(done, Done), done
    assert done.facts[0].at == machine.wall.at


@pytest.mark.parametrize("what", ["pid", "start", "boot", "torn"])
def test_what_a_killed_run_left_is_no_anchor(machine: Machine, what: str) -> None:
    """FLT-07, FLT-12: its process is gone, another has its id, the machine was started anew, the file is no anchor."""
    machine.supervisor()
    anchor = load_anchor(machine.places)
    assert anchor is not None
    gone = subprocess.Popen(["/usr/bin/true"])
    gone.wait()
    text = machine.places.anchor.read_text()
    changed = {
        "pid": text.replace(f'"pid":{os.getpid()},', f'"pid":{gone.pid},'),
        "start": text.replace('"start_time":', '"start_time":1'),
        "boot": text.replace('"boot_id":"', '"boot_id":"0'),
        "torn": text[:20],
    }[what]
    assert changed != text
    machine.places.anchor.write_text(changed)
    assert load_anchor(machine.places) is None
    assert isinstance(machine.does("privacy"), Done)


def test_the_anchor_is_private(machine: Machine) -> None:
    """Who could write it could set the time of every process."""
    machine.supervisor()
    assert machine.places.anchor.stat().st_mode & 0o777 == 0o600

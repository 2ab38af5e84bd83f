"""Processes of sandboxes that no file names: which are found, and which are let be."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from spawner.processes import Process, boot_id, process_now
from spawner.running import RunningSandbox, end_sandbox, write_down
from spawner.strays import STARTER_FILE, Starter, end_all_of, is_left_alone, strays, write_starter
from spawner.warden.machine import LocalMachine
from tests.integration.sandbox_hub import holds

Started = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def bubblewrap(tmp_path: Path) -> Iterator[Started]:
    """Starts a program that is called as bubblewrap is, and names a file of a sandbox's folder."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: str = "p-3/dr-12", name: str = "/opt/bwrap") -> subprocess.Popen[bytes]:
        words = [name, "-c", "read line", "--", f"{tmp_path}/{folder}/etc/passwd"]
        started.append(subprocess.Popen(words, executable="/bin/bash", stdin=subprocess.PIPE))
        command = Path(f"/proc/{started[-1].pid}/cmdline")
        assert holds(command.read_bytes), "the program has no command line"  # for a moment, at its start
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def folder_of(run_dir: Path, hub: Process | None = None) -> Path:
    """Make a sandbox's folder, which this or another process says that it starts."""
    folder = run_dir / "p-3/dr-12"
    folder.mkdir(parents=True, exist_ok=True)
    write_starter(folder)
    if hub is not None:
        (folder / STARTER_FILE).write_bytes(msgspec.json.encode(Starter(hub, boot_id())))
    return folder


def gone_hub() -> Process:
    """A process that has ended."""
    return Process(os.getpid(), process_now(os.getpid()).start_time - 1)


def test_what_no_file_names_is_found_and_ended(tmp_path: Path, bubblewrap: Started) -> None:
    """FLT-07: as a sandbox of no start, which the warden ends as what no fact knows."""
    left = bubblewrap()
    (stray,) = strays(tmp_path)
    assert (stray.person, stray.request, stray.seq, stray.outer.pid) == ("P-3", "DR-12", -left.pid, left.pid)
    machine = LocalMachine(tmp_path)
    assert list(machine.running()) == [-left.pid]
    assert machine.end(-left.pid)
    assert strays(tmp_path) == []


def test_a_start_on_its_way_is_let_be_while_its_hub_runs(tmp_path: Path, bubblewrap: Started) -> None:
    """SBX-04: what its own hub's process started, before its name is written down; not what another hub did."""
    bubblewrap()
    folder_of(tmp_path)
    assert strays(tmp_path) == []
    folder_of(tmp_path, gone_hub())
    assert len(strays(tmp_path)) == 1


def test_what_has_a_name_is_no_stray(tmp_path: Path, bubblewrap: Started) -> None:
    """Nor what it made."""
    named = process_now(bubblewrap().pid)
    folder = folder_of(tmp_path, gone_hub())
    write_down(RunningSandbox(named, named, boot_id(), "P-3", "DR-12", 7, str(folder)))
    assert strays(tmp_path) == []


@pytest.mark.parametrize(
    ("folder", "name"),
    [("p-3/dr-12", "/usr/bin/tail"), ("p-03/dr-12", "bwrap"), ("p-3/../dr-12", "bwrap"), ("p-3/dr-1\n", "bwrap")],
)
def test_other_programs_and_other_names_are_nobodys(
    tmp_path: Path, bubblewrap: Started, folder: str, name: str
) -> None:
    """SPW-07: anybody may call a program as they like."""
    bubblewrap(folder, name)
    assert strays(tmp_path) == []
    assert strays(tmp_path / "p-3") == []


def test_a_sandbox_whose_hub_or_bubblewrap_is_gone_is_left_alone(tmp_path: Path, bubblewrap: Started) -> None:
    """SBX-04: it should have ended with either; the warden ends it, whatever its ground."""
    inner, outer = process_now(bubblewrap().pid), bubblewrap()
    folder = folder_of(tmp_path)
    one = RunningSandbox(process_now(outer.pid), inner, boot_id(), "P-3", "DR-12", 7, str(folder))
    write_down(one)
    machine = LocalMachine(tmp_path)
    machine.running()
    assert (is_left_alone(one), list(machine.unfit(None))) == (False, [])  # type: ignore[arg-type]
    folder_of(tmp_path, gone_hub())
    assert (is_left_alone(one), list(machine.unfit(None))) == (True, [7])  # type: ignore[arg-type]
    folder_of(tmp_path)
    outer.kill()
    outer.wait()
    assert is_left_alone(one)
    (folder / STARTER_FILE).unlink()
    assert is_left_alone(one)


def test_all_of_one_folder_is_ended_and_nothing_of_another(tmp_path: Path, bubblewrap: Started) -> None:
    """POL-02: before a start, so that no earlier one of the same name runs on under its files."""
    named, other = bubblewrap(), bubblewrap("p-3/dr-13")
    folder, process = folder_of(tmp_path), process_now(named.pid)
    write_down(RunningSandbox(process, process, boot_id(), "P-3", "DR-12", 7, str(folder)))
    unnamed = bubblewrap()
    assert end_all_of(folder)
    assert (named.poll() or named.wait(5), unnamed.poll() or unnamed.wait(5)) == (-9, -9)
    assert other.poll() is None
    assert end_sandbox(next(iter(strays(tmp_path))))
    assert holds(lambda: strays(tmp_path) == [])

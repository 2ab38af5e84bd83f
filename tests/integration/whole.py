"""A whole demo Sluis for tests: started by its own command, entered as a browser does, ended by its process id."""

import contextlib
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pyotp

SLUIS = Path(sys.executable).with_name("sluis")
BOUND = 60.0


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


T = TypeVar("T")


def until(probe: Callable[[], T], bound: float = BOUND) -> T:
    """Ask again until the answer is true, at most `bound` seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + bound
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{probe} stayed false for {bound} s")
        pause.wait(0.1)


def sluis(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the program on a state."""
    command = [str(SLUIS), *arguments, "--state", str(state)]
    return subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)


class RunningSluis:
    """One `sluis run --demo`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None
        self._said: queue.Queue[str] = queue.Queue()

    def start(self) -> None:
        """Start it and wait for `ready:`."""
        self._process = subprocess.Popen(
            [str(SLUIS), "run", "--demo", "--state", str(self.state), "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        line = self._said.get(timeout=BOUND)
        assert line == f"ready: {self.url}\n", line

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready:"):
                self._said.put(line)
        self._said.put("")

    @property
    def pid(self) -> int:
        """The process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; return the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        status = self._process.wait(BOUND)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def parts(self) -> dict[str, int]:
        """Return the process ids of the parts by what stands in their command lines."""
        found: dict[str, int] = {}
        for child in _children(self.pid):
            words = _command_line(child)
            for name in ("jupyterhub", "entry.mjs", "desk", "warden", "provider"):
                if any(word.endswith(name) or word == name for word in words):
                    found[name] = child
        return found

    def explain(self, person: str, request: str, *options: str) -> dict[str, Any]:
        """Ask the command line for a decision."""
        answer = sluis(self.state, "explain", person, request, "--json", *options)
        assert answer.returncode in (0, 1), answer.stderr
        return dict(msgspec.json.decode(answer.stdout))

    def do(self, command: str, person: str, **arguments: str) -> None:
        """Give a command by the command line on behalf of a person."""
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        answer = sluis(self.state, "do", command, *pairs, "--as", person)
        assert answer.returncode == 0, answer.stderr

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of one kind."""
        answer = sluis(self.state, "log", "show", "--kind", kind, "--json")
        return [dict(msgspec.json.decode(line)) for line in answer.stdout.splitlines()]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def _command_line(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    return []


def processes_of(state: Path) -> list[int]:
    """Return every process of this machine whose command line or working folder is in the state."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            inside = str(state) in " ".join(_command_line(int(entry.name))) or str(state) in str((entry / "cwd").readlink())
            if inside:
                found.append(int(entry.name))
    return found


@contextlib.contextmanager
def running_demo(folder: Path) -> Iterator[RunningSluis]:
    """Run a demo in a folder of its own; end it and delete it afterwards."""
    demo = RunningSluis(folder / "s")
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Visitor:
    """One person's browser, as far as HTTP goes."""

    _last_step: dict[str, int] = {}  # noqa: RUF012 - shared on purpose: a code counts once, whichever browser gave it

    def __init__(self, demo: RunningSluis, login: str) -> None:
        people = msgspec.json.decode(sluis(demo.state, "demo", "people", "--json").stdout)
        self.demo = demo
        self.me = next(person for person in people if person["login"] == login)
        self.http = httpx.Client(base_url=demo.url, follow_redirects=True, timeout=30, trust_env=False)

    @property
    def person(self) -> str:
        """The person's id, `P-3`."""
        return str(self.me["person"])

    def log_in(self) -> httpx.Response:
        """Log in with both factors; return the page that follows."""
        page = self.first_factor()
        return self.give_code(page, self.code())

    def first_factor(self) -> httpx.Response:
        """Log in at the provider; return the page that asks for the code."""
        provider = self.http.get("/hub/oauth_login?next=%2Fhub%2F")
        return self.http.post(str(provider.url), data={"sub": self.me["login"]})

    def give_code(self, page: httpx.Response, code: str) -> httpx.Response:
        """Post a code to the page that asks for it."""
        return self.http.post(str(page.url), data={"code": code, "_xsrf": field(page.text, "_xsrf")})

    def code(self) -> str:
        """Return a code that nobody has given yet; each counts once (MFA-01)."""
        step = max(self._last_step.get(self.person, 0) + 1, int(time.time()) // 30 - 1)
        until(lambda: step <= int(time.time()) // 30 + 1)
        self._last_step[self.person] = step
        return pyotp.TOTP(self.me["totp_secret"]).at(step * 30)

    def spawn(self, request: str, **fields: str) -> httpx.Response:
        """Post the hub's form that starts a workspace."""
        path = f"/hub/spawn/{self.person.lower()}/{request.lower()}"
        form = self.http.get(path)
        if form.status_code != 200 or 'name="_xsrf"' not in form.text:
            return form
        return self.http.post(path, data={"_xsrf": field(form.text, "_xsrf"), **fields})

    def workspace_path(self, request: str) -> str:
        """Return the path of the person's workspace for a request."""
        return f"/user/{self.person.lower()}/{request.lower()}"

    def reaches(self, request: str) -> bool:
        """Say whether the workspace's own API answers this browser."""
        answer = self.http.get(f"{self.workspace_path(request)}/api/status")
        return answer.status_code == 200 and "kernels" in answer.text

    def log_out(self) -> httpx.Response:
        """Log out at the hub."""
        return self.http.get("/hub/logout")


def field(html: str, name: str) -> str:
    """Return the value of a hidden field of a form."""
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', html) or re.search(rf'value="([^"]*)"\s+name="{name}"', html)
    assert found is not None, f"no field {name} in: {html[:500]}"
    return found.group(1)

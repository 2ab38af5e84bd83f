"""A whole demo Sluis for tests: started by its own command, entered as a browser does, ended by its process id."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pyotp
import websocket

from access_policy.events import WorkspaceRefused
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from spawner.running import running_sandboxes
from tests.integration.sandbox_hub import free_ports

SLUIS = Path(sys.executable).with_name("sluis")
BOUND = 60.0


def free_port() -> int:
    """Return a loopback port that is free now."""
    return free_ports(1)[0]


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
    """One `sluis run`, of a demo unless said otherwise; a new demo's log can be put into a PostgreSQL database."""

    def __init__(self, state: Path, demo: bool = True, database: str = "") -> None:
        self.state = state
        self._kind = [*(["--demo"] if demo else []), *(["--database", database] if database else [])]
        self.port, self.institute_port = free_ports(2)
        self.url, self.institute_url = (f"http://127.0.0.1:{one}" for one in (self.port, self.institute_port))
        self._doors = ["--institute-port", str(self.institute_port)] if demo else []
        self.program: list[str] = [str(SLUIS)]
        self.environment: dict[str, str] | None = None
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait for `ready:`."""
        self._process = subprocess.Popen(
            [*self.program, "run", *self._kind, "--state", str(self.state), "--port", str(self.port), *self._doors],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_listen, args=(self._process, said), daemon=True).start()
        line = said.get(timeout=BOUND)
        assert line == f"ready: {self.url}\n", line

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
                    found.setdefault(name, child)
        return found

    def explain(self, person: str, request: str, *options: str) -> dict[str, Any]:
        """Ask the command line for a decision."""
        answer = sluis(self.state, "explain", person, request, "--json", *options)
        assert answer.returncode in (0, 1), answer.stderr
        return dict(msgspec.json.decode(answer.stdout))

    def do(self, command: str, by: str, /, **arguments: str) -> None:
        """Give a command by the command line on behalf of a person."""
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        answer = sluis(self.state, "do", command, *pairs, "--as", by)
        assert answer.returncode == 0, answer.stderr

    def agree(self, command: str, by: str, /, **arguments: str) -> None:
        """Give a command on behalf of a person, which an admin confirms."""
        self.do(command, by, **arguments)
        self.do("confirm-proposal", "P-1", proposal=str(self.facts("CommandProposed")[-1]["proposal"]))

    def has_workspace(self, person: str) -> bool:
        """Say whether the log knows a running workspace of this person."""
        listed = msgspec.json.decode(sluis(self.state, "workspace", "list", "--json").stdout)
        return any(one["workspace"].startswith(f"{person}/") for one in listed)

    def sandboxes(self) -> list[str]:
        """Return the sandboxes that run now, as `P-3/dr-1`."""
        return [one.identifier for one in running_sandboxes(self.state / "run")]

    def endings(self, person: str, request: str) -> list[dict[str, Any]]:
        """Return the recorded endings of a workspace in this run."""
        begun = self.facts("WorkspaceStarted")[-1]["seq"]
        ended = self.facts("WorkspaceEnded")
        return [one for one in ended if (one["person"], one["request"]) == (person, request) and one["seq"] > begun]

    def refusals(self, person: str) -> int:
        """Return how many workspaces were refused to this person, from the log's second stream."""
        with contextlib.closing(open_policy(Places(self.state)).store) as store:
            seen = [one.event for one in store.observations_since(0)]
        return sum(isinstance(one, WorkspaceRefused) and one.person == person for one in seen)

    def secret(self, login: str) -> str:
        """Return the second factor's secret of one of the demo's people."""
        people = msgspec.json.decode(sluis(self.state, "demo", "people", "--json").stdout)
        return str(next(person["totp_secret"] for person in people if person["login"] == login))

    def course(self) -> str:
        """Return the name of the course that everybody has to pass."""
        listed = msgspec.json.decode(sluis(self.state, "course", "list", "--json").stdout)
        return str(next(one["course"] for one in listed if one["required"]))

    def digest(self, request: str) -> str:
        """Return the hash of the form that was signed for a request."""
        return next(str(one["digest"]) for one in self.facts("RequestSubmitted") if one["request"] == request)

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of one kind."""
        answer = sluis(self.state, "log", "show", "--kind", kind, "--json")
        return [dict(msgspec.json.decode(line)) for line in answer.stdout.splitlines()]


def _listen(process: subprocess.Popen[str], said: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready:"):
            said.put(line)
    said.put("")


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
            words = [*_command_line(int(entry.name)), str((entry / "cwd").readlink())]
            if any(str(state) in word for word in words):
                found.append(int(entry.name))
    return found


def text_of(client: httpx.Client, path: str) -> str:
    """Return a page's text, or nothing where the proxy ended the connection, as it does when it takes a route away."""
    try:
        return client.get(path).text
    except httpx.RemoteProtocolError:
        return ""


_LAST_STEP: dict[str, int] = {}


def unused_code(person: str, secret: str) -> str:
    """Return a code that nobody has given yet; each counts once, whichever browser gave it (MFA-01)."""
    step = max(_LAST_STEP.get(person, 0) + 1, int(time.time()) // 30 - 1)
    until(lambda: step <= int(time.time()) // 30 + 1)
    _LAST_STEP[person] = step
    return pyotp.TOTP(secret).at(step * 30)


class Visitor:
    """One person's browser, as far as HTTP goes."""

    def __init__(self, demo: RunningSluis, login: str, url: str = "") -> None:
        """`url` is the address by which the browser comes in, the public one unless it is another."""
        people = msgspec.json.decode(sluis(demo.state, "demo", "people", "--json").stdout)
        self.demo = demo
        self.url = url or demo.url
        self.me = next(person for person in people if person["login"] == login)
        self.http = httpx.Client(base_url=self.url, follow_redirects=True, timeout=30, trust_env=False)
        self._kernels: list[Kernel] = []

    @property
    def person(self) -> str:
        """The person's id, `P-3`."""
        return str(self.me["person"])

    def log_in(self) -> httpx.Response:
        """Log in with both factors; return the page that follows."""
        page = self.first_factor()
        for _ in range(3):
            page = self.give_code(page, self.code())
            if "second-factor" not in page.url.path:
                break
        return page

    def first_factor(self) -> httpx.Response:
        """Log in at the provider; return the page that asks for the code."""
        provider = self.http.get("/hub/oauth_login?next=%2Fhub%2F")
        return self.http.post(str(provider.url), data={"sub": self.me["login"]})

    def give_code(self, page: httpx.Response, code: str) -> httpx.Response:
        """Post a code to the page that asks for it."""
        return self.http.post(str(page.url), data={"code": code, "_xsrf": field(page.text, "_xsrf")})

    def stepped_up(self, page: httpx.Response) -> httpx.Response:
        """Give the second factor that a page asks for before a command; return the page that follows."""
        return self.give_code(page, self.code()) if page.url.path == "/hub/step-up" else page

    def code(self) -> str:
        """Return a code that nobody has given yet; each counts once (MFA-01)."""
        return unused_code(self.person, self.me["totp_secret"])

    def spawn(self, request: str, **fields: str) -> httpx.Response:
        """Post the hub's form that starts a workspace."""
        path = f"/hub/spawn/{self.person.lower()}/{request.lower()}"
        self.http.get(path)  # for the cookie
        return self.http.post(path, data={"_xsrf": self._cookie("_xsrf", "/hub/"), **fields})

    def workspace_path(self, request: str) -> str:
        """Return the path of the person's workspace for a request."""
        return f"/user/{self.person.lower()}/{request.lower()}"

    def reaches(self, request: str) -> bool:
        """Say whether the workspace's own API answers this browser, after opening its first page."""
        try:
            self.http.get(f"{self.workspace_path(request)}/lab")
            answer = self.http.get(f"{self.workspace_path(request)}/api/status")
        except (httpx.RemoteProtocolError, httpx.ConnectError):
            return False  # the proxy ends what runs over a route that it takes away; or it is not there for a moment
        return answer.status_code == 200 and "kernels" in answer.text

    def kernel(self, request: str) -> "Kernel":
        """Start a kernel in the person's running workspace, as JupyterLab does."""
        path = self.workspace_path(request)
        self.http.get(f"{path}/lab")
        answer = self.http.post(f"{path}/api/kernels", headers={"X-XSRFToken": self._cookie("_xsrf", path)}, json={})
        assert answer.status_code == 201, answer.text
        return self._connect(f"{path}/api/kernels/{answer.json()['id']}/channels?session_id=t")

    def join(self, kernel: "Kernel") -> "Kernel":
        """Connect to a kernel again, as JupyterLab's page does: with what it said meanwhile."""
        return self._connect(kernel.path)

    def terminal(self, request: str) -> websocket.WebSocket:
        """Open a terminal in the person's running workspace, whose page was seen."""
        path = self.workspace_path(request)
        answer = self.http.post(f"{path}/api/terminals", headers={"X-XSRFToken": self._cookie("_xsrf", path)})
        assert answer.status_code == 200, answer.text
        return self.open_socket(f"{path}/terminals/websocket/{answer.json()['name']}")

    def _connect(self, path: str) -> "Kernel":
        self._kernels.append(Kernel(self.open_socket(path), path))
        return self._kernels[-1]

    def open_socket(self, path: str) -> websocket.WebSocket:
        """Open a WebSocket with the cookies of this browser."""
        address = f"{self.url.replace('http', 'ws', 1)}{path}"
        sent = [one for one in self.http.cookies.jar if path.startswith(one.path)]
        cookies = "; ".join(f"{one.name}={one.value}" for one in sent)
        return websocket.create_connection(address, cookie=cookies, timeout=30)

    def carried_to(self, url: str) -> "Visitor":
        """Return the same browser, cookies and all, at another address."""
        moved = Visitor(self.demo, str(self.me["login"]), url)
        moved.http.cookies.update(self.http.cookies)
        return moved

    def logged_in(self) -> bool:
        """Say whether the desk shows this person's page."""
        return "My requests" in self.http.get("/services/desk/").text

    def close(self) -> None:
        """Close this browser."""
        for kernel in self._kernels:
            kernel.close()
        self.http.close()

    def _cookie(self, name: str, path: str) -> str:
        values = [one.value for one in self.http.cookies.jar if one.name == name and one.path.startswith(path)]
        assert values, f"no cookie {name} for {path}"
        return str(values[-1])

    def log_out(self) -> httpx.Response:
        """Log out at the hub."""
        return self.http.get("/hub/logout")


def field(html: str, name: str) -> str:
    """Return the value of a hidden field of a form."""
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', html) or re.search(rf'value="([^"]*)"\s+name="{name}"', html)
    assert found is not None, f"no field {name} in: {html[:500]}"
    return found.group(1)


class Kernel:
    """One kernel's channel over the proxy."""

    def __init__(self, socket: websocket.WebSocket, path: str) -> None:
        self.socket = socket
        self.path = path

    def run(self, code: str) -> str:
        """Run a cell and return what it printed; fails where it raised."""
        execution = self.send(code)
        printed = ""
        while True:
            message = msgspec.json.decode(self.socket.recv())
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                printed += content["text"]
            elif kind == "error":
                raise AssertionError(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle" and _answers(message, execution):
                return printed

    def says(self, words: str) -> bool:
        """Wait for a message with these words in it; false where the connection stays silent or ends."""
        with contextlib.suppress(websocket.WebSocketException, OSError):
            while words not in self.socket.recv():
                pass
            return True
        return False

    def send(self, code: str) -> dict[str, Any]:
        """Send a cell, and wait for nothing."""
        execution = _execution(code)
        self.socket.send(msgspec.json.encode(execution).decode())
        return execution

    def close(self) -> None:
        """Close the channel from this side."""
        self.socket.close(timeout=1)

    def ended(self, bound: float = 10.0) -> bool:
        """Wait until the connection is closed from the other side, at most `bound` seconds."""
        self.socket.settimeout(bound)
        try:
            while self.socket.recv():
                pass
        except websocket.WebSocketTimeoutException:
            return False
        except (websocket.WebSocketException, OSError):
            return True
        return True


def _answers(message: dict[str, Any], question: dict[str, Any]) -> bool:
    return bool(message["parent_header"].get("msg_id") == question["header"]["msg_id"])


def _execution(code: str) -> dict[str, Any]:
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": "t",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}

"""The hub's local spawner: a workspace as a bubblewrap sandbox on this machine.

JupyterHub calls `SandboxSpawner`; the policy says what may start, `sandbox_command` what is inside, `running` starts
and ends it. There is no unsandboxed way to start (SBX-07), and every refusal is a `SpawnException`, since any other
exception counts as a failure of the hub. The sandbox dies with the hub (SBX-04).
"""

import asyncio
import os
import shutil
import subprocess
from typing import Any, ClassVar

import msgspec
from jupyterhub.httpclient import fetch
from jupyterhub.spawner import Spawner

from spawner.decided import WITHDRAWN, Decided, refusal
from spawner.homes import prepare_home
from spawner.limits import NICE, OOM_SCORE_ADJUSTMENT, resource_limits
from spawner.relay import HubRelay
from spawner.running import RunningSandbox, ask_to_end, end_sandbox
from spawner.sandbox_command import (
    HOME,
    HUB_SOCKET,
    LAB_EXTENSIONS,
    SERVER_ARGUMENTS,
    SandboxFailed,
    SandboxHost,
    isolation,
    misplaced,
    socket_url,
    workspace_environment,
)
from spawner.seccomp import UnknownArchitecture, seccomp_program
from spawner.starting import Launch, SandboxProcess, in_thread, start_sandbox
from spawner.storage import (
    DatasetProblem,
    Folders,
    Places,
    find_host,
    prepare_run_folder,
    socket_folder,
)
from spawner.strays import end_all_of
from spawner.workspace import Workspace

_STOP_SECONDS = 4.0


class SandboxSpawner(Decided, Spawner):  # type: ignore[misc]  # jupyterhub ships no types
    """One named server of one person, its name the request's (`dr-12`).

    The composition root sets `policy`, `profiles`, `places` and `host` (from `find_host`) on this class or a subclass,
    and gives that to `c.JupyterHub.spawner_class`. Do not override `start`, `stop` and `poll`: they keep the log
    and the machine in step.
    """

    places: ClassVar[Places]
    host: ClassVar[SandboxHost]

    _running: RunningSandbox | None = None
    _process: SandboxProcess | None = None
    _relay: HubRelay | None = None

    async def start(self) -> str:
        """Decide, start, and decide again before anyone can reach it (POL-02); the URL of the server's socket."""
        with self._committed():
            workspace = self._decide()
        self._started = workspace.seq
        try:
            url = await self._start_sandbox(workspace)
            if not self.policy.may_keep(workspace.person, workspace.request, workspace.seq):
                raise refusal("no_longer_allowed", WITHDRAWN)
        except BaseException as error:
            failed = self._failure(error)
            await self._finish("start_failed")
            raise failed from error
        return url

    def _failure(self, error: BaseException) -> BaseException:
        """What the person reads, as long as the end is not told, which is why it might not be kept."""
        if not isinstance(error, SandboxFailed | DatasetProblem | OSError):
            return error
        failed: BaseException = refusal("sandbox", f"the workspace could not be started: {error}", 503)
        if not self._may_keep():  # the warden was faster
            failed = refusal("no_longer_allowed", WITHDRAWN)
        return failed

    async def stop(self, now: bool = False) -> None:
        """Called by the hub, and by nothing here: SIGTERM, a bounded wait, SIGKILL.

        Raises TimeoutError where the end was not seen: it then still counts as running.
        """
        if self._running is not None and not now:
            await asyncio.to_thread(ask_to_end, self._running, _STOP_SECONDS)
        if not await self._finish("stopped"):
            raise TimeoutError(f"the end of {self._log_name} cannot be confirmed yet; the warden goes on trying")

    async def poll(self) -> int | None:
        """None while it runs and may; the end is carried out here where it may no longer (POL-03)."""
        if self._running is None:
            return 0
        if not self._running.alive():
            await self._finish("ended_by_itself" if self._process else "hub_stopped")
            return 1
        if self._may_keep():
            return None
        await self._finish("not_allowed")
        return 1

    def get_state(self) -> dict[str, Any]:
        """What outlives the hub's process: enough to see that the sandbox did not."""
        state: dict[str, Any] = super().get_state()
        if self._running is not None:
            state["sandbox"] = msgspec.to_builtins(self._running)
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Called at a start of the hub for servers that ran before it."""
        super().load_state(state)
        if "sandbox" in state:
            self._running = msgspec.convert(state["sandbox"], RunningSandbox)
            self._started = self._running.seq

    def clear_state(self) -> None:
        """Called by the hub after a stop and before a start."""
        super().clear_state()
        self._running = None

    def get_env(self) -> dict[str, str]:
        """What the server gets: the hub's names and addresses, nothing of the hub's own environment (SPW-11).

        The token is not in it; it goes to the server's process alone.
        """
        self.hub_connect_url = socket_url(HUB_SOCKET)
        given = {name: value for name, value in super().get_env().items() if name.startswith("JUPYTERHUB_")}
        del given["JUPYTERHUB_API_TOKEN"]
        return given | {
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:8888{self.server.base_url}",
            "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
            "JUPYTERHUB_ROOT_DIR": HOME,
            "JUPYTERHUB_DEFAULT_URL": "/lab",
        }

    async def _start_sandbox(self, workspace: Workspace) -> str:
        uid = self.places.host_uid(workspace)
        home = await in_thread(prepare_home, self.places, workspace, uid)
        if not await in_thread(end_all_of, self.places.run / workspace.user_name / workspace.server_name):
            raise SandboxFailed("what an earlier start left does not end; try again in a moment")
        folder = prepare_run_folder(self.places, workspace, uid)
        sockets = socket_folder(self.places, workspace)
        self._relay = HubRelay(self.hub.api_url, self.user.name, sockets / "hub.sock", uid)
        await self._relay.start()
        orders = self._orders(workspace, uid)
        folders = Folders(home, folder, sockets)
        self._process = await start_sandbox(Launch(workspace, self.host, self.places.datasets, folders, orders))
        self._running = self._process.running
        self._process.when_it_ends(self._died)
        return await self._until_ready(self._process, socket_url(sockets / "server.sock"))

    def _orders(self, workspace: Workspace, uid: int | None) -> dict[str, Any]:
        return {
            "uid": uid,
            "token": self.api_token,
            "environment": self.get_env() | workspace_environment(workspace, self.host.folders[0]),
            "arguments": [*SERVER_ARGUMENTS, f"--LabApp.extra_labextensions_path={LAB_EXTENSIONS}"],
            "limits": resource_limits(workspace.profile),
            "nice": NICE,
            "oom_score_adjustment": OOM_SCORE_ADJUSTMENT,
        }

    async def _until_ready(self, process: SandboxProcess, url: str) -> str:
        """Wait for the first answer or the end, whichever comes first; the hub's own wait then finds it ready.

        The socket listens before the server inside does, so one request simply waits in its queue.
        """
        self.server.connect_url = url  # the record in the hub's database cannot hold a socket's path
        answer = asyncio.ensure_future(fetch(f"{self.server.url}api", raise_for_status=False, allow_redirects=False))
        end = asyncio.ensure_future(process.ended.wait())
        try:
            await asyncio.wait({answer, end}, return_when=asyncio.FIRST_COMPLETED)
            if end.done() or answer.exception() is not None:
                self.log.error("sandbox of %s ended while it started: %s", self._log_name, process.log.tail())
                raise SandboxFailed("its server ended at once; the hub's log says why")
        finally:
            for task in (answer, end):
                task.cancel()
            await asyncio.wait({answer, end})  # which raises what cancels this start, and nothing of theirs
        return url

    def _died(self) -> None:
        """Called by the event loop when bubblewrap ends: cut the route now, not at the next poll."""
        if self._poll_callback is not None:
            self._after_death = asyncio.ensure_future(self.poll_and_notify())

    async def _finish(self, why: str) -> bool:
        """End whatever is left of the sandbox and tell the policy, once; False where its end was not seen.

        Its file then stays, by which the warden goes on.
        """
        if self._running is not None and not await in_thread(end_sandbox, self._running):
            self.log.error("sandbox %s does not end; the warden goes on trying", self._running.identifier)
            return False
        process, relay, self._process, self._relay = self._process, self._relay, None, None
        if process is not None:
            process.close()
        if relay is not None:
            await relay.stop()
        if self._running is not None:
            shutil.rmtree(self._running.folder, ignore_errors=True)
        self._tell_end(why)
        return True


def sandbox_problem() -> str | None:
    """Why no sandbox can run here, in one line with what to do; None where one can (SBX-07). Takes milliseconds."""
    try:
        host = find_host()
        seccomp_program()
    except (SandboxFailed, UnknownArchitecture) as error:
        return str(error)
    if folder := misplaced(host.folders):
        return f"python lies in `{folder}`, where a sandbox has folders of its own; install it somewhere else"
    links = [argument for target, link in host.links for argument in ("--symlink", target, link)]
    command = [host.bwrap, *isolation(os.geteuid() == 0), "--ro-bind", "/usr", "/usr", *links, "/usr/bin/true"]
    try:
        trial = subprocess.run(command, env={}, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap cannot be run: {error}"
    if trial.returncode == 0:
        return None
    said = trial.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
    return f"bubblewrap cannot make a sandbox ({said[0]}); allow user namespaces (sysctl user.max_user_namespaces, \
kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns) or start as root"

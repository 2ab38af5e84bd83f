"""The hub's spawner in a cluster: a workspace as a pod in its request's namespace.

`manifest.py` says what the pod is, KubeSpawner makes and watches it, `own_pod.py` keeps to this start's pod; here is
what keeps the log and the cluster in step. A pod outlives the hub, and is found again by its start.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import jupyterhub
import kubespawner
from jupyterhub.utils import exponential_backoff

from spawner import cluster_names as names
from spawner import pod_words as words
from spawner.decided import WITHDRAWN, refusal
from spawner.manifest import Cluster, Server, expected_pod
from spawner.own_pod import OwnPodSpawner
from spawner.pod_traits import baseline, pod_traits
from spawner.server_in_pod import environment
from spawner.storage import DatasetProblem
from spawner.workspace import Workspace

START_SECONDS = 280.0  # the hub itself gives up after 300
_MADE_BY = {
    "hub.jupyter.org/jupyterhub-version": jupyterhub.__version__,
    "hub.jupyter.org/kubespawner-version": kubespawner.__version__,
}


class ClusterSpawner(OwnPodSpawner):
    """The composition root sets `policy`, `profiles`, `cluster` and `now` (UTC) on this class or a subclass."""

    cluster: ClassVar[Cluster]
    now: ClassVar[Callable[[], datetime]]

    _workspace: Workspace | None = None  # while it starts
    _seen = False  # whether its pod was seen while it starts

    async def load_user_options(self) -> None:
        """Called by KubeSpawner first in each start: decide, and set everything anew (SPW-03)."""
        self._started, self._made, self._seen = None, False, False
        with self._committed():
            self._expect(self._decide())
        await exponential_backoff(self._place, "no place", timeout=self.k8s_api_request_retry_timeout)

    def _expect(self, workspace: Workspace) -> None:
        """Set everything as it was decided, and keep which start this is."""
        self._workspace = workspace
        self._started, self._installation = workspace.seq, workspace.installation
        self._set(baseline(self.cluster) | {"port": names.PORT})
        server = Server(super().get_env(), _MADE_BY)
        try:
            self._expected = expected_pod(workspace, self.cluster, server, type(self).now())
            self._set(pod_traits(self._expected))
        except (DatasetProblem, ValueError) as error:
            raise refusal("dataset", f"the workspace could not be started: {error}", 503) from error
        self.pod_name = self._expected["metadata"]["name"]
        self._keep_start()

    def get_env(self) -> dict[str, str]:
        """Called by KubeSpawner for the pod: nothing but what the decision and the hub say (SPW-11)."""
        given: dict[str, str] = super().get_env()
        return given if self._workspace is None else environment(self._workspace, self.cluster.python, given)

    async def _start(self) -> str:
        """Called by KubeSpawner's `start`: decide, make, and decide again before anyone can reach it (POL-02)."""
        try:
            async with asyncio.timeout(START_SECONDS):
                url: str = await super()._start()
            await self.release("events")
            _check_not_cancelled()
            self._check_kept()  # with no await behind it
        except BaseException as error:
            failed = self._failure(error)
            await self._finish(getattr(failed, "reason", "start_failed"))
            raise failed from error
        finally:
            self._workspace = self._expected = self._trouble = None
            await self.release("events")
        return url

    async def stop(self, now: bool = False) -> None:
        """Called by the hub. Raises TimeoutError where the end was not seen: it then still counts as running."""
        if not await self._finish("stopped", now):
            raise TimeoutError(f"the end of {self._log_name} cannot be confirmed yet; the warden goes on trying")

    async def poll(self) -> int | None:
        """None while it runs and may, or while the cluster does not answer; ends it where it may no longer (POL-03)."""
        if self._started is None or self._workspace is not None:
            return 0 if self._started is None else None
        if not self._may_keep():
            await self._finish("not_allowed")
            return 1
        try:
            await self._start_watching_pods()
            pod = await self._own()
            if pod is None and self._seen:
                return 1  # it vanished: the warden tells its end, and whether its node is there to confirm it (FLT-05)
            over = words.GONE if pod is None else words.ended(pod)
            if pod is not None and over is None and await super().poll() is None:
                return 1 if "deletionTimestamp" in pod["metadata"] else None  # the warden sees its end
        except Exception as error:  # upstream's watch raises whatever its answer was made of
            self.log.warning("the cluster does not answer about %s: %r", self._log_name, error)
            return None
        await self._finish((over or words.GONE).code)
        return 1

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Called by the hub for the page of who waits."""
        said = None
        while self._start_future is None or not self._start_future.done():
            percent, message = (10, self._trouble.words) if self._trouble else words.phase(self.pod_now(), self.events)
            if message != said:
                yield {"progress": percent, "message": message}
            said = message
            await asyncio.sleep(1)

    def is_pod_running(self, pod: dict[str, Any] | None) -> bool:
        """Called by KubeSpawner again and again while it waits: no reason to wait for what has ended."""
        if self._workspace is not None:
            if not self._may_keep():
                raise refusal("no_longer_allowed", WITHDRAWN)
            wrong = words.TAKEN if pod is not None and not self.is_this_start(pod) else pod and words.ended(pod)
            if wrong or (pod is None and self._seen):
                raise refusal((wrong or words.GONE).code, (wrong or words.GONE).words, 503)
            self._seen = pod is not None
        return bool(super().is_pod_running(pod))

    def _set(self, traits: Mapping[str, Any]) -> None:
        for name, value in traits.items():
            setattr(self, name, value)

    async def _finish(self, why: str, now: bool = True) -> bool:
        """End what is left and tell the policy, once it was seen to be gone."""
        gone = await self._is_gone(now)
        if gone:
            self._tell_end(why)
        await self.release("pods")
        return gone


def _check_not_cancelled() -> None:
    """Raise what was asked for: `asyncio.wait_for` keeps a cancellation to itself where its answer is there already."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError

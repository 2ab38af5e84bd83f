"""KubeSpawner's two requests about a pod, made safe: only the decided pod is sent, only this start's is ended.

A pod that exists is this start's by its labels or it is nobody's here: never adopted, never ended. An answer that may
pass by itself is asked for again for a while, with words for who waits; what is sent is compared each time (SPW-10).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError
from jupyterhub.spawner import SpawnException
from kubernetes_asyncio.client import ApiException, V1DeleteOptions, V1Pod, V1Preconditions
from traitlets import default

from spawner import cluster_names as names
from spawner import pod_words as words
from spawner.decided import WITHDRAWN, Decided, refusal
from spawner.manifest import difference
from spawner.reflectors import WatchingSpawner

STOP_SECONDS = 30.0
SHORTEST_GRACE = 1
NO_ANSWER = (ApiException, ClientError, OSError, TimeoutError)


def _refused(trouble: words.Trouble) -> SpawnException:
    return refusal(trouble.code, trouble.words, 503)


class OwnPodSpawner(Decided, WatchingSpawner):
    """What a start expects to be sent, and what is known of its pod."""

    _expected: dict[str, Any] | None = None
    _installation = ""
    _made = False  # whether there may be a pod of this start
    _trouble: words.Trouble | None = None  # why it is not made yet

    @default("start_timeout")
    def _five_minutes(self) -> int:
        return 300

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: int) -> bool:
        """Called by KubeSpawner until it is true: compare, then ask for the pod. False: try again."""
        pod.metadata.namespace = self.namespace
        differing = difference(self.api.api_client.sanitize_for_serialization(pod), self._expected)
        if differing:
            self.log.error("pod of %s is not what was decided: %s", self._log_name, ", ".join(differing[:20]))
            raise _refused(words.DIFFERS)
        before, self._made = self._made, True  # whatever the answer says or hides
        try:
            await asyncio.wait_for(self.api.create_namespaced_pod(self.namespace, pod), request_timeout)
        except ApiException as error:
            self._made = before or error.status >= 500
            return await self._not_made(error)
        except (ClientError, OSError, TimeoutError):
            self._trouble = words.SILENT
            return False
        self._trouble = None
        return True

    async def _not_made(self, error: ApiException) -> bool:
        if error.status == 409:
            return await self._existing()
        self.log.warning("no pod for %s yet: %s %s", self._log_name, error.status, error.body)
        self._trouble = words.refused_creation(error.status, str(error.body))
        if not self._trouble.again:
            raise _refused(self._trouble)
        return False

    async def _existing(self) -> bool:
        """A pod of this name is there: made by a request whose answer was lost, by an earlier start, or by others."""
        try:
            pod = await self._read()
        except NO_ANSWER:
            return False
        if pod is None:
            return False
        if self.is_this_start(pod):
            self._made, self._trouble = True, None
            return True
        if not self._has(pod, names.person_labels(*self._whose())):
            raise _refused(words.TAKEN)
        self._trouble = words.ENDING
        return False

    async def _make_delete_pod_request(
        self, pod_name: str, delete_options: V1DeleteOptions, grace_seconds: int, request_timeout: int
    ) -> bool:
        """Called by KubeSpawner until it is true; by its uid, so that no other of that name is ended.

        Never at once: the API would take the object away without the node's word, which confirms nothing (FLT-05).
        """
        delete_options.grace_period_seconds = grace_seconds = max(SHORTEST_GRACE, grace_seconds)
        try:
            pod = await asyncio.wait_for(self._own(), request_timeout)
            if pod is None:
                return True
            delete_options.preconditions = V1Preconditions(uid=pod["metadata"]["uid"])
            asked: bool = await super()._make_delete_pod_request(
                pod_name, delete_options, grace_seconds, request_timeout
            )
        except ApiException as error:
            if error.status != 429 and error.status < 500:
                if error.status == 409:  # the name is another pod's by now
                    return True
                raise
            return False
        except NO_ANSWER:
            return False
        return asked

    async def _is_gone(self, now: bool) -> bool:
        """End the pod of this start, if there is one; whether it was seen to be gone."""
        if not self._made:
            return True
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._start_watching_pods()
                if await self._own() is not None:
                    await super().stop(now)
        except Exception as error:  # upstream's watch raises whatever its answer was made of
            self.log.error("cannot confirm the end of %s: %r", self._log_name, error)
            return False
        return True

    async def _place(self) -> bool:
        """Whether the hub may look into the request's namespace: the warden makes both, it may take a moment."""
        watches = self._start_watching_pods(), self._start_watching_events()
        failed = next(
            (one for one in await asyncio.gather(*watches, return_exceptions=True) if isinstance(one, Exception)), None
        )
        refused = isinstance(failed, ApiException) and failed.status in (403, 404)
        self._trouble = None if failed is None else words.PLACE if refused else words.SILENT
        return failed is None

    def _keep_start(self) -> None:
        """Keep which start this is: a hub that dies before it is over finds its pod again, or that none is."""
        self.orm_spawner.state = self.get_state()

    def get_state(self) -> dict[str, Any]:
        """What outlives the hub's process beside KubeSpawner's names: which start this is."""
        start = {} if self._started is None else {"start": [self._installation, self._started]}
        return dict(super().get_state()) | start

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Called at a start of the hub for servers that ran before it."""
        super().load_state(state)
        if "start" in state:
            (self._installation, self._started), self._made = state["start"], True

    def clear_state(self) -> None:
        """Called by the hub after a stop and before a start."""
        super().clear_state()
        self._started = None

    async def _read(self) -> dict[str, Any] | None:
        """The pod of this name as it is; None where there is none. Raises what `NO_ANSWER` names."""
        try:
            found = await self.api.read_namespaced_pod(self.pod_name, self.namespace)
        except ApiException as error:
            if error.status != 404:
                raise
            return None
        pod: dict[str, Any] = self.api.api_client.sanitize_for_serialization(found)
        return pod

    async def _own(self) -> dict[str, Any] | None:
        """This start's pod as last heard of, or as it is where the watch is late; None where there is none."""
        heard = self.pod_now()
        pod = heard if heard is not None and self.is_this_start(heard) else await self._read()
        return pod if pod is not None and self.is_this_start(pod) else None

    def pod_now(self) -> dict[str, Any] | None:
        """The pod of this name as last heard of."""
        reflector = self.pod_reflector
        return None if reflector is None else reflector.pods.get(f"{self.namespace}/{self.pod_name}")

    def is_this_start(self, pod: dict[str, Any]) -> bool:
        """Whether a pod says of itself that it is of this very start."""
        return self._has(pod, names.pod_labels(*self._whose(), self._started or 0))

    def _failure(self, error: BaseException) -> BaseException:
        """The refusal that the person reads, whatever happened; what cancels a start stays what it is."""
        if isinstance(error, SpawnException) or not isinstance(error, Exception):
            return error
        self.log.error("start of %s failed: %r", self._log_name, error)
        otherwise = words.SLOW if isinstance(error, TimeoutError) else words.SILENT
        trouble = self._trouble or words.trouble(self.pod_now(), self.events) or otherwise
        failed: BaseException = refusal(trouble.code, trouble.words, 503)
        if self._started is not None and not self._may_keep():
            failed = refusal("no_longer_allowed", WITHDRAWN)
        return failed

    def _whose(self) -> tuple[str, str, str]:
        return self._installation, self.name.upper(), self.user.name.upper()

    @staticmethod
    def _has(pod: dict[str, Any], labels: dict[str, str]) -> bool:
        return labels.items() <= (pod["metadata"].get("labels") or {}).items()

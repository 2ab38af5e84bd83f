"""From the click to the first cell, in its parts, as a watch of the pod and the test itself see them.

Numbers to look at, printed by the test of the whole (`pytest -s`); nothing asserts them.
"""

import threading
import time

from tests.cluster.api import Api, Thing

_CONDITIONS = {"PodScheduled": "scheduled", "PodReadyToStartContainers": "data and home mounted"}
_BOUND = 60


class Click:
    """Seconds since the click at which each part was seen to be done."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        version = str(api.read(self._path)["metadata"]["resourceVersion"])
        self._seen: dict[str, float] = {}
        self._thread = threading.Thread(target=self._watch, args=(api, version), daemon=True)
        self._thread.start()
        self._begun = time.monotonic()

    def done(self, part: str) -> None:
        """A part is done; the first time counts."""
        self._seen.setdefault(part, time.monotonic() - self._begun)

    def __str__(self) -> str:
        """Return one line: each part, and the seconds since the one before."""
        self._thread.join(_BOUND)
        parts, before = [], 0.0
        for part, at in sorted(self._seen.items(), key=lambda item: item[1]):
            parts.append(f"{part} {at - before:.2f}")
            before = at
        return f"click to first cell {before:.2f} s: {', '.join(parts)}"

    def _watch(self, api: Api, version: str) -> None:
        for event in api.watch(self._path, version, _BOUND):
            if self._look(event["object"].get("status", {})):
                return

    def _look(self, status: Thing) -> bool:
        """Take note of what a pod has come to; say whether its container runs."""
        self.done("decided and made")
        for condition in status.get("conditions") or []:
            if condition["status"] == "True" and condition["type"] in _CONDITIONS:
                self.done(_CONDITIONS[condition["type"]])
        running = any("running" in each["state"] for each in status.get("containerStatuses") or [])
        if running:
            self.done("container started")
        return running

"""From the click to the first cell, in its parts, as a watch of the pod, the log and the test itself see them.

Numbers to look at (`pytest -s`); nothing asserts them.
"""

import statistics
import threading
import time
from collections.abc import Iterable
from datetime import datetime

from tests.cluster.api import Api, Thing

_CONDITIONS = {"PodScheduled": "scheduled", "PodReadyToStartContainers": "mounted"}
_BOUND = 60
PARTS = ("decided", "made", "scheduled", "mounted", "container started", "server reached", "kernel started",
         "first cell")  # fmt: skip


class Click:
    """Seconds since the click at which each part was seen to be done."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        version = str(api.read(self._path)["metadata"]["resourceVersion"])
        self._seen: dict[str, float] = {}
        self._thread = threading.Thread(target=self._watch, args=(api, version), daemon=True)
        self._thread.start()
        self._begun, self._clock = time.monotonic(), time.time()

    def done(self, part: str) -> None:
        """A part is done; the first time counts."""
        self._seen.setdefault(part, time.monotonic() - self._begun)

    def decided(self, at: str) -> None:
        """The log says when it was decided."""
        self._seen["decided"] = max(0.0, datetime.fromisoformat(at).timestamp() - self._clock)

    @property
    def parts(self) -> dict[str, float]:
        """Each part, with the seconds since the one before, and the sum."""
        self._thread.join(_BOUND)
        found, before = {}, 0.0
        for part, at in sorted(self._seen.items(), key=lambda item: item[1]):
            found[part], before = at - before, at
        return found | {"all": before}

    def __str__(self) -> str:
        """Return one line."""
        parts = self.parts
        return f"click to first cell {parts.pop('all'):.2f} s: {', '.join(f'{k} {v:.2f}' for k, v in parts.items())}"

    def _watch(self, api: Api, version: str) -> None:
        for event in api.watch(self._path, version, _BOUND):
            if self._look(event["object"].get("status", {})):
                return

    def _look(self, status: Thing) -> bool:
        """Take note of what a pod has come to; say whether its container runs."""
        self.done("made")
        for condition in status.get("conditions") or []:
            if condition["status"] == "True" and condition["type"] in _CONDITIONS:
                self.done(_CONDITIONS[condition["type"]])
        running = any("running" in each["state"] for each in status.get("containerStatuses") or [])
        if running:
            self.done("container started")
        return running


def table(clicks: dict[str, Iterable[Click]]) -> list[str]:
    """A line for each part: the seconds of the middle one of several clicks, side by side."""
    parts = {name: [each.parts for each in some] for name, some in clicks.items()}
    lines = [f"{'seconds, click to first cell':30}" + "".join(f"{name:>14}" for name in parts)]
    for part in (*PARTS, "all"):
        middles = [[one[part] for one in some if part in one] for some in parts.values()]
        columns = [f"{statistics.median(each):14.2f}" if each else f"{'-':>14}" for each in middles]
        lines.append(f"{part:30}{''.join(columns)}")
    return lines

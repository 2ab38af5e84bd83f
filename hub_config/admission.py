"""Is the cluster's admission policy at work? Seen by a pod that it has to refuse, sent as a dry run (DAT-15).

After the policy was made or changed the API server lets pods pass for a moment, so nothing is believed about it that
was not seen lately. The hub sees it with its own account, right before a pod is sent. The pod is one that Pod Security
would take, so that a refusal is the policy's own. Nothing here decides who may start a workspace.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

POLICY = "sluis-workspace-pods"
FRESH = 60.0
"""Seconds for which it is believed what was seen."""

PROBED = 4.0
"""Seconds in which a probe is answered; the chart gives it five."""

_REFUSED = re.compile(rf"ValidatingAdmissionPolicy '{POLICY}'[^:]{{0,300}} denied request")


class Seen(StrEnum):
    """What became of the pod."""

    REFUSED = "refused"  # by the policy: it is at work
    LET_IN = "let in"
    NO_WAY = "no way"  # no namespace, or no right to make pods in it: nothing is let in there, and nothing is known


Send = Callable[[str], Awaitable[tuple[int, str]]]
"""Sends the pod to a namespace as a dry run; returns status and body of the answer. Raises OSError for none."""


def probe_pod() -> dict[str, Any]:
    """Return a pod that any cluster would take and the policy must not: no label of ours, no image of ours."""
    security = {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    small = {"cpu": "1m", "memory": "1Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "sluis-probe"},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "probe",
                    "image": "sluis.invalid/probe:never",
                    "securityContext": security,
                    "resources": {"limits": small, "requests": small},
                }
            ],
        },
    }  # fmt: skip


def seen(status: int, body: str) -> Seen:
    """Say what an answer means. A refusal by anything else than the policy says nothing of the policy."""
    if status < 300:
        return Seen.LET_IN
    return Seen.REFUSED if _REFUSED.search(body) else Seen.NO_WAY


class Admission:
    """What one hub has seen of the policy. `monotonic` gives seconds."""

    def __init__(self, send: Send, monotonic: Callable[[], float], probed: float = PROBED) -> None:
        self._send = send
        self._probed = probed
        self._monotonic = monotonic
        self._refused_at: dict[str, float] = {}  # by namespace: a label binds the policy to each
        self._ready = False

    async def look(self, namespace: str) -> Seen:
        """Say what the policy does in a namespace, from what was seen within a minute. Raises OSError for no answer."""
        now = self._monotonic()
        self._refused_at = {name: at for name, at in self._refused_at.items() if now - at < FRESH}
        if namespace in self._refused_at:
            return Seen.REFUSED
        found = seen(*await self._send(namespace))
        if found is Seen.REFUSED:
            self._refused_at[namespace] = self._monotonic()
        return found

    async def ready(self, namespaces: Callable[[], list[str]]) -> bool:
        """Say whether the hub may be asked for workspaces; once it may, a silent API does not take it out of service.

        Where it can make pods in none of the namespaces there is nothing that a policy would have to refuse. What
        was seen before the time was over counts for the next probe.
        """
        if not self._ready:
            try:
                async with asyncio.timeout(self._probed):
                    found = [await self.look(one) for one in namespaces()]
            except OSError:
                return False
            self._ready = Seen.LET_IN not in found
        return self._ready

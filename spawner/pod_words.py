"""What the cluster says of a pod, in words for who waits for it: how far it is, or what is wrong and what to do.

Pure: a pod and its events as the API server gives them, a phase or a `Trouble` out. The cluster's own sentences are
not repeated: they name machines, buckets and other people's objects. The hub's log has them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Pod = Mapping[str, Any]


class Trouble(msgspec.Struct, frozen=True):
    """A reason code, and a sentence that ends with what to do; `again`: it may pass by itself."""

    code: str
    words: str
    again: bool = False


_DESK = "tell the help desk"
_LATER = "try again in a few minutes"

GONE = Trouble("pod_gone", "the workspace was ended while it started; start it again")
TAKEN = Trouble("name_taken", f"something else stands where your workspace should be, and is not touched; {_DESK}")
DIFFERS = Trouble("pod_differs", f"the workspace would not have been what was decided, so it was not started; {_DESK}")
SLOW = Trouble("start_too_slow", f"the workspace did not start within five minutes; {_LATER}, then {_DESK}")
SILENT = Trouble("cluster_silent", f"the cluster does not answer just now, and nothing was started; {_LATER}", True)
ENDING = Trouble("still_ending", f"your earlier workspace has not ended yet; {_LATER}", True)
PLACE = Trouble("place_missing", f"the place of your workspace is being made; {_LATER}", True)

_WAITING = {
    "ImagePullBackOff": Trouble("image_missing", f"the workspace's software cannot be fetched; {_DESK}", True),
    "CreateContainerError": Trouble("container_refused", f"the machine cannot set up the workspace; {_DESK}", True),
}
_WAITING |= {"ErrImagePull": _WAITING["ImagePullBackOff"], "ErrImageNeverPull": _WAITING["ImagePullBackOff"]}
_WAITING |= {"InvalidImageName": _WAITING["ImagePullBackOff"], "RunContainerError": _WAITING["CreateContainerError"]}
_WAITING |= {"CreateContainerConfigError": _WAITING["CreateContainerError"]}

_POD_REASONS = {
    "Evicted": Trouble("evicted", "its machine ran short and had to end the workspace; start it again"),
    "DeadlineExceeded": Trouble(
        "time_over", "the time granted for this workspace is over; your requests say until when"
    ),
    "NodeLost": Trouble("node_lost", f"the machine of the workspace does not answer; {_LATER}", True),
    "NodeShutdown": Trouble("node_shut_down", "the machine of the workspace was shut down; start it again"),
    "Preempting": Trouble("preempted", "its machine was needed for something else; start it again"),
}
_POD_REASONS |= {"Terminated": _POD_REASONS["NodeShutdown"], "Shutdown": _POD_REASONS["NodeShutdown"]}
_MEMORY = Trouble("out_of_memory", "it used more memory than its size allows; start a larger one, or load less at once")
_ENDED = Trouble("server_ended", f"its server ended by itself; start it again, and if it ends again {_DESK}")
_EVENTS = {
    "FailedMount": Trouble("mount_failed", f"the data or the home cannot be attached; {_LATER}, then {_DESK}", True),
    "FailedScheduling": Trouble(
        "no_machine", f"no machine has room for this size; {_LATER}, or choose a smaller one", True
    ),
}
_EVENTS |= {"FailedAttachVolume": _EVENTS["FailedMount"], "FailedMapVolume": _EVENTS["FailedMount"]}
_QUOTA = Trouble(  # one pod for each person: no smaller size makes room, and nobody can end another's
    "quota_reached",
    f"the cluster still counts an earlier workspace of this request, or has no room for one; {_LATER}, then {_DESK}",
    True,
)
_DENIED = Trouble(
    "denied_by_admission",
    f"the cluster does not let this workspace in under what is granted; {_LATER}, then {_DESK}",
    True,
)
_BUSY = Trouble("cluster_busy", f"the cluster has too much to do; {_LATER}", True)
_REFUSED = Trouble("pod_refused", f"the cluster refuses the workspace as it is; {_DESK}")

_ALONE = (GONE, TAKEN, DIFFERS, SLOW, SILENT, ENDING, PLACE, _MEMORY, _ENDED, _QUOTA, _DENIED, _BUSY, _REFUSED)
_EVERY = (*_ALONE, *_WAITING.values(), *_POD_REASONS.values(), *_EVENTS.values())
TOLD: Mapping[str, str] = {one.code: one.words for one in _EVERY}
"""The words of each code: on record is the code alone."""


def refused_creation(status: int, said: str) -> Trouble:
    """Why the API server did not make a pod; `said` is its answer's text."""
    if status == 404 or "no params found" in said or 'cannot create resource "pods"' in said:
        return PLACE
    if status == 403:
        return _QUOTA if "exceeded quota" in said else _DENIED
    return _BUSY if status == 429 or status >= 500 else _REFUSED


def ended(pod: Pod) -> Trouble | None:
    """Why a pod is over; None while it is not."""
    status = pod.get("status", {})
    terminated = [one for one in map(_terminated, _containers(status, "containerStatuses")) if one]
    if status.get("phase") not in ("Failed", "Succeeded") and not terminated:
        return None
    if status.get("reason") in _POD_REASONS:
        return _POD_REASONS[status["reason"]]
    return _MEMORY if any(one.get("reason") == "OOMKilled" for one in terminated) else _ENDED


def trouble(pod: Pod | None, events: Iterable[Mapping[str, Any]]) -> Trouble | None:
    """What keeps a pod from running, the pod's own word before that of its events; None where nothing does."""
    if pod is None:
        return None
    status = pod.get("status", {})
    over = ended(pod)
    if over is not None or status.get("reason") in _POD_REASONS:
        return over or _POD_REASONS[status["reason"]]
    every = _containers(status, "initContainerStatuses") + _containers(status, "containerStatuses")
    waiting = [one.get("state", {}).get("waiting", {}).get("reason", "") for one in every]
    found = next((_WAITING[reason] for reason in waiting if reason in _WAITING), None)
    return found or _by_events(status, [one.get("reason") or "" for one in events])


def phase(pod: Pod | None, events: Iterable[Mapping[str, Any]]) -> tuple[int, str]:
    """How far a start is, in percent and words."""
    if pod is None:
        return 10, "Asking the cluster for a place"
    seen = list(events)
    wrong = trouble(pod, seen)
    percent, words = _healthy(pod.get("status", {}), [one.get("reason") or "" for one in seen])
    return percent, f"{words}: {wrong.words}" if wrong else words


def _healthy(status: Mapping[str, Any], reasons: list[str]) -> tuple[int, str]:
    if not _is(status, "PodScheduled"):
        return 20, "Scheduling: looking for a machine with room"
    if status.get("phase") == "Running":
        return 85, "Starting your server"
    if "Pulling" in reasons and "Pulled" not in reasons:
        return 60, "Fetching the workspace's software"
    return (70, "Starting your server") if "Started" in reasons else (45, "Mounting your data and your home")


def _by_events(status: Mapping[str, Any], reasons: list[str]) -> Trouble | None:
    """Events tell of what was: scheduling counts until there is a machine, mounting until a container was made."""
    scheduled, running = _is(status, "PodScheduled"), status.get("phase") == "Running" or "Created" in reasons
    counted = [reason for reason in reasons if not running and (reason == "FailedScheduling") != scheduled]
    return next((_EVENTS[reason] for reason in reversed(counted) if reason in _EVENTS), None)


def _is(status: Mapping[str, Any], condition: str) -> bool:
    return any(one.get("type") == condition and one.get("status") == "True" for one in status.get("conditions") or ())


def _containers(status: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(status.get(name) or ())


def _terminated(container: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = container.get("state", {}).get("terminated") or {}
    return found

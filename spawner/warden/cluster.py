"""The machine that is a cluster: workspaces are pods, in a namespace for each request.

It knows pods by their labels, whoever made them; what it remembers saves calls only, but for two things: on which node
a start was last seen, for a pod that vanishes with its node has not ended (FLT-05), and why a pod was over, for the hub
may delete it before it tells. What is in doubt goes on record.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta

from access_policy.state import State, WorkspaceKey
from spawner import cluster_names as names
from spawner.manifest import END_SECONDS
from spawner.pod_words import ended
from spawner.warden.api import Api, Key, Object, key_of
from spawner.warden.fit import ever_given, misfit
from spawner.warden.grants import Site
from spawner.warden.machine import Running, Work
from spawner.warden.places import Places
from spawner.warden.plan import key_of as workspace_key

SWEEP = 60.0
"""Seconds after which pods without our labels are looked for in our namespaces, too."""

LEFT_LYING = 60.0
"""Seconds in which a pod that is over is the hub's to clear away, which looks in that time and tells the person."""

CLEARED = END_SECONDS + 55.0
"""Seconds after which a node that came back has surely ended what has no pod any more (kubelet's own are two)."""

_LOGGER = logging.getLogger("sluis.warden")


class ClusterMachine:
    """The `Machine` of `machine.py` over the cluster's API."""

    start_bound = timedelta(seconds=330)
    """A start is given up after 300 seconds by the hub."""
    routes_first = True

    def __init__(self, api: Api, site: Site, installation: str, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._site = site
        self._installation = installation
        self._monotonic = monotonic
        self._places = Places(api, site, installation, monotonic)
        self._pods: dict[int, Object] = {}
        self._nodes: dict[int, str] = {}
        self._back: dict[int, float] = {}
        self._over: dict[int, tuple[str, float]] = {}
        self._sweep = 0.0

    def running(self) -> Mapping[int, Running]:
        """Return the pods of workspaces, also those that nobody knows of and those of another's making (FLT-07)."""
        selector = f"{names.INSTALLATION}={self._installation},{names.PART}={names.WORKSPACE}"
        pods = {key_of(one): one for one in self._api.list("Pod", selector)}
        if self._monotonic() >= self._sweep:
            strays = self._strays(pods)
            self._sweep = self._monotonic() + (0.0 if strays else SWEEP)
            pods |= strays
        self._pods = dict(self._numbered(pods.values()))
        self._nodes |= {start: node for start, one in self._pods.items() if (node := one["spec"].get("nodeName"))}
        over = {start: why.code for start, one in self._pods.items() if (why := ended(one)) is not None}
        self._over = {start: (code, self._monotonic()) for start, code in over.items()} | self._over
        return {start: Running(_whose(one), str(key_of(one))) for start, one in self._pods.items()}

    def unfit(self, state: State, /) -> Collection[int]:
        """Return the starts whose pods are not what they were given (DAT-13, DAT-15), or are over and left lying."""
        known = {one.seq: one for one in state.workspaces.values()}
        self._nodes = {start: node for start, node in self._nodes.items() if start in known}
        self._back = {start: since for start, since in self._back.items() if start in known}
        self._over = {start: seen for start, seen in self._over.items() if start in known}
        found = {start for start in self._over.keys() & self._pods.keys() if self._lies(start)}
        for start in known.keys() & self._pods.keys():
            problem = misfit(self._pods[start], known[start], ever_given(state, known[start]))
            if problem is not None:
                _LOGGER.error("ending %s: %s", key_of(self._pods[start]), problem)
                found.add(start)
        return found

    def causes(self) -> Mapping[int, str]:
        """Return the code of `pod_words` by which each start was seen to be over."""
        return {start: code for start, (code, _) in self._over.items()}

    def end(self, start: int, /) -> bool:
        """Delete exactly this pod, with the same short grace for all; never at once, which would confirm nothing."""
        pod = self._pods[start]
        metadata = pod["metadata"]
        if metadata.get("deletionTimestamp") and (metadata.get("deletionGracePeriodSeconds") or 0) <= END_SECONDS:
            return False
        return not self._api.delete(pod, END_SECONDS)

    def doubt(self, start: int, node: str | None, /) -> str | None:
        """Return the node of a start while that node is neither there, and has been a minute, nor gone for good."""
        where = node or self._nodes.get(start)
        found = self._api.get(Key("Node", "", where)) if where else None
        if found is None:
            return None
        if not _answers(found):
            self._back.pop(start, None)
            return where
        if node is None:
            return None
        return where if self._monotonic() - self._back.setdefault(start, self._monotonic()) < CLEARED else None

    def prepare(self, state: State, at: datetime, /) -> Work:
        """Return the next pass over the places of all requests."""
        return self._places.prepare(state, at)

    def not_ready(self) -> list[str]:
        """Return why nobody should rely on this warden yet, one line each; asks nobody."""
        lines = [] if self._places.passed else ["the places of requests were not all looked at yet"]
        return lines if self._places.locks.stand else [*lines, "the admission policies were not seen to stand"]

    @property
    def told(self) -> frozenset[str]:
        """Return what is wrong in the cluster and not the warden's to mend, one line each."""
        return self._places.told

    def _lies(self, start: int) -> bool:
        return self._monotonic() - self._over[start][1] >= LEFT_LYING

    def _strays(self, known: Mapping[Key, Object]) -> dict[Key, Object]:
        """Return the pods in our namespaces that do not say that they are workspaces of ours."""
        ours = self._api.list("Namespace", f"{names.INSTALLATION}={self._installation},{names.REQUEST}")
        spaces = {one["metadata"]["name"] for one in ours}
        if not spaces:
            return {}
        pods = {key_of(one): one for one in self._api.list("Pod")}
        return {key: one for key, one in pods.items() if key.namespace in spaces and key not in known}

    def _numbered(self, pods: Collection[Object]) -> Iterator[tuple[int, Object]]:
        """Give each pod the number of its start, or one below zero where it has none, or one that is taken."""
        taken: set[int] = set()
        for below, one in enumerate(pods, 1):
            start = self._start_of(one)
            number = -below if start is None or start in taken else start
            taken.add(number)
            yield number, one

    def _start_of(self, pod: Object) -> int | None:
        """Return the start that a pod names, if all else that it says of itself fits its place and its name."""
        labels = pod["metadata"].get("labels") or {}
        person, request = _whose(pod)
        try:
            place = Key("Pod", names.namespace(request, self._site.prefix), names.pod(person))
            start = int(labels.get(names.START, ""))
            expected = names.pod_labels(self._installation, request, person, start)
        except ValueError:
            return None
        return start if start > 0 and key_of(pod) == place and expected.items() <= labels.items() else None


def _whose(pod: Object) -> WorkspaceKey:
    labels = pod["metadata"].get("labels") or {}
    return workspace_key(f"P-{labels.get(names.PERSON, '')}", f"DR-{labels.get(names.REQUEST, '')}")


def _answers(node: Object) -> bool:
    """Say whether a node's own program reported lately that it is ready: it then ends what has no pod any more."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)

"""What a warden tells Prometheus at `/metrics`, on the port of its probes: never to browsers, and of nobody by name.

Endings are counted from the whole log as it is folded, so a warden that starts anew, or takes over, tells the same;
refusals from the observations since its own start. A label holds a code that the program wrote, never a person, a
request or free text.
"""

import re

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from access_policy import events as e
from access_policy.commands.workspaces import ground_lost
from access_policy.events import Fact
from access_policy.log.errors import LogError
from access_policy.state import State, Workspace
from access_policy.use_cases import Policy

BUCKETS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900)
"""Seconds; ten is the promise for facts, sixty for the clock (DAT-04)."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_MOST_CODES = 200
_STATES = ("running", "stopping", "ending", "unconfirmed")


class Metrics:
    """One warden's metrics. `look` reads what is new; whoever asks for the text reads nothing."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._observations: int | None = None
        self._codes: set[str] = set()
        self.registry = CollectorRegistry()
        self._ends = Histogram(
            "sluis_end_seconds", "From the cause of a workspace's end to the end on record", ["reason"],
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._workspaces = self._gauge("sluis_workspaces", "Workspaces that the log knows, by state", "state")
        self._refusals = self._counter("sluis_refusals", "Refused workspaces, logins and commands", "what", "reason")
        self._errors = self._counter("sluis_reconcile_errors", "Looks at which a warden could not do its work", "kind")
        self._acts = self._gauge("sluis_warden_acts", "Whether this warden holds the lease")
        self._silent = self._gauge("sluis_log_silent_seconds", "How long the log has not answered")
        policy.follow(self._take)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def failed(self, kind: str) -> None:
        """Count that something could not be done at a look."""
        self._errors.labels(kind).inc()

    def look(self, acts: bool, silent_seconds: float) -> None:
        """Read what is new; where the log does not answer the next look does."""
        self._acts.set(acts)
        self._silent.set(silent_seconds)
        try:
            self._read()
        except LogError:
            return

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def _take(self, _state: State, fact: Fact) -> None:
        if isinstance(fact.event, e.WorkspaceEnded) and fact.event.after_ms is not None:
            self._ends.labels(self._code(fact.event.why)).observe(fact.event.after_ms / 1000)

    def _read(self) -> None:
        self._read_observations()
        with self._policy.reading() as state:
            self._count(state)

    def _read_observations(self) -> None:
        newest = self._policy.store.observation_head().size
        before = newest if self._observations is None else self._observations
        self._observations = before
        if newest == before:
            return
        for one in self._policy.store.observations_since(before):
            self._observations = one.seq
            found = _refused(one.event)
            if found is not None:
                self._refusals.labels(found[0], self._code(found[1])).inc(found[2])

    def _count(self, state: State) -> None:
        now, counts = self._policy.now(), dict.fromkeys(_STATES, 0)
        for one in state.workspaces.values():
            counts[_state_of(one, ground_lost(state, one, now) is not None)] += 1
        for name, count in counts.items():
            self._workspaces.labels(name).set(count)

    def _code(self, codes: str) -> str:
        """Return the first code of a list, one of a bounded set: labels are kept for ever."""
        first = codes.split(",", 1)[0].strip()
        if not _CODE.fullmatch(first) or (first not in self._codes and len(self._codes) >= _MOST_CODES):
            return "other"
        self._codes.add(first)
        return first


def _state_of(workspace: Workspace, lost: bool) -> str:
    if workspace.unconfirmed is not None:
        return "unconfirmed"
    if workspace.stop_asked is not None:
        return "stopping"
    return "ending" if lost else "running"


def _refused(event: e.Event) -> tuple[str, str, int] | None:
    """Return what was refused, why and how often, or None; of commands that left no row the next row's code counts."""
    if isinstance(event, e.WorkspaceRefused):
        return "workspace", event.codes, 1
    if isinstance(event, e.LoginRefused):
        return "login", event.why, 1
    return ("command", event.code, 1 + event.more) if isinstance(event, e.CommandRefused) else None

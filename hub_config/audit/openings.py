"""Who could open which data, from when to when, and why it began and ended: the log replayed by the decision function.

For each download contact of a request the ground of `open_workspace` is decided anew after each fact that may bear on
it, and at each instant at which a condition lapses or begins to hold by the clock. A session is supposed, from within
the institute's network, so this is who could have opened, not who did; that stands in the decisions.
"""

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from access_policy.decision import decide, next_change, supposed_session
from access_policy.events import Event, Fact
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Query
from access_policy.rules.case import case_of
from access_policy.state import State

_MOST_STEPS = 10_000  # of the clock between two facts; far more than there are conditions
Key = tuple[PersonId, RequestId]
BY_CLOCK = "the passing of time"


class Opening(NamedTuple):
    """A stretch of time in which a person could open these datasets for a request; `ends` None where it lasts."""

    person: PersonId
    request: RequestId
    datasets: tuple[str, ...]
    begins: datetime
    began: str
    ends: datetime | None = None
    ended: str = ""


class Openings:
    """Follows the facts. Call `before` with the state before a fact, `after` with the state that took it in."""

    def __init__(self, state: State, keep: Callable[[Opening], object], only: RequestId | None) -> None:
        self._state = state
        self._keep = keep
        self._only = only
        self._open: dict[Key, Opening] = {}
        self._coming: list[tuple[datetime, Key]] = []
        self._next: dict[Key, datetime] = {}

    def before(self, at: datetime) -> None:
        """Let the time pass until `at`."""
        for _ in range(_MOST_STEPS):
            if not self._coming or self._coming[0][0] > at:
                return
            due, key = heapq.heappop(self._coming)
            if self._next.get(key) == due:
                self._look(key, due, BY_CLOCK)

    def after(self, fact: Fact) -> None:
        """Decide again about everybody on whom the fact may bear."""
        cause = f"{type(fact.event).__name__}, event {fact.seq}"
        for key in list(self._touched(fact.event)):
            self._look(key, fact.at, cause)

    def finish(self, at: datetime) -> None:
        """Let the time pass until `at`, and keep what is open then."""
        self.before(at)
        for opening in self._open.values():
            self._keep(opening)

    def _touched(self, event: Event) -> Iterable[Key]:
        requests = self._state.requests
        named = self._only or getattr(event, "request", None)
        person = getattr(event, "person", None)
        if named is not None:
            wanted = [named]
        elif isinstance(person, str):
            wanted = [one.request for one in requests.values() if person in one.contacts or person in one.signed_by]
        else:
            wanted = list(requests)
        for name in wanted:
            request = requests.get(name)
            if request is not None:
                yield from ((contact, name) for contact in {**request.contacts, **request.contacts_removed})

    def _look(self, key: Key, at: datetime, cause: str) -> None:
        person, request = key
        session = supposed_session(self._state, person, at, Zone.INSTITUTE)
        query = Query(person, request, Action.OPEN_WORKSPACE, at, session)
        decision = decide(self._state, query)
        datasets = tuple(f"{one.name} {one.version}" for one in decision.datasets)
        self._await(key, next_change(decision.ground, at), case_of(self._state, query).changes, at)
        was = self._open.get(key)
        if was is not None and (not decision.allowed or was.datasets != datasets):
            why = ", ".join(one.code for one in decision.ground if not one.holds) or "other datasets"
            self._keep(was._replace(ends=at, ended=f"{why} ({cause})"))
            del self._open[key]
        if decision.allowed and key not in self._open:
            self._open[key] = Opening(person, request, datasets, at, cause)

    def _await(self, key: Key, change: datetime | None, other: datetime | None, at: datetime) -> None:
        coming = [one for one in (change, other) if one is not None and one > at]
        self._next.pop(key, None)
        if coming:
            self._next[key] = min(coming)
            heapq.heappush(self._coming, (min(coming), key))

"""The warden's loop: look at the newest facts and at what runs, end what has to end, close what may not be reached.

It works from the log and the machine alone and keeps nothing that matters in memory, so it may be killed at any
instant. An end is recorded only once it was seen (S46, S78, S94, POL-03). While the log does not answer nothing new
starts; what runs is ended after `SILENCE` seconds (POL-04).
"""

import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from access_policy import events as e
from access_policy.actor import component
from access_policy.commands.workspaces import RecordEnding
from access_policy.log.errors import LogError
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.state import WorkspaceKey
from access_policy.use_cases import Policy
from spawner.running import RunningSandbox, end_sandbox, running_sandboxes
from spawner.warden.plan import Plan, plan

SILENCE = 60.0
"""Seconds without an answer of the log after which running workspaces end."""

_WARDEN = component(Component.WARDEN)
_LOGGER = logging.getLogger("sluis.warden")


class Routes(Protocol):
    """The proxy's routes to workspaces. Given by the composition root."""

    def open_routes(self) -> Collection[WorkspaceKey]:
        """Return the workspaces that have a route now. Raises OSError where the proxy does not answer."""

    def close(self, key: WorkspaceKey) -> None:
        """Remove a route and with it every connection over it. Raises OSError where the proxy does not answer."""


class Warden:
    """One warden. `tick` is called again and again, about twice a second; `monotonic` gives seconds."""

    def __init__(
        self,
        policy: Policy,
        run_folder: Path,
        routes: Routes,
        may_reach: Callable[[str, str], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._policy = policy
        self._run = run_folder
        self._routes = routes
        self._may_reach = may_reach
        self._monotonic = monotonic
        self._seen: set[int] = set()
        self._answered = monotonic()

    def tick(self) -> None:
        """Make reality equal to policy once. Never raises for a part that does not answer: it is tried again."""
        running = {one.seq: one for one in running_sandboxes(self._run)}
        try:
            self._end_sessions()
            self._end_workspaces(running)
            self._close_routes()
            self._answered = self._monotonic()
        except LogError as error:
            self._silent(running, error)

    def _end_sessions(self) -> None:
        over = self._policy.records.end_overdue_sessions(self._policy.now(), "session_over")
        for session in over:
            ended = e.SessionEnded(person=PersonId(session.person), session=session.session, why="session_over")
            self._policy.observe(_WARDEN, ended)

    def _end_workspaces(self, running: dict[int, RunningSandbox]) -> None:
        todo = self._plan(running)
        self._seen = set(running)
        for start in todo.end:
            if end_sandbox(running[start]):
                _LOGGER.info("ended %s", running[start].identifier)
            else:
                _LOGGER.error("cannot confirm the end of %s; trying again", running[start].identifier)
        ended = {start for start in todo.end if not running[start].alive()}
        for start, seen in todo.record.items():
            if start not in running or start in ended:
                self._record(start, seen)

    def _plan(self, running: dict[int, RunningSandbox]) -> Plan:
        with self._policy.reading() as state:
            return plan(state, running, self._seen, self._policy.now())

    def _record(self, start: int, seen: str) -> None:
        with self._policy.reading() as state:
            key = next((key for key, one in state.workspaces.items() if one.seq == start), None)
        if key is not None:
            self._close(key)
            self._policy.handle(RecordEnding(person=key[0], request=key[1], started=start, seen=seen), _WARDEN)

    def _close_routes(self) -> None:
        try:
            routes = self._routes.open_routes()
        except OSError as error:
            _LOGGER.warning("the proxy does not answer: %s", error)
            return
        for key in routes:
            if not self._may_reach(*key):
                self._close(key)

    def _close(self, key: WorkspaceKey) -> None:
        try:
            self._routes.close(key)
        except OSError as error:
            _LOGGER.warning("cannot close the route of %s/%s: %s", *key, error)

    def _silent(self, running: dict[int, RunningSandbox], error: LogError) -> None:
        silent = self._monotonic() - self._answered
        _LOGGER.error("the log has not answered for %.0f s: %s", silent, error)
        if silent >= SILENCE:
            for sandbox in running.values():
                end_sandbox(sandbox)

"""The warden's loop: look at the newest facts and at what runs, end what has to end, close what may not be reached.

It works from the log and the machine alone and keeps nothing that matters in memory, so it may be killed at any
instant. An end is recorded only once it was seen (S46, S78, S94, POL-03). While the log does not answer nothing new
starts; what runs is ended after a while (`silence.py`, POL-04). A withdrawal closes the routes first where ending takes
its time, then takes away what lets workspaces in, then ends them, and goes on until that is confirmed (DAT-04, FLT-06).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from access_policy import events as e
from access_policy.actor import component
from access_policy.commands.workspaces import RecordDoubt, RecordEnding
from access_policy.log.errors import LeaseLost, LogError
from access_policy.model.enums import Component, Zone
from access_policy.model.ids import PersonId
from access_policy.networks import zone_of
from access_policy.state import State, Workspace, WorkspaceKey
from access_policy.use_cases import Policy
from spawner.warden.doors import Doors, Routes
from spawner.warden.machine import Machine, Running, Work
from spawner.warden.news import Failing, News
from spawner.warden.plan import Beside, Plan, plan, pretenders
from spawner.warden.silence import Endings, Silence

_WARDEN = component(Component.WARDEN)
_LOGGER = logging.getLogger("sluis.warden")
_UNSEEN = "cannot see what runs"
_LONGEST_QUESTION = 10.0  # one that seems to take longer was asked by a warden that stood still meanwhile


class Leash(NamedTuple):
    """A clock of seconds, how long workspaces go on while the log is silent, and those that were ended meanwhile.

    `failed` is told each time that something could not be done; `still` is asked within a look, and raises LeaseLost
    where another warden acts by now, LogError where nobody can say.
    """

    monotonic: Callable[[], float]
    endings: Endings
    silence: Silence = Silence()
    failed: Callable[[Failing], None] = lambda _kind: None
    still: Callable[[], None] = lambda: None


class Warden:
    """One warden. `tick` is called again and again, about twice a second."""

    def __init__(
        self,
        policy: Policy,
        machine: Machine,
        routes: Sequence[Routes],
        may_reach: Callable[[str, str, Zone], bool],
        leash: Leash,
    ) -> None:
        self._policy = policy
        self._machine = machine
        self._doors = Doors(routes, may_reach, partial(self._tell, Failing.ROUTE))
        self._monotonic = leash.monotonic
        self._leash = leash
        self._open: frozenset[int] = frozenset()
        self._news = News(leash.monotonic)
        self._seen: set[int] = set()
        self._silent_since: float | None = None
        self._asked = 0.0

    def tick(self) -> None:
        """Make reality equal to policy once. Never raises for a part that does not answer: it is tried again."""
        self._doors.look_anew()
        running = self._look()
        self._asked = self._monotonic()
        first = self._machine.routes_first
        try:
            self._end_sessions()
            if first:
                self._doors.close_what_may_not_be_reached()
            self._keep(running)
            if not first:
                self._doors.close_what_may_not_be_reached()
            self._silent_since = None
        except LeaseLost as lost:
            _LOGGER.warning("%s", lost)
        except LogError as error:
            self._silent(running or {}, error)

    def silent_seconds(self) -> float:
        """Return for how long the log has not answered."""
        since = self._silent_since
        return 0.0 if since is None else self._monotonic() - since

    def stand_by(self, trouble: LogError | None = None) -> None:
        """Fold along and touch nothing, while another warden acts; in a silence of the log do what that one does.

        `trouble` is why nobody can say who acts: a log that can be read and not written is silent as well (POL-04).
        """
        self._asked = self._monotonic()
        try:
            self._learn()
            if trouble is not None:
                raise trouble
            self._silent_since = None
        except LogError as error:
            self._silent(self._look() or {}, error)

    def _look(self) -> Mapping[int, Running] | None:
        """Return what runs; None where nobody can say, and then nothing counts as gone."""
        try:
            running = self._machine.running()
        except OSError as error:
            self._tell(Failing.SEE, _UNSEEN, f"; trying again: {error}")
            return None
        if self._news.is_over(_UNSEEN):
            _LOGGER.warning("what runs is seen again")
        return running

    def _end_sessions(self) -> None:
        over = self._policy.records.end_overdue_sessions(self._policy.now(), "session_over")
        for session in over:
            ended = e.SessionEnded(person=PersonId(session.person), session=session.session, why="session_over")
            self._policy.observe(_WARDEN, ended)

    def _keep(self, running: Mapping[int, Running] | None) -> None:
        todo, work = self._plan(running)
        work.withdraw(self._renew)
        if running is not None:
            self._end_workspaces(running, todo)
        if not work.provide(self._leash.still):
            self._leash.failed(Failing.PLACE)

    def _plan(self, running: Mapping[int, Running] | None) -> tuple[Plan, Work]:
        with self._policy.reading() as state:
            at = self._policy.now()
            todo = Plan((), {}) if running is None else self._todo(state, running, at)
            self._know(state)
            return todo, self._machine.prepare(state, at)

    def _learn(self) -> None:
        with self._policy.reading() as state:
            self._know(state)

    def _know(self, state: State) -> None:
        """Note what counts while the log is silent."""
        known = {one.seq: zone_of(state, one) for one in state.workspaces.values()}
        self._open = frozenset(seq for seq, zone in known.items() if zone is Zone.ANYWHERE)
        try:
            self._leash.endings.keep_only(known)
        except OSError as full:
            self._tell(Failing.QUEUE, "cannot let notes of ends in a silence go", f": {full}")

    def _todo(self, state: State, running: Mapping[int, Running], at: datetime) -> Plan:
        unfit = pretenders(state, {start: one.key for start, one in running.items()})
        unfit = unfit.union(self._machine.unfit(state))
        causes = {**self._machine.causes(), **self._leash.endings.causes()}
        beside = Beside(unfit, self._machine.start_bound, causes)
        return plan(state, running, self._seen, at, beside)

    def _end_workspaces(self, running: Mapping[int, Running], todo: Plan) -> None:
        self._seen = set(running)
        ended = {start for start in todo.end if self._end(start, running[start])}
        for start, seen in todo.record.items():
            if start not in running or start in ended:
                self._record(start, seen)

    def _end(self, start: int, one: Running) -> bool:
        """End one workspace; say whether it is gone. Whatever is in the way of one is in no other's."""
        self._renew()
        try:
            if self._machine.end(start):
                _LOGGER.info("ended %s", one.identifier)
                return True
            self._in_doubt(start)
        except OSError as error:
            self._tell(Failing.END, f"no answer about the end of {one.identifier}", f": {error}")
        self._tell(Failing.END, f"cannot confirm the end of {one.identifier}", "; trying again")
        return False

    def _record(self, start: int, seen: str) -> None:
        found = self._known(start)
        if found is None:
            return
        self._leash.still()
        self._doors.close(_key(found))
        try:
            certain = not self._in_doubt(start)
        except OSError as error:
            self._tell(Failing.RECORD, f"cannot tell whether {'/'.join(_key(found))} is over", f": {error}")
            return
        if certain:
            after = self._leash.endings.after_ms(start)
            ending = RecordEnding(person=found.person, request=found.request, started=start, seen=seen, after_ms=after)
            self._policy.handle(ending, _WARDEN)

    def _renew(self) -> None:
        """Keep the lease. What was read has no ground whoever acts by now, so ending it goes on."""
        with suppress(LogError):
            self._leash.still()

    def _in_doubt(self, start: int) -> bool:
        """Say whether a start may still run on a lost node, and put that on record once (FLT-05)."""
        found = self._known(start)
        if found is None:
            return False
        node = self._machine.doubt(start, found.unconfirmed)
        if node is not None and node != found.unconfirmed:
            doubt = RecordDoubt(person=found.person, request=found.request, started=start, node=node)
            self._policy.handle(doubt, _WARDEN)
            _LOGGER.error("cannot confirm the end of %s/%s: node %s is lost", *_key(found), node)
        return node is not None

    def _known(self, start: int) -> Workspace | None:
        with self._policy.reading() as state:
            return next((one for one in state.workspaces.values() if one.seq == start), None)

    def _silent(self, running: Mapping[int, Running], error: LogError) -> None:
        """The silence is counted from the first question without an answer: a warden that stood still asked nobody."""
        now = self._monotonic()
        asked = max(self._asked, now - _LONGEST_QUESTION)
        self._silent_since = asked if self._silent_since is None else self._silent_since
        silent = now - self._silent_since
        self._tell(Failing.LOG, "the log does not answer", f" for {silent:.0f} s: {error}")
        for start, one in running.items():
            if silent >= self._leash.silence.bound(start not in self._open):
                self._end_in_silence(start, one, round(silent * 1000))

    def _end_in_silence(self, start: int, one: Running, after_ms: int) -> None:
        """End it whatever becomes of the note about it; a note that cannot be written is a reason lost, not an end."""
        try:
            self._leash.endings.add(start, after_ms)
        except OSError as full:
            self._tell(Failing.QUEUE, f"cannot write down that {one.identifier} is ended", f": {full}")
        try:
            self._machine.end(start)
        except OSError as away:
            self._tell(Failing.END, f"no answer about the end of {one.identifier}", f": {away}")

    def _tell(self, kind: Failing, trouble: str, more: str) -> None:
        """Count a trouble, and log it where it begins and then every minute: it is met twice a second."""
        self._leash.failed(kind)
        if self._news.is_new(trouble):
            _LOGGER.error("%s%s", trouble, more)


def _key(workspace: Workspace) -> WorkspaceKey:
    return workspace.person, workspace.request

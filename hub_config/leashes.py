"""What the hub tells a person of their own workspace's end: to its page while it runs, and on a page after it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from access_policy.homes import Kept, last_kept
from access_policy.leash import Leash, codes_of, codes_told, deleted_by, leash, until_next_step
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.state import Ending, State
from access_policy.use_cases import Policy
from hub_config import leash_words
from hub_config.desk.endings import Why, why_of
from hub_config.leash_words import Banner, Link
from hub_config.log_silence import Heard
from spawner.warden.silence import Silence

MODEST, OFTEN, NEAR = 30, 10, 5
"""Seconds until a page asks again: mostly, in the last two minutes or in silence, and in the last one."""


class LeashAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace's page is told (docs/workspaces.md). Times are RFC 3339 in UTC, durations whole seconds."""

    silent: bool = False
    runs: bool = False
    until: str | None = None
    ends_in_seconds: int | None = None
    step: int | None = None
    why: tuple[Why, ...] = ()
    banner: Banner | None = None
    again_seconds: int = MODEST


class Ended(msgspec.Struct, frozen=True):
    """What the page after the end says: when and why, where the home stands, by when the law has it deleted, and
    what becomes of it; nothing of that to who has no part in the request any more."""

    at: datetime
    why: tuple[Why, ...]
    home: str
    deleted_by: datetime | None
    kept: Kept | None = None

    @property
    def again(self) -> bool:
        """Say whether the next workspace of the request has that home again."""
        return self.kept is not None and self.kept.apart is None


class Terms(NamedTuple):
    """How long workspaces bear a silent log, whether what runs keeps its first end, where the home stands inside, where
    the desk is, and the clock for when the log has none."""

    silence: Silence
    fixed: bool
    home: str
    desk: str
    clock: Callable[[], datetime]


class Leashes:
    """One for the hub's process."""

    def __init__(self, policy: Policy, heard: Heard, terms: Terms) -> None:
        self._policy = policy
        self._heard = heard
        self._terms = terms

    def silent_for(self) -> float | None:
        """Return for how many seconds the log has been silent, or None where it answers (POL-04)."""
        return self._heard.silent_for()

    def answer(self, person: PersonId, request: RequestId) -> LeashAnswer:
        """Return what holds of the person's workspace now (POL-03). Raises LogError."""
        with self._policy.reading() as state:
            at, workspace = self._policy.now(), state.workspaces.get((person, request))
            if workspace is None:
                return self._over(state, person, request)
            return self._running(leash(state, workspace, at, fixed=self._terms.fixed), request)

    def in_silence(self, person: PersonId, request: RequestId, restricted: bool | None) -> LeashAnswer:
        """Return what is said while the log is silent (POL-04). `restricted`: of the institute's network; None: over.

        Who does not know whether it is restricted says that it is: its time is the shorter one.
        """
        if restricted is None:
            over = leash_words.of_end_in_silence(_page(person, request))
            return LeashAnswer(silent=True, banner=over, again_seconds=OFTEN)
        left = max(0, int(self._terms.silence.bound(restricted) - (self._heard.silent_for() or 0)))
        banner = leash_words.of_silence(timedelta(seconds=left), self._terms.clock(), self._desk(request))
        return LeashAnswer(silent=True, runs=True, ends_in_seconds=left, banner=banner, again_seconds=OFTEN)

    def ended(self, person: PersonId, request: RequestId) -> Ended | None:
        """Return how the person's last workspace of a request ended; None where one runs, or none did (S97)."""
        with self._policy.reading() as state:
            ending = state.endings.get((person, request))
            if ending is None or (person, request) in state.workspaces:
                return None
            found, kept = state.requests.get(request), last_kept(state, person, request, self._policy.now())
            by = None if found is None else deleted_by(found)
            return Ended(ending.at, _why(state, person, request, ending), self._terms.home, by, kept)

    def _running(self, found: Leash, request: RequestId) -> LeashAnswer:
        why = tuple(why_of(code) for code in found.why)
        return LeashAnswer(
            runs=True, until=format_instant(found.until), ends_in_seconds=int(found.left.total_seconds()),
            step=found.step, why=why, banner=leash_words.of_running(found, why, self._desk(request)),
            again_seconds=again(found.left),
        )  # fmt: skip

    def _over(self, state: State, person: PersonId, request: RequestId) -> LeashAnswer:
        ending = state.endings.get((person, request))
        if ending is None:
            return LeashAnswer()
        why = _why(state, person, request, ending)
        banner = leash_words.of_ended(ending.at, why, _page(person, request))
        return LeashAnswer(until=format_instant(ending.at), why=why, banner=banner)

    def _desk(self, request: RequestId) -> Link:
        return Link(f"{self._terms.desk}requests/{request}", f"Your request {request}")


def again(left: timedelta) -> int:
    """Return after how many seconds a page asks again: often near the end, and where the next warning is due."""
    seconds = left.total_seconds()
    usual = NEAR if seconds <= 60 else OFTEN if seconds <= 120 else MODEST
    due = until_next_step(left)
    return usual if due is None else max(1, min(usual, int(due.total_seconds()) + 1))


def _why(state: State, person: PersonId, request: RequestId, ending: Ending) -> tuple[Why, ...]:
    return tuple(why_of(code) for code in codes_told(state, person, request, codes_of(ending.why)))


def _page(person: PersonId, request: RequestId) -> Link:
    return Link(f"/hub/user/{person.lower()}/{request.lower()}/lab", "What happened, and how to start again")

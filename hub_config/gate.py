"""The gate: asks the decision function at every start of a workspace, and turns the answer into a Workspace."""

from collections.abc import Mapping, Sequence

import msgspec

from access_policy import events as e
from access_policy.actor import component
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.workspaces import RecordEnding, StartWorkspace, ground_lost
from access_policy.decision import shown
from access_policy.entitlements import location_of
from access_policy.model.enums import Action, Component, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.networks import may_use, zone_of
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import Session
from access_policy.state import Request as DataRequest
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.sessions import live_session, live_sessions
from spawner.workspace import Mount, Profile, Workspace, WorkspaceRefused

_HUB = component(Component.HUB)


_TOLD: dict[str, str] = {
    RefusalCode.ALREADY_EXISTS: "this workspace runs already; open it from your requests",
    RefusalCode.CLOCK_JUMPED: "a clock of this installation is wrong, so nothing starts just now; tell the help desk",
}
"""What a person reads where every condition holds and a start is refused all the same."""


class Gate:
    """The hub's `WorkspacePolicy` (see `spawner/workspace.py`): one for the process, used by every spawner."""

    def __init__(self, policy: Policy, profiles: Sequence[Profile]) -> None:
        self._policy = policy
        self._profiles = {profile.name: profile for profile in profiles}

    def start(self, person: str, request: str, wish: Mapping[str, str], place: Zone = Zone.ANYWHERE) -> Workspace:
        """Decide and record the start in one append (S75, POL-02). Raises WorkspaceRefused, with the reasons.

        `place` is that of the browser that asks, whatever the person's other browsers are (NET-06).
        """
        who, what = PersonId(person), RequestId(request)
        session = self._session_at(who, place)
        profile = self._profiles[wish["profile"]]
        command = StartWorkspace(
            person=who, request=what, profile=profile.name, max_run_seconds=profile.max_run_seconds, session=session,
            profile_zone=profile.zone,
        )  # fmt: skip
        outcome = self._policy.handle(command, _HUB)
        if isinstance(outcome, Refusal):
            raise self._refused(who, what, outcome, place)
        return self._workspace(who, what, outcome.facts[-1], profile)

    def may_keep(self, person: str, request: str, seq: int) -> bool:
        """Say whether this start may go on: its conditions hold, it is the one that runs, nobody asked to stop it."""
        who, what = PersonId(person), RequestId(request)
        with self._policy.reading() as state:
            workspace = state.workspaces.get((who, what))
            this = workspace if workspace is not None and workspace.seq == seq else None
            return this is not None and ground_lost(state, this, self._policy.now()) is None

    def why_not(self, person: PersonId, request: RequestId, action: Action, place: Zone = Zone.ANYWHERE) -> str:
        """Return, for the person, why they may not, and the next step of each reason; empty where they may (POL-09)."""
        texts = [(REASONS[code], code) for code in self.lacking(person, request, action, place)]
        return " ".join(f"{_sentence(text.failing)} ({code}). Next: {text.next_step}." for text, code in texts)

    def lacking(self, person: PersonId, request: RequestId, action: Action, place: Zone) -> list[ReasonCode]:
        """Return the reasons for which they may not, as far as the person may read them, in order (POL-09)."""
        with self._policy.reading() as state:
            decision = self._policy.decide(person, request, action, self._session_at(person, place))
            return [finding.code for finding in shown(state, decision)]

    def may_reach(self, person: str, request: str, door: Zone = Zone.ANYWHERE) -> bool:
        """Say whether a route to the workspace may stand at a door: the person has a live session that holds (S78).

        One that is reached from the institute's network only has none at the public door (NET-04).
        """
        who, what = PersonId(person), RequestId(request)
        sessions = live_sessions(self._policy, who)
        with self._policy.reading() as state:
            workspace = state.workspaces.get((who, what))
            if workspace is None or not may_use(zone_of(state, workspace), door):
                return False
            asked = (self._policy.decide(who, what, Action.REACH_WORKSPACE, session) for session in sessions)
            return any(answer.allowed for answer in asked)

    def zone_of(self, person: str, request: str) -> Zone | None:
        """Return from where the running workspace is reached, or None where none runs."""
        with self._policy.reading() as state:
            workspace = state.workspaces.get((PersonId(person), RequestId(request)))
            return None if workspace is None else zone_of(state, workspace)

    def _session_at(self, person: PersonId, place: Zone) -> Session | None:
        """Return the person's newest session as if it were where the browser that asks is."""
        session = live_session(self._policy, person)
        return None if session is None else msgspec.structs.replace(session, zone=place)

    def has_ground(self, person: str, request: str) -> bool:
        """Say whether the person's workspace of the request could go on now. Raises LogError for no answer."""
        who, what = PersonId(person), RequestId(request)
        return self._policy.decide(who, what, Action.KEEP_WORKSPACE).allowed

    def ended(self, person: str, request: str, seq: int, why: str) -> None:
        """Record that a start's workspace is gone; a second or a late report changes nothing."""
        who, what = PersonId(person), RequestId(request)
        with self._policy.reading() as state:
            workspace = state.workspaces.get((who, what))
        if workspace is not None and workspace.seq == seq:
            self._policy.handle(RecordEnding(person=who, request=what, started=seq, seen=why), _HUB)

    def ended_with_the_hub(self) -> None:
        """Record that every workspace is over; called when the hub starts, since sandboxes die with it (SBX-04).

        On a log that is behind its newest checkpoint the warden does, once it is whole.
        """
        if self._policy.trouble() is not None:
            return
        with self._policy.reading() as state:
            known = list(state.workspaces.values())
        for workspace in known:
            self.ended(workspace.person, workspace.request, workspace.seq, "hub_stopped")

    def check_log(self) -> None:
        """Raises LogError where the log does not answer, and nothing can be decided."""
        with self._policy.reading_behind():
            pass

    def refuse_wish(self, person: str, request: str, code: str) -> None:
        """Record that a workspace was asked for in a way that is not offered (SPW-01)."""
        self._policy.observe(_HUB, e.WorkspaceRefused(person=PersonId(person), request=RequestId(request), codes=code))

    def _refused(self, person: PersonId, request: RequestId, refusal: Refusal, place: Zone) -> WorkspaceRefused:
        self._policy.observe(_HUB, e.WorkspaceRefused(person=person, request=request, codes=refusal.text))
        text = self.why_not(person, request, Action.OPEN_WORKSPACE, place)
        return WorkspaceRefused(refusal.code, text or _TOLD.get(refusal.code, refusal.text))

    def _workspace(self, person: PersonId, request: RequestId, fact: e.Fact, profile: Profile) -> Workspace:
        started = fact.event
        if not isinstance(started, e.WorkspaceStarted):
            raise WorkspaceRefused("access_denied", "the start left no fact; tell the help desk")
        with self._policy.reading() as state:
            asked, installation = state.requests[request], state.installation
            mounts = tuple(_mount(state, asked, name) for name in started.datasets)
        return Workspace(
            person, request, fact.seq, started.until, mounts, profile, installation, started.zone, started.home
        )


def _mount(state: State, request: DataRequest, name: DatasetName) -> Mount:
    """Return what a request's workspace sees of a dataset, and which version that is."""
    extract = request.extracts.get(name)
    version = state.datasets[name].version if extract is None else f"{extract.version}, extract"
    return Mount(name, version, location_of(state, request, name))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

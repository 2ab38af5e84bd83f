"""The fold of facts about workspaces."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.fold.homes import opened
from access_policy.state import Emergency, Ending, State, Workspace


def _workspace_started(s: State, f: e.Fact, v: e.WorkspaceStarted) -> None:
    s.workspaces[v.person, v.request] = Workspace(
        v.person, v.request, v.profile, f.at, f.seq, v.datasets, v.run_ends, v.until, v.home, v.zone
    )
    opened(s, f, v)


def _workspace_stop_asked(s: State, f: e.Fact, v: e.WorkspaceStopAsked) -> None:
    workspace = s.workspaces.get((v.person, v.request))
    if workspace is not None:
        workspace.stop_asked = f.at


def _workspace_ended(s: State, f: e.Fact, v: e.WorkspaceEnded) -> None:
    workspace = s.workspaces.pop((v.person, v.request), None)
    home = 1 if workspace is None else workspace.home
    s.endings[v.person, v.request] = Ending(f.at, v.why, v.after_ms, home)


def _end_not_confirmed(s: State, f: e.Fact, v: e.EndNotConfirmed) -> None:
    workspace = s.workspaces.get((v.person, v.request))
    if workspace is not None:
        workspace.unconfirmed = v.node


def _emergency_granted(s: State, f: e.Fact, v: e.EmergencyAccessGranted) -> None:
    s.requests[v.request].emergencies[v.operator] = Emergency(f.at, v.until, v.writer, v.reason)


def _emergency_ended(s: State, f: e.Fact, v: e.EmergencyAccessEnded) -> None:
    s.requests[v.request].emergencies.pop(v.operator, None)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.WorkspaceStarted: _workspace_started,
    e.WorkspaceStopAsked: _workspace_stop_asked,
    e.WorkspaceEnded: _workspace_ended,
    e.EndNotConfirmed: _end_not_confirmed,
    e.EmergencyAccessGranted: _emergency_granted,
    e.EmergencyAccessEnded: _emergency_ended,
}

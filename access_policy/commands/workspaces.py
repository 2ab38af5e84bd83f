"""Workspaces: a start is decided in the append that records it, so it loses to any earlier withdrawal (S75)."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, OfPerson, Outcome, Refusal, RefusalCode
from access_policy.decision import as_json, decide
from access_policy.events.homes import SINCE
from access_policy.homes import fitting, homes_in_use, left_now, next_number
from access_policy.model.enums import Action, Component, Zone
from access_policy.model.ids import DatasetName, RequestId
from access_policy.networks import may_use, workspace_zone
from access_policy.reasons import ReasonCode
from access_policy.rules import Query, Session
from access_policy.state import Home, State, Workspace

STOPPED = "stopped"
RequestNumber = Annotated[RequestId, Meta(pattern=r"^DR-[1-9][0-9]{0,8}\Z")]


class StartWorkspace(OfPerson, frozen=True, kw_only=True):
    """Start the workspace of a person and request, coming with a session. Only the hub does this.

    `session.zone` is the place of the browser that asks, `profile_zone` where the profile may be used (S78).
    """

    request: RequestNumber
    profile: Line
    max_run_seconds: Annotated[int, Meta(ge=1, le=30 * 86400)]
    session: Session | None
    profile_zone: Zone = Zone.ANYWHERE


class StopWorkspace(OfPerson, frozen=True, kw_only=True):
    """Ask that a workspace ends. The warden ends it: files in its home stay, what is only in memory is lost."""

    request: RequestNumber


class RecordEnding(OfPerson, frozen=True, kw_only=True):
    """Record that a workspace is gone. Only the hub and the warden do this, and only when they have seen it.

    `started` is the fact that recorded its start, so that a late report never ends a later workspace. `seen` is what
    they saw; where the facts took the ground away, those are the reason instead. `after_ms` counts from the cause to
    the end where both lay in a silence of the log.
    """

    request: RequestNumber
    started: int
    seen: Line
    after_ms: Annotated[int, Meta(ge=0)] | None = None


class RecordDoubt(OfPerson, frozen=True, kw_only=True):
    """Record that the end of a workspace cannot be confirmed, since its node is lost. Only the warden does this."""

    request: RequestNumber
    started: int
    node: Line


def start_workspace(state: State, c: StartWorkspace, actor: Actor, at: datetime) -> Outcome:
    """Every condition, decided on the newest facts at the instant of the append (POL-02, SPW-13)."""
    opening = decide(state, Query(c.person, c.request, Action.OPEN_WORKSPACE, at, c.session))
    if not opening.allowed:
        return Refusal(RefusalCode.ACCESS_DENIED, ", ".join(opening.codes))
    if not may_use(c.profile_zone, c.session.zone if c.session is not None else None):
        return Refusal(RefusalCode.ACCESS_DENIED, ReasonCode.ZONE)
    if (c.person, c.request) in state.workspaces:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"workspace `{c.person}/{c.request.lower()}` runs already")
    keeping = decide(state, Query(c.person, c.request, Action.KEEP_WORKSPACE, at))
    run_ends = at + timedelta(seconds=c.max_run_seconds)
    names = tuple(dataset.name for dataset in opening.datasets)
    zone = workspace_zone(state, names, c.profile_zone)
    number, aside = _home(state, c, homes_in_use(state, c.person, c.request, zone), names, at)
    if number != 1 and state.format < SINCE:
        return Refusal(RefusalCode.UPGRADE_FIRST, "this workspace needs a home of its own; run `sluis upgrade finish`")
    return (
        *aside,
        e.WorkspaceStarted(
            person=c.person, request=c.request, profile=c.profile, run_ends=run_ends,
            datasets=names,
            until=min(run_ends, keeping.until or run_ends),
            decision=msgspec.json.encode(as_json(opening)).decode(),
            zone=zone, home=number,
        ),
    )  # fmt: skip


def _home(
    state: State, c: StartWorkspace, used: tuple[Home, ...], names: tuple[DatasetName, ...], at: datetime
) -> tuple[int, tuple[e.HomeSetAside, ...]]:
    """Return the number of the home that is opened, and which of those in use are set aside for it (S46).

    One that had a dataset that left is; so is one that was in use while the one that is opened was held back.
    """
    home = fitting(used, names)
    aside = tuple(
        e.HomeSetAside(person=c.person, request=c.request, home=one.number, datasets=left)
        for one in used
        if (left := left_now(state, one, at)) or (home is not None and one.number > home.number)
    )
    return (next_number(state, c.person, c.request) if home is None else home.number), aside


def stop_workspace(state: State, c: StopWorkspace, actor: Actor, at: datetime) -> Outcome:
    """S94: its person, or an admin."""
    workspace = state.workspaces.get((c.person, c.request))
    if workspace is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no workspace `{c.person}/{c.request.lower()}` runs")
    if workspace.stop_asked is not None:
        return Refusal(RefusalCode.WRONG_STATE, "the workspace is being stopped already")
    return (e.WorkspaceStopAsked(person=workspace.person, request=workspace.request),)


def record_ending(state: State, c: RecordEnding, actor: Actor, at: datetime) -> Outcome:
    """A workspace ends once; a second report of the same end is refused and harmless."""
    workspace = state.workspaces.get((c.person, c.request))
    if workspace is None or workspace.seq != c.started:
        return Refusal(RefusalCode.NOT_FOUND, f"no workspace `{c.person}/{c.request.lower()}` of that start runs")
    if workspace.unconfirmed is not None and actor.component is not Component.WARDEN:
        text = f"node `{workspace.unconfirmed}` is lost and the workspace may still run there; the warden tells its end"
        return Refusal(RefusalCode.WRONG_STATE, text)
    why, cause = ground_lost(state, workspace, at) or (c.seen, None)
    after_ms = c.after_ms if cause is None else round((at - cause).total_seconds() * 1000)
    return (e.WorkspaceEnded(person=workspace.person, request=workspace.request, why=why, after_ms=after_ms),)


def record_doubt(state: State, c: RecordDoubt, actor: Actor, at: datetime) -> Outcome:
    """FLT-05, FLT-06: once for each node; a workspace in doubt is over only when that node is back, or gone."""
    workspace = state.workspaces.get((c.person, c.request))
    if workspace is None or workspace.seq != c.started:
        return Refusal(RefusalCode.NOT_FOUND, f"no workspace `{c.person}/{c.request.lower()}` of that start runs")
    if workspace.unconfirmed == c.node:
        return Refusal(RefusalCode.WRONG_STATE, f"it is on record that its end on `{c.node}` is not confirmed")
    return (e.EndNotConfirmed(person=workspace.person, request=workspace.request, node=c.node),)


def ground_lost(state: State, workspace: Workspace, at: datetime) -> tuple[str, datetime | None] | None:
    """Return why a workspace has to end at `at` and since when, or None while it may go on (S46, S78, S94)."""
    decision = decide(state, Query(workspace.person, workspace.request, Action.KEEP_WORKSPACE, at))
    if not decision.allowed:
        return ",".join(decision.codes), min([one.since for one in decision.failing if one.since], default=None)
    if workspace.stop_asked is not None:
        return STOPPED, workspace.stop_asked
    return None

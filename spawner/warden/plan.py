"""What the warden has to do now: pure, from the facts and from what runs.

A workspace whose ground is gone ends; a sandbox that no fact knows ends; a workspace that the log believes in and that
runs no more is recorded as ended. Why a ground is gone is decided in `access_policy`, never here.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from access_policy.commands.workspaces import ground_lost
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import State, Workspace, WorkspaceKey

START_BOUND = timedelta(seconds=90)
"""How long a workspace may be in the log before its process is there."""


class Plan(msgspec.Struct, frozen=True):
    """`end`: kill these; `record`: then write down that these are over, with what was seen. Both by start."""

    end: tuple[int, ...]
    record: Mapping[int, str]


def plan(state: State, running: Collection[int], seen: Collection[int], at: datetime) -> Plan:
    """Say what has to happen. `running` are the starts that run now, `seen` those that this warden saw run before.

    A start is named by the fact that recorded it, so that what is known of one workspace never ends the next one.
    """
    known = {one.seq: one for one in state.workspaces.values()}
    lost = [seq for seq, one in known.items() if ground_lost(state, one, at) is not None]
    gone = [seq for seq, one in known.items() if seq not in running and _is_gone(one, seq in seen, at)]
    record = dict.fromkeys(gone, "process_ended") | dict.fromkeys(lost, "ended_by_warden")
    return Plan(tuple(seq for seq in running if seq in lost or seq not in known), record)


def _is_gone(workspace: Workspace, was_seen: bool, at: datetime) -> bool:
    return was_seen or at >= workspace.started + START_BOUND


def key_of(person: str, request: str) -> WorkspaceKey:
    """Return the key of a workspace by the ids that a process file or a route holds."""
    return PersonId(person), RequestId(request)

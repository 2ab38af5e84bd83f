"""What the warden has to do now: pure, from the facts and from what runs.

A workspace whose ground is gone ends; one that no fact knows ends, and one that is not what its start was given; a
workspace that the log believes in and that runs no more is recorded as ended. Why a ground is gone is decided in
`access_policy`, never here.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from access_policy.commands.workspaces import ground_lost
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import State, WorkspaceKey

START_BOUND = timedelta(seconds=90)
"""How long a workspace may be in the log before its process is there."""


class Plan(msgspec.Struct, frozen=True):
    """`end`: kill these; `record`: then write down that these are over, with what was seen. Both by start."""

    end: tuple[int, ...]
    record: Mapping[int, str]


class Beside(msgspec.Struct, frozen=True):
    """What a machine says beside what runs: which starts may not stay, how long one takes, why some were over."""

    unfit: frozenset[int] = frozenset()
    start_bound: timedelta = START_BOUND
    causes: Mapping[int, str] = {}


_NOTHING = Beside()


def plan(
    state: State, running: Collection[int], seen: Collection[int], at: datetime, beside: Beside = _NOTHING
) -> Plan:
    """Say what has to happen. `running` are the starts that run now, `seen` those that this warden saw run before.

    A start is named by the fact that recorded it, so that what is known of one workspace never ends the next one.
    """
    known = {one.seq: one for one in state.workspaces.values()}
    lost = [seq for seq, one in known.items() if ground_lost(state, one, at) is not None]
    late = at - beside.start_bound
    gone = [seq for seq, one in known.items() if seq not in running and (seq in seen or one.started <= late)]
    record = {seq: beside.causes.get(seq, "process_ended") for seq in gone} | dict.fromkeys(lost, "ended_by_warden")
    return Plan(tuple(seq for seq in running if seq in lost or seq not in known or seq in beside.unfit), record)


def pretenders(state: State, running: Mapping[int, WorkspaceKey]) -> frozenset[int]:
    """Return the starts that run under another person or request than the log knows them by (SPW-07, FLT-07)."""
    known = {one.seq: key for key, one in state.workspaces.items()}
    return frozenset(seq for seq, key in running.items() if seq in known and known[seq] != key)


def key_of(person: str, request: str) -> WorkspaceKey:
    """Return the key of a workspace by the ids that a process file or a route holds."""
    return PersonId(person), RequestId(request)

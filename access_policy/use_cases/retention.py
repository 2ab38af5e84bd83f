"""When observations go: once a day, those whose years are over, up to a checkpoint that was signed of them (E48, E50).

A bounded number at a time, each in one transaction with the fact that says so, so appends never wait for long and a
kill in between leaves all or nothing. Nothing is cut that is not signed anew just before, in a log that is not the one
that was signed, while the clock cannot be told, or in a log of a format that does not know of cuts.
"""

from datetime import timedelta

from access_policy.actor import component
from access_policy.commands.base import Refusal
from access_policy.commands.installation import CutObservations
from access_policy.log.cutting import due, time_of_first_after
from access_policy.log.errors import LogUnavailable
from access_policy.log.forms import is_known
from access_policy.model.enums import Component
from access_policy.state import State
from access_policy.use_cases.policy import Done, Policy

MOST = 10_000
"""How many observations go in one transaction; more only where no checkpoint lies among so many."""

_EVERY = timedelta(days=1)
_WARDEN = component(Component.WARDEN)


def cut_observations(policy: Policy, most: int = MOST) -> Done | Refusal | None:
    """Cut observations whose years are over; None where there is nothing to cut. Raises LogError."""
    with policy.reading() as state:
        size = state.cut.size if state.cut is not None else 0
        known, before = is_known("ObservationsCut", state.format), policy.now() - state.settings.retention
        rested = _rested(state, policy)
    if not known:
        return None
    over = due(policy.store.database, before)
    if over <= size or not (rested or over - size >= most):
        return None
    problem = policy.sign()
    if problem is not None:
        raise LogUnavailable(f"the log's head is not signed: {problem}")
    signed = policy.where_to_cut(size, min(over, size + most), over)
    if signed is None:
        return None
    since = time_of_first_after(policy.store.database, signed.size)
    return policy.handle(CutObservations(size=signed.size, root=signed.root, since=since), _WARDEN)


def _rested(state: State, policy: Policy) -> bool:
    """Say whether the newest cut lies a day back: each leaves a fact for good."""
    return state.cut is None or policy.now() - state.cut.at >= _EVERY

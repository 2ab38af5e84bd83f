"""The fold: State after a fact, from State before it. Total over all fact types; decides nothing.

A fact of a type without a line in one of the `APPLIERS` here stops the program that reads it: nothing is decided on
half-read facts (POL-05).
"""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.events.step_up import open_to_operators, takes_step_up
from access_policy.fold import (
    clients,
    data,
    erasure,
    files,
    grants,
    homes,
    installation,
    institutions,
    people,
    requests,
    review,
    training,
    workspaces,
)
from access_policy.model.enums import Component
from access_policy.state import State
from access_policy.subjects import of_event

Applier = Callable[[State, e.Fact, Any], None]

APPLIERS: dict[type[e.Event], Applier] = {
    **installation.APPLIERS,
    **institutions.APPLIERS,
    **people.APPLIERS,
    **erasure.APPLIERS,
    **files.APPLIERS,
    **training.APPLIERS,
    **clients.APPLIERS,
    **data.APPLIERS,
    **requests.APPLIERS,
    **review.APPLIERS,
    **grants.APPLIERS,
    **workspaces.APPLIERS,
    **homes.APPLIERS,
}


def fold(state: State, fact: e.Fact) -> None:
    """Take one fact into `state`. Raises ValueError where its number is not the next, or where it lacks the step-up
    that it takes, KeyError for an unknown type."""
    if takes_step_up(state.format, fact.event) and not (fact.actor.proven or _stands_without(state, fact)):
        raise ValueError(f"a `{type(fact.event).__name__}` of `{fact.actor}` names no step-up")
    suppose(state, fact)


def _stands_without(state: State, fact: e.Fact) -> bool:
    """An operator does in a demo what is personal elsewhere, and anywhere what is open to operators; the installation
    appoints in the first append alone."""
    actor = fact.actor
    if actor.operator is not None:
        may = state.demo or open_to_operators(fact.event)
        return may and actor.person is not None and actor.component is None
    first = state.begun is not None and state.begun == state.at == fact.at
    return first and actor.person is None and actor.component is Component.INSTALLATION


def suppose(state: State, fact: e.Fact) -> None:
    """Take one fact that nobody has recorded, so that nobody proved anything with it; else as `fold`."""
    if fact.seq != state.seq + 1:
        raise ValueError(f"fact `{fact.seq}` does not follow fact `{state.seq}`")
    APPLIERS[type(fact.event)](state, fact, fact.event)
    for subject in of_event(fact.event):
        state.touched[subject] = fact.seq
    state.seq = fact.seq
    state.at = fact.at
    if state.memo:
        state.memo.clear()

"""The fold: State after a fact, from State before it. Total over all fact types; decides nothing.

A fact of a type without a line in one of the `APPLIERS` here stops the program that reads it: nothing is decided on
half-read facts (POL-05).
"""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.events.step_up import lacks_step_up
from access_policy.fold import (
    data,
    erasure,
    files,
    grants,
    installation,
    institutions,
    people,
    requests,
    review,
    training,
    workspaces,
)
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
    **data.APPLIERS,
    **requests.APPLIERS,
    **review.APPLIERS,
    **grants.APPLIERS,
    **workspaces.APPLIERS,
}


def fold(state: State, fact: e.Fact) -> None:
    """Take one fact into `state`. Raises ValueError where its number is not the next, or where it lacks the step-up
    that it takes, KeyError for an unknown type."""
    if lacks_step_up(state.format, fact):
        raise ValueError(f"a `{type(fact.event).__name__}` of `{fact.actor.person}` names no step-up")
    suppose(state, fact)


def suppose(state: State, fact: e.Fact) -> None:
    """Take one fact that nobody has recorded, so that nobody proved anything with it; else as `fold`."""
    if fact.seq != state.seq + 1:
        raise ValueError(f"fact `{fact.seq}` does not follow `{state.seq}`; run `sluis log verify`")
    APPLIERS[type(fact.event)](state, fact, fact.event)
    for subject in of_event(fact.event):
        state.touched[subject] = fact.seq
    state.seq = fact.seq
    state.at = fact.at
    if state.memo:
        state.memo.clear()

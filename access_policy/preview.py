"""What a command would do at once: who would lose or gain what, now. Shown before the button.

Pure. The command's events are taken into a state that shares with the real one all that they do not touch, and both
are asked with `decide`. `simulate` answers the same of a whole history; a test holds the two together.
"""

from collections.abc import Container, Iterator
from copy import deepcopy
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, OfRequest, Refusal
from access_policy.decision import Decision, decide
from access_policy.fold import suppose
from access_policy.handle import effect
from access_policy.model.enums import Action
from access_policy.model.ids import DatasetName, PersonId, RequestId, number_of
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from access_policy.state import Memo, State, WorkspaceKey


class Effect(msgspec.Struct, frozen=True):
    """A person would gain or lose datasets of a request at once; `codes` say why they are lost.

    `running`: a workspace runs on it now, and would end where everything is lost.
    """

    person: PersonId
    request: RequestId
    gains: tuple[DatasetName, ...]
    loses: tuple[DatasetName, ...]
    codes: tuple[ReasonCode, ...]
    running: bool


def preview(state: State, command: Command, actor: Actor, at: datetime) -> tuple[Effect, ...] | Refusal:
    """Return what follows at once if everybody who has to want it gave this command, by request and person."""
    outcome = effect(state, command, actor, at)
    if isinstance(outcome, Refusal):
        return outcome
    supposed = _with(state, outcome, actor, at)
    keys = sorted({*_keys(state, command), *_keys(supposed, command)}, key=lambda key: (number_of(key[1]), *key))
    return tuple(_effects(_asked(state), _asked(supposed), keys, at, state.workspaces))


def _keys(state: State, command: Command) -> Iterator[WorkspaceKey]:
    """Give everybody whom a command can concern; what is about one request concerns nobody else (S26)."""
    if isinstance(command, OfRequest):
        found = [one for one in (state.requests.get(command.request),) if one is not None]
    else:
        found = list(state.requests.values())
    for request in found:
        for person in request.contacts:
            yield person, request.request


def _asked(state: State) -> State:
    """Return the state to ask about: what somebody holds, whether or not a workspace runs on it and how long (S86)."""
    return replace(state, workspaces={}, memo=Memo())


def _effects(
    state: State, supposed: State, keys: list[WorkspaceKey], at: datetime, running: Container[WorkspaceKey]
) -> Iterator[Effect]:
    for key in keys:
        before, after = _held(state, key, at), _held(supposed, key, at)
        had, has = {one.name for one in before.datasets}, {one.name for one in after.datasets}
        if had != has:
            loses = tuple(sorted(had - has))
            codes = (after.codes or (ReasonCode.NO_DATASET_OPEN,)) if loses else ()
            yield Effect(*key, tuple(sorted(has - had)), loses, codes, key in running)


def _held(state: State, key: WorkspaceKey, at: datetime) -> Decision:
    return decide(state, Query(*key, Action.KEEP_WORKSPACE, at))


def _with(state: State, events: tuple[e.FactEvent, ...], actor: Actor, at: datetime) -> State:
    """Return the state with these facts; the real one stays as it is."""
    copy = _apart(state)
    for event in events:
        suppose(copy, e.Fact(copy.seq + 1, at, actor, event))
    for each in fields(copy):
        value = getattr(copy, each.name)
        if isinstance(value, _Own):
            setattr(copy, each.name, dict.copy(value))
    return copy


def _apart(state: State) -> State:
    """Return a state whose large tables copy an entry once it is taken out, and the rest of it copied at once."""
    seen: dict[int, Any] = {id(state.memo): Memo()}
    values = {each.name: getattr(state, each.name) for each in fields(state)}
    copied: dict[str, Any] = {
        name: _Own(value, seen) if isinstance(value, dict) else deepcopy(value, seen) for name, value in values.items()
    }
    return State(**copied)


class _Own(dict[Any, Any]):
    """A table whose entries are copied when they are taken out. Entries that two tables share stay one."""

    def __init__(self, values: dict[Any, Any], seen: dict[int, Any]) -> None:
        super().__init__(values)
        self._seen, self._others = seen, set(values)

    def __getitem__(self, key: Any) -> Any:
        value = super().__getitem__(key)
        if key in self._others:
            self._others.discard(key)
            value = deepcopy(value, self._seen)
            super().__setitem__(key, value)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        self._others.discard(key)
        super().__setitem__(key, value)

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, *default: Any) -> Any:
        self._others.discard(key)
        return super().pop(key, *default)

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

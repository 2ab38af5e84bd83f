"""What if: who gains or loses what, and when, if these commands were given and these facts came to be.

Pure. The real state is never touched: the steps are taken on a copy of it. Both histories are asked with `decide`, and
with nothing else, wherever an answer can change: at each step, and where the clock changes a condition.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Refusal
from access_policy.decision import Decision, decide, next_change, supposed_session
from access_policy.fold import suppose
from access_policy.handle import effect
from access_policy.left_out import LeftOut, left_out
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId, is_person_id, is_request_id, number_of
from access_policy.notices import Notice, notices_from
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from access_policy.state import Memo, State, WorkspaceKey
from access_policy.supposed import misfit

MOST_CHANGES = 1000


class Step(NamedTuple):
    """One thing that is supposed to happen at an instant: a command by somebody, or a fact."""

    at: datetime
    actor: Actor
    what: Command | e.FactEvent


class StepRefused(Exception):
    """A supposed command would be refused. `number` counts the steps from one."""

    def __init__(self, number: int, refusal: Refusal) -> None:
        super().__init__(f"step {number}: {refusal.text}")
        self.number = number
        self.refusal = refusal


class Change(msgspec.Struct, frozen=True):
    """A person gains or loses datasets of a request from `at` on, until `until`, compared with what will be anyway.

    `codes` are the conditions that fail where it is lost; `running` says that a workspace runs on it now.
    """

    person: PersonId
    request: RequestId
    gains: tuple[DatasetName, ...]
    loses: tuple[DatasetName, ...]
    at: datetime
    until: datetime | None
    codes: tuple[ReasonCode, ...]
    running: bool


class Outlook(msgspec.Struct, frozen=True):
    """What would follow: who gains or loses, and the letters that would be written because of the steps (S67)."""

    changes: tuple[Change, ...]
    letters: tuple[Notice, ...]


class _Held(NamedTuple):
    """What a person has of a request from an instant on, and why they have not the rest."""

    at: datetime
    datasets: tuple[DatasetName, ...]
    codes: tuple[ReasonCode, ...]
    without: tuple[LeftOut, ...] = ()

    def why_not(self, names: Iterable[DatasetName]) -> tuple[ReasonCode, ...]:
        """Return why the person has none of these: nothing opens, or each for its own reasons (S3)."""
        if self.codes:
            return self.codes
        reasons = {one.name: one.reasons for one in self.without}
        found = [code for name in names for code in reasons.get(name, (ReasonCode.NO_DATASET_OPEN,))]
        return tuple(dict.fromkeys(found))


def simulate(state: State, steps: Sequence[Step], at: datetime, until: datetime) -> Outlook:
    """Return every change that the steps make between `at` and `until`, by request and person, and the letters.

    Without steps nothing changes. Raises StepRefused, and ValueError for a step before `at` or after `until`, and for
    a fact that does not fit what is known by then.
    """
    ordered = _in_order(steps, at, until)
    plain = _histories([(at, _copy(state))], until)
    letters: list[Notice] = []
    supposed = _histories(_supposed(state, ordered, at, letters), until)
    keys = sorted({*plain, *supposed}, key=lambda key: (number_of(key[1]), number_of(key[0])))
    changes = [one for key in keys for one in _compared(state, key, plain.get(key, []), supposed.get(key, []))]
    return Outlook(tuple(changes), tuple(letters))


def _in_order(steps: Sequence[Step], at: datetime, until: datetime) -> list[tuple[int, Step]]:
    numbered = list(enumerate(steps, 1))
    for number, step in numbered:
        if not at <= step.at < until:
            raise ValueError(f"step {number} lies before now or after the end of the look ahead; change its `at`")
    return sorted(numbered, key=lambda each: each[1].at)


def _supposed(
    state: State, steps: Iterable[tuple[int, Step]], at: datetime, letters: list[Notice]
) -> Iterator[tuple[datetime, State]]:
    """Yield the state from `at` on, and from each step on: one copy, which goes on with every step.

    What people would be told because of a step goes into `letters`.
    """
    copy = _copy(state)
    yield at, copy
    for number, step in steps:
        for event in _events_of(copy, number, step):
            letters.extend(_taken(copy, number, e.Fact(copy.seq + 1, step.at, step.actor, event)))
        yield step.at, copy


def _taken(state: State, number: int, fact: e.Fact) -> tuple[Notice, ...]:
    """Take a supposed fact into the state, and return the letters."""
    try:
        suppose(state, fact)
        return notices_from(state, fact)
    except KeyError as error:
        raise ValueError(f"step {number}: {_unknown(error.args[0])}") from None
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"step {number} does not fit what is known by then: {error}") from None


def _unknown(name: object) -> str:
    """Say in words what a fact is about that is not there (REQ-11)."""
    quoted = f"`{ascii(str(name)[:60])[1:-1]}`"
    if not isinstance(name, str) or " " in name:
        return f"it does not fit what is known by then: {name}"
    kind = "person" if is_person_id(name) else "request" if is_request_id(name) else "entry"
    return f"there is no {kind} {quoted}"


def _copy(state: State) -> State:
    """Return a state of its own, without the kept answers."""
    return deepcopy(state, {id(state.memo): Memo()})


def _events_of(state: State, number: int, step: Step) -> tuple[e.FactEvent, ...]:
    if isinstance(step.what, e.FactEvent):
        problem = misfit(state, step.what, step.at)
        if problem is not None:
            raise ValueError(f"step {number}: {problem}")
        return (step.what,)
    if step.actor.person is not None and step.actor.person not in state.people:
        raise ValueError(f"step {number}: {_unknown(step.actor.person)}")
    outcome = effect(state, step.what, step.actor, step.at)
    if isinstance(outcome, Refusal):
        raise StepRefused(number, outcome)
    return outcome


def _histories(states: Iterable[tuple[datetime, State]], until: datetime) -> dict[WorkspaceKey, list[_Held]]:
    """Return, for every contact of a request, what they have from when on. A state rules until the next one begins."""
    found: dict[WorkspaceKey, list[_Held]] = {}
    moments = iter(states)
    begins, state = next(moments)
    while True:
        # the copy goes on when the next moment is asked for, so the next instant is looked up before it is
        asked = _asked(state)
        held = {key: list(_from(asked, key, begins, until)) for key in {*_keys(state), *found}}
        following = next(moments, None)
        ends = until if following is None else following[0]
        for key, each in held.items():
            found.setdefault(key, []).extend(one for one in each if one.at < ends or one.at == begins)
        if following is None:
            return found
        begins, state = following


def _asked(state: State) -> State:
    """Return the state to ask about: what somebody holds, whether or not a workspace runs on it and how long (S86)."""
    return replace(state, workspaces={}, memo=Memo())


def _keys(state: State) -> list[WorkspaceKey]:
    return [(person, request.request) for request in state.requests.values() for person in request.contacts]


def _from(state: State, key: WorkspaceKey, begins: datetime, until: datetime) -> Iterator[_Held]:
    """Yield what a person has at `begins`, and after each change that the clock alone makes before `until`."""
    at: datetime | None = begins
    for _ in range(MOST_CHANGES):
        if at is None or at >= until:
            return
        decision = decide(state, Query(*key, Action.KEEP_WORKSPACE, at))
        yield _Held(at, tuple(one.name for one in decision.datasets), decision.codes, _without(state, decision))
        at = next_change(decision.findings, at)


def _without(state: State, decision: Decision) -> tuple[LeftOut, ...]:
    """Return what an opening would go without; from the institute's network, since it is not asked from where."""
    query, request = decision.query, state.requests.get(decision.query.request)
    if request is None or not decision.allowed or len(decision.datasets) == len(request.granted) + len(request.lapsed):
        return ()
    session = supposed_session(state, query.person, query.at, Zone.INSTITUTE)
    return left_out(state, Query(query.person, query.request, Action.OPEN_WORKSPACE, query.at, session))


def _compared(state: State, key: WorkspaceKey, plain: list[_Held], supposed: list[_Held]) -> Iterator[Change]:
    instants = sorted({one.at for one in (*plain, *supposed)})
    open_change: Change | None = None
    for at in instants:
        before, after = _held_at(plain, at), _held_at(supposed, at)
        change = _change(state, key, at, before, after)
        if open_change is not None and not _goes_on(open_change, change):
            yield msgspec.structs.replace(open_change, until=at)
            open_change = None
        if open_change is None and (change.gains or change.loses):
            open_change = change
    if open_change is not None:
        yield open_change


def _held_at(history: list[_Held], at: datetime) -> _Held:
    return next((one for one in reversed(history) if one.at <= at), _Held(at, (), ()))


def _change(state: State, key: WorkspaceKey, at: datetime, before: _Held, after: _Held) -> Change:
    gains = tuple(sorted(set(after.datasets) - set(before.datasets)))
    loses = tuple(sorted(set(before.datasets) - set(after.datasets)))
    return Change(*key, gains, loses, at, None, after.why_not(loses) if loses else (), key in state.workspaces)


def _goes_on(one: Change, other: Change) -> bool:
    return (one.gains, one.loses, one.codes) == (other.gains, other.loses, other.codes)

"""From a command to its events: authorised by the table, then handled, or put aside until a second person confirms."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import (
    Command,
    OfPerson,
    Outcome,
    Refusal,
    RefusalCode,
    name_of,
    parse_command,
)
from access_policy.commands.data import ReopenDataset, parties_of_dataset
from access_policy.commands.installation import ConfirmProposal
from access_policy.commands.studies import NameInvestigator, waiting_for
from access_policy.model.ids import DatasetName, PersonId, StudyName
from access_policy.model.instants import days
from access_policy.permissions import TABLE, FourEyes, authorise, permits, request_of
from access_policy.state import Proposal, State
from access_policy.subjects import of_arguments

Handler = Callable[[State, Any, Actor, datetime], Outcome]


def _handler_of(kind: type[Command]) -> Handler:
    """Return the function beside a command that has its name: `approve_request` for `ApproveRequest`."""
    handler: Handler = getattr(sys.modules[kind.__module__], name_of(kind).replace("-", "_"))
    return handler


HANDLERS: dict[type[Command], Handler] = {
    kind: _handler_of(kind)
    for kind in TABLE
    if kind is not ConfirmProposal and hasattr(sys.modules[kind.__module__], name_of(kind).replace("-", "_"))
}


def effect(state: State, command: Command, actor: Actor, at: datetime) -> Outcome:
    """Answer a command as if everybody who has to want it did: what `simulate` asks with, and nothing else."""
    refused = permits(state, command, actor, at)
    if refused is not None:
        return refused
    if isinstance(command, ConfirmProposal):
        return _confirm(state, command, actor, at)
    return HANDLERS[type(command)](state, command, actor, at)


def handle(state: State, command: Command, actor: Actor, at: datetime) -> Outcome:
    """Answer a command with its events, or with why it is refused. Pure; `at` is the time of the append, UTC."""
    refused = authorise(state, command, actor, at)
    if refused is not None:
        return refused
    if isinstance(command, ConfirmProposal):
        return _confirm(state, command, actor, at)
    outcome = HANDLERS[type(command)](state, command, actor, at)
    if isinstance(outcome, Refusal) or TABLE[type(command)].four_eyes is not FourEyes.SECOND_PERSON:
        return outcome
    return _proposed(state, command, actor, at)


WAITS = days(14)
"""How long a proposal can be confirmed, half-open."""
MOST_WAITING = 50


def _proposed(state: State, command: Command, actor: Actor, at: datetime) -> Outcome:
    """Put a command aside. What waits for the same in vain already is dropped for it."""
    name, arguments = name_of(type(command)), msgspec.json.encode(command).decode()
    alive = {one.number for one in state.proposals.values() if _lapsed(state, one, at) is None}
    same = [one.number for one in state.proposals.values() if one.command == name and _same(one.arguments, arguments)]
    if waiting := [number for number in same if number in alive]:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"this waits already, as proposal `{waiting[0]}`")
    if len(alive) >= MOST_WAITING:
        text = f"`{len(alive)}` proposals wait already; confirm or drop some of them first"
        return Refusal(RefusalCode.WRONG_STATE, text)
    number, about = state.last_proposal + 1, _about(state, command, actor)
    proposed = e.CommandProposed(proposal=number, command=name, person=about, arguments=arguments)
    return (*(e.ProposalDropped(proposal=one) for one in same), proposed)


def _same(one: str, other: str) -> bool:
    """Say whether two proposals want the same, for whatever reason."""
    wanted = ({**msgspec.json.decode(arguments), "reason": None, "evidence": None} for arguments in (one, other))
    return next(wanted) == next(wanted)


def _lapsed(state: State, proposal: Proposal, at: datetime) -> Refusal | None:
    """REQ-08: a proposal is about the state in which it was made; it undoes no later decision."""
    if at >= proposal.at + WAITS:
        text = f"this waited for more than {WAITS.days} days; propose it again"
        return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    for subject in of_arguments(msgspec.json.decode(proposal.arguments)):
        if state.touched.get(subject, 0) > proposal.seq:
            text = f"something about `{subject}` changed since this was proposed; propose it again"
            return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    return None


def _about(state: State, command: Command, actor: Actor) -> PersonId:
    """Return with whose key a proposal is sealed (E50); only people propose."""
    request = request_of(state, command)
    concerned = command.person if isinstance(command, OfPerson) else request and request.applicant
    return concerned or actor.person or PersonId("")


def _confirm(state: State, command: ConfirmProposal, actor: Actor, at: datetime) -> Outcome:
    proposal = state.proposals.get(command.proposal)
    if proposal is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no proposal `{command.proposal}` waits")
    try:
        proposed = parse_command(proposal.command, msgspec.json.decode(proposal.arguments))
    except ValueError as error:
        return Refusal(RefusalCode.CHANGED_MEANWHILE, f"this can be read no more; drop it: {error}")
    refused = permits(state, proposed, Actor(person=proposal.by), at) or _concerns(state, proposed, actor)
    refused = refused or _lapsed(state, proposal, at)
    if refused is not None:
        return refused
    outcome = HANDLERS[type(proposed)](state, proposed, Actor(person=proposal.by), at)
    if isinstance(outcome, Refusal):
        return outcome
    return (e.ProposalConfirmed(proposal=command.proposal), *outcome)


def _concerns(state: State, proposed: Command, actor: Actor) -> Refusal | None:
    """REQ-01, REQ-02: who the proposed command is about, or who would get the data, is no second person."""
    request = request_of(state, proposed)
    parties = {request.applicant, *request.contacts} if request is not None else set()
    if isinstance(proposed, ReopenDataset):
        parties |= parties_of_dataset(state, DatasetName(proposed.dataset))
    if isinstance(proposed, NameInvestigator):
        parties |= waiting_for(state, StudyName(proposed.study))
    if actor.person not in {getattr(proposed, "person", None), *parties}:
        return None
    return Refusal(RefusalCode.FOUR_EYES, "nobody confirms a command about themselves")

"""From a command to its events: authorised by the table, then handled, or put aside until a second person confirms."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands import board, data, installation, institutions, people, requests, training, workspaces
from access_policy.commands.base import Command, Outcome, Refusal, RefusalCode, name_of, parse_command
from access_policy.commands.installation import ConfirmProposal
from access_policy.permissions import TABLE, FourEyes, authorise
from access_policy.state import State

Handler = Callable[[State, Any, Actor, datetime], Outcome]

HANDLERS: dict[type[Command], Handler] = {
    installation.AdoptSettings: installation.adopt_settings,
    installation.DropProposal: installation.drop_proposal,
    institutions.RegisterInstitution: institutions.register_institution,
    institutions.DeclareDomains: institutions.declare_domains,
    institutions.RecordAgreement: institutions.record_agreement,
    institutions.EndAgreement: institutions.end_agreement,
    people.RegisterPerson: people.register_person,
    people.LinkIdentity: people.link_identity,
    people.VerifyPerson: people.verify_person,
    people.WithdrawVerification: people.withdraw_verification,
    people.DisablePerson: people.disable_person,
    people.EnablePerson: people.enable_person,
    people.AppointRole: people.appoint_role,
    people.EndRole: people.end_role,
    people.EnrolFactor: people.enrol_factor,
    people.ConfirmFactor: people.confirm_factor,
    people.ResetFactors: people.reset_factors,
    training.RegisterCourse: training.register_course,
    training.CertifyPerson: training.certify_person,
    training.RevokeCertification: training.revoke_certification,
    data.RegisterDataset: data.register_dataset,
    data.WithdrawDataset: data.withdraw_dataset,
    data.ReopenDataset: data.reopen_dataset,
    data.PublishLicence: data.publish_licence,
    requests.OpenRequest: requests.open_request,
    requests.RequestDataset: requests.request_dataset,
    requests.NameContact: requests.name_contact,
    requests.RemoveContact: requests.remove_contact,
    requests.SubmitRequest: requests.submit_request,
    requests.WithdrawRequest: requests.withdraw_request,
    board.AssessRequest: board.assess_request,
    board.ApproveRequest: board.approve_request,
    board.RefuseRequest: board.refuse_request,
    board.SignLicence: board.sign_licence,
    board.MakeAvailable: board.make_available,
    board.EndRequest: board.end_request,
    workspaces.StartWorkspace: workspaces.start_workspace,
    workspaces.StopWorkspace: workspaces.stop_workspace,
    workspaces.RecordEnding: workspaces.record_ending,
}


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
    return _proposed(state, command)


def _proposed(state: State, command: Command) -> Outcome:
    name, arguments = name_of(type(command)), msgspec.json.encode(command).decode()
    for waiting in state.proposals.values():
        if (waiting.command, waiting.arguments) == (name, arguments):
            return Refusal(RefusalCode.ALREADY_EXISTS, f"this waits already, as proposal `{waiting.number}`")
    return (e.CommandProposed(proposal=state.last_proposal + 1, command=name, arguments=arguments),)


def _confirm(state: State, command: ConfirmProposal, actor: Actor, at: datetime) -> Outcome:
    proposal = state.proposals.get(command.proposal)
    if proposal is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no proposal `{command.proposal}` waits")
    proposed = parse_command(proposal.command, msgspec.json.decode(proposal.arguments))
    refused = authorise(state, proposed, Actor(person=proposal.by), at) or _concerns(proposed, actor)
    if refused is not None:
        return refused
    outcome = HANDLERS[type(proposed)](state, proposed, Actor(person=proposal.by), at)
    if isinstance(outcome, Refusal):
        return outcome
    return (e.ProposalConfirmed(proposal=command.proposal), *outcome)


def _concerns(proposed: Command, actor: Actor) -> Refusal | None:
    if getattr(proposed, "person", None) != actor.person:
        return None
    return Refusal(RefusalCode.FOUR_EYES, "nobody confirms a command about themselves")

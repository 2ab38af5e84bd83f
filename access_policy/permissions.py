"""Who may do what in which state: one literal table, from which the matrix in `docs/reference/` is generated.

Columns: the command; who may give it; the request's statuses in which it may be given; `personal`: never on behalf of
somebody, outside a demo; `four eyes`: nobody does it for themselves, or a second person confirms; `step-up`: a fresh
second factor for this one command. Authorisation comes before any other check, so that a stranger learns nothing.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.actor import Actor
from access_policy.commands.base import Command, OfPerson, OfRequest, Refusal, RefusalCode, name_of
from access_policy.commands.board import (
    ApproveRequest,
    AssessRequest,
    EndRequest,
    MakeAvailable,
    RefuseRequest,
    SignLicence,
)
from access_policy.commands.data import PublishLicence, RegisterDataset, ReopenDataset, WithdrawDataset
from access_policy.commands.installation import AdoptSettings, ConfirmProposal, DropProposal
from access_policy.commands.institutions import DeclareDomains, EndAgreement, RecordAgreement, RegisterInstitution
from access_policy.commands.people import (
    AppointRole,
    ConfirmFactor,
    DisablePerson,
    EnablePerson,
    EndRole,
    EnrolFactor,
    LinkIdentity,
    RegisterPerson,
    ResetFactors,
    VerifyPerson,
    WithdrawVerification,
)
from access_policy.commands.requests import (
    NameContact,
    OpenRequest,
    RemoveContact,
    RequestDataset,
    SubmitRequest,
    WithdrawRequest,
)
from access_policy.commands.training import CertifyPerson, RegisterCourse, RevokeCertification
from access_policy.commands.workspaces import RecordEnding, StartWorkspace, StopWorkspace
from access_policy.model.enums import Component, RequestStatus, Role
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import Person, Request, State


class Standing(StrEnum):
    """How an actor stands to a command: an appointed role, a relation to what it is about, or a part of the program."""

    ADMIN = "admin"
    TRAINER = "trainer"
    ASSESSOR = "assessor"
    BOARD_MEMBER = "board-member"
    REPRESENTATIVE = "representative"
    DATA_STEWARD = "data-steward"
    MEMBER = "member"
    SELF = "self"
    VERIFIER = "verifier"
    APPLICANT = "applicant"
    SIGNATORY = "signatory"
    INSTALLATION = "installation"
    HUB = "hub"
    WARDEN = "warden"


class FourEyes(StrEnum):
    """How many people a command needs."""

    NO = "no"
    NOT_SELF = "not for oneself"
    SECOND_PERSON = "a second person confirms"


class Permission(msgspec.Struct, frozen=True):
    """One row of the table."""

    command: type[Command]
    standings: frozenset[Standing]
    statuses: frozenset[RequestStatus] | None = None
    personal: bool = False
    four_eyes: FourEyes = FourEyes.NO
    step_up: bool = False


_S = Standing
_Q = RequestStatus
_NOT_SELF = FourEyes.NOT_SELF
_SECOND = FourEyes.SECOND_PERSON
_DRAFT = frozenset({_Q.DRAFT})
_LIVE = frozenset({_Q.APPROVED, _Q.LICENSED, _Q.ACTIVE})
_WITHDRAWABLE = frozenset({_Q.DRAFT, _Q.SUBMITTED, _Q.ASSESSED, _Q.APPROVED, _Q.LICENSED})


def _row(
    command: type[Command],
    *standings: Standing,
    statuses: frozenset[RequestStatus] | None = None,
    personal: bool = False,
    four_eyes: FourEyes = FourEyes.NO,
    step_up: bool = False,
) -> Permission:
    return Permission(command, frozenset(standings), statuses, personal, four_eyes, step_up)


TABLE: dict[type[Command], Permission] = {
    row.command: row
    for row in (
        _row(AdoptSettings, _S.INSTALLATION),
        _row(ConfirmProposal, _S.ADMIN, personal=True, four_eyes=_NOT_SELF, step_up=True),
        _row(DropProposal, _S.ADMIN),
        _row(RegisterInstitution, _S.ADMIN),
        _row(DeclareDomains, _S.ADMIN),
        _row(RecordAgreement, _S.ADMIN, _S.REPRESENTATIVE),
        _row(EndAgreement, _S.ADMIN, _S.REPRESENTATIVE),
        _row(RegisterPerson, _S.ADMIN),
        _row(LinkIdentity, _S.ADMIN, four_eyes=_NOT_SELF),
        _row(VerifyPerson, _S.ADMIN, personal=True, four_eyes=_NOT_SELF, step_up=True),
        _row(WithdrawVerification, _S.ADMIN),
        _row(DisablePerson, _S.ADMIN, _S.REPRESENTATIVE, four_eyes=_NOT_SELF),
        _row(EnablePerson, _S.ADMIN, four_eyes=_NOT_SELF),
        _row(AppointRole, _S.ADMIN, four_eyes=_SECOND, step_up=True),
        _row(EndRole, _S.ADMIN),
        _row(EnrolFactor, _S.HUB),
        _row(ConfirmFactor, _S.VERIFIER, personal=True, four_eyes=_NOT_SELF, step_up=True),
        _row(ResetFactors, _S.ADMIN, four_eyes=_SECOND, step_up=True),
        _row(RegisterCourse, _S.ADMIN, _S.TRAINER),
        _row(CertifyPerson, _S.TRAINER, personal=True, four_eyes=_NOT_SELF, step_up=True),
        _row(RevokeCertification, _S.TRAINER, _S.ADMIN),
        _row(RegisterDataset, _S.DATA_STEWARD),
        _row(WithdrawDataset, _S.DATA_STEWARD, _S.ADMIN, _S.REPRESENTATIVE),
        _row(ReopenDataset, _S.DATA_STEWARD),
        _row(PublishLicence, _S.ADMIN, _S.REPRESENTATIVE),
        _row(OpenRequest, _S.MEMBER),
        _row(RequestDataset, _S.APPLICANT, statuses=_DRAFT),
        _row(NameContact, _S.APPLICANT, statuses=_DRAFT, personal=True),
        _row(RemoveContact, _S.APPLICANT, _S.SIGNATORY, _S.ADMIN, statuses=_LIVE | _DRAFT),
        _row(SubmitRequest, _S.APPLICANT, statuses=_DRAFT, personal=True, step_up=True),
        _row(WithdrawRequest, _S.APPLICANT, statuses=_WITHDRAWABLE),
        _row(AssessRequest, _S.ASSESSOR, statuses=frozenset({_Q.SUBMITTED}), personal=True, four_eyes=_NOT_SELF),
        _row(
            ApproveRequest, _S.BOARD_MEMBER, statuses=frozenset({_Q.ASSESSED}),
            personal=True, four_eyes=_NOT_SELF, step_up=True,
        ),
        _row(
            RefuseRequest, _S.BOARD_MEMBER, statuses=frozenset({_Q.SUBMITTED, _Q.ASSESSED}),
            personal=True, four_eyes=_NOT_SELF, step_up=True,
        ),
        _row(
            SignLicence, _S.APPLICANT, _S.SIGNATORY, _S.REPRESENTATIVE, statuses=frozenset({_Q.APPROVED}),
            personal=True, step_up=True,
        ),
        _row(MakeAvailable, _S.DATA_STEWARD, _S.REPRESENTATIVE, statuses=frozenset({_Q.LICENSED}), four_eyes=_NOT_SELF),
        _row(EndRequest, _S.ADMIN, _S.REPRESENTATIVE, _S.SIGNATORY, statuses=_LIVE),
        _row(StartWorkspace, _S.HUB),
        _row(StopWorkspace, _S.SELF, _S.ADMIN),
        _row(RecordEnding, _S.HUB, _S.WARDEN),
    )
}  # fmt: skip


_OF_COMPONENT: dict[Component, frozenset[Standing]] = {
    Component.INSTALLATION: frozenset({Standing.INSTALLATION}),
    Component.HUB: frozenset({Standing.HUB}),
    Component.WARDEN: frozenset({Standing.WARDEN}),
}


def standings_of(state: State, command: Command, actor: Actor, at: datetime) -> frozenset[Standing]:
    """Return how the actor stands to the command at `at`. A stopped or unknown person stands nowhere (ID-15)."""
    if actor.component is not None and actor.person is None:
        return _OF_COMPONENT.get(actor.component, frozenset())
    person = state.people.get(actor.person) if actor.person is not None else None
    if person is None or person.disabled is not None:
        return frozenset()
    return frozenset({Standing.MEMBER} | _appointed(command, person, at) | _related(state, command, person, at))


def _appointed(command: Command, person: Person, at: datetime) -> set[Standing]:
    course = getattr(command, "course", None)
    return {
        Standing(one.role)
        for one in person.appointments
        if one.holds(at)
        and one.role is not Role.SIGNATORY
        and (one.role is not Role.TRAINER or one.scope is None or one.scope == course)
    }


def _related(state: State, command: Command, person: Person, at: datetime) -> set[Standing]:
    request = request_of(state, command)
    concerned = state.people.get(_person_of(command) or PersonId(""))
    relations = {
        Standing.SELF: concerned is person,
        Standing.VERIFIER: concerned is not None and _verified_by(concerned) == person.person,
        Standing.APPLICANT: request is not None and request.applicant == person.person,
        Standing.SIGNATORY: request is not None and _signs_for(person, request, at),
    }
    return {standing for standing, holds in relations.items() if holds}


def _verified_by(person: Person) -> PersonId | None:
    return person.verification.by if person.verification is not None else None


def _signs_for(person: Person, request: Request, at: datetime) -> bool:
    return any(
        one.role is Role.SIGNATORY and one.scope == request.institution and one.holds(at) for one in person.appointments
    )


def request_of(state: State, command: Command) -> Request | None:
    """Return the request that a command is about, if there is one."""
    return state.requests.get(command.request) if isinstance(command, OfRequest) else None


def _person_of(command: Command) -> PersonId | None:
    return command.person if isinstance(command, OfPerson) else None


def authorise(state: State, command: Command, actor: Actor, at: datetime) -> Refusal | None:
    """Say why the actor may not give the command at `at`, or None. Unknown commands are permitted to nobody."""
    row = TABLE.get(type(command))
    name = name_of(type(command))
    if row is None or not row.standings & standings_of(state, command, actor, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"`{name}` is not yours to give")
    if row.personal and actor.operator is not None and not state.demo:
        return Refusal(RefusalCode.PERSONAL_COMMAND, f"`{name}` is never done on behalf of somebody")
    if isinstance(command, OfPerson) and command.person not in state.people:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no person `{command.person}`")
    return _four_eyes(state, row, command, actor) or _status(state, row, command)


def _four_eyes(state: State, row: Permission, command: Command, actor: Actor) -> Refusal | None:
    if row.four_eyes is FourEyes.NO:
        return None
    request = request_of(state, command)
    concerned = {_person_of(command)}
    if request is not None:
        concerned |= {request.applicant, *request.contacts}
    if isinstance(command, ConfirmProposal) and command.proposal in state.proposals:
        concerned.add(state.proposals[command.proposal].by)
    if actor.person is not None and actor.person in concerned:
        return Refusal(RefusalCode.FOUR_EYES, f"`{name_of(row.command)}` needs another person than `{actor.person}`")
    return None


def _status(state: State, row: Permission, command: Command) -> Refusal | None:
    if not isinstance(command, OfRequest):
        return None
    request = state.requests.get(RequestId(command.request))
    if request is None:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no request `{command.request}`")
    if row.statuses is not None and request.status not in row.statuses:
        needed = ", ".join(sorted(row.statuses))
        text = f"`{request.request}` is {request.status}; `{name_of(row.command)}` needs: {needed}"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return None

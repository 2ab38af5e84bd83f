"""Who may do what in which state: one literal table, from which the matrix in `docs/reference/` is generated.

Columns: the command; who may give it; the request's statuses in which it may be given; `personal`: never on behalf of
somebody, outside a demo, and only after a step-up, whose id its facts carry; `four eyes`: nobody does it for
themselves, or a second person confirms; `step-up`: a fresh second factor for this one command.
"""

from enum import StrEnum

import msgspec

from access_policy.commands import (
    amendments,
    attendance,
    board,
    clients,
    clinical,
    confirmation,
    contacts,
    emergencies,
    entities,
    erasure,
    extensions,
    factors,
    files,
    hearing,
    homes,
    intake,
    law,
    licences,
    losses,
    outside_training,
    publications,
    roles,
    studies,
    transfers,
    versions,
    workspaces,
)
from access_policy.commands import data as d
from access_policy.commands import grants as g
from access_policy.commands import installation as i
from access_policy.commands import institutions as o
from access_policy.commands import people as p
from access_policy.commands import requests as q
from access_policy.commands import review as r
from access_policy.commands import training as t
from access_policy.commands.base import Command
from access_policy.commands.documents import BindDocument, PublishDocument
from access_policy.model.enums import RequestStatus


class Standing(StrEnum):
    """How an actor stands to a command: an appointed role, a relation to what it is about, or a part of the program."""

    ADMIN = "admin"
    TRAINER = "trainer"
    ASSESSOR = "assessor"
    BOARD_MEMBER = "board-member"
    DATA_ACCESS_OFFICE = "data-access-office"
    REPRESENTATIVE = "representative"
    DATA_STEWARD = "data-steward"
    AUDITOR = "auditor"
    MEMBER = "member"
    SELF = "self"
    VERIFIER = "verifier"
    APPLICANT = "applicant"
    SIGNATORY = "signatory"
    INVESTIGATOR = "investigator"
    INSTALLATION = "installation"
    HUB = "hub"
    DESK = "desk"
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

    @property
    def proven(self) -> bool:
        """Whether a person who gives the command for themselves names the second factor that allowed it."""
        return self.personal or self.step_up


_S = Standing
_Q = RequestStatus
_NOT_SELF = FourEyes.NOT_SELF
_SECOND = FourEyes.SECOND_PERSON
_DRAFT = frozenset({_Q.DRAFT})
_SUBMITTED = frozenset({_Q.SUBMITTED})
_ASSESSED = frozenset({_Q.ASSESSED})
_REVIEW = frozenset({_Q.SUBMITTED, _Q.ASSESSED})
_ACTIVE = frozenset({_Q.ACTIVE})
_LIVE = frozenset({_Q.APPROVED, _Q.LICENSED, _Q.ACTIVE})
_READY = frozenset({_Q.LICENSED, _Q.ACTIVE})
_CLOCKED = frozenset({_Q.INTAKE, *_REVIEW, *_LIVE})
_WITHDRAWABLE = frozenset({_Q.INTAKE, _Q.INVITED, _Q.DRAFT, *_REVIEW, _Q.APPROVED, _Q.LICENSED})


def _row(
    command: type[Command],
    *standings: Standing,
    statuses: frozenset[RequestStatus] | None = None,
    personal: bool = False,
    four_eyes: FourEyes = FourEyes.NO,
    step_up: bool = False,
) -> Permission:
    return Permission(command, frozenset(standings), statuses, personal, four_eyes, step_up)


_INSTALLATION = (
    _row(i.AdoptSettings, _S.INSTALLATION),
    _row(i.FinishUpgrade, _S.INSTALLATION),
    _row(i.CutObservations, _S.WARDEN),
    _row(i.RotateCheckpointKey, _S.INSTALLATION),
    _row(losses.AcceptLoss, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(i.RecordSecurityTest, _S.ADMIN),
    _row(i.RecordProviderAudit, _S.ADMIN),
    _row(clients.RegisterClient, _S.ADMIN, step_up=True),
    _row(clients.EndClient, _S.ADMIN),
    _row(i.ConfirmProposal, _S.ADMIN, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(i.DropProposal, _S.ADMIN, _S.REPRESENTATIVE, _S.DATA_STEWARD, _S.DATA_ACCESS_OFFICE),
    _row(PublishDocument, _S.ADMIN, _S.REPRESENTATIVE),
    _row(BindDocument, _S.ADMIN, _S.REPRESENTATIVE, personal=True, four_eyes=_SECOND, step_up=True),
)

_INSTITUTIONS = (
    _row(o.RegisterInstitution, _S.ADMIN, _S.DATA_ACCESS_OFFICE),
    _row(o.CorrectInstitution, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(o.DeclareDomains, _S.ADMIN),
    _row(o.RecordAgreement, _S.ADMIN, _S.REPRESENTATIVE),
    _row(o.EndAgreement, _S.ADMIN, _S.REPRESENTATIVE),
    _row(o.ExcludeOrganisation, _S.ADMIN, _S.REPRESENTATIVE),
    _row(o.LiftExclusion, _S.ADMIN, _S.REPRESENTATIVE, personal=True, four_eyes=_SECOND, step_up=True),
    _row(law.RecordAdequacy, _S.ADMIN, _S.DATA_ACCESS_OFFICE, personal=True, four_eyes=_SECOND, step_up=True),
    _row(law.EndAdequacy, _S.ADMIN, _S.DATA_ACCESS_OFFICE),
    _row(law.ListCountry, _S.ADMIN, _S.DATA_ACCESS_OFFICE, personal=True, four_eyes=_SECOND, step_up=True),
    _row(law.UnlistCountry, _S.ADMIN, _S.DATA_ACCESS_OFFICE),
)

_PEOPLE = (
    _row(p.RegisterPerson, _S.ADMIN),
    _row(p.RegisterSelf, _S.HUB),
    _row(p.CorrectName, _S.ADMIN, four_eyes=_NOT_SELF),
    _row(p.CorrectEmail, _S.ADMIN, four_eyes=_NOT_SELF),
    _row(p.LinkIdentity, _S.ADMIN, four_eyes=_NOT_SELF),
    _row(p.JoinIdentity, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(p.MovePerson, _S.ADMIN, four_eyes=_NOT_SELF),
    _row(p.RecordDeparture, _S.ADMIN, _S.REPRESENTATIVE, four_eyes=_NOT_SELF),
    _row(factors.VerifyPerson, _S.ADMIN, _S.SIGNATORY, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(factors.WithdrawVerification, _S.ADMIN),
    _row(p.DisablePerson, _S.ADMIN, _S.REPRESENTATIVE, four_eyes=_NOT_SELF),
    _row(p.EnablePerson, _S.ADMIN, _S.REPRESENTATIVE, four_eyes=_NOT_SELF),
    _row(roles.AppointRole, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(roles.AppointSignatory, _S.REPRESENTATIVE, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(roles.EndRole, _S.ADMIN),
    _row(factors.EnrolFactor, _S.HUB),
    _row(factors.ConfirmFactor, _S.VERIFIER, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(confirmation.IssueConfirmationCode, _S.VERIFIER, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(confirmation.RedeemConfirmationCode, _S.SELF, personal=True),
    _row(factors.RemoveFactor, _S.SELF, personal=True, step_up=True),
    _row(factors.ResetFactors, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(p.AcceptDocument, _S.SELF, personal=True),
    _row(erasure.AskErasure, _S.SELF, _S.ADMIN),
    _row(files.KeepFile, _S.SELF, _S.ADMIN, personal=True),
    _row(files.DropFile, _S.MEMBER, personal=True),
    _row(erasure.ErasePerson, _S.ADMIN, four_eyes=_SECOND, step_up=True),
)

_TRAINING = (
    _row(t.RegisterCourse, _S.ADMIN, _S.TRAINER),
    _row(t.ReviseCourse, _S.ADMIN, _S.TRAINER),
    _row(attendance.PlanTraining, _S.TRAINER),
    _row(attendance.ClaimAttendance, _S.SELF, personal=True),
    _row(attendance.ConfirmAttendance, _S.TRAINER, personal=True, step_up=True),
    _row(t.CertifyPerson, _S.TRAINER, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(t.ExemptPerson, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(outside_training.TrustProvider, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(outside_training.DistrustProvider, _S.ADMIN, _S.TRAINER),
    _row(outside_training.AcceptCertificate, _S.TRAINER, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(t.RevokeCertification, _S.TRAINER, _S.ADMIN),
    _row(t.RevokeTrainer, _S.ADMIN),
)

_DATA = (
    _row(studies.RegisterStudy, _S.DATA_STEWARD, _S.ADMIN),
    _row(studies.NameInvestigator, _S.DATA_STEWARD, _S.ADMIN, personal=True, four_eyes=_SECOND, step_up=True),
    _row(studies.EndInvestigator, _S.DATA_STEWARD, _S.ADMIN),
    _row(d.RegisterDataset, _S.DATA_STEWARD),
    _row(d.HandOverDataset, _S.DATA_STEWARD, _S.ADMIN),
    _row(versions.ReleaseVersion, _S.DATA_STEWARD),
    _row(versions.RecordConsentWithdrawal, _S.DATA_STEWARD, _S.ADMIN),
    _row(versions.RecordOptOut, _S.DATA_STEWARD, _S.ADMIN),
    _row(versions.ReverseOptOut, _S.DATA_STEWARD, _S.ADMIN),
    _row(d.WithdrawDataset, _S.DATA_STEWARD, _S.ADMIN, _S.REPRESENTATIVE),
    _row(d.ReopenDataset, _S.DATA_STEWARD, personal=True, four_eyes=_SECOND, step_up=True),
)

_REQUESTS = (
    _row(intake.SubmitIntake, _S.DESK),
    _row(intake.AnswerIntake, _S.DATA_ACCESS_OFFICE, statuses=frozenset({_Q.INTAKE})),
    _row(intake.InviteParty, _S.DATA_ACCESS_OFFICE, _S.APPLICANT, _S.SIGNATORY, statuses=_DRAFT | _REVIEW | _LIVE),
    _row(intake.RegisterInvited, _S.HUB),
    _row(intake.AcceptInvitation, _S.MEMBER, personal=True),
    _row(q.OpenRequest, _S.MEMBER),
    _row(q.DescribeRequest, _S.APPLICANT, statuses=_DRAFT),
    _row(q.RequestDataset, _S.APPLICANT, statuses=_DRAFT),
    _row(q.DropDataset, _S.APPLICANT, statuses=_DRAFT),
    _row(q.NameEntity, _S.APPLICANT, statuses=_DRAFT),
    _row(entities.DropEntity, _S.APPLICANT, statuses=_DRAFT),
    _row(q.ConfirmProtection, _S.APPLICANT, _S.SIGNATORY, statuses=_DRAFT, personal=True),
    _row(q.NameContact, _S.APPLICANT, statuses=_DRAFT, personal=True),
    _row(contacts.RemoveContact, _S.APPLICANT, _S.SIGNATORY, _S.ADMIN, statuses=_LIVE | _DRAFT),
    _row(files.AttachFile, _S.APPLICANT, _S.SIGNATORY, statuses=_DRAFT | _REVIEW | _LIVE, personal=True),
    _row(q.SubmitRequest, _S.APPLICANT, statuses=_DRAFT, personal=True, step_up=True),
    _row(q.WithdrawRequest, _S.APPLICANT, _S.DATA_ACCESS_OFFICE, statuses=_WITHDRAWABLE),
)

_REVIEWING = (
    _row(r.ReturnRequest, _S.DATA_ACCESS_OFFICE, _S.ASSESSOR, statuses=_REVIEW, four_eyes=_NOT_SELF),
    _row(r.AssessRequest, _S.ASSESSOR, statuses=_REVIEW, personal=True, four_eyes=_NOT_SELF),
    _row(
        r.RecordFinding,
        _S.ASSESSOR,
        _S.BOARD_MEMBER,
        _S.DATA_ACCESS_OFFICE,
        statuses=_REVIEW | _LIVE,
        personal=True,
        four_eyes=_NOT_SELF,
    ),
    _row(transfers.RecordTransferBasis, _S.DATA_ACCESS_OFFICE, statuses=_REVIEW | _LIVE, four_eyes=_NOT_SELF),
    _row(board.DeclareConflict, _S.BOARD_MEMBER, _S.ASSESSOR, statuses=_REVIEW | _LIVE, personal=True),
    _row(
        board.VoteOnRequest,
        _S.BOARD_MEMBER,
        statuses=_ASSESSED | _LIVE,
        personal=True,
        four_eyes=_NOT_SELF,
        step_up=True,
    ),
    _row(board.ApproveRequest, _S.BOARD_MEMBER, statuses=_ASSESSED, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(
        board.RefuseRequest,
        _S.BOARD_MEMBER,
        _S.INVESTIGATOR,
        statuses=_REVIEW,
        personal=True,
        four_eyes=_NOT_SELF,
        step_up=True,
    ),
    _row(
        clinical.ApproveClinical, _S.INVESTIGATOR, statuses=_SUBMITTED, personal=True, four_eyes=_NOT_SELF, step_up=True
    ),
    _row(r.PauseClock, _S.DATA_ACCESS_OFFICE, statuses=_CLOCKED),
    _row(r.ResumeClock, _S.DATA_ACCESS_OFFICE, statuses=_CLOCKED),
    _row(r.AccelerateRequest, _S.DATA_ACCESS_OFFICE, statuses=_DRAFT, four_eyes=_NOT_SELF),
    _row(r.DeferDecision, _S.DATA_ACCESS_OFFICE, _S.BOARD_MEMBER, statuses=_REVIEW, four_eyes=_NOT_SELF),
)

_GRANTS = (
    _row(
        licences.SignLicence, _S.APPLICANT, _S.SIGNATORY, _S.REPRESENTATIVE, statuses=_LIVE, personal=True, step_up=True
    ),
    _row(g.PrepareExtract, _S.DATA_STEWARD, statuses=_LIVE, four_eyes=_NOT_SELF),
    _row(g.MakeAvailable, _S.DATA_STEWARD, _S.REPRESENTATIVE, statuses=_READY, four_eyes=_NOT_SELF),
    _row(contacts.AskContact, _S.SIGNATORY, statuses=_LIVE, personal=True),
    _row(contacts.CheckContact, _S.DATA_ACCESS_OFFICE, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF),
    _row(contacts.RefuseContact, _S.DATA_ACCESS_OFFICE, statuses=_LIVE, four_eyes=_NOT_SELF),
    _row(contacts.MakeAvailableToContact, _S.DATA_STEWARD, _S.REPRESENTATIVE, statuses=_ACTIVE, four_eyes=_NOT_SELF),
    _row(amendments.ProposeAmendment, _S.APPLICANT, _S.SIGNATORY, statuses=_LIVE, personal=True),
    _row(
        amendments.ApproveAmendment, _S.BOARD_MEMBER, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF, step_up=True
    ),
    _row(amendments.RefuseAmendment, _S.BOARD_MEMBER, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(extensions.AskExtension, _S.SIGNATORY, statuses=_LIVE, personal=True),
    _row(extensions.AnswerExtension, _S.DATA_ACCESS_OFFICE, statuses=_LIVE, four_eyes=_NOT_SELF),
    _row(extensions.SubmitExtension, _S.APPLICANT, _S.SIGNATORY, statuses=_LIVE, personal=True),
    _row(extensions.AssessExtension, _S.ASSESSOR, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF),
    _row(extensions.GrantExtension, _S.BOARD_MEMBER, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(extensions.RefuseExtension, _S.BOARD_MEMBER, statuses=_LIVE, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(g.SuspendRequest, _S.ADMIN, _S.REPRESENTATIVE, _S.DATA_ACCESS_OFFICE, statuses=_LIVE),
    _row(
        hearing.RecordHearing,
        _S.DATA_ACCESS_OFFICE,
        _S.REPRESENTATIVE,
        statuses=_LIVE,
        personal=True,
        four_eyes=_NOT_SELF,
    ),
    _row(
        g.ReinstateRequest, _S.ADMIN, _S.REPRESENTATIVE, statuses=_LIVE, personal=True, four_eyes=_SECOND, step_up=True
    ),
    _row(g.EndRequest, _S.ADMIN, _S.REPRESENTATIVE, _S.SIGNATORY, statuses=_LIVE),
    _row(publications.RecordPublication, _S.APPLICANT, _S.DATA_ACCESS_OFFICE, statuses=_ACTIVE | {_Q.ENDED}),
)

_WORKSPACES = (
    _row(workspaces.StartWorkspace, _S.HUB),
    _row(workspaces.StopWorkspace, _S.SELF, _S.ADMIN),
    _row(workspaces.RecordEnding, _S.HUB, _S.WARDEN),
    _row(workspaces.RecordDoubt, _S.WARDEN),
    _row(homes.SetHomeAside, _S.WARDEN),
    _row(homes.ReleaseHome, _S.ADMIN, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(homes.DeleteHome, _S.ADMIN, personal=True, four_eyes=_NOT_SELF, step_up=True),
    _row(homes.RecordHomeDeleted, _S.WARDEN),
    _row(
        emergencies.GrantEmergencyAccess,
        _S.ADMIN,
        statuses=_ACTIVE,
        personal=True,
        four_eyes=_SECOND,
        step_up=True,
    ),
    _row(emergencies.EndEmergencyAccess, _S.ADMIN, _S.REPRESENTATIVE),
)

TABLE: dict[type[Command], Permission] = {
    row.command: row
    for row in (
        *_INSTALLATION, *_INSTITUTIONS, *_PEOPLE, *_TRAINING, *_DATA, *_REQUESTS, *_REVIEWING, *_GRANTS, *_WORKSPACES,
    )
}  # fmt: skip

"""Which role of PostgreSQL may append which kinds, and do what with which records: one literal table, pure data.

A part that is broken into can write no more than it ever writes itself: the hub cannot approve a request, the warden
cannot begin a session, the desk cannot start a workspace (AUD-11). The operator is the command line and the checks
around a start. The tables' owner, who runs the migrations, is none of these.
"""

from typing import NamedTuple

from access_policy import events as e

Kinds = frozenset[type[e.Event]]
READ = ("SELECT",)
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
_SEALS = ("SELECT", "INSERT")
_ENDS_SESSIONS = "UPDATE (ended_at, ended_why)"
_NOTES_ACTIVITY = "UPDATE (last_activity, idle_ends)"
_NOTES_PLACES = "UPDATE (inside_until)"


class Role(NamedTuple):
    """What a role may append to the two streams, and the verbs it has on each table of records."""

    name: str
    facts: Kinds
    observations: Kinds
    records: dict[str, tuple[str, ...]]
    cuts: bool = False
    """Whether it may let observations go, as far as the newest fact cuts them (E48)."""


COMMAND_LINE_ONLY: Kinds = frozenset(
    {e.CheckpointKeyRotated, e.InstallationBegun, e.PolicySettingsAdopted, e.UpgradeFinished}
)

_BY_ALL: Kinds = frozenset({e.ClockJumped, e.CommandRefused})

HUB = Role(
    "sluis_hub",
    frozenset(
        {
            e.ConfirmationCodeRedeemed, e.FactorEnrolled, e.FactorRemoved, e.HomeSetAside, e.IdentityLinked,
            e.PersonRegistered, e.WorkspaceEnded, e.WorkspaceStarted,
        }
    ),
    _BY_ALL | {
        e.LoginAddressDiffered, e.LoginRefused, e.SessionBegun, e.SessionEnded, e.SessionMoved, e.WorkspaceRefused,
    },
    {
        "sealing_keys": _SEALS,
        "factors": ALL,
        "recovery_codes": ALL,
        "sessions": ("SELECT", "INSERT", _ENDS_SESSIONS, _NOTES_ACTIVITY, _NOTES_PLACES),
        "step_up_asks": ("SELECT", "INSERT", "DELETE"),
        "step_ups": ("SELECT", "INSERT", "DELETE"),
        "pending_logins": ALL,
        "files": (),
        "drafts": (),
        "outbox": (),
        "outbox_reach": (),
        "leases": (),
        "meta": READ,
    },
)  # fmt: skip

DESK = Role(
    "sluis_desk",
    frozenset(
        {
            e.AdequacyDecided, e.AdequacyEnded, e.AgreementEnded, e.AgreementRecorded, e.AmendmentApproved,
            e.AmendmentProposed, e.AmendmentRefused, e.AttendanceClaimed, e.AttendanceConfirmed, e.BoardVoted,
            e.CertificationRevoked, e.ClientEnded, e.ClientRegistered, e.ClockPaused, e.ClockResumed, e.CommandProposed,
            e.ConfirmationCodeIssued, e.ConfirmationCodeRedeemed, e.ConflictDeclared,
            e.ConsentWithdrawn, e.ContactAsked, e.ContactChecked, e.ContactMadeAvailable, e.ContactNamed,
            e.ContactRefused, e.ContactRemoved, e.CountryListed, e.CountryUnlisted, e.CourseRegistered, e.CourseRevised,
            e.DatasetDropped, e.DatasetHandedOver, e.DatasetRegistered, e.DatasetReopened, e.DatasetRequested,
            e.DatasetWithdrawn, e.DecisionDeferred, e.DocumentAccepted, e.DocumentPublished, e.DomainsDeclared,
            e.EmailCorrected, e.EmergencyAccessEnded, e.EmergencyAccessGranted, e.EntityDropped,
            e.EntityNamed, e.ErasureAsked, e.ExclusionLifted, e.ExtensionAnswered,
            e.ExtensionAsked, e.ExtensionAssessed, e.ExtensionGranted, e.ExtensionRefused, e.ExtensionSubmitted,
            e.ExtractPrepared, e.FactorConfirmed, e.FactorRemoved, e.FactorsReset, e.FileDropped, e.FileKept,
            e.FindingRecorded,
            e.HearingRecorded, e.HomeDeletionOrdered, e.HomeReleased,
            e.IdentityLinked, e.InstitutionCorrected, e.InstitutionRegistered, e.IntakeReceived,
            e.InvestigatorApproved, e.InvestigatorEnded, e.InvestigatorNamed, e.InvitationAccepted, e.InvitationSent,
            e.LicenceSigned, e.LossAccepted, e.NameCorrected, e.OptedOut, e.OptOutReversed, e.OrganisationExcluded,
            e.PersonCertified,
            e.PersonDisabled, e.PersonEnabled, e.PersonErased, e.PersonLeft, e.PersonMoved, e.PersonRegistered,
            e.PersonVerified, e.ProposalConfirmed, e.ProposalDropped, e.ProtectionConfirmed, e.ProviderAudited,
            e.ProviderDistrusted, e.ProviderTrusted, e.PublicationRecorded, e.RequestAccelerated, e.RequestApproved,
            e.RequestAssessed, e.RequestDescribed, e.RequestEnded, e.RequestMadeAvailable, e.RequestOpened,
            e.RequestRefused, e.RequestReinstated, e.RequestReturned, e.RequestSubmitted, e.RequestSuspended,
            e.RequestWithdrawn, e.RoleAppointed, e.RoleEnded, e.SecurityTested, e.StudyRegistered, e.TrainingPlanned,
            e.TransferBasisRecorded, e.VerificationWithdrawn, e.VersionReleased, e.WorkspaceStopAsked,
        }
    ),
    _BY_ALL | {e.AccessSearched, e.FileRead, e.LogRead, e.NoticeFailed, e.NoticeSent},
    {
        # a confirmed erasure takes a person's key, factors and sessions away; no secret of them can be read for that
        "sealing_keys": (*_SEALS, "UPDATE (wrapped)"),
        "factors": ("SELECT (factor, person)", "DELETE"),
        "recovery_codes": ("SELECT (factor, person)", "DELETE"),
        "sessions": ("SELECT", "DELETE", _NOTES_ACTIVITY),
        "step_up_asks": ("SELECT", "INSERT", "DELETE"),
        "step_ups": ("SELECT", "UPDATE (used)", "DELETE"),
        "pending_logins": ("SELECT (nonce, person)", "DELETE"),
        "files": ("SELECT", "INSERT", "DELETE"),
        "drafts": ALL,
        "outbox": ALL,
        "outbox_reach": ("SELECT", "INSERT", "UPDATE"),
        "leases": (),
        "meta": READ,
    },
)  # fmt: skip

WARDEN = Role(
    "sluis_warden",
    frozenset({e.EndNotConfirmed, e.HomeDeleted, e.HomeSetAside, e.ObservationsCut, e.WorkspaceEnded}),
    _BY_ALL | {e.SessionEnded},
    {
        "sealing_keys": READ,  # it seals nothing
        "factors": (),
        "recovery_codes": (),
        "sessions": ("SELECT", _ENDS_SESSIONS),
        "step_up_asks": (),
        "step_ups": (),
        "pending_logins": (),
        "files": (),
        "drafts": (),
        "outbox": (),
        "outbox_reach": (),
        "leases": ("SELECT", "INSERT", "UPDATE"),
        "meta": READ,
    },
    cuts=True,
)

OPERATOR = Role(
    "sluis_operator",
    frozenset(e.FACTS.values()),
    frozenset(e.OBSERVATIONS.values()),
    {
        "sealing_keys": (*_SEALS, "UPDATE (wrapped)"),
        "factors": ALL,
        "recovery_codes": ALL,
        "sessions": ("SELECT", "INSERT", _ENDS_SESSIONS, _NOTES_ACTIVITY, _NOTES_PLACES, "DELETE"),
        "step_up_asks": ALL,
        "step_ups": ("SELECT", "INSERT", "UPDATE (used)", "DELETE"),
        "pending_logins": ALL,
        "files": ALL,
        "drafts": ALL,
        "outbox": ALL,
        "outbox_reach": ALL,
        "leases": ALL,
        "meta": READ,
    },
)

ROLES = (HUB, DESK, WARDEN, OPERATOR)
EVERYBODY = ("facts", "fact_heads", "observations", "observation_heads")
"""The streams: each role reads them, and appends to them, its own kinds only."""

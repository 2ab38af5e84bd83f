"""Which facts are left by personal commands only: a person leaves them, and they carry the id of that person's step-up.

The fold refuses one without in a log whose format knows of them, so that a row that somebody wrote past the commands
gives nothing away, whoever it names. A proposal is the first half of a personal command, so it carries one, too. A test
derives the kinds from the permission table. Facts that other commands leave as well, such as a published document,
stand without one.
"""

from access_policy import events as e

SINCE = 2
"""The first format of a log in which a step-up is asked for."""

STEP_UP: frozenset[type[e.FactEvent]] = frozenset(
    {
        e.AdequacyDecided, e.AmendmentApproved, e.AmendmentProposed, e.AmendmentRefused, e.AttendanceClaimed,
        e.AttendanceConfirmed, e.BoardVoted, e.ClientRegistered, e.CommandProposed, e.ConfirmationCodeIssued,
        e.ConfirmationCodeRedeemed,
        e.ConflictDeclared, e.ContactAsked, e.ContactChecked,
        e.ContactNamed, e.CountryListed, e.DatasetReopened, e.DocumentAccepted, e.EmergencyAccessGranted,
        e.ExclusionLifted, e.ExtensionAsked,
        e.ExtensionAssessed, e.ExtensionGranted, e.ExtensionRefused, e.ExtensionSubmitted, e.FactorConfirmed,
        e.FactorRemoved, e.FactorsReset, e.FileDropped, e.FileKept, e.FindingRecorded, e.HearingRecorded,
        e.HomeDeletionOrdered, e.HomeReleased,
        e.InstitutionCorrected,
        e.InvestigatorApproved, e.InvestigatorNamed, e.InvitationAccepted, e.LicenceSigned, e.LossAccepted,
        e.PersonCertified, e.PersonErased, e.PersonVerified, e.ProposalConfirmed, e.ProtectionConfirmed,
        e.ProviderTrusted, e.RequestApproved, e.RequestAssessed, e.RequestRefused, e.RequestReinstated,
        e.RequestSubmitted, e.RoleAppointed,
    }
)  # fmt: skip


OF_OPERATORS: frozenset[type[e.FactEvent]] = frozenset({e.ClientRegistered})
"""What an operator of the machine leaves in a person's name as well: connecting another system is their work."""


def takes_step_up(log_format: int, event: e.Event) -> bool:
    """Say whether an event in a log of this format is a person's own doing, after a step-up."""
    return log_format >= SINCE and type(event) in STEP_UP


PROPOSED_BY_OPERATORS = frozenset({"erase-person"})
"""The commands that take two people and are not personal: an operator may propose them, who has no step-up (E50)."""


def open_to_operators(event: e.Event) -> bool:
    """Say whether an operator of the machine may leave an event in a person's name, who has no step-up then."""
    proposed = isinstance(event, e.CommandProposed) and event.command in PROPOSED_BY_OPERATORS
    return proposed or type(event) in OF_OPERATORS

"""Which facts are left by commands that ask for a step-up only: of a person who acts for themselves, they carry its id.

The fold refuses one without in a log whose format knows of them, so that a row that somebody wrote past the commands
gives nothing away. A test derives the kinds from the permission table. Facts that other commands leave, too, such as
a published document, stand without one.
"""

from access_policy import events as e

SINCE = 2
"""The first format of a log in which a step-up is asked for."""

STEP_UP: frozenset[type[e.FactEvent]] = frozenset(
    {
        e.AdequacyDecided, e.AmendmentApproved, e.AmendmentRefused, e.AttendanceConfirmed, e.BoardVoted,
        e.CommandProposed, e.CountryListed, e.DatasetReopened, e.ExclusionLifted, e.ExtensionGranted,
        e.ExtensionRefused, e.FactorConfirmed, e.FactorsReset, e.InstitutionCorrected, e.InvestigatorApproved,
        e.InvestigatorNamed, e.LicenceSigned, e.LossAccepted, e.PersonCertified, e.PersonErased, e.PersonVerified,
        e.ProposalConfirmed, e.ProviderTrusted, e.RequestApproved, e.RequestRefused, e.RequestReinstated,
        e.RequestSubmitted, e.RoleAppointed,
    }
)  # fmt: skip


def lacks_step_up(log_format: int, fact: e.Fact) -> bool:
    """Say whether a fact of a log of this format should carry the id of a step-up and does not."""
    return log_format >= SINCE and fact.actor.unproven and type(fact.event) in STEP_UP

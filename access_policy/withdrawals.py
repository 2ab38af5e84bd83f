"""Which facts only take access away: they go through where those that widen it wait (a clock that jumped), and the
log's head leaves the machine with each of them (AUD-02). What stands here never turns a denial into an allowance.
"""

from access_policy import events as e

TAKING: frozenset[type[e.Event]] = frozenset(
    {
        e.AdequacyEnded, e.AgreementEnded, e.AmendmentRefused, e.CertificationRevoked, e.ConsentWithdrawn,
        e.ContactRefused, e.ContactRemoved, e.DatasetDropped, e.DatasetWithdrawn, e.ErasureAsked, e.ExtensionRefused,
        e.FactorsReset, e.InvestigatorEnded, e.OptedOut, e.OrganisationExcluded, e.PersonDisabled, e.PersonLeft,
        e.ProposalDropped, e.ProviderDistrusted, e.RequestEnded, e.RequestRefused, e.RequestSuspended,
        e.RequestWithdrawn, e.RoleEnded, e.VerificationWithdrawn, e.WorkspaceEnded, e.WorkspaceStopAsked,
    }
)  # fmt: skip

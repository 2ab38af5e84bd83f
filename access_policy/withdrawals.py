"""Which facts only take access away: they go through where those that widen it wait (a clock that jumped, FLT-12). The
log's head leaves the machine with each of them, and with each that may take something away as well (AUD-02).

The law of what stands here: after such a fact nothing is allowed that was not allowed without it, at that instant or
any later one, until a fact comes that is none of these. Proposals and confirmations are here because they change no
decision by themselves and a withdrawal may need them; what a confirmation brings about is looked at for itself.
An opening aside, a question about a workspace that has ended is one about none.
"""

from access_policy import events as e

TAKING: frozenset[type[e.Event]] = frozenset(
    {
        e.AdequacyEnded, e.AgreementEnded, e.AmendmentRefused, e.CertificationRevoked, e.ClientEnded, e.CommandProposed,
        e.ConsentWithdrawn, e.ContactRefused, e.ContactRemoved, e.CountryUnlisted, e.DatasetWithdrawn,
        e.EmergencyAccessEnded, e.EndNotConfirmed, e.ErasureAsked, e.ExtensionRefused, e.FactorRemoved,
        e.FactorsReset, e.HomeDeleted, e.HomeDeletionOrdered, e.HomeSetAside, e.InvestigatorEnded, e.LossAccepted,
        e.OptedOut, e.OrganisationExcluded,
        e.PersonDisabled, e.PersonLeft, e.ProposalConfirmed, e.ProposalDropped, e.ProviderDistrusted, e.RequestEnded,
        e.RequestRefused, e.RequestSuspended, e.RequestWithdrawn, e.RoleEnded, e.VerificationWithdrawn,
        e.WorkspaceEnded, e.WorkspaceStopAsked,
    }
)  # fmt: skip

MAY_TAKE: frozenset[type[e.Event]] = frozenset(
    {
        e.AgreementRecorded, e.ConflictDeclared, e.CourseRegistered, e.CourseRevised, e.DatasetDropped,
        e.DatasetHandedOver, e.DatasetRegistered, e.DocumentPublished, e.DomainsDeclared, e.EmailCorrected,
        e.EntityDropped, e.EntityNamed, e.ExtractPrepared, e.FactorConfirmed, e.FactorEnrolled, e.FindingRecorded,
        e.IdentityLinked, e.InstitutionCorrected, e.InvestigatorNamed, e.PersonCertified, e.PersonErased, e.PersonMoved,
        e.PersonVerified, e.PolicySettingsAdopted, e.ProviderAudited, e.ProviderTrusted, e.RequestReturned,
        e.RoleAppointed, e.SecurityTested, e.TransferBasisRecorded, e.VersionReleased,
    }
)  # fmt: skip
"""What gives in one case and takes in another: a new version of a text or course, a shorter term, another hospital."""

"""What can flip each condition: the events, the passing of time, or the session that a browser comes with.

Documentation that is tested: `decide` never reads it. The tests replay histories fact by fact, see which conditions
each fact flipped, and compare; `docs/reference/rules.md` shows it. Observations stand here where a session carries
them. A person or a request that begins to exist flips nothing: it only begins to have conditions.
"""

from access_policy import events as e
from access_policy.reasons import ReasonCode

_R = ReasonCode

_WHERE = (e.PersonMoved, e.PersonLeft)
_BASIS = (e.TransferBasisRecorded, e.AdequacyDecided, e.AdequacyEnded, e.InstitutionCorrected)
_OFFER = (
    e.DatasetRequested, e.DatasetDropped, e.RequestApproved, e.RequestMadeAvailable, e.DatasetWithdrawn,
    e.DatasetReopened, e.ConsentWithdrawn, e.VersionReleased, e.ExtractPrepared, e.AmendmentApproved,
)  # fmt: skip

FLIPPED_BY: dict[ReasonCode, tuple[type[e.Event], ...]] = {
    _R.PERSON_DISABLED: (e.PersonDisabled, e.PersonEnabled),
    _R.INSTITUTION_NOT_TRUSTED: (e.InstitutionRegistered, e.AgreementRecorded, e.AgreementEnded, *_WHERE),
    _R.ORGANISATION_EXCLUDED: (e.OrganisationExcluded, e.ExclusionLifted, *_WHERE),
    _R.EMAIL_NOT_INSTITUTIONAL: (e.InstitutionRegistered, e.DomainsDeclared, e.EmailCorrected, *_WHERE),
    _R.PERSON_NOT_VERIFIED: (e.PersonVerified, e.VerificationWithdrawn),
    _R.VERIFICATION_EXPIRED: (e.PersonVerified, e.VerificationWithdrawn),
    _R.ASSURANCE_TOO_LOW: (e.PersonVerified, e.VerificationWithdrawn, *_OFFER),
    _R.FACTOR_MISSING: (e.FactorEnrolled, e.FactorsReset),
    _R.FACTOR_NOT_CONFIRMED: (
        e.FactorEnrolled, e.FactorConfirmed, e.ConfirmationCodeRedeemed, e.FactorsReset,
    ),
    _R.CONDUCT_NOT_ACCEPTED: (e.DocumentAccepted, e.DocumentPublished),
    _R.REIDENTIFICATION_NOT_ACCEPTED: (e.DocumentAccepted, e.DocumentPublished),
    _R.TRAINING_MISSING: (e.CourseRegistered, e.PersonCertified),
    _R.TRAINING_REVOKED: (e.PersonCertified, e.CertificationRevoked),
    _R.TRAINING_OUTDATED: (e.PersonCertified, e.CourseRevised),
    _R.TRAINING_EXPIRED: (e.PersonCertified,),
    _R.REQUEST_NOT_APPROVED: (e.RequestApproved, e.RequestRefused, e.RequestWithdrawn, e.InvestigatorApproved),
    _R.REQUEST_REFUSED: (e.RequestRefused,),
    _R.REQUEST_WITHDRAWN: (e.RequestWithdrawn,),
    _R.REQUEST_ENDED: (e.RequestEnded,),
    _R.REQUEST_SUSPENDED: (e.RequestSuspended, e.LossAccepted, e.RequestReinstated),
    _R.NOT_A_CONTACT: (e.ContactNamed, e.ContactRemoved, e.ContactChecked, e.AmendmentApproved),
    _R.CONTACT_EMAIL_DIFFERS: (e.ContactNamed, e.ContactRemoved, e.EmailCorrected, e.PersonMoved),
    _R.CONTACT_MOVED: (e.ContactRemoved, *_WHERE),
    _R.COUNTRY_NOT_ELIGIBLE: (e.CountryListed, e.CountryUnlisted, e.InstitutionCorrected),
    _R.TRANSFER_BASIS_MISSING: (e.TransferBasisRecorded, e.InstitutionCorrected),
    _R.TRANSFER_BASIS_LAPSED: _BASIS,
    _R.LICENCE_NOT_SIGNED: (e.LicenceSigned, e.RequestSubmitted),
    _R.LICENCE_SUPERSEDED: (e.LicenceSigned, e.DocumentPublished, *_BASIS, e.PolicySettingsAdopted),
    _R.NOT_MADE_AVAILABLE: (
        e.RequestMadeAvailable, e.ContactMadeAvailable, e.ContactChecked, e.ContactRemoved, e.AmendmentApproved,
    ),
    _R.TERM_NOT_BEGUN: (e.RequestApproved, e.InvestigatorApproved),
    _R.TERM_OVER: (e.ExtensionGranted,),
    _R.NO_DATASET_OPEN: _OFFER,
    _R.OPT_OUT_IGNORED: (e.OptedOut, e.OptOutReversed, e.VersionReleased),
    _R.DATASET_WITHDRAWN: (
        e.DatasetWithdrawn, e.ConsentWithdrawn, e.VersionReleased, e.ExtractPrepared, e.WorkspaceEnded,
    ),
    _R.RUN_TIME_OVER: (e.WorkspaceEnded,),
    _R.SESSION_MISSING: (e.SessionBegun,),
    _R.SESSION_OVER: (
        e.PersonDisabled, e.FactorsReset, e.FactorRemoved, e.PolicySettingsAdopted, e.SessionBegun, e.SessionEnded,
    ),
    _R.SESSION_WITHOUT_FACTOR: (e.SessionBegun,),
    _R.SESSION_FACTOR_NOT_CONFIRMED: (
        e.FactorEnrolled, e.FactorConfirmed, e.ConfirmationCodeRedeemed, e.FactorRemoved, e.FactorsReset,
        e.SessionBegun,
    ),
    _R.ZONE: (*_OFFER, e.SessionBegun),
}  # fmt: skip

BY_CLOCK: frozenset[ReasonCode] = frozenset(
    {
        _R.INSTITUTION_NOT_TRUSTED, _R.ORGANISATION_EXCLUDED, _R.VERIFICATION_EXPIRED, _R.TRAINING_EXPIRED,
        _R.COUNTRY_NOT_ELIGIBLE, _R.TRANSFER_BASIS_MISSING, _R.TRANSFER_BASIS_LAPSED, _R.LICENCE_SUPERSEDED,
        _R.TERM_NOT_BEGUN, _R.TERM_OVER, _R.OPT_OUT_IGNORED, _R.RUN_TIME_OVER, _R.SESSION_OVER,
    }
)  # fmt: skip
"""The conditions that begin or lapse by themselves."""

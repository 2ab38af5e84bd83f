"""What can flip each condition: the events, the passing of time, or the session that a browser comes with.

Documentation that is tested: `decide` never reads it. The tests replay histories fact by fact, see which conditions
each fact flipped, and compare; `docs/reference/rules.md` shows it. Observations stand here where a session carries
them. A person or a request that begins to exist flips nothing: it only begins to have conditions.
"""

from access_policy import events as e
from access_policy.reasons import ReasonCode

_R = ReasonCode

FLIPPED_BY: dict[ReasonCode, tuple[type[e.Event], ...]] = {
    _R.PERSON_DISABLED: (e.PersonDisabled, e.PersonEnabled),
    _R.INSTITUTION_NOT_TRUSTED: (e.InstitutionRegistered, e.AgreementRecorded, e.AgreementEnded),
    _R.EMAIL_NOT_INSTITUTIONAL: (e.InstitutionRegistered, e.DomainsDeclared),
    _R.PERSON_NOT_VERIFIED: (e.PersonVerified, e.VerificationWithdrawn),
    _R.VERIFICATION_EXPIRED: (e.PersonVerified, e.VerificationWithdrawn),
    _R.FACTOR_MISSING: (e.FactorEnrolled, e.FactorsReset),
    _R.FACTOR_NOT_CONFIRMED: (e.FactorEnrolled, e.FactorConfirmed, e.FactorsReset),
    _R.TRAINING_MISSING: (e.CourseRegistered, e.PersonCertified),
    _R.TRAINING_REVOKED: (e.PersonCertified, e.CertificationRevoked),
    _R.TRAINING_EXPIRED: (e.PersonCertified, e.CertificationRevoked),
    _R.REQUEST_NOT_APPROVED: (e.RequestApproved, e.RequestRefused, e.RequestWithdrawn),
    _R.REQUEST_REFUSED: (e.RequestRefused,),
    _R.REQUEST_WITHDRAWN: (e.RequestWithdrawn,),
    _R.REQUEST_ENDED: (e.RequestEnded,),
    _R.NOT_A_CONTACT: (e.ContactNamed, e.ContactRemoved),
    _R.CONTACT_EMAIL_DIFFERS: (e.ContactNamed, e.ContactRemoved),
    _R.LICENCE_NOT_SIGNED: (e.LicenceSigned,),
    _R.NOT_MADE_AVAILABLE: (e.RequestMadeAvailable,),
    _R.TERM_NOT_BEGUN: (e.RequestApproved,),
    _R.TERM_OVER: (),
    _R.NO_DATASET_OPEN: (e.DatasetRequested, e.DatasetWithdrawn, e.DatasetReopened),
    _R.DATASET_WITHDRAWN: (e.DatasetWithdrawn, e.DatasetReopened, e.WorkspaceEnded),
    _R.RUN_TIME_OVER: (e.WorkspaceEnded,),
    _R.SESSION_MISSING: (e.SessionBegun,),
    _R.SESSION_OVER: (e.PersonDisabled, e.FactorsReset, e.SessionBegun, e.SessionEnded),
    _R.SESSION_WITHOUT_FACTOR: (e.SessionBegun,),
    _R.ZONE: (e.DatasetRequested, e.DatasetWithdrawn, e.DatasetReopened, e.SessionBegun),
}

BY_CLOCK: frozenset[ReasonCode] = frozenset(
    {
        _R.INSTITUTION_NOT_TRUSTED, _R.VERIFICATION_EXPIRED, _R.TRAINING_EXPIRED, _R.TERM_NOT_BEGUN, _R.TERM_OVER,
        _R.RUN_TIME_OVER, _R.SESSION_OVER,
    }
)  # fmt: skip
"""The conditions that begin or lapse by themselves."""

"""Events on the deciding side: completeness, assessment, findings, the board, the investigators, clocks."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import Criterion, InvestigatorPlace, PausableClock, PauseReason, TransferBasis
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from access_policy.model.texts import RequestText


class RequestReturned(FactEvent, frozen=True, kw_only=True):
    """The form is incomplete and goes back to the applicant (E7)."""

    request: RequestId
    reason: RequestText


class RequestAssessed(FactEvent, frozen=True, kw_only=True):
    """The scientific assessment (S19)."""

    request: RequestId
    assessment: RequestText


class FindingRecorded(FactEvent, frozen=True, kw_only=True):
    """A finding about one criterion: whether the request meets it, and why (S8, S22, S55, E10).

    With `extension` it is about the renewal that is open (S42).
    """

    request: RequestId
    criterion: Criterion
    met: bool
    reason: RequestText
    extension: bool = False


class ConflictDeclared(FactEvent, frozen=True, kw_only=True):
    """A board member has a tie to the request and stays out of it (S20)."""

    request: RequestId
    person: PersonId
    reason: RequestText


class BoardVoted(FactEvent, frozen=True, kw_only=True):
    """A board member's vote on the form as it was read (S20, REQ-04).

    With `amendment`, or with `extension`, it is about that change of what was granted (E19, S42).
    """

    request: RequestId
    person: PersonId
    approve: bool
    reason: RequestText
    amendment: int | None = None
    extension: bool = False


class TransferBasisRecorded(FactEvent, frozen=True, kw_only=True):
    """On what ground a party outside the EEA may get data, and which measures are in place (S58-S60, S101).

    `scope` belongs to an adequacy decision, `clauses` and `concluded` to a contract on the
    EU model clauses.
    """

    request: RequestId
    institution: InstitutionName
    basis: TransferBasis
    scope: AdequacyScope | None
    clauses: ModelClauses | None
    concluded: datetime | None
    protection_adequate: bool
    contractual_measures: bool
    technical_measures: bool


class RequestApproved(FactEvent, frozen=True, kw_only=True):
    """The board's approval: findings, reasons, the datasets, the term and the conditions (S1, S2, S22, S39, E15).

    `datasets` are those that are granted; none is that was not asked for (S3). None means all of them.
    """

    request: RequestId
    improves_treatment: bool
    public_interest: bool
    reason: RequestText
    begins: datetime
    ends: datetime
    datasets: tuple[DatasetName, ...] | None = None
    conditions: RequestText = ""
    fees: RequestText = ""
    opt_out_exception: bool = False


class RequestRefused(FactEvent, frozen=True, kw_only=True):
    """The refusal with its reasons (S22)."""

    request: RequestId
    reason: RequestText


class InvestigatorApproved(FactEvent, frozen=True, kw_only=True):
    """An investigator of the study approved a clinical request; it needs the central and the local one (S49, S50)."""

    request: RequestId
    place: InvestigatorPlace
    person: PersonId
    begins: datetime
    ends: datetime


class ClockPaused(FactEvent, frozen=True, kw_only=True):
    """A clock of a request stands still, for a reason (S13, S21, S44, S52)."""

    request: RequestId
    why: PauseReason
    note: RequestText
    clock: PausableClock = PausableClock.REVIEW


class ClockResumed(FactEvent, frozen=True, kw_only=True):
    """A clock of a request goes on (S13, S21, S44, S52)."""

    request: RequestId
    clock: PausableClock = PausableClock.REVIEW


class HearingRecorded(FactEvent, frozen=True, kw_only=True):
    """The user of a suspended grant was heard (E58)."""

    request: RequestId
    heard: RequestText


class RequestAccelerated(FactEvent, frozen=True, kw_only=True):
    """The request is decided faster, since the law speeds it up (E8)."""

    request: RequestId
    reason: RequestText


class DecisionDeferred(FactEvent, frozen=True, kw_only=True):
    """The time to decide is extended once, by three months or by one, with notice and reasons (E8)."""

    request: RequestId
    reason: RequestText

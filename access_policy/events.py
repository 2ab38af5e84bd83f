"""Every event: what happened, one flat type each. Facts are folded into State; observations are evidence only.

An event's kind is its class name. `v` is the version of its form; a later version has a default for what it adds.
Personal texts carry their seal in their type (`model/texts.py`). Who did it and when stand beside the event, in `Fact`.
"""

from datetime import datetime

import msgspec

from access_policy.actor import Actor
from access_policy.model.enums import (
    ConsentBasis,
    DataKind,
    FactorKind,
    Party,
    Region,
    Role,
    VerificationMethod,
    Zone,
)
from access_policy.model.ids import CourseName, DatasetName, FactorId, InstitutionName, LicenceName, PersonId, RequestId
from access_policy.model.texts import (
    CommandText,
    DecisionText,
    DigestText,
    OrganisationText,
    PersonText,
    RequestText,
    ThingText,
)


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all events share."""

    v: int = 1


class FactEvent(Event, frozen=True, kw_only=True):
    """An event that the fold takes in."""


class ObservationEvent(Event, frozen=True, kw_only=True):
    """An event that is evidence and never folded."""


class Fact(msgspec.Struct, frozen=True):
    """One row of the log: the event, who did it, and when (UTC). Observations use the same shape."""

    seq: int
    at: datetime
    actor: Actor
    event: Event


# The installation


class InstallationBegun(FactEvent, frozen=True, kw_only=True):
    """The first fact of every log: which installation this is, and whether it is a demo."""

    installation: DigestText
    demo: bool


class PolicySettingsAdopted(FactEvent, frozen=True, kw_only=True):
    """The settings that decisions depend on, as the installation found them at a start."""

    session_hours: int
    term_days_longest: int


class CommandProposed(FactEvent, frozen=True, kw_only=True):
    """A command that needs two people was given by the first of them."""

    proposal: int
    command: CommandText
    arguments: CommandText


class ProposalConfirmed(FactEvent, frozen=True, kw_only=True):
    """A second person confirmed a proposed command; its own events follow in the same append."""

    proposal: int


class ProposalDropped(FactEvent, frozen=True, kw_only=True):
    """A proposed command was taken back or turned down."""

    proposal: int


# Institutions and people


class InstitutionRegistered(FactEvent, frozen=True, kw_only=True):
    """An institution and the e-mail domains that it declared (S57, S73). The centre needs no agreement with itself."""

    institution: InstitutionName
    name: OrganisationText
    country: OrganisationText
    domains: tuple[OrganisationText, ...]
    centre: bool


class DomainsDeclared(FactEvent, frozen=True, kw_only=True):
    """The e-mail domains that an institution declares from now on, in place of those before (S73)."""

    institution: InstitutionName
    domains: tuple[OrganisationText, ...]


class AgreementRecorded(FactEvent, frozen=True, kw_only=True):
    """The standing agreement with a partner institution, with its term (S72)."""

    institution: InstitutionName
    begins: datetime
    ends: datetime


class AgreementEnded(FactEvent, frozen=True, kw_only=True):
    """The agreement with a partner ended before its term (S72)."""

    institution: InstitutionName


class PersonRegistered(FactEvent, frozen=True, kw_only=True):
    """A person and the institution that they work at."""

    person: PersonId
    name: PersonText
    email: PersonText
    institution: InstitutionName


class IdentityLinked(FactEvent, frozen=True, kw_only=True):
    """A login identity of a person: the HMAC of `iss` and `sub`, by which a login finds the person."""

    person: PersonId
    identity: DigestText
    issuer: OrganisationText
    subject: PersonText


class PersonVerified(FactEvent, frozen=True, kw_only=True):
    """Somebody checked who a person is; good until `until` (S73). The actor is the verifier."""

    person: PersonId
    method: VerificationMethod
    until: datetime


class VerificationWithdrawn(FactEvent, frozen=True, kw_only=True):
    """A verification turned out to be wrong (S73)."""

    person: PersonId
    reason: PersonText


class PersonDisabled(FactEvent, frozen=True, kw_only=True):
    """The centre stops a person at once (S94, ID-15)."""

    person: PersonId
    reason: PersonText


class PersonEnabled(FactEvent, frozen=True, kw_only=True):
    """The centre lets a stopped person act again."""

    person: PersonId


class RoleAppointed(FactEvent, frozen=True, kw_only=True):
    """A role with its end. `scope` is the institution of a signatory, or the course of a trainer."""

    person: PersonId
    role: Role
    scope: InstitutionName | CourseName | None
    until: datetime


class RoleEnded(FactEvent, frozen=True, kw_only=True):
    """A role taken away before its end."""

    person: PersonId
    role: Role


class FactorEnrolled(FactEvent, frozen=True, kw_only=True):
    """A second factor that the person proved to hold (S17). Its secret is a record."""

    person: PersonId
    factor: FactorId
    kind: FactorKind


class FactorConfirmed(FactEvent, frozen=True, kw_only=True):
    """The verifier confirmed with the person that the factor is theirs."""

    person: PersonId
    factor: FactorId


class FactorsReset(FactEvent, frozen=True, kw_only=True):
    """All factors of a person were taken away; the next one needs a confirmation again. Sessions end."""

    person: PersonId


# Training


class CourseRegistered(FactEvent, frozen=True, kw_only=True):
    """A course. `required` ones everybody must have passed who opens a workspace (S74)."""

    course: CourseName
    title: ThingText
    validity_days: int
    required: bool


class PersonCertified(FactEvent, frozen=True, kw_only=True):
    """A person passed a course; the certification holds until `ends` (S74). The actor is the trainer."""

    person: PersonId
    course: CourseName
    ends: datetime


class CertificationRevoked(FactEvent, frozen=True, kw_only=True):
    """A certification was taken back (S74)."""

    person: PersonId
    course: CourseName
    reason: PersonText


# Datasets and licences


class DatasetRegistered(FactEvent, frozen=True, kw_only=True):
    """A dataset before anyone uses it: what, where, checksum, encryption and consent basis (S81-S83, S87, S99)."""

    dataset: DatasetName
    title: ThingText
    source: ThingText
    kind: DataKind
    version: ThingText
    location: ThingText
    manifest: DigestText
    region: Region
    zone: Zone
    consent: ConsentBasis
    attested: bool


class DatasetWithdrawn(FactEvent, frozen=True, kw_only=True):
    """A dataset is no longer offered, to any request (S82, S94)."""

    dataset: DatasetName
    reason: ThingText


class DatasetReopened(FactEvent, frozen=True, kw_only=True):
    """A withdrawn dataset is offered again."""

    dataset: DatasetName


class LicencePublished(FactEvent, frozen=True, kw_only=True):
    """A licence text: its version and hash (S24, S25)."""

    licence: LicenceName
    title: ThingText
    digest: DigestText


# Data access requests


class RequestOpened(FactEvent, frozen=True, kw_only=True):
    """An applicant began a request (S12-S14)."""

    request: RequestId
    applicant: PersonId
    institution: InstitutionName
    title: RequestText
    purpose: RequestText


class DatasetRequested(FactEvent, frozen=True, kw_only=True):
    """A dataset that the request needs, and why (S3)."""

    request: RequestId
    dataset: DatasetName
    necessity: RequestText


class ContactNamed(FactEvent, frozen=True, kw_only=True):
    """A download contact of the request, with the institutional e-mail address in the form (S15, S16)."""

    request: RequestId
    person: PersonId
    email: PersonText


class ContactRemoved(FactEvent, frozen=True, kw_only=True):
    """A download contact who no longer is one (S27)."""

    request: RequestId
    person: PersonId


class RequestSubmitted(FactEvent, frozen=True, kw_only=True):
    """The completed and signed form came in, with the hash of what was signed (S18, REQ-04)."""

    request: RequestId
    digest: DigestText


class RequestAssessed(FactEvent, frozen=True, kw_only=True):
    """The scientific assessment (S19)."""

    request: RequestId
    assessment: RequestText


class RequestApproved(FactEvent, frozen=True, kw_only=True):
    """The board's approval with its two findings, its reasons and the term (S1, S2, S22, S39)."""

    request: RequestId
    improves_treatment: bool
    public_interest: bool
    reason: RequestText
    licence: LicenceName
    begins: datetime
    ends: datetime


class RequestRefused(FactEvent, frozen=True, kw_only=True):
    """The board's refusal with its reasons (S22)."""

    request: RequestId
    reason: RequestText


class RequestWithdrawn(FactEvent, frozen=True, kw_only=True):
    """The applicant took the request back."""

    request: RequestId


class LicenceSigned(FactEvent, frozen=True, kw_only=True):
    """One of the three parties signed the licence (S23, S25)."""

    request: RequestId
    party: Party
    person: PersonId
    licence: LicenceName


class RequestMadeAvailable(FactEvent, frozen=True, kw_only=True):
    """The data organisation made the data available, a step of its own (S100)."""

    request: RequestId


class RequestEnded(FactEvent, frozen=True, kw_only=True):
    """The centre ended the request: no grant follows from it any more (S94)."""

    request: RequestId
    reason: RequestText


# Workspaces


class WorkspaceStarted(FactEvent, frozen=True, kw_only=True):
    """A workspace was allowed and started (S75). `decision` is the answer that allowed it.

    `run_ends` is when its profile's time is over, `until` the first instant at which any ground lapses.
    """

    person: PersonId
    request: RequestId
    profile: ThingText
    datasets: tuple[DatasetName, ...]
    run_ends: datetime
    until: datetime
    decision: DecisionText


class WorkspaceStopAsked(FactEvent, frozen=True, kw_only=True):
    """Somebody who may asked that a workspace ends; the warden ends it."""

    person: PersonId
    request: RequestId


class WorkspaceEnded(FactEvent, frozen=True, kw_only=True):
    """A workspace is gone. `why` holds reason codes, or `stopped`; `after_ms` counts from the cause, where known."""

    person: PersonId
    request: RequestId
    why: ThingText
    after_ms: int | None


# Observations


class SessionBegun(ObservationEvent, frozen=True, kw_only=True):
    """A full login: both factors were right (S76)."""

    person: PersonId
    session: DigestText


class SessionEnded(ObservationEvent, frozen=True, kw_only=True):
    """A session ended: by logout, or because a fact ended it."""

    person: PersonId
    session: DigestText
    why: ThingText


class LoginRefused(ObservationEvent, frozen=True, kw_only=True):
    """A login that failed, and at which step. `identity` is the HMAC of who tried."""

    identity: DigestText
    why: ThingText


class CommandRefused(ObservationEvent, frozen=True, kw_only=True):
    """A command was understood and refused by a rule."""

    command: CommandText
    code: ThingText


class WorkspaceRefused(ObservationEvent, frozen=True, kw_only=True):
    """A workspace was asked for and refused; `codes` are the conditions that failed."""

    person: PersonId
    request: RequestId
    codes: ThingText


class LogRead(ObservationEvent, frozen=True, kw_only=True):
    """Somebody read the log (E51)."""

    what: ThingText


def _kinds(base: type[Event]) -> dict[str, type[Event]]:
    return {kind.__name__: kind for kind in base.__subclasses__()}


FACTS: dict[str, type[Event]] = _kinds(FactEvent)
OBSERVATIONS: dict[str, type[Event]] = _kinds(ObservationEvent)

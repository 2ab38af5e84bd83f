"""What is known of people, their roles and their certifications."""

from dataclasses import dataclass, field
from datetime import datetime

from access_policy.model.enums import Assurance, CertificationKind, DocumentKind, FactorKind, Role, VerificationMethod
from access_policy.model.ids import CourseName, FactorId, InstitutionName, PersonId, ProviderName


@dataclass(slots=True)
class Verification:
    """Who checked a person, when, how, how surely, of which second factors, and until when it is good."""

    by: PersonId | None
    since: datetime
    until: datetime
    assurance: Assurance
    method: VerificationMethod
    factors: tuple[FactorId, ...]


@dataclass(slots=True)
class Factor:
    """A second factor: when it was enrolled, and when the verifier confirmed it."""

    kind: FactorKind
    enrolled: datetime
    confirmed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A code that the verifier `by` has to hand over: the digest of it, and up to when it can be given, half-open."""

    digest: str
    by: PersonId | None
    until: datetime


@dataclass(slots=True)
class Certification:
    """One passed course: [begins, ends), unless revoked before."""

    begins: datetime
    ends: datetime
    by: PersonId | None
    kind: CertificationKind = CertificationKind.CERTIFIED
    revoked: datetime | None = None


@dataclass(slots=True)
class Appointment:
    """A role that a person holds in [since, until), unless ended before."""

    role: Role
    scope: str | None
    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Say whether the role is held at `at`."""
        return self.since <= at < self.until


@dataclass(slots=True)
class Person:
    """A person with all that hangs on them. `moved` is when they came to their institution, or left it.

    `email_since` is since when they have their address, `linked_by` who linked a login identity to them.
    `first_enrolled` and `first_confirmed` are since when there is a factor, and one that counts; `factors_changed` when
    either changed last. `factors_removed` are those that are gone, each with when it went last.
    """

    person: PersonId
    name: str
    email: str
    institution: InstitutionName | None
    since: datetime
    moved: datetime
    email_since: datetime
    position: str = ""
    field_of_work: str = ""
    verification: Verification | None = None
    verification_changed: datetime | None = None
    disabled: datetime | None = None
    enabled: datetime | None = None
    factors: dict[FactorId, Factor] = field(default_factory=dict)
    factors_changed: datetime | None = None
    first_enrolled: datetime | None = None
    first_confirmed: datetime | None = None
    factors_removed: dict[FactorId, datetime] = field(default_factory=dict)
    confirmation: Confirmation | None = None
    sessions_void: datetime | None = None
    appointments: list[Appointment] = field(default_factory=list)
    certifications: dict[CourseName, list[Certification]] = field(default_factory=dict)
    accepted: dict[DocumentKind, "Acceptance"] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)
    linked_by: list[PersonId] = field(default_factory=list)
    erasure_not_before: datetime | None = None

    def sum_factors_up(self, at: datetime) -> None:
        """Note since when there is a factor, and one that is confirmed: `at`, where that changed just now."""
        before = (self.first_enrolled, self.first_confirmed)
        confirmed = any(one.confirmed is not None for one in self.factors.values())
        self.first_enrolled = (self.first_enrolled or at) if self.factors else None
        self.first_confirmed = (self.first_confirmed or at) if confirmed else None
        if before != (self.first_enrolled, self.first_confirmed):
            self.factors_changed = at

    def lose_factors(self, at: datetime) -> None:
        """Take all factors away, and the code that would have confirmed one."""
        self.factors_removed |= dict.fromkeys(self.factors, at)
        self.factors.clear()
        self.confirmation = None
        self.sum_factors_up(at)


@dataclass(slots=True)
class Acceptance:
    """Which version of a text a person accepted, and when."""

    version: str
    at: datetime


@dataclass(slots=True)
class Course:
    """A course; required ones bind everybody who opens a workspace (S74), `roles` those who act as such (E28).

    Certifications from before `binding_since` count no more.
    """

    course: CourseName
    title: str
    validity_days: int
    required: bool
    since: datetime
    roles: frozenset[Role]
    version: str
    binding_since: datetime


@dataclass(slots=True)
class Training:
    """A training session: who gave its attendance code, and whom the trainer confirmed."""

    training: int
    course: CourseName
    on: datetime
    code: str
    planned_by: PersonId | None
    claimed: dict[PersonId, datetime] = field(default_factory=dict)
    confirmed: set[PersonId] = field(default_factory=set)


@dataclass(slots=True)
class Provider:
    """An outside provider whose certificates count for a course until a date."""

    provider: ProviderName
    name: str
    course: CourseName
    until: datetime

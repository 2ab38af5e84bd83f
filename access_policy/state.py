"""State: everything that the facts say, as plain data. Only the fold writes it; everybody else reads.

Nothing here depends on the present time: whether a term holds is asked with an instant, by the rules.
"""

from dataclasses import dataclass, field
from datetime import datetime

from access_policy.model.enums import (
    ConsentBasis,
    DataKind,
    FactorKind,
    Party,
    Region,
    RequestStatus,
    Role,
    Zone,
)
from access_policy.model.ids import CourseName, DatasetName, FactorId, InstitutionName, LicenceName, PersonId, RequestId
from access_policy.model.instants import Term


@dataclass(slots=True)
class Settings:
    """The settings that decisions depend on, and since when they hold."""

    session_hours: int = 12
    term_days_longest: int = 1096
    since: datetime | None = None


@dataclass(slots=True)
class Institution:
    """An institution, its declared e-mail domains (lower case, IDNA) and its agreement (S72, S73)."""

    institution: InstitutionName
    name: str
    country: str
    domains: frozenset[str]
    domains_since: datetime
    centre: bool
    since: datetime
    agreement: Term | None = None
    agreement_recorded: datetime | None = None
    agreement_ended: datetime | None = None
    last_agreement_over: datetime | None = None


@dataclass(slots=True)
class Verification:
    """Who checked a person, when, and until when it is good."""

    by: PersonId | None
    since: datetime
    until: datetime


@dataclass(slots=True)
class Factor:
    """A second factor: when it was enrolled, and when the verifier confirmed it."""

    kind: FactorKind
    enrolled: datetime
    confirmed: datetime | None = None


@dataclass(slots=True)
class Certification:
    """One passed course: [begins, ends), unless revoked before."""

    begins: datetime
    ends: datetime
    by: PersonId | None
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
    """A person with all that hangs on them."""

    person: PersonId
    name: str
    email: str
    institution: InstitutionName
    since: datetime
    verification: Verification | None = None
    verification_changed: datetime | None = None
    disabled: datetime | None = None
    enabled: datetime | None = None
    factors: dict[FactorId, Factor] = field(default_factory=dict)
    factors_changed: datetime | None = None
    sessions_void: datetime | None = None
    appointments: list[Appointment] = field(default_factory=list)
    certifications: dict[CourseName, list[Certification]] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Course:
    """A course; required ones bind everybody who opens a workspace (S74)."""

    course: CourseName
    title: str
    validity_days: int
    required: bool
    since: datetime


@dataclass(slots=True)
class Dataset:
    """A registered dataset (S81-S83, S87, S99)."""

    dataset: DatasetName
    title: str
    source: str
    kind: DataKind
    version: str
    location: str
    manifest: str
    region: Region
    zone: Zone
    consent: ConsentBasis
    attested: bool
    since: datetime
    withdrawn: datetime | None = None

    @property
    def open(self) -> bool:
        """Say whether the dataset is offered: attested (S83) and not withdrawn (S82, REQ-10)."""
        return self.attested and self.withdrawn is None


@dataclass(slots=True)
class Licence:
    """A licence text by version and hash (S25)."""

    licence: LicenceName
    title: str
    digest: str
    since: datetime


@dataclass(slots=True)
class Contact:
    """A download contact, with the address that stands in the form (S15, S16)."""

    email: str
    since: datetime


@dataclass(slots=True)
class Signature:
    """One party's signature on the licence (S23)."""

    person: PersonId
    at: datetime


@dataclass(slots=True)
class Request:
    """A data access request from draft to end."""

    request: RequestId
    applicant: PersonId
    institution: InstitutionName
    title: str
    purpose: str
    opened: datetime
    status: RequestStatus
    status_since: datetime
    datasets: dict[DatasetName, str] = field(default_factory=dict)
    contacts: dict[PersonId, Contact] = field(default_factory=dict)
    contacts_removed: dict[PersonId, datetime] = field(default_factory=dict)
    digest: str | None = None
    approved: datetime | None = None
    licence: LicenceName | None = None
    term: Term | None = None
    signatures: dict[Party, Signature] = field(default_factory=dict)
    available: datetime | None = None
    decided_by: PersonId | None = None
    end_reason: str | None = None


@dataclass(slots=True)
class Workspace:
    """A workspace that was started and has not ended, as the log knows it."""

    person: PersonId
    request: RequestId
    profile: str
    started: datetime
    seq: int
    datasets: tuple[DatasetName, ...]
    run_ends: datetime
    until: datetime
    stop_asked: datetime | None = None


@dataclass(slots=True)
class Ending:
    """How the last workspace of a person and request ended."""

    at: datetime
    why: str
    after_ms: int | None


@dataclass(slots=True)
class Proposal:
    """A command that waits for a second person."""

    number: int
    command: str
    arguments: str
    by: PersonId
    at: datetime


WorkspaceKey = tuple[PersonId, RequestId]


@dataclass(slots=True)
class State:
    """All of it. `seq` is the newest fact folded, `at` its time."""

    seq: int = 0
    at: datetime | None = None
    installation: str = ""
    demo: bool = False
    settings: Settings = field(default_factory=Settings)
    institutions: dict[InstitutionName, Institution] = field(default_factory=dict)
    people: dict[PersonId, Person] = field(default_factory=dict)
    identities: dict[str, PersonId] = field(default_factory=dict)
    emails: dict[str, PersonId] = field(default_factory=dict)
    courses: dict[CourseName, Course] = field(default_factory=dict)
    required_courses: tuple[Course, ...] = ()
    datasets: dict[DatasetName, Dataset] = field(default_factory=dict)
    licences: dict[LicenceName, Licence] = field(default_factory=dict)
    requests: dict[RequestId, Request] = field(default_factory=dict)
    requests_of: dict[PersonId, dict[RequestId, None]] = field(default_factory=dict)
    workspaces: dict[WorkspaceKey, Workspace] = field(default_factory=dict)
    endings: dict[WorkspaceKey, Ending] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    last_proposal: int = 0

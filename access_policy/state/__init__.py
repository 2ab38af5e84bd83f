"""State: everything that the facts say, as plain data. Only the fold writes it; everybody else reads.

Nothing here depends on the present time: whether a term holds is asked with an instant, by the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from access_policy.model.enums import DocumentKind, LicenceReading, Role
from access_policy.model.ids import (
    ClientName,
    CourseName,
    DatasetName,
    InstitutionName,
    PersonId,
    ProviderName,
    RequestId,
    StudyName,
)
from access_policy.model.instants import LONGEST_YEAR_DAYS, days
from access_policy.model.jurisdictions import ADEQUACY, ELIGIBLE_THIRD_COUNTRIES, Adequacy, EligibleThirdCountry
from access_policy.state.clients import Client
from access_policy.state.data import Dataset, Document, DocumentVersion, Files, Investigator, OptOut, Study
from access_policy.state.institutions import Institution
from access_policy.state.memo import Memo
from access_policy.state.people import (
    Acceptance,
    Appointment,
    Certification,
    Confirmation,
    Course,
    Factor,
    Person,
    Provider,
    Training,
    Verification,
)
from access_policy.state.requests import (
    Amendment,
    AskedContact,
    Contact,
    Entity,
    Extension,
    Extract,
    Form,
    Invitation,
    Pause,
    Permit,
    Recorded,
    Request,
    Transfer,
)
from access_policy.state.signatures import Signature, Signed
from access_policy.state.uploads import Upload
from access_policy.state.workspaces import Emergency, Ending, Home, Workspace, WorkspaceKey


@dataclass(slots=True)
class Settings:
    """The settings that decisions depend on, and since when they hold."""

    session_hours: int = 12
    term_days_longest: int = 1096
    licence_for_adequate: LicenceReading = LicenceReading.EEA
    board_quorum: int = 1
    retention_years: int = 5
    contact_days: int = 7
    review_days: int = 42
    availability_days: int = 7
    decision_months: int = 3
    deferral_months: int = 3
    accelerated_months: int = 2
    reminder_days: tuple[int, ...] = (60, 30, 14, 7, 1)
    idle_minutes: int = 60
    since: datetime | None = None

    @property
    def retention(self) -> timedelta:
        """Return for how long access logs are kept and stay identifiable; each year counts as the longest (E48)."""
        return days(LONGEST_YEAR_DAYS * self.retention_years)


@dataclass(frozen=True, slots=True)
class Cut:
    """The newest cut of the observations: how many are gone, the time of the oldest that stands, and when (E48)."""

    size: int
    root: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Loss:
    """An accepted loss: the history that began with it, and how many facts and observations it kept (AUD-02)."""

    epoch: int
    kept: int
    lost: int
    observations: int
    at: datetime


def epoch_of(losses: Sequence[Loss]) -> int:
    """Return the number of the history that a log is in: 0 until a loss was accepted."""
    return losses[-1].epoch if losses else 0


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation of the checkpoint key: `key` follows `former`, both C2SP verifier keys, from fact `seq` on."""

    number: int
    former: str
    key: str
    lost: bool
    seq: int
    at: datetime
    epoch: int


@dataclass(slots=True)
class Proposal:
    """A command that waits for a second person; `seq` is the fact that proposed it, `about` whose key seals it."""

    number: int
    command: str
    arguments: str
    by: PersonId
    at: datetime
    seq: int
    about: PersonId


@dataclass(slots=True)
class State:
    """All of it. `seq` is the newest fact folded, `at` its time."""

    seq: int = 0
    at: datetime | None = None
    installation: str = ""
    begun: datetime | None = None
    demo: bool = False
    format: int = 1
    losses: list[Loss] = field(default_factory=list)
    cut: Cut | None = None
    rotations: list[Rotation] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    security_tested: datetime | None = None
    provider_audited: datetime | None = None
    institutions: dict[InstitutionName, Institution] = field(default_factory=dict)
    adequacy: tuple[Adequacy, ...] = ADEQUACY
    adequacy_since: datetime | None = None
    eligible: tuple[EligibleThirdCountry, ...] = ELIGIBLE_THIRD_COUNTRIES
    eligible_since: datetime | None = None
    people: dict[PersonId, Person] = field(default_factory=dict)
    identities: dict[str, PersonId] = field(default_factory=dict)
    emails: dict[str, PersonId] = field(default_factory=dict)
    documents: dict[DocumentKind, Document] = field(default_factory=dict)
    courses: dict[CourseName, Course] = field(default_factory=dict)
    required_courses: tuple[Course, ...] = ()
    role_courses: dict[Role, tuple[Course, ...]] = field(default_factory=dict)
    trainings: dict[int, Training] = field(default_factory=dict)
    providers: dict[ProviderName, Provider] = field(default_factory=dict)
    clients: dict[ClientName, Client] = field(default_factory=dict)
    studies: dict[StudyName, Study] = field(default_factory=dict)
    datasets: dict[DatasetName, Dataset] = field(default_factory=dict)
    files: list[Files] = field(default_factory=list)
    requests: dict[RequestId, Request] = field(default_factory=dict)
    requests_of: dict[PersonId, dict[RequestId, None]] = field(default_factory=dict)
    invitations: dict[int, Invitation] = field(default_factory=dict)
    workspaces: dict[WorkspaceKey, Workspace] = field(default_factory=dict)
    homes: dict[WorkspaceKey, dict[int, Home]] = field(default_factory=dict)
    endings: dict[WorkspaceKey, Ending] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    last_proposal: int = 0
    uploads: dict[int, Upload] = field(default_factory=dict)
    last_upload: int = 0
    erased: dict[str, datetime] = field(default_factory=dict)
    """The people and requests, by id, whose sealing key is gone, and since when (E50)."""
    holds_erased: bool = field(default=False, compare=False)
    """Whether a text that was read before its key went may still stand here: then it is folded anew."""
    touched: dict[str, int] = field(default_factory=dict)
    """The newest fact about each subject, such as `person P-1`: what a proposal is older than."""
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)


def retired_keys(state: State) -> frozenset[str]:
    """Return the checkpoint keys that the facts of this history retired; key notes tell of earlier ones (AUD-12)."""
    epoch = epoch_of(state.losses)
    return frozenset(one.former for one in state.rotations if one.epoch == epoch)


__all__ = [
    "Acceptance",
    "Amendment",
    "Appointment",
    "AskedContact",
    "Certification",
    "Client",
    "Confirmation",
    "Contact",
    "Course",
    "Cut",
    "Dataset",
    "Document",
    "DocumentVersion",
    "Emergency",
    "Ending",
    "Entity",
    "Extension",
    "Extract",
    "Factor",
    "Files",
    "Form",
    "Home",
    "Institution",
    "Investigator",
    "Invitation",
    "Loss",
    "Memo",
    "OptOut",
    "Pause",
    "Permit",
    "Person",
    "Proposal",
    "Provider",
    "Recorded",
    "Request",
    "Rotation",
    "Settings",
    "Signature",
    "Signed",
    "State",
    "Study",
    "Training",
    "Transfer",
    "Upload",
    "Verification",
    "Workspace",
    "WorkspaceKey",
    "epoch_of",
    "retired_keys",
]

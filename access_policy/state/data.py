"""What is known of texts, studies and datasets."""

from dataclasses import dataclass, field
from datetime import datetime

from access_policy.model.enums import Assurance, ConsentBasis, DataKind, DocumentKind, Region, Route, Zone
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, PersonId, RequestId, StudyName


@dataclass(slots=True)
class DocumentVersion:
    """One published version of a text: the hash of its bytes per language."""

    version: str
    title: str
    at: datetime
    binding: bool
    digests: dict[str, str]


@dataclass(slots=True)
class Document:
    """A text in its versions, oldest first. What was accepted or signed before `binding_since` counts no more."""

    kind: DocumentKind
    versions: list[DocumentVersion]
    binding_since: datetime

    @property
    def current(self) -> DocumentVersion:
        """Return the version in force."""
        return self.versions[-1]


@dataclass(slots=True)
class Investigator:
    """Who answers for the data of a study in [since, until), unless ended before (S49, S50)."""

    person: PersonId
    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Say whether the place is theirs at `at`, as far as its term goes."""
        return self.since <= at < self.until


@dataclass(slots=True)
class Study:
    """A study: the purpose of its original design, its central investigator, and a local one per hospital.

    Who was named last stays there, also once their place ended.
    """

    study: StudyName
    title: str
    purpose: str
    central_investigator: Investigator | None = None
    local_investigators: dict[InstitutionName, Investigator] = field(default_factory=dict)


@dataclass(slots=True)
class Files:
    """The files of one version of a dataset, or of an extract of it for one request (S3, S99)."""

    dataset: DatasetName
    request: RequestId | None
    version: str
    location: str
    manifest: str


@dataclass(slots=True)
class OptOut:
    """A stretch of time in which a subject was opted out; open while `ends` is None (E72)."""

    begins: datetime
    ends: datetime | None = None


@dataclass(slots=True)
class Dataset:
    """A registered dataset (S81-S83, S87, S99) and its version in force.

    `since` is from when on it is offered, `released` when the version came out, `closed` when a withdrawn consent
    closed the version (S82), `shrunk` when a version last came without somebody whom the one before still held.
    `withdrawn_consents` are all subjects (as digests) whose consent was ever withdrawn. `opt_outs` holds for each
    subject every stretch in which they were opted out, `opt_outs_inside` those of the subjects whom the version still
    holds, since E72 looks at them. `versions` are the names of all versions, oldest first.
    """

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
    released: datetime
    steward: PersonId | None = None
    study: StudyName | None = None
    hospitals: tuple[InstitutionName, ...] = ()
    trainings: tuple[CourseName, ...] = ()
    routes: frozenset[Route] = frozenset({Route.DATA_ACCESS})
    assurance: Assurance = Assurance.LOW
    duo: tuple[str, ...] = ()
    withdrawn: datetime | None = None
    closed: datetime | None = None
    shrunk: datetime | None = None
    withdrawn_consents: dict[str, datetime] = field(default_factory=dict)
    opt_outs: dict[str, list[OptOut]] = field(default_factory=dict)
    opt_outs_inside: tuple[OptOut, ...] = ()
    excluded: frozenset[str] = frozenset()
    versions: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Say whether the dataset is offered: attested (S83), not withdrawn (REQ-10), its version not closed (S82)."""
        return self.attested and self.withdrawn is None and self.closed is None

    @property
    def closed_since(self) -> datetime | None:
        """Return since when it is not offered, where it is not."""
        return max([at for at in (self.withdrawn, self.closed) if at is not None], default=None)

    def is_opted_out(self, subject: str) -> bool:
        """Say whether a subject's opt-out stands (E72)."""
        return subject in self.opt_outs and self.opt_outs[subject][-1].ends is None

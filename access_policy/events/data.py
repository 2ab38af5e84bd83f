"""Events about studies and datasets: registered, released in versions, closed by a withdrawn consent, withdrawn."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import Assurance, ConsentBasis, DataKind, Region, Route, Zone
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, PersonId, StudyName
from access_policy.model.texts import DigestText, PlaceText, ThingText, VersionText, WriterText


class StudyRegistered(FactEvent, frozen=True, kw_only=True):
    """A study with the purpose of its original design (S10)."""

    study: StudyName
    title: ThingText
    purpose: ThingText


class InvestigatorNamed(FactEvent, frozen=True, kw_only=True):
    """The investigator of a study until `until`: central, or the local one of a hospital (S49, S50)."""

    study: StudyName
    person: PersonId
    hospital: InstitutionName | None
    until: datetime


class InvestigatorEnded(FactEvent, frozen=True, kw_only=True):
    """The place of an investigator taken away before its end (S49, S50)."""

    study: StudyName
    person: PersonId
    hospital: InstitutionName | None


class DatasetRegistered(FactEvent, frozen=True, kw_only=True):
    """A dataset before anyone uses it: what, where, checksum, encryption and consent basis (S81-S83, S87, S99).

    `hospitals` contributed to it, `trainings` its users must have passed, `routes` lead to it (S9, S80),
    `assurance` is the level that its users' identities need (E26), `duo` its Data Use Ontology codes.
    """

    dataset: DatasetName
    title: ThingText
    source: ThingText
    kind: DataKind
    version: VersionText
    location: PlaceText
    manifest: DigestText
    region: Region
    zone: Zone
    consent: ConsentBasis
    attested: bool
    steward: PersonId | None = None
    study: StudyName | None = None
    hospitals: tuple[InstitutionName, ...] = ()
    trainings: tuple[CourseName, ...] = ()
    routes: tuple[Route, ...] = (Route.DATA_ACCESS,)
    assurance: Assurance = Assurance.LOW
    duo: tuple[ThingText, ...] = ()


class DatasetHandedOver(FactEvent, frozen=True, kw_only=True):
    """Another steward keeps a dataset from now on (S99)."""

    dataset: DatasetName
    steward: PersonId


class VersionReleased(FactEvent, frozen=True, kw_only=True):
    """A new version of a dataset takes the place of the one before, without the subjects named (S82, E72).

    `attested`: no person can be traced in it (S83); older logs do not say.
    """

    dataset: DatasetName
    version: VersionText
    location: PlaceText
    manifest: DigestText
    excluded: tuple[DigestText, ...]
    attested: bool = False


class ConsentWithdrawn(FactEvent, frozen=True, kw_only=True):
    """A child's or parent's consent is withdrawn: the version closes at once for every request (S82)."""

    dataset: DatasetName
    subject: DigestText


class OptedOut(FactEvent, frozen=True, kw_only=True):
    """A person opted out of secondary use: permits of the EHDS issued from now on may not have their data (E72)."""

    dataset: DatasetName
    subject: DigestText


class OptOutReversed(FactEvent, frozen=True, kw_only=True):
    """A person took their opt-out back (E72)."""

    dataset: DatasetName
    subject: DigestText


class DatasetWithdrawn(FactEvent, frozen=True, kw_only=True):
    """A dataset is no longer offered, to any request (S82, S94)."""

    v: int = 2
    dataset: DatasetName
    writer: PersonId = PersonId("")
    reason: WriterText


class DatasetReopened(FactEvent, frozen=True, kw_only=True):
    """A withdrawn dataset is offered again."""

    dataset: DatasetName

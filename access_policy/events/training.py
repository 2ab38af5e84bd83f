"""Events about training: courses and their versions, sessions with attendance, certifications and exemptions (S74)."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import CertificationKind, Role
from access_policy.model.ids import CourseName, PersonId, ProviderName
from access_policy.model.texts import DigestText, OrganisationText, PersonText, ThingText, VersionText


class CourseRegistered(FactEvent, frozen=True, kw_only=True):
    """A course. `required` ones everybody must have passed who opens a workspace (S74), `roles` who acts as such (E28).

    One that is neither binds where a dataset asks for it.
    """

    course: CourseName
    title: ThingText
    validity_days: int
    required: bool
    roles: tuple[Role, ...] = ()
    version: VersionText = "1"


class CourseRevised(FactEvent, frozen=True, kw_only=True):
    """A new version of a course. A `binding` one must be passed again by everybody (S74).

    `roles` are those that have to have passed it from now on, besides those that had to before (E28).
    """

    course: CourseName
    version: VersionText
    binding: bool
    roles: tuple[Role, ...] = ()


class TrainingPlanned(FactEvent, frozen=True, kw_only=True):
    """A training session of a course; `code` is the hash of what its attendants get to see."""

    training: int
    course: CourseName
    on: datetime
    code: DigestText


class AttendanceClaimed(FactEvent, frozen=True, kw_only=True):
    """A person gave the attendance code of a training. It counts once the trainer confirms the list (S74)."""

    person: PersonId
    training: int


class AttendanceConfirmed(FactEvent, frozen=True, kw_only=True):
    """The trainer confirmed who attended; a certification follows for each."""

    training: int
    people: tuple[PersonId, ...]


class PersonCertified(FactEvent, frozen=True, kw_only=True):
    """A person passed a course; the certification holds until `ends` (S74). The actor is the trainer.

    `kind` says on what ground: an examination, an attendance, an exemption, or a certificate of `provider`, for an
    examination of `passed_on`.
    """

    person: PersonId
    course: CourseName
    ends: datetime
    kind: CertificationKind = CertificationKind.CERTIFIED
    provider: ProviderName | None = None
    passed_on: datetime | None = None
    reason: PersonText = ""


class CertificationRevoked(FactEvent, frozen=True, kw_only=True):
    """The certifications of a person in a course were taken back (S74)."""

    person: PersonId
    course: CourseName
    reason: PersonText


class ProviderTrusted(FactEvent, frozen=True, kw_only=True):
    """The certificates of an outside provider count for a course until `until` (S74)."""

    provider: ProviderName
    name: OrganisationText
    course: CourseName
    until: datetime


class ProviderDistrusted(FactEvent, frozen=True, kw_only=True):
    """The certificates of an outside provider are accepted no more; those accepted before stand until revoked."""

    provider: ProviderName

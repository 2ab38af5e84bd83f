"""Events after the approval: licence, extract, availability, contacts, amendment, extension, suspension, end."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import DocumentKind, Party
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.texts import DigestText, PersonText, PlaceText, RequestText, VersionText


class LicenceSigned(FactEvent, frozen=True, kw_only=True):
    """One of the three parties of a legal entity signed its licence, in this version and of this hash (S23, S25)."""

    request: RequestId
    institution: InstitutionName
    party: Party
    person: PersonId
    licence: DocumentKind
    version: VersionText
    digest: DigestText


class ExtractPrepared(FactEvent, frozen=True, kw_only=True):
    """An extract of a dataset for one request: some patients of one version (S3).

    `attested`: no person can be traced in it (S83); older logs do not say.
    """

    request: RequestId
    dataset: DatasetName
    version: VersionText
    location: PlaceText
    manifest: DigestText
    patients: int
    attested: bool = False


class RequestMadeAvailable(FactEvent, frozen=True, kw_only=True):
    """The data organisation made the data available, a step of its own (S52, S100).

    `datasets` None means all that are granted. `contacts` are whom the first such step reached, None all of them then.
    """

    request: RequestId
    datasets: tuple[DatasetName, ...] | None = None
    contacts: tuple[PersonId, ...] | None = None


class ContactAsked(FactEvent, frozen=True, kw_only=True):
    """The licensee's signatory asks for a new download contact: name, position and e-mail address (S30-S36)."""

    request: RequestId
    person: PersonId
    name: PersonText
    position: PersonText
    email: PersonText


class ContactChecked(FactEvent, frozen=True, kw_only=True):
    """The data access office found that the new contact works there and takes part in the project (S32, S33)."""

    request: RequestId
    person: PersonId


class ContactRefused(FactEvent, frozen=True, kw_only=True):
    """The data access office refused a new contact, with the reason (S32, S33)."""

    request: RequestId
    person: PersonId
    reason: PersonText


class ContactMadeAvailable(FactEvent, frozen=True, kw_only=True):
    """The data are made available to a new contact (S38, S100)."""

    request: RequestId
    person: PersonId


class AmendmentProposed(FactEvent, frozen=True, kw_only=True):
    """A change of data or people of a permit; until it is decided the old version rules (E19).

    `necessities` has a line for each dataset, in their order: why it is needed (S3). Older logs have the reason alone.
    """

    request: RequestId
    amendment: int
    datasets: tuple[DatasetName, ...]
    contacts: tuple[PersonId, ...]
    reason: RequestText
    necessities: RequestText = ""


class AmendmentApproved(FactEvent, frozen=True, kw_only=True):
    """The board approved an amendment: a new version of the permit (E18, E19)."""

    request: RequestId
    amendment: int
    reason: RequestText


class AmendmentRefused(FactEvent, frozen=True, kw_only=True):
    """The board refused an amendment: the old version stands (E19)."""

    request: RequestId
    amendment: int
    reason: RequestText


class ExtensionAsked(FactEvent, frozen=True, kw_only=True):
    """The licensee asks for a longer term; the intake names the main applicant of the renewal (S40, S43)."""

    request: RequestId
    name: RequestText
    surname: RequestText
    email: RequestText


class ExtensionAnswered(FactEvent, frozen=True, kw_only=True):
    """The applicant was told how to submit the renewal (S44)."""

    request: RequestId


class ExtensionSubmitted(FactEvent, frozen=True, kw_only=True):
    """The renewal came in: until when, and why (S42, E17)."""

    request: RequestId
    ends: datetime
    reason: RequestText


class ExtensionAssessed(FactEvent, frozen=True, kw_only=True):
    """The renewal was assessed again under the rules of procedure and the guiding principles (S42)."""

    request: RequestId
    assessment: RequestText


class ExtensionGranted(FactEvent, frozen=True, kw_only=True):
    """The term ends later: a renewed version of the permit (S42, S45, E18)."""

    request: RequestId
    ends: datetime
    reason: RequestText


class ExtensionRefused(FactEvent, frozen=True, kw_only=True):
    """The term stays as it was (S45)."""

    request: RequestId
    reason: RequestText


class RequestSuspended(FactEvent, frozen=True, kw_only=True):
    """The grant rests while something is looked into; running work ends, and the user is heard (E58)."""

    request: RequestId
    reason: RequestText


class RequestReinstated(FactEvent, frozen=True, kw_only=True):
    """A suspended grant holds again (E58)."""

    request: RequestId
    reason: RequestText


class RequestEnded(FactEvent, frozen=True, kw_only=True):
    """The centre ended the request: no grant follows from it any more (S94)."""

    request: RequestId
    reason: RequestText


class PublicationRecorded(FactEvent, frozen=True, kw_only=True):
    """A publication with the acknowledgement that it has to carry (S69)."""

    v: int = 2
    request: RequestId
    title: RequestText
    link: RequestText
    acknowledgement: RequestText

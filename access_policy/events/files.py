"""Events about uploaded files: evidence, letters, CVs. The bytes are records; the facts hold their hash (INP-01)."""

from access_policy.events.base import FactEvent
from access_policy.model.enums import FileMedia, FilePurpose
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.texts import DigestText


class FileKept(FactEvent, frozen=True, kw_only=True):
    """A file about a person or of a request, sealed with the key of that one, is kept beside the log.

    `digest` is the SHA-256 of the sealed bytes as they are stored, `size` counts the bytes that were sent, and `media`
    is what they were found to be.
    """

    file: int
    person: PersonId | None
    request: RequestId | None
    digest: DigestText
    size: int
    media: FileMedia
    purpose: FilePurpose


class FileDropped(FactEvent, frozen=True, kw_only=True):
    """A file was taken back before anything rested on it; its bytes went with this fact."""

    file: int
    digest: DigestText

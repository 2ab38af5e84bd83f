"""What is known of uploaded files. Their bytes and names are records beside the log."""

from dataclasses import dataclass
from datetime import datetime

from access_policy.model.enums import FileMedia, FilePurpose
from access_policy.model.ids import PersonId, RequestId


@dataclass(slots=True)
class Upload:
    """A file about a person or of a request: the hash of its sealed bytes, who sent it, and when."""

    file: int
    person: PersonId | None
    request: RequestId | None
    digest: str
    size: int
    media: FileMedia
    purpose: FilePurpose
    by: PersonId | None
    kept: datetime

    @property
    def owner(self) -> str:
        """Whose key seals it."""
        return str(self.person or self.request or "")

"""Which texts in an event are personal, and with whose key they are sealed (E48, E50).

Every `str` in an event is an id, an enum, or one of these three. A test walks all event types and refuses any other.
The log seals the first two when it writes and opens them when it reads; an erased key leaves `ERASED` behind.
"""

from enum import Enum
from typing import Annotated

ERASED = "[erased]"


class Seal(Enum):
    """Whose key seals a text: that of the event's `person`, or that of its `request`."""

    PERSON = "person"
    REQUEST = "request"


class Plain:
    """A text that is not personal. `reason` says why it may stand in the log as it is."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


PersonText = Annotated[str, Seal.PERSON]
RequestText = Annotated[str, Seal.REQUEST]

OrganisationText = Annotated[str, Plain("names an organisation, not a person")]
ThingText = Annotated[str, Plain("describes a course, a dataset or a document, and is published")]
DigestText = Annotated[str, Plain("a digest of bytes, or an HMAC that only the installation's key can look up")]
DecisionText = Annotated[str, Plain("a decision as JSON: ids, codes, dataset names and times, no free text")]
OperatorText = Annotated[str, Plain("the login name of an operator of the machine, who answers for the command")]
CommandText = Annotated[str, Plain("the name of a command")]

"""Which texts in an event are personal, and with whose key they are sealed (E48, E50).

Every `str` in an event is an id, an enum, or one of these. A test walks all event types, refuses any other and compares
the texts that stay plain with a short list. The log seals the first three when it writes and opens them when it reads;
an erased key leaves `ERASED` behind. What somebody writes freely about a thing is sealed with the key of its writer.
"""

from enum import Enum
from typing import Annotated

ERASED = "[erased]"


class Seal(Enum):
    """Whose key seals a text: that of the event's `person`, of its `request`, or of the `writer` of the text."""

    PERSON = "person"
    REQUEST = "request"
    WRITER = "writer"


class Plain:
    """A text that is not personal. `reason` says why it may stand in the log as it is."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


PersonText = Annotated[str, Seal.PERSON]
RequestText = Annotated[str, Seal.REQUEST]
WriterText = Annotated[str, Seal.WRITER]

OrganisationText = Annotated[str, Plain("names an organisation, not a person")]
ThingText = Annotated[str, Plain("describes a course, a dataset, a study or a document, and is published")]
VersionText = Annotated[str, Plain("the name of a version, or of a language")]
PlaceText = Annotated[str, Plain("where data lie, below the datasets' folder or in a bucket")]
LawText = Annotated[str, Plain("cites an act or a judgment, which is published")]
CodeText = Annotated[str, Plain("codes and words that the program writes, no free text")]
DigestText = Annotated[str, Plain("a digest of bytes, or an HMAC that only the installation's key can look up")]
DecisionText = Annotated[str, Plain("a decision as JSON: ids, codes, dataset names and times, no free text")]
KeyText = Annotated[str, Plain("a public key, which is told to everybody")]
OperatorText = Annotated[str, Plain("the login name of an operator of the machine, who answers for the command")]
CommandText = Annotated[str, Plain("the name of a command")]

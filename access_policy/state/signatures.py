"""What is known of the signatures under a licence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from access_policy.model.enums import DocumentKind, Party
from access_policy.model.ids import PersonId


@dataclass(slots=True)
class Signature:
    """One party's signature on a version of a licence, by the hash of the text that was read (S23, S25)."""

    person: PersonId
    at: datetime
    licence: DocumentKind
    version: str
    digest: str = ""


@dataclass(slots=True)
class Signed:
    """What some signatures of an entity come to: `licence` is what all signed, None where they signed several.

    `complete` where three people signed one text for the three parties (S23, S25).
    """

    first: datetime
    last: datetime
    licence: DocumentKind | None
    complete: bool


Text = tuple[DocumentKind, str, str]
"""A text of a licence: its kind, its version, and the hash of what was read (S25)."""


def summed_up(signatures: Mapping[Party, Signature]) -> Signed:
    """Return what these signatures come to. S23: three distinct people, one for each party, under one text."""
    given = list(signatures.values())
    people, texts = {one.person for one in given}, {(one.licence, one.version, one.digest) for one in given}
    licence = given[0].licence if len({one.licence for one in given}) == 1 else None
    complete = len(people) == len(given) == len(Party) and len(texts) == 1
    return Signed(min(one.at for one in given), max(one.at for one in given), licence, complete)

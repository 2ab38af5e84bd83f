"""Identifiers: how people, requests and things are named everywhere.

People and requests have numbers (`P-1`, `DR-1`), so that no name of theirs ever stands in a path, a URL or a
pod's name (attacks SPW-07, ID-08). Institutions, datasets and courses have short names that an admin chooses.
"""

import re
from typing import NewType

PersonId = NewType("PersonId", str)
RequestId = NewType("RequestId", str)
InstitutionName = NewType("InstitutionName", str)
DatasetName = NewType("DatasetName", str)
CourseName = NewType("CourseName", str)
StudyName = NewType("StudyName", str)
ProviderName = NewType("ProviderName", str)
ClientName = NewType("ClientName", str)
FactorId = NewType("FactorId", str)

_NUMBERED = re.compile(r"(?:P|DR)-[1-9][0-9]{0,8}", re.ASCII)
_NAME = re.compile(r"[a-z](?:-?[a-z0-9]){0,39}", re.ASCII)

CENTRE = InstitutionName("centre")
"""The centre's own institution. The first admins belong to it before it is registered."""


def is_person_id(text: str) -> bool:
    """Say whether `text` has the form of a person's id."""
    return text.startswith("P-") and _NUMBERED.fullmatch(text) is not None


def is_request_id(text: str) -> bool:
    """Say whether `text` has the form of a request's id."""
    return text.startswith("DR-") and _NUMBERED.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Say whether `text` may name an institution, a dataset, a course or a study: at most 80 characters `a-z0-9-`."""
    return _NAME.fullmatch(text) is not None


def number_of(identifier: PersonId | RequestId) -> int:
    """Return the number in an id: 12 for `DR-12`."""
    return int(identifier.rpartition("-")[2])

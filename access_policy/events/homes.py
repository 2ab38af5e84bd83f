"""Events about homes: where a person's work for a request is kept, and what becomes of one that had too much in it."""

from access_policy.events.base import FactEvent
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.texts import WriterText

SINCE = 2
"""The first format of a log that knows of more homes than one."""


class HomeSetAside(FactEvent, frozen=True, kw_only=True):
    """A home is kept and opened no more, since datasets that it had left the live request (S46, S94).

    With no datasets: since an earlier home, which was held back, is opened again in its place.
    """

    person: PersonId
    request: RequestId
    home: int
    datasets: tuple[DatasetName, ...]


class HomeReleased(FactEvent, frozen=True, kw_only=True):
    """A home that was aside is the one in use again. `datasets` are those that it still counts as having had."""

    person: PersonId
    request: RequestId
    home: int
    datasets: tuple[DatasetName, ...]
    writer: PersonId
    reason: WriterText


class HomeDeletionOrdered(FactEvent, frozen=True, kw_only=True):
    """A home that was aside is to be deleted, for ever; the warden does it."""

    person: PersonId
    request: RequestId
    home: int
    writer: PersonId
    reason: WriterText


class HomeDeleted(FactEvent, frozen=True, kw_only=True):
    """A home is gone: the warden deleted it and saw that it is not there any more (E62)."""

    person: PersonId
    request: RequestId
    home: int

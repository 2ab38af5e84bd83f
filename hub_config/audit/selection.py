"""Which events belong to a pack: all of an installation, or all that the decisions about one request rest on (E53).

Of one request: what names it; what is recorded about the people, datasets, studies and organisations that take part in
it (identity, verification, training, roles); and what is about nobody in particular (texts, settings, courses, law).
Nothing about another request, and of other people nothing at all.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from access_policy import events as e
from access_policy.events import Event, Fact
from access_policy.model.ids import RequestId

_PEOPLE = ("person", "applicant", "steward", "physician_person", "contacts", "people")
_DATASETS = ("dataset", "datasets")
_STUDIES = ("study",)
_INSTITUTIONS = ("institution", "hospital", "hospitals", "physician_institution")
_SESSIONS = (e.SessionBegun, e.SessionEnded, e.SessionMoved)
_PROPOSALS = (e.ProposalConfirmed, e.ProposalDropped)
_NOT_ABOUT_ONE = (e.LogRead, e.CommandRefused, e.LoginRefused)
Ids = set[str]


Taking = Callable[[Fact], bool]
"""Says whether an event is in the pack. It is asked in the order of the log, once for each."""


class Selection(NamedTuple):
    """Which facts and observations a pack holds."""

    facts: Taking
    observations: Taking


EVERYTHING = Selection(lambda _fact: True, lambda _observation: True)
"""All of an installation."""


@dataclass
class OfRequest:
    """What one request rests on. `gather` and `widen` have to see all facts, each in a pass of its own, before."""

    request: RequestId
    people: Ids = field(default_factory=set)
    datasets: Ids = field(default_factory=set)
    studies: Ids = field(default_factory=set)
    institutions: Ids = field(default_factory=set)
    contacts: Ids = field(default_factory=set)
    proposals: set[int] = field(default_factory=set)
    files: set[int] = field(default_factory=set)
    newest_cut: int = 0

    def gather(self, facts: Iterable[Fact]) -> None:
        """Note whom and what the facts about the request name."""
        for fact in facts:
            event = fact.event
            if getattr(event, "request", None) == self.request:
                self.people |= ids_of(event, _PEOPLE) | ({fact.actor.person} if fact.actor.person else set())
                self.datasets |= ids_of(event, _DATASETS)
                self.institutions |= ids_of(event, _INSTITUTIONS)
                if isinstance(event, e.ContactNamed | e.ContactChecked | e.AmendmentApproved):
                    self.contacts |= ids_of(event, _PEOPLE)
            elif isinstance(event, e.ObservationsCut):
                self.newest_cut = fact.seq

    def widen(self, facts: Iterable[Fact]) -> None:
        """Add what its datasets come from, and where its people worked."""
        for fact in facts:
            event = fact.event
            if ids_of(event, _DATASETS) & self.datasets and not hasattr(event, "request"):
                self.people |= ids_of(event, ("steward",))
                self.studies |= ids_of(event, _STUDIES)
                self.institutions |= ids_of(event, _INSTITUTIONS)
            elif ids_of(event, ("person",)) & self.people and not hasattr(event, "request"):
                self.institutions |= ids_of(event, ("institution",))

    def takes_fact(self, fact: Fact) -> bool:
        """Say whether a fact is in the pack."""
        event = fact.event
        if isinstance(event, e.ObservationsCut):
            return fact.seq == self.newest_cut
        taken = self._proposed(event) if isinstance(event, e.CommandProposed) else self._takes(event)
        if taken and isinstance(event, e.CommandProposed):
            self.proposals.add(event.proposal)
        if taken and isinstance(event, e.FileKept):
            self.files.add(event.file)
        return taken

    def takes_observation(self, observation: Fact) -> bool:
        """Say whether an observation is; of sessions those of the download contacts, who open workspaces."""
        event = observation.event
        if isinstance(event, _SESSIONS):
            return event.person in self.contacts
        return not isinstance(event, _NOT_ABOUT_ONE) and self._takes(event)

    def _takes(self, event: Event) -> bool:
        if getattr(event, "request", None) is not None:
            return bool(getattr(event, "request", None) == self.request)
        if isinstance(event, _PROPOSALS):
            return event.proposal in self.proposals
        if isinstance(event, e.FileDropped | e.FileRead) and not ids_of(event, _PEOPLE):
            return event.file in self.files
        for names, ours in ((_DATASETS, self.datasets), ((*_STUDIES, *_PEOPLE), self.studies | self.people)):
            if named := ids_of(event, names):
                return bool(named & ours)
        named = ids_of(event, _INSTITUTIONS)
        return not named or bool(named & self.institutions)

    def _proposed(self, event: e.CommandProposed) -> bool:
        """Say whether a proposed command is about this request, or about one of its people and no other request."""
        try:
            arguments: Any = json.loads(event.arguments)
        except ValueError:  # its person was erased
            return event.person in self.people
        about = arguments.get("request") if isinstance(arguments, dict) else None
        return about == self.request if about is not None else event.person in self.people


def ids_of(event: Event, names: Iterable[str]) -> Ids:
    """Return the ids in these fields of an event, of those that it has."""
    found: Ids = set()
    for name in names:
        value = getattr(event, name, None)
        found |= set(map(str, value)) if isinstance(value, tuple) else {str(value)} if value is not None else set()
    return found

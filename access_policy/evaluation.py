"""What other systems ask (OpenID AuthZEN Authorization API 1.0): may this person do this to that?

Every answer comes from `decide` or from the permission table; there is no rule here. What cannot be told, or is of a
type that there is none of, is denied. Nothing of the wire stands here: `hub_config/desk/access` reads and writes that.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from access_policy.actor import Actor
from access_policy.commands.base import Command, OfPerson, OfRequest, name_of
from access_policy.decision import Decision, decide
from access_policy.model.enums import Action, ResourceType, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.permission_table import TABLE
from access_policy.permissions import permits
from access_policy.rules import WITH_SESSION, Query, Session
from access_policy.state import Client, State

PERSON = "person"
_ACTIONS, _ZONES = frozenset(map(str, Action)), frozenset(map(str, Zone))
Presence = Callable[[PersonId], Session | None]
"""Returns the newest live session of a person, or None."""


class Asked(msgspec.Struct, frozen=True):
    """One question. `request` is the purpose that a dataset is asked about with; `zone` what the caller says of it."""

    subject_type: str
    subject: str
    action: str
    resource_type: str
    resource: str
    request: str = ""
    zone: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What determined it: the codes of what fails, and the decision where one was made."""

    allowed: bool
    codes: tuple[str, ...] = ()
    decision: Decision | None = None


NOT_REGISTERED = Answer(False, ("not_permitted",))
UNKNOWN = Answer(False, ("not_found",))
NO_PURPOSE = Answer(False, ("purpose_missing",))
"""A dataset is opened for one request only: without one there is nothing to decide (S26, purpose limitation)."""

COMMANDS: dict[str, type[OfRequest]] = {
    name_of(kind): kind for kind in TABLE if issubclass(kind, OfRequest) and not issubclass(kind, OfPerson)
}
"""The commands of the permission table that are about a request and nobody else: those can be asked about."""


class Evaluation(msgspec.Struct, frozen=True):
    """One caller's questions on one state at one instant. A caller's own time never counts."""

    state: State
    client: Client
    presence: Presence
    at: datetime

    def answer(self, asked: Asked) -> Answer:
        """Answer one question; unknown types and names are denied (POL-05)."""
        if asked.resource_type not in self.client.resource_types:
            return NOT_REGISTERED
        if asked.subject_type != PERSON:
            return UNKNOWN
        if asked.resource_type == ResourceType.DATASET:
            return self._of_dataset(asked)
        return self._of_request(asked)

    def _of_request(self, asked: Asked) -> Answer:
        if asked.action in COMMANDS:
            return self._of_command(asked)
        decision = self._decided(asked, asked.resource)
        return UNKNOWN if decision is None else _told(decision)

    def _of_command(self, asked: Asked) -> Answer:
        """Say what the permission table says. Whether all else fits is found out by giving the command."""
        command, actor = probe(COMMANDS[asked.action], asked.resource), Actor(person=PersonId(asked.subject))
        refusal = permits(self.state, command, actor, self.at)
        return Answer(True) if refusal is None else Answer(False, (str(refusal.code),))

    def _of_dataset(self, asked: Asked) -> Answer:
        if not asked.request:
            return NO_PURPOSE
        decision = self._decided(asked, asked.request)
        if decision is None:
            return UNKNOWN
        if decision.allowed and asked.resource not in {one.name for one in decision.datasets}:
            return Answer(False, ("no_dataset_open",), decision)
        return _told(decision)

    def _decided(self, asked: Asked, request: str) -> Decision | None:
        """Decide, or return None where no such action exists."""
        if asked.action not in _ACTIONS:
            return None
        person, action = PersonId(asked.subject), Action(asked.action)
        session = self._session(person, asked.zone) if action in WITH_SESSION else None
        return decide(self.state, Query(person, RequestId(request), action, self.at, session))

    def _session(self, person: PersonId, told: str) -> Session | None:
        """S77: where a browser sits is taken from who is registered to tell; otherwise it may sit anywhere."""
        session = self.presence(person)
        zone = Zone(told) if self.client.tells_zone and told in _ZONES else Zone.ANYWHERE
        return None if session is None else msgspec.structs.replace(session, zone=zone)

    def words(self, asked: Asked) -> str:
        """Return what is asked about in words that the log knows: nothing that a caller made up is recorded."""
        named = (
            asked.subject if asked.subject in self.state.people else "",
            asked.action if asked.action in _ACTIONS or asked.action in COMMANDS else "",
            asked.resource if asked.resource in self.state.requests or asked.resource in self.state.datasets else "",
            asked.request if asked.request in self.state.requests else "",
        )
        return " ".join(one for one in named if one)

    def people(self, asked: Asked) -> Iterator[str]:
        """Give the people for whom the answer is yes; none for a type of subject that there is none of."""
        for person in self.state.people if asked.subject_type == PERSON else ():
            if self.answer(msgspec.structs.replace(asked, subject=person)).allowed:
                yield person

    def resources(self, asked: Asked) -> Iterator[str]:
        """Give the requests, or the datasets of the request that is named, for which the answer is yes."""
        for one in self._candidates(asked):
            if self.answer(msgspec.structs.replace(asked, resource=one)).allowed:
                yield one

    def _candidates(self, asked: Asked) -> tuple[str, ...]:
        if asked.resource_type == ResourceType.REQUEST:
            return tuple(self.state.requests)
        request = self.state.requests.get(RequestId(asked.request))
        return () if request is None else tuple(sorted({DatasetName(one) for one in request.datasets}))

    def actions(self, asked: Asked) -> Iterator[str]:
        """Give the actions for which the answer is yes."""
        for one in (*map(str, Action), *sorted(COMMANDS)):
            if self.answer(msgspec.structs.replace(asked, action=one)).allowed:
                yield one


def probe(kind: type[Command], request: str) -> Command:
    """Return a command of which nothing but its request is known: for the permission table, never to be given."""
    blank: dict[str, Any] = {field.name: None for field in msgspec.structs.fields(kind) if field.required}
    return kind(**{**blank, "request": RequestId(request)})


def _told(decision: Decision) -> Answer:
    return Answer(decision.allowed, tuple(str(code) for code in decision.codes), decision)

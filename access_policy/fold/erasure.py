"""The fold of an erasure: nothing of a person but their number is left, and nobody acts as them any more (E50)."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.fold.people import left, void_sessions
from access_policy.model.texts import ERASED
from access_policy.state import Person, State


def _person_erased(s: State, f: e.Fact, v: e.PersonErased) -> None:
    person = s.people[v.person]
    s.holds_erased = s.holds_erased or person.name != ERASED
    left(s, f, person)
    _blank(s, person)
    person.disabled, person.verification, person.verification_changed = f.at, None, f.at
    person.lose_factors(f.at)
    void_sessions(person, f)
    owners = {str(v.person), *map(str, v.requests)}
    s.erased |= dict.fromkeys(owners, f.at)
    s.uploads = {number: one for number, one in s.uploads.items() if one.owner not in owners}
    s.proposals = {n: one for n, one in s.proposals.items() if v.person not in (one.by, one.about)}


def _blank(s: State, person: Person) -> None:
    """Forget name, address and login identities. What is sealed for a request goes with the request's own key."""
    person.name = person.email = ERASED
    person.position = person.field_of_work = ""
    for identity in person.identities:
        s.identities.pop(identity, None)
    person.identities.clear()
    for request in s.requests_of[person.person]:
        contact = s.requests[request].contacts.get(person.person)
        if contact is not None:
            contact.email = ERASED
    for one in s.requests.values():
        asked = one.contacts_asked.get(person.person)
        if asked is not None:
            asked.name = asked.position = asked.email = ERASED


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {e.PersonErased: _person_erased}

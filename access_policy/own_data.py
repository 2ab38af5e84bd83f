"""What the log holds of one person, as they may have it themselves (GDPR Article 15; S56).

A fact is theirs where it names them, or where they gave it about a request of their own: they get all of it. Of what
else they did the log's entry is theirs, but not what it says, which is about others. Other people stay unnamed in both
(Article 15(4)): who checked, decided or signed is `another person`.
"""

from typing import Any

import msgspec

from access_policy.events import Fact
from access_policy.model.ids import PersonId, RequestId, is_person_id
from access_policy.state import State

OTHER = "another person"
YOU = "you"
_ADDRESSES = "signatories"
"""What a form says of who signs: names and addresses of other people."""
_THINGS = ("request", "dataset", "course", "training", "institution", "study", "document", "version")


class Owner(msgspec.Struct, frozen=True):
    """Who asks: by their number and login identities, and with the requests of which they are the applicant."""

    person: PersonId
    identities: frozenset[str]
    requests: frozenset[RequestId]


def owner_of(state: State, person: PersonId) -> Owner:
    """Return how the log names somebody who has an account. Raises KeyError for nobody."""
    asked = (state.requests[number] for number in state.requests_of.get(person, {}))
    mine = frozenset(one.request for one in asked if one.applicant == person)
    return Owner(person, frozenset(state.people[person].identities), mine)


def own_account(state: State, person: PersonId) -> Any:
    """Return what is known of somebody now, with other people unnamed. Raises KeyError for nobody."""
    return _without_others(msgspec.to_builtins(state.people[person]), person)


def own_entry(owner: Owner, fact: Fact) -> dict[str, Any] | None:
    """Return what somebody gets of a fact or an observation, or None where it is not about them. Times are UTC."""
    fields: dict[str, Any] = msgspec.to_builtins(fact.event)
    person, by_them = owner.person, fact.actor.person == owner.person
    named = _names(fields, owner.identities | {person})
    if not named and not by_them:
        return None
    of_theirs = by_them and fields.get("request") in owner.requests and not fields.get("person")
    shown = fields if named or of_theirs else {name: fields[name] for name in _THINGS if name in fields}
    return {
        "number": fact.seq, "at": msgspec.to_builtins(fact.at), "kind": type(fact.event).__name__,
        "by": _giver(fact, by_them), "holds": _without_others({**shown}, person),
    }  # fmt: skip


def _giver(fact: Fact, by_them: bool) -> str:
    if fact.actor.operator is not None:
        return "an operator"
    if fact.actor.component is not None:
        return f"the {fact.actor.component.value}"
    return YOU if by_them else OTHER


def _names(value: Any, names: frozenset[str]) -> bool:
    """Say whether a value holds one of these names of a person, at any depth."""
    if isinstance(value, dict):
        return any(_names(one, names) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple):
        return any(_names(one, names) for one in value)
    return isinstance(value, str) and value in names


def _without_others(value: Any, person: PersonId) -> Any:
    if isinstance(value, dict):
        return {
            _other(name, person): _without_others(one, person)
            for name, one in value.items()
            if name not in ("v", _ADDRESSES)
        }
    if isinstance(value, list | tuple):
        return [_without_others(one, person) for one in value]
    return _other(value, person)


def _other(value: Any, person: PersonId) -> Any:
    return OTHER if isinstance(value, str) and value != person and is_person_id(value) else value

"""Events in words, and in the fields that NEN 7513:2018 section 5 asks of a log (E54)."""

import re
from datetime import datetime
from typing import Any

from access_policy.actor import Actor
from access_policy.events import Event, Fact
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.model.texts import ERASED
from access_policy.state import State
from hub_config.cli.shown import fields_of

_LONGEST = 500  # characters of one value that people read; the whole value stands in events.jsonl
_OBJECTS = (
    "request", "dataset", "datasets", "person", "institution", "study", "course", "document", "training", "provider",
    "proposal", "file", "session", "factor",
)  # fmt: skip
_ACTIONS = {
    "create": r"Begun|Registered|Opened|Received|Published|Named|Planned|Proposed|Enrolled|Kept|Recorded|Released",
    "read": r"Read$",
    "execute": r"^Workspace(Started|Refused)$",
    "delete": r"Erased|Dropped|Removed|Withdrawn|Ended|Revoked|Reset|Disabled|Refused$",
}


def title_of(event: Event) -> str:
    """Return an event's kind as words: `RequestApproved` is `Request approved`."""
    first, *others = re.findall(r"[A-Z][a-z0-9]*", type(event).__name__) or [type(event).__name__]
    return " ".join([first, *map(str.lower, others)])


def details_of(event: Event, state: State) -> str:
    """Return what an event says, for people: each field with its value, people with their names."""
    values = (
        (name.replace("_", " "), value) for name, value in fields_of(event).items() if value not in (None, "", [])
    )
    return "; ".join(f"{name}: {_words(value, state)}" for name, value in values)


def who(actor: Actor, state: State) -> str:
    """Return who did something, people with their names."""
    if actor.operator is not None:
        behalf = named(actor.person, state) if actor.person else "nobody"
        return f"operator {actor.operator}, on behalf of {behalf}"
    return named(actor.person, state) if actor.person else f"part of the program: {actor.component}"


def named(person: str, state: State) -> str:
    """Return a person's id with their name, as far as it is known and was not erased."""
    known = state.people.get(PersonId(person))
    return f"{person} ({known.name or ERASED})" if known is not None else person


def nen7513(fact: Fact, state: State, outcome: str) -> dict[str, Any]:
    """Return an event in the fields of NEN 7513; times in UTC. What a field means here stands in docs/audit-pack.md."""
    actor, event = fact.actor, fact.event
    user = f"operator:{actor.operator}" if actor.operator else actor.person or f"component:{actor.component}"
    return {
        "event": type(event).__name__,
        "action": _action(type(event).__name__),
        "outcome": outcome,
        "time": format_instant(fact.at),
        "user": user,
        "responsible_user": actor.person,
        "role": _roles(actor.person, state, fact.at),
        "purpose": _purpose(event, state),
        "access_point": "command line" if actor.operator else actor.component or "desk",
        "object": {name: value for name, value in fields_of(event).items() if name in _OBJECTS and value},
    }


def outcome_of(event: Event) -> str:
    """Return whether what an event tells of succeeded: what was refused is an observation of its own."""
    return "refused" if type(event).__name__ in ("CommandRefused", "WorkspaceRefused", "LoginRefused") else "success"


def _action(kind: str) -> str:
    return next((action for action, pattern in _ACTIONS.items() if re.search(pattern, kind)), "update")


def _roles(person: PersonId | None, state: State, at: datetime) -> list[str]:
    known = state.people.get(person) if person is not None else None
    return sorted({str(one.role) for one in known.appointments if one.holds(at)}) if known is not None else []


def _purpose(event: Event, state: State) -> str:
    request = state.requests.get(RequestId(getattr(event, "request", None) or ""))
    if request is None:
        return "administration"
    return str(request.form.purpose_kind) if request.form is not None else "data access request"


def _words(value: Any, state: State) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one, state) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = named(value, state) if isinstance(value, str) and re.fullmatch(r"P-[0-9]{1,15}", value) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

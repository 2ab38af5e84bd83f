"""How an event looks outside: `{seq, at, actor, step_up, kind, …}` for programs, one line for people."""

from typing import Any

import msgspec

from access_policy.events import Event, Fact
from access_policy.model.instants import format_instant

_LONGEST_SHOWN = 120


def fact_json(fact: Fact) -> dict[str, Any]:
    """Return an event with all that stands beside it; a field that is named `kind` itself is called `its_kind`."""
    head = {
        "seq": fact.seq,
        "at": format_instant(fact.at),
        "actor": str(fact.actor),
        "kind": type(fact.event).__name__,
    }
    if fact.actor.step_up:
        head["step_up"] = fact.actor.step_up
    return head | {f"its_{name}" if name in head else name: value for name, value in fields_of(fact.event).items()}


def fact_line(fact: Fact) -> str:
    """Return an event as one line for people; long texts are cut."""
    values = " ".join(f"{name}={_short(value)}" for name, value in fields_of(fact.event).items() if value is not None)
    actor = f"{fact.actor} (step-up {fact.actor.step_up})" if fact.actor.step_up else str(fact.actor)
    return f"{fact.seq:>6}  {format_instant(fact.at)}  {actor}  {type(fact.event).__name__}  {values}"


def fields_of(event: Event) -> dict[str, Any]:
    """Return an event's own fields as plain values."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    del fields["v"]
    return fields


def _short(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
